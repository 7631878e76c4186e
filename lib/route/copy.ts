/**
 * Writes the copy a route sends: the message's payload and headers, without those that told the first station what to do with it, and
 * with those that say where it came from:
 *
 *     Waystation-Origin-Subject     the subject it was published on
 *     Waystation-Origin-Station     of a stored message: where it is,
 *     Waystation-Origin-Sequence    and under which sequence
 *     Waystation-Route              the routes it went by, the last one last
 *     Nats-Msg-Id                   of a stored message: `route:ROUTE:STATION:SEQUENCE`, so that a repeat is stored once
 */
import type { Message } from "../message.ts";

/** Routes a message goes by at most: then it is given up, as it is when it comes by the same route again. */
export const hopsMax = 8;

const preamble: Buffer = Buffer.from("NATS/1.0\r\n");
const routeHeader = "Waystation-Route:";
/** What begins so is left out. */
const dropped: readonly Buffer[] = [
  "Nats-Msg-Id:",
  "msg-id:",
  "Nats-Expected-",
  "Nats-Batch-",
  "Nats-Rollup:",
  "Nats-TTL:",
  "Nats-Schedule",
  "Nats-Incr:",
  "Waystation-Origin-",
  routeHeader,
].map((text) => Buffer.from(text));
const routePrefix: Buffer = Buffer.from(`\n${routeHeader}`);
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const idHeader: Buffer = Buffer.from("\nNats-Msg-Id: ");

const sourceHeader: Buffer = Buffer.from("\nNats-Stream-Source:");

export interface Source {
  readonly subject: string;
  readonly buffer: Buffer;
  readonly bodyStart: number;
  readonly headerBytes: number;
  readonly bodyEnd: number;
}

/** The message id of a copy. */
export function copyId(route: string, station: string, sequence: number): string {
  return `route:${route}:${station}:${sequence}`;
}

/** The routes that a message with this header block has gone by. */
export function routesOf(buffer: Buffer, start: number, headerBytes: number): string[] {
  const value = headerBytes === 0 ? "" : headerValue(buffer, start, start + headerBytes, routePrefix);
  return value === "" ? [] : value.split(",").map((name) => name.trim());
}

/** The id of a copy that was made earlier; "" when the record is none. */
export function copyIdOf(buffer: Buffer, start: number, headerBytes: number): string {
  const id = headerBytes === 0 ? "" : headerValue(buffer, start, start + headerBytes, idHeader);
  return id.startsWith("route:") ? id : "";
}

/** True of a record that came from another station as one of its source's, where it was routed. */
export function isSourced(buffer: Buffer, start: number, headerBytes: number): boolean {
  return headerBytes > 0 && headerValue(buffer, start, start + headerBytes, sourceHeader) !== "";
}

export class CopyWriter {
  #scratch: Buffer = Buffer.allocUnsafe(16 * 1024);

  /** Fills `message` but for its subject. Its bytes are valid until the next one is written. */
  write(message: Message, source: Source, route: string, passed: readonly string[], station: string, sequence: number): void {
    const { buffer, bodyStart, headerBytes, bodyEnd } = source;
    const payloadStart = bodyStart + headerBytes;
    let lineage = `Waystation-Origin-Subject: ${source.subject}\r\n`;
    if (sequence > 0) {
      lineage += `Waystation-Origin-Station: ${station}\r\nWaystation-Origin-Sequence: ${sequence}\r\n`;
      lineage += `Nats-Msg-Id: ${copyId(route, station, sequence)}\r\n`;
    }
    lineage += `${routeHeader} ${passed.length === 0 ? route : `${passed.join(", ")}, ${route}`}\r\n\r\n`;
    const sizeMax = preamble.length + headerBytes + lineage.length * 3 + (bodyEnd - payloadStart);
    if (sizeMax > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(sizeMax * 2);
    const scratch = this.#scratch;
    let at = preamble.copy(scratch, 0);
    if (headerBytes > 0) at = copyKept(scratch, at, buffer, bodyStart, payloadStart);
    at += scratch.write(lineage, at, "utf8");
    message.body = scratch;
    message.bodyStart = 0;
    message.headerBytes = at;
    message.bodyEnd = at + buffer.copy(scratch, at, payloadStart, bodyEnd);
  }
}

/** Copies the lines of a header block after its first, but for those that are left out and the empty one. */
function copyKept(into: Buffer, to: number, block: Buffer, start: number, end: number): number {
  let at = to;
  let line = block.indexOf(lineFeed, start) + 1;
  while (line > start && line < end) {
    const feed = block.indexOf(lineFeed, line);
    const next = feed < 0 || feed >= end ? end : feed + 1;
    if (block[line] !== carriageReturn && block[next - 1] === lineFeed && !isDropped(block, line)) at += block.copy(into, at, line, next);
    line = next;
  }
  return at;
}

function isDropped(block: Buffer, line: number): boolean {
  for (let index = 0; index < dropped.length; index++) {
    const name = dropped[index];
    if (name !== undefined && block[line] === name[0] && startsWith(block, line, name)) return true;
  }
  return false;
}

function startsWith(block: Buffer, line: number, name: Buffer): boolean {
  if (block.length - line < name.length) return false;
  for (let index = 1; index < name.length; index++) if (block[line + index] !== name[index]) return false;
  return true;
}

function headerValue(block: Buffer, start: number, end: number, prefix: Buffer): string {
  const at = block.subarray(start, end).indexOf(prefix);
  if (at < 0) return "";
  const from = start + at + prefix.length;
  let to = from;
  while (to < end && block[to] !== carriageReturn && block[to] !== lineFeed) to++;
  return block.toString("utf8", from, to).trim();
}
