/**
 * What a station is asked to be, in core words: the one vocabulary every door translates its own into. Every field is always
 * present (one shape); 0 means "no limit" or "off" where the comment says so. `station-rules.ts` judges it.
 */
import type { Durability, LogDefinition, LogLimits } from "../../store/store.ts";
import type { SubjectMapping } from "../subject-transform.ts";

/** `limits`: records stay until a limit takes them. `interest`: until every interested group is done. `workqueue`: until the one group that wants it is. */
export type Retention = "limits" | "interest" | "workqueue";

/** Bounds that a station sets on its groups; 0 = none. Also the default of a group that leaves the field out. */
export interface GroupLimits {
  readonly inactiveMs: number;
  readonly ackPendingMax: number;
}

/** Where the operator would like it to live. Kept and echoed: one process has one place. */
export interface Placement {
  readonly cluster: string;
  readonly tags: readonly string[];
}

/** Another station of the tenant whose records this one takes over: as a mirror sequence for sequence, as a source among others. */
export interface OriginConfig {
  readonly origin: string;
  /** Where the copy begins: at a sequence, or at a time in microseconds since the epoch; 0 and 0 = at the start. */
  readonly startSequence: number;
  readonly startTimeUs: number;
  /** Only what passes; "" = everything. */
  readonly filter: string;
  /** Only what one of these sources passes, under the subject its destination makes. Not together with `filter`. */
  readonly transforms: readonly SubjectMapping[];
}

/** Where what was stored is published again, with its place in headers. */
export interface RepublishConfig extends SubjectMapping {
  /** The size instead of the payload. */
  readonly headersOnly: boolean;
}

/** What a partition of a station with several knows of it. */
export interface PartitionConfig {
  /** The station. */
  readonly of: string;
  /** From 1. */
  readonly number: number;
  /** The station's own filters. */
  readonly subjects: readonly string[];
}

/** Of each key the newest record stays. */
export interface CompactionConfig {
  /** A record without a payload says that its key is gone; it leaves after this long. 0 = it stays. */
  readonly tombstoneMs: number;
}

/** Which schema messages have to fit. */
export interface SchemaConfig {
  readonly name: string;
  /** 0 = whichever version is active. */
  readonly version: number;
}

export interface StationConfig {
  readonly name: string;
  readonly description: string;
  /** Filters of the subjects it captures; they overlap with those of no other station of the tenant. */
  readonly subjects: readonly string[];
  readonly retention: Retention;
  readonly storage: "file" | "memory";
  /** Groups at most; 0 = no limit. */
  readonly groupsMax: number;
  /** 0 = no limit, like every limit below. */
  readonly messagesMax: number;
  readonly bytesMax: number;
  /** Milliseconds, with fractions. */
  readonly ageMaxMs: number;
  readonly messagesPerSubjectMax: number;
  /** Payload and headers of one message. */
  readonly messageBytesMax: number;
  /** What a publish does at a limit: push out the oldest, or be refused. */
  readonly discard: "old" | "new";
  /** With `discard: new`: refuse at `messagesPerSubjectMax` too. */
  readonly discardNewPerSubject: boolean;
  /** How long a message id is remembered, milliseconds with fractions; 0 = never. */
  readonly duplicateWindowMs: number;
  /** As asked for; this broker keeps one. */
  readonly replicas: number;
  /** Logs it consists of; fixed. */
  readonly partitions: number;
  /** Of one of several partitions: whose it is. Never asked for: the broker makes them. */
  readonly partition: PartitionConfig | undefined;
  /** Undefined = every record of a key stays. */
  readonly compaction: CompactionConfig | undefined;
  /** Words to find it by. */
  readonly tags: readonly string[];
  /** The factory it belongs to, "" = none. */
  readonly factory: string;
  /** Overrides the broker's durability; undefined = the broker's. */
  readonly durability: Durability | undefined;
  /** Publishers get no acknowledgement. */
  readonly noAck: boolean;
  /** Takes nothing more and loses nothing more; for good. */
  readonly sealed: boolean;
  readonly denyDelete: boolean;
  readonly denyPurge: boolean;
  /** A publish may replace every earlier record of its subject, or all. */
  readonly allowRollup: boolean;
  /** Records may be read directly, without a group. */
  readonly allowDirect: boolean;
  /** A publish may say when its record expires. */
  readonly allowTtl: boolean;
  /** Several publishes may be stored all or none. */
  readonly allowAtomic: boolean;
  /** A stream of publishes may be told of by few acknowledgements. */
  readonly allowFastBatch: boolean;
  /** Each record is the new value of a number its subject stands for. */
  readonly allowCounter: boolean;
  /** A record may say when, and where to, it is published. */
  readonly allowSchedules: boolean;
  /** When the last record of a subject expires, a marker takes its place for so long; 0 = nothing does. */
  readonly deleteMarkerTtlMs: number;
  /** The subject under which a captured message is stored. */
  readonly subjectTransform: SubjectMapping | undefined;
  readonly republish: RepublishConfig | undefined;
  /** A wish; records are kept as they came for now. */
  readonly compression: "none" | "s2";
  /** The first sequence of a new station; 0 = 1. */
  readonly firstSequence: number;
  readonly groupLimits: GroupLimits;
  /** Undefined = it captures its own subjects. A mirror has none. */
  readonly mirror: OriginConfig | undefined;
  /** Stations whose records it takes over, besides what it captures. */
  readonly sources: readonly OriginConfig[];
  /** A wish of NATS clients: the mirror answers direct gets for its origin. Kept and echoed; here the origin itself is as near. */
  readonly mirrorDirect: boolean;
  readonly placement: Placement | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined = any message will do. */
  readonly schema: SchemaConfig | undefined;
}

