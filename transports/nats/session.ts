/**
 * One NATS client: frames in, messages out. Decodes a chunk synchronously into calls on its attachment; encodes deliveries and
 * answers into its outbox. Knows the protocol's words and nothing of stations or routing. The order of checks and the exact
 * answers are nats-server's, because clients and their tests compare them.
 *
 * Reading stops for named reasons, kept as bits; a chunk under way is finished unless its decoding must wait.
 */
import type { Identity } from "../../lib/auth/identity.ts";
import type { Permissions } from "../../lib/auth/permissions.ts";
import { parseFilter, parseSubject } from "../../lib/filter.ts";
import type { Message } from "../../lib/message.ts";
import { nothing } from "../../lib/message.ts";
import type { Subject } from "../../lib/router/subject.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { Attachment, CloseReason, PublishOutcome, Session } from "../../lib/transport.ts";
import { putBytes } from "../bytes.ts";
import type { Connection, ConnectionHandler } from "../carriages/connection.ts";
import { Outbox } from "../outbox.ts";
import { Admission } from "./admission.ts";
import type { Applicant } from "./admission.ts";
import { connectDefaults } from "./connect-options.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { Decoder, frame } from "./decoder.ts";
import type { FrameKind } from "./decoder.ts";
import {
  endedTextOf,
  endReasonOf,
  errorLine,
  errorTexts,
  publishViolation,
  replyViolation,
  subscriptionLost,
  subscriptionViolation,
} from "./errors.ts";
import type { ClosingError } from "./errors.ts";
import { KeepAlive } from "./keep-alive.ts";
import { Replies } from "./replies.ts";
import type { DoorTls, SessionHost } from "./session-host.ts";
import { SidTable, sidOf } from "./sid-table.ts";

/** Why nothing is read now. */
const holdBroker = 1;
const holdReplies = 2;
const holdDeciding = 4;
const holdMemory = 8;
const holdTurn = 16;
const holdDraining = 32;
/** For these, frames already received wait too. */
const holdDecoding = holdDeciding | holdMemory | holdTurn;

/**
 * After so many messages and deliveries, about two milliseconds, a publisher waits for the end of the turn, so that others have
 * theirs: at the end of a chunk, or in its middle when it has become twice as many.
 */
const workPerTurn = 8_192;

const okBytes = Buffer.from("+OK\r\n");
const pingBytes = Buffer.from("PING\r\n");
const pongBytes = Buffer.from("PONG\r\n");
const ackPrefix = Buffer.from("$JS.ACK.");
const adminPrefix = Buffer.from("$WAYSTATION.");

export class NatsSession implements Session, ConnectionHandler, Applicant {
  readonly id: number;
  readonly connection: Connection;
  echo: boolean;
  /** Counters for the operator. */
  messagesIn: number;
  bytesIn: number;
  messagesOut: number;
  bytesOut: number;
  /** Microseconds since the epoch. */
  readonly startUs: number;
  /** When it last did something, as of the last tick. */
  activeUs: number;
  /** How long the last ping took; 0 = not known yet. */
  rttUs: number;
  /** Why it ended, in monitoring's words. */
  endedBy: string;
  readonly #host: SessionHost;
  readonly #decoder: Decoder;
  readonly #outbox: Outbox;
  readonly #keepAlive: KeepAlive;
  readonly #subscriptions: SidTable;
  readonly #admission: Admission;
  /** Made with the first publish that waits for an outcome. */
  #replies: Replies | undefined;
  #attachment: Attachment | undefined;
  #permissions: Permissions | undefined;
  #previousSubject: Subject | undefined;
  #headers: boolean;
  #verbose: boolean;
  #pedantic: boolean;
  #noResponders: boolean;
  #holds: number;
  /** Messages and deliveries since it last waited for a turn to end. */
  #work: number;
  readonly #nextTurn: () => void;
  #decoding: boolean;
  #closing: boolean;
  #pingedMs: number;
  #outAtTick: number;

