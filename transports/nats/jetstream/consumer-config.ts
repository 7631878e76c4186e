/**
 * JetStream's consumer configuration: JSON as clients send it to a GroupConfig, and back as nats-server prints it, field for field
 * and in its order. Defaults and the checks that only make sense in JetStream's words are here; the rules are the core's.
 */
import { groupConfig } from "../../../lib/consumer/config.ts";
import type { AckPolicy, DeliverFrom, GroupConfig, PushConfig } from "../../../lib/consumer/config.ts";
import type { PriorityConfig, PriorityPolicy } from "../../../lib/consumer/priority.ts";
import type { GroupLimits } from "../../../lib/station/config.ts";
import { apiLevel, natsVersion } from "../info.ts";
import { consumerErrors } from "./consumer-refusals.ts";
import { timeText } from "./json.ts";
import type { Fields, Values } from "./json.ts";

const policies = ["all", "last", "new", "by_start_sequence", "by_start_time", "last_per_subject"] as const;

export const consumerFields: Fields = {
  durable_name: "string",
  name: "string",
  description: "string",
  deliver_policy: { choice: policies },
  opt_start_seq: "uint64",
  opt_start_time: "time",
  ack_policy: { choice: ["none", "all", "explicit", "flow_control"] },
  ack_wait: "duration",
  max_deliver: "int",
  backoff: "durations",
  filter_subject: "string",
  filter_subjects: "strings",
  replay_policy: { choice: ["instant", "original"] },
  rate_limit_bps: "uint64",
  sample_freq: "string",
  max_waiting: "int",
  max_ack_pending: "int",
  flow_control: "bool",
  headers_only: "bool",
  max_batch: "int",
  max_expires: "duration",
  max_bytes: "int",
  deliver_subject: "string",
  deliver_group: "string",
  idle_heartbeat: "duration",
  inactive_threshold: "duration",
  num_replicas: "int",
  mem_storage: "bool",
  direct: "bool",
  sourcing: "bool",
  metadata: "map",
  pause_until: "time",
  priority_groups: "strings",
  priority_policy: { choice: ["none", "overflow", "pinned_client", "prioritized", ""] },
  priority_timeout: "duration",
};

/** A request's configuration, typed. */
class Given {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  text(field: string): string {
    const value = this.#values[field];
    return typeof value === "string" ? value : "";
  }

  number(field: string): number {
    const value = this.#values[field];
    return typeof value === "number" ? value : 0;
  }

  flag(field: string): boolean {
    return this.#values[field] === true;
  }

  texts(field: string): string[] {
    const value = this.#values[field];
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
  }

  milliseconds(field: string): number {
    return this.number(field) / 1e6;
  }

  list(field: string): number[] {
    const value = this.#values[field];
    return Array.isArray(value) ? value.filter((item): item is number => typeof item === "number") : [];
  }

  /** The user's own metadata; what the server adds by itself is left out. */
  metadata(): Record<string, string> {
    const kept: Record<string, string> = {};
    const value = this.#values["metadata"];
    if (typeof value !== "object" || value === null) return kept;
    for (const [key, text] of Object.entries(value)) {
      if (typeof text === "string" && !serverKeys.includes(key)) kept[key] = text;
    }
    return kept;
  }
}

const serverKeys: readonly string[] = ["_nats.level", "_nats.req.level", "_nats.ver"];

/** Reads a configuration. `name` is what the request's subject says, or what was made up. Throws an ApiError. */
export function decodeConsumer(values: Values, name: string, limits: GroupLimits): GroupConfig {
  const given = new Given(values);
  const filters = decodeFilters(given);
  const ack = decodeAck(given);
  const push = decodePush(given);
  const durable = given.text("durable_name") !== "";
  const backoffMs = given.list("backoff").map((value) => value / 1e6);
  const ackPending = given.number("max_ack_pending") || (ack === "none" ? 0 : limits.ackPendingMax);
  const inactiveMs = Math.max(0, given.milliseconds("inactive_threshold")) || limits.inactiveMs;
  if (given.number("num_replicas") > 1) throw consumerErrors.replicasUnavailable();
  if (given.flag("direct") && push === undefined) throw consumerErrors.directRequiresPush();
  return groupConfig({
    name,
    durable,
    description: given.text("description"),
    deliver: decodeDeliver(given),
    ack,
    ackWaitMs: given.milliseconds("ack_wait"),
    deliveriesMax: Math.max(0, given.number("max_deliver")),
    backoffMs,
    filters,
    ...(ackPending === 0 ? {} : { ackPendingMax: Math.max(0, ackPending) }),
    ...(given.number("max_waiting") > 0 ? { waitingMax: given.number("max_waiting") } : {}),
    batchMax: Math.max(0, given.number("max_batch")),
    expiresMaxMs: Math.max(0, given.milliseconds("max_expires")),
    bytesMax: Math.max(0, given.number("max_bytes")),
    replay: given.text("replay_policy") === "original" ? "original" : "instant",
    headersOnly: given.flag("headers_only"),
    ...(inactiveMs > 0 ? { inactiveMs } : {}),
    push,
    pausedUntilUs: given.number("pause_until"),
    samplePercent: decodeSample(given.text("sample_freq")),
    memory: given.flag("mem_storage"),
    replicas: given.number("num_replicas"),
    priority: decodePriority(given),
    ...ownWords(given.metadata()),
  });
}

