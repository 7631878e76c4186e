/**
 * Reads and rewrites header blocks in place of parsing them: what a message says about itself stays byte for byte, but for the lines
 * that are asked about. Names are compared as they are, case included. A block is `NATS/1.0…\r\n`, lines, `\r\n`.
 */
const lineFeed = 0x0a;
const colon = 0x3a;
const preamble: Buffer = Buffer.from("NATS/1.0\r\n");
const blockEnd: Buffer = Buffer.from("\r\n");

/** The first value of a header, trimmed; undefined when it is not there. */
export function headerValue(block: Buffer, start: number, end: number, name: string): string | undefined {
  for (let at = nextLine(block, start, end); at < end; at = nextLine(block, at, end)) {
    if (!isNamed(block, at, end, name)) continue;
    return block.toString("utf8", at + name.length + 1, nextLine(block, at, end)).trim();
  }
  return undefined;
}

/** A copy of the block without the lines whose name `drops`, and with `lines` (each `Name: value\r\n`) at its end. An empty block is begun. */
export function editHeaders(block: Buffer, start: number, end: number, drops: (name: string) => boolean, lines: string): Buffer {
  if (start === end) return Buffer.concat([preamble, Buffer.from(lines), blockEnd]);
  const first = nextLine(block, start, end);
  const parts: Uint8Array[] = [block.subarray(start, first)];
  for (let at = first; at < end;) {
    const next = nextLine(block, at, end);
    const nameEnd = block.indexOf(colon, at);
    if (nameEnd > at && nameEnd < next && !drops(block.toString("latin1", at, nameEnd))) parts.push(block.subarray(at, next));
    at = next;
  }
  parts.push(Buffer.from(lines), blockEnd);
  return Buffer.concat(parts);
}

/** A copy of the block in which this header has this value alone: in place of its first line, or at the end. */
export function setHeader(block: Buffer, start: number, end: number, name: string, value: string): Buffer {
  const line = Buffer.from(`${name}: ${value}\r\n`);
  if (start === end) return Buffer.concat([preamble, line, blockEnd]);
  const parts: Uint8Array[] = [];
  let set = false;
  for (let at = start; at < end;) {
    const next = nextLine(block, at, end);
    const last = next === end;
    if (last && !set) parts.push(line);
    if (!isNamed(block, at, end, name)) parts.push(block.subarray(at, next));
    else if (!set) parts.push(line);
    set ||= last || isNamed(block, at, end, name);
    at = next;
  }
  return Buffer.concat(parts);
}

/** Where the line after the one at `at` begins, or `end`. */
function nextLine(block: Buffer, at: number, end: number): number {
  const found = block.indexOf(lineFeed, at);
  return found < 0 || found >= end ? end : found + 1;
}

function isNamed(block: Buffer, at: number, end: number, name: string): boolean {
  if (at + name.length >= end || block[at + name.length] !== colon) return false;
  for (let index = 0; index < name.length; index++) if (block[at + index] !== name.charCodeAt(index)) return false;
  return true;
}
