/**
 * The stations of one tenant: made, changed, emptied and deleted here, found by name or by subject. A change is answered when it
 * is durable; until then the name and its subjects are reserved, so that two requests at once cannot both have them.
 */
import type { Clock, Random } from "../../store/environment.ts";
import type { Log, Removal, Store } from "../../store/store.ts";
import { StoreError } from "../../store/store.ts";
import { BrokerError } from "../errors.ts";
import { compileFilter } from "../filter.ts";
import { GuardClosed } from "../schema/guard.ts";
import type { SchemaGuard } from "../schema/guard.ts";
import type { PreparedSchema, SchemaRef } from "../schema/schemas.ts";
import type { Subscription } from "../subscription.ts";
import type { Session } from "../transport.ts";
import { logDefinition, parseStationDocument, sameStation } from "./config.ts";
import type { StationConfig } from "./config.ts";
import type { Capture } from "../capture.ts";
import { Allowance } from "./allowance.ts";
import { Alias, Captures } from "./captures.ts";
import { Families } from "./families.ts";
import type { StationFamily } from "./family.ts";
import { partitionName, splitPartition } from "./partition.ts";
import type { FastBatchVoice } from "./fast-batches.ts";
import { FilterTree } from "./filter-tree.ts";
import { checkOriginsAgainst } from "./origin-rules.ts";
import { Origins } from "./origins.ts";
import { PublishReader } from "./publish-reader.ts";
import { isRestoring, Restoring, restoringDefinition } from "./restoring.ts";
import { Station } from "./station.ts";
import type { StationGroups, Waiters } from "./station.ts";
import { StationError } from "./station-error.ts";
import { checkStation, checkStationChange } from "./station-rules.ts";

/** What stations need of the broker. */
export interface StationHost {
  readonly clock: Clock;
  readonly random: Random;
  dirty(source: { saveProgress(): void }): void;
  laneFor(storage: "file" | "memory"): { readonly store: Store; readonly pending: Waiters };
  own(log: Log, owner: { committed(): void }): void;
  disown(log: Log): void;
}

/** What stations need of their tenant. */
export interface StationTenant {
  readonly name: string;
  readonly router: { add(subscription: Subscription): void; remove(subscription: Subscription): void };
  readonly system: Session;
  announce(subject: string, body: Buffer, headerBytes: number): number;
}

export interface StationsOptions {
  readonly host: StationHost;
  readonly tenant: StationTenant;
  readonly makeGroups: (station: Station) => StationGroups;
  /** Compiles the schema that a station is to have. Rejects with a BrokerError. Absent: no station can have one. */
  readonly prepareSchema?: ((ref: SchemaRef) => Promise<PreparedSchema>) | undefined;
}

/** Told after a station was made, changed or deleted, e.g. for advisories; not of those that a start brings back. */
export type StationListener = (event: "created" | "changed" | "deleted", station: Station) => void;

/** What a purge takes: the records `filter` passes, before `upTo` (exclusive; 0 = all), but the newest `keep` of them. */
export interface PurgeRequest {
  readonly filter: string | undefined;
  readonly upTo: number;
  readonly keep: number;
}

