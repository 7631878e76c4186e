/**
 * Which stations of a tenant take over from which others, as mirrors or from sources, and that each follows its origin while that is
 * there: whichever of the two is made, or comes back, first.
 */
import type { OriginConfig } from "./config.ts";
import { Mirror } from "./mirror.ts";
import { sourceKey } from "./origin-rules.ts";
import { Source } from "./source.ts";
import type { Station, Waiters } from "./station.ts";

interface Follower {
  readonly config: OriginConfig;
  follow(origin: Station): void;
  leave(): void;
  close(): void;
}

export class Origins {
  readonly #find: (name: string) => Station | undefined;
  readonly #followers: Set<Follower> = new Set();

  /** `find`: the stations there are. */
  constructor(find: (name: string) => Station | undefined) {
    this.#find = find;
  }

  /** A station is there: made, or brought back. */
  added(station: Station, waiters: Waiters): void {
    const { mirror } = station.config;
    if (mirror !== undefined) {
      station.mirror = new Mirror(station, mirror, waiters);
      this.#begin(station.mirror);
    }
    this.#source(station);
    for (const follower of this.#followers) if (follower.config.origin === station.name) follower.follow(station);
  }

  /** A station's configuration has changed. */
  changed(station: Station): void {
    if (station.config.mirror === undefined && station.mirror !== undefined) {
      // It stays as it is and goes its own way.
      this.#end(station.mirror);
      station.mirror = undefined;
    }
    this.#source(station);
  }

  /** A station has gone. */
  removed(station: Station): void {
    if (station.mirror !== undefined) this.#end(station.mirror);
    station.mirror = undefined;
    for (const source of station.sources) this.#end(source);
    station.sources = [];
    for (const follower of this.#followers) if (follower.config.origin === station.name) follower.leave();
  }

  /** Sources that are still asked for go on; others end, new ones begin. */
  #source(station: Station): void {
    const before = new Map(station.sources.map((source) => [source.key, source]));
    const now: Source[] = [];
    for (const config of station.config.sources) {
      const known = before.get(sourceKey(config));
      if (known === undefined) {
        const source = new Source(station, config);
        now.push(source);
        this.#begin(source);
      } else {
        before.delete(known.key);
        now.push(known);
      }
    }
    for (const gone of before.values()) this.#end(gone);
    station.sources = now;
  }

  #begin(follower: Follower): void {
    this.#followers.add(follower);
    const origin = this.#find(follower.config.origin);
    if (origin !== undefined) follower.follow(origin);
  }

  #end(follower: Follower): void {
    follower.close();
    this.#followers.delete(follower);
  }
}
