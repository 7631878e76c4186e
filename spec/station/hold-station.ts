/** Stations of one tenant over the model store, with time under the spec's hand and groups that do as they are told. */
import { Broker } from "../../lib/broker.ts";
import { Message } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import type { Station, StationGroups } from "../../lib/station/station.ts";
import { Stations } from "../../lib/station/stations.ts";
import type { Subscription } from "../../lib/subscription.ts";
import type { Tenant } from "../../lib/tenant.ts";
import type { PublishOutcome, Session } from "../../lib/transport.ts";
import type { Log, Sequence, Store } from "../../store/store.ts";
import type { TenantAllowance } from "../../lib/limits.ts";
import { ModelStore } from "../support/model-store.ts";
import { SimClock } from "../support/sim-clock.ts";
import { SimRandom } from "../support/sim-random.ts";

/** A group of a spec: which subjects it takes, and what it is done with. */
export interface HandGroup {
  readonly takes: (subject: string) => boolean;
  readonly done: Set<Sequence>;
}

/** Groups by hand. */
export class HandGroups implements StationGroups {
  readonly groups: HandGroup[] = [];
  readonly left: Sequence[] = [];
  commits = 0;
  changes: StationConfig[] = [];
  closed: string | undefined;

  get size(): number {
    return this.groups.length;
  }

  get filtered(): boolean {
    return true;
  }

  committed(): void {
    this.commits++;
  }

  removed(sequence: Sequence): void {
    this.left.push(sequence);
  }

  needs(sequence: Sequence, subject: Uint8Array, start: number, end: number): boolean {
    const text = Buffer.from(subject).toString("utf8", start, end);
    return this.groups.some((group) => group.takes(text) && !group.done.has(sequence));
  }

  wants(subject: Uint8Array, start: number, end: number): boolean {
    const text = Buffer.from(subject).toString("utf8", start, end);
    return this.groups.some((group) => group.takes(text));
  }

  configured(config: StationConfig): void {
    this.changes.push(config);
  }

  close(reason: "deleted" | "shutdown"): void {
    this.closed = reason;
  }
}

export interface Told {
  readonly token: number;
  readonly kind: PublishOutcome["kind"];
  readonly station: string;
  readonly sequence: number;
  readonly code: PublishOutcome["code"];
}

/** A publisher that writes down what becomes of its messages. */
export class Publisher implements Session {
  readonly id = 1;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly told: Told[] = [];
  deliver(_subscription: Subscription, _message: Message): boolean {
    return true;
  }
  published(token: number, { kind, station, sequence, code }: PublishOutcome): void {
    this.told.push({ token, kind, station, sequence, code });
  }
  hold(): void {}
  resume(): void {}
  close(): void {}
}

export interface Held {
  readonly clock: SimClock;
  readonly broker: Broker;
  readonly tenant: Tenant;
  readonly stations: Stations;
  readonly store: Store;
  readonly publisher: Publisher;
  readonly logs: readonly Log[];
  /** The groups of a station. */
  readonly groups: (station: Station) => HandGroups;
  /** Routes one message; 0 = no answer wanted. Returns how many took it. */
  readonly publish: (subject: string, token?: number, text?: string) => number;
}

export async function holdStations(
  options: { readonly allowance?: TenantAllowance; readonly store?: (clock: SimClock) => Store } = {},
): Promise<Held> {
  const clock = new SimClock();
  const store = options.store?.(clock) ?? new ModelStore(clock);
  const broker = new Broker({ clock, random: new SimRandom(1), fileStore: undefined, memoryStore: store, report: () => {} });
  const logs = await broker.open();
  const tenant = broker.tenant("$G");
  const made: Map<Station, HandGroups> = new Map();
  const makeGroups = (station: Station): HandGroups => {
    const groups = new HandGroups();
    made.set(station, groups);
    return groups;
  };
  const stations = new Stations({ host: broker, tenant, makeGroups });
  stations.allowance.limits = options.allowance ?? {};
  const publisher = new Publisher();
  return {
    clock,
    broker,
    tenant,
    stations,
    store,
    publisher,
    logs,
    groups: (station) => {
      const groups = made.get(station);
      if (groups === undefined) throw new Error(`${station.name} has no groups`);
      return groups;
    },
    publish: (subject, token = 0, text = "x") => {
      const message = new Message(new Subject(Buffer.from(subject), false));
      message.body = Buffer.from(text);
      message.bodyEnd = message.body.length;
      return tenant.publish(publisher, message, token);
    },
  };
}
