/**
 * Where the records of one log are: runs in segments, then blocks a flush is writing, then the tail. In order of sequence, each
 * place ending below the next one's first.
 *
 * Records of a batch that lie side by side are copied to the tail in one go, when the batch is closed or somebody asks for one:
 *
 *     batch   ┊ header ┊ other log ┊ from [record][record][record] to ┊ …
 *     tail    … [block] [block: room is made at once, bytes come with `settle`]
 */
import { recordLength, recordSequence } from "../record.ts";
import { blockBytesMax, newBlock } from "./block.ts";
import type { Block } from "./block.ts";
import type { IdleBlocks } from "./idle-blocks.ts";
import type { RunTable } from "./runs.ts";

const nowhere = Buffer.alloc(0);
const nothing = new DataView(nowhere.buffer, 0, 0);

export class LogStorage {
  readonly id: number;
  readonly runs: RunTable;
  /** On their way into a segment; read from until the manifest names their run. */
  flushing: Block[] = [];
  /** Raised when blocks that were here may be filled by others. */
  generation = 0;
  readonly #idle: IdleBlocks;
  #tail: Block[] = [];
  #lastCapacity = 0;
  /** Noted and not copied yet: `#count` records of `#memory`, `#from … #to`. */
  #memory: Buffer = nowhere;
  #view: DataView = nothing;
  #from = 0;
  #to = 0;
  #lastAt = 0;
  #count = 0;

  constructor(id: number, runs: RunTable, idle: IdleBlocks) {
    this.id = id;
    this.runs = runs;
    this.#idle = idle;
  }

  /** Not in a segment, and no flush has it. */
  get tail(): readonly Block[] {
    this.settle();
    return this.#tail;
  }

  /** Copies the record at `at` to the end of the tail; returns the memory the tail grew by. */
  append(view: DataView, bytes: Buffer, at: number): number {
    const grown = this.note(view, bytes, at, at + recordLength(view, at));
    this.settle();
    return grown;
  }

  /**
   * The record at `at` is the tail's next one. Its bytes may be copied later: they stay where they are until `settle`. Returns the
   * memory the tail grew by.
   */
  note(view: DataView, memory: Buffer, at: number, end: number): number {
    if (this.#to !== at || this.#memory !== memory) {
      this.settle();
      this.#memory = memory;
      this.#view = view;
      this.#from = at;
    }
    const block = this.#tail[this.#tail.length - 1];
    let grown = 0;
    if (block === undefined || block.length + end - this.#from > block.buffer.length) grown = this.#makeRoom(block, at, end);
    this.#to = end;
    this.#lastAt = at;
    this.#count++;
    return grown;
  }

  /** Copies what was noted. */
  settle(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    this.#tail[this.#tail.length - 1]!.add(this.#view, this.#memory, this.#from, this.#to, this.#lastAt, count);
    this.#from = this.#to;
  }

  /** True when the record is noted and not copied. */
  isNoted(sequence: number): boolean {
    return this.#count > 0 && sequence >= recordSequence(this.#view, this.#from);
  }

  /** The last block has no room for what was noted and the record at `at … end`. */
  #makeRoom(block: Block | undefined, at: number, end: number): number {
    if (block !== undefined) {
      const before = block.buffer.length;
      const needed = block.length + end - this.#from;
      if (before < blockBytesMax && needed <= blockBytesMax) {
        block.grow(needed);
        return block.buffer.length - before;
      }
      this.settle();
      this.#lastCapacity = before;
    }
    this.#from = at;
    const made = newBlock(end - at, this.#lastCapacity, this.#idle);
    this.#tail.push(made);
    return made.buffer.length;
  }

  /** Hands the tail to a flush. */
  beginFlush(): void {
    this.settle();
    const last = this.#tail.at(-2) ?? this.#tail.at(-1);
    this.#lastCapacity = last === undefined ? 0 : last.buffer.length;
    this.flushing = this.flushing.concat(this.#tail);
    this.#tail = [];
  }

  /** The first `count` blocks are in a segment that the manifest names. */
  endFlush(count: number): void {
    this.generation++;
    for (let index = 0; index < count; index++) this.#idle.give(this.flushing[index]!);
    this.flushing = this.flushing.slice(count);
  }

  clear(): void {
    this.settle();
    this.generation++;
    this.flushing = [];
    this.#tail = [];
  }

  /** Memory of what is not in a segment. */
  memory(): number {
    let bytes = 0;
    for (const block of this.flushing) bytes += block.buffer.length;
    for (const block of this.#tail) bytes += block.buffer.length;
    return bytes;
  }

  /** The block in memory that holds the first record ≥ `sequence` not in a segment. */
  blockAt(sequence: number): Block | undefined {
    return firstEndingAt(this.flushing, sequence) ?? firstEndingAt(this.tail, sequence);
  }
}

function firstEndingAt(blocks: readonly Block[], sequence: number): Block | undefined {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (blocks[middle]!.last < sequence) low = middle + 1;
    else high = middle;
  }
  return blocks[low];
}
