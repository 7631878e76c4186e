/**
 * A station as a stream of bytes, to be kept elsewhere and made a station again: its records with their sequences, times and lives, and
 * its groups with their progress. Integers are little-endian.
 *
 *     "WSBACKUP" u32 version 1, then frames:  u32 length of what follows · u8 kind · …
 *     kind 1, begin    f64 first sequence
 *     kind 2, record   f64 sequence · f64 time µs · u32 time to live s · u16 subject length · u32 header length · subject, headers, payload
 *     kind 3, group    JSON { name, document, snapshot: base64 }
 *     kind 4, end      f64 records · f64 last sequence · f64 its time µs
 */
import type { RecordView, Sequence } from "../../store/store.ts";

const magic: Buffer = Buffer.from("WSBACKUP\u0001\u0000\u0000\u0000", "latin1");
const recordHeaderBytes = 27;
/** A frame is a record, or a group's progress, and a little. */
const frameBytesMax: number = 80 * 1024 * 1024;

export interface BackupGroup {
  readonly name: string;
  readonly document: string;
  readonly snapshot: Uint8Array;
}

/** A record of a backup; its bytes are the reader's until it is told that they were taken. */
export interface BackupRecord {
  readonly sequence: Sequence;
  readonly timeUs: number;
  readonly ttlSeconds: number;
  readonly subject: Buffer;
  /** Header block, then payload. */
  readonly body: Buffer;
  readonly headerBytes: number;
}

export type BackupFrame =
  | { readonly kind: "begin"; readonly first: Sequence }
  | { readonly kind: "record"; readonly record: BackupRecord }
  | { readonly kind: "group"; readonly group: BackupGroup }
  | { readonly kind: "end"; readonly records: number; readonly last: Sequence; readonly lastTimeUs: number };

export function beginFrame(first: Sequence): Buffer {
  const frame = frameOf(1, 8);
  frame.writeDoubleLE(first, 5);
  return Buffer.concat([magic, frame]);
}

export function recordFrame(view: RecordView): Buffer {
  const { buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd } = view;
  const subjectBytes = subjectEnd - subjectStart;
  const frame = frameOf(2, recordHeaderBytes - 1 + subjectBytes + bodyEnd - bodyStart);
  frame.writeDoubleLE(view.sequence, 5);
  frame.writeDoubleLE(view.timeUs, 13);
  frame.writeUInt32LE(view.ttlSeconds, 21);
  frame.writeUInt16LE(subjectBytes, 25);
  frame.writeUInt32LE(headerBytes, 27);
  buffer.copy(frame, 4 + recordHeaderBytes, subjectStart, subjectEnd);
  buffer.copy(frame, 4 + recordHeaderBytes + subjectBytes, bodyStart, bodyEnd);
  return frame;
}

export function groupFrame(group: BackupGroup): Buffer {
  const json = Buffer.from(JSON.stringify({ ...group, snapshot: Buffer.from(group.snapshot).toString("base64") }));
  const frame = frameOf(3, json.length);
  json.copy(frame, 5);
  return frame;
}

export function endFrame(records: number, last: Sequence, lastTimeUs: number): Buffer {
  const frame = frameOf(4, 24);
  frame.writeDoubleLE(lastTimeUs, 21);
  frame.writeDoubleLE(records, 5);
  frame.writeDoubleLE(last, 13);
  return frame;
}

function frameOf(kind: number, bytes: number): Buffer {
  const frame = Buffer.allocUnsafe(5 + bytes);
  frame.writeUInt32LE(1 + bytes, 0);
  frame[4] = kind;
  return frame;
}

/** Takes chunks of a backup and gives its frames. Throws a RangeError when it is none. */
export class BackupReader {
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;

  *read(chunk: Buffer): Generator<BackupFrame> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#begun) {
      if (this.#rest.length < magic.length) return;
      if (!this.#rest.subarray(0, magic.length).equals(magic))
        throw new RangeError("this is no backup of a station, or of a later version");
      this.#rest = this.#rest.subarray(magic.length);
      this.#begun = true;
    }
    while (this.#rest.length >= 4) {
      const length = this.#rest.readUInt32LE(0);
      if (length === 0 || length > frameBytesMax) throw new RangeError("the backup is damaged");
      if (this.#rest.length < 4 + length) return;
      const frame = this.#rest.subarray(4, 4 + length);
      this.#rest = this.#rest.subarray(4 + length);
      yield decode(frame);
    }
  }
}

function decode(frame: Buffer): BackupFrame {
  const kind = frame[0];
  if (kind === 1 && frame.length === 9) return { kind: "begin", first: frame.readDoubleLE(1) };
  if (kind === 4 && frame.length === 25) {
    return { kind: "end", records: frame.readDoubleLE(1), last: frame.readDoubleLE(9), lastTimeUs: frame.readDoubleLE(17) };
  }
  if (kind === 3) return { kind: "group", group: groupOf(frame.toString("utf8", 1)) };
  if (kind !== 2 || frame.length < recordHeaderBytes) throw new RangeError("the backup is damaged");
  const bodyAt = recordHeaderBytes + frame.readUInt16LE(21);
  const headerBytes = frame.readUInt32LE(23);
  if (bodyAt + headerBytes > frame.length) throw new RangeError("the backup is damaged");
  const record = {
    sequence: frame.readDoubleLE(1),
    timeUs: frame.readDoubleLE(9),
    ttlSeconds: frame.readUInt32LE(17),
    subject: frame.subarray(recordHeaderBytes, bodyAt),
    body: frame.subarray(bodyAt),
    headerBytes,
  };
  if (!Number.isSafeInteger(record.sequence) || !Number.isSafeInteger(record.timeUs)) throw new RangeError("the backup is damaged");
  return { kind: "record", record };
}

function groupOf(text: string): BackupGroup {
  const group: unknown = JSON.parse(text);
  if (typeof group !== "object" || group === null || !("name" in group) || !("document" in group) || !("snapshot" in group)) {
    throw new RangeError("the backup is damaged");
  }
  return { name: String(group.name), document: String(group.document), snapshot: Buffer.from(String(group.snapshot), "base64") };
}
