/**
 * Every bound that is set by configuration, with its unit, default, permitted range and what happens when it is met. One flat object:
 * a part of the broker takes the `Limits` it was opened with and reads the field. Bounds that data structures are built for (tokens of a
 * wildcard filter, bytes of a log's name, characters of names, bytes of an atomic batch) are constants beside them, not here.
 */

export interface Limits {
  /** Largest message, headers included. */
  readonly payloadBytesMax: number;
  /** Longest protocol line of a NATS client. */
  readonly controlLineBytesMax: number;
  /** Largest header block of a message. */
  readonly headerBytesMax: number;
  /** Bytes waiting to be sent to one connection. */
  readonly pendingOutBytesMax: number;
  /** How long a connection may take nothing while bytes wait for it. */
  readonly pendingOutMs: number;
  /** Bytes waiting to be sent to all connections together, as a share of the heap limit of the process. */
  readonly pendingOutHeapShare: number;
  /** Connections at all doors together. */
  readonly connectionsMax: number;
  /** Subscriptions of one connection. */
  readonly subscriptionsMax: number;
  /** From connecting to having authenticated. */
  readonly authTimeoutMs: number;
  /** From connecting to the end of the TLS handshake. */
  readonly tlsTimeoutMs: number;
  /** Passwords waiting to be hashed. One is hashed at a time. */
  readonly authQueueMax: number;
  /** Attempts with a password hash one address may make at once; afterwards one more each second. */
  readonly authAttemptsPerAddress: number;
  /** Reply subjects remembered for a user with `allowResponses`, on one connection. */
  readonly responsesTrackedMax: number;
  /** Silence after which the broker asks a NATS client for a sign of life. */
  readonly pingIntervalMs: number;
  /** Unanswered signs of life. */
  readonly pingsOutstandingMax: number;
  /** From connecting to the CONNECT packet of an MQTT client. */
  readonly mqttConnectTimeoutMs: number;
  /** Silence of an MQTT client, in units of the keep-alive it announced. */
  readonly mqttKeepAliveFactor: number;
  /** Levels of an MQTT filter. */
  readonly mqttLevelsMax: number;
  /** Bytes that stay free on the data folder's disk, at most a tenth of it. Read at the start. */
  readonly diskFreeBytesMin: number;
  /** Time that clients get to go elsewhere before a draining broker closes their connections. */
  readonly lameDuckMs: number;
}

/** The limits a tenant may have of its own. */
export type TenantLimits = Pick<Limits, "connectionsMax" | "subscriptionsMax">;
export const tenantLimitNames: readonly (keyof TenantLimits)[] = ["connectionsMax", "subscriptionsMax"];

/** What a tenant may keep in its stations. An absent field allows anything. */
export interface TenantAllowance {
  /** Bytes of the records of all its stations in memory. Met: publishes and new stations are refused. */
  readonly memoryBytesMax?: number;
  /** The same on disk. */
  readonly storageBytesMax?: number;
  /** Met: a new station is refused. */
  readonly stationsMax?: number;
  /** Groups of each station. Met: a new group is refused. */
  readonly groupsMax?: number;
  /** Deliveries each group may have unacknowledged. A group that asks for more is refused. */
  readonly ackPendingMax?: number;
  /** The largest `bytesMax` a station in memory may have. One that asks for more is refused. */
  readonly memoryStationBytesMax?: number;
  /** The same on disk. */
  readonly storageStationBytesMax?: number;
  /** A station without `bytesMax` is refused. */
  readonly stationBytesRequired?: boolean;
}

/** The unit of each; `stationBytesRequired` is true or false. */
export const allowanceUnits: Readonly<Record<Exclude<keyof TenantAllowance, "stationBytesRequired">, "bytes" | "count">> = {
  memoryBytesMax: "bytes",
  storageBytesMax: "bytes",
  stationsMax: "count",
  groupsMax: "count",
  ackPendingMax: "count",
  memoryStationBytesMax: "bytes",
  storageStationBytesMax: "bytes",
};

