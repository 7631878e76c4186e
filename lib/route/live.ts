/**
 * Routes for what nobody stores: a message is judged as it is delivered, and its copies are published at the end of the turn, once or, when
 * too many wait or the process dies, not at all. What a station captures is left to its follower, which makes sure.
 */
import type { Clock } from "../../store/environment.ts";
import type { MessageFacts } from "../condition/facts.ts";
import { Message, nothing } from "../message.ts";
import type { Matches } from "../router/matches.ts";
import { Subject } from "../router/subject.ts";
import { Subscription } from "../subscription.ts";
import type { CloseReason, PublishOutcome, Session } from "../transport.ts";
import { CopyWriter, hopsMax, routesOf } from "./copy.ts";
import type { Route } from "./route.ts";
import type { RouteIndex } from "./route-index.ts";

/** What may wait for the end of a turn; the rest is dropped and counted. */
const waitingMax = 16_384;
const waitingBytesMax: number = 16 * 1024 * 1024;

export interface LiveHost {
  readonly clock: Clock;
  readonly tenant: {
    readonly router: {
      add(subscription: Subscription): void;
      remove(subscription: Subscription): void;
      match(subject: Subject): Matches;
      resolve(bytes: Buffer, start: number, end: number): Subject;
    };
    publish(from: Session, message: Message, token: number): number;
  };
  readonly facts: MessageFacts;
  mayPublish(owner: string, subject: Subject): boolean;
}

interface Waiting {
  readonly route: Route;
  readonly to: string;
  readonly subject: string;
  readonly reply: Buffer;
  /** Header block and payload. */
  readonly buffer: Buffer;
  readonly headerBytes: number;
  readonly passed: readonly string[];
}

export class LiveRoutes implements Session {
  readonly id = 0;
  readonly echo = true;
  readonly room = 0;
  readonly #host: LiveHost;
  readonly #writer: CopyWriter = new CopyWriter();
  readonly #message: Message = new Message(new Subject(nothing, true));
  readonly #found: Route[] = [];
  #index: RouteIndex | undefined;
  #entries: Subscription[] = [];
  #waiting: Waiting[] = [];
  #waitingBytes = 0;

  constructor(host: LiveHost) {
    this.#host = host;
  }

  /** Judges by these from now on. */
  use(index: RouteIndex): void {
    const { router } = this.#host.tenant;
    const before = this.#entries;
    this.#index = index;
    this.#entries = index.filters.map((filter, label) => new Subscription({ filter, session: this, label, noDollar: true }));
    for (const entry of this.#entries) router.add(entry);
    for (const entry of before) router.remove(entry);
  }

  close(_reason?: CloseReason): void {
    for (const entry of this.#entries) this.#host.tenant.router.remove(entry);
    this.#entries = [];
    this.#waiting = [];
  }

  deliver(entry: Subscription, message: Message): boolean {
    const { facts, tenant } = this.#host;
    const rules = typeof entry.label === "number" ? this.#index?.rules[entry.label] : undefined;
    if (rules === undefined) return true;
    // Whoever captures stores, be it a station or one of its partitions.
    if (tenant.router.match(message.subject).captures.length > 0) return true;
    facts.look(message);
    const count = rules.find(facts, this.#found, 0);
    for (let found = 0; found < count; found++) {
      const route = this.#found[found];
      if (route !== undefined) this.#keep(route, message);
    }
    return true;
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}

  #keep(route: Route, message: Message): void {
    const { body, bodyStart, headerBytes, bodyEnd, replyBuffer, replyStart, replyEnd } = message;
    const to = route.template.render(this.#host.facts);
    const passed = routesOf(body, bodyStart, headerBytes);
    const loop = passed.length >= hopsMax || passed.includes(route.name);
    const size = bodyEnd - bodyStart;
    const full = this.#waiting.length >= waitingMax || this.#waitingBytes + size > waitingBytesMax;
    if (to === undefined || loop || full) {
      route.lost++;
      return;
    }
    const reply = replyStart === replyEnd ? nothing : Buffer.from(replyBuffer.subarray(replyStart, replyEnd));
    this.#waitingBytes += size;
    this.#waiting.push({
      route,
      to,
      subject: message.subject.text,
      reply,
      buffer: Buffer.from(body.subarray(bodyStart, bodyEnd)),
      headerBytes,
      passed,
    });
    if (this.#waiting.length === 1) this.#host.clock.endOfTurn(() => this.#send());
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const { tenant } = this.#host;
    const message = this.#message;
    for (const { route, to, subject, reply, buffer, headerBytes, passed } of waiting) {
      const bytes = Buffer.from(to, "utf8");
      message.subject = tenant.router.resolve(bytes, 0, bytes.length);
      if (!this.#host.mayPublish(route.config.owner, message.subject)) {
        route.lost++;
        continue;
      }
      this.#writer.write(message, { subject, buffer, bodyStart: 0, headerBytes, bodyEnd: buffer.length }, route.name, passed, "", 0);
      message.replyBuffer = reply;
      message.replyStart = 0;
      message.replyEnd = reply.length;
      tenant.publish(this, message, 0);
      route.copied++;
    }
  }
}
