/**
 * One entry of the routing index: who wants what. A live subscription of a session, a member of a queue group, a station's
 * capture, or a responder inside the broker: all are told apart here once, not on the hot path.
 */
import type { Capture } from "./capture.ts";
import type { Message } from "./message.ts";
import type { Session } from "./transport.ts";

/** What few subscriptions have; kept apart so that the many are small. */
interface Traits {
  queue: string | undefined;
  capture: Capture | undefined;
  condition: Condition | undefined;
  deliveredMax: number;
  parentToo: boolean;
  noDollar: boolean;
  /** See `nextTurn`. */
  turn: number;
}

/** A predicate on content. */
export interface Condition {
  holds(message: Message): boolean;
}

export class Subscription {
  /** The filter as text, e.g. `orders.*.eu`. */
  readonly filter: string;
  /** Receives; for captures the station's own inert session. */
  readonly session: Session;
  /** The session's own name for it (NATS: the sid, a number when it is a plain decimal below 2^31, which takes no memory). Opaque to the core. */
  readonly label: string | number;
  /** Delivered so far; kept by the owner session. */
  delivered: number;
  #traits: Traits | undefined;
  /** The place in the index, and the lowest bit: active. */
  #state: number;

  constructor(options: {
    filter: string;
    queue?: string | undefined;
    session: Session;
    label: string | number;
    capture?: Capture | undefined;
    parentToo?: boolean;
    noDollar?: boolean;
    rotates?: boolean;
  }) {
    this.filter = options.filter;
    this.session = options.session;
    this.label = options.label;
    this.delivered = 0;
    this.#traits = undefined;
    this.#state = -2;
    if (options.queue !== undefined || options.capture !== undefined || options.parentToo === true || options.noDollar === true) {
      this.#traits = {
        queue: options.queue,
        capture: options.capture,
        condition: undefined,
        deliveredMax: 0,
        parentToo: options.parentToo ?? false,
        noDollar: options.noDollar ?? false,
        turn: options.rotates === true ? 0 : -1,
      };
    }
  }

  /** A plain subscription without anything special to ask about: most are. */
  get ordinary(): boolean {
    return this.#traits === undefined;
  }

  get queue(): string | undefined {
    return this.#traits?.queue;
  }

  /** Defined when the entry captures for a station. */
  get capture(): Capture | undefined {
    return this.#traits?.capture;
  }

  /** MQTT's `#`: the filter `a.>` matches `a` too. */
  get parentToo(): boolean {
    return this.#traits !== undefined && this.#traits.parentToo;
  }

  /** MQTT's rule: a filter starting with a wildcard matches no subject that starts with `$`. */
  get noDollar(): boolean {
    return this.#traits !== undefined && this.#traits.noDollar;
  }

  /** Of a queue group's first member: whose turn it is, counted up; -1 = the group picks by chance. */
  nextTurn(): number {
    const traits = this.#traits;
    if (traits === undefined || traits.turn < 0) return -1;
    const { turn } = traits;
    traits.turn = (turn + 1) & 0x3fffffff;
    return turn;
  }

  /** A predicate on content, checked at delivery. Undefined = always. */
  get condition(): Condition | undefined {
    return this.#traits?.condition;
  }

  set condition(condition: Condition | undefined) {
    if (condition !== this.condition) this.#special().condition = condition;
  }

  /** After how many deliveries it ends by itself (0 = never). Kept by the owner session. */
  get deliveredMax(): number {
    return this.#traits === undefined ? 0 : this.#traits.deliveredMax;
  }

  set deliveredMax(count: number) {
    if (count !== this.deliveredMax) this.#special().deliveredMax = count;
  }

  /** False once removed from the index, or ended by its owner: a stale match skips it. */
  get active(): boolean {
    return (this.#state & 1) !== 0;
  }

  set active(active: boolean) {
    this.#state = active ? this.#state | 1 : this.#state & ~1;
  }

  /** For the index alone: where the entry is, -1 when not in it. */
  get place(): number {
    return this.#state >> 1;
  }

  set place(place: number) {
    this.#state = (place << 1) | (this.#state & 1);
  }

  #special(): Traits {
    return (this.#traits ??= {
      queue: undefined,
      capture: undefined,
      condition: undefined,
      deliveredMax: 0,
      parentToo: false,
      noDollar: false,
      turn: -1,
    });
  }
}
