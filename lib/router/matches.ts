/** What one subject reaches: computed by the index once, cached with the subject until interest changes. Never mutated once published. */
import type { Subscription } from "../subscription.ts";

export interface Matches {
  /** Plain subscriptions: each gets the message. */
  readonly plain: readonly Subscription[];
  /** Queue groups: in each, one member gets it. */
  readonly queues: readonly (readonly Subscription[])[];
  /** Station captures (`Subscription.capture` defined): the message is stored. */
  readonly captures: readonly Subscription[];
}
