/**
 * `DIRECT.GET`: records as they are, with where they came from in headers; what key-value stores read by. One record, a batch of
 * records in order, or the last of each of many subjects. A station that does not allow it answers as if nobody listened.
 *
 *     <stored header lines> Nats-Stream, Nats-Subject, Nats-Sequence, Nats-Time-Stamp [, Nats-Num-Pending, Nats-Last-Sequence]
 */
import { compileFilter, filterProblem } from "../../../lib/filter.ts";
import { readAt, walk } from "../../../lib/station/read.ts";
import type { Station } from "../../../lib/station/station.ts";
import type { RecordView, Sequence, SubjectFilterTest } from "../../../store/store.ts";
import type { Api, ApiRequest } from "./api.ts";
import { levelMet } from "./api.ts";
import { ApiError } from "./errors.ts";
import { count, decodeLoosely, flag, text, texts, timeText } from "./json.ts";
import type { Values } from "./json.ts";
import { findRecord, messageGetFields } from "./message-api.ts";

/** Records in one answer of the last of each subject. */
const resultsMax = 1024;
/** Bytes in one batch when the request names no bound of its own. */
const batchBytesDefault: number = 1024 * 1024;

const argsMax = 1 << 20;

export function registerDirectGet(api: Api): void {
  api.register({
    verb: "DIRECT.GET",
    argsMin: 1,
    argsMax,
    type: "",
    handle: async (request) => {
      if (request.reply === "") return undefined;
      const station = api.stations.named(request.args[0] ?? "");
      if (station === undefined || !station.config.allowDirect) {
        api.answerStatus(request.reply, "503", `Nats-Subject: ${request.subject}\r\n`);
        return undefined;
      }
      await answer(api, station, request);
      return undefined;
    },
  });
}

async function answer(api: Api, station: Station, request: ApiRequest): Promise<void> {
  const reply = request.reply;
  const subject = request.args.slice(1).join(".");
  if (!levelMet(request.headers)) return api.answerStatus(reply, "412 Required Api Level");
  let values: Values;
  try {
    values = decodeLoosely(request.payload, messageGetFields);
  } catch (error) {
    if (error instanceof ApiError) return api.answerStatus(reply, "408 Malformed Request");
    throw error;
  }
  if (subject !== "") {
    if (Object.keys(values).some((field) => field !== "max_bytes" && field !== "no_hdr")) return api.answerStatus(reply, "408 Bad Request");
    values = { ...values, last_by_subj: subject };
  }
  const problem = problemOf(values);
  if (problem !== undefined) return api.answerStatus(reply, problem);
  if (texts(values, "multi_last").length > 0) return await answerLast(api, station, values, reply);
  if (count(values, "batch") !== 0) return await answerBatch(api, station, values, reply);
  const withHeaders = !flag(values, "no_hdr");
  const sent = await findRecord(station, values, (view) => send(api, station, reply, view, withHeaders ? "" : undefined));
  if (sent === undefined) api.answerStatus(reply, "404 Message Not Found");
}

function problemOf(values: Values): string | undefined {
  const sequence = count(values, "seq") > 0;
  const last = text(values, "last_by_subj") !== "";
  const next = text(values, "next_by_subj") !== "";
  const many = texts(values, "multi_last").length > 0;
  const time = values["start_time"] !== undefined;
  if (!sequence && !last && !next && !many && !time) return "408 Empty Request";
  const conflict =
    (last && (sequence || next || time || many || count(values, "batch") > 0)) ||
    (sequence && time) ||
    (next && many) ||
    (count(values, "up_to_seq") > 0 && values["up_to_time"] !== undefined);
  return conflict ? "408 Bad Request" : undefined;
}

/** Sends a record with its origin and `more` header lines; undefined `more`: the payload alone. Answers with the record's bytes. */
function send(api: Api, station: Station, reply: string, view: RecordView, more: string | undefined): number {
  const { buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd } = view;
  const payload = buffer.subarray(bodyStart + headerBytes, bodyEnd);
  if (more === undefined) {
    api.tenant.announce(reply, Buffer.from(payload), 0);
    return payload.length;
  }
  // The stored block without the empty line that ends it, or a new one.
  const stored = headerBytes === 0 ? Buffer.from("NATS/1.0\r\n") : buffer.subarray(bodyStart, bodyStart + headerBytes - 2);
  const subject = buffer.toString("utf8", subjectStart, subjectEnd);
  const origin = Buffer.from(
    `Nats-Stream: ${station.name}\r\nNats-Subject: ${subject}\r\nNats-Sequence: ${view.sequence}\r\nNats-Time-Stamp: ${timeText(view.timeUs)}\r\n${more}\r\n`,
  );
  api.tenant.announce(reply, Buffer.concat([stored, origin, payload]), stored.length + origin.length);
  return bodyEnd - bodyStart;
}

