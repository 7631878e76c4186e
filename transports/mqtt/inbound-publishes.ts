/**
 * The client's publishes on their way to an acknowledgement, as its session remembers them: who waits for which outcome, and which
 * QoS 2 identifiers are received and not released. It outlives connections: the outcome of a publish whose connection has gone
 * still decides what the same publish, sent again on the next connection, is answered.
 */
import { AckQueue } from "./ack-queue.ts";
import { reason } from "./packet/reason.ts";

/** Makes identifiers durable with the session's progress. */
export interface IdentifierKeeper {
  inboundBegan(packetId: number): void;
  /** `then` runs when it is durable. */
  inboundEnded(packetId: number, then: () => void): void;
}

type Waiter = (reasonCode: number) => void;

const nobody: readonly Waiter[] = [];

export class InboundPublishes {
  readonly #keeper: IdentifierKeeper;
  /** Identifiers of QoS 2 publishes received and not released. */
  readonly #identifiers: Set<number> = new Set();
  /** Those of them whose outcome is not known yet, with the later copies that wait for it too. */
  readonly #unsettled: Map<number, readonly Waiter[]> = new Map();
  /** Of the connection that is, and of earlier ones with outcomes still to come. Their tokens are disjoint. */
  #queues: AckQueue[] = [];

  constructor(keeper: IdentifierKeeper) {
    this.#keeper = keeper;
  }

  /** A connection takes the session over: its acknowledgements leave in a queue of their own. */
  queueFor(send: (packetId: number, qos: number, reasonCode: number, why: string) => void): AckQueue {
    const queue = new AckQueue(send, this.#queues.at(-1)?.next ?? 1);
    this.#queues = this.#queues.filter((earlier) => earlier.size > 0);
    this.#queues.push(queue);
    return queue;
  }

  /** `why` is said to a client that wants to know. */
  outcome(token: number, reasonCode: number, why = ""): void {
    for (const queue of this.#queues) queue.settle(token, reasonCode, why);
  }

  has(packetId: number): boolean {
    return this.#identifiers.has(packetId);
  }

  /** How many identifiers are not released. */
  get size(): number {
    return this.#identifiers.size;
  }

  get identifiers(): Iterable<number> {
    return this.#identifiers;
  }

  /** A QoS 2 publish of this identifier begins. It rides the commit that makes its message durable. */
  begins(packetId: number): void {
    this.#identifiers.add(packetId);
    this.#unsettled.set(packetId, nobody);
    this.#keeper.inboundBegan(packetId);
  }

  /** True when the outcome of the first copy is still to come: `told` will be called with it. */
  whenSettled(packetId: number, told: Waiter): boolean {
    const waiters = this.#unsettled.get(packetId);
    if (waiters === undefined) return false;
    this.#unsettled.set(packetId, [...waiters, told]);
    return true;
  }

  /** The outcome is known. A refused publish frees its identifier (MQTT-4.3.3): the same one sent once more is a new one. */
  settled(packetId: number, reasonCode: number): void {
    const waiters = this.#unsettled.get(packetId) ?? nobody;
    this.#unsettled.delete(packetId);
    if (reasonCode >= reason.unspecified) this.ends(packetId, ignore);
    for (const told of waiters) told(reasonCode);
  }

  /** `then` runs when the identifier is free for good, and PUBCOMP may leave. False when it was not known. */
  ends(packetId: number, then: () => void): boolean {
    this.#unsettled.delete(packetId);
    const known = this.#identifiers.delete(packetId);
    if (known) this.#keeper.inboundEnded(packetId, then);
    else then();
    return known;
  }

  /** After a restart. */
  restore(packetId: number): void {
    this.#identifiers.add(packetId);
  }

  restoreEnd(packetId: number): void {
    this.#identifiers.delete(packetId);
  }
}

function ignore(): void {}
