/**
 * The consumer groups of one station: defining, changing and deleting them, bringing them back after a restart, telling them what
 * a commit changed, and telling the station what they still need.
 */
import type { GroupSnapshot, Log, Sequence } from "../../store/store.ts";
import type { TenantAllowance } from "../limits.ts";
import type { GroupLimits, StationConfig } from "../station/config.ts";
import type { StationGroups } from "../station/station.ts";
import { ackPendingDefault, groupConfig, groupDocument, parseGroupDocument, sameConfig } from "./config.ts";
import type { GroupConfig } from "./config.ts";
import { Feed } from "./feed.ts";
import { compileFilters } from "./filters.ts";
import { Group } from "./group.ts";
import type { GroupObserver, GroupOwner } from "./group.ts";
import { checkBeside, checkGroup, checkGroupChange, checkRoom, checkUnique, groupNameValid } from "./group-rules.ts";
import type { GroupProblem, StationFacts } from "./group-rules.ts";
import { applyProgress, GroupState, settleProgress } from "./progress.ts";
import type { GroupScheduler, Settlements } from "./scheduler.ts";
import { lastOfEach, startOf } from "./start.ts";

/** What groups need of their station. */
export interface GroupStation {
  readonly name: string;
  readonly log: Log;
  readonly config: StationConfig;
  /** A group is done with a record for good. */
  finished(sequence: Sequence): void;
  /** A group has gone, or takes less than before. */
  interestFell(): void;
}

/** What the groups of a station stand on. */
export interface GroupsHost {
  readonly scheduler: GroupScheduler;
  readonly settlements: Settlements;
  readonly observer: GroupObserver;
  /** Somebody has to be found for a push group's deliveries: called when it is made, brought back or changed. */
  pushing(group: Group, groups: Groups): void;
  /** A group has gone, by request or because nobody used it. */
  deleted(group: Group, groups: Groups): void;
  report(message: string): void;
  /** What the tenant may have. */
  limits(): TenantAllowance;
}

/** The existing or new group, or why not. */
export type Defined =
  | { readonly kind: "created" | "changed" | "same"; readonly group: Group }
  | { readonly kind: "refused"; readonly problem: GroupProblem }
  | { readonly kind: "exists" | "missing" };

export class Groups implements GroupOwner, StationGroups {
  readonly station: GroupStation;
  readonly log: Log;
  readonly feed: Feed;
  readonly scheduler: GroupScheduler;
  readonly settlements: Settlements;
  readonly observer: GroupObserver;
  readonly #host: GroupsHost;
  readonly #groups: Map<string, Group> = new Map();
  /** Names being defined right now: the second one waits for the first. */
  readonly #defining: Map<string, Promise<unknown>> = new Map();
  /** Very many records have left: everybody has to look. */
  #purged = false;
  #closed = false;

  /** Groups that the log remembers are there at once; `recover` makes them deliver. */
  constructor(station: GroupStation, host: GroupsHost) {
    this.station = station;
    this.log = station.log;
    this.feed = new Feed(station.log);
    this.#host = host;
    this.scheduler = host.scheduler;
    this.settlements = host.settlements;
    this.observer = host.observer;
    this.log.groupSnapshot = (name) => this.#groups.get(name)?.snapshot();
    // A name that no group can have is somebody else's, who keeps progress with the log.
    for (const snapshot of this.log.recoveredGroups) if (groupNameValid(snapshot.name)) this.#restore(snapshot);
  }

  get size(): number {
    return this.#groups.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get retains(): boolean {
    return this.station.config.retention !== "limits";
  }

  /** Some group has filters. */
  get filtered(): boolean {
    for (const group of this.#groups.values()) {
      if (group.config.filters.length > 0) return true;
    }
    return false;
  }

  get(name: string): Group | undefined {
    return this.#groups.get(name);
  }

  all(): IterableIterator<Group> {
    return this.#groups.values();
  }

