/**
 * One tenant: its routing index and what hangs on it. `publish` is the broker's hot path: match once, deliver to live
 * subscriptions, pick one member of each queue group, hand captures to their stations. Nothing here waits.
 */
import type { Random } from "../store/environment.ts";
import { nothing, Message } from "./message.ts";
import type { Matches } from "./router/matches.ts";
import { Router } from "./router/router.ts";
import { Subject } from "./router/subject.ts";
import type { Access } from "./station/access.ts";
import type { Subscription } from "./subscription.ts";
import type { CloseReason, PublishOutcome, Session } from "./transport.ts";

export class Tenant {
  readonly name: string;
  readonly router: Router;
  /** Publishes of the broker itself come from here: it wants nothing and ignores outcomes. */
  readonly system: Session;
  /** How many stations captured the last `publish` or `dispatch`: each sends one outcome. */
  captured = 0;
  /** Whose own publish is under way; undefined while the broker delivers for somebody or speaks itself. */
  publisher: Session | undefined = undefined;
  /** A receiver of the last dispatch with much waiting: its publisher should wait for it a little. */
  crowded: Session | undefined = undefined;
  /** Judges what stations are reached by beside their filters; undefined = nothing is. */
  access: Access | undefined = undefined;
  /** Counts dispatches, so that who is called several times during one can tell. */
  dispatches = 0;
  /** Messages and bytes published into this tenant since start. */
  messagesIn = 0;
  bytesIn = 0;
  /** Deliveries made to live subscriptions. */
  messagesOut = 0;
  readonly #random: Random;
  readonly #own: Message = new Message(new Subject(nothing, true));

  constructor(name: string, router: Router, random: Random) {
    this.name = name;
    this.router = router;
    this.system = new SystemSession();
    this.#random = random;
  }

  /** Routes `message` by its own subject. Returns how many took it, captures included. */
  publish(from: Session, message: Message, token: number): number {
    this.messagesIn++;
    this.bytesIn += message.bodyEnd - message.bodyStart;
    return this.dispatch(this.router.match(message.subject), from, message, token);
  }

  /** Delivers `message` to `matches`, whatever its subject says: how a pull's delivery reaches an inbox. */
  dispatch(matches: Matches, from: Session, message: Message, token: number): number {
    let taken = 0;
    this.captured = 0;
    this.crowded = undefined;
    this.dispatches++;
    message.examined = undefined;
    const plain = matches.plain;
    for (let i = 0; i < plain.length; i++) {
      const subscription = plain[i];
      if (subscription === undefined || !wants(subscription, from, message)) continue;
      const { session } = subscription;
      session.deliver(subscription, message);
      if (session.crowded === true) this.crowded = session;
      taken++;
    }
    const queues = matches.queues;
    for (let i = 0; i < queues.length; i++) {
      const members = queues[i];
      if (members !== undefined && this.#deliverToOne(members, from, message)) taken++;
    }
    this.messagesOut += taken;
    const captures = matches.captures;
    for (let i = 0; i < captures.length; i++) {
      const subscription = captures[i];
      if (subscription === undefined || !subscription.active || subscription.capture === undefined) continue;
      if (subscription.capture.capture(message, from, token)) this.captured++;
      taken++;
    }
    return taken;
  }

  /** Publishes something of the broker's own: advisories, replies. `body` is header block then payload. */
  announce(subject: string, body: Buffer, headerBytes: number, reply = ""): number {
    const bytes = Buffer.from(subject, "utf8");
    const message = this.#own;
    message.subject = this.router.resolve(bytes, 0, bytes.length);
    message.replyBuffer = reply === "" ? nothing : Buffer.from(reply, "utf8");
    message.replyStart = 0;
    message.replyEnd = message.replyBuffer.length;
    message.body = body;
    message.bodyStart = 0;
    message.headerBytes = headerBytes;
    message.bodyEnd = body.length;
    return this.dispatch(this.router.match(message.subject), this.system, message, 0);
  }

  /** Tries the members, from the one whose turn it is or from a random one, until one takes it; those who are away last. */
  #deliverToOne(members: readonly Subscription[], from: Session, message: Message): boolean {
    const count = members.length;
    const turn = members[0]?.nextTurn() ?? -1;
    const start = count === 1 ? 0 : turn < 0 ? Math.floor(this.#random.fraction() * count) : turn % count;
    let away = 0;
    for (let i = 0; i < count; i++) {
      const member = members[(start + i) % count];
      if (member === undefined) continue;
      if (member.session.away === true) away++;
      else if (this.#deliverToMember(member, from, message)) return true;
    }
    if (away === 0) return false;
    for (let i = 0; i < count; i++) {
      const member = members[(start + i) % count];
      if (member?.session.away === true && this.#deliverToMember(member, from, message)) return true;
    }
    return false;
  }

  #deliverToMember(member: Subscription, from: Session, message: Message): boolean {
    if (!wants(member, from, message) || !member.session.deliver(member, message)) return false;
    if (member.session.crowded === true) this.crowded = member.session;
    return true;
  }
}

function wants(subscription: Subscription, from: Session, message: Message): boolean {
  if (!subscription.active) return false;
  if (subscription.session === from && !from.echo) return false;
  return subscription.condition === undefined || subscription.condition.holds(message);
}

/** The broker's own voice. */
class SystemSession implements Session {
  readonly id = 0;
  readonly echo = true;
  readonly room = 0;
  deliver(_subscription: Subscription, _message: Message): boolean {
    return true;
  }
  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {}
}
