/**
 * The rights to what stations hear by other names than their filters. Whoever publishes on a partition's subject, `orders$2.x`, stores in
 * the station: he must be permitted every filter of it. So the broker asks here before it asks the permissions themselves, and nobody
 * comes in by a name that the rules do not know.
 */
import type { Permissions } from "../auth/permissions.ts";
import type { Router } from "../router/router.ts";
import type { Subject } from "../router/subject.ts";
import type { StationConfig } from "./config.ts";
import { partitionToken } from "./partition.ts";
import type { Stations } from "./stations.ts";

/** Judges what it knows of; undefined = the permissions decide as they are. */
export interface Access {
  mayPublish(subject: Subject, permissions: Permissions): boolean | undefined;
  maySubscribe(filter: string, queue: string | undefined, permissions: Permissions): boolean | undefined;
}

export class StationAccess implements Access {
  readonly #stations: Stations;
  readonly #router: Router;

  constructor(stations: Stations, router: Router) {
    this.#stations = stations;
    this.#router = router;
  }

  mayPublish(subject: Subject, permissions: Permissions): boolean | undefined {
    const name = partitionToken(subject);
    if (name === undefined) return undefined;
    const station = this.#stations.named(name);
    if (station === undefined || (station.name === name && station.config.partition === undefined)) return undefined;
    return this.mayPublishAll(filtersOf(station.config), permissions);
  }

  maySubscribe(): boolean | undefined {
    return undefined;
  }

  /** Permitted to publish each of these filters, taken as a subject. */
  mayPublishAll(filters: readonly string[], permissions: Permissions): boolean {
    return filters.every((filter) => {
      const bytes = Buffer.from(filter, "utf8");
      return permissions.mayPublish(this.#router.resolve(bytes, 0, bytes.length));
    });
  }
}

/** What the whole station captures. */
export function filtersOf(config: StationConfig): readonly string[] {
  return config.partition?.subjects ?? config.subjects;
}
