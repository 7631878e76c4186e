/** A session's handle on the broker: bound to one tenant and one identity, dropped with the session. */
import type { Identity } from "./auth/identity.ts";
import type { Timer } from "./clock.ts";
import type { Message } from "./message.ts";
import type { Subject } from "./router/subject.ts";
import type { Subscription } from "./subscription.ts";
import type { Tenant } from "./tenant.ts";
import type { Attachment, Session } from "./transport.ts";

/** So many subscriptions that have gone are kept before anybody looks for them. */
const goneMin = 32;

/** What an attachment needs of the broker besides the tenant. */
export interface AttachmentHost {
  /** The session has room again: whoever had deliveries refused tries once more. */
  drained(session: Session): void;
  detached(attachment: TenantAttachment): void;
  /** The session just published into a station whose store is at a bound. */
  throttle(session: Session): void;
  readonly congested: boolean;
  /** The session just published to a receiver that has much waiting. */
  stall(session: Session, receiver: Session): void;
}

export class TenantAttachment implements Attachment {
  readonly identity: Identity;
  readonly session: Session;
  readonly tenant: Tenant;
  captured = 0;
  /** Runs until the identity's credentials expire; set and cancelled by the host. */
  expiry: Timer | undefined = undefined;
  readonly #host: AttachmentHost;
  /** In the order they came; those that have gone from the index stay until they are many. */
  #subscriptions: Subscription[] = [];
  #gone = 0;
  #attached = true;

  constructor(host: AttachmentHost, tenant: Tenant, session: Session, identity: Identity) {
    this.#host = host;
    this.tenant = tenant;
    this.session = session;
    this.identity = identity;
  }

  subject(bytes: Buffer, start: number, end: number): Subject {
    return this.tenant.router.resolve(bytes, start, end);
  }

  publish(message: Message, token: number): number {
    this.tenant.publisher = this.session;
    const taken = this.tenant.publish(this.session, message, token);
    this.tenant.publisher = undefined;
    this.captured = this.tenant.captured;
    if (this.captured > 0 && this.#host.congested) this.#host.throttle(this.session);
    if (this.tenant.crowded !== undefined) this.#host.stall(this.session, this.tenant.crowded);
    return taken;
  }

  answer(message: Message): number {
    return this.tenant.publish(this.tenant.system, message, 0);
  }

  ownSubscription(subject: Subject): Subscription | undefined {
    const plain = this.tenant.router.match(subject).plain;
    for (let index = 0; index < plain.length; index++) {
      const subscription = plain[index];
      if (subscription !== undefined && subscription.active && subscription.session === this.session) return subscription;
    }
    return undefined;
  }

  mayPublish(subject: Subject): boolean {
    const permissions = this.identity.permissions;
    if (permissions === undefined) return true;
    return this.tenant.access?.mayPublish(subject, permissions) ?? permissions.mayPublish(subject);
  }

  maySubscribe(filter: string, queue: string | undefined): boolean {
    const permissions = this.identity.permissions;
    if (permissions === undefined) return true;
    return this.tenant.access?.maySubscribe(filter, queue, permissions) ?? permissions.maySubscribe(filter, queue);
  }

  subscribe(subscription: Subscription): void {
    if (!this.#attached) return;
    this.#subscriptions.push(subscription);
    // What a wildcard reaches beyond the permissions is held back message by message.
    subscription.condition ??= this.identity.permissions?.deliveryFilter(subscription.filter, subscription.queue, subscription.parentToo);
    this.tenant.router.add(subscription);
  }

  unsubscribe(subscription: Subscription): void {
    if (!this.tenant.router.remove(subscription)) return;
    if (++this.#gone < goneMin || this.#gone * 2 < this.#subscriptions.length) return;
    this.#subscriptions = this.#subscriptions.filter((each) => each.place !== -1);
    this.#gone = 0;
  }

  drained(): void {
    this.#host.drained(this.session);
  }

  detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    for (const subscription of this.#subscriptions) this.tenant.router.remove(subscription);
    this.#subscriptions = [];
    this.#host.detached(this);
  }
}
