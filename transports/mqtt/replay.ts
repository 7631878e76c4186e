/**
 * History for a subscriber: what stations already hold, sent as if it were retained. Asked for by the user property `replay` of a
 * SUBSCRIBE (`last=100`, `since=24h`, `since=2026-01-31T12:00:00Z`, `all`), or by subscribing to `$station/NAME/FILTER`, which is
 * history alone and shows topics with that prefix.
 */
import type { Station } from "../../lib/station/station.ts";
import { Message, nothing } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import type { Cursor, Log, RecordView, SubjectFilterTest } from "../../store/store.ts";
import { propertiesOf } from "./forward.ts";
import type { Interest } from "./interest.ts";
import type { MqttSession } from "./session.ts";
import { topicOfSubject } from "./topic.ts";

export type ReplayRange =
  | { readonly kind: "all" }
  | { readonly kind: "last"; readonly count: number }
  | { readonly kind: "since"; readonly timeUs: number };

const unitUs: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3_600e6, d: 86_400e6 };

/** Undefined when the text is no range. */
export function parseReplay(text: string, nowUs: number): ReplayRange | undefined {
  if (text === "all") return { kind: "all" };
  const last = /^last=([1-9]\d{0,8})$/.exec(text);
  if (last !== null) return { kind: "last", count: Number(last[1]) };
  const ago = /^since=(\d{1,9})([smhd])$/.exec(text);
  if (ago !== null) return { kind: "since", timeUs: nowUs - Number(ago[1]) * (unitUs[ago[2] ?? "s"] ?? 1e6) };
  const at = /^since=(\d{4}-\d\d-\d\dT.*)$/.exec(text);
  const milliseconds = at === null ? Number.NaN : Date.parse(at[1] ?? "");
  return Number.isNaN(milliseconds) ? undefined : { kind: "since", timeUs: milliseconds * 1000 };
}

/** What a topic filter of the form `$station/NAME/FILTER` asks for; undefined when it is none. */
export function parseStationFilter(topicFilter: string): { readonly station: string; readonly filter: string } | undefined {
  if (!topicFilter.startsWith("$station/")) return undefined;
  const end = topicFilter.indexOf("/", 9);
  return end < 0
    ? { station: topicFilter.slice(9), filter: "#" }
    : { station: topicFilter.slice(9, end), filter: topicFilter.slice(end + 1) };
}

export interface ReplayOptions {
  readonly session: MqttSession;
  readonly interest: Interest;
  readonly range: ReplayRange;
  readonly stations: readonly Station[];
  /** Before each topic. */
  readonly prefix: string;
  /** Resolves after a moment: a slow client is asked again. */
  readonly pause: () => Promise<void>;
}

/** Sends the range of each station, one after the other. Resolves when all is sent or the client has gone. */
export async function replay(options: ReplayOptions): Promise<void> {
  const { interest, range } = options;
  const filter: SubjectFilterTest = {
    text: interest.filter,
    literal: false,
    matches: (bytes, start, end) => interest.wants(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), start, end),
  };
  for (const { log } of options.stations) {
    const until = log.state.lastSequence;
    const cursor = log.cursor(await startOf(log, filter, range), filter);
    try {
      await send(options, cursor, until);
    } finally {
      cursor.close();
    }
  }
}

async function startOf(log: Log, filter: SubjectFilterTest, range: ReplayRange): Promise<number> {
  if (range.kind === "all") return 1;
  if (range.kind === "since") return log.findTime(range.timeUs);
  // The highest start with at least as many matching records.
  let low = log.state.firstSequence;
  let high = log.state.lastSequence;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await log.count(filter, middle)) >= range.count) low = middle;
    else high = middle - 1;
  }
  return Math.max(1, low);
}

async function send(options: ReplayOptions, cursor: Cursor, until: number): Promise<void> {
  const { session, interest } = options;
  const message = new Message(new Subject(nothing, true));
  for (;;) {
    while (session.connection !== undefined && (session.connection.room <= 0 || session.waiting > 1_000)) await options.pause();
    const step = cursor.next();
    if (step === "damaged") continue;
    if (step === "loading") {
      await new Promise<void>((resolve) => (cursor.onReady = resolve));
      continue;
    }
    const { connection } = session;
    if (step === "end" || connection === undefined || cursor.view.sequence > until) return;
    const { view } = cursor;
    if (interest.condition !== undefined && !interest.condition.holds(messageOf(message, view))) continue;
    const topic = Buffer.concat([Buffer.from(options.prefix, "utf8"), topicOfSubject(view.buffer, view.subjectStart, view.subjectEnd)]);
    const payloadStart = view.bodyStart + view.headerBytes;
    const properties = connection.level === 5 ? propertiesOf(view.buffer, view.bodyStart, payloadStart, nothing) : nothing;
    const identifiers = interest.record.identifier === 0 ? [] : [interest.record.identifier];
    if (interest.record.qos === 0) {
      connection.sendRetained(topic, view.buffer, payloadStart, view.bodyEnd, properties, -1, identifiers);
      continue;
    }
    const payload = Buffer.from(view.buffer.subarray(payloadStart, view.bodyEnd));
    session.queueCopy({ topic, payload, properties, expiresAtSeconds: 0 }, interest.record.qos, true, identifiers);
  }
}

function messageOf(message: Message, view: RecordView): Message {
  message.subject.become(view.buffer.subarray(view.subjectStart, view.subjectEnd));
  message.examined = undefined;
  message.body = view.buffer;
  message.bodyStart = view.bodyStart;
  message.headerBytes = view.headerBytes;
  message.bodyEnd = view.bodyEnd;
  return message;
}