export class Stations {
  readonly tenant: string;
  readonly listeners: Set<StationListener> = new Set();
  /** What the tenant may keep. */
  readonly allowance: Allowance = new Allowance(() => this.#stations.values());
  /** What publishers may insist on; set by the door that counts in levels. */
  level = 0;
  /** Set by the door whose publishers send fast batches. */
  voice: FastBatchVoice | undefined = undefined;
  readonly #options: StationsOptions;
  readonly #reader: PublishReader;
  readonly #stations: Map<string, Station> = new Map();
  readonly #subjects: FilterTree<string> = new FilterTree();
  readonly #captures: Captures;
  /** Those of several partitions. The partitions are stations here, too, each by its own name. */
  readonly families: Families = new Families(this);
  readonly #origins: Origins = new Origins((name) => this.#stations.get(name));
  /** The last change of each name that is under way: the next one waits for it. */
  readonly #changes: Map<string, Promise<unknown>> = new Map();
  #sorted: Station[] | undefined;

  constructor(options: StationsOptions) {
    this.#options = options;
    this.tenant = options.tenant.name;
    this.#captures = new Captures(options.tenant);
    this.#reader = new PublishReader(() => options.host.clock.nowUs());
  }

  get size(): number {
    return this.#stations.size;
  }

  get(name: string): Station | undefined {
    return this.#stations.get(name);
  }

  /**
   * The log a client means that knows only of logs: the station itself; of several partitions the first; `name$1` and `name$0` of a
   * station of one; `name$0` of several is the last.
   */
  named(name: string): Station | undefined {
    const station = this.#stations.get(name) ?? this.families.get(name)?.first;
    if (station !== undefined) return station;
    const parts = splitPartition(name);
    if (parts === undefined || parts.number > 1) return undefined;
    const family = this.families.get(parts.station);
    if (family !== undefined) return parts.number === 0 ? family.partition(family.partitions.length) : undefined;
    return this.#stations.get(parts.station);
  }

  /** The logs of a station: its partitions, or itself; none when there is no such station. */
  partitionsOf(name: string): readonly Station[] {
    const station = this.#stations.get(name);
    return station === undefined ? (this.families.get(name)?.partitions ?? []) : [station];
  }

  /** The station's configuration, whether of one partition or of several. */
  configOf(name: string): StationConfig | undefined {
    return this.#stations.get(name)?.config ?? this.families.get(name)?.config;
  }

  /** All, by name in code-point order. Cached until a station comes or goes. */
  list(): readonly Station[] {
    this.#sorted ??= [...this.#stations.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#sorted;
  }

  /** Those that capture some subject the filter matches, by name. */
  capturing(filter: string): Station[] {
    const found: Set<Station> = new Set();
    this.#subjects.overlapping(filter, (name) => {
      const station = this.#stations.get(name);
      if (station !== undefined) found.add(station);
      return true;
    });
    return [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Creates the station; durable when resolved. An equal one that exists is answered as it is. Rejects with a StationError:
   * `exists` when it exists with another configuration, `subjects_overlap`, or what `checkStation` finds.
   */
  async create(config: StationConfig): Promise<{ readonly station: Station; readonly created: boolean; readonly family?: StationFamily }> {
    if (config.partitions > 1 && config.partition === undefined) {
      const { family, created } = await this.families.create(config);
      return { station: family.first, created, family };
    }
    return await this.inTurn(config.name, () => this.#create(config));
  }

  /** As `create`, of a configuration that may become a station now: throws what would keep it from that. */
  checkNew(config: StationConfig): void {
    checkStation(config);
    this.#checkOrigins(config);
    this.allowance.check(config);
    if (this.configOf(config.name) !== undefined) throw new StationError("exists", `station '${config.name}' exists`);
  }

  /**
   * Makes a station of a backup, which `fill` writes. It is there, and its groups with it, once all of it is durable; nothing of it is if
   * `fill` rejects.
   */
  restore(config: StationConfig, fill: (restoring: Restoring) => Promise<void>): Promise<Station> {
    return this.inTurn(config.name, () => {
      this.checkNew(config);
      return this.#withSchema(config, async (guard) => {
        this.reserve(config);
        return await this.#restore(config, guard, fill);
      });
    });
  }

