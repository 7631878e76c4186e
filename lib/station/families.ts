/**
 * The stations of several partitions of one tenant. Partition 1 decides: a family exists once that one does, and is gone once that one
 * is, whatever a crash left of the others; what they are is what partition 1 says. So creating, changing and deleting a family is one
 * step for everybody who looks.
 */
import type { Capture } from "../capture.ts";
import type { StationConfig } from "./config.ts";
import { sameStation } from "./config.ts";
import { StationFamily } from "./family.ts";
import { familyConfig, partitionConfig, partitionName } from "./partition.ts";
import type { Station } from "./station.ts";
import { StationError } from "./station-error.ts";
import { checkStation, checkStationChange } from "./station-rules.ts";

/** What families ask of the tenant's stations: the same for one log at a time, without a word about families. */
export interface PartitionHost {
  get(name: string): Station | undefined;
  /** Throws when the store of this storage has no families. */
  checkFamilies(storage: "file" | "memory"): void;
  /** Runs `change` after the earlier changes of the same name. */
  inTurn<T>(name: string, change: () => Promise<T>): Promise<T>;
  createOne(config: StationConfig): Promise<Station>;
  updateOne(config: StationConfig): Promise<Station>;
  deleteOne(name: string): Promise<void>;
  /** Takes the filters, or throws when another station has one; `held` are its own already. */
  reserve(config: StationConfig): void;
  release(filters: readonly string[], name: string, but?: readonly string[]): void;
  /** The family's filters capture from now on. */
  recapture(name: string, filters: readonly string[], capture: Capture | undefined): void;
}

export class Families {
  readonly #host: PartitionHost;
  readonly #families: Map<string, StationFamily> = new Map();

  constructor(host: PartitionHost) {
    this.#host = host;
  }

  get(name: string): StationFamily | undefined {
    return this.#families.get(name);
  }

  list(): StationFamily[] {
    return [...this.#families.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** As `Stations.create`. */
  create(config: StationConfig): Promise<{ readonly family: StationFamily; readonly created: boolean }> {
    return this.#host.inTurn(config.name, async () => {
      const known = this.#families.get(config.name);
      if (known !== undefined && sameStation(known.config, config)) return { family: known, created: false };
      if (known !== undefined || this.#host.get(config.name) !== undefined) {
        throw new StationError("exists", `station '${config.name}' exists with another configuration`);
      }
      checkStation(config);
      this.#host.checkFamilies(config.storage);
      if (config.sealed) throw new StationError("sealed_at_creation", "a new station can not be sealed: create it, fill it, then seal it");
      this.#host.reserve(config);
      const made: Station[] = [];
      try {
        for (let number = config.partitions; number > 1; number--)
          made.unshift(await this.#host.createOne(partitionConfig(config, number)));
        made.unshift(await this.#host.createOne(partitionConfig(config, 1)));
      } catch (error) {
        for (const { name } of made) await this.#host.deleteOne(name).catch(() => undefined);
        this.#host.release(config.subjects, config.name);
        throw error;
      }
      return { family: this.#enter(config.name, made), created: true };
    });
  }

  /** As `Stations.update`; the number of partitions is fixed, because keys belong to them by it. */
  update(config: StationConfig): Promise<StationFamily> {
    return this.#host.inTurn(config.name, async () => {
      const family = this.#found(config.name);
      const before = family.config;
      if (sameStation(before, config)) return family;
      if (before.partitions !== config.partitions) {
        throw new StationError("cannot_change", "the number of partitions is fixed: keys belong to them by it");
      }
      checkStation(config);
      checkStationChange(before, config);
      this.#host.reserve(config);
      try {
        await this.#host.updateOne(partitionConfig(config, 1));
      } catch (error) {
        this.#host.release(config.subjects, config.name, before.subjects);
        throw error;
      }
      this.#host.release(before.subjects, config.name, config.subjects);
      for (const { name } of family.partitions.slice(1)) {
        const { partition } = this.#host.get(name)?.config ?? {};
        if (partition !== undefined) await this.#host.updateOne(partitionConfig(config, partition.number));
      }
      this.#host.recapture(family.name, config.subjects, family);
      return family;
    });
  }

  /** As `Stations.delete`. */
  delete(name: string): Promise<void> {
    return this.#host.inTurn(name, async () => {
      const family = this.#found(name);
      const { subjects } = family.config;
      this.#host.recapture(name, [], undefined);
      this.#families.delete(name);
      try {
        for (const partition of family.partitions) await this.#host.deleteOne(partition.name);
      } finally {
        this.#host.release(subjects, name);
      }
    });
  }

  /** All partitions that the store remembers have been taken over: puts them together, and right where a crash fell into a change. */
  async recover(members: readonly Station[]): Promise<void> {
    const names = new Set(members.flatMap(({ config }) => (config.partition === undefined ? [] : [config.partition.of])));
    for (const name of names) {
      const first = this.#host.get(partitionName(name, 1));
      const config = first === undefined ? undefined : familyConfig(first.config);
      if (first === undefined || config === undefined) {
        for (const member of members) if (member.config.partition?.of === name) await this.#host.deleteOne(member.name);
        continue;
      }
      const partitions: Station[] = [first];
      for (let number = 2; number <= config.partitions; number++) {
        const wanted = partitionConfig(config, number);
        const known = this.#host.get(wanted.name);
        if (known === undefined) partitions.push(await this.#host.createOne(wanted));
        else partitions.push(sameStation(known.config, wanted) ? known : await this.#host.updateOne(wanted));
      }
      this.#host.reserve(config);
      this.#enter(name, partitions);
    }
  }

  close(): void {
    for (const name of this.#families.keys()) this.#host.recapture(name, [], undefined);
    this.#families.clear();
  }

  #enter(name: string, partitions: readonly Station[]): StationFamily {
    const family = new StationFamily(name, partitions);
    this.#families.set(name, family);
    this.#host.recapture(name, family.config.subjects, family);
    return family;
  }

  #found(name: string): StationFamily {
    const family = this.#families.get(name);
    if (family === undefined) throw new StationError("not_found", `there is no station '${name}'`);
    return family;
  }
}
