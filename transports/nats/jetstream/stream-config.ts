/**
 * A station's configuration in JetStream's JSON and back. The order of fields, what is left out and what absent numbers are echoed
 * as follow nats-server's StreamConfig. What a stream could be asked for but a station cannot do is refused by name.
 */
import type { Durability } from "../../../store/store.ts";
import { stationConfig } from "../../../lib/station/config.ts";
import type { OriginConfig, Placement, RepublishConfig, StationConfig } from "../../../lib/station/config.ts";
import type { SubjectMapping } from "../../../lib/subject-transform.ts";
import { apiLevel, natsVersion } from "../info.ts";
import { apiErrors } from "./errors.ts";
import { count, flag, inner, objects, text, texts, timeText } from "./json.ts";
import type { Fields, Values } from "./json.ts";
import { policyMetadata, policyOf } from "./policy-metadata.ts";

const mappingFields: Fields = { src: "string", dest: "string" };

const originFields: Fields = {
  name: "string",
  opt_start_seq: "uint64",
  opt_start_time: "time",
  filter_subject: "string",
  subject_transforms: { list: mappingFields },
  external: { object: { api: "string", deliver: "string" } },
  consumer: { object: { name: "string", deliver_subject: "string" } },
};

export const streamConfigFields: Fields = {
  name: "string",
  description: "string",
  subjects: "strings",
  retention: { choice: ["limits", "interest", "workqueue"] },
  max_consumers: "int",
  max_msgs: "int64",
  max_bytes: "int64",
  max_age: "duration",
  max_msgs_per_subject: "int64",
  max_msg_size: "int32",
  discard: { choice: ["old", "new"] },
  storage: { choice: ["file", "memory"] },
  num_replicas: "int",
  no_ack: "bool",
  duplicate_window: "duration",
  placement: { object: { cluster: "string", tags: "strings", preferred: "string" } },
  mirror: { object: originFields },
  sources: { list: originFields },
  compression: { choice: ["none", "s2"], refusal: "unknown compression algorithm" },
  first_seq: "uint64",
  subject_transform: { object: mappingFields },
  republish: { object: { ...mappingFields, headers_only: "bool" } },
  allow_direct: "bool",
  mirror_direct: "bool",
  discard_new_per_subject: "bool",
  sealed: "bool",
  deny_delete: "bool",
  deny_purge: "bool",
  allow_rollup_hdrs: "bool",
  consumer_limits: { object: { inactive_threshold: "duration", max_ack_pending: "int" } },
  allow_msg_ttl: "bool",
  subject_delete_marker_ttl: "duration",
  allow_msg_counter: "bool",
  allow_atomic: "bool",
  allow_msg_schedules: "bool",
  allow_batched: "bool",
  persist_mode: { choice: ["", "default", "async"] },
  metadata: "map",
};

export const streamConfigRequestFields: Fields = { ...streamConfigFields, pedantic: "bool" };

/** The largest double below 2^63. */
const nanosecondsMax = 9_223_372_036_854_774_784;

/** Metadata that says which durability a station has of its own. */
export const durabilityKey = "waystation.durability";

/** Metadata the server itself adds; a client that echoes it means nothing by it. */
const ownMetadata: ReadonlySet<string> = new Set(["_nats.level", "_nats.req.level", "_nats.ver"]);

/**
 * The station a request asks for. `before` is what it is now, if it exists: what JSON cannot say is kept. Throws an ApiError for what
 * a station cannot be.
 */
