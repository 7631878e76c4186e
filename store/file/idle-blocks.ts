/**
 * Blocks of full size that have reached their segment, kept to be filled again: what is published then costs the collector
 * nothing. Bounded, and given back to the system when nobody has asked for one for a while.
 */
import type { Clock, Timer } from "../environment.ts";
import { Block, blockBytesMax } from "./block.ts";

const idleMs = 5000;

export class IdleBlocks {
  readonly #clock: Clock;
  readonly #blocksMax: number;
  readonly #blocks: Block[] = [];
  /** Some block was taken since the timer was set. */
  #used = false;
  #timer: Timer | undefined = undefined;

  /** At most `bytesMax` are kept. */
  constructor(clock: Clock, bytesMax: number) {
    this.#clock = clock;
    this.#blocksMax = Math.floor(bytesMax / blockBytesMax);
  }

  /** An empty block of full size. */
  take(): Block {
    this.#used = true;
    return this.#blocks.pop() ?? new Block(blockBytesMax);
  }

  /** Takes back a block that nothing refers to any more; one that somebody still reads is left to the collector. */
  give(block: Block): void {
    if (block.buffer.length !== blockBytesMax || block.users > 0 || this.#blocks.length >= this.#blocksMax) return;
    block.reset();
    this.#blocks.push(block);
    this.#timer ??= this.#clock.after(idleMs, () => this.#look());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#blocks.length = 0;
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#used) this.#blocks.length = 0;
    this.#used = false;
    if (this.#blocks.length > 0) this.#timer = this.#clock.after(idleMs, () => this.#look());
  }
}
