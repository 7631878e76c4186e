/**
 * The door without a wire: a connection inside the process that embeds the broker. Same permissions, same order, same
 * durability as any other door; what it hands out is copied, so it may be kept.
 */
import type { Broker } from "../../lib/broker.ts";
import { bothHold, ContentCondition, Expression } from "../../lib/condition/condition.ts";
import { MessageFacts } from "../../lib/condition/facts.ts";
import type { Groups } from "../../lib/consumer/groups.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { Identity } from "../../lib/auth/identity.ts";
import type { Clock } from "../../lib/clock.ts";
import { encodeHeaders, headerStatus, parseHeaders } from "../../lib/headers.ts";
import type { HeaderList } from "../../lib/headers.ts";
import { Message, nothing } from "../../lib/message.ts";
import { filterProblem, parseSubject } from "../../lib/filter.ts";
import { Subject } from "../../lib/router/subject.ts";
import { Subscription } from "../../lib/subscription.ts";
import { LocalGroup } from "./group.ts";
import type { Attachment, CloseReason, PublishOutcome, PublishRefusal, Session } from "../../lib/transport.ts";

/** A message as received in process. */
export interface LocalMessage {
  readonly subject: string;
  /** The subject to answer to; `""` when nobody waits. */
  readonly reply: string;
  readonly data: Uint8Array;
  readonly headers: HeaderList;
  /** `data` as UTF-8. */
  text(): string;
  /** `data` as JSON; throws a SyntaxError when it is not. */
  json(): unknown;
  /** Publishes to `reply`; nothing happens without one. */
  respond(data: Uint8Array | string): void;
}

export interface PublishOptions {
  readonly headers?: HeaderList;
  readonly reply?: string;
}

export interface ProduceOptions {
  readonly headers?: HeaderList;
  /** The station stores a message with the same id only once within its duplicate window. */
  readonly messageId?: string;
  /** The record's key: messages of one key keep their order. Default: the subject. */
  readonly key?: string;
}

/** Where a produced message is, durably. */
export interface Produced {
  readonly station: string;
  readonly sequence: number;
  readonly duplicate: boolean;
}

/** A produce that did not happen; `code` says why, `message` what to do. */
export class ProduceError extends Error {
  readonly code: PublishRefusal | "no_station" | "closed" | "denied";
  constructor(code: PublishRefusal | "no_station" | "closed" | "denied", message: string) {
    super(message);
    this.name = "ProduceError";
    this.code = code;
  }
}

export interface SubscribeOptions {
  readonly queue?: string;
  /** Only messages for which this condition on the content holds. Throws a BrokerError `invalid` when it is none. */
  readonly condition?: string;
  /** Ends by itself after so many messages. */
  readonly max?: number;
  /** Called for each message, instead of iterating. */
  readonly onMessage?: (message: LocalMessage) => void;
  /** Messages waiting to be iterated; past it the subscription ends with an error. Default 65,536. */
  readonly pendingMax?: number;
}

/** Iterate it, or pass `onMessage`. Ends by `unsubscribe`, `max`, or the connection's close. */
export class LocalSubscription implements AsyncIterable<LocalMessage> {
  readonly filter: string;
  readonly #end: () => void;
  readonly #onMessage: ((message: LocalMessage) => void) | undefined;
  readonly #pendingMax: number;
  #waiting: LocalMessage[] = [];
  #wake: (() => void) | undefined;
  #over = false;
  #fault: Error | undefined;

  constructor(filter: string, options: SubscribeOptions, end: () => void) {
    this.filter = filter;
    this.#onMessage = options.onMessage;
    this.#pendingMax = options.pendingMax ?? 65_536;
    this.#end = end;
  }

