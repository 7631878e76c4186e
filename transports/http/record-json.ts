/** A record as HTTP shows it: text where its bytes are UTF-8, base64 where they are not. */
import { parseHeaders } from "../../lib/headers.ts";
import type { RecordView } from "../../store/store.ts";
import { timeText } from "./context.ts";
import type { Schema } from "./json-schema.ts";

export interface RecordJson {
  readonly sequence: number;
  readonly time: string;
  readonly subject: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly text?: string;
  readonly base64?: string;
}

export const recordFields: Readonly<Record<string, Schema>> = {
  sequence: { type: "integer" },
  time: { type: "string", format: "date-time" },
  subject: { type: "string" },
  key: { type: "string", description: "absent when it is the subject" },
  headers: { type: "object", additionalProperties: { type: "array", items: { type: "string" } } },
  text: { type: "string", description: "the payload, when it is UTF-8" },
  base64: { type: "string", format: "byte", description: "the payload, when it is not UTF-8 or `encoding=base64` was asked for" },
};

export const recordSchema: Schema = { type: "object", properties: recordFields, required: ["sequence", "time", "subject"] };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function recordJson(view: RecordView, base64: boolean): RecordJson {
  const { buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd } = view;
  return {
    sequence: view.sequence,
    time: timeText(view.timeUs),
    subject: buffer.toString("utf8", subjectStart, subjectEnd),
    ...headersJson(buffer, bodyStart, bodyStart + headerBytes),
    ...payloadJson(buffer.subarray(bodyStart + headerBytes, bodyEnd), base64),
  };
}

export function headersJson(
  block: Buffer,
  start: number,
  end: number,
): { readonly key?: string; readonly headers?: Readonly<Record<string, readonly string[]>> } {
  if (start === end) return {};
  const headers: Record<string, string[]> = {};
  let key: string | undefined;
  for (const [name, value] of parseHeaders(block, start, end)) {
    if (name === "Waystation-Key") key = value;
    (headers[name] ??= []).push(value);
  }
  return { ...(key === undefined ? {} : { key }), headers };
}

export function payloadJson(payload: Buffer, base64: boolean): { readonly text: string } | { readonly base64: string } {
  if (!base64) {
    try {
      return { text: decoder.decode(payload) };
    } catch {
      // Not UTF-8.
    }
  }
  return { base64: payload.toString("base64") };
}
