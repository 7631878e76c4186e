/**
 * The transport seam. A transport accepts connections and gives the broker one Session for each. Towards the broker a session
 * uses its `Attachment` (what `broker.attach` returned); the broker talks back through the Session's few synchronous calls.
 *
 * The protocol owns its words: ack texts, packet ids, JSON, status codes. The core has kinds only.
 */
import type { Message } from "./message.ts";
import type { Subject } from "./router/subject.ts";
import type { Subscription } from "./subscription.ts";
import type { Identity } from "./auth/identity.ts";

/** What became of a publish that carried a token. */
export interface PublishOutcome {
  /** `stored` and `duplicate` are durable. `staged`: waits for the rest of its atomic batch. `refused`: by the station's rules; `code` says which. `failed`: the store cannot take it now. */
  kind: "stored" | "duplicate" | "staged" | "refused" | "failed";
  station: string;
  sequence: number;
  /** Of refused and failed. */
  code: PublishRefusal | undefined;
  /** One sentence for people and logs. */
  message: string;
  /** Facts some refusals carry: the actual last sequence or last message id. */
  lastSequence: number;
  lastMessageId: string;
  /** Of a committed atomic batch: its id and how many messages it stored, `sequence` being the last one's. Else "" and 0. */
  batch: string;
  batchCount: number;
  /** Of a counter's record that was stored: the new sum. Else "". */
  sum: string;
}

export type PublishRefusal =
  | "wrong_last_sequence"
  | "wrong_last_subject_sequence"
  | "wrong_last_message_id"
  | "wrong_station"
  | "messages_max"
  | "bytes_max"
  | "messages_per_subject_max"
  | "message_bytes_max"
  | "sealed"
  | "rollup_denied"
  | "rollup_invalid"
  | "ttl_denied"
  | "ttl_invalid"
  | "bad_header"
  | "no_space"
  | "tenant_full"
  | "duplicate_ids_full"
  | "schema"
  | "batch_denied"
  | "batch_id_invalid"
  | "batch_sequence_missing"
  | "batch_incomplete"
  | "batch_too_large"
  | "batch_commit_invalid"
  | "batch_header"
  | "batch_duplicate_id"
  | "batches_max"
  | "level_not_met"
  | "fast_batch_denied"
  | "fast_batch_pattern_invalid"
  | "fast_batch_id_invalid"
  | "fast_batch_unknown"
  | "fast_batches_max"
  | "counter_denied"
  | "counter_increment_missing"
  | "counter_increment_invalid"
  | "counter_payload"
  | "counter_broken"
  | "counters_busy"
  | "schedule_denied"
  | "schedule_pattern_invalid"
  | "schedule_zone_invalid"
  | "schedule_ttl_invalid"
  | "schedule_rollup_invalid"
  | "schedule_target_invalid"
  | "schedule_source_invalid"
  | "schedule_scheduler_invalid"
  | "source_header_denied"
  | "store_failed";

/** What the broker may ask of a session. All synchronous, none may throw. Only `published` may call back, with `answer`. */
export interface Session {
  /** Unique per broker, counts from 1. */
  readonly id: number;
  /** Skip deliveries of what the session itself published (NATS `echo: false`, MQTT no local decides itself). */
  readonly echo: boolean;
  /**
   * Takes a message for one of its subscriptions; copies what it keeps. False = no room now: a group keeps the message and
   * retries after `Attachment.drained`; for a plain subscription the session itself decides what a slow consumer means.
   */
  deliver(subscription: Subscription, message: Message): boolean;
  /** Bytes it could take now without exceeding its bound; groups ask before they deliver. */
  readonly room: number;
  /**
   * True while much waits to be sent: who publishes to it is made to wait a little, so that it is not overrun by a publisher that
   * the broker could slow down. Absent = never.
   */
  readonly crowded?: boolean;
  /** Its peer is not there, what it takes waits for it. Of a queue group those who are there come first. Absent = false. */
  readonly away?: boolean;
  /** A publisher has waited so long for it, and it is crowded still. Who takes nothing meanwhile is soon not `crowded` any more, until it does. */
  waited?(ms: number): void;
  /** False: `hold` cannot stop the peer from sending, so it is used only when it must be. Absent = true. */
  readonly stallable?: boolean;
  /** The outcome of a publish with a token; in order of publishing; the object is reused. */
  published(token: number, outcome: PublishOutcome): void;
  /** Stop, or go on, reading from the peer: the broker is at one of its bounds. */
  hold(): void;
  resume(): void;
  /** The user's permissions are others now: it ends its subscriptions that are no longer allowed. Absent: it has none that could be. */
  permissionsChanged?(): void;
  /** The broker ends it (shutdown, user removed, takeover). */
  close(reason: CloseReason): void;
}

export type CloseReason =
  | "shutdown"
  | "lame_duck"
  | "credentials_revoked"
  | "credentials_expired"
  | "tenant_expired"
  | "kicked"
  | "slow_consumer"
  | "too_many_connections"
  | "fault";

/** What a session may do to the broker. Given by `broker.attach`; bound to one tenant and one identity. */
export interface Attachment {
  readonly identity: Identity;
  /** Finds or makes the interned subject. The result is valid during the current call only when `transient`. */
  subject(bytes: Buffer, start: number, end: number): Subject;
  /**
   * Routes and captures. Returns how many took it (live deliveries and captures). Permission has been checked by the
   * session with `mayPublish`. `token` ≠ 0 asks for `published`, which comes as often as `captured` says.
   */
  publish(message: Message, token: number): number;
  /** How many outcomes follow the last `publish`, when it carried a token: one for each station that captured it, usually 0 or 1. */
  readonly captured: number;
  /** Routes an answer of the broker's own, such as a publish's outcome: as `publish`, but also to the session itself whatever its `echo`. */
  answer(message: Message): number;
  /** The session's own plain subscription that matches, if any: where it waits for a reply. */
  ownSubscription(subject: Subject): Subscription | undefined;
  mayPublish(subject: Subject): boolean;
  /** Undefined when allowed, else why not. */
  maySubscribe(filter: string, queue: string | undefined): boolean;
  /** Takes effect before it returns. The filter has been checked by `parseFilter`. */
  subscribe(subscription: Subscription): void;
  unsubscribe(subscription: Subscription): void;
  /** Room appeared after a `deliver` that returned false. */
  drained(): void;
  /** The session is gone: drops its subscriptions and pulls. Callable twice. */
  detach(): void;
}
