/**
 * A client's session: what outlives its connections. Subscriptions, deliveries not yet acknowledged and identifiers of QoS 2
 * publishes not yet released. A durable session keeps its messages in the tenant's log of kept messages and its progress as a
 * group of that log, so that it is whole again after a crash; packet identifiers follow from the order of the log.
 *
 *   deliver ─ QoS 0 → connection        ─ durable → kept log → (commit) → entries → connection
 *           ─ QoS 1, 2, not durable → entries → connection
 */
import type { Broker, ProgressSource } from "../../lib/broker.ts";
import type { Message } from "../../lib/message.ts";
import type { TenantAttachment } from "../../lib/attachment.ts";
import type { Subscription } from "../../lib/subscription.ts";
import type { CloseReason, PublishOutcome, Session } from "../../lib/transport.ts";
import type { Cursor } from "../../store/store.ts";
import type { MqttConnection } from "./connection.ts";
import { propertiesOf } from "./forward.ts";
import { InboundPublish } from "./inbound.ts";
import { InboundPublishes } from "./inbound-publishes.ts";
import type { IdentifierKeeper } from "./inbound-publishes.ts";
import { Interest } from "./interest.ts";
import type { KeptMessages, KeptMeta, KeptReceiver } from "./kept.ts";
import { readMeta } from "./kept.ts";
import type { Will } from "./packet/decoder.ts";
import { MqttFault, reason } from "./packet/reason.ts";
import { Progress } from "./progress.ts";
import type { ProgressState } from "./progress.ts";
import { refusalReason } from "./refusal-reason.ts";
import type { MqttSettings } from "./settings.ts";
import { topicOfSubject } from "./topic.ts";

/** A delivery on its way to the client at QoS 1 or 2. */
export interface Entry {
  readonly packetId: number;
  readonly qos: number;
  readonly retain: boolean;
  readonly identifiers: readonly number[];
  /** In the kept log; 0 = the message is in `copy`. */
  readonly sequence: number;
  readonly copy: MessageCopy | undefined;
  state: "queued" | "sent" | "released";
}

export interface MessageCopy {
  readonly topic: Buffer;
  readonly payload: Buffer;
  readonly properties: Buffer;
  readonly expiresAtSeconds: number;
}

const empty = Buffer.alloc(0);

export class MqttSession implements Session, KeptReceiver, ProgressSource, IdentifierKeeper {
  readonly id: number;
  readonly echo = true;
  readonly clientId: string;
  /** Undefined while the session is not durable. */
  readonly keptLog: KeptMessages | undefined;
  readonly interests: Map<string, Interest> = new Map();
  readonly inbound: InboundPublishes;
  connection: MqttConnection | undefined = undefined;
  /** Of a connection that has gone, until it is published or taken back. */
  will: Will | undefined = undefined;
  /** Undefined after a restart that found no such user. */
  attachment: TenantAttachment | undefined = undefined;
  /** Whose it is; `""` = anonymous. */
  user = "";
  /** Dropped because `queueMax` waited already. */
  dropped = 0;
  readonly #broker: Broker;
  readonly #settings: MqttSettings;
  readonly #entries: Map<number, Entry> = new Map();
  /** Queued ones, oldest at `#head`. */
  #queue: Entry[] = [];
  #head = 0;
  #sent = 0;
  #nextKeptId = 1;
  /** Identifiers of messages that are in no log: from the far end where those of the log count up from 1. */
  #nextLiveId: number;
  #ended = false;
  /** The kept log up to here has been turned into entries. */
  #upTo = 0;
  #mayOverlap = false;
  #lastDispatch = -1;
  #cursor: Cursor | undefined;
  #reading = false;
  readonly #progress: Progress;

  constructor(broker: Broker, clientId: string, settings: MqttSettings, kept: KeptMessages | undefined) {
    this.id = broker.nextSessionId();
    this.#broker = broker;
    this.clientId = clientId;
    this.#settings = settings;
    this.keptLog = kept;
    this.#progress = new Progress();
    this.inbound = new InboundPublishes(this);
    this.#nextLiveId = kept === undefined ? 1 : 65_535;
  }