  async #restore(config: StationConfig, guard: SchemaGuard | undefined, fill: (restoring: Restoring) => Promise<void>): Promise<Station> {
    const { store, pending } = this.#options.host.laneFor(config.storage);
    const restoring = new Restoring((first) => store.define(restoringDefinition(`${this.tenant}/${config.name}`, first), 0), pending);
    try {
      await fill(restoring);
      const log = await restoring.finish();
      await store.define(logDefinition(this.tenant, config), log.revision);
      const station = this.#register(config, log);
      station.guard = guard;
      this.#tell("created", station);
      return station;
    } catch (error) {
      this.release(config.subjects, config.name);
      if (restoring.log?.open === true) await store.drop(restoring.log, restoring.log.revision).catch(() => {});
      throw error;
    }
  }

  /** For families. */
  async createOne(config: StationConfig): Promise<Station> {
    return (await this.inTurn(config.name, () => this.#create(config))).station;
  }

  async #create(config: StationConfig): Promise<{ readonly station: Station; readonly created: boolean }> {
    if (this.families.get(config.name) !== undefined) {
      throw new StationError("exists", `station '${config.name}' exists with several partitions`);
    }
    const known = this.#stations.get(config.name);
    if (known !== undefined) {
      if (sameStation(known.config, config)) return { station: known, created: false };
      throw new StationError("exists", `station '${config.name}' exists with another configuration`);
    }
    checkStation(config);
    this.#checkOrigins(config);
    if (config.sealed) throw new StationError("sealed_at_creation", "a new station can not be sealed: create it, fill it, then seal it");
    return await this.#withSchema(config, async (guard) => {
      this.allowance.claim(config);
      try {
        this.reserve(config);
        return { station: await this.#make(config, guard), created: true };
      } finally {
        this.allowance.settled(config.name);
      }
    });
  }

  async #make(config: StationConfig, guard: SchemaGuard | undefined): Promise<Station> {
    try {
      const log = await this.#define(config, 0);
      const station = this.#register(config, log);
      station.guard = guard;
      this.#tell("created", station);
      return station;
    } catch (error) {
      this.release(config.subjects, config.name);
      throw error;
    }
  }

  /** Changes a station; durable when resolved. Rejects with a StationError: `not_found`, `cannot_change`, or what `checkStation` finds. */
  async update(config: StationConfig): Promise<Station> {
    if (this.families.get(config.name) !== undefined) return (await this.families.update(config)).first;
    this.#refusePartition(config.name);
    return await this.updateOne(config);
  }

  /** For families. */
  updateOne(config: StationConfig): Promise<Station> {
    return this.inTurn(config.name, async () => {
      const station = this.#found(config.name);
      const before = station.config;
      if (sameStation(before, config)) return station;
      checkStation(config);
      checkStationChange(before, config);
      checkGroups(station, config);
      this.#checkOrigins(config);
      return await this.#withSchema(config, async (guard) => {
        this.allowance.claim(config);
        try {
          this.reserve(config);
          await this.#change(config, station, guard);
        } finally {
          this.allowance.settled(config.name);
        }
        return station;
      });
    });
  }

  async #change(config: StationConfig, station: Station, guard: SchemaGuard | undefined): Promise<void> {
    const before = station.config.subjects;
    try {
      await this.#define(config, station.log.revision);
    } catch (error) {
      this.release(config.subjects, config.name, before);
      throw error;
    }
    this.release(before, config.name, config.subjects);
    station.reconfigure(config);
    this.#origins.changed(station);
    station.guard = guard;
    this.#recapture(station);
    this.#tell("changed", station);
  }

  /** Deletes a station with its records and groups; durable when resolved. Rejects with `not_found`. */
  async delete(name: string): Promise<void> {
    if (this.families.get(name) !== undefined) return await this.families.delete(name);
    this.#refusePartition(name);
    await this.deleteOne(name);
  }

  /** For families. */
  deleteOne(name: string): Promise<void> {
    return this.inTurn(name, async () => {
      const station = this.#found(name);
      this.#captures.drop(name);
      this.#stations.delete(name);
      this.#sorted = undefined;
      this.#options.host.disown(station.log);
      station.close("deleted");
      this.#origins.removed(station);
      try {
        await station.store.drop(station.log, station.log.revision);
      } catch (error) {
        throw asStationError(error);
      } finally {
        this.release(station.config.subjects, name);
      }
      this.#tell("deleted", station);
    });
  }

  /** Removes records; resolves with how many, once durable. Rejects with `not_found`, `sealed` or `purge_denied`. */
  async purge(name: string, request: PurgeRequest): Promise<number> {
    const family = this.families.get(name);
    if (family !== undefined) {
      const purged = await Promise.all(family.partitions.map((partition) => this.purge(partition.name, request)));
      return purged.reduce((sum, count) => sum + count, 0);
    }
    const station = this.#found(name);
    if (station.config.sealed) throw new StationError("sealed", "the station is sealed");
    if (station.config.denyPurge) throw new StationError("purge_denied", "the station does not allow purges");
    const filter = request.filter === undefined || request.filter === "" ? undefined : compileFilter(request.filter);
    return await this.#remove(station, { kind: "purge", filter, upTo: request.upTo, keep: request.keep });
  }

  /** Removes one record, durable when resolved; `erase` overwrites its bytes. Rejects with `not_found`, `sealed`, `delete_denied` or `record_not_found`. */
  async remove(name: string, sequence: number, erase: boolean): Promise<void> {
    const station = this.#found(name);
    if (station.config.sealed) throw new StationError("sealed", "the station is sealed");
    if (station.config.denyDelete) throw new StationError("delete_denied", "the station does not allow deletes");
    const removed = await this.#remove(station, { kind: "sequence", sequence, erase });
    if (removed === 0) throw new StationError("record_not_found", `station '${name}' has no record ${sequence}`);
  }

  /** Takes over a log the store has recovered. Undefined when it is not a station's of this tenant. */
  recover(log: Log): Station | undefined {
    if (!log.definition.name.startsWith(`${this.tenant}/`)) return undefined;
    if (isRestoring(log)) {
      // Not all of it came: nobody was told that it is there.
      this.#options.host
        .laneFor("file")
        .store.drop(log, log.revision)
        .catch(() => {});
      return undefined;
    }
    const config = parseStationDocument(log.definition.document);
    if (config === undefined) return undefined;
    for (const subject of config.subjects) this.#subjects.add(subject, config.name);
    return this.#register(config, log);
  }

  /** Every log has been taken over: puts partitions together. */
  recoverFamilies(): Promise<void> {
    return this.families.recover(this.list().filter(({ config }) => config.partition !== undefined));
  }

  /** Stops captures and groups; the logs stay. */
  close(): void {
    this.families.close();
    for (const station of this.#stations.values()) {
      this.#captures.drop(station.name);
      this.#options.host.disown(station.log);
      station.close("shutdown");
    }
    this.#stations.clear();
    this.#sorted = undefined;
  }

  /** Runs `work` with what checks the station's messages; the schema is there until it is done. */
  async #withSchema<T>({ schema }: StationConfig, work: (guard: SchemaGuard | undefined) => Promise<T>): Promise<T> {
    if (schema === undefined) return await work(undefined);
    const { prepareSchema } = this.#options;
    if (prepareSchema === undefined) throw new StationError("not_supported", "this broker keeps no schemas");
    const prepared = await prepareSchema(schema).catch((error: unknown) => {
      throw error instanceof BrokerError ? new StationError("schema_unusable", error.message, { cause: error }) : error;
    });
    try {
      return await work(prepared.guard);
    } finally {
      prepared.release();
    }
  }

  async #remove(station: Station, removal: Removal): Promise<number> {
    try {
      return await station.log.remove(removal);
    } catch (error) {
      throw asStationError(error);
    }
  }

  async #define(config: StationConfig, revision: number): Promise<Log> {
    try {
      return await this.#options.host.laneFor(config.storage).store.define(logDefinition(this.tenant, config), revision);
    } catch (error) {
      throw asStationError(error);
    }
  }

  #found(name: string): Station {
    const station = this.#stations.get(name);
    if (station === undefined) throw new StationError("not_found", `there is no station '${name}'`);
    return station;
  }

  #register(config: StationConfig, log: Log): Station {
    const { host, tenant, makeGroups } = this.#options;
    const { store, pending } = host.laneFor(config.storage);
    const { allowance } = this;
    const surroundings = {
      random: host.random,
      dirty: (source: { saveProgress(): void }) => host.dirty(source),
      voice: () => this.voice,
      meetsLevel: (level: string) => Number(level) <= this.level,
      announce: (subject: string, body: Buffer, headerBytes: number) => tenant.announce(subject, body, headerBytes),
    };
    const station = new Station(
      { clock: host.clock, config, log, store, pending, reader: this.#reader, surroundings, allowance },
      makeGroups,
    );
    // Until it is compiled, nothing fits.
    if (config.schema !== undefined) station.guard = new GuardClosed(config.schema.name, "it is being loaded");
    this.#stations.set(config.name, station);
    this.#sorted = undefined;
    host.own(log, station);
    this.#recapture(station);
    this.#origins.added(station, pending);
    return station;
  }

  /** Records must not go round in a circle. */
  #checkOrigins(config: StationConfig): void {
    if (config.mirror === undefined && config.sources.length === 0) return;
    checkOriginsAgainst(config, (name) => this.#stations.get(name)?.config);
  }

  /** Its own filters, and those of the names by which clients of Memphis know its partition. */
  #recapture(station: Station): void {
    const filters = new Map<string, Capture>(station.config.subjects.map((filter) => [filter, station]));
    if (station.config.partition === undefined && station.mirror === undefined) this.#alias(station.name, filters, [0, 1], () => station);
    this.#captures.set(station.name, filters);
  }

  /** For families. */
  checkFamilies(storage: "file" | "memory"): void {
    if (this.#options.host.laneFor(storage).store.abilities.families === true) return;
    throw new StationError("partitions_unavailable", "the store keeps a station in one partition: leave partitions out");
  }

  /** For families. */
  recapture(name: string, filters: readonly string[], capture: Capture | undefined): void {
    if (capture === undefined) return this.#captures.drop(name);
    const captures = new Map<string, Capture>(filters.map((filter) => [filter, capture]));
    this.#alias(name, captures, [0], () => this.named(partitionName(name, 0)));
    this.#captures.set(name, captures);
  }

  /** Only names that a client of Memphis could ask for, to spare others the room. */
  #alias(name: string, captures: Map<string, Capture>, numbers: readonly number[], target: () => Station | undefined): void {
    if (!/^[a-z0-9][a-z0-9_#-]*$/.test(name)) return;
    for (const number of numbers) {
      const alias = partitionName(name, number);
      const filter = `${alias}.>`;
      if (!captures.has(filter)) captures.set(filter, new Alias(alias, target, (taken) => this.#stations.has(taken)));
    }
  }

  #refusePartition(name: string): void {
    const partition = this.#stations.get(name)?.config.partition;
    if (partition === undefined) return;
    throw new StationError("partition_of", `'${name}' is partition ${partition.number} of station '${partition.of}': change that one`);
  }

  /** Takes the subjects, or throws when another station has one. `held` are the station's own already. */
  reserve(config: StationConfig): void {
    for (const subject of config.subjects) {
      this.#subjects.overlapping(subject, (owner) => {
        if (owner === config.name) return true;
        throw new StationError("subjects_overlap", `station '${owner}' captures subjects of '${subject}' already`);
      });
    }
    for (const subject of config.subjects) this.#subjects.add(subject, config.name);
  }

  release(subjects: readonly string[], name: string, but: readonly string[] = []): void {
    const kept = new Set(but);
    for (const subject of subjects) if (!kept.has(subject)) this.#subjects.remove(subject, name);
  }

  #tell(event: "created" | "changed" | "deleted", station: Station): void {
    for (const listener of this.listeners) listener(event, station);
  }

  /** Runs `change` after the earlier changes of the same name. */
  async inTurn<T>(name: string, change: () => Promise<T>): Promise<T> {
    const before = this.#changes.get(name);
    const mine = before === undefined ? change() : before.then(change, change);
    this.#changes.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#changes.get(name) === mine) this.#changes.delete(name);
    }
  }
}

/** Limits for groups are not lowered below what some group has. */
function checkGroups(station: Station, { groupLimits }: StationConfig): void {
  const before = station.config.groupLimits;
  if (before.inactiveMs === groupLimits.inactiveMs && before.ackPendingMax === groupLimits.ackPendingMax) return;
  const beyond = station.groups.beyond?.(groupLimits) ?? [];
  if (beyond.length > 0) throw new StationError("groups_beyond_limits", beyond.join(", "));
}

function asStationError(error: unknown): StationError {
  if (error instanceof StationError) return error;
  if (error instanceof StoreError) return new StationError("store_failed", error.message, { cause: error });
  throw error;
}