  /** Those that ask for more than a station's limits would allow. */
  beyond(limits: GroupLimits): string[] {
    const { inactiveMs, ackPendingMax } = limits;
    return [...this.#groups.values()]
      .filter(
        ({ config }) => (inactiveMs > 0 && config.inactiveMs > inactiveMs) || (ackPendingMax > 0 && config.ackPendingMax > ackPendingMax),
      )
      .map((group) => group.name);
  }

  /** Names in order. */
  names(): string[] {
    return [...this.#groups.keys()].sort();
  }

  /** Makes the groups deliver that the log remembered: each as soon as it knows how much is to come. */
  async recover(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => this.#begin(group)));
  }

  /** Creates a group, or changes the one of this name. `only` refuses the other. Durable when resolved. */
  async define(wanted: GroupConfig, only: "create" | "change" | undefined): Promise<Defined> {
    const before = this.#defining.get(wanted.name);
    const work = (async () => {
      await before;
      return this.#define(wanted, only);
    })();
    this.#defining.set(wanted.name, work);
    try {
      return await work;
    } finally {
      if (this.#defining.get(wanted.name) === work) this.#defining.delete(wanted.name);
    }
  }

  /** False when there is none. Durable when resolved. */
  async delete(name: string): Promise<boolean> {
    const group = this.#groups.get(name);
    if (group === undefined) return false;
    this.#groups.delete(name);
    group.close("deleted");
    this.#host.deleted(group, this);
    // What it alone still needed leaves in the same commit.
    this.station.interestFell();
    if (!group.config.memory) await this.log.dropGroup(name);
    return true;
  }

  /** Nothing is delivered before `untilUs`; 0 = goes on now. */
  async pause(group: Group, untilUs: number): Promise<void> {
    await this.#keep(group, { ...group.config, pausedUntilUs: untilUs });
  }

  async reset(group: Group, sequence: Sequence): Promise<Sequence> {
    const next = await group.reset(sequence);
    await this.#keep(group, group.config);
    return next;
  }

  /** After each commit that touched the log. */
  committed(): void {
    const all = this.#purged;
    this.#purged = false;
    let feeds = false;
    for (const group of this.#groups.values()) {
      if (all || !group.fed) group.committed();
      else feeds ||= group.hungry;
    }
    // While nobody waits nothing is looked at: it is when somebody asks.
    if (feeds) this.feed.advance();
    this.scheduler.serve();
  }

  removed(sequence: Sequence, subject: Uint8Array, start: number, end: number): void {
    if (sequence === 0) this.#purged = true;
    for (const group of this.#groups.values()) group.left(sequence, subject, start, end);
  }

  /** Some group is not done with the record. */
  needs(sequence: Sequence, subject: Uint8Array, start: number, end: number): boolean {
    for (const group of this.#groups.values()) {
      if (group.needs(sequence, subject, start, end)) return true;
    }
    return false;
  }

  /** Some group would deliver a record of this subject. */
  wants(subject: Uint8Array, start: number, end: number): boolean {
    for (const group of this.#groups.values()) {
      if (group.takes(subject, start, end)) return true;
    }
    return false;
  }

  configured(_config: StationConfig): void {
    for (const group of this.#groups.values()) group.wake();
  }

  close(why: "deleted" | "shutdown"): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const group of this.#groups.values()) {
      group.close(why);
      if (why === "deleted") this.#host.deleted(group, this);
    }
    if (why === "deleted") this.#groups.clear();
    this.feed.close();
  }

  released(sequence: Sequence): void {
    this.station.finished(sequence);
  }

  inactive(group: Group): void {
    this.delete(group.name).catch((error: unknown) => {
      this.#host.report(`group "${group.name}" could not be deleted after it was unused: ${String(error)}`);
    });
  }

  async #define(wanted: GroupConfig, only: "create" | "change" | undefined): Promise<Defined> {
    const facts = this.#facts();
    const config = groupConfig(wanted);
    // A group that wants no limit gets its tenant's; a station that has one of its own refuses it.
    const unlimited = config.ackPendingMax === 0 && config.ack !== "none" && this.station.config.groupLimits.ackPendingMax === 0;
    if (unlimited && facts.ackPendingMax > 0) return this.#defined({ ...config, ackPendingMax: facts.ackPendingMax }, only, facts);
    return this.#defined(config, only, facts);
  }

  async #defined(config: GroupConfig, only: "create" | "change" | undefined, facts: StationFacts): Promise<Defined> {
    const problem = checkGroup(config, facts);
    if (problem !== undefined) return { kind: "refused", problem };
    const group = this.#groups.get(config.name);
    if (group !== undefined) return this.#change(group, config, only, facts);
    if (only === "change") return { kind: "missing" };
    const beside =
      checkRoom(facts, this.#groups.size) ?? (facts.retention === "workqueue" ? checkBeside(config, this.#configs()) : undefined);
    if (beside !== undefined) return { kind: "refused", problem: beside };
    return { kind: "created", group: await this.#create(config) };
  }

  async #change(group: Group, config: GroupConfig, only: "create" | "change" | undefined, facts: StationFacts): Promise<Defined> {
    if (sameConfig(group.config, config)) return { kind: "same", group };
    if (only === "create") return { kind: "exists" };
    const problem =
      (facts.retention === "workqueue" ? checkUnique(config, this.#configs()) : undefined) ??
      checkGroupChange(group.config, config, group.pushActive);
    if (problem !== undefined) return { kind: "refused", problem };
    await this.#keep(group, config);
    return { kind: "changed", group };
  }

  #configs(): GroupConfig[] {
    return [...this.#groups.values()].map((group) => group.config);
  }

  async #create(config: GroupConfig): Promise<Group> {
    const createdUs = this.scheduler.clock.nowUs();
    const start = await startOf(this.log, config.deliver, compileFilters(config.filters));
    const group = new Group(this, config, createdUs, start.state);
    this.#groups.set(config.name, group);
    try {
      if (!config.memory) await this.log.defineGroup(config.name, groupDocument(config, createdUs), group.snapshot());
      await group.open(start.skips);
    } catch (error) {
      this.#groups.delete(config.name);
      group.close("deleted");
      throw error;
    }
    if (config.push !== undefined) this.#host.pushing(group, this);
    return group;
  }

  async #keep(group: Group, config: GroupConfig): Promise<void> {
    const moved = config.push?.subject !== group.config.push?.subject || config.push?.queue !== group.config.push?.queue;
    const narrower = config.filters.join(" ") !== group.config.filters.join(" ");
    await group.configure(config);
    if (moved && config.push !== undefined) this.#host.pushing(group, this);
    if (narrower) this.station.interestFell();
    if (!config.memory) await this.log.defineGroup(config.name, groupDocument(config, group.createdUs), group.snapshot());
  }

  async #begin(group: Group): Promise<void> {
    const { after, before } = group.skipRange;
    const skips = before > 0 ? await lastOfEach(this.log, compileFilters(group.config.filters), after, before) : undefined;
    await group.open(skips);
    if (group.config.push !== undefined) this.#host.pushing(group, this);
  }

  #restore(snapshot: GroupSnapshot): void {
    const document = parseGroupDocument(snapshot.document);
    if (document === undefined) {
      this.#host.report(`group "${snapshot.name}" of station "${this.station.name}" has an unreadable definition: create it again`);
      return;
    }
    const state = new GroupState();
    if (snapshot.snapshot !== undefined) applyProgress(state, snapshot.snapshot);
    for (const delta of snapshot.deltas) applyProgress(state, delta);
    settleProgress(state);
    this.#groups.set(snapshot.name, new Group(this, document.config, document.createdUs, state));
  }

  /** What the station and its tenant allow a group; 0 = anything. */
  get limits(): GroupLimits {
    const { ackPendingMax, inactiveMs } = this.station.config.groupLimits;
    return { ackPendingMax: lower(ackPendingMax, this.#host.limits().ackPendingMax), inactiveMs };
  }

  /** What a group gets that asks for nothing; 0 = what groups have anyway. */
  get defaults(): GroupLimits {
    const { ackPendingMax, inactiveMs } = this.limits;
    const own = this.station.config.groupLimits.ackPendingMax > 0;
    return { ackPendingMax: own || ackPendingMax < ackPendingDefault ? ackPendingMax : 0, inactiveMs };
  }

  #facts(): StationFacts {
    const { retention, subjects, groupsMax } = this.station.config;
    const { ackPendingMax, inactiveMs } = this.limits;
    return { retention, subjects, groupsMax: lower(groupsMax, this.#host.limits().groupsMax), ackPendingMax, inactiveMaxMs: inactiveMs };
  }
}

/** The lower of two limits, of which either may be none. */
function lower(own: number, tenants: number | undefined): number {
  if (tenants === undefined) return own;
  return own > 0 ? Math.min(own, tenants) : tenants;
}
