/**
 * What a user may publish and subscribe to: the rules as they are written, and the questions a session asks. The answers are compiled
 * once per set of rules (`permission-set.ts`); a connection's own view with its permitted replies is `connection-permissions.ts`.
 *
 * The rules are NATS's: no `allow` list means everything, `deny` overrules `allow`, an entry `subject queue` speaks of members of that
 * queue group only. Where nats-server errs towards more, this errs towards less: an empty `allow` list allows nothing, a subscription
 * must be a subset of one allowed filter (`foo.>` is not covered by `foo.*`), and no entry with a queue lifts a plain deny.
 */
import type { Message } from "../message.ts";
import type { Subject } from "../router/subject.ts";

export interface Permissions {
  /** Cached on the subject; cheap to ask per message. */
  mayPublish(subject: Subject): boolean;
  maySubscribe(filter: string, queue: string | undefined): boolean;
  /**
   * A permitted subscription with wildcards can still match subjects that are denied. Then this is the condition under which it gets
   * a message; undefined when it can match none. The attachment puts it on the subscription. `parentToo`: `a.>` is to match `a`,
   * too, as MQTT's `a/#` does; the permission for `a.>` alone does not cover `a`.
   */
  deliveryFilter(filter: string, queue: string | undefined, parentToo?: boolean): DeliveryFilter | undefined;
  /** True: everything is permitted, the broker's administration included. May change while a connection lives. */
  readonly unrestricted: boolean;
  /** True: of each message delivered with a reply subject, `replyable` must be told. */
  readonly tracksReplies: boolean;
  /** The user was given a message with this reply subject and may publish to it for a while. Copies what it keeps. */
  replyable(buffer: Buffer, start: number, end: number): void;
}

/** Decides on one message for one subscription. */
export interface DeliveryFilter {
  holds(message: Message): boolean;
  /** The same of a subject alone. */
  passes(subject: Uint8Array, start: number, end: number): boolean;
}

/** The rules of one user as configured and checked. */
export interface PermissionRules {
  /** Undefined = everything, unless `allowResponses` is given: then nothing. */
  readonly publish: SubjectRules | undefined;
  /** Undefined = everything. Entries may be `subject` or `subject queue`. */
  readonly subscribe: SubjectRules | undefined;
  /** Reply subjects of what the user receives become publishable, whatever `publish` says. */
  readonly allowResponses: ResponseRule | undefined;
}

export interface SubjectRules {
  /** Undefined = everything, empty = nothing. */
  readonly allow: readonly string[] | undefined;
  readonly deny: readonly string[];
}

export interface ResponseRule {
  /** Messages per reply subject; -1 = any number. */
  readonly max: number;
  /** How long after the delivery, milliseconds; -1 = until it is forgotten for newer ones. */
  readonly expiresMs: number;
}

/** One message within two minutes, as `allowResponses: true` says. */
export const defaultResponseRule: ResponseRule = { max: 1, expiresMs: 120_000 };
