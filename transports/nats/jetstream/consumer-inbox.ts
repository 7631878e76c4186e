/**
 * Puts deliveries and statuses into the inboxes of NATS clients. A delivery shows the record's own subject and bytes, and a reply
 * subject that acknowledges it, rendered digit by digit into one reused buffer:
 *
 *     $JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time, ns>.<still to come>
 */
import { Message, nothing } from "../../../lib/message.ts";
import type { Group } from "../../../lib/consumer/group.ts";
import type { Delivery, GroupPosition, PullSink, PullStatus, PushSink } from "../../../lib/consumer/sink.ts";
import type { Pull } from "../../../lib/consumer/pulls.ts";
import type { Matches } from "../../../lib/router/matches.ts";
import { Subject } from "../../../lib/router/subject.ts";
import type { Subscription } from "../../../lib/subscription.ts";
import type { Tenant } from "../../../lib/tenant.ts";
import type { RecordView } from "../../../store/store.ts";
import { putDigits } from "../../bytes.ts";

/** Bytes a door adds around a message at most, beside subject, reply and body. */
const framingBytes = 64;
const digitsMax = 120;
const preamble: Buffer = Buffer.from("NATS/1.0\r\n");
const dot = 0x2e;
const zero = 0x30;

/** Renders for all groups of a tenant: one message, one buffer for reply subjects. */
export class Renderer {
  readonly message: Message = new Message(new Subject(nothing, true));
  readonly tenant: Tenant;
  #reply: Buffer = Buffer.alloc(1024);
  #prefix: Buffer = nothing;
  /** `.<time, ns>.` of the last delivery: records of one turn have the same. */
  readonly #time: Buffer = Buffer.alloc(24);
  #timeBytes = 0;
  #timeUs = -1;
  #headers: Buffer = Buffer.alloc(1024);
  #subject: Subject | undefined = undefined;

  constructor(tenant: Tenant) {
    this.tenant = tenant;
  }

  /** Fills the message; `prefix` is the group's `$JS.ACK.<stream>.<consumer>.`. */
  render(prefix: Buffer, record: RecordView, delivery: Delivery, headersOnly: boolean): Message {
    const message = this.message;
    message.subject = this.#subjectOf(record);
    message.replyBuffer = this.#reply;
    message.replyStart = 0;
    message.replyEnd = this.#renderReply(prefix, delivery);
    message.replyBuffer = this.#reply;
    if (headersOnly) this.#strip(record);
    else {
      message.body = record.buffer;
      message.bodyStart = record.bodyStart;
      message.headerBytes = record.headerBytes;
      message.bodyEnd = record.bodyEnd;
    }
    if (delivery.pin !== "") this.#addPin(delivery.pin);
    return message;
  }

  /** A header block alone, to be sent to `inbox`. */
  status(inbox: Subject, block: Buffer, reply: Buffer): Message {
    const message = this.message;
    message.subject = inbox;
    message.replyBuffer = reply;
    message.replyStart = 0;
    message.replyEnd = reply.length;
    message.body = block;
    message.bodyStart = 0;
    message.headerBytes = message.bodyEnd = block.length;
    return message;
  }

