/** One topic filter a client subscribed to, as an entry of the routing index with what MQTT adds to it. */
import type { DeliveryFilter } from "../../lib/auth/permissions.ts";
import { compileFilter } from "../../lib/filter.ts";
import { Subscription } from "../../lib/subscription.ts";
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
}

export class Interest extends Subscription {
  readonly record: InterestRecord;
  readonly shared: boolean;
  /** What its wildcards reach and its user may not see; undefined = nothing. */
  permitted: DeliveryFilter | undefined = undefined;
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
    });
    this.record = record;
    this.shared = group !== undefined;
    this.#test = compileFilter(mapped.filter);
    this.#parent = mapped.parentToo ? compileFilter(mapped.filter.slice(0, -2)) : undefined;
  }

  /** What the index, and then the permissions, would say of this subject. */
  wants(subject: Buffer, start: number, end: number): boolean {
    if (this.noDollar && subject[start] === 0x24) return false;
    if (this.permitted !== undefined && !this.permitted.passes(subject, start, end)) return false;
    if (this.#test.matches(subject, start, end)) return true;
    return this.#parent !== undefined && this.#parent.matches(subject, start, end);
  }
}