  /** `tls`: what this connection's carriage is to be upgraded to. */
  constructor(host: SessionHost, id: number, connection: Connection, tls: DoorTls | undefined) {
    const limits = host.limits;
    this.id = id;
    this.connection = connection;
    this.echo = connectDefaults.echo;
    this.messagesIn = 0;
    this.bytesIn = 0;
    this.messagesOut = 0;
    this.bytesOut = 0;
    this.startUs = this.activeUs = host.clock.nowUs();
    this.rttUs = 0;
    this.endedBy = "Client Closed";
    this.#host = host;
    this.#decoder = new Decoder(limits, host.frameMemory);
    // Three of the largest messages always fit, so that a group, which asks for room first, can deliver any.
    const pendingBytesMax = Math.max(limits.pendingOutBytesMax, 3 * limits.payloadBytesMax);
    this.#outbox = new Outbox({
      connection,
      pool: host.pool,
      flushList: host.flushList,
      pendingBytesMax,
      roomBytesMax: Math.floor((pendingBytesMax * 2) / 3),
      drained: () => this.#attachment?.drained(),
    });
    this.#keepAlive = new KeepAlive(limits);
    this.#subscriptions = new SidTable();
    this.#admission = new Admission(host, this, tls);
    this.#replies = undefined;
    this.#attachment = undefined;
    this.#permissions = undefined;
    this.#previousSubject = undefined;
    this.#headers = false;
    this.#verbose = connectDefaults.verbose;
    this.#pedantic = connectDefaults.pedantic;
    this.#noResponders = false;
    this.#holds = 0;
    this.#work = 0;
    this.#nextTurn = () => this.#release(holdTurn);
    this.#decoding = false;
    this.#closing = false;
    this.#pingedMs = host.clock.monotonicMs();
    this.#outAtTick = 0;
  }

  get identity(): Identity | undefined {
    return this.#attachment?.identity;
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  get subscriptions(): Subscription[] {
    return this.#subscriptions.list();
  }

  /** What CONNECT said. */
  get options(): ConnectOptions {
    return this.#admission.options;
  }

  /** What INFO asked the client to sign; `""` when keys are not asked for. */
  get nonce(): string {
    return this.#admission.nonce;
  }

  get pendingBytes(): number {
    return this.#outbox.pending;
  }

  /** Socket writes so far: what a budget in a test is held against. */
  get writes(): number {
    return this.#outbox.writes;
  }

  get stallable(): boolean {
    return this.connection.keepsMore !== false;
  }

  get crowded(): boolean {
    return this.#outbox.crowded;
  }

  waited(ms: number): void {
    this.#outbox.waited(ms);
  }

  get room(): number {
    return this.#closing ? 0 : this.#outbox.room;
  }

  // ─── beginning ───

  /** Greets and begins to read. With `refusal` it says that instead and closes. */
  start(refusal: ClosingError | undefined): void {
    this.#admission.start(refusal);
    this.connection.start(this);
  }

  requireConnect(): void {
    this.#decoder.connectOnly = true;
  }

  setDeciding(deciding: boolean): void {
    if (deciding) this.#hold(holdDeciding);
    else this.#release(holdDeciding);
  }

  admit(identity: Identity, options: ConnectOptions | undefined): void {
    const same = this.#attachment !== undefined && !this.#admission.connected && this.#attachment.identity === identity;
    if (!same) {
      // A second CONNECT starts anew.
      this.#attachment?.detach();
      this.#attachment = undefined;
      this.#subscriptions.clear();
      if (this.#host.full(identity)) {
        this.refuse(errorTexts.tenantConnectionsExceeded);
        return;
      }
      // Outcomes still to come are not told to whoever it is now; their tokens are not given again.
      if (this.#replies !== undefined) this.#replies = new Replies(this.#replies.nextToken);
      this.#attachment = this.#host.attach(this, identity);
      this.#permissions = identity.permissions;
    }
    this.#previousSubject = undefined;
    if (options === undefined) return;
    // CONNECT answers INFO: a first estimate.
    this.#wentRound();
    this.#decoder.connectOnly = false;
    this.echo = options.echo;
    this.#headers = options.headers;
    this.#decoder.headersAllowed = options.headers;
    this.#verbose = options.verbose;
    this.#pedantic = options.pedantic;
    this.#noResponders = options.noResponders;
    if (options.verbose) this.#send(okBytes);
  }

  /** The door is about to close. */
  announceLameDuck(): void {
    this.#admission.announceLameDuck(this.identity);
  }

  // ─── bytes in ───

  data(chunk: Buffer): void {
    if (this.#closing) return;
    this.#keepAlive.heard = true;
    if (this.#admission.takesForTls(chunk)) return;
    this.#decoder.feed(chunk);
    if ((this.#holds & holdDecoding) === 0) this.#decode();
    else this.#decoder.keep();
  }

  #decode(): void {
    const decoder = this.#decoder;
    this.#decoding = true;
    for (;;) {
      const kind = decoder.next();
      if (kind === frame.publish && this.#attachment !== undefined) {
        this.#publish(this.#attachment);
        if (this.#work > 2 * workPerTurn) this.#waitForTurn();
      } else if (kind === frame.none) {
        break;
      } else {
        this.#control(kind);
      }
      if (this.#closing) break;
      if ((this.#holds & holdDecoding) !== 0) {
        decoder.keep();
        break;
      }
    }
    this.#decoding = false;
    const message = this.#host.message;
    message.body = message.replyBuffer = nothing;
    if (this.#replies?.full === true) this.#hold(holdReplies);
    if (this.#work > workPerTurn) this.#waitForTurn();
  }

  #waitForTurn(): void {
    this.#work = 0;
    // Waiting would only move the bytes from one buffer to another.
    if (this.connection.pausesPeer === false) return;
    this.#hold(holdTurn);
    this.#host.clock.endOfTurn(this.#nextTurn);
  }

  #control(kind: FrameKind): void {
    const decoder = this.#decoder;
    switch (kind) {
      case frame.ping:
        this.#send(pongBytes);
        this.#admission.ponged(this.identity);
        break;
      case frame.pong:
        this.#keepAlive.ponged();
        this.#wentRound();
        break;
      case frame.subscribe:
        if (this.#attachment !== undefined) this.#subscribe(this.#attachment);
        break;
      case frame.unsubscribe:
        this.#unsubscribe();
        break;
      case frame.connect:
        this.#admission.connect(decoder.buffer.toString("utf8", decoder.textStart, decoder.textEnd));
        break;
      case frame.waiting:
        this.#hold(holdMemory);
        break;
      case frame.unknownOperation:
        this.#fail(errorTexts.unknownOperation);
        break;
      case frame.controlLineTooLong:
        this.#fail(errorTexts.controlLineExceeded);
        break;
      case frame.payloadTooLarge:
        this.#fail(errorTexts.payloadViolation);
        break;
      case frame.badArguments:
        this.endedBy = "Parse Error";
        this.#end();
        break;
      case frame.notConnected:
        this.#fail(errorTexts.authorizationViolation);
        break;
    }
  }

  // ─── publishing ───

  #publish(attachment: Attachment): void {
    const decoder = this.#decoder;
    const buffer = decoder.buffer;
    let subject = this.#previousSubject;
    if (subject === undefined || !decoder.subjectRepeated) {
      subject = attachment.subject(buffer, decoder.subjectStart, decoder.subjectEnd);
      if (decoder.subjectKept) this.#previousSubject = subject.transient ? undefined : subject;
    }
    this.messagesIn++;
    this.bytesIn += decoder.bodyEnd - decoder.bodyStart;
    if (this.#pedantic && parseSubject(subject.text) === undefined) this.#sendError(errorTexts.invalidPublishSubject.text);
    if (!attachment.mayPublish(subject)) {
      this.#sendError(publishViolation(subject.text));
      return;
    }
    const message = this.#host.message;
    message.subject = subject;
    message.body = buffer;
    message.bodyStart = decoder.bodyStart;
    message.headerBytes = decoder.headerBytes;
    message.bodyEnd = decoder.bodyEnd;
    message.replyBuffer = buffer;
    const replyStart = (message.replyStart = decoder.replyStart);
    const replyEnd = (message.replyEnd = decoder.replyEnd);
    if (replyEnd === replyStart) {
      if (this.#verbose) this.#send(okBytes);
      this.#work += attachment.publish(message, 0) + 1;
      return;
    }
    if (isReservedReply(buffer, replyStart, replyEnd)) {
      this.#sendError(replyViolation(buffer.toString("utf8", replyStart, replyEnd)));
      return;
    }
    if (this.#verbose) this.#send(okBytes);
    const replies = (this.#replies ??= new Replies(1));
    const taken = attachment.publish(message, replies.nextToken);
    this.#work += taken + 1;
    const outcomes = attachment.captured;
    if (outcomes > 0) replies.remember(buffer, replyStart, replyEnd, outcomes);
    else if (taken === 0 && this.#noResponders) this.#answerNoResponders(attachment, message);
  }

  /** Nobody took the request: its sender is told at the inbox it waits at, whoever else listens there. */
  #answerNoResponders(attachment: Attachment, message: Message): void {
    const subjectText = message.subject.text;
    const inbox = attachment.subject(message.replyBuffer, message.replyStart, message.replyEnd);
    const subscription = attachment.ownSubscription(inbox);
    if (subscription === undefined) return;
    const headers = Buffer.from(`NATS/1.0 503\r\nNats-Subject: ${subjectText}\r\n\r\n`);
    message.subject = inbox;
    message.replyStart = message.replyEnd = 0;
    message.body = headers;
    message.bodyStart = 0;
    message.headerBytes = message.bodyEnd = headers.length;
    this.#host.encoder.encode(this.#outbox, subscription, message, this.#headers);
  }

  published(token: number, outcome: PublishOutcome): void {
    const attachment = this.#attachment;
    const replies = this.#replies;
    if (attachment === undefined || replies === undefined || this.#closing || !replies.find(token)) return;
    const acks = this.#host.acks;
    acks.render(outcome);
    const message = this.#host.message;
    message.subject = attachment.subject(replies.buffer, replies.start, replies.end);
    message.replyStart = message.replyEnd = 0;
    message.body = acks.buffer;
    message.bodyStart = 0;
    message.headerBytes = 0;
    message.bodyEnd = acks.end;
    attachment.answer(message);
    replies.settle(token);
    if ((this.#holds & holdReplies) !== 0 && !replies.full) this.#release(holdReplies);
    if ((this.#holds & holdDraining) !== 0 && replies.waiting === 0) this.#host.clock.endOfTurn(() => this.#end());
  }

  // ─── deliveries ───

  deliver(subscription: Subscription, message: Message): boolean {
    if (this.#closing) return false;
    if (!this.#host.encoder.encode(this.#outbox, subscription, message, this.#headers)) {
      this.#slow();
      return false;
    }
    this.messagesOut++;
    this.bytesOut += message.bodyEnd - message.bodyStart;
    const permissions = this.#permissions;
    if (permissions !== undefined && message.replyEnd !== message.replyStart && permissions.tracksReplies) {
      permissions.replyable(message.replyBuffer, message.replyStart, message.replyEnd);
    }
    const delivered = ++subscription.delivered;
    if (subscription.deliveredMax !== 0 && delivered >= subscription.deliveredMax) this.#drop(subscription);
    return true;
  }

  // ─── subscriptions ───

  #subscribe(attachment: Attachment): void {
    const decoder = this.#decoder;
    const buffer = decoder.buffer;
    const text = buffer.toString("utf8", decoder.subjectStart, decoder.subjectEnd);
    const queue = decoder.replyEnd === decoder.replyStart ? undefined : buffer.toString("utf8", decoder.replyStart, decoder.replyEnd);
    const sid = sidOf(buffer, decoder.sidStart, decoder.sidEnd);
    if (!attachment.maySubscribe(text, queue)) {
      this.#sendError(subscriptionViolation(text, queue));
      return;
    }
    const { subscriptionsMax } = attachment.identity.limits ?? this.#host.limits;
    if (this.#subscriptions.size >= subscriptionsMax) {
      this.#sendError(errorTexts.subscriptionsExceeded.text);
      return;
    }
    if (this.#subscriptions.get(sid) === undefined) {
      const filter = parseFilter(text);
      if (filter === undefined) {
        this.#sendError(errorTexts.invalidSubject.text);
        return;
      }
      const subscription = new Subscription({ filter, queue, session: this, label: sid });
      const condition = this.#permissions?.deliveryFilter(filter, queue);
      if (condition !== undefined) subscription.condition = condition;
      this.#subscriptions.add(sid, subscription);
      attachment.subscribe(subscription);
    }
    if (this.#verbose) this.#send(okBytes);
  }

  #unsubscribe(): void {
    const decoder = this.#decoder;
    const subscription = this.#subscriptions.get(sidOf(decoder.buffer, decoder.sidStart, decoder.sidEnd));
    if (subscription !== undefined) {
      subscription.deliveredMax = decoder.max;
      if (subscription.delivered >= decoder.max) this.#drop(subscription);
    }
    if (this.#verbose) this.#send(okBytes);
  }

  #drop(subscription: Subscription): void {
    this.#subscriptions.delete(subscription.label);
    this.#attachment?.unsubscribe(subscription);
  }

  /** The user's permissions have changed: subscriptions that are no longer allowed end, and the client is told which. */
  permissionsChanged(): void {
    const permissions = this.#permissions;
    if (permissions === undefined || this.#closing) return;
    for (const subscription of this.#subscriptions.list()) {
      const { filter, queue } = subscription;
      if (!permissions.maySubscribe(filter, queue)) {
        this.#sendError(subscriptionLost(filter, queue, String(subscription.label)));
        this.#drop(subscription);
        continue;
      }
      const condition = permissions.deliveryFilter(filter, queue);
      if (condition !== subscription.condition) subscription.condition = condition;
    }
  }

  // ─── time ───

  /** Called by the door now and then. */
  tick(elapsedMs: number): void {
    if (this.#closing) return;
    const limits = this.#host.limits;
    if (this.#keepAlive.heard || this.messagesOut !== this.#outAtTick) this.#active();
    if (this.#attachment === undefined && this.#admission.overdue(elapsedMs)) {
      this.#fail(errorTexts.authenticationTimeout);
      return;
    }
    if (this.#outbox.stalledFor(elapsedMs) > limits.pendingOutMs) {
      this.#slow("Slow Consumer (Write Deadline)");
      return;
    }
    const expiresMs = this.#attachment?.identity.expiresMs;
    if (expiresMs !== undefined && this.#host.clock.nowUs() > expiresMs * 1000) {
      this.#fail(errorTexts.authenticationExpired);
      return;
    }
    if (this.#attachment !== undefined) {
      const verdict = this.#keepAlive.tick(elapsedMs);
      if (verdict === "ping") {
        this.#pingedMs = this.#host.clock.monotonicMs();
        this.#send(pingBytes);
      } else if (verdict === "stale") this.#fail(errorTexts.staleConnection);
    }
    // A large frame that found no memory tries again.
    this.#release(holdMemory);
  }

  #wentRound(): void {
    if (this.#pingedMs > 0) this.rttUs = Math.max(1, Math.round((this.#host.clock.monotonicMs() - this.#pingedMs) * 1000));
    this.#pingedMs = 0;
  }

  #active(): void {
    this.activeUs = this.#host.clock.nowUs();
    this.#outAtTick = this.messagesOut;
  }

  // ─── holding ───

  hold(): void {
    this.#hold(holdBroker);
  }

  resume(): void {
    this.#release(holdBroker);
  }

  #hold(reason: number): void {
    if (this.#holds === 0) this.connection.pause();
    this.#holds |= reason;
  }

  #release(reason: number): void {
    if ((this.#holds & reason) === 0) return;
    this.#holds &= ~reason;
    if ((reason & holdDecoding) !== 0 && (this.#holds & holdDecoding) === 0 && !this.#decoding && !this.#closing) this.#decode();
    if (this.#holds === 0 && !this.#closing) this.connection.resume();
  }

  // ─── answers ───

  #send(bytes: Buffer): void {
    if (!this.#outbox.open(bytes.length)) {
      this.#slow();
      return;
    }
    this.#outbox.commit(putBytes(this.#outbox.chunk, this.#outbox.at, bytes, 0, bytes.length));
  }

  send(text: string): void {
    this.#send(Buffer.from(text));
  }

  flush(): void {
    this.#outbox.flush();
  }

  #sendError(text: string): void {
    this.send(errorLine(text));
  }

  // ─── ending ───

  refuse(error: ClosingError | undefined): void {
    if (error === undefined) this.#end();
    else this.#fail(error);
  }

  #fail(error: ClosingError): void {
    if (this.#closing) return;
    this.endedBy = endedTextOf(error);
    this.#sendError(error.text);
    this.connection.explain?.(endReasonOf(error), error.text);
    this.#end();
  }

  /** Reads no more, and ends once every publish it has made is answered. */
  #drain(): void {
    if (this.#closing) return;
    if (this.#replies === undefined || this.#replies.waiting === 0) this.#end();
    else this.#hold(holdDraining);
  }

  /** Sends what waits and closes. */
  #end(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#outbox.end();
    this.#leave();
  }

  /** All connections together have too much waiting, and this one most. */
  cut(): void {
    if (this.#closing) this.#host.clock.endOfTurn(() => this.connection.destroy());
    else this.#slow();
  }

  /**
   * It does not take what it subscribed to: cut, without a word it would not read either. Where the carriage has a word for it, a slow
   * reader that still reads gets to it.
   */
  #slow(how: string = "Slow Consumer (Pending Bytes)"): void {
    if (this.#closing) return;
    this.#closing = true;
    this.endedBy = how;
    // Not now: a delivery to others may be under way over the same matches.
    this.#host.clock.endOfTurn(() => {
      if (this.connection.explain === undefined) {
        this.connection.destroy();
      } else {
        this.connection.explain("slow", "slow consumer: subscribe to less, or read faster");
        this.#outbox.end();
      }
      this.#leave();
    });
  }

  close(reason: CloseReason): void {
    if (!this.#closing) this.endedBy = reason === "kicked" ? "Kicked" : "Server Shutdown";
    switch (reason) {
      case "credentials_revoked":
        this.#fail(errorTexts.authenticationRevoked);
        break;
      case "tenant_expired":
        this.#fail(errorTexts.accountExpired);
        break;
      case "credentials_expired":
        this.#fail(errorTexts.authenticationExpired);
        break;
      case "too_many_connections":
        this.#fail(errorTexts.tenantConnectionsExceeded);
        break;
      case "slow_consumer":
        this.#slow();
        break;
      case "shutdown":
      case "lame_duck":
        this.connection.explain?.("going_away", "the broker stops here: connect again");
        this.#drain();
        break;
      case "kicked":
      case "fault":
        this.connection.explain?.("denied", "ended by the operator");
        this.#end();
        break;
    }
  }

  closed(): void {
    if (this.#keepAlive.heard || this.messagesOut !== this.#outAtTick) this.#active();
    this.#closing = true;
    // Told first: its subscriptions are still there to be counted.
    this.#host.closed(this);
    this.#leave();
    this.#outbox.close();
  }

  /** Its subscriptions end; what waits in the outbox may still be leaving. */
  #leave(): void {
    this.#attachment?.detach();
    this.#admission.cancel();
    this.#subscriptions.clear();
    this.#decoder.close();
  }
}

/** What is sent to such subjects acts for its sender: as a reply they would let a client ack for others, or have others administer. */
function isReservedReply(buffer: Buffer, start: number, end: number): boolean {
  return buffer[start] === 0x24 && (startsWith(buffer, start, end, ackPrefix) || startsWith(buffer, start, end, adminPrefix));
}

function startsWith(buffer: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start <= prefix.length) return false;
  for (let index = 1; index < prefix.length; index++) if (buffer[start + index] !== prefix[index]) return false;
  return true;
}