  get durable(): boolean {
    return this.keptLog !== undefined;
  }

  get stallable(): boolean {
    return this.connection?.connection.keepsMore !== false;
  }

  get away(): boolean {
    return this.connection === undefined;
  }

  get crowded(): boolean {
    return this.connection?.outbox.crowded ?? false;
  }

  waited(ms: number): void {
    this.connection?.outbox.waited(ms);
  }

  get room(): number {
    return this.connection?.room ?? 0;
  }

  /** Deliveries not acknowledged, sent or waiting. */
  get waiting(): number {
    return this.#entries.size;
  }

  // -- subscriptions ---------------------------------------------------------------------------------------------------

  /** Adds or replaces; the attachment is told. */
  addInterest(interest: Interest): void {
    const old = this.interests.get(interest.record.topicFilter);
    const permissions = this.attachment?.identity.permissions;
    interest.permitted = permissions?.deliveryFilter(interest.filter, interest.queue, interest.parentToo);
    interest.settle();
    this.attachment?.subscribe(interest);
    if (old !== undefined && old !== interest) this.attachment?.unsubscribe(old);
    this.interests.set(interest.record.topicFilter, interest);
    this.#mayOverlap = this.#settings.overlap === "merge" && this.interests.size > 1;
  }

  removeInterest(topicFilter: string): boolean {
    const interest = this.interests.get(topicFilter);
    if (interest === undefined) return false;
    this.attachment?.unsubscribe(interest);
    this.interests.delete(topicFilter);
    this.#mayOverlap = this.#settings.overlap === "merge" && this.interests.size > 1;
    return true;
  }

  /** Ends what the user may not receive any more, and holds back what a wildcard would reach beyond it. */
  permissionsChanged(): void {
    const permissions = this.attachment?.identity.permissions;
    if (permissions === undefined) return;
    for (const interest of [...this.interests.values()]) {
      if (!permissions.maySubscribe(interest.filter, interest.queue)) this.removeInterest(interest.record.topicFilter);
      interest.permitted = permissions.deliveryFilter(interest.filter, interest.queue, interest.parentToo);
      interest.settle();
    }
  }

  // -- from the broker --------------------------------------------------------------------------------------------------

  deliver(subscription: Subscription, message: Message): boolean {
    if (!(subscription instanceof Interest)) return false;
    const source = message.source instanceof InboundPublish ? message.source : undefined;
    if (subscription.record.noLocal && source !== undefined && source.clientId === this.clientId) return true;
    const published = source === undefined ? 1 : source.view.qos;
    if (!this.#mayOverlap || subscription.shared) {
      const { record } = subscription;
      this.#take(
        message,
        source,
        Math.min(published, record.qos),
        record.retainAsPublished,
        identifiersOf(record.identifier),
        subscription,
      );
      return true;
    }
    const dispatch = this.attachment?.tenant.dispatches ?? 0;
    if (dispatch === this.#lastDispatch) return true;
    this.#lastDispatch = dispatch;
    const subject = message.subject.bytes;
    let qos = 0;
    let asPublished = false;
    const identifiers: number[] = [];
    for (const interest of this.interests.values()) {
      if (interest.shared || !interest.wants(subject, 0, subject.length)) continue;
      if (interest.record.noLocal && source !== undefined && source.clientId === this.clientId) continue;
      qos = Math.max(qos, interest.record.qos);
      asPublished ||= interest.record.retainAsPublished;
      if (interest.record.identifier > 0) identifiers.push(interest.record.identifier);
    }
    this.#take(message, source, Math.min(published, qos), asPublished, identifiers, subscription);
    return true;
  }

  published(token: number, outcome: PublishOutcome): void {
    const stored = outcome.kind === "stored" || outcome.kind === "duplicate";
    if (stored) this.inbound.outcome(token, reason.success);
    else this.inbound.outcome(token, refusalReason(outcome), outcome.message);
  }

