/**
 * Where the records of one log are: runs in segments, then blocks a flush is writing, then the tail. In order of sequence, each
 * place ending below the next one's first.
 */
import { recordLength } from "../record.ts";
import { Block, newBlock } from "./block.ts";
import { RunTable } from "./runs.ts";

export class LogStorage {
  readonly id: number;
  readonly runs: RunTable;
  /** On their way into a segment; read from until the manifest names their run. */
  flushing: Block[] = [];
  tail: Block[] = [];
  #lastCapacity = 0;

  constructor(id: number, runs: RunTable) {
    this.id = id;
    this.runs = runs;
  }

  /** Copies the record at `at` to the end of the tail; returns the memory the tail grew by. */
  append(view: DataView, bytes: Buffer, at: number): number {
    const last = this.tail.length === 0 ? undefined : this.tail[this.tail.length - 1];
    if (last !== undefined) {
      const before = last.buffer.length;
      if (last.add(view, bytes, at)) return last.buffer.length - before;
      this.#lastCapacity = before;
    }
    const block = newBlock(recordLength(view, at), this.#lastCapacity);
    block.add(view, bytes, at);
    this.tail.push(block);
    return block.buffer.length;
  }

  /** Hands the tail to a flush. */
  beginFlush(): void {
    const last = this.tail.at(-2) ?? this.tail.at(-1);
    this.#lastCapacity = last === undefined ? 0 : last.buffer.length;
    this.flushing = this.flushing.concat(this.tail);
    this.tail = [];
  }

  /** The first `count` blocks are in a segment that the manifest names. */
  endFlush(count: number): void {
    this.flushing = this.flushing.slice(count);
  }

  clear(): void {
    this.flushing = [];
    this.tail = [];
  }

  /** Memory of what is not in a segment. */
  memory(): number {
    let bytes = 0;
    for (const block of this.flushing) bytes += block.buffer.length;
    for (const block of this.tail) bytes += block.buffer.length;
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