  /** For the connection only. */
  push(message: LocalMessage): void {
    if (this.#over) return;
    if (this.#onMessage !== undefined) {
      this.#onMessage(message);
      return;
    }
    if (this.#waiting.length >= this.#pendingMax) {
      this.#fault = new Error(`subscription ${this.filter} was too slow: ${this.#pendingMax} messages waited`);
      this.unsubscribe();
      return;
    }
    this.#waiting.push(message);
    this.#wake?.();
  }

  unsubscribe(): void {
    if (this.#over) return;
    this.#over = true;
    this.#end();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LocalMessage, void, void> {
    try {
      for (;;) {
        const batch = this.#waiting;
        this.#waiting = [];
        yield* batch;
        if (this.#waiting.length > 0) continue;
        if (this.#fault !== undefined) throw this.#fault;
        if (this.#over) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    } finally {
      this.unsubscribe();
    }
  }
}

/** What a connection finds in its tenant besides subjects. */
export interface LocalServices {
  groupsOf(tenant: string, station: string): Groups | undefined;
}

/** An acknowledgement is durable within this, or the broker has failed. */
const confirmMs = 10_000;

/** Told what became of a message: one of both, once. */
export interface Waiting {
  resolve(produced: Produced): void;
  reject(error: ProduceError): void;
}

export class LocalConnection implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly #attachment: Attachment;
  readonly #services: LocalServices | undefined;
  readonly #facts: MessageFacts;
  readonly #clock: Clock;
  readonly #inbox: string;
  readonly #message: Message = new Message(new Subject(nothing, true));
  readonly #subscriptions: Map<Subscription, LocalSubscription> = new Map();
  readonly #outcomes: Map<number, Waiting> = new Map();
  /** Delivered but not yet handed out: user code never runs inside the broker's publish. */
  #arrived: { to: LocalSubscription; message: LocalMessage; last: boolean }[] = [];
  #nextToken = 1;
  #nextInbox = 1;
  #closed = false;

  constructor(broker: Broker, identity: Identity, inbox: string, services?: LocalServices) {
    this.#services = services;
    this.#facts = new MessageFacts(broker.clock);
    this.id = broker.nextSessionId();
    this.#clock = broker.clock;
    this.#inbox = `_INBOX.${inbox}`;
    this.#attachment = broker.attach(this, identity);
  }

  /** Publishes without waiting for anything. Returns how many took it. Throws when the subject is invalid or not permitted. */
  publish(subject: string, data: Uint8Array | string = "", options: PublishOptions = {}): number {
    return this.#send(subject, data, options.headers, options.reply, 0);
  }

  /** Publishes into a station. Resolves when the message is durable; rejects with a ProduceError. */
  produce(subject: string, data: Uint8Array | string = "", options: ProduceOptions = {}): Promise<Produced> {
    const headers: [string, string][] = (options.headers ?? []).map(([name, value]) => [name, value]);
    if (options.messageId !== undefined) headers.push(["Nats-Msg-Id", options.messageId]);
    if (options.key !== undefined) headers.push(["Waystation-Key", options.key]);
    return new Promise((resolve, reject) => {
      const token = this.#nextToken++;
      this.#outcomes.set(token, { resolve, reject });
      try {
        this.#send(subject, data, headers, undefined, token);
      } catch (error) {
        this.#outcomes.delete(token);
        throw error;
      }
      if (this.#attachment.captured === 0) this.#uncaptured(token, subject);
    });
  }

  /**
   * As `produce`, for who has a well-formed subject and the header block before the payload already, and waits without a promise;
   * undefined = does not wait. The bytes may be used again when it returns.
   */
  submit(subject: Buffer, body: Buffer, headerBytes: number, waiting: Waiting | undefined): void {
    this.#assertOpen();
    const resolved = this.#attachment.subject(subject, 0, subject.length);
    if (!this.#attachment.mayPublish(resolved)) throw new ProduceError("denied", `not permitted to publish to ${resolved.text}`);
    const message = this.#message;
    message.subject = resolved;
    message.body = body;
    message.bodyStart = 0;
    message.headerBytes = headerBytes;
    message.bodyEnd = body.length;
    message.replyBuffer = nothing;
    message.replyStart = message.replyEnd = 0;
    if (waiting === undefined) {
      this.#attachment.publish(message, 0);
      return;
    }
    const token = this.#nextToken++;
    this.#outcomes.set(token, waiting);
    this.#attachment.publish(message, token);
    if (this.#attachment.captured === 0) this.#uncaptured(token, resolved.text);
  }

  #uncaptured(token: number, subject: string): void {
    const waiting = this.#outcomes.get(token);
    this.#outcomes.delete(token);
    waiting?.reject(new ProduceError("no_station", `no station captures ${subject}: create one, or use publish`));
  }

  /** Receives what matches the filter from now on. */
  subscribe(filter: string, options: SubscribeOptions = {}): LocalSubscription {
    this.#assertOpen();
    const problem = filterProblem(filter);
    if (problem !== undefined) throw new TypeError(problem);
    if (!this.#attachment.maySubscribe(filter, options.queue)) throw new ProduceError("denied", `not permitted to subscribe to ${filter}`);
    const entry = new Subscription({ filter, queue: options.queue, session: this, label: 0 });
    entry.deliveredMax = options.max ?? 0;
    if (options.condition !== undefined) {
      const permitted = this.#attachment.identity.permissions?.deliveryFilter(filter, options.queue);
      entry.condition = bothHold(permitted, new ContentCondition(new Expression(options.condition), this.#facts));
    }
    const local = new LocalSubscription(filter, options, () => {
      this.#subscriptions.delete(entry);
      this.#attachment.unsubscribe(entry);
    });
    this.#subscriptions.set(entry, local);
    this.#attachment.subscribe(entry);
    return local;
  }

  /** A consumer group of a station: fetch from it, acknowledge. Throws when there are no stations here. */
  group(station: string, name: string): LocalGroup {
    this.#assertOpen();
    const groups = (): Groups => {
      this.#assertOpen();
      const found = this.#services?.groupsOf(this.#attachment.identity.tenant, station);
      if (found === undefined) throw new BrokerError("not_found", `there is no station '${station}'`);
      return found;
    };
    return new LocalGroup({
      station,
      name,
      groups,
      clock: this.#clock,
      member: `connection-${this.id}`,
      allow: (subject) => this.#demand(subject),
      settler: {
        settle: (subject, payload) => void this.#send(subject, payload, undefined, undefined, 0),
        confirm: (subject, payload) => this.request(subject, payload, { timeoutMs: confirmMs }).then(() => undefined),
      },
    });
  }

  /** Publishes with a reply subject and resolves with the first answer; rejects after `timeoutMs` (default 2000) or at once when nobody listens. */
  request(
    subject: string,
    data: Uint8Array | string = "",
    options: { timeoutMs?: number; headers?: HeaderList } = {},
  ): Promise<LocalMessage> {
    const reply = `${this.#inbox}.${this.#nextInbox++}`;
    const timeoutMs = options.timeoutMs ?? 2000;
    return new Promise((resolve, reject) => {
      const subscription = this.subscribe(reply, {
        max: 1,
        onMessage: (message) => {
          timer.cancel();
          resolve(message);
        },
      });
      const unanswered = (): void => {
        subscription.unsubscribe();
        reject(new Error(`no answer on ${subject} within ${timeoutMs} ms`));
      };
      const timer = this.#clock.after(timeoutMs, unanswered, true);
      let taken: number;
      try {
        taken = this.#send(subject, data, options.headers, reply, 0);
      } catch (error) {
        timer.cancel();
        subscription.unsubscribe();
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      if (taken > 0) return;
      timer.cancel();
      subscription.unsubscribe();
      reject(new Error(`nobody listens on ${subject}`));
    });
  }

  /** Ends every subscription; produces still waiting are rejected. Callable twice. */
  close(reason?: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#attachment.detach();
    for (const subscription of [...this.#subscriptions.values()]) subscription.unsubscribe();
    for (const waiting of this.#outcomes.values()) {
      waiting.reject(
        new ProduceError("closed", `the connection closed${reason === undefined ? "" : ` (${reason})`} before the outcome was known`),
      );
    }
    this.#outcomes.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  deliver(subscription: Subscription, message: Message): boolean {
    const to = this.#subscriptions.get(subscription);
    if (to === undefined) return false;
    subscription.delivered++;
    const last = subscription.deliveredMax > 0 && subscription.delivered >= subscription.deliveredMax;
    if (last) this.#attachment.unsubscribe(subscription);
    this.#arrived.push({ to, message: this.#copy(message), last });
    if (this.#arrived.length === 1) this.#clock.endOfTurn(() => this.#handOut());
    return true;
  }

  published(token: number, outcome: PublishOutcome): void {
    const waiting = this.#outcomes.get(token);
    if (waiting === undefined) return;
    this.#outcomes.delete(token);
    if (outcome.kind === "stored" || outcome.kind === "duplicate" || outcome.kind === "staged") {
      waiting.resolve({ station: outcome.station, sequence: outcome.sequence, duplicate: outcome.kind === "duplicate" });
      return;
    }
    waiting.reject(new ProduceError(outcome.code ?? "store_failed", `${outcome.station}: ${outcome.message}`));
  }

  /** Publishers in process are slowed by their own awaits; nothing to hold. */
  hold(): void {}
  resume(): void {}

  #handOut(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const { to, message, last } of arrived) {
      to.push(message);
      if (last) to.unsubscribe();
    }
  }

  #send(subject: string, data: Uint8Array | string, headers: HeaderList | undefined, reply: string | undefined, token: number): number {
    this.#assertOpen();
    if (parseSubject(subject) === undefined)
      throw new TypeError(filterProblem(subject) ?? `'${subject}' has a wildcard; publish to one subject`);
    const bytes = Buffer.from(subject, "utf8");
    const message = this.#message;
    message.subject = this.#attachment.subject(bytes, 0, bytes.length);
    if (!this.#attachment.mayPublish(message.subject)) throw new ProduceError("denied", `not permitted to publish to ${subject}`);
    const payload = typeof data === "string" ? Buffer.from(data, "utf8") : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const block = headers === undefined || headers.length === 0 ? nothing : encodeHeaders(headers);
    message.body = block.length === 0 ? payload : Buffer.concat([block, payload]);
    message.bodyStart = 0;
    message.headerBytes = block.length;
    message.bodyEnd = message.body.length;
    message.replyBuffer = reply === undefined ? nothing : Buffer.from(reply, "utf8");
    message.replyStart = 0;
    message.replyEnd = message.replyBuffer.length;
    return this.#attachment.publish(message, token);
  }

  #copy(message: Message): LocalMessage {
    const split = message.bodyStart + message.headerBytes;
    const data = Uint8Array.prototype.slice.call(message.body, split, message.bodyEnd);
    const reply = message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd);
    const headers = message.headerBytes === 0 ? [] : parseHeaders(message.body, message.bodyStart, split);
    if (message.headerBytes > 0) {
      const status = headerStatus(message.body, message.bodyStart, split);
      if (status !== "") headers.unshift(["Status", status]);
    }
    return {
      subject: message.subject.text,
      reply,
      data,
      headers,
      text: () => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8"),
      json: () => JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8")) as unknown,
      respond: (answer) => {
        if (reply !== "") this.publish(reply, answer);
      },
    };
  }

  #demand(subject: string): void {
    const bytes = Buffer.from(subject, "utf8");
    if (this.#attachment.mayPublish(this.#attachment.subject(bytes, 0, bytes.length))) return;
    throw new ProduceError("denied", `not permitted to publish to ${subject}`);
  }

  #assertOpen(): void {
    if (this.#closed) throw new ProduceError("closed", "the connection is closed: connect again");
  }
}
