/**
 * Where deliveries go. A door implements `PullSink` once for its way of receiving: a NATS inbox, an HTTP response, an SDK member.
 * All calls are synchronous; none may call back into the group.
 */
import type { RecordView, Sequence } from "../../store/store.ts";
import type { Pull } from "./pulls.ts";

/** One delivery, a reused object: what a receiver is told beside the record. */
export class Delivery {
  sequence: Sequence = 0;
  /** Number of this delivery, counted over the group from 1. */
  count = 0;
  /** How many times this record was delivered, this one included. */
  deliveries = 0;
  timeUs = 0;
  /** Records still to come after this one. */
  outstanding = 0;
  /** What the receiver shows with its next pull, where one member at a time is served; else `""`. */
  pin = "";
}

/**
 * Why something other than a record is told. `empty`: nothing there and no wait. `expired`: its time is over. `batchCompleted`: with
 * bytes to spare. `bytesExceeded`: the next record is larger than what is left. `wrongPin`: somebody else is pinned. `deleted`, `shutdown`: the group, the broker ends.
 * `heartbeat`: alive, nothing to deliver.
 */
export type PullStatus = "empty" | "expired" | "batchCompleted" | "bytesExceeded" | "wrongPin" | "deleted" | "shutdown" | "heartbeat";

/** How far a group has come. */
export interface GroupPosition {
  readonly deliveredCount: number;
  readonly deliveredSequence: Sequence;
}

export interface PullSink {
  /** Takes a record and copies what it keeps. False = no room now: it is offered again after `drained`. */
  deliver(record: RecordView, delivery: Delivery): boolean;
  /** What this delivery counts against a pull's bytes. */
  size(record: RecordView, delivery: Delivery): number;
  /** Nobody receives there any more: the pull is dropped without a word. */
  readonly gone: boolean;
  status(status: PullStatus, pull: Pull, group: GroupPosition): void;
}

/** What a push group's receiver is told beside records. */
export interface PushSink extends PullSink {
  /** Alive, nothing to deliver. `stalled`: the outstanding request for confirmation, 0 = none. */
  heartbeat(count: number, sequence: Sequence, stalled: number): void;
  /** Asks the receiver to confirm what it has; it answers with `group.confirmFlow(id)`. */
  flowRequest(id: number): void;
}
