/**
 * The key of a message or record: the value of its header `Waystation-Key`, else its subject. Found in place, without a copy; one finder
 * serves many messages and is overwritten by the next.
 */

/** What ties records together, when it is not the subject. */
export const keyHeader = "Waystation-Key";
/** The partition a publisher chooses itself, from 1. */
export const partitionHeader = "Waystation-Partition";

const colon = 0x3a;
const space = 0x20;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const upperW = 0x57;

const keyName: Buffer = Buffer.from(keyHeader);
const partitionName: Buffer = Buffer.from(partitionHeader);

export class KeyFinder {
  /** The key's bytes. */
  bytes: Uint8Array = keyName;
  start = 0;
  end = 0;
  /** The text of `Waystation-Partition`, `""` without one. */
  partition = "";

  /** Reads the header block `body[bodyStart, bodyStart + headerBytes)`; the subject is `subject[subjectStart, subjectEnd)`. */
  find(body: Buffer, bodyStart: number, headerBytes: number, subject: Uint8Array, subjectStart: number, subjectEnd: number): void {
    this.bytes = subject;
    this.start = subjectStart;
    this.end = subjectEnd;
    this.partition = "";
    if (headerBytes === 0) return;
    const end = bodyStart + headerBytes;
    for (let at = lineEnd(body, bodyStart, end) + 1; at < end;) {
      const next = lineEnd(body, at, end);
      if (body[at] === upperW) {
        if (isAt(keyName, body, at, next)) this.#takeKey(body, at + keyName.length + 1, next);
        else if (isAt(partitionName, body, at, next)) {
          this.partition = body.toString("latin1", at + partitionName.length + 1, next).trim();
        }
      }
      at = next + 1;
    }
  }

  #takeKey(body: Buffer, from: number, to: number): void {
    let start = from;
    let end = to;
    if (end > start && body[end - 1] === carriageReturn) end--;
    while (start < end && body[start] === space) start++;
    while (end > start && body[end - 1] === space) end--;
    if (start === end) return;
    this.bytes = body;
    this.start = start;
    this.end = end;
  }
}

function isAt(name: Buffer, body: Buffer, at: number, end: number): boolean {
  const length = name.length;
  if (at + length >= end || body[at + length] !== colon) return false;
  for (let index = 0; index < length; index++) if (body[at + index] !== name[index]) return false;
  return true;
}

/** Position of the line's `\n`, or `end`. */
function lineEnd(block: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && block[at] !== lineFeed) at++;
  return at;
}
