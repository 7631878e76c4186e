/** One topic filter a client subscribed to, as an entry of the routing index with what MQTT adds to it. */
import type { DeliveryFilter } from "../../lib/auth/permissions.ts";
import { compileFilter } from "../../lib/filter.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { Condition } from "../../lib/subscription.ts";
import type { Session } from "../../lib/transport.ts";
import type { SubjectFilterTest } from "../../store/store.ts";
import type { MappedFilter } from "./topic.ts";

/** As kept with a durable session. */
export interface InterestRecord {
  readonly topicFilter: string;
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** 0 = none. */
  readonly identifier: number;
  /** Of the log of kept messages: only later ones are this interest's. */
  readonly since: number;
  /** A condition on content, `""` = none. */
  readonly condition: string;
}

export class Interest extends Subscription {
  readonly record: InterestRecord;
  readonly shared: boolean;
  /** What its wildcards reach and its user may not see; undefined = nothing. */
  permitted: DeliveryFilter | undefined = undefined;
  /** What the client asked of the content. */
  content: Condition | undefined = undefined;
  readonly #test: SubjectFilterTest;
  /** Of `a/#`: a test of `a`, which the one of `a.>` leaves out. */
  readonly #parent: SubjectFilterTest | undefined;

  constructor(session: Session, record: InterestRecord, mapped: MappedFilter, group: string | undefined) {
    super({
      filter: mapped.filter,
      queue: group,
      session,
      label: record.topicFilter,
      parentToo: mapped.parentToo,
      noDollar: mapped.noDollar,
      // Round robin: what users of shared subscriptions expect.
      rotates: group !== undefined,
    });
    this.record = record;
    this.shared = group !== undefined;
    this.#test = compileFilter(mapped.filter);
    this.#parent = mapped.parentToo ? compileFilter(mapped.filter.slice(0, -2)) : undefined;
  }

  /** Puts what the client may see and what it asked for together, as the condition of its deliveries. */
  settle(): void {
    const { permitted, content } = this;
    if (permitted === undefined || content === undefined) this.condition = permitted ?? content;
    else this.condition = { holds: (message) => permitted.holds(message) && content.holds(message) };
  }

  /** What the index, and then the permissions, would say of this subject. */
  wants(subject: Buffer, start: number, end: number): boolean {
    if (this.noDollar && subject[start] === 0x24) return false;
    if (this.permitted !== undefined && !this.permitted.passes(subject, start, end)) return false;
    if (this.#test.matches(subject, start, end)) return true;
    return this.#parent !== undefined && this.#parent.matches(subject, start, end);
  }
}
