/**
 * The routes of one tenant: made, changed, tried out and deleted here, kept in the registry, put in force at once for live messages and
 * by one follower for each station they concern.
 */
import type { Clock } from "../../store/environment.ts";
import type { Identity } from "../auth/identity.ts";
import { MessageFacts } from "../condition/facts.ts";
import { isFields } from "../config/issues.ts";
import { BrokerError } from "../errors.ts";
import type { Registry } from "../registry.ts";
import type { Subject } from "../router/subject.ts";
import type { Station } from "../station/station.ts";
import type { Stations } from "../station/stations.ts";
import type { Tenant } from "../tenant.ts";
import { filtersOverlap } from "../filter.ts";
import type { GroupSnapshot, RecordView } from "../../store/store.ts";
import { checkCycle } from "./cycle.ts";
import { Follower } from "./follower.ts";
import type { CopyRefusal, FollowerHost } from "./follower.ts";
import { LiveRoutes } from "./live.ts";
import { progressName } from "./progress.ts";
import { keptRoute, readRoute, Route } from "./route.ts";
import type { RouteConfig } from "./route.ts";
import { RouteIndex } from "./route-index.ts";
import { trialDefault, trialMax, tryRoute } from "./trial.ts";
import type { Trial } from "./trial.ts";

/** Routes of a tenant; more are refused. */
export const routesMax = 1_000;
const kind = "route";

/** Takes over what a target has refused for good. */
export type GiveUp = (route: Route, station: Station, view: RecordView, code: CopyRefusal, message: string) => Promise<boolean>;

export interface RoutesOptions {
  readonly clock: Clock;
  readonly tenant: Tenant;
  readonly stations: Stations;
  readonly registry: Registry;
  readonly host: { readonly congested: boolean; dirty(source: { saveProgress(): void }): void };
  readonly mayPublish: (owner: string, subject: Subject) => boolean;
  readonly report: (message: string) => void;
}

/** A route with what it did since the start. */
export interface RouteView extends RouteConfig {
  readonly matched: number;
  readonly copied: number;
  readonly missing: number;
  readonly failed: number;
  readonly refused: number;
  readonly lost: number;
  /** The stations it follows: how many records are still to be looked at, and how many copies wait to be tried again, of all routes. */
  readonly stations: readonly { readonly station: string; readonly position: number; readonly lag: number; readonly retrying: number }[];
}