export function stationOf(values: Values, before: StationConfig | undefined): StationConfig {
  const mirrored = inner(values, "mirror");
  const mirror = mirrored === undefined ? undefined : originOf(mirrored, "mirrors");
  const transform = inner(values, "subject_transform");
  if (flag(values, "pedantic")) checkPedantic(values);
  const limits = inner(values, "consumer_limits") ?? {};
  const placement = placementOf(values);
  const window = count(values, "duplicate_window");
  return stationConfig({
    name: text(values, "name"),
    description: text(values, "description"),
    subjects: texts(values, "subjects"),
    retention: oneOf(values, "retention", ["limits", "interest", "workqueue"]),
    storage: oneOf(values, "storage", ["file", "memory"]),
    groupsMax: limit(values, "max_consumers"),
    messagesMax: limit(values, "max_msgs"),
    bytesMax: limit(values, "max_bytes"),
    ageMaxMs: milliseconds(values, "max_age"),
    messagesPerSubjectMax: limit(values, "max_msgs_per_subject"),
    messageBytesMax: limit(values, "max_msg_size"),
    discard: oneOf(values, "discard", ["old", "new"]),
    discardNewPerSubject: flag(values, "discard_new_per_subject"),
    ...(window === 0 ? {} : { duplicateWindowMs: window / 1e6 }),
    replicas: count(values, "num_replicas") || 1,
    durability: durabilityOf(values),
    noAck: flag(values, "no_ack"),
    sealed: flag(values, "sealed"),
    denyDelete: flag(values, "deny_delete"),
    denyPurge: flag(values, "deny_purge"),
    allowRollup: flag(values, "allow_rollup_hdrs"),
    allowDirect: flag(values, "allow_direct"),
    allowTtl: flag(values, "allow_msg_ttl"),
    allowAtomic: flag(values, "allow_atomic"),
    allowFastBatch: flag(values, "allow_batched"),
    allowCounter: flag(values, "allow_msg_counter"),
    allowSchedules: flag(values, "allow_msg_schedules"),
    deleteMarkerTtlMs: milliseconds(values, "subject_delete_marker_ttl"),
    subjectTransform: transform === undefined ? undefined : mappingOf(transform),
    republish: republishOf(values, transform),
    compression: oneOf(values, "compression", ["none", "s2"]),
    firstSequence: count(values, "first_seq"),
    groupLimits: { inactiveMs: milliseconds(limits, "inactive_threshold"), ackPendingMax: count(limits, "max_ack_pending") },
    mirror,
    sources: objects(values, "sources").map((source) => originOf(source, "sources")),
    mirrorDirect: mirror !== undefined && flag(values, "mirror_direct"),
    placement,
    ...policyOf(metadataOf(values), before),
  });
}

/** The configuration as clients see it. With `versions: false` as lists show it: without the server's own level and version. */
export function streamConfig(config: StationConfig, versions = true): object {
  return {
    name: config.name,
    ...(config.description === "" ? {} : { description: config.description }),
    ...(config.subjects.length === 0 ? {} : { subjects: config.subjects }),
    retention: config.retention,
    max_consumers: config.groupsMax || -1,
    max_msgs: config.messagesMax || -1,
    max_bytes: config.bytesMax || -1,
    max_age: nanoseconds(config.ageMaxMs),
    max_msgs_per_subject: config.messagesPerSubjectMax || -1,
    max_msg_size: config.messageBytesMax || -1,
    discard: config.discard,
    storage: config.storage,
    num_replicas: config.replicas,
    ...(config.noAck ? { no_ack: true } : {}),
    ...(config.duplicateWindowMs > 0 ? { duplicate_window: nanoseconds(config.duplicateWindowMs) } : {}),
    ...(config.placement === undefined ? {} : { placement: placementJson(config.placement) }),
    ...(config.mirror === undefined ? {} : { mirror: originJson(config.mirror) }),
    ...(config.sources.length === 0 ? {} : { sources: config.sources.map(originJson) }),
    compression: config.compression,
    ...(config.firstSequence > 0 ? { first_seq: config.firstSequence } : {}),
    ...(config.subjectTransform === undefined ? {} : { subject_transform: mappingJson(config.subjectTransform) }),
    ...(config.republish === undefined ? {} : { republish: republishJson(config.republish) }),
    allow_direct: config.allowDirect,
    mirror_direct: config.mirrorDirect,
    ...(config.discardNewPerSubject ? { discard_new_per_subject: true } : {}),
    sealed: config.sealed,
    deny_delete: config.denyDelete,
    deny_purge: config.denyPurge,
    allow_rollup_hdrs: config.allowRollup,
    consumer_limits: {
      ...(config.groupLimits.inactiveMs === 0 ? {} : { inactive_threshold: nanoseconds(config.groupLimits.inactiveMs) }),
      ...(config.groupLimits.ackPendingMax === 0 ? {} : { max_ack_pending: config.groupLimits.ackPendingMax }),
    },
    allow_msg_ttl: config.allowTtl,
    ...(config.deleteMarkerTtlMs === 0 ? {} : { subject_delete_marker_ttl: nanoseconds(config.deleteMarkerTtlMs) }),
    ...(config.allowCounter ? { allow_msg_counter: true } : {}),
    ...(config.allowAtomic ? { allow_atomic: true } : {}),
    ...(config.allowSchedules ? { allow_msg_schedules: true } : {}),
    ...(config.allowFastBatch ? { allow_batched: true } : {}),
    ...(isAsynchronous(config) ? { persist_mode: "async" } : {}),
    metadata: echoedMetadata({ ...config.metadata, ...policyMetadata(config) }, requiredLevel(config), versions),
  };
}

