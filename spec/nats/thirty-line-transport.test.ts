/** What a stranger writes against the transport seam passes its suite. */
import type { Subscription } from "waystation";
import { transportConformance } from "../conformance/transport.ts";
import type { ReceivedMessage, TransportClient } from "../conformance/transport.ts";
import { TinySession } from "./thirty-line-transport.ts";

class TinyClient implements TransportClient {
  readonly #session: TinySession;
  readonly #received: ReceivedMessage[] = [];
  readonly #subscriptions = new Map<string, Subscription>();
  #stalled = false;

  constructor(session: TinySession) {
    this.#session = session;
  }

  get received(): readonly ReceivedMessage[] {
    if (!this.#stalled) this.#received.push(...this.#session.take());
    return this.#received;
  }

  get closed(): boolean {
    return this.#session.closed;
  }

  publish(subject: string, body: Uint8Array): void {
    this.#session.publish(subject, body);
  }

  subscribe(filter: string): Promise<void> {
    this.#subscriptions.set(filter, this.#session.subscribe(filter));
    return Promise.resolve();
  }

  unsubscribe(filter: string): Promise<void> {
    const subscription = this.#subscriptions.get(filter);
    if (subscription !== undefined) this.#session.unsubscribe(subscription);
    return Promise.resolve();
  }

  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    this.#received.push(...this.#session.take());
  }

  vanish(): void {
    this.#session.close();
  }
}

transportConformance("thirty lines", (host) => {
  const sessions: TinySession[] = [];
  return Promise.resolve({
    connect: () => {
      const session = new TinySession(host.nextSessionId(), (self) => host.attach(self, host.anybody));
      sessions.push(session);
      return Promise.resolve(new TinyClient(session));
    },
    close: () => {
      for (const session of sessions) session.close();
      return Promise.resolve();
    },
  });
});
