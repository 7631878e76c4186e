/**
 * The headers of a publish that few publishes have: increments of counters and schedules. Most messages never make one of these; a
 * station that allows neither refuses them by name. Source of names and rules: the message counters and schedules of nats-server.
 */
import { filterProblem, filtersOverlap, hasWildcard } from "../filter.ts";
import type { PublishRefusal } from "../transport.ts";
import type { StationConfig } from "./config.ts";
import { parseSchedule, zoneKnown } from "./schedule-pattern.ts";
import { parseTtl } from "./ttl.ts";

/** What a client may say of the next time a schedule is due: that there is none. */
export const scheduleEnd = "purge";

export interface SpecialHeaders {
  /** Of a counter, "" = none. */
  increment: string;
  /** The message names itself as taken from a source: only the broker may. */
  sourced: boolean;
  schedule: string;
  /** Undefined = not named, which is not the same as empty. */
  zone: string | undefined;
  ttl: string;
  target: string;
  source: string;
  rollup: string;
  scheduler: string;
  next: string;
}

const fieldOf: Readonly<Record<string, Exclude<keyof SpecialHeaders, "sourced">>> = {
  "Nats-Incr": "increment",
  "Nats-Schedule": "schedule",
  "Nats-Schedule-Time-Zone": "zone",
  "Nats-Schedule-TTL": "ttl",
  "Nats-Schedule-Target": "target",
  "Nats-Schedule-Source": "source",
  "Nats-Schedule-Rollup": "rollup",
  "Nats-Scheduler": "scheduler",
  "Nats-Schedule-Next": "next",
};

/** Takes a header if it is one of these, into `special` or a new one; the first of a name counts. */
export function takeSpecial(special: SpecialHeaders | undefined, name: string, value: string): SpecialHeaders | undefined {
  const field = fieldOf[name];
  if (field === undefined && name !== "Nats-Stream-Source") return special;
  const into = special ?? {
    increment: "",
    sourced: false,
    schedule: "",
    zone: undefined,
    ttl: "",
    target: "",
    source: "",
    rollup: "",
    scheduler: "",
    next: "",
  };
  if (field === undefined) into.sourced = value !== "";
  else if (field === "zone") into.zone ??= value;
  else if (into[field] === "") into[field] = value;
  return into;
}

/** The increment's value; undefined when it is no whole number. */
export function incrementOf(text: string): bigint | undefined {
  return /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, "")) : undefined;
}

export interface PublishFacts {
  readonly subject: string;
  readonly payloadBytes: number;
  /** As the message says itself: "" = none. */
  readonly rollup: string;
  /** It is conditional on something. */
  readonly conditional: boolean;
  readonly nowUs: number;
}

/** Why the station refuses a message with these headers; undefined when it does not. */
export function judgeIncrement(special: SpecialHeaders, config: StationConfig, facts: PublishFacts): PublishRefusal | undefined {
  if (special.increment === "") return undefined;
  if (incrementOf(special.increment) === undefined) return "counter_increment_invalid";
  if (!config.allowCounter) return "counter_denied";
  if (facts.payloadBytes > 0) return "counter_payload";
  return facts.rollup !== "" || facts.conditional ? "counter_increment_invalid" : undefined;
}

/** As `judgeIncrement`, of what is to be published later. */
export function judgeSchedule(special: SpecialHeaders, config: StationConfig, facts: PublishFacts): PublishRefusal | undefined {
  const refusal = special.schedule === "" && special.zone === undefined ? undefined : judgePattern(special, config, facts);
  if (refusal !== undefined) return refusal;
  if (special.next !== "") {
    const { scheduler } = special;
    if (special.next !== scheduleEnd || scheduler === facts.subject || !isSubject(scheduler)) return "schedule_scheduler_invalid";
    if (!config.allowSchedules) return "schedule_denied";
  } else if (special.scheduler !== "") {
    return "schedule_scheduler_invalid";
  }
  return special.sourced ? "source_header_denied" : undefined;
}

function judgePattern(special: SpecialHeaders, config: StationConfig, facts: PublishFacts): PublishRefusal | undefined {
  if (!config.allowSchedules) return "schedule_denied";
  const { schedule, zone, ttl, rollup, target, source } = special;
  if (zone !== undefined && !zoneKnown(zone)) return "schedule_zone_invalid";
  if (schedule === "") return undefined;
  if (parseSchedule(schedule, zone, facts.nowUs, facts.nowUs) === undefined) return "schedule_pattern_invalid";
  if (ttl !== "" && Number.isNaN(parseTtl(ttl))) return "schedule_ttl_invalid";
  if (rollup !== "" && rollup !== "sub") return "schedule_rollup_invalid";
  if (ttl !== "" && !config.allowTtl) return "ttl_denied";
  const captured = (subject: string): boolean => config.subjects.some((filter) => filtersOverlap(filter, subject));
  if (!isSubject(target) || target === facts.subject || !captured(target)) return "schedule_target_invalid";
  if (source !== "" && (source === target || source === facts.subject || !isSubject(source) || !captured(source))) {
    return "schedule_source_invalid";
  }
  return facts.rollup === "" || facts.rollup === "sub" ? undefined : "schedule_rollup_invalid";
}

function isSubject(text: string): boolean {
  return filterProblem(text) === undefined && !hasWildcard(text);
}