  /** Records of one subject often come in a row: the entry of the last one is compared before anything is looked up. */
  #subjectOf(record: RecordView): Subject {
    const { buffer, subjectStart, subjectEnd } = record;
    const last = this.#subject;
    if (last !== undefined && same(last.bytes, buffer, subjectStart, subjectEnd)) return last;
    const subject = this.tenant.router.resolve(buffer, subjectStart, subjectEnd);
    this.#subject = subject.transient ? undefined : subject;
    return subject;
  }

  #renderReply(prefix: Buffer, delivery: Delivery): number {
    if (prefix !== this.#prefix) {
      if (prefix.length + digitsMax > this.#reply.length) this.#reply = Buffer.alloc(prefix.length + digitsMax);
      prefix.copy(this.#reply);
      this.#prefix = prefix;
    }
    const reply = this.#reply;
    let at = putDigits(reply, prefix.length, delivery.deliveries);
    reply[at++] = dot;
    at = putDigits(reply, at, delivery.sequence);
    reply[at++] = dot;
    at = putDigits(reply, at, delivery.count);
    if (delivery.timeUs !== this.#timeUs) this.#renderTime(delivery.timeUs);
    const time = this.#time;
    const timeBytes = this.#timeBytes;
    for (let index = 0; index < timeBytes; index++) reply[at++] = time[index] as number;
    return putDigits(reply, at, delivery.outstanding);
  }

  #renderTime(timeUs: number): void {
    const time = this.#time;
    time[0] = dot;
    const at = putDigits(time, 1, timeUs);
    time[at] = zero;
    time[at + 1] = zero;
    time[at + 2] = zero;
    time[at + 3] = dot;
    this.#timeBytes = at + 4;
    this.#timeUs = timeUs;
  }

  /** A header more, for who is pinned: copied, because the record's bytes are not ours. */
  #addPin(pin: string): void {
    const message = this.message;
    const { body, bodyStart, headerBytes, bodyEnd } = message;
    const before = headerBytes > 0 ? body.subarray(bodyStart, bodyStart + headerBytes - 2) : preamble;
    const line = Buffer.from(`Nats-Pin-Id: ${pin}\r\n\r\n`, "latin1");
    message.body = Buffer.concat([before, line, body.subarray(bodyStart + headerBytes, bodyEnd)]);
    message.bodyStart = 0;
    message.headerBytes = before.length + line.length;
    message.bodyEnd = message.body.length;
  }

  /** The record's headers without its payload, whose size becomes a header. */
  #strip(record: RecordView): void {
    const { buffer, bodyStart, headerBytes, bodyEnd } = record;
    const size = `Nats-Msg-Size: ${bodyEnd - bodyStart - headerBytes}\r\n\r\n`;
    const kept = headerBytes > 0 ? headerBytes - 2 : preamble.length;
    if (kept + size.length > this.#headers.length) this.#headers = Buffer.alloc(kept + size.length);
    const headers = this.#headers;
    if (headerBytes > 0) buffer.copy(headers, 0, bodyStart, bodyStart + kept);
    else preamble.copy(headers);
    const end = kept + headers.write(size, kept, "latin1");
    const message = this.message;
    message.body = headers;
    message.bodyStart = 0;
    message.headerBytes = message.bodyEnd = end;
  }
}

function same(bytes: Buffer, buffer: Buffer, start: number, end: number): boolean {
  const length = bytes.length;
  if (length !== end - start) return false;
  for (let index = 0; index < length; index++) {
    if (bytes[index] !== buffer[start + index]) return false;
  }
  return true;
}

/** A subject deliveries go to, and whoever is subscribed to it now. */
export class Inbox {
  readonly subject: Subject;
  readonly #tenant: Tenant;
  readonly #queue: string | undefined;
  #turn = 0;

  /** `bytes` are kept. With `queue`, only its members count. */
  constructor(tenant: Tenant, bytes: Buffer, queue: string | undefined) {
    this.#tenant = tenant;
    this.subject = new Subject(bytes, false);
    this.#queue = queue;
  }

  get interested(): boolean {
    const matches = this.#tenant.router.match(this.subject);
    return matches.plain.length + matches.queues.length > 0;
  }

