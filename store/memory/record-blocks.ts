/**
 * The records of one log in memory: blocks of about 16 KiB, each one Buffer and a table of offsets, in order of sequence. A block
 * whose records have all left is dropped; one that is half dead is rewritten, joined with its neighbour when both fit. Buffers are
 * never written twice at the same place, so a view of a record stays good for the turn although its block is replaced.
 *
 *   record: f64 sequence · f64 time · u32 body end · u32 header bytes · u32 ttl · u32 subject bytes, then subject, header block, payload
 *   (offsets from the record's start; body end says where the record ends)
 */
import type { AppendRequest, RecordView, Sequence } from "../store.ts";
import { countedBytes } from "../ledger/record-source.ts";
import type { RecordFacts } from "../ledger/record-source.ts";

const headerBytes = 32;
const blockBytesMax = 16_384;
const blockBytesMin = 512;

export class Block {
  buffer: Buffer;
  view: DataView;
  offsets: Uint16Array;
  count = 0;
  end = 0;
  live = 0;
  liveBytes = 0;
  first: Sequence = 0;
  last: Sequence = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(bytes);
    this.view = new DataView(this.buffer.buffer);
    this.offsets = new Uint16Array(8);
  }

  sequence(record: number): Sequence {
    return this.view.getFloat64(this.offsets[record]!, true);
  }

  timeUs(record: number): number {
    return this.view.getFloat64(this.offsets[record]! + 8, true);
  }

  /** The first record whose sequence is ≥ `sequence`; `count` when none. */
  find(sequence: Sequence): number {
    if (sequence <= this.first) return 0;
    if (this.last - this.first === this.count - 1) return Math.min(sequence - this.first, this.count);
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sequence(middle) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  show(record: number, view: RecordView): void {
    const at = this.offsets[record]!;
    const data = this.view;
    view.sequence = data.getFloat64(at, true);
    view.timeUs = data.getFloat64(at + 8, true);
    view.buffer = this.buffer;
    view.subjectStart = at + headerBytes;
    view.subjectEnd = view.subjectStart + data.getUint32(at + 28, true);
    view.bodyStart = view.subjectEnd;
    view.bodyEnd = at + data.getUint32(at + 16, true);
    view.headerBytes = data.getUint32(at + 20, true);
    view.ttlSeconds = data.getUint32(at + 24, true);
  }
}

export class RecordBlocks {
  /** In order; the last one is written to. */
  #blocks: Block[] = [];
  #bytes = 0;

