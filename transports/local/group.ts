/**
 * A consumer group for the program that embeds the broker: fetch what is there, settle each delivery. The same group any other door's
 * members share, under the permissions they need.
 */
import type { GroupConfig } from "../../lib/consumer/config.ts";
import { groupConfig } from "../../lib/consumer/config.ts";
import type { Group, PullRefusal } from "../../lib/consumer/group.ts";
import type { Groups } from "../../lib/consumer/groups.ts";
import type { Delivery, GroupPosition, PullSink, PullStatus } from "../../lib/consumer/sink.ts";
import type { Pull } from "../../lib/consumer/pulls.ts";
import type { Clock } from "../../lib/clock.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { HeaderList } from "../../lib/headers.ts";
import { parseHeaders } from "../../lib/headers.ts";
import type { RecordView } from "../../store/store.ts";

export interface FetchOptions {
  /** Records at most. Default 1. */
  readonly batch?: number;
  /** How long to wait for the first one, milliseconds; 0 = not at all. Default 5,000. */
  readonly expiresMs?: number;
  /** Of a keyed group: who fetches. Default: the connection. */
  readonly member?: string;
}

/** How a delivery is settled: by a publish to its ack subject, as at any other door. */
export interface Settler {
  settle(subject: string, payload: string): void;
  confirm(subject: string, payload: string): Promise<void>;
}

/** One record delivered, to be acknowledged. */
export class LocalDelivery {
  readonly station: string;
  readonly sequence: number;
  readonly subject: string;
  readonly time: Date;
  readonly headers: HeaderList;
  readonly data: Uint8Array;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  readonly #settler: Settler;
  readonly #ackSubject: string;

  constructor(settler: Settler, station: string, group: string, record: RecordView, deliveries: number) {
    const { buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd } = record;
    this.station = station;
    this.sequence = record.sequence;
    this.subject = buffer.toString("utf8", subjectStart, subjectEnd);
    this.time = new Date(record.timeUs / 1000);
    this.headers = headerBytes === 0 ? [] : parseHeaders(buffer, bodyStart, bodyStart + headerBytes);
    this.data = Uint8Array.prototype.slice.call(buffer, bodyStart + headerBytes, bodyEnd);
    this.deliveries = deliveries;
    this.#settler = settler;
    this.#ackSubject = `$JS.ACK.${station}.${group}.${deliveries}.${record.sequence}.1.0.0`;
  }

  /** The key it was produced with; default its subject. */
  get key(): string {
    return this.headers.find(([name]) => name === "Waystation-Key")?.[1] ?? this.subject;
  }

  /** `data` as UTF-8. */
  text(): string {
    return Buffer.from(this.data.buffer, this.data.byteOffset, this.data.byteLength).toString("utf8");
  }

  /** Done; resolves when that is durable. */
  ack(): Promise<void> {
    return this.#settler.confirm(this.#ackSubject, "+ACK");
  }

  /** Not done: again, at once or after a delay. */
  nak(delayMs: number = 0): void {
    this.#settler.settle(this.#ackSubject, delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * 1e6)}}` : "-NAK");
  }

  /** Never again, although not done. Resolves when that is durable. */
  term(reason: string = ""): Promise<void> {
    return this.#settler.confirm(this.#ackSubject, reason === "" ? "+TERM" : `+TERM ${reason}`);
  }

  /** Still at it: the ack wait starts over. */
  progress(): void {
    this.#settler.settle(this.#ackSubject, "+WPI");
  }
}

export class LocalGroup {
  readonly station: string;
  readonly name: string;
  readonly #groups: () => Groups;
  readonly #settler: Settler;
  readonly #clock: Clock;
  readonly #member: string;
  readonly #allow: (subject: string) => void;

  constructor(options: {
    station: string;
    name: string;
    groups: () => Groups;
    settler: Settler;
    clock: Clock;
    member: string;
    /** Throws when the connection may not ask for this. */
    allow: (subject: string) => void;
  }) {
    this.station = options.station;
    this.name = options.name;
    this.#groups = options.groups;
    this.#settler = options.settler;
    this.#clock = options.clock;
    this.#member = options.member;
    this.#allow = options.allow;
  }

