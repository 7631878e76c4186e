/** A transport in thirty lines, for the conformance suite: its clients are objects in the same process. Imports only `waystation`. */
import { Message, Subject, Subscription } from "waystation";
import type { Attachment, Session } from "waystation";

export class TinySession implements Session {
  readonly id: number;
  readonly echo: boolean = true;
  readonly #attachment: Attachment;
  /** Taken from the broker and not yet by the client. */
  readonly outbox: { readonly subject: string; readonly body: Uint8Array }[] = [];
  /** Published while the broker wanted no more. */
  #held: (() => void)[] | undefined = undefined;
  closed: boolean = false;
  room: number = 1 << 20;
  constructor(id: number, attach: (session: Session) => Attachment) {
    this.id = id;
    this.#attachment = attach(this);
  }
  deliver(_subscription: Subscription, message: Message): boolean {
    const body = Uint8Array.from(message.body.subarray(message.bodyStart + message.headerBytes, message.bodyEnd));
    if (this.closed || body.length > this.room) return false;
    this.room -= body.length;
    return this.outbox.push({ subject: message.subject.text, body }) > 0;
  }
  published(): void {}
  hold(): void {
    this.#held ??= [];
  }
  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const publish of held) publish();
  }
  close(): void {
    this.closed = true;
    this.room = 0;
    this.#attachment.detach();
  }
  publish(subject: string, body: Uint8Array): void {
    if (this.#held !== undefined) return void this.#held.push(() => this.publish(subject, body));
    const message = new Message(new Subject(Buffer.from(subject), false));
    message.body = Buffer.from(body);
    message.bodyEnd = body.length;
    this.#attachment.publish(message, 0);
  }
  subscribe(filter: string): Subscription {
    const subscription = new Subscription({ filter, session: this, label: filter });
    this.#attachment.subscribe(subscription);
    return subscription;
  }
  unsubscribe(subscription: Subscription): void {
    this.#attachment.unsubscribe(subscription);
  }
  /** The client takes everything. */
  take(): readonly { readonly subject: string; readonly body: Uint8Array }[] {
    const taken = this.outbox.splice(0);
    if (!this.closed) this.room = 1 << 20;
    this.#attachment.drained();
    return taken;
  }
}
