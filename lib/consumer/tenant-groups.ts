/**
 * All consumer groups of one tenant: makes the groups of each station, finds one by the two names, and passes on what happens in
 * them to the door that speaks about it. The scheduler below is shared by the whole broker.
 */
import type { Sequence } from "../../store/store.ts";
import type { TenantAllowance } from "../limits.ts";
import type { Group, GroupObserver } from "./group.ts";
import { Groups } from "./groups.ts";
import type { GroupStation } from "./groups.ts";
import type { GroupScheduler, Settlements } from "./scheduler.ts";

/** What a door may want to know and do about groups. Synchronous, from within the group's own work. */
export interface GroupListener {
  exhausted(group: Group, groups: Groups, sequence: Sequence, deliveries: number): void;
  nakked(group: Group, groups: Groups, sequence: Sequence, count: number, deliveries: number): void;
  terminated(group: Group, groups: Groups, sequence: Sequence, count: number, deliveries: number, reason: string): void;
  sampled(group: Group, groups: Groups, sequence: Sequence, count: number, deliveries: number, delayMs: number): void;
  pinned(group: Group, groups: Groups, priorityGroup: string, pin: string): void;
  unpinned(group: Group, groups: Groups, priorityGroup: string, reason: "admin" | "timeout"): void;
  confirmed(group: Group, groups: Groups, acks: number): void;
  /** A push group needs a receiver: `group.pushTo`. */
  pushing(group: Group, groups: Groups): void;
  deleted(group: Group, groups: Groups): void;
}

export interface TenantGroupsOptions {
  readonly scheduler: GroupScheduler;
  /** Where tickets of a storage's store settle. */
  readonly settlementsOf: (storage: "file" | "memory") => Settlements;
  readonly report: (message: string) => void;
  /** What the tenant may have. */
  readonly limits: () => TenantAllowance;
}

export class TenantGroups {
  readonly scheduler: GroupScheduler;
  readonly #options: TenantGroupsOptions;
  readonly #stations: Map<string, Groups> = new Map();
  #listener: GroupListener | undefined;

  constructor(options: TenantGroupsOptions) {
    this.#options = options;
    this.scheduler = options.scheduler;
    this.#listener = undefined;
  }

  /** The one door that speaks about groups; set before stations are made. */
  listen(listener: GroupListener): void {
    this.#listener = listener;
  }

  /** For `Stations`: the groups of a station that was made or recovered. */
  make(station: GroupStation): Groups {
    const { report, settlementsOf } = this.#options;
    const groups: Groups = new Groups(station, {
      scheduler: this.scheduler,
      settlements: settlementsOf(station.config.storage),
      observer: this.#observer(() => groups),
      pushing: (group) => this.#listener?.pushing(group, groups),
      deleted: (group) => this.#listener?.deleted(group, groups),
      report,
      limits: this.#options.limits,
    });
    this.#stations.set(station.name, groups);
    return groups;
  }

  /** The groups of a station; undefined when there is no such station. */
  of(station: string): Groups | undefined {
    const groups = this.#stations.get(station);
    if (groups === undefined || !groups.closed) return groups;
    this.#stations.delete(station);
    return undefined;
  }

  /**
   * Makes all recovered groups deliver; once, when every station is there. Does not wait for those that have to read from disk how
   * much is to come: their members wait meanwhile.
   */
  recover(): void {
    for (const groups of this.#stations.values()) {
      groups.recover().catch((error: unknown) => {
        const what = error instanceof Error ? error.message : String(error);
        this.#options.report(`the groups of station "${groups.station.name}" do not deliver: ${what}; restart the broker`);
      });
    }
  }

  #observer(of: () => Groups): GroupObserver {
    return {
      exhausted: (group, sequence, deliveries) => this.#listener?.exhausted(group, of(), sequence, deliveries),
      nakked: (group, sequence, count, deliveries) => this.#listener?.nakked(group, of(), sequence, count, deliveries),
      terminated: (group, sequence, count, deliveries, reason) =>
        this.#listener?.terminated(group, of(), sequence, count, deliveries, reason),
      sampled: (group, sequence, count, deliveries, delayMs) => this.#listener?.sampled(group, of(), sequence, count, deliveries, delayMs),
      pinned: (group, priorityGroup, pin) => this.#listener?.pinned(group, of(), priorityGroup, pin),
      unpinned: (group, priorityGroup, reason) => this.#listener?.unpinned(group, of(), priorityGroup, reason),
      confirmed: (group, acks) => this.#listener?.confirmed(group, of(), acks),
    };
  }
}