export const duplicateWindowDefaultMs = 120_000;

/** A station that keeps everything published on its own name: what absent fields mean. Sealed means several things at once. */
export function stationConfig(fields: Partial<StationConfig> & { readonly name: string }): StationConfig {
  const sealed = fields.sealed ?? false;
  // Markers and schedules replace records: they bring along what they need for that.
  const deleteMarkerTtlMs = fields.deleteMarkerTtlMs ?? 0;
  const replaces = !sealed && (deleteMarkerTtlMs > 0 || fields.allowSchedules === true);
  const follows = fields.mirror !== undefined || (fields.sources ?? []).length > 0;
  const ageMaxMs = sealed ? 0 : (fields.ageMaxMs ?? 0);
  return {
    name: fields.name,
    description: fields.description ?? "",
    subjects: !follows && (fields.subjects ?? []).length === 0 ? [fields.name] : (fields.subjects ?? []),
    retention: fields.retention ?? "limits",
    storage: fields.storage ?? "file",
    groupsMax: fields.groupsMax ?? 0,
    messagesMax: fields.messagesMax ?? 0,
    bytesMax: fields.bytesMax ?? 0,
    ageMaxMs,
    messagesPerSubjectMax: fields.messagesPerSubjectMax ?? 0,
    messageBytesMax: fields.messageBytesMax ?? 0,
    discard: sealed ? "new" : (fields.discard ?? "old"),
    discardNewPerSubject: fields.discardNewPerSubject ?? false,
    duplicateWindowMs: fields.duplicateWindowMs ?? (follows ? 0 : defaultWindowMs(ageMaxMs)),
    replicas: fields.replicas ?? 1,
    partitions: fields.partitions ?? 1,
    partition: fields.partition,
    compaction: fields.compaction,
    tags: fields.tags ?? [],
    factory: fields.factory ?? "",
    durability: fields.durability,
    noAck: fields.noAck ?? false,
    sealed,
    denyDelete: sealed || (fields.denyDelete ?? false),
    denyPurge: sealed || (!replaces && (fields.denyPurge ?? false)),
    allowRollup: !sealed && (replaces || (fields.allowRollup ?? false)),
    allowDirect: fields.allowDirect ?? false,
    allowTtl: deleteMarkerTtlMs > 0 || (fields.allowTtl ?? false),
    allowAtomic: fields.allowAtomic ?? false,
    allowFastBatch: fields.allowFastBatch ?? false,
    allowCounter: fields.allowCounter ?? false,
    allowSchedules: fields.allowSchedules ?? false,
    deleteMarkerTtlMs,
    subjectTransform: fields.subjectTransform,
    republish: fields.republish,
    compression: fields.compression ?? "none",
    firstSequence: fields.firstSequence ?? 0,
    groupLimits: fields.groupLimits ?? { inactiveMs: 0, ackPendingMax: 0 },
    mirror: fields.mirror === undefined ? undefined : originConfig(fields.mirror),
    sources: (fields.sources ?? []).map(originConfig),
    mirrorDirect: fields.mirrorDirect ?? false,
    placement: fields.placement,
    metadata: fields.metadata ?? {},
    schema: fields.schema === undefined ? undefined : { ...activeVersion, ...fields.schema },
  };
}

