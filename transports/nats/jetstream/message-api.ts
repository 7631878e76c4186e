/** Single records through the API: `STREAM.MSG.GET` answers with the record as JSON, `STREAM.MSG.DELETE` removes it. */
import { compileFilter, filterProblem } from "../../../lib/filter.ts";
import { readAt, readNext } from "../../../lib/station/read.ts";
import type { Station } from "../../../lib/station/station.ts";
import type { RecordView } from "../../../store/store.ts";
import type { Api } from "./api.ts";
import { apiErrors } from "./errors.ts";
import { count, decodeRequest, flag, text, timeText } from "./json.ts";
import type { Fields, Values } from "./json.ts";

export const messageGetFields: Fields = {
  seq: "uint64",
  last_by_subj: "string",
  next_by_subj: "string",
  batch: "int",
  max_bytes: "int",
  start_time: "time",
  multi_last: "strings",
  up_to_seq: "uint64",
  up_to_time: "time",
  no_hdr: "bool",
};

export function registerMessageApi(api: Api): void {
  const { stations } = api;
  const found = (name: string | undefined): Station => {
    const station = stations.named(name ?? "");
    if (station === undefined) throw apiErrors.streamNotFound();
    return station;
  };
  api.register({
    verb: "STREAM.MSG.GET",
    argsMin: 1,
    argsMax: 1,
    type: "stream_msg_get_response",
    handle: async (request) => {
      const values = decodeRequest(request.payload, messageGetFields, "JSApiMsgGetRequest");
      const station = found(request.args[0]);
      if (!wellFormed(values)) throw apiErrors.badRequest();
      const message = await findRecord(station, values, messageJson);
      if (message === undefined) throw apiErrors.noMessage();
      return { message };
    },
  });
  api.register({
    verb: "STREAM.MSG.DELETE",
    argsMin: 1,
    argsMax: 1,
    type: "stream_msg_delete_response",
    handle: async (request) => {
      const values = decodeRequest(request.payload, { seq: "uint64", no_erase: "bool" }, "JSApiMsgDeleteRequest");
      const station = found(request.args[0]);
      if (Object.keys(values).length === 0) throw apiErrors.badRequest();
      await stations.remove(station.name, count(values, "seq"), !flag(values, "no_erase"));
      return { success: true };
    },
  });
}

function wellFormed(values: Values): boolean {
  const sequence = count(values, "seq") > 0;
  const last = text(values, "last_by_subj") !== "";
  const next = text(values, "next_by_subj") !== "";
  const time = values["start_time"] !== undefined;
  if (!sequence && !last && !next && !time) return false;
  return !(last && (sequence || next || time)) && !(sequence && time);
}

/**
 * The record that `seq`, `last_by_subj`, `start_time` and `next_by_subj` together name. A sequence alone names exactly that record;
 * every other position the first that is there from it on.
 */
export async function findRecord<T>(station: Station, values: Values, take: (view: RecordView) => T): Promise<T | undefined> {
  const { log } = station;
  const last = text(values, "last_by_subj");
  if (last !== "") {
    if (filterProblem(last) !== undefined) return undefined;
    const sequence = await log.findLast(compileFilter(last));
    return sequence === 0 ? undefined : await readAt(log, sequence, take);
  }
  const next = text(values, "next_by_subj");
  if (next !== "" && filterProblem(next) !== undefined) return undefined;
  const time = values["start_time"];
  if (next === "" && typeof time !== "number") return await readAt(log, count(values, "seq"), take);
  const from = typeof time === "number" ? await log.findTime(time) : count(values, "seq");
  return await readNext(log, from, next === "" ? undefined : compileFilter(next), take);
}

function messageJson(view: RecordView): object {
  const { buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd } = view;
  const payloadStart = bodyStart + headerBytes;
  return {
    subject: buffer.toString("utf8", subjectStart, subjectEnd),
    seq: view.sequence,
    ...(headerBytes === 0 ? {} : { hdrs: buffer.toString("base64", bodyStart, payloadStart) }),
    ...(payloadStart === bodyEnd ? {} : { data: buffer.toString("base64", payloadStart, bodyEnd) }),
    time: timeText(view.timeUs),
  };
}