  /** Memory of the blocks. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#blocks.length;
  }

  block(index: number): Block | undefined {
    return this.#blocks[index];
  }

  append(request: AppendRequest, sequence: Sequence, timeUs: number): void {
    const subject = request.subject;
    const bodyBytes = request.bodyEnd - request.bodyStart;
    const size = headerBytes + subject.length + bodyBytes;
    const block = this.#roomFor(size);
    const at = block.end;
    const data = block.view;
    data.setFloat64(at, sequence, true);
    data.setFloat64(at + 8, timeUs, true);
    data.setUint32(at + 16, size, true);
    data.setUint32(at + 20, request.headerBytes, true);
    data.setUint32(at + 24, request.ttlSeconds, true);
    data.setUint32(at + 28, subject.length, true);
    copy(subject, 0, subject.length, block.buffer, at + headerBytes);
    copy(request.body, request.bodyStart, request.bodyEnd, block.buffer, at + headerBytes + subject.length);
    this.#enter(block, at, size, sequence);
  }

  /** The block that holds the first record ≥ `sequence`; `count` when there is none. */
  find(sequence: Sequence): number {
    const blocks = this.#blocks;
    const last = blocks[blocks.length - 1];
    if (last === undefined || last.last < sequence) return blocks.length;
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (blocks[middle]!.last < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  look(sequence: Sequence, facts: RecordFacts): boolean {
    const first = this.#blocks[0];
    const block = first !== undefined && sequence <= first.last ? first : this.#blocks[this.find(sequence)];
    if (block === undefined) return false;
    const record = block.find(sequence);
    if (record === block.count || block.sequence(record) !== sequence) return false;
    const at = block.offsets[record]!;
    const subjectBytes = block.view.getUint32(at + 28, true);
    facts.timeUs = block.view.getFloat64(at + 8, true);
    facts.bytes = countedBytes(subjectBytes, block.view.getUint32(at + 16, true) - headerBytes - subjectBytes);
    facts.subject = block.buffer;
    facts.subjectStart = at + headerBytes;
    facts.subjectEnd = facts.subjectStart + subjectBytes;
    return true;
  }

  /** A record with the figures of `look` has left. `isLive` tells which of its neighbours are still there. */
  left(sequence: Sequence, facts: RecordFacts, isLive: (sequence: Sequence) => boolean): void {
    const index = this.find(sequence);
    const block = this.#blocks[index];
    if (block === undefined) return;
    block.live--;
    block.liveBytes -= facts.bytes - 16 + headerBytes;
    const isLast = index === this.#blocks.length - 1;
    if (block.live === 0 && (!isLast || block.end > blockBytesMax / 2)) this.#drop(index, 1);
    else if (isLast) return;
    // The first block is being eaten from its front, or is the only one that may be half dead.
    else if (index > 0 && block.liveBytes * 2 < block.end) this.#rewrite(index, isLive);
  }

  /** Everything up to `sequence` has left. */
  leftThrough(sequence: Sequence): void {
    const whole = this.find(sequence + 1);
    if (whole > 0) this.#drop(0, whole);
  }

  clear(): void {
    this.#blocks = [];
    this.#bytes = 0;
  }

  #enter(block: Block, at: number, size: number, sequence: Sequence): void {
    if (block.count === block.offsets.length) {
      const grown = new Uint16Array(block.count * 2);
      grown.set(block.offsets);
      block.offsets = grown;
    }
    if (block.count === 0) block.first = sequence;
    block.offsets[block.count++] = at;
    block.last = sequence;
    block.end = at + size;
    block.live++;
    block.liveBytes += size;
  }

  /** The last block with room for `size`: grown while it is small, else a new one. */
  #roomFor(size: number): Block {
    const last = this.#blocks[this.#blocks.length - 1];
    if (last !== undefined) {
      if (last.end + size <= last.buffer.length) return last;
      if (last.end + size <= blockBytesMax) return this.#grow(last, last.end + size);
      if (last.live === 0) this.#drop(this.#blocks.length - 1, 1);
    }
    const previous = last === undefined ? blockBytesMin : blockBytesMax;
    const block = new Block(Math.max(previous, size));
    this.#blocks.push(block);
    this.#bytes += block.buffer.length;
    return block;
  }

  #grow(block: Block, needed: number): Block {
    let bytes = block.buffer.length;
    this.#bytes -= bytes;
    while (bytes < needed) bytes *= 2;
    const grown = Buffer.allocUnsafeSlow(Math.min(bytes, blockBytesMax));
    block.buffer.copy(grown, 0, 0, block.end);
    block.buffer = grown;
    block.view = new DataView(grown.buffer);
    this.#bytes += grown.length;
    return block;
  }

  #drop(index: number, count: number): void {
    for (let at = index; at < index + count; at++) this.#bytes -= this.#blocks[at]!.buffer.length;
    if (index === 0 && count === 1) this.#blocks.shift();
    else this.#blocks.splice(index, count);
  }

  /** Copies what is live into a block of its size, together with the neighbour before when that is small too. */
  #rewrite(index: number, isLive: (sequence: Sequence) => boolean): void {
    const block = this.#blocks[index]!;
    const before = this.#blocks[index - 1]!;
    const join = before.liveBytes + block.liveBytes <= blockBytesMax / 2;
    const rewritten = new Block(block.liveBytes + (join ? before.liveBytes : 0));
    if (join) this.#copyLive(before, rewritten, isLive);
    this.#copyLive(block, rewritten, isLive);
    const from = join ? index - 1 : index;
    this.#drop(from, join ? 2 : 1);
    if (rewritten.count === 0) return;
    this.#blocks.splice(from, 0, rewritten);
    this.#bytes += rewritten.buffer.length;
  }

  #copyLive(from: Block, to: Block, isLive: (sequence: Sequence) => boolean): void {
    for (let record = 0; record < from.count; record++) {
      const sequence = from.sequence(record);
      if (!isLive(sequence)) continue;
      const at = from.offsets[record]!;
      const size = from.view.getUint32(at + 16, true);
      from.buffer.copy(to.buffer, to.end, at, at + size);
      this.#enter(to, to.end, size, sequence);
    }
  }
}

/** Below this a loop beats the call. */
const loopBelow = 48;

function copy(from: Uint8Array, start: number, end: number, to: Buffer, at: number): void {
  const length = end - start;
  if (length < loopBelow) for (let index = 0; index < length; index++) to[at + index] = from[start + index]!;
  else if (start === 0 && end === from.length) to.set(from, at);
  else to.set(from.subarray(start, end), at);
}