/** What a group can be and a NATS consumer has no field for: metadata. */
export const conditionKey = "waystation.condition";
export const modeKey = "waystation.mode";
export const memberTimeoutKey = "waystation.memberTimeoutMs";

function ownWords(metadata: Readonly<Record<string, string>>): Partial<GroupConfig> {
  const { [conditionKey]: condition, [modeKey]: mode, [memberTimeoutKey]: timeout, ...rest } = metadata;
  if (mode !== undefined && mode !== "shared" && mode !== "keyed") throw consumerErrors.create(`metadata ${modeKey} is shared or keyed`);
  return {
    metadata: rest,
    ...(condition === undefined ? {} : { condition }),
    ...(mode === undefined ? {} : { mode }),
    ...(timeout === undefined ? {} : { memberTimeoutMs: Number(timeout) }),
  };
}

const priorityPolicies: Readonly<Record<string, PriorityPolicy>> = {
  overflow: "overflow",
  pinned_client: "pinned",
  prioritized: "prioritized",
};
const pinTimeoutDefaultMs = 120_000;

function decodePriority(given: Given): PriorityConfig | undefined {
  const policy = priorityPolicies[given.text("priority_policy")];
  const groups = given.texts("priority_groups");
  const timeoutMs = Math.max(0, given.milliseconds("priority_timeout"));
  if (policy === undefined) {
    if (groups.length > 0) throw consumerErrors.priorityGroupsWithoutPolicy();
    if (timeoutMs > 0) throw consumerErrors.pinTimeoutWithoutPolicy();
    return undefined;
  }
  return { policy, groups, pinTimeoutMs: timeoutMs || (policy === "pinned" ? pinTimeoutDefaultMs : 0) };
}

function encodePriority(priority: PriorityConfig | undefined): object {
  if (priority === undefined) return {};
  return {
    priority_groups: priority.groups,
    priority_policy: priority.policy === "pinned" ? "pinned_client" : priority.policy,
    priority_timeout: nanoseconds(priority.pinTimeoutMs) || undefined,
  };
}

function decodeFilters(given: Given): string[] {
  const single = given.text("filter_subject");
  const several = given.texts("filter_subjects");
  if (single !== "" && several.length > 0) throw consumerErrors.bothFilters();
  return single === "" ? several : [single];
}

function decodeAck(given: Given): AckPolicy {
  const policy = given.text("ack_policy");
  if (policy === "flow_control") throw consumerErrors.create("the ack policy flow_control is not supported by this broker yet");
  return policy === "all" || policy === "explicit" ? policy : "none";
}

function decodePush(given: Given): PushConfig | undefined {
  const subject = given.text("deliver_subject");
  const heartbeatMs = Math.max(0, given.milliseconds("idle_heartbeat"));
  if (subject === "") {
    if (given.number("rate_limit_bps") > 0) throw consumerErrors.pullRateLimit();
    if (heartbeatMs > 0) throw consumerErrors.pullHeartbeat();
    if (given.flag("flow_control")) throw consumerErrors.pullFlowControl();
    return undefined;
  }
  return {
    subject,
    queue: given.text("deliver_group") || undefined,
    heartbeatMs,
    flowControl: given.flag("flow_control"),
    rateLimitBits: given.number("rate_limit_bps"),
  };
}

const policyNames: Readonly<Record<string, string>> = {
  all: "all",
  last: "last",
  new: "new",
  last_per_subject: "last per subject",
  by_start_sequence: "by start sequence",
  by_start_time: "by start time",
};

