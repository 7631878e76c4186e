/**
 * The layout of the journal: batches of entries. Integers are little-endian; `num` is a float64 that holds an integer.
 *
 *   Batch header, at a multiple of 8 bytes from the start of its file
 *      0  u32  magic "WSJ1"
 *      4  u32  crc32 of bytes 8 … length
 *      8  u32  length, header included
 *     12  u32  crc32 of the batch before it, of whatever file (0 for the first ever)
 *     16  num  epoch: the number of the file. A recycled file still holds batches of its old epoch
 *     24  num  batch number, from 1, without gaps
 *     32  num  change number of its first entry
 *     40  num  the last batch that was known durable when this one was written
 *     48  u32  entries
 *     52  u32  0
 *     56       entries
 *
 *   Entry:  u32 length · u8 kind · u8 flags · u16 (by kind) · u32 log id · …
 *      1 record        see record.ts
 *      2 remove        num sequence
 *      3 floor         num sequence: everything below is gone
 *      4 removeRanges  pairs of num: first, last
 *      5 groupDelta    u16 = name length; name, delta
 *      6 groupDefine   u16 = name length; u32 document length; name, document, snapshot
 *      7 groupDrop     u16 = name length; name
 *      8 define        num created (µs) · num revision · JSON of the definition
 *      9 drop
 *     10 reserve       num sequence: sequences up to here may have been shown before a crash
 */
import { crc32 } from "node:zlib";

export const batchMagic = 0x314a5357;
export const batchHeaderBytes = 56;
export const entryHeaderBytes = 12;

export const entry = {
  record: 1,
  remove: 2,
  floor: 3,
  removeRanges: 4,
  groupDelta: 5,
  groupDefine: 6,
  groupDrop: 7,
  define: 8,
  drop: 9,
  reserve: 10,
} as const;

export interface BatchHeader {
  readonly checksum: number;
  readonly length: number;
  readonly previous: number;
  readonly epoch: number;
  readonly number: number;
  readonly firstChange: number;
  readonly durable: number;
  readonly entries: number;
}

/** Batches start at multiples of this, so that a later one can be looked for behind damage. */
export const batchAlignment = 8;

export function alignBatch(position: number): number {
  return Math.ceil(position / batchAlignment) * batchAlignment;
}

/** Completes a batch whose entries end at `length`. Returns its checksum. */
export function sealBatch(view: DataView, bytes: Uint8Array, header: Omit<BatchHeader, "checksum">): number {
  view.setUint32(0, batchMagic, true);
  view.setUint32(8, header.length, true);
  view.setUint32(12, header.previous, true);
  view.setFloat64(16, header.epoch, true);
  view.setFloat64(24, header.number, true);
  view.setFloat64(32, header.firstChange, true);
  view.setFloat64(40, header.durable, true);
  view.setUint32(48, header.entries, true);
  view.setUint32(52, 0, true);
  const checksum = crc32(bytes.subarray(8, header.length));
  view.setUint32(4, checksum, true);
  return checksum;
}

/** The batch at `at` when it is whole and sound, else undefined. */
export function readBatchHeader(view: DataView, bytes: Uint8Array, at: number, end: number): BatchHeader | undefined {
  if (end - at < batchHeaderBytes || view.getUint32(at, true) !== batchMagic) return undefined;
  const length = view.getUint32(at + 8, true);
  if (length < batchHeaderBytes || length > end - at) return undefined;
  const checksum = view.getUint32(at + 4, true);
  if (crc32(bytes.subarray(at + 8, at + length)) !== checksum) return undefined;
  return {
    checksum,
    length,
    previous: view.getUint32(at + 12, true),
    epoch: view.getFloat64(at + 16, true),
    number: view.getFloat64(at + 24, true),
    firstChange: view.getFloat64(at + 32, true),
    durable: view.getFloat64(at + 40, true),
    entries: view.getUint32(at + 48, true),
  };
}

/** True when what begins at `at`, sound or not, was once written as this batch: any of three fields says so. */
export function wasBatch(view: DataView, at: number, end: number, epoch: number, number: number, previous: number): boolean {
  if (end - at < batchHeaderBytes) return false;
  return (
    view.getFloat64(at + 16, true) === epoch ||
    view.getFloat64(at + 24, true) === number ||
    (previous !== 0 && view.getUint32(at + 12, true) === previous)
  );
}

export const journalFilePattern: RegExp = /^journal-(\d{10})\.wal$/;

export function journalFileName(number: number): string {
  return `journal-${String(number).padStart(10, "0")}.wal`;
}
