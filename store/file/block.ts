/**
 * A block: up to 16 KiB of one log's records (a larger record has a block of its own), the unit in which damage is found and
 * contained. In memory it is the log's tail; on disk it is the same bytes with the header completed.
 *
 *      0  u32  magic "WSB1"
 *      4  u32  crc32 of bytes 8 … length
 *      8  u32  length, header included
 *     12  u32  log id
 *     16  num  first sequence
 *     24  num  last sequence
 *     32  u32  records
 *     36  u32  0
 *     40  num  time of the first record, µs
 *     48  num  time of the last record, µs
 *     56       records, see record.ts
 */
import { crc32 } from "node:zlib";
import {
  isRecordSound,
  recordHeaderBytes,
  recordLength,
  recordLogId,
  recordSequence,
  recordSubjectBytes,
  recordTimeUs,
} from "../record.ts";

const blockMagic = 0x31425357;
export const blockHeaderBytes = 56;
export const blockBytesMax: number = 16 << 10;
const blockBytesFirst = 1 << 10;

export interface BlockHeader {
  readonly length: number;
  readonly logId: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly firstTimeUs: number;
  readonly lastTimeUs: number;
}

/** Records of a log in memory, in order of sequence. */
export class Block {
  buffer: Buffer;
  view: DataView;
  length: number;
  count: number;
  first: number;
  last: number;
  firstTimeUs: number;
  lastTimeUs: number;
  /** Cursors that stand in it. */
  users: number;

  constructor(capacity: number) {
    this.buffer = Buffer.from(new ArrayBuffer(capacity));
    this.view = new DataView(this.buffer.buffer);
    this.length = blockHeaderBytes;
    this.count = 0;
    this.first = 0;
    this.last = 0;
    this.firstTimeUs = 0;
    this.lastTimeUs = 0;
    this.users = 0;
  }

  /** Copies `count` records, `from … to`, of which the last lies at `lastAt`. There is room. */
  add(view: DataView, bytes: Buffer, from: number, to: number, lastAt: number, count: number): void {
    this.buffer.set(bytes.subarray(from, to), this.length);
    this.length += to - from;
    this.last = recordSequence(view, lastAt);
    this.lastTimeUs = recordTimeUs(view, lastAt);
    if (this.count === 0) {
      this.first = recordSequence(view, from);
      this.firstTimeUs = recordTimeUs(view, from);
    }
    this.count += count;
  }

  /** Makes it an empty one. */
  reset(): void {
    this.length = blockHeaderBytes;
    this.count = 0;
    this.first = 0;
    this.last = 0;
    this.firstTimeUs = 0;
    this.lastTimeUs = 0;
  }

  /** The block that these bytes, which a checksum has vouched for, hold. */
  static of(bytes: Buffer): Block {
    const block = new Block(bytes.length);
    bytes.copy(block.buffer);
    const view = block.view;
    block.length = bytes.length;
    block.first = view.getFloat64(16, true);
    block.last = view.getFloat64(24, true);
    block.count = view.getUint32(32, true);
    block.firstTimeUs = view.getFloat64(40, true);
    block.lastTimeUs = view.getFloat64(48, true);
    return block;
  }

  /** Shows each record's sequence and where its subject lies. */
  forEach(visit: (sequence: number, subjectStart: number, subjectEnd: number) => void): void {
    const { view, length } = this;
    for (let at = blockHeaderBytes; at < length; at += recordLength(view, at)) {
      const start = at + recordHeaderBytes;
      visit(recordSequence(view, at), start, start + recordSubjectBytes(view, at));
    }
  }

  /** Takes memory of at least `needed` bytes, at most that of a full block. */
  grow(needed: number): void {
    let capacity = this.buffer.length * 2;
    while (capacity < needed) capacity *= 2;
    const grown = Buffer.from(new ArrayBuffer(Math.min(blockBytesMax, capacity)));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }

  /** Completes the header. */
  seal(logId: number): void {
    const view = this.view;
    view.setUint32(0, blockMagic, true);
    view.setUint32(8, this.length, true);
    view.setUint32(12, logId, true);
    view.setFloat64(16, this.first, true);
    view.setFloat64(24, this.last, true);
    view.setUint32(32, this.count, true);
    view.setUint32(36, 0, true);
    view.setFloat64(40, this.firstTimeUs, true);
    view.setFloat64(48, this.lastTimeUs, true);
    view.setUint32(4, crc32(this.buffer.subarray(8, this.length)), true);
  }
}

/** A block for a record of `size` bytes, given how large the log's last block was. */
export function newBlock(size: number, previousCapacity: number, full: { take(): Block }): Block {
  const needed = blockHeaderBytes + size;
  if (needed > blockBytesMax) return new Block(needed);
  let capacity = Math.max(blockBytesFirst, Math.min(previousCapacity, blockBytesMax));
  while (capacity < needed) capacity *= 2;
  return capacity === blockBytesMax ? full.take() : new Block(capacity);
}

/** The header of the block at `at` when the block is whole, sound and of this log, else undefined. */
export function readBlockHeader(view: DataView, bytes: Buffer, at: number, end: number, logId: number): BlockHeader | undefined {
  if (end - at < blockHeaderBytes || view.getUint32(at, true) !== blockMagic) return undefined;
  const length = view.getUint32(at + 8, true);
  if (length < blockHeaderBytes || length > end - at || view.getUint32(at + 12, true) !== logId) return undefined;
  if (crc32(bytes.subarray(at + 8, at + length)) !== view.getUint32(at + 4, true)) return undefined;
  return {
    length,
    logId,
    first: view.getFloat64(at + 16, true),
    last: view.getFloat64(at + 24, true),
    count: view.getUint32(at + 32, true),
    firstTimeUs: view.getFloat64(at + 40, true),
    lastTimeUs: view.getFloat64(at + 48, true),
  };
}

/** True when a block with a good checksum also holds what its header says: asked by fsck. */
export function isBlockSound(view: DataView, at: number, header: BlockHeader): boolean {
  const end = at + header.length;
  let position = at + blockHeaderBytes;
  let count = 0;
  let last = 0;
  while (position < end) {
    if (!isRecordSound(view, position, end) || recordLogId(view, position) !== header.logId) return false;
    const sequence = recordSequence(view, position);
    if (count === 0 ? sequence !== header.first : sequence <= last) return false;
    last = sequence;
    count++;
    position += recordLength(view, position);
  }
  return count === header.count && last === header.last;
}
