/**
 * One entry of the routing index: who wants what. A live subscription of a session, a member of a queue group, a station's
 * capture, or a responder inside the broker: all are told apart here once, not on the hot path.
 */
import type { Capture } from "./capture.ts";
import type { Session } from "./transport.ts";

export class Subscription {
  /** The filter as text, e.g. `orders.*.eu`. */
  readonly filter: string;
  readonly queue: string | undefined;
  /** Receives; for captures the station's own inert session. */
  readonly session: Session;
  /** The session's own name for it (NATS: the sid's bytes). Opaque to the core. */
  readonly label: Buffer;
  /** Defined when the entry captures for a station. */
  readonly capture: Capture | undefined;
  /** MQTT's `#`: the filter `a.>` matches `a` too. */
  readonly parentToo: boolean;
  /** MQTT's rule: a filter starting with a wildcard matches no subject that starts with `$`. */
  readonly noDollar: boolean;
  /** A predicate on content, checked at delivery. Undefined = always. */
  condition: { holds(message: import("./message.ts").Message): boolean } | undefined;
  /** Delivered so far, and after how many it ends by itself (0 = never). Kept by the owner session. */
  delivered: number;
  deliveredMax: number;
  /** False once removed from the index: a stale match skips it. */
  active: boolean;
  /** Place for the index (node number), -1 when not in it. */
  indexNode: number;

  constructor(options: {
    filter: string;
    queue?: string | undefined;
    session: Session;
    label: Buffer;
    capture?: Capture | undefined;
    parentToo?: boolean;
    noDollar?: boolean;
  }) {
    this.filter = options.filter;
    this.queue = options.queue;
    this.session = options.session;
    this.label = options.label;
    this.capture = options.capture;
    this.parentToo = options.parentToo ?? false;
    this.noDollar = options.noDollar ?? false;
    this.condition = undefined;
    this.delivered = 0;
    this.deliveredMax = 0;
    this.active = false;
    this.indexNode = -1;
  }
}