/** All of a station from its start: what absent fields mean. */
export function originConfig(fields: Partial<OriginConfig> & { readonly origin: string }): OriginConfig {
  return {
    origin: fields.origin,
    startSequence: fields.startSequence ?? 0,
    startTimeUs: fields.startTimeUs ?? 0,
    filter: fields.filter ?? "",
    transforms: fields.transforms ?? [],
  };
}

const activeVersion = { version: 0 };

function defaultWindowMs(ageMaxMs: number): number {
  return ageMaxMs > 0 ? Math.min(ageMaxMs, duplicateWindowDefaultMs) : duplicateWindowDefaultMs;
}

/** True when both ask for exactly the same. The order of metadata's keys does not matter. */
export function sameStation(a: StationConfig, b: StationConfig): boolean {
  return canonical(a) === canonical(b);
}

function canonical(config: StationConfig): string {
  const metadata = Object.entries(config.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ ...stationConfig(config), metadata });
}

/** What of a station its log enforces by itself. */
export function logLimits(config: StationConfig): LogLimits {
  return {
    messagesMax: config.messagesMax,
    bytesMax: config.bytesMax,
    // Where some records outlive the age limit, or leave a marker behind, the station sees to it.
    ageMaxMs: agesItself(config) ? 0 : config.ageMaxMs,
    messagesPerSubjectMax: config.messagesPerSubjectMax,
    messageBytesMax: config.messageBytesMax,
    discard: config.discard,
    discardNewPerSubject: config.discardNewPerSubject,
    duplicateWindowMs: config.duplicateWindowMs,
    ...(config.deleteMarkerTtlMs > 0 ? { expiryTold: true } : {}),
  };
}

/** The station, not its log, takes away what is over age: a record may say that it never is, or a marker takes its place. */
export function agesItself(config: StationConfig): boolean {
  return config.ageMaxMs > 0 && config.allowTtl;
}

/** The log of a station: `tenant/station`. */
export function logDefinition(tenant: string, config: StationConfig): LogDefinition {
  return {
    name: `${tenant}/${config.name}`,
    document: stationDocument(config),
    limits: logLimits(config),
    durability: config.durability,
    firstSequence: config.firstSequence,
    ...(config.partition === undefined ? {} : { family: `${tenant}/${config.partition.of}` }),
  };
}

/** The document kept with the log's definition. */
export function stationDocument(config: StationConfig): string {
  return JSON.stringify({ kind: "station", version: 1, config });
}

/** Reads `stationDocument` back; fields added since get their defaults. Undefined when the log is not a station's. */
export function parseStationDocument(text: string): StationConfig | undefined {
  const document: unknown = text === "" ? undefined : JSON.parse(text);
  return isStationDocument(document) ? stationConfig(document.config) : undefined;
}

interface StationDocument {
  readonly config: Partial<StationConfig> & { readonly name: string };
}

function isStationDocument(value: unknown): value is StationDocument {
  if (typeof value !== "object" || value === null || !("kind" in value) || value.kind !== "station" || !("config" in value)) return false;
  const config = value.config;
  return typeof config === "object" && config !== null && "name" in config && typeof config.name === "string";
}
