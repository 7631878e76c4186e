/**
 * What a consumer group is asked to do, in core words: the one vocabulary every door translates its own into. Every field is
 * always present (one shape); 0 means "no limit" or "off" where the comment says so. `group-rules.ts` judges it.
 */
import type { Sequence } from "../../store/store.ts";
import type { PriorityConfig } from "./priority.ts";

/** Where in the station a new group starts. */
export type DeliverFrom =
  | { readonly kind: "all" }
  | { readonly kind: "last" }
  | { readonly kind: "new" }
  | { readonly kind: "lastPerSubject" }
  | { readonly kind: "sequence"; readonly sequence: Sequence }
  | { readonly kind: "time"; readonly timeUs: number };

/** `none`: delivered is done. `all`: an ack covers everything before it. `explicit`: each message by itself. */
export type AckPolicy = "none" | "all" | "explicit";

/** A group whose messages are sent to a subject as they come, instead of being pulled. */
export interface PushConfig {
  readonly subject: string;
  /** Members of this queue group share the deliveries. */
  readonly queue: string | undefined;
  /** A sign of life after this long without a message; 0 = none. */
  readonly heartbeatMs: number;
  /** The receiver confirms as it goes; unconfirmed bytes are bounded by a window. */
  readonly flowControl: boolean;
  /** Bits a second; 0 = no limit. */
  readonly rateLimitBits: number;
}

export interface GroupConfig {
  readonly name: string;
  /** A durable group stays until it is deleted; another goes away after `inactiveMs` without a member. */
  readonly durable: boolean;
  readonly description: string;
  readonly deliver: DeliverFrom;
  readonly ack: AckPolicy;
  /** An unacknowledged delivery is repeated after this long. 0 only with `ack: none`. */
  readonly ackWaitMs: number;
  /** Deliveries of one message at most; 0 = no limit. */
  readonly deliveriesMax: number;
  /** Replaces `ackWaitMs` after the 1st, 2nd… delivery; the last one repeats. */
  readonly backoffMs: readonly number[];
  /** Subject filters; empty = everything the station has. They never overlap. */
  readonly filters: readonly string[];
  /** Unacknowledged deliveries at most; then new ones wait. 0 = no limit. */
  readonly ackPendingMax: number;
  /** Pulls waiting at once. */
  readonly waitingMax: number;
  /** Messages a pull may ask for; 0 = no limit. */
  readonly batchMax: number;
  /** Longest a pull may wait; 0 = no limit. */
  readonly expiresMaxMs: number;
  /** Bytes a pull may ask for; 0 = no limit. */
  readonly bytesMax: number;
  /** A pull that got something ends after so long without more, milliseconds; 0 = it waits until it is full or its time is over. */
  readonly lingerMs: number;
  /** `original`: with the pauses the messages were published with. */
  readonly replay: "instant" | "original";
  readonly headersOnly: boolean;
  /** Without members for this long, the group is deleted; 0 = never. */
  readonly inactiveMs: number;
  /** Undefined = a pull group. */
  readonly push: PushConfig | undefined;
  /** Nothing is delivered before this time, microseconds since the epoch; 0 = not paused. */
  readonly pausedUntilUs: number;
  /** Share of acknowledgements reported as samples, percent; 0 = none. */
  readonly samplePercent: number;
  /** Progress is kept in memory only. */
  readonly memory: boolean;
  /** As asked for; this broker keeps one. 0 = the station's. */
  readonly replicas: number;
  /** Condition on the content: records for which it does not hold are passed over, and count as done. "" = every record. */
  readonly condition: string;
  /** How members are chosen; undefined = in turn. */
  readonly priority: PriorityConfig | undefined;
  /** `keyed`: each key is with one member at a time, one record of it at a time. `shared`: whoever asks gets the next record. */
  readonly mode: "shared" | "keyed";
  /** Of a keyed group: after how long without a sign of life a member has gone. */
  readonly memberTimeoutMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** With how often it is looked, a silent member's keys move within 5 s. */
export const memberTimeoutDefaultMs = 4_000;
const ackWaitDefaultMs = 30_000;
export const ackPendingDefault = 1_000;
const waitingDefault = 512;
const inactiveDefaultMs = 5_000;

/** A pull group that takes everything and acknowledges each message: what absent fields mean. */
export function groupConfig(fields: Partial<GroupConfig> & { readonly name: string }): GroupConfig {
  const ack = fields.ack ?? "explicit";
  const durable = fields.durable ?? true;
  const backoffMs = fields.backoffMs ?? [];
  return {
    name: fields.name,
    durable,
    description: fields.description ?? "",
    deliver: fields.deliver ?? { kind: "all" },
    ack,
    ackWaitMs: backoffMs[0] ?? (fields.ackWaitMs || (ack === "none" ? 0 : ackWaitDefaultMs)),
    deliveriesMax: fields.deliveriesMax ?? 0,
    backoffMs,
    filters: fields.filters ?? [],
    ackPendingMax: fields.ackPendingMax ?? (ack === "none" ? 0 : ackPendingDefault),
    waitingMax: fields.waitingMax ?? (fields.push ? 0 : waitingDefault),
    batchMax: fields.batchMax ?? 0,
    expiresMaxMs: fields.expiresMaxMs ?? 0,
    bytesMax: fields.bytesMax ?? 0,
    lingerMs: fields.lingerMs ?? 0,
    replay: fields.replay ?? "instant",
    headersOnly: fields.headersOnly ?? false,
    inactiveMs: fields.inactiveMs ?? (durable ? 0 : inactiveDefaultMs),
    push: fields.push,
    pausedUntilUs: fields.pausedUntilUs ?? 0,
    samplePercent: fields.samplePercent ?? 0,
    memory: fields.memory ?? false,
    replicas: fields.replicas ?? 0,
    condition: fields.condition ?? "",
    priority: fields.priority,
    mode: fields.mode ?? "shared",
    memberTimeoutMs: fields.memberTimeoutMs ?? (fields.mode === "keyed" ? memberTimeoutDefaultMs : 0),
    metadata: fields.metadata ?? {},
  };
}

/** The document kept with the group in the store. */
export function groupDocument(config: GroupConfig, createdUs: number): string {
  return JSON.stringify({ version: 1, createdUs, config });
}

interface GroupDocument {
  readonly createdUs: number;
  readonly config: Partial<GroupConfig> & { readonly name: string };
}

function isGroupDocument(value: unknown): value is GroupDocument {
  if (typeof value !== "object" || value === null || !("createdUs" in value) || !("config" in value)) return false;
  const config = value.config;
  return typeof value.createdUs === "number" && typeof config === "object" && config !== null && "name" in config;
}

/** Reads `groupDocument` back; fields added since get their defaults. Undefined when it is none. */
export function parseGroupDocument(text: string): { readonly config: GroupConfig; readonly createdUs: number } | undefined {
  const document: unknown = JSON.parse(text);
  return isGroupDocument(document) ? { config: groupConfig(document.config), createdUs: document.createdUs } : undefined;
}

/** True when both ask for exactly the same. Key order of metadata does not matter. */
export function sameConfig(a: GroupConfig, b: GroupConfig): boolean {
  return canonical(a) === canonical(b);
}

function canonical(config: GroupConfig): string {
  const metadata = Object.entries(config.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ ...groupConfig(config), metadata });
}
