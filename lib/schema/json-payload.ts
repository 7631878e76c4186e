/** Reads a payload as JSON, for the kinds of schema that judge values: strictly UTF-8, and not nested without bound. */
import { isUtf8 } from "node:buffer";
import { payloadDepthMax, tooDeep } from "./validator.ts";

/** What `JSON.parse` never returns. */
export class NoJson {
  readonly fault: string;

  constructor(fault: string) {
    this.fault = fault;
  }
}

const quote = 0x22;
const backslash = 0x5c;

export function parsePayload(body: Buffer, start: number, end: number): unknown {
  if (start === end) return new NoJson(": is empty, not JSON");
  if (end - start > payloadDepthMax && deeperThan(body, start, end, payloadDepthMax)) return new NoJson(tooDeep);
  const text = body.toString("utf8", start, end);
  // What is not UTF-8 became U+FFFD, which may also have been sent.
  if (text.includes("\ufffd") && !isUtf8(body.subarray(start, end))) return new NoJson(": is not UTF-8");
  try {
    return JSON.parse(text);
  } catch (error) {
    return new NoJson(`: is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function deeperThan(body: Buffer, start: number, end: number, depthMax: number): boolean {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = body[at];
    if (byte === quote) {
      for (at++; at < end && body[at] !== quote; at++) if (body[at] === backslash) at++;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > depthMax) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}
