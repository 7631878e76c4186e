/**
 * The header block, the broker's common form of message headers: `NATS/1.0\r\n` then `Name: value\r\n` lines, then `\r\n`.
 * Doors that speak it pass the bytes on untouched; this file is for the others, which build or read one.
 * Names keep their case; a name may occur several times. Source: NATS ADR-4.
 */

const preamble = "NATS/1.0\r\n";

/** Names and values in order. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** Builds a block. Throws a TypeError when a name or value could break out of its line. */
export function encodeHeaders(headers: HeaderList): Buffer {
  let text = preamble;
  for (const [name, value] of headers) {
    if (name === "" || /[\r\n:]/.test(name))
      throw new TypeError(`header name ${JSON.stringify(name)} is empty or holds a colon or line end`);
    if (/[\r\n]/.test(value)) throw new TypeError(`the value of header ${name} holds a line end`);
    text += `${name}: ${value}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, "utf8");
}

/** Reads `block[start..end)`. A block that is not one gives an empty list; the status line's own words are ignored. */
export function parseHeaders(block: Buffer, start: number, end: number): [string, string][] {
  const list: [string, string][] = [];
  const lines = block.toString("utf8", start, end).split("\r\n");
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    if (colon > 0) list.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return list;
}

/** The text after `NATS/1.0 ` on the first line, e.g. `503` or `408 Request Timeout`; `""` without one. */
export function headerStatus(block: Buffer, start: number, end: number): string {
  const lineEnd = block.indexOf("\r\n", start);
  if (lineEnd < 0 || lineEnd >= end) return "";
  return block.toString("utf8", start + preamble.length - 2, lineEnd).trim();
}
