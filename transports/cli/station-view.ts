/** A station and a consumer group in Waystation's words, out of what the JetStream API says. */
import type { ConsumerInfo, StreamInfo } from "@nats-io/jetstream";
import { showSize, showTime } from "./quantity.ts";

/** Metadata in which a stream carries what JetStream has no word for. */
export const durabilityKey = "waystation.durability";

export interface StationView {
  readonly name: string;
  readonly description: string;
  readonly subjects: readonly string[];
  readonly storage: string;
  readonly retention: string;
  readonly discard: string;
  /** 0: unlimited, here and below. */
  readonly messagesMax: number;
  readonly bytesMax: number;
  readonly ageMaxMs: number;
  readonly messagesPerSubjectMax: number;
  readonly messageBytesMax: number;
  readonly duplicateWindowMs: number;
  /** Its own; empty: the broker's. */
  readonly durability: string;
  readonly created: string;
  readonly records: number;
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly firstTime: string;
  readonly lastTime: string;
  readonly deleted: number;
  readonly groups: number;
}

export function stationView(info: StreamInfo): StationView {
  const { config, state } = info;
  return {
    name: config.name,
    description: config.description ?? "",
    subjects: config.subjects ?? [],
    storage: config.storage,
    retention: config.retention,
    discard: config.discard,
    messagesMax: bound(config.max_msgs),
    bytesMax: bound(config.max_bytes),
    ageMaxMs: milliseconds(config.max_age),
    messagesPerSubjectMax: bound(config.max_msgs_per_subject),
    messageBytesMax: bound(config.max_msg_size),
    duplicateWindowMs: milliseconds(config.duplicate_window),
    durability: config.metadata?.[durabilityKey] ?? "",
    created: info.created,
    records: state.messages,
    bytes: state.bytes,
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
    firstTime: state.messages === 0 ? "" : state.first_ts,
    lastTime: state.messages === 0 ? "" : state.last_ts,
    deleted: state.num_deleted ?? 0,
    groups: state.consumer_count,
  };
}

export function stationSheet(view: StationView): readonly (readonly [string, string | number])[] {
  return [
    ["station", view.name],
    ...(view.description === "" ? [] : [["description", view.description] as const]),
    ["subjects", view.subjects.join("\n")],
    ["storage", view.storage],
    ["retention", view.retention],
    ["at a limit", view.discard === "new" ? "refuses the new" : "drops the old"],
    ["messages at most", limit(view.messagesMax)],
    ["bytes at most", view.bytesMax === 0 ? "unlimited" : showSize(view.bytesMax)],
    ["age at most", view.ageMaxMs === 0 ? "unlimited" : showTime(view.ageMaxMs)],
    ["per subject at most", limit(view.messagesPerSubjectMax)],
    ["message size at most", view.messageBytesMax === 0 ? "the broker's limit" : showSize(view.messageBytesMax)],
    ["ids remembered", view.duplicateWindowMs === 0 ? "no" : showTime(view.duplicateWindowMs)],
    ["durability", view.durability === "" ? "the broker's" : view.durability],
    ["created", view.created],
    ["records", view.records],
    ["bytes", showSize(view.bytes)],
    ["first", position(view.firstSequence, view.firstTime)],
    ["last", position(view.lastSequence, view.lastTime)],
    ["gaps", view.deleted],
    ["groups", view.groups],
  ];
}

export interface GroupView {
  readonly station: string;
  readonly name: string;
  readonly description: string;
  readonly kind: "pull" | "push";
  readonly durable: boolean;
  readonly filters: readonly string[];
  readonly ack: string;
  readonly ackWaitMs: number;
  readonly deliveriesMax: number;
  readonly ackPendingMax: number;
  readonly created: string;
  /** The last sequence delivered, and the one up to which everything is acked. */
  readonly delivered: number;
  readonly acked: number;
  readonly ackPending: number;
  readonly redelivered: number;
  readonly waiting: number;
  readonly pending: number;
}

export function groupView(info: ConsumerInfo): GroupView {
  const { config } = info;
  return {
    station: info.stream_name,
    name: info.name,
    description: config.description ?? "",
    kind: config.deliver_subject === undefined ? "pull" : "push",
    durable: config.durable_name !== undefined,
    filters: config.filter_subjects ?? (config.filter_subject === undefined ? [] : [config.filter_subject]),
    ack: config.ack_policy ?? "",
    ackWaitMs: milliseconds(config.ack_wait),
    deliveriesMax: bound(config.max_deliver),
    ackPendingMax: bound(config.max_ack_pending),
    created: info.created,
    delivered: info.delivered.stream_seq,
    acked: info.ack_floor.stream_seq,
    ackPending: info.num_ack_pending,
    redelivered: info.num_redelivered,
    waiting: info.num_waiting,
    pending: info.num_pending,
  };
}

export function groupSheet(view: GroupView): readonly (readonly [string, string | number])[] {
  return [
    ["group", view.name],
    ["station", view.station],
    ...(view.description === "" ? [] : [["description", view.description] as const]),
    ["kind", `${view.kind}${view.durable ? ", durable" : ""}`],
    ["filters", view.filters.length === 0 ? "everything" : view.filters.join("\n")],
    ["ack", view.ack],
    ["ack wait", showTime(view.ackWaitMs)],
    ["deliveries at most", limit(view.deliveriesMax)],
    ["unacked at most", limit(view.ackPendingMax)],
    ["created", view.created],
    ["delivered up to", view.delivered],
    ["acked up to", view.acked],
    ["waiting for an ack", view.ackPending],
    ["redelivered", view.redelivered],
    ["pulls waiting", view.waiting],
    ["still to come", view.pending],
  ];
}

function limit(value: number): string | number {
  return value === 0 ? "unlimited" : value;
}

function position(sequence: number, time: string): string {
  return time === "" ? `${sequence}` : `${sequence}, ${time}`;
}

/** JetStream writes -1 or leaves it out where there is no bound. */
function bound(value: number | undefined): number {
  return value === undefined || value < 0 ? 0 : value;
}

/** JetStream's durations are nanoseconds. */
function milliseconds(nanoseconds: number | undefined): number {
  return (nanoseconds ?? 0) / 1e6;
}
