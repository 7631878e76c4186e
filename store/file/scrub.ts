/**
 * The background scrub: reads every block of every segment again, slowly, so that damage is found while there is still a copy
 * elsewhere to restore from. It reads past the cache; what it finds is told by the cache, once, like any damage.
 */
import type { Clock, Timer } from "../environment.ts";
import type { BlockCache } from "./block-cache.ts";
import type { FileLog } from "./file-log.ts";

/** Counted since the store was opened. */
export interface ScrubStatus {
  /** Times that everything was read. */
  readonly rounds: number;
  readonly blocks: number;
  readonly bytes: number;
  /** Blocks that are not what was written. */
  readonly damagedBlocks: number;
}

const sliceMs = 1000;
/** Between two rounds. */
const pauseMs = 3_600_000;

export class Scrubber {
  readonly #logs: ReadonlyMap<number, FileLog>;
  readonly #cache: BlockCache;
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;
  #stopped = false;
  /** The log and the sequence to go on with. */
  #logId = 0;
  #sequence = 0;
  #rounds = 0;
  #blocks = 0;
  #bytes = 0;
  #damagedBlocks = 0;

  constructor(logs: ReadonlyMap<number, FileLog>, cache: BlockCache, clock: Clock, bytesPerSecond: number) {
    this.#logs = logs;
    this.#cache = cache;
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  get status(): ScrubStatus {
    return { rounds: this.#rounds, blocks: this.#blocks, bytes: this.#bytes, damagedBlocks: this.#damagedBlocks };
  }

  start(): void {
    if (this.#bytesPerSecond > 0) this.#after(sliceMs);
  }

  /** Resolves when nothing is being read any more: what is closed under a reader looks like damage. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#reading;
  }

  /** Reads all that is left of this round, at once. */
  async finishRound(): Promise<void> {
    const { rounds } = this.status;
    // One slice at a time: two would take each other's place in the log.
    await this.#reading;
    this.#timer?.cancel();
    while (this.#rounds === rounds && !this.#stopped) await (this.#reading = this.#slice(Number.POSITIVE_INFINITY));
    this.#after(pauseMs);
  }

  #after(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.after(delayMs, () => {
      const { rounds } = this.status;
      this.#reading = this.#slice(this.#bytesPerSecond).then(() => this.#after(this.#rounds > rounds ? pauseMs : sliceMs));
    });
  }

  async #slice(bytesMax: number): Promise<void> {
    let left = bytesMax;
    while (left > 0 && !this.#stopped) {
      const log = this.#logs.get(this.#logId);
      const run = log === undefined ? log : runAt(log, this.#sequence);
      if (log === undefined || run === undefined) {
        if (!this.#nextLog()) return;
        continue;
      }
      const loaded = await this.#cache.index(log.id, run);
      const block = loaded.index.find(this.#sequence);
      if (block >= loaded.index.length) {
        this.#sequence = run.last + 1;
        continue;
      }
      // Held: a segment that goes away meanwhile is closed when the block has been read.
      const bytes = await this.#cache.hold(this.#cache.block(loaded, block));
      left -= loaded.index.size(block);
      this.#blocks++;
      this.#bytes += loaded.index.size(block);
      if (bytes === undefined && !this.#cache.isForgotten(run.segment)) this.#damagedBlocks++;
      this.#sequence = loaded.index.last(block) + 1;
    }
  }

  /** Goes to the log with the next higher id. False after the last: a round is over. */
  #nextLog(): boolean {
    let next = Number.POSITIVE_INFINITY;
    for (const id of this.#logs.keys()) if (id > this.#logId && id < next) next = id;
    this.#sequence = 0;
    if (Number.isFinite(next)) {
      this.#logId = next;
      return true;
    }
    this.#logId = 0;
    this.#rounds++;
    return false;
  }
}

function runAt(log: FileLog, sequence: number): ReturnType<FileLog["storage"]["runs"]["at"]> | undefined {
  const { runs } = log.storage;
  const index = runs.find(sequence);
  return index < runs.length ? runs.at(index) : undefined;
}
