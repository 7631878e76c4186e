/** `GET /v1/stations/NAME/messages`: records by position, without a group; one record by its sequence; and its removal. */
import { readAt, walk } from "../../lib/station/read.ts";
import type { HttpContext } from "./context.ts";
import { queryFilter, queryNumber, sendJson, timeText } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import { recordJson, recordSchema } from "./record-json.ts";
import type { RecordJson } from "./record-json.ts";
import type { HttpCall, HttpRouter } from "./router.ts";

const limitDefault = 100;
const limitMax = 10_000;
/** Of the records in one answer; a single larger one is shown alone. */
const answerBytesMax: number = 8 * 1024 * 1024;

const encoding: Schema = { type: "string", enum: ["base64"], description: "show every payload as base64" };

/** What a NATS client publishes to in order to read a record: who may do that may read here. */
export function mayRead(params: Readonly<Record<string, string>>): string {
  return `$JS.API.STREAM.MSG.GET.${params["name"] ?? ""}`;
}

export function addRead(router: HttpRouter, context: HttpContext): void {
  router.add({
    method: "GET",
    path: "/v1/stations/:name/messages",
    access: { kind: "request", subject: mayRead },
    document: {
      tag: "messages",
      summary: "Read records in order; with `Accept: application/x-ndjson` one a line",
      query: {
        from: { type: "integer", minimum: 1, description: "the first sequence; default: the oldest there is" },
        since: { type: "string", format: "date-time", description: "the first time, instead of `from`" },
        limit: { type: "integer", minimum: 1, maximum: limitMax, default: limitDefault },
        subject: { type: "string", description: "a filter" },
        encoding,
      },
      answers: {
        200: {
          description: "the records, where to go on, and the last sequence there is",
          content: {
            "application/json": {
              type: "object",
              properties: {
                messages: { type: "array", items: recordSchema },
                next: { type: "integer", description: "`from` of the next request" },
                last: { type: "integer" },
              },
            },
            "application/x-ndjson": recordSchema,
          },
        },
      },
    },
    handle: (call) => read(context, call),
  });
  router.add({
    method: "GET",
    path: "/v1/stations/:name/messages/:sequence",
    access: { kind: "request", subject: mayRead },
    document: {
      tag: "messages",
      summary: "One record; with `Accept: application/octet-stream` its payload alone",
      query: { encoding },
      answers: {
        200: {
          description: "the record",
          content: { "application/json": recordSchema, "application/octet-stream": { type: "string", format: "binary" } },
        },
      },
    },
    handle: (call) => readOne(context, call),
  });
  router.add({
    method: "DELETE",
    path: "/v1/stations/:name/messages/:sequence",
    access: { kind: "request", subject: (params) => `$JS.API.STREAM.MSG.DELETE.${params["name"] ?? ""}` },
    document: {
      tag: "messages",
      summary: "Remove one record for good",
      query: { erase: { type: "boolean", description: "overwrite its bytes" } },
      answers: { 204: { description: "removed, durably" } },
    },
    handle: async (call) => {
      const station = context.station(call);
      const erase = call.query.get("erase") === "true";
      await context.tenant(call).stations.remove(station.name, sequenceOf(call), erase);
      call.response.send(204, [], "");
    },
  });
}

async function read(context: HttpContext, call: HttpCall): Promise<void> {
  const { log } = context.station(call);
  const limit = queryNumber(call, "limit", limitDefault, 1, limitMax);
  const filter = queryFilter(call, "subject");
  const base64 = call.query.get("encoding") === "base64";
  const from = await firstOf(call, log);
  const records: RecordJson[] = [];
  let bytes = 0;
  let next = Math.max(from, log.state.lastSequence + 1);
  await walk(context.opened.broker.clock, log, from, filter, (view) => {
    bytes += view.bodyEnd - view.bodyStart;
    if (records.length === limit || (bytes > answerBytesMax && records.length > 0) || call.response.finished) {
      next = view.sequence;
      return false;
    }
    records.push(recordJson(view, base64));
    return true;
  });
  if (accepts(call, "application/x-ndjson")) {
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    const headers = [
      ["content-type", "application/x-ndjson"],
      ["waystation-next", String(next)],
    ] as const;
    call.response.send(200, headers, text);
    return;
  }
  sendJson(call, 200, { messages: records, next, last: log.state.lastSequence });
}

async function readOne(context: HttpContext, call: HttpCall): Promise<void> {
  const { log, name } = context.station(call);
  const sequence = sequenceOf(call);
  if (accepts(call, "application/octet-stream")) {
    const found = await readAt(log, sequence, (view) => ({
      subject: view.buffer.toString("utf8", view.subjectStart, view.subjectEnd),
      timeUs: view.timeUs,
      payload: Buffer.from(view.buffer.subarray(view.bodyStart + view.headerBytes, view.bodyEnd)),
    }));
    if (found === undefined) throw missing(name, sequence);
    const headers = [
      ["content-type", "application/octet-stream"],
      ["x-content-type-options", "nosniff"],
      ["waystation-subject", encodeURI(found.subject)],
      ["waystation-sequence", String(sequence)],
      ["waystation-time", timeText(found.timeUs)],
    ] as const;
    call.response.send(200, headers, found.payload);
    return;
  }
  const record = await readAt(log, sequence, (view) => recordJson(view, call.query.get("encoding") === "base64"));
  if (record === undefined) throw missing(name, sequence);
  sendJson(call, 200, record);
}

function missing(name: string, sequence: number): HttpProblem {
  return new HttpProblem(404, "Not Found", `station '${name}' has no record ${sequence}`);
}

async function firstOf(call: HttpCall, log: { findTime(timeUs: number): number | Promise<number> }): Promise<number> {
  const since = call.query.get("since");
  if (since === null) return queryNumber(call, "from", 1, 1, Number.MAX_SAFE_INTEGER);
  const timeMs = Date.parse(since);
  if (Number.isNaN(timeMs)) throw new HttpProblem(422, "Unprocessable Content", "'since' is to be a time, such as 2026-01-31T12:00:00Z");
  return await log.findTime(timeMs * 1000);
}

function sequenceOf(call: HttpCall): number {
  const sequence = Number(call.params["sequence"]);
  if (!Number.isSafeInteger(sequence) || sequence < 1) throw new HttpProblem(422, "Unprocessable Content", "a sequence is a number from 1");
  return sequence;
}

function accepts(call: HttpCall, type: string): boolean {
  return (call.request.headers.get("accept") ?? "").includes(type);
}
