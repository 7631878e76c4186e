/** Somebody of the broker's own who listens on a subject for a while, e.g. for the chunks of a backup. What comes is copied. */
import type { Message } from "../../../lib/message.ts";
import { Subscription } from "../../../lib/subscription.ts";
import type { Tenant } from "../../../lib/tenant.ts";
import type { CloseReason, PublishOutcome, Session } from "../../../lib/transport.ts";

export class Listener implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly #tenant: Tenant;
  readonly #subscription: Subscription;
  readonly #heard: (payload: Buffer, reply: string) => void;

  /** `heard` may not publish at once: it is called from within a publish. */
  constructor(id: number, tenant: Tenant, filter: string, heard: (payload: Buffer, reply: string) => void) {
    this.id = id;
    this.#tenant = tenant;
    this.#heard = heard;
    this.#subscription = new Subscription({ filter, session: this, label: "" });
    tenant.router.add(this.#subscription);
  }

  deliver(_subscription: Subscription, message: Message): boolean {
    const payload = Buffer.from(message.body.subarray(message.bodyStart + message.headerBytes, message.bodyEnd));
    this.#heard(payload, message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd));
    return true;
  }

  stop(): void {
    this.#tenant.router.remove(this.#subscription);
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {
    this.stop();
  }
}
