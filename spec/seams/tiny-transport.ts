/** A transport in one small class: no wire, a client is a session. It bounds what waits for a client, and says when that has drained. */
import { Message, Subscription } from "waystation";
import type { Attachment, Session } from "waystation";
import type { ReceivedMessage, TransportClient, TransportHost } from "waystation/conformance/transport";

const waitingBytesMax = 1024 * 1024;

export class TinyClient implements TransportClient, Session {
  readonly id: number;
  readonly echo = true;
  readonly received: ReceivedMessage[] = [];
  closed = false;
  readonly #to: Attachment;
  readonly #filters: Map<string, Subscription> = new Map();
  #waiting: ReceivedMessage[] = [];
  #waitingBytes = 0;
  #held: (() => void)[] | undefined;
  #stalled = false;

  constructor(host: TransportHost) {
    this.id = host.nextSessionId();
    this.#to = host.attach(this, host.anybody);
  }

  publish(subject: string, body: Uint8Array): void {
    if (this.#held !== undefined) return void this.#held.push(() => this.publish(subject, body));
    const bytes = Buffer.from(subject);
    const message = new Message(this.#to.subject(bytes, 0, bytes.length));
    message.body = Buffer.from(body);
    message.bodyEnd = body.length;
    this.#to.publish(message, 0);
  }

  subscribe(filter: string): Promise<void> {
    const subscription = new Subscription({ filter, session: this, label: filter });
    this.#filters.set(filter, subscription);
    this.#to.subscribe(subscription);
    return Promise.resolve();
  }

  unsubscribe(filter: string): Promise<void> {
    const subscription = this.#filters.get(filter);
    if (subscription !== undefined) this.#to.unsubscribe(subscription);
    return Promise.resolve();
  }

  get room(): number {
    return this.closed ? 0 : waitingBytesMax - this.#waitingBytes;
  }

  deliver(_subscription: Subscription, message: Message): boolean {
    const body = Buffer.from(message.body.subarray(message.bodyStart + message.headerBytes, message.bodyEnd));
    if (this.room < body.length) return false;
    const kept = { subject: message.subject.text, body };
    if (!this.#stalled) this.received.push(kept);
    else {
      this.#waiting.push(kept);
      this.#waitingBytes += body.length;
    }
    return true;
  }

  stall(): void {
    this.#stalled = true;
  }

  /** Both the client's word for taking again and the broker's for publishing again. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const publish of held) publish();
    if (!this.#stalled) return;
    this.#stalled = false;
    this.received.push(...this.#waiting.splice(0));
    this.#waitingBytes = 0;
    this.#to.drained();
  }

  hold(): void {
    this.#held ??= [];
  }

  published(): void {}

  close(): void {
    this.closed = true;
    this.#to.detach();
  }

  vanish(): void {
    this.close();
  }
}