  hold(): void {
    this.connection?.hold();
  }

  resume(): void {
    this.connection?.resume();
  }

  close(reason: CloseReason): void {
    this.connection?.close(reason);
  }

  #take(
    message: Message,
    source: InboundPublish | undefined,
    qos: number,
    asPublished: boolean,
    identifiers: readonly number[],
    interest: Interest,
  ): void {
    const retain = asPublished && source !== undefined && source.view.retain;
    if (qos === 0) {
      this.connection?.deliverNow(message, source, retain, identifiers);
      return;
    }
    if (this.keptLog !== undefined) {
      const receiver = interest.shared ? new SharedReceiver(this, interest) : this;
      this.keptLog.keep(message, metaOf(message, source), receiver);
      return;
    }
    const connection = this.connection;
    if (connection === undefined) return;
    if (this.#head === this.#queue.length && this.#sent < connection.window && connection.room > 0) {
      const entry = this.#liveEntry(qos, retain, identifiers, undefined);
      if (entry !== undefined && connection.deliverNow(message, source, retain, identifiers, entry)) {
        entry.state = "sent";
        this.#sent++;
      } else if (entry !== undefined) this.#entries.delete(entry.packetId);
      return;
    }
    this.queueCopy(copyOf(message, source, metaOf(message, source)), qos, retain, identifiers);
  }

  /** Sends a copy when there is a window for it: retained messages, and live ones that found it full. */
  queueCopy(copy: MessageCopy, qos: number, retain: boolean, identifiers: readonly number[]): void {
    const entry = this.#liveEntry(qos, retain, identifiers, copy);
    if (entry === undefined) return;
    this.#queue.push(entry);
    this.pump();
  }

  #liveEntry(qos: number, retain: boolean, identifiers: readonly number[], copy: MessageCopy | undefined): Entry | undefined {
    if (this.#entries.size >= this.#settings.queueMax) {
      this.dropped++;
      return undefined;
    }
    while (this.#entries.has(this.#nextLiveId)) this.#nextLiveId = this.#afterLiveId();
    const entry: Entry = { packetId: this.#nextLiveId, qos, retain, identifiers, sequence: 0, copy, state: "queued" };
    this.#nextLiveId = this.#afterLiveId();
    this.#entries.set(entry.packetId, entry);
    return entry;
  }

  #afterLiveId(): number {
    if (this.keptLog === undefined) return (this.#nextLiveId % 65_535) + 1;
    return this.#nextLiveId === 1 ? 65_535 : this.#nextLiveId - 1;
  }

  // -- kept messages ----------------------------------------------------------------------------------------------------

  kept(sequence: number, message: { readonly subject: Buffer; readonly meta: KeptMeta }): void {
    this.enqueueKept(sequence, message.subject, 0, message.subject.length, message.meta);
    this.pump();
  }

  /** Makes the entries a kept message means to this session: the same at first delivery and after a restart. */
  enqueueKept(sequence: number, subject: Buffer, start: number, end: number, meta: KeptMeta): void {
    this.#upTo = Math.max(this.#upTo, sequence);
    let merged: { qos: number; asPublished: boolean; identifiers: number[] } | undefined;
    for (const interest of this.interests.values()) {
      const { record } = interest;
      if (interest.shared || record.since >= sequence || !interest.wants(subject, start, end)) continue;
      if (record.noLocal && meta.publisher === this.clientId) continue;
      const qos = Math.min(record.qos, meta.qos);
      if (qos === 0) continue;
      if (this.#settings.overlap === "copies") {
        this.#addKept(sequence, qos, record.retainAsPublished && meta.retain, identifiersOf(record.identifier));
        continue;
      }
      merged ??= { qos: 0, asPublished: false, identifiers: [] };
      merged.qos = Math.max(merged.qos, qos);
      merged.asPublished ||= record.retainAsPublished;
      if (record.identifier > 0) merged.identifiers.push(record.identifier);
    }
    if (merged !== undefined) this.#addKept(sequence, merged.qos, merged.asPublished && meta.retain, merged.identifiers);
  }

  /** A shared subscription gave this message to this session. */
  keptShared(sequence: number, meta: KeptMeta, interest: Interest): void {
    this.#upTo = Math.max(this.#upTo, sequence);
    this.#progress.assigned(sequence);
    this.#dirty();
    const { record } = interest;
    const qos = Math.min(record.qos, meta.qos);
    this.#addKept(sequence, qos, record.retainAsPublished && meta.retain, identifiersOf(record.identifier));
    this.pump();
  }

  #addKept(sequence: number, qos: number, retain: boolean, identifiers: readonly number[]): void {
    if (this.#entries.size >= this.#settings.queueMax) this.#dropOldest();
    while (this.#entries.has(this.#nextKeptId)) this.#nextKeptId = (this.#nextKeptId % 65_535) + 1;
    const packetId = this.#nextKeptId;
    this.#nextKeptId = (packetId % 65_535) + 1;
    this.#restore({ packetId, qos, retain, identifiers, sequence, copy: undefined, state: "queued" });
  }

  #restore(entry: Entry): void {
    this.#entries.set(entry.packetId, entry);
    this.#queue.push(entry);
    if (entry.sequence > 0) this.keptLog?.need(entry.sequence);
  }

  #dropOldest(): void {
    const oldest = this.#queue[this.#head];
    if (oldest === undefined) return;
    this.#head++;
    this.dropped++;
    this.#finish(oldest);
  }

  // -- towards the client -----------------------------------------------------------------------------------------------

  /** A connection took the session over: everything unacknowledged goes out again, in order (MQTT-4.4.0-1). */
  resend(): void {
    const again = [...this.#entries.values()].filter((entry) => entry.state !== "queued");
    this.#queue = [...again, ...this.#queue.slice(this.#head)];
    this.#head = 0;
    this.#sent = 0;
    this.pump();
  }

  /** Sends queued entries while the client's window, the outbox and the reader allow it. */
  pump(): void {
    if (this.#reading) return;
    const connection = this.connection;
    if (connection === undefined) return;
    while (this.#head < this.#queue.length) {
      const entry = this.#queue[this.#head];
      if (entry === undefined || this.#sent >= connection.window || connection.room <= 0) break;
      if (this.#entries.get(entry.packetId) === entry) {
        if (entry.state === "released") {
          if (!connection.release(entry.packetId)) break;
          this.#sent++;
        } else if (!this.#transmit(connection, entry)) break;
      }
      this.#head++;
    }
    if (this.#head > 256 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    if (this.#entries.size === 0 && this.#cursor !== undefined) {
      this.#cursor.close();
      this.#cursor = undefined;
    }
  }

  #transmit(connection: MqttConnection, entry: Entry): boolean {
    const again = entry.state === "sent";
    if (entry.copy !== undefined) {
      const { copy } = entry;
      const left = secondsLeft(copy.expiresAtSeconds, this.#broker.clock.nowUs());
      if (left === 0 && !again) {
        this.#finish(entry);
        return true;
      }
      if (!connection.send(copy.topic, copy.payload, 0, copy.payload.length, copy.properties, left, entry, again)) return false;
    } else if (entry.sequence > 0) {
      const shown = this.#show(entry.sequence);
      if (shown === "loading") return false;
      if (shown === "gone") {
        this.#finish(entry);
        return true;
      }
      const { view } = shown;
      const meta = readMeta(view);
      const left = secondsLeft(meta.expiresAtSeconds, this.#broker.clock.nowUs());
      if (left === 0 && !again) {
        this.#finish(entry);
        return true;
      }
      const topic = topicOfSubject(view.buffer, view.subjectStart, view.subjectEnd);
      const payloadStart = view.bodyStart + view.headerBytes;
      if (!connection.send(topic, view.buffer, payloadStart, view.bodyEnd, meta.properties, left, entry, again)) return false;
    } else {
      // A live message that was sent once and has no copy: only a durable session is sent things again.
      this.#finish(entry);
      return true;
    }
    entry.state = "sent";
    this.#sent++;
    return true;
  }

  #show(sequence: number): Cursor | "loading" | "gone" {
    const cursor = (this.#cursor ??= this.keptLog?.cursor());
    if (cursor === undefined) return "gone";
    if (cursor.position !== sequence) cursor.seek(sequence);
    const step = cursor.next();
    if (step === "loading") {
      this.#reading = true;
      cursor.onReady = () => {
        this.#reading = false;
        this.pump();
      };
      cursor.seek(sequence);
      return "loading";
    }
    return step === "record" && cursor.view.sequence === sequence ? cursor : "gone";
  }

  // -- from the client --------------------------------------------------------------------------------------------------

  /** PUBACK, or PUBREC with an error, or PUBCOMP: the delivery is over. False when there is none of that identifier. */
  acknowledged(packetId: number): boolean {
    const entry = this.#entries.get(packetId);
    if (entry === undefined || entry.state === "queued") return false;
    this.#sent--;
    this.#finish(entry);
    this.pump();
    return true;
  }

  /** A delivery is answered by the packets of its own QoS, PUBCOMP only after PUBREC; one that is over, by any. */
  assertAnswers(type: 4 | 5 | 7, packetId: number): void {
    const entry = this.#entries.get(packetId);
    if (entry === undefined || entry.state === "queued") return;
    const fits = entry.qos === 1 ? type === 4 : type === 5 || (type === 7 && entry.state === "released");
    if (!fits)
      throw new MqttFault(reason.protocolError, `packet ${type} does not answer a delivery at QoS ${entry.qos} that is ${entry.state}`);
  }

  /** PUBREC: `then` runs when it is remembered for good, and PUBREL may leave. */
  received(packetId: number, then: () => void): boolean {
    const entry = this.#entries.get(packetId);
    if (entry === undefined || entry.state === "queued" || entry.qos !== 2) return false;
    entry.state = "released";
    if (entry.sequence === 0 || this.keptLog === undefined) {
      then();
      return true;
    }
    this.#progress.released(entry.sequence, packetId);
    this.#saveUrgently(then);
    return true;
  }

  inboundBegan(packetId: number): void {
    if (this.keptLog === undefined) return;
    this.#progress.inboundAdded(packetId);
    this.#dirty();
  }

  inboundEnded(packetId: number, then: () => void): void {
    if (this.keptLog === undefined) {
      then();
      return;
    }
    this.#progress.inboundRemoved(packetId);
    this.#saveUrgently(then);
  }

  #finish(entry: Entry): void {
    this.#entries.delete(entry.packetId);
    if (entry.sequence === 0 || this.keptLog === undefined) return;
    this.#progress.done(entry.sequence, entry.packetId);
    this.#dirty();
    this.keptLog.release(entry.sequence);
  }

  /** The session ends: nothing it waited for is needed any more. */
  forget(): void {
    this.#ended = true;
    for (const entry of this.#entries.values()) if (entry.sequence > 0) this.keptLog?.release(entry.sequence);
    this.#entries.clear();
    this.#queue = [];
    this.#head = 0;
    this.#cursor?.close();
    this.#cursor = undefined;
  }

  // -- progress ---------------------------------------------------------------------------------------------------------

  #dirty(): void {
    if (this.#progress.claim()) this.#broker.dirty(this);
  }

  saveProgress(): void {
    const delta = this.#progress.take();
    // The group of a session that has ended may be another session's by now.
    if (delta !== undefined && !this.#ended) this.keptLog?.log.saveGroup(groupName(this.clientId), delta, false);
  }

  #saveUrgently(then: () => void): void {
    const delta = this.#progress.take();
    if (delta === undefined || this.keptLog === undefined || this.#ended) {
      then();
      return;
    }
    const ticket = this.keptLog.log.saveGroup(groupName(this.clientId), delta, true);
    this.#broker.file.pending.wait(ticket, (kind) => {
      if (kind === "stored") then();
    });
  }

  snapshot(): ProgressState {
    const entries: [number, number, number, number, number, readonly number[]][] = [];
    for (const entry of this.#entries.values()) {
      if (entry.sequence === 0) continue;
      const state = entry.state === "released" ? 2 : entry.state === "sent" ? 1 : 0;
      entries.push([entry.sequence, entry.packetId, entry.qos, entry.retain ? 1 : 0, state, entry.identifiers]);
    }
    return { upTo: this.#upTo, nextId: this.#nextKeptId, inbound: [...this.inbound.identifiers], entries };
  }

  restoreSnapshot(state: ProgressState): void {
    this.#upTo = state.upTo;
    this.#nextKeptId = state.nextId;
    for (const packetId of state.inbound) this.inbound.restore(packetId);
    for (const [sequence, packetId, qos, retain, stage, identifiers] of state.entries) {
      const entryState = stage === 2 ? "released" : stage === 1 ? "sent" : "queued";
      this.#restore({ packetId, qos, retain: retain === 1, identifiers, sequence, copy: undefined, state: entryState });
    }
  }

  /** The kept log from here on has not been looked at. */
  get upTo(): number {
    return this.#upTo;
  }

  /** After a restart: what a delta says happened. */
  replayDone(sequence: number, packetId: number): void {
    const entry = this.#entries.get(packetId);
    if (entry === undefined || entry.sequence !== sequence) return;
    this.#entries.delete(packetId);
    this.keptLog?.release(sequence);
  }

  replayReleased(sequence: number, packetId: number): void {
    const entry = this.#entries.get(packetId);
    if (entry !== undefined && entry.sequence === sequence) entry.state = "released";
  }
}

class SharedReceiver implements KeptReceiver {
  readonly #session: MqttSession;
  readonly #interest: Interest;
  constructor(session: MqttSession, interest: Interest) {
    this.#session = session;
    this.#interest = interest;
  }
  kept(sequence: number, message: { readonly subject: Buffer; readonly meta: KeptMeta }): void {
    this.#session.keptShared(sequence, message.meta, this.#interest);
  }
}

/** Names the session's group in the log of kept messages. */
export function groupName(clientId: string): string {
  return `session/${clientId}`;
}

const noIdentifiers: readonly number[] = [];

function identifiersOf(identifier: number): readonly number[] {
  return identifier === 0 ? noIdentifiers : [identifier];
}

/** Seconds until then; -1 = never expires; 0 = over. */
export function secondsLeft(expiresAtSeconds: number, nowUs: number): number {
  if (expiresAtSeconds === 0) return -1;
  return Math.max(0, expiresAtSeconds - Math.floor(nowUs / 1_000_000));
}

/** What of a message besides its payload is kept for MQTT receivers. */
export function metaOf(message: Message, source: InboundPublish | undefined): KeptMeta {
  if (source !== undefined) {
    return {
      qos: source.view.qos,
      retain: source.view.retain,
      expiresAtSeconds: source.expiresAtSeconds,
      publisher: source.clientId,
      properties: Buffer.from(source.properties),
    };
  }
  const reply = message.replyEnd > message.replyStart ? topicOfSubject(message.replyBuffer, message.replyStart, message.replyEnd) : empty;
  const properties = propertiesOf(message.body, message.bodyStart, message.bodyStart + message.headerBytes, reply);
  return { qos: 1, retain: false, expiresAtSeconds: 0, publisher: "", properties };
}

function copyOf(message: Message, source: InboundPublish | undefined, meta: KeptMeta): MessageCopy {
  const topic = source === undefined ? topicOfSubject(message.subject.bytes) : Buffer.from(source.topic);
  const payload = Buffer.from(message.body.subarray(message.bodyStart + message.headerBytes, message.bodyEnd));
  return { topic, payload, properties: meta.properties, expiresAtSeconds: meta.expiresAtSeconds };
}