function decodeDeliver(given: Given): DeliverFrom {
  const policy = given.text("deliver_policy") || "all";
  const sequence = given.number("opt_start_seq");
  const timeUs = given.number("opt_start_time");
  const named = policyNames[policy] ?? policy;
  const refuse = (what: string): never => {
    throw consumerErrors.invalidPolicy(`consumer delivery policy is deliver ${named}, but optional ${what}`);
  };
  if (policy === "by_start_sequence") {
    if (sequence === 0) refuse("start sequence is not set");
    if (timeUs !== 0) refuse("start time is also set");
    return { kind: "sequence", sequence };
  }
  if (policy === "by_start_time") {
    if (timeUs === 0) refuse("start time is not set");
    if (sequence !== 0) refuse("start start sequence is also set");
    return { kind: "time", timeUs };
  }
  if (sequence > 0) refuse("start sequence is also set");
  if (timeUs !== 0) refuse("start time is also set");
  if (policy === "last" || policy === "new") return { kind: policy };
  return policy === "last_per_subject" ? { kind: "lastPerSubject" } : { kind: "all" };
}

function decodeSample(text: string): number {
  if (text === "") return 0;
  const percent = /^\d+%?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (Number.isNaN(percent)) {
    throw consumerErrors.invalidSampling(`strconv.Atoi: parsing ${JSON.stringify(text.replace(/%$/, ""))}: invalid syntax`);
  }
  return percent;
}

const nanoseconds = (milliseconds: number): number => Math.round(milliseconds * 1e6);

/** A configuration as nats-server prints it: its order, absent where it is zero. */
export function encodeConsumer(config: GroupConfig): object {
  const { push } = config;
  const or = (value: number): number | undefined => value || undefined;
  return {
    durable_name: config.durable ? config.name : undefined,
    name: config.name,
    description: config.description || undefined,
    ...encodeDeliver(config.deliver),
    ack_policy: config.ack,
    ack_wait: or(nanoseconds(config.ackWaitMs)),
    max_deliver: config.deliveriesMax || -1,
    backoff: config.backoffMs.length > 0 ? config.backoffMs.map((value) => nanoseconds(value)) : undefined,
    filter_subject: config.filters.length === 1 ? config.filters[0] : undefined,
    filter_subjects: config.filters.length > 1 ? config.filters : undefined,
    replay_policy: config.replay,
    rate_limit_bps: or(push?.rateLimitBits ?? 0),
    sample_freq: config.samplePercent > 0 ? `${config.samplePercent}` : undefined,
    max_waiting: or(config.waitingMax),
    max_ack_pending: config.ackPendingMax || (config.ack === "none" ? undefined : -1),
    flow_control: push?.flowControl || undefined,
    headers_only: config.headersOnly || undefined,
    max_batch: or(config.batchMax),
    max_expires: or(nanoseconds(config.expiresMaxMs)),
    max_bytes: or(config.bytesMax),
    deliver_subject: push?.subject,
    deliver_group: push?.queue,
    idle_heartbeat: or(nanoseconds(push?.heartbeatMs ?? 0)),
    inactive_threshold: or(nanoseconds(config.inactiveMs)),
    num_replicas: config.replicas,
    mem_storage: config.memory || undefined,
    metadata: encodeMetadata(config),
    pause_until: config.pausedUntilUs > 0 ? timeText(config.pausedUntilUs) : undefined,
    ...encodePriority(config.priority),
  };
}

function encodeDeliver(deliver: DeliverFrom): object {
  switch (deliver.kind) {
    case "sequence":
      return { deliver_policy: "by_start_sequence", opt_start_seq: deliver.sequence };
    case "time":
      return { deliver_policy: "by_start_time", opt_start_time: timeText(deliver.timeUs) };
    case "lastPerSubject":
      return { deliver_policy: "last_per_subject" };
    default:
      return { deliver_policy: deliver.kind };
  }
}

/** In byte order of the keys, as Go prints a map; with what the server knows about itself and the level the consumer needs. */
function encodeMetadata(config: GroupConfig): Record<string, string> {
  const all: Record<string, string> = {
    ...config.metadata,
    ...(config.condition === "" ? {} : { [conditionKey]: config.condition }),
    ...(config.mode === "shared" ? {} : { [modeKey]: config.mode, [memberTimeoutKey]: `${config.memberTimeoutMs}` }),
    "_nats.level": `${apiLevel}`,
    "_nats.req.level": config.pausedUntilUs > 0 || config.priority !== undefined ? "1" : "0",
    "_nats.ver": natsVersion,
  };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}