/** All limits of a tenant, as they are configured. */
export type ConfiguredTenantLimits = Partial<TenantLimits> & TenantAllowance;

export type LimitUnit = "bytes" | "ms" | "count" | "share" | "factor";

export interface LimitRule {
  readonly unit: LimitUnit;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** What happens when it is met. */
  readonly whenMet: string;
}

const kib = 1024;
const mib = 1024 * kib;
const hourMs = 3_600_000;

export const limitRules: Readonly<Record<keyof Limits, LimitRule>> = {
  payloadBytesMax: bytes(mib, 1, 64 * mib, "the publisher is told and its connection closed before the body is read"),
  controlLineBytesMax: bytes(4 * kib, 512, mib, "the client is told and its connection closed"),
  headerBytesMax: bytes(64 * kib, 64, 64 * mib, "the publisher is told and its connection closed"),
  pendingOutBytesMax: bytes(
    8 * mib,
    64 * kib,
    1024 * mib,
    "a plain subscription's connection is closed as a slow consumer; groups wait for room and lose nothing",
  ),
  pendingOutMs: ms(10_000, 100, hourMs, "the connection is closed as a slow consumer"),
  pendingOutHeapShare: {
    unit: "share",
    default: 0.25,
    min: 0.01,
    max: 0.9,
    whenMet: "the connection with most waiting is closed as a slow consumer",
  },
  connectionsMax: count(65_536, 1, 10_000_000, "a new connection is told and closed"),
  subscriptionsMax: count(10_000, 1, 100_000_000, "the subscription is refused, the connection stays"),
  authTimeoutMs: ms(2000, 10, hourMs, "the client is told and its connection closed"),
  tlsTimeoutMs: ms(5000, 10, hourMs, "the connection is closed"),
  authQueueMax: count(256, 1, 1_000_000, "the attempt is refused as busy without looking at the password"),
  authAttemptsPerAddress: count(32, 1, 1_000_000, "the attempt is refused as busy without looking at the password"),
  responsesTrackedMax: count(4096, 1, 1_000_000, "the oldest reply subject is forgotten"),
  pingIntervalMs: ms(120_000, 10, 24 * hourMs, "a ping is sent"),
  pingsOutstandingMax: count(2, 1, 1000, "the connection is stale: the client is told and it is closed"),
  mqttConnectTimeoutMs: ms(5000, 10, hourMs, "the connection is closed"),
  mqttKeepAliveFactor: { unit: "factor", default: 1.5, min: 1, max: 100, whenMet: "the connection is closed and its will published" },
  mqttLevelsMax: count(200, 1, 65_535, "the subscription is refused"),
  diskFreeBytesMin: bytes(64 * mib, 0, Number.MAX_SAFE_INTEGER, "publishes to stations are refused; reads, acks and deletes go on"),
  lameDuckMs: ms(10_000, 0, 24 * hourMs, "what is still connected is closed"),
};

/** In the order of the interface. */
export const limitNames: readonly (keyof Limits)[] = Object.keys(limitRules).filter(isLimitName);

export const defaultLimits: Limits = limitsFrom({});

/** The limits with the given ones in place of the defaults. */
export function limitsFrom(given: Partial<Limits>): Limits {
  const limits: Partial<Record<keyof Limits, number>> = {};
  for (const name of limitNames) limits[name] = given[name] ?? limitRules[name].default;
  return Object.freeze(limits as Limits);
}

function isLimitName(name: string): name is keyof Limits {
  return Object.hasOwn(limitRules, name);
}

function bytes(value: number, min: number, max: number, whenMet: string): LimitRule {
  return { unit: "bytes", default: value, min, max, whenMet };
}

function ms(value: number, min: number, max: number, whenMet: string): LimitRule {
  return { unit: "ms", default: value, min, max, whenMet };
}

function count(value: number, min: number, max: number, whenMet: string): LimitRule {
  return { unit: "count", default: value, min, max, whenMet };
}