function progress(pending: number, last: Sequence): string {
  return `Nats-Num-Pending: ${pending}\r\nNats-Last-Sequence: ${last}\r\n`;
}

async function answerBatch(api: Api, station: Station, values: Values, reply: string): Promise<void> {
  const { log } = station;
  const next = text(values, "next_by_subj");
  const filter = next === "" || filterProblem(next) !== undefined ? undefined : compileFilter(next);
  const time = values["start_time"];
  const start = typeof time === "number" ? await log.findTime(time) : Math.max(1, count(values, "seq"));
  const bytesMax = count(values, "max_bytes") || batchBytesDefault;
  const batch = count(values, "batch");
  let pending = await log.count(filter, start);
  let [last, bytes, sent] = [0, 0, 0];
  if (batch < 0) return api.answerStatus(reply, "204 EOB", progress(pending, 0));
  await walk(api.clock, log, start, filter, (view) => {
    pending = Math.max(0, pending - 1);
    bytes += send(api, station, reply, view, progress(pending, last));
    last = view.sequence;
    sent++;
    return sent < batch && bytes < bytesMax;
  });
  if (sent === 0) api.answerStatus(reply, "404 Message Not Found");
  else api.answerStatus(reply, "204 EOB", progress(pending, last));
}

async function answerLast(api: Api, station: Station, values: Values, reply: string): Promise<void> {
  const { log } = station;
  const filters = texts(values, "multi_last").filter((filter) => filterProblem(filter) === undefined);
  const upToTime = values["up_to_time"];
  let upTo = count(values, "up_to_seq");
  if (typeof upToTime === "number") {
    upTo = (await log.findTime(upToTime)) - 1;
    if (upTo <= 0) return api.answerStatus(reply, "404 No Results");
  }
  if (upTo === 0) upTo = log.state.lastSequence;
  const sequences = await lastSequences(station, filters.map(compileFilter), upTo);
  if (sequences === undefined) return api.answerStatus(reply, "413 Too Many Results");
  if (sequences.length === 0) return api.answerStatus(reply, "404 No Results");
  const wanted = sequences.filter((sequence) => sequence >= count(values, "seq"));
  const batch = count(values, "batch") > 0 ? count(values, "batch") : wanted.length;
  const bytesMax = count(values, "max_bytes") || Number.MAX_SAFE_INTEGER;
  let [pending, last, bytes, sent] = [wanted.length, 0, 0, 0];
  for (const sequence of wanted) {
    if (sent === batch || bytes >= bytesMax) break;
    pending--;
    const [left, before] = [pending, last];
    bytes += (await readAt(log, sequence, (view) => send(api, station, reply, view, progress(left, before)))) ?? 0;
    last = sequence;
    sent++;
  }
  api.answerStatus(reply, "204 EOB", `${progress(pending, last)}Nats-UpTo-Sequence: ${upTo}\r\n`);
}

/** The last sequence at or before `upTo` of each subject that passes, ascending; undefined when there are too many. */
async function lastSequences(station: Station, filters: readonly SubjectFilterTest[], upTo: Sequence): Promise<Sequence[] | undefined> {
  const { log } = station;
  const found: Map<string, Sequence> = new Map();
  let older = false;
  for (const filter of filters) {
    const page = await log.subjects(filter, 0, resultsMax + 1);
    if (page.total > resultsMax) return undefined;
    for (const subject of page.subjects) {
      if (subject.lastSequence <= upTo) found.set(subject.subject, subject.lastSequence);
      else if (subject.firstSequence <= upTo) older = true;
    }
  }
  if (older) for (const filter of filters) await collectLast(station, filter, upTo, found);
  return found.size > resultsMax ? undefined : [...new Set(found.values())].sort((a, b) => a - b);
}

/** Walks the records up to `upTo`: some subject has a newer one, so that the index alone does not know. */
async function collectLast(station: Station, filter: SubjectFilterTest, upTo: Sequence, found: Map<string, Sequence>): Promise<void> {
  await walk(station.clock, station.log, 1, filter, (view) => {
    if (view.sequence > upTo) return false;
    found.set(view.buffer.toString("utf8", view.subjectStart, view.subjectEnd), view.sequence);
    return found.size <= resultsMax;
  });
}