  /** Somebody is subscribed to this very subject, in the queue if there is one: who listens by a wildcard only looks on. */
  get bound(): boolean {
    const matches = this.#tenant.router.match(this.subject);
    const { text } = this.subject;
    if (this.#queue === undefined && matches.plain.some((subscription) => subscription.filter === text)) return true;
    return matches.queues.some(
      (members) => (this.#queue === undefined || members[0]?.queue === this.#queue) && members.some((member) => member.filter === text),
    );
  }

  /** False when nobody had room. */
  send(message: Message): boolean {
    const matches = this.#tenant.router.match(this.subject);
    const needed =
      message.bodyEnd - message.bodyStart + message.subject.bytes.length + message.replyEnd - message.replyStart + framingBytes;
    const only = matches.plain[0];
    if (this.#queue === undefined && only !== undefined && matches.plain.length === 1 && matches.queues.length === 0) {
      return offer(only, message, needed);
    }
    return this.#sendToAll(matches, message, needed);
  }

  #sendToAll(matches: Matches, message: Message, needed: number): boolean {
    let taken = false;
    if (this.#queue === undefined) {
      for (const subscription of matches.plain) taken = offer(subscription, message, needed) || taken;
    }
    for (const members of matches.queues) {
      if (this.#queue !== undefined && members[0]?.queue !== this.#queue) continue;
      taken = this.#offerToOne(members, message, needed) || taken;
    }
    return taken;
  }

  #offerToOne(members: readonly Subscription[], message: Message, needed: number): boolean {
    for (let tried = 0; tried < members.length; tried++) {
      const member = members[this.#turn++ % members.length];
      if (member !== undefined && offer(member, message, needed)) return true;
    }
    return false;
  }
}

function offer(subscription: Subscription, message: Message, needed: number): boolean {
  return subscription.active && subscription.session.room >= needed && subscription.session.deliver(subscription, message);
}

/** What a group's deliveries have in common on the wire. */
export interface GroupWire {
  readonly renderer: Renderer;
  /** `$JS.ACK.<stream>.<consumer>.` */
  readonly ackPrefix: Buffer;
  /** `$JS.FC.<stream>.<consumer>.` */
  readonly flowPrefix: string;
  readonly group: Group;
}

const noReply: Buffer = Buffer.alloc(0);

function block(text: string): Buffer {
  return Buffer.from(`NATS/1.0 ${text}\r\n\r\n`, "latin1");
}

/** One waiting pull's inbox. */
export class PullInbox implements PullSink {
  readonly inbox: Inbox;
  readonly #wire: GroupWire;

  constructor(wire: GroupWire, bytes: Buffer) {
    this.#wire = wire;
    this.inbox = new Inbox(wire.renderer.tenant, bytes, undefined);
  }

  get gone(): boolean {
    return !this.inbox.interested;
  }

  deliver(record: RecordView, delivery: Delivery): boolean {
    const { renderer, ackPrefix, group } = this.#wire;
    return this.inbox.send(renderer.render(ackPrefix, record, delivery, group.config.headersOnly));
  }

  size(record: RecordView, delivery: Delivery): number {
    const { renderer, ackPrefix, group } = this.#wire;
    const message = renderer.render(ackPrefix, record, delivery, group.config.headersOnly);
    return message.subject.bytes.length + message.replyEnd + message.bodyEnd - message.bodyStart;
  }

  status(status: PullStatus, pull: Pull, group: GroupPosition): void {
    this.tell(statusText(status, pull, group));
  }

  /** A status in JetStream's words, e.g. `404 No Messages`. */
  tell(text: string): void {
    this.inbox.send(this.#wire.renderer.status(this.inbox.subject, block(text), noReply));
  }
}

function statusText(status: PullStatus, pull: Pull, group: GroupPosition): string {
  const bytes = pull.bytesLeft === Infinity ? 0 : pull.bytesLeft;
  const pending = `Nats-Pending-Messages: ${Math.max(0, pull.left)}\r\nNats-Pending-Bytes: ${bytes}`;
  switch (status) {
    case "empty":
      return "404 No Messages";
    case "expired":
      return `408 Request Timeout\r\n${pending}`;
    case "batchCompleted":
      return `409 Batch Completed\r\n${pending}`;
    case "bytesExceeded":
      return `409 Message Size Exceeds MaxBytes\r\n${pending}`;
    case "wrongPin":
      return `423 Nats-Wrong-Pin-Id\r\n${pending}`;
    case "deleted":
      return "409 Consumer Deleted";
    case "shutdown":
      return "409 Server Shutdown";
    case "heartbeat":
      return heartbeatText(group.deliveredCount, group.deliveredSequence);
  }
}

function heartbeatText(count: number, sequence: number): string {
  return `100 Idle Heartbeat\r\nNats-Last-Consumer: ${count}\r\nNats-Last-Stream: ${sequence}`;
}

/** The subject a push group delivers to. */
export class PushInbox implements PushSink {
  readonly #wire: GroupWire;
  readonly #inbox: Inbox;

  constructor(wire: GroupWire, subject: string, queue: string | undefined) {
    this.#wire = wire;
    this.#inbox = new Inbox(wire.renderer.tenant, Buffer.from(subject, "utf8"), queue);
  }

  get gone(): boolean {
    return !this.#inbox.bound;
  }

  deliver(record: RecordView, delivery: Delivery): boolean {
    const { renderer, ackPrefix, group } = this.#wire;
    return this.#inbox.send(renderer.render(ackPrefix, record, delivery, group.config.headersOnly));
  }

  size(record: RecordView, delivery: Delivery): number {
    const { renderer, ackPrefix, group } = this.#wire;
    const message = renderer.render(ackPrefix, record, delivery, group.config.headersOnly);
    return message.subject.bytes.length + message.replyEnd + message.bodyEnd - message.bodyStart;
  }

  status(): void {}

  heartbeat(count: number, sequence: number, stalled: number): void {
    const stall = stalled === 0 ? "" : `\r\nNats-Consumer-Stalled: ${this.#wire.flowPrefix}${stalled}`;
    this.#tell(heartbeatText(count, sequence) + stall, noReply);
  }

  flowRequest(id: number): void {
    this.#tell("100 FlowControl Request", Buffer.from(`${this.#wire.flowPrefix}${id}`, "utf8"));
  }

  #tell(text: string, reply: Buffer): void {
    this.#inbox.send(this.#wire.renderer.status(this.#inbox.subject, block(text), reply));
  }
}
