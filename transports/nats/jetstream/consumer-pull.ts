/**
 * Pull requests, `$JS.API.CONSUMER.MSG.NEXT.<stream>.<consumer>`: the payload's three forms, and the refusals in JetStream's exact
 * words. A client asks the same again and again, so the last payload read is compared before anything is parsed.
 */
import type { GroupConfig } from "../../../lib/consumer/config.ts";
import type { PullPriority } from "../../../lib/consumer/pulls.ts";
import type { PullRefusal } from "../../../lib/consumer/group.ts";
import { parseJson } from "./json.ts";

/** What a payload asks for; shared by all requests with the same payload. */
export interface PullAsk {
  readonly batch: number;
  readonly bytesMax: number;
  readonly noWait: boolean;
  readonly expiresMs: number;
  readonly heartbeatMs: number;
  /** Undefined = it was no JSON object. */
  readonly priority: PullPriority | undefined;
  /** Undefined = well formed; else the status that refuses it. */
  readonly refusal: string | undefined;
}

const one: PullAsk = { batch: 1, bytesMax: 0, noWait: false, expiresMs: 0, heartbeatMs: 0, priority: undefined, refusal: undefined };
/** Longer payloads are not remembered. */
const rememberedBytesMax = 256;

export class PullReader {
  #last: Buffer = Buffer.alloc(0);
  #ask: PullAsk = one;

  read(buffer: Buffer, start: number, end: number): PullAsk {
    if (start === end) return one;
    const last = this.#last;
    if (last.length === end - start && last.compare(buffer, start, end) === 0) return this.#ask;
    const ask = parsePull(buffer.toString("utf8", start, end));
    if (end - start <= rememberedBytesMax) {
      this.#last = Buffer.from(buffer.subarray(start, end));
      this.#ask = ask;
    }
    return ask;
  }
}

/** Empty = one message; a number = so many; else JSON. */
export function parsePull(payload: string): PullAsk {
  const text = payload.trim();
  if (text === "") return one;
  if (text.startsWith("{")) return parseObject(text);
  return /^[+-]?\d+$/.test(text) ? { ...one, batch: Number(text) } : one;
}

const numbers: Readonly<Record<string, string>> = {
  batch: "int",
  expires: "time.Duration",
  max_bytes: "int",
  idle_heartbeat: "time.Duration",
  min_pending: "int64",
  min_ack_pending: "int64",
  priority: "int",
};

function parseObject(text: string): PullAsk {
  const parsed = parseJson(text);
  if ("problem" in parsed) return refused(`400 Bad Request - ${parsed.problem}`);
  const given: Record<string, number> = {};
  const texts: Record<string, string> = {};
  let noWait = false;
  for (const [name, value] of Object.entries(Object(parsed.value))) {
    const field = name.toLowerCase();
    const goType = numbers[field];
    const wrong = (type: string): PullAsk =>
      refused(`400 Bad Request - json: cannot unmarshal ${typeof value} into Go struct field .${field} of type ${type}`);
    if (field === "no_wait") {
      if (typeof value !== "boolean") return wrong("bool");
      noWait = value;
    } else if ((field === "group" || field === "id") && value !== null) {
      if (typeof value !== "string") return wrong("string");
      texts[field] = value;
    } else if (goType !== undefined && value !== null) {
      if (typeof value !== "number" || !Number.isInteger(value)) return wrong(goType);
      given[field] = value;
    }
  }
  const expiresNs = given["expires"] ?? 0;
  const heartbeatNs = given["idle_heartbeat"] ?? 0;
  if (heartbeatNs > 0 && heartbeatNs * 2 > expiresNs) return refused("400 Bad Request - heartbeat value too large");
  return {
    batch: given["batch"] ?? 0,
    bytesMax: Math.max(0, given["max_bytes"] ?? 0),
    noWait,
    expiresMs: Math.max(0, expiresNs / 1e6),
    heartbeatMs: Math.max(0, heartbeatNs / 1e6),
    priority: {
      group: texts["group"] ?? "",
      minPending: given["min_pending"] ?? 0,
      minAckPending: given["min_ack_pending"] ?? 0,
      pin: texts["id"] ?? "",
      level: given["priority"] ?? 0,
    },
    refusal: undefined,
  };
}

function refused(refusal: string): PullAsk {
  return { ...one, refusal };
}

/** The status for a refused pull; undefined = nothing is said. */
export function refusalStatus(refusal: PullRefusal, ask: PullAsk, config: GroupConfig): string | undefined {
  switch (refusal) {
    case "push":
      return "409 Consumer is push based";
    case "batchMax":
      return `409 Exceeded MaxRequestBatch of ${config.batchMax}`;
    case "expiresMax":
      return `409 Exceeded MaxRequestExpires of ${goDuration(config.expiresMaxMs)}`;
    case "bytesMax":
      return `409 Exceeded MaxRequestMaxBytes of ${config.bytesMax}`;
    case "membersMax":
      return "409 Exceeded the members of a keyed group";
    case "notOverflow":
      return "400 Bad Request - Not a Overflow Priority consumer";
    case "notPinned":
      return "400 Bad Request - Not a Pinned Client Priority consumer";
    case "levelInvalid":
      return "400 Bad Request - Priority must be between 0 and 9";
    case "groupMissing":
      return "400 Bad Request - Priority Group missing";
    case "groupUnknown":
      return "400 Bad Request - Invalid Priority Group";
    case "pinMismatch":
      return "423 Nats-Pin-Id mismatch";
    case "requestsPending":
      return "408 Requests Pending";
    // One with heartbeats would ask again at once: the silence tells it.
    case "waitingMax":
      return ask.heartbeatMs > 0 ? undefined : "409 Exceeded MaxWaiting";
    case "closed":
      return "409 Consumer Deleted";
  }
}

/** A duration as Go prints it: `1.5s`, `2m0s`, `100ms`. */
export function goDuration(milliseconds: number): string {
  const nanoseconds = Math.round(milliseconds * 1e6);
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1000) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${nanoseconds / 1000}µs`;
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
  const seconds = nanoseconds / 1e9;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${Math.round((seconds % 60) * 1e9) / 1e9}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