  /** Creates it; an equal one that exists is fine. Durable when resolved. Rejects with a BrokerError `invalid` or `exists`. */
  async create(fields: Partial<Omit<GroupConfig, "name">> = {}): Promise<void> {
    this.#allow(`$JS.API.CONSUMER.CREATE.${this.station}.${this.name}`);
    const defined = await this.#groups().define(groupConfig({ ...fields, name: this.name }), "create");
    if (defined.kind === "refused") throw new BrokerError("invalid", defined.problem.message);
    if (defined.kind === "exists") throw new BrokerError("exists", `group '${this.name}' exists with another configuration`);
  }

  /** Forgets it and how far it was. */
  async delete(): Promise<void> {
    this.#allow(`$JS.API.CONSUMER.DELETE.${this.station}.${this.name}`);
    await this.#groups().delete(this.name);
  }

  /** Resolves with what is there, at least one record unless the time is over. Rejects with a BrokerError. */
  fetch(options: FetchOptions = {}): Promise<LocalDelivery[]> {
    this.#allow(`$JS.API.CONSUMER.MSG.NEXT.${this.station}.${this.name}`);
    const group = this.#found();
    const { batch = 1, expiresMs = 5_000, member = this.#member } = options;
    // The fetch ends by itself; that the program is still there then is what this timer sees to.
    const alive = this.#clock.after(expiresMs + 1_000, () => undefined, true);
    const fetched = new Promise<LocalDelivery[]>((resolve, reject) => {
      const make = (record: RecordView, deliveries: number): LocalDelivery =>
        new LocalDelivery(this.#settler, this.station, this.name, record, deliveries);
      const sink = new FetchSink(this.#clock, batch, make, resolve, reject);
      const refusal = group.pull({ sink, batch, bytesMax: 0, noWait: expiresMs === 0, expiresMs, heartbeatMs: 0, member });
      if (refusal !== undefined) reject(refused(refusal));
    });
    return fetched.finally(() => alive.cancel());
  }

  /** Leaves a keyed group: what the member has not acknowledged goes to others at once. */
  leave(member: string = this.#member): boolean {
    return this.#found().leave(member);
  }

  #found(): Group {
    const group = this.#groups().get(this.name);
    if (group === undefined) throw new BrokerError("not_found", `station '${this.station}' has no group '${this.name}': create it`);
    return group;
  }
}

function refused(refusal: PullRefusal): BrokerError {
  if (refusal === "closed") return new BrokerError("not_found", "the group is deleted");
  if (refusal === "push") return new BrokerError("conflict", "the group pushes to a subject: subscribe to it");
  return new BrokerError("limit", `the group refuses the fetch (${refusal}): ask for less, or later`);
}

/** Collects what one fetch gets, until the end of the turn in which the first record came. */
class FetchSink implements PullSink {
  readonly #clock: Clock;
  readonly #batch: number;
  readonly #make: (record: RecordView, deliveries: number) => LocalDelivery;
  readonly #resolve: (deliveries: LocalDelivery[]) => void;
  readonly #reject: (error: Error) => void;
  readonly #deliveries: LocalDelivery[] = [];
  #over = false;

  constructor(
    clock: Clock,
    batch: number,
    make: (record: RecordView, deliveries: number) => LocalDelivery,
    resolve: (deliveries: LocalDelivery[]) => void,
    reject: (error: Error) => void,
  ) {
    this.#clock = clock;
    this.#batch = batch;
    this.#make = make;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get gone(): boolean {
    return this.#over;
  }

  deliver(record: RecordView, delivery: Delivery): boolean {
    if (this.#over || this.#deliveries.length === this.#batch) return false;
    this.#deliveries.push(this.#make(record, delivery.deliveries));
    if (this.#deliveries.length === 1) this.#clock.endOfTurn(() => this.#finish());
    return true;
  }

  size(record: RecordView): number {
    return record.bodyEnd - record.bodyStart;
  }

  status(status: PullStatus, _pull: Pull, _group: GroupPosition): void {
    if (status === "heartbeat" || this.#over || this.#deliveries.length > 0) return;
    if (status === "deleted") this.#reject(new BrokerError("not_found", "the group is deleted"));
    else if (status === "shutdown") this.#reject(new BrokerError("closed", "the broker stops"));
    else this.#resolve([]);
    this.#over = true;
  }

  #finish(): void {
    this.#over = true;
    this.#resolve(this.#deliveries);
  }
}