export class Routes {
  /** Set by whoever keeps dead letters. */
  giveUp: GiveUp | undefined = undefined;
  readonly #options: RoutesOptions;
  readonly #routes: Map<string, Route> = new Map();
  readonly #followers: Map<string, Follower> = new Map();
  readonly #facts: MessageFacts;
  readonly #live: LiveRoutes;
  readonly #followerHost: FollowerHost;
  #index: RouteIndex = new RouteIndex([]);
  #changing: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: RoutesOptions) {
    this.#options = options;
    const { clock, tenant, host, mayPublish, report } = options;
    this.#facts = new MessageFacts(clock);
    this.#live = new LiveRoutes({ clock, tenant, facts: this.#facts, mayPublish });
    const index = (): RouteIndex => this.#index;
    this.#followerHost = {
      tenant,
      facts: this.#facts,
      get index() {
        return index();
      },
      get congested() {
        return host.congested;
      },
      capturing: (filter) => this.#storing(filter),
      mayPublish,
      dirty: (source) => host.dirty(source),
      givenUp: (route, station, view, code, message) => this.giveUp?.(route, station, view, code, message) ?? Promise.resolve(false),
      report,
    };
  }

  /** Brings back what the registry holds, once the tenant's stations are there. */
  recover(): void {
    for (const [name, document] of this.#options.registry.list(kind)) {
      try {
        this.#routes.set(name, new Route(keptRoute(document)));
      } catch (error) {
        this.#options.report(`route '${name}' of tenant '${this.#options.tenant.name}' is not in force: ${String(error)}`);
      }
    }
    this.#apply();
    const { stations } = this.#options;
    stations.listeners.add((event, station) => {
      if (event === "deleted") void this.#unfollow(station.name);
      else void this.#arrange(station, event === "created" ? 1 : station.log.state.lastSequence + 1, undefined);
    });
    for (const station of stations.list()) {
      const recovered = station.log.recoveredGroups.find(({ name }) => name === progressName);
      void this.#arrange(station, this.#firstOf(station), recovered);
    }
  }

  list(): RouteView[] {
    return [...this.#routes.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map((route) => this.#view(route));
  }

  get(name: string): RouteView {
    return this.#view(this.#found(name));
  }

  /** Durable when resolved. Rejects with a BrokerError: `invalid`, `exists`, `conflict`, `limit`, `denied`. */
  add(document: unknown, asker: Identity): Promise<RouteView> {
    return this.#inTurn(async () => {
      const route = new Route(readRoute(document, undefined, asker.user, this.#options.clock.nowUs()));
      if (this.#routes.has(route.name)) throw new BrokerError("exists", `route '${route.name}' exists: change or delete it`);
      if (this.#routes.size >= routesMax) throw new BrokerError("limit", `the tenant has its ${routesMax} routes: delete one first`);
      return await this.#put(route, asker);
    });
  }

  /** Changes the fields that are given; who changes it owns it. */
  change(name: string, document: unknown, asker: Identity): Promise<RouteView> {
    return this.#inTurn(async () => {
      const before = this.#found(name);
      const route = new Route(readRoute({ ...fieldsOf(document), name }, before.config, asker.user, 0));
      route.countOn(before);
      return await this.#put(route, asker);
    });
  }

  delete(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#found(name);
      await this.#options.registry.delete(kind, name);
      this.#routes.delete(name);
      this.#apply();
      await this.#arrangeAll();
    });
  }

  /** `document` names a route that is there, or is one. Sends nothing. */
  async test(document: unknown, asker: Identity): Promise<Trial> {
    const { station, last = trialDefault, all = false, ...rest } = fieldsOf(document);
    const { name } = rest;
    const known = typeof name === "string" ? this.#routes.get(name)?.config : undefined;
    const route = new Route(readRoute({ name: "test", ...rest }, known, asker.user, 0));
    demandRead(asker, route);
    if (typeof last !== "number" || !Number.isSafeInteger(last) || last < 1 || last > trialMax) {
      throw new BrokerError("invalid", `'last' is a number from 1 to ${trialMax}`);
    }
    const { stations, clock } = this.#options;
    if (station === undefined) return await tryRoute(clock, route, this.#storing(route.config.from), last, all === true);
    const named = typeof station === "string" ? stations.partitionsOf(station) : [];
    if (named.length === 0) throw new BrokerError("not_found", "there is no such station: name one, or none for all");
    return await tryRoute(clock, route, named, last, all === true);
  }

  close(): void {
    this.#closed = true;
    this.#live.close();
    for (const follower of this.#followers.values()) this.#settle(follower.end(false));
    this.#followers.clear();
  }

  async #put(route: Route, asker: Identity): Promise<RouteView> {
    demandRead(asker, route);
    checkCycle(route, [...this.#routes.values()]);
    // Followed before it is kept: what is stored from the answer on is routed, also after a crash.
    const before = this.#routes.get(route.name);
    this.#routes.set(route.name, route);
    this.#apply();
    try {
      await this.#arrangeAll();
      await this.#options.registry.put(kind, route.name, route.config);
    } catch (error) {
      if (before === undefined) this.#routes.delete(route.name);
      else this.#routes.set(route.name, before);
      this.#apply();
      throw error;
    }
    return this.#view(route);
  }

  /** Puts what is in `#routes` in force. */
  #apply(): void {
    this.#index = new RouteIndex([...this.#routes.values()]);
    this.#live.use(this.#index);
    for (const follower of this.#followers.values()) follower.changed();
  }

  async #arrangeAll(): Promise<void> {
    await Promise.all(
      this.#options.stations.list().map((station) => this.#arrange(station, station.log.state.lastSequence + 1, undefined)),
    );
  }

  /** Follows the station from `from` on if some route concerns it, and else does not. */
  #arrange(station: Station, from: number, recovered: GroupSnapshot | undefined): Promise<void> {
    const known = this.#followers.get(station.name);
    const concerned = station.config.mirror === undefined && this.#index.concerns(subjectsOf(station));
    const wanted = concerned || (known !== undefined && known.retrying > 0);
    if (this.#closed || wanted === (known !== undefined)) return Promise.resolve();
    if (known !== undefined) return this.#unfollow(station.name);
    const follower = new Follower(station, this.#followerHost, from);
    this.#followers.set(station.name, follower);
    const begun = follower.begin(recovered);
    this.#settle(begun);
    return begun;
  }

  /** Where a station begins that was not followed before the stop: one that is newer than a route at its first record. */
  #firstOf(station: Station): number {
    const newer = this.#index.routes.some(
      ({ config }) =>
        config.createdUs < station.createdUs && station.config.subjects.some((subject) => filtersOverlap(subject, config.from)),
    );
    return newer ? 1 : station.log.state.lastSequence + 1;
  }

  #unfollow(station: string): Promise<void> {
    const follower = this.#followers.get(station);
    this.#followers.delete(station);
    const closed = follower?.end(true) ?? Promise.resolve();
    this.#settle(closed);
    return closed;
  }

  /** The stations, or their partitions, that store what is published on subjects of this filter. */
  #storing(filter: string): readonly Station[] {
    return this.#options.stations.list().filter((station) => subjectsOf(station).some((subject) => filtersOverlap(subject, filter)));
  }

  #settle(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#closed) this.#options.report(`the routes of a station could not be arranged: ${String(error)}`);
    });
  }

  #found(name: string): Route {
    const route = this.#routes.get(name);
    if (route === undefined) throw new BrokerError("not_found", `there is no route '${name}'`);
    return route;
  }

  #view(route: Route): RouteView {
    const { matched, copied, missing, failed, refused, lost } = route;
    const concerned = new Set(this.#storing(route.config.from));
    const stations = [...this.#followers.values()]
      .filter(({ station }) => concerned.has(station))
      .map(({ station, position, lag, retrying }) => ({ station: station.name, position, lag, retrying }));
    return { ...route.config, matched, copied, missing, failed, refused, lost, stations };
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#changing.then(change, change);
    this.#changing = mine.catch(() => {});
    return mine;
  }
}

/** Under which subjects it stores what it captures; a partition, what its station captures. */
function subjectsOf({ config }: Station): readonly string[] {
  if (config.subjectTransform !== undefined) return [">"];
  return config.partition === undefined ? config.subjects : config.partition.subjects;
}

function fieldsOf(document: unknown): Readonly<Record<string, unknown>> {
  if (isFields(document)) return document;
  throw new BrokerError("invalid", "the request is to be an object");
}

/** Who routes messages shows them to others: he must be permitted to see them himself. */
function demandRead(asker: Identity, route: Route): void {
  const { permissions } = asker;
  if (permissions === undefined || permissions.maySubscribe(route.config.from, undefined)) return;
  throw new BrokerError("denied", `you are not permitted to subscribe to '${route.config.from}'`);
}
