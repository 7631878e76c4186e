/**
 * The layout of a stored record, the same bytes in the journal and in a segment's block: encoded once, copied once.
 * Integers are little-endian.
 *
 *      0  u32  length of all of it
 *      4  u8   kind: 1
 *      5  u8   0
 *      6  u16  subject length
 *      8  u32  log id
 *     12  u32  sequence, low 32 bits
 *     16  u16  sequence, high 16 bits
 *     18  u16  message id length
 *     20  f64  time, integer microseconds since the epoch
 *     28  u32  time to live, seconds; 0 = none
 *     32  u32  header block length
 *     36       subject, message id, header block, payload
 */
import type { Copier } from "./copier.ts";
import type { RecordView } from "./store.ts";

export const recordHeaderBytes = 36;
export const recordKind = 1;

const highUnit = 0x1_0000_0000;

/** What a record is made of. `body[bodyStart..bodyEnd]` is header block, then payload. */
export interface RecordSource {
  readonly subject: Uint8Array;
  readonly body: Uint8Array;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly headerBytes: number;
  readonly ttlSeconds: number;
}

/** What a record counts for where bytes are limited. `bodyBytes`: header block and payload. */
export function countedBytes(subjectBytes: number, bodyBytes: number): number {
  return subjectBytes + bodyBytes + 16;
}

/** Bytes that `encodeRecord` will write. */
export function recordSize(source: RecordSource, messageIdBytes: number): number {
  return recordHeaderBytes + source.subject.length + messageIdBytes + (source.bodyEnd - source.bodyStart);
}

/** Writes a record at `at` and returns its end. `view` and `bytes` show the same memory; there is room. */
export function encodeRecord(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  logId: number,
  sequence: number,
  timeUs: number,
  source: RecordSource,
  messageId: Uint8Array | undefined,
  copier: Copier,
): number {
  const subject = source.subject;
  const subjectBytes = subject.length;
  const idBytes = messageId === undefined ? 0 : messageId.length;
  const bodyBytes = source.bodyEnd - source.bodyStart;
  const length = recordHeaderBytes + subjectBytes + idBytes + bodyBytes;
  view.setUint32(at, length, true);
  view.setUint32(at + 4, recordKind | (subjectBytes << 16), true);
  view.setUint32(at + 8, logId, true);
  view.setUint32(at + 12, sequence % highUnit, true);
  view.setUint32(at + 16, Math.floor(sequence / highUnit) | (idBytes << 16), true);
  view.setFloat64(at + 20, timeUs, true);
  view.setUint32(at + 28, source.ttlSeconds, true);
  view.setUint32(at + 32, source.headerBytes, true);
  let to = at + recordHeaderBytes;
  if (subjectBytes < loopBelow) for (let index = 0; index < subjectBytes; index++) bytes[to + index] = subject[index]!;
  else bytes.set(subject, to);
  to += subjectBytes;
  if (messageId !== undefined) {
    bytes.set(messageId, to);
    to += idBytes;
  }
  copier.copy(source.body, source.bodyStart, source.bodyEnd, bytes, view, to);
  return at + length;
}

/** Below this a loop beats the call. */
const loopBelow = 48;

/** Bytes of the record (or journal entry) at `at`. */
export function recordLength(view: DataView, at: number): number {
  return view.getUint32(at, true);
}

export function recordLogId(view: DataView, at: number): number {
  return view.getUint32(at + 8, true);
}

export function recordSequence(view: DataView, at: number): number {
  return view.getUint32(at + 12, true) + view.getUint16(at + 16, true) * highUnit;
}

export function recordTimeUs(view: DataView, at: number): number {
  return view.getFloat64(at + 20, true);
}

export function recordSubjectBytes(view: DataView, at: number): number {
  return view.getUint16(at + 6, true);
}

export function recordTtlSeconds(view: DataView, at: number): number {
  return view.getUint32(at + 28, true);
}

export function recordMessageIdBytes(view: DataView, at: number): number {
  return view.getUint16(at + 18, true);
}

/** Points `record` at the record at `at`. */
export function showRecord(view: DataView, buffer: Buffer, at: number, record: RecordView): void {
  const subjectStart = at + recordHeaderBytes;
  const subjectEnd = subjectStart + view.getUint16(at + 6, true);
  record.sequence = recordSequence(view, at);
  record.timeUs = view.getFloat64(at + 20, true);
  record.buffer = buffer;
  record.subjectStart = subjectStart;
  record.subjectEnd = subjectEnd;
  record.bodyStart = subjectEnd + view.getUint16(at + 18, true);
  record.headerBytes = view.getUint32(at + 32, true);
  record.bodyEnd = at + view.getUint32(at, true);
  record.ttlSeconds = view.getUint32(at + 28, true);
}

/** True when the record at `at` lies within `end` and its parts within it: asked of bytes whose checksum may lie. */
export function isRecordSound(view: DataView, at: number, end: number): boolean {
  if (end - at < recordHeaderBytes) return false;
  const length = view.getUint32(at, true);
  if (length < recordHeaderBytes || length > end - at) return false;
  if (view.getUint8(at + 4) !== recordKind) return false;
  const parts = recordHeaderBytes + view.getUint16(at + 6, true) + view.getUint16(at + 18, true) + view.getUint32(at + 32, true);
  return parts <= length && Number.isSafeInteger(view.getFloat64(at + 20, true));
}
