/**
 * `$JS.<domain>.API.>`: the same requests under the name that clients use who know the server's domain. Each is published again as
 * `$JS.API.>`, once its publisher is through, because nobody may publish from within a delivery. As on nats-server, permissions are those
 * of the subject that was published.
 */
import type { Message } from "../../../lib/message.ts";
import { Subscription } from "../../../lib/subscription.ts";
import type { Tenant } from "../../../lib/tenant.ts";
import type { CloseReason, PublishOutcome, Session } from "../../../lib/transport.ts";

/** Requests that wait for the end of their turn at most; then they are dropped, and their askers time out. */
const waitingMax = 10_000;

interface Waiting {
  readonly subject: string;
  readonly reply: string;
  readonly body: Buffer;
  readonly headerBytes: number;
}

export class DomainAlias implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly #tenant: Tenant;
  readonly #prefixLength: number;
  readonly #subscription: Subscription;
  #waiting: Waiting[] = [];

  constructor(id: number, domain: string, tenant: Tenant) {
    this.id = id;
    this.#tenant = tenant;
    const prefix = `$JS.${domain}.`;
    this.#prefixLength = prefix.length;
    this.#subscription = new Subscription({ filter: `${prefix}API.>`, session: this, label: "" });
    tenant.router.add(this.#subscription);
  }

  stop(): void {
    this.#tenant.router.remove(this.#subscription);
    this.#waiting = [];
  }

  deliver(_subscription: Subscription, message: Message): boolean {
    if (this.#waiting.length >= waitingMax) return false;
    this.#waiting.push({
      subject: `$JS.${message.subject.text.slice(this.#prefixLength)}`,
      reply: message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd),
      body: Buffer.from(message.body.subarray(message.bodyStart, message.bodyEnd)),
      headerBytes: message.headerBytes,
    });
    if (this.#waiting.length === 1) queueMicrotask(() => this.#publish());
    return true;
  }

  #publish(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { subject, reply, body, headerBytes } of waiting) this.#tenant.announce(subject, body, headerBytes, reply);
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {
    this.stop();
  }
}
