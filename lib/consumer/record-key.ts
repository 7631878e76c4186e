/** A record's key as a number: of its header `Waystation-Key`, else of its subject. Two keys with one number are treated as one key. */
import type { RecordView } from "../../store/store.ts";

const name: Buffer = Buffer.from("waystation-key:");
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;

/** 32 bits, from 0. */
export function keyHash(view: RecordView): number {
  const { buffer, bodyStart, headerBytes } = view;
  const end = bodyStart + headerBytes;
  for (let line = nextLine(buffer, bodyStart, end); line < end; line = nextLine(buffer, line, end)) {
    if (!isKey(buffer, line, end)) continue;
    let from = line + name.length;
    let to = from;
    while (to < end && buffer[to] !== carriageReturn) to++;
    while (from < to && buffer[from] === space) from++;
    while (to > from && buffer[to - 1] === space) to--;
    return hashOf(buffer, from, to);
  }
  return hashOf(buffer, view.subjectStart, view.subjectEnd);
}

/** FNV-1a with its bits mixed afterwards. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return mixed(hash);
}

/** Every bit of the result depends on every bit given. */
export function mixed(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function nextLine(buffer: Buffer, at: number, end: number): number {
  if (at >= end) return end;
  const feed = buffer.indexOf(lineFeed, at);
  return feed < 0 || feed >= end ? end : feed + 1;
}

function isKey(buffer: Buffer, line: number, end: number): boolean {
  if (end - line < name.length) return false;
  for (let index = 0; index < name.length; index++) {
    const code = buffer[line + index] ?? 0;
    if ((code >= 0x41 && code <= 0x5a ? code + 0x20 : code) !== name[index]) return false;
  }
  return true;
}