/** Metadata as an answer shows it: by key, with the level the configuration needs and, unless left out, the server's. */
export function echoedMetadata(own: Readonly<Record<string, string>>, required: number, versions = true): Record<string, string> {
  const all: Record<string, string> = { ...own, "_nats.req.level": String(required) };
  if (versions) {
    all["_nats.level"] = String(apiLevel);
    all["_nats.ver"] = natsVersion;
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A request's metadata without what only the server writes. */
export function metadataOf(values: Values): Record<string, string> {
  const given = inner(values, "metadata") ?? {};
  const own = Object.entries(given).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && !ownMetadata.has(entry[0]),
  );
  return Object.fromEntries(own);
}

function requiredLevel(config: StationConfig): number {
  if (config.allowFastBatch) return 4;
  if (config.allowAtomic || config.allowCounter || config.allowSchedules || isAsynchronous(config)) return 2;
  return config.allowTtl ? 1 : 0;
}

function isAsynchronous(config: StationConfig): boolean {
  return config.durability !== undefined && config.durability !== "always";
}

/**
 * What an acknowledgement promises: JetStream's JSON knows only "as the server does" and asynchronous, so that the exact word may
 * stand in the metadata.
 */
function durabilityOf(values: Values): Durability | undefined {
  const word = metadataOf(values)[durabilityKey];
  if (word === undefined) return text(values, "persist_mode") === "async" ? "interval" : undefined;
  if (word === "always" || word === "interval" || word === "none") return word;
  throw apiErrors.streamConfig(`metadata ${durabilityKey} is always, interval or none`);
}

/** `of`: what the origin is for, in words. An origin on another server would need a connection there. */
function originOf(values: Values, of: "mirrors" | "sources"): OriginConfig {
  if (inner(values, "external") !== undefined)
    throw apiErrors.streamConfig(`${of} of other servers or accounts are not supported by this server`);
  if (inner(values, "consumer") !== undefined)
    throw apiErrors.streamConfig(`${of} by a consumer of one's own are not supported by this server`);
  return {
    origin: text(values, "name"),
    startSequence: count(values, "opt_start_seq"),
    startTimeUs: count(values, "opt_start_time"),
    filter: text(values, "filter_subject"),
    transforms: objects(values, "subject_transforms").map(mappingOf),
  };
}

function originJson(origin: OriginConfig): object {
  return {
    name: origin.origin,
    ...(origin.startSequence === 0 ? {} : { opt_start_seq: origin.startSequence }),
    ...(origin.startTimeUs === 0 ? {} : { opt_start_time: timeText(origin.startTimeUs) }),
    ...(origin.filter === "" ? {} : { filter_subject: origin.filter }),
    ...(origin.transforms.length === 0 ? {} : { subject_transforms: origin.transforms.map(mappingJson) }),
  };
}

function mappingOf(values: Values): SubjectMapping {
  return { source: text(values, "src"), destination: text(values, "dest") };
}

export function mappingJson(mapping: SubjectMapping): object {
  return { src: mapping.source, dest: mapping.destination };
}

/** An empty source is everything. From everything to everything means the stream's transform, when that is of its only subject. */
function republishOf(values: Values, transform: Values | undefined): RepublishConfig | undefined {
  const republish = inner(values, "republish");
  if (republish === undefined) return undefined;
  const headersOnly = flag(republish, "headers_only");
  const pedantic = flag(values, "pedantic");
  if (pedantic && text(republish, "src") === "") throw apiErrors.pedantic("republish source can not be empty");
  const source = text(republish, "src") || ">";
  const destination = text(republish, "dest");
  const subjects = texts(values, "subjects");
  const implied = transform !== undefined && subjects.length === 1 && text(transform, "src") === subjects[0];
  if (source !== ">" || destination !== ">" || !implied) return { source, destination, headersOnly };
  if (pedantic) throw apiErrors.pedantic("implicit republish based on subject transform");
  return { source: text(transform, "dest"), destination: text(transform, "dest"), headersOnly };
}

function republishJson(republish: RepublishConfig): object {
  return { ...mappingJson(republish), ...(republish.headersOnly ? { headers_only: true } : {}) };
}

/** An empty one is none. */
function placementOf(values: Values): Placement | undefined {
  const placement = inner(values, "placement");
  if (placement === undefined) return undefined;
  if (text(placement, "preferred") !== "") throw apiErrors.streamConfig("preferred server not permitted in placement");
  const [cluster, tags] = [text(placement, "cluster"), texts(placement, "tags")];
  return cluster === "" && tags.length === 0 ? undefined : { cluster, tags };
}

function checkPedantic(values: Values): void {
  for (const field of ["max_msgs", "max_msgs_per_subject", "max_bytes", "max_msg_size", "max_consumers"]) {
    if (count(values, field) < -1) throw apiErrors.pedantic(`${field} must be set to -1`);
  }
  const age = count(values, "max_age");
  if (age > 0 && age < 120e9 && count(values, "duplicate_window") === 0) {
    throw apiErrors.pedantic("duplicate window cannot be bigger than max age");
  }
  const rollups = flag(values, "allow_rollup_hdrs");
  if (count(values, "subject_delete_marker_ttl") > 0) {
    if (!flag(values, "allow_msg_ttl")) throw apiErrors.streamConfig("subject delete marker cannot be set if message TTLs are disabled");
    if (!rollups) throw apiErrors.streamConfig("subject delete marker cannot be set if roll-ups are disabled");
  }
  if (flag(values, "allow_msg_schedules") && !rollups) {
    throw apiErrors.streamConfig("message scheduling cannot be set if roll-ups are disabled");
  }
}

function placementJson(placement: { readonly cluster: string; readonly tags: readonly string[] }): object {
  return {
    ...(placement.cluster === "" ? {} : { cluster: placement.cluster }),
    ...(placement.tags.length === 0 ? {} : { tags: placement.tags }),
  };
}

function oneOf<T extends string>(values: Values, field: string, choices: readonly [T, ...T[]]): T {
  const given = values[field];
  return choices.find((choice) => choice === given) ?? choices[0];
}

function limit(values: Values, field: string): number {
  return Math.min(Math.max(0, count(values, field)), Number.MAX_SAFE_INTEGER);
}

function milliseconds(values: Values, field: string): number {
  return count(values, field) / 1e6;
}

/** Never more than an int64 holds, which is what clients read it into. */
export function nanoseconds(ms: number): number {
  return Math.min(Math.round(ms * 1e6), nanosecondsMax);
}
