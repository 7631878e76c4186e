/**
 * What a tenant may keep. Two questions: may a station be made or changed so (what stations reserve by their `bytesMax` must fit), and may
 * a record be stored now (what all stations hold must fit). The limits may change at any time; what is there already stays.
 */
import type { TenantAllowance } from "../limits.ts";
import type { StationConfig } from "./config.ts";
import { StationError } from "./station-error.ts";

/** What it counts: the stations of the tenant. */
export interface CountedStation {
  readonly config: StationConfig;
  readonly log: { readonly state: { readonly bytes: number } };
}

type Storage = StationConfig["storage"];

export class Allowance {
  /** Records are counted: asked for each publish. */
  limited = false;
  /** There is some limit: a tenant without looks at no other station when one is made. */
  #any = false;
  #limits: TenantAllowance = {};
  readonly #stations: () => Iterable<CountedStation>;
  /** Being made or changed right now, by name. */
  readonly #claims: Map<string, StationConfig> = new Map();
  /** Bytes on disk and in memory when they were last counted, and admitted since. */
  readonly #counted: Record<Storage, number> = { file: 0, memory: 0 };
  readonly #since: Record<Storage, number> = { file: Infinity, memory: Infinity };

  constructor(stations: () => Iterable<CountedStation>) {
    this.#stations = stations;
  }

  get limits(): TenantAllowance {
    return this.#limits;
  }

  set limits(limits: TenantAllowance) {
    this.#limits = limits;
    this.#any = Object.values(limits).some((limit) => limit !== undefined);
    this.limited = limits.memoryBytesMax !== undefined || limits.storageBytesMax !== undefined;
    this.#since.file = this.#since.memory = Infinity;
  }

  /** Throws a StationError when the station may not be so; else its room is taken until `settled`. */
  claim(config: StationConfig): void {
    this.check(config);
    this.#claims.set(config.name, config);
  }

  settled(name: string): void {
    this.#claims.delete(name);
  }

  /** As `claim`, taking nothing. */
  check(config: StationConfig): void {
    if (!this.#any) return;
    const { stationsMax, groupsMax, stationBytesRequired } = this.#limits;
    const others = new Map<string, StationConfig>();
    for (const station of this.#stations()) others.set(station.config.name, station.config);
    const isNew = !others.has(config.name);
    for (const [name, claimed] of this.#claims) others.set(name, claimed);
    others.delete(config.name);
    if (stationsMax !== undefined && isNew && others.size >= stationsMax) {
      throw new StationError("stations_max", `the tenant has its ${stationsMax} stations: delete one first`);
    }
    if (groupsMax !== undefined && config.groupsMax > groupsMax) {
      throw new StationError("groups_max_exceeds_tenant", `the tenant allows ${groupsMax} groups of a station`);
    }
    if (stationBytesRequired === true && config.bytesMax <= 0) {
      throw new StationError("bytes_max_required", "the tenant's stations need bytesMax: say how large it may become");
    }
    this.#checkBytes(config, others.values());
  }

  #checkBytes(config: StationConfig, others: Iterable<StationConfig>): void {
    const { memoryBytesMax, storageBytesMax, memoryStationBytesMax, storageStationBytesMax } = this.#limits;
    const inMemory = config.storage === "memory";
    const most = inMemory ? memoryBytesMax : storageBytesMax;
    // Without a bound of its own it reserves nothing, but there must be some room.
    if (most !== undefined && reserved(others, config.storage) + Math.max(1, reservedBy(config)) > most) {
      throw new StationError(inMemory ? "memory_reserved" : "storage_reserved", `the tenant's stations may have ${most} bytes altogether`);
    }
    const each = inMemory ? memoryStationBytesMax : storageStationBytesMax;
    if (each !== undefined && config.bytesMax > each) {
      throw new StationError("bytes_max_exceeds_tenant", `the tenant allows ${each} bytes of a station`);
    }
  }

  /** Bytes the stations reserve. */
  reserved(storage: Storage): number {
    return reserved(
      [...this.#stations()].map(({ config }) => config),
      storage,
    );
  }

  /** True when a record of so many bytes would be too much. Counts the stations only when it may be. */
  refuses(storage: Storage, bytes: number): boolean {
    const most = storage === "memory" ? this.#limits.memoryBytesMax : this.#limits.storageBytesMax;
    if (most === undefined) return false;
    if (this.#counted[storage] + this.#since[storage] + bytes > most) {
      this.#count(storage);
      if (this.#counted[storage] + bytes > most) return true;
    }
    this.#since[storage] += bytes;
    return false;
  }

  #count(storage: Storage): void {
    let bytes = 0;
    for (const { config, log } of this.#stations()) if (config.storage === storage) bytes += log.state.bytes;
    this.#counted[storage] = bytes;
    this.#since[storage] = 0;
  }
}

function reserved(configs: Iterable<StationConfig>, storage: Storage): number {
  let bytes = 0;
  for (const config of configs) if (config.storage === storage) bytes += reservedBy(config);
  return bytes;
}

/** The partitions of a station share its bound: the first one counts it. */
function reservedBy(config: StationConfig): number {
  return config.partition !== undefined && config.partition.number !== 1 ? 0 : Math.max(0, config.bytesMax);
}
