/** What lives in every tenant besides its router: named documents, stations, their groups, and who answers requests about them. */
import { usersLogName } from "../lib/auth/log-user-store.ts";
import type { Broker } from "../lib/broker.ts";
import { defaultTenant } from "../lib/broker.ts";
import { Registry, registryPrefix } from "../lib/registry.ts";
import { Routes } from "../lib/route/routes.ts";
import type { Subject } from "../lib/router/subject.ts";
import { Schemas } from "../lib/schema/schemas.ts";
import type { GroupScheduler } from "../lib/consumer/scheduler.ts";
import { TenantGroups } from "../lib/consumer/tenant-groups.ts";
import { Stations } from "../lib/station/stations.ts";
import type { TenantAllowance } from "../lib/limits.ts";
import type { Tenant } from "../lib/tenant.ts";
import type { Log } from "../store/store.ts";
import { byOperators, Requests } from "./admin/requests.ts";
import type { RequestHandler } from "./admin/requests.ts";
import { routeRequests } from "./admin/route-requests.ts";
import { MemphisAccess } from "./memphis/access.ts";
import { Memphis } from "./memphis/memphis.ts";
import { schemaRequests } from "./admin/schema-requests.ts";
import { JetStream } from "./nats/jetstream/jetstream.ts";

export interface TenantService {
  readonly tenant: Tenant;
  readonly registry: Registry;
  readonly requests: Requests;
  readonly schemas: Schemas;
  readonly stations: Stations;
  readonly groups: TenantGroups;
  readonly routes: Routes;
  readonly jetstream: JetStream;
  readonly memphis: Memphis;
}

/** `refused`: requests of the JetStream API are answered by saying so; `off`: by nobody. */
export type JetStreamAccess = "on" | "refused" | "off";

export class TenantServices {
  /** Asked when a tenant comes to life. */
  jetStreamOf: (tenant: string) => JetStreamAccess;
  /** Of the JetStream API, in every tenant. */
  jetStreamDomain: string | undefined = undefined;
  /** What a tenant may keep. Asked when it comes to life, and by `refreshAllowances`. */
  allowanceOf: (tenant: string) => TenantAllowance = () => ({});
  /** Whether a user, who need not be connected, may publish a subject. */
  mayPublish: (user: string, subject: Subject) => boolean = () => true;
  /** Clients may make a station by producing into it or consuming from it, where their protocol has that. */
  autoCreate = true;
  readonly #broker: Broker;
  readonly #scheduler: GroupScheduler;
  readonly #serverName: string;
  readonly #services: Map<string, TenantService> = new Map();
  #recovered = false;

  constructor(
    broker: Broker,
    scheduler: GroupScheduler,
    serverName: string,
    jetStreamOf: (tenant: string) => JetStreamAccess = (): "on" => "on",
  ) {
    this.#serverName = serverName;
    this.jetStreamOf = jetStreamOf;
    this.#broker = broker;
    this.#scheduler = scheduler;
    broker.tenantListeners.add((tenant) => this.#begin(tenant));
    broker.drainListeners.add(() => scheduler.drained());
    broker.detachListeners.add((session) => {
      for (const { jetstream } of this.#services.values()) jetstream.consumers.detached(session);
    });
  }

  get(tenant: string): TenantService | undefined {
    return this.#services.get(tenant);
  }

  all(): IterableIterator<TenantService> {
    return this.#services.values();
  }

  /** What is asked of the broker as a whole, by subject: the default tenant's to ask. */
  serve(handlers: Iterable<readonly [string, RequestHandler]>): void {
    this.#broker.tenant(defaultTenant);
    for (const [subject, handler] of handlers) this.get(defaultTenant)?.requests.add(subject, byOperators(subject, handler));
  }

  /** Takes over the recovered documents, then the logs that are stations, then lets the recovered groups deliver. */
  async recover(logs: readonly Log[]): Promise<void> {
    this.#broker.tenant(defaultTenant);
    for (const log of logs) {
      const { name } = log.definition;
      if (!name.startsWith(registryPrefix)) continue;
      const tenant = name.slice(registryPrefix.length);
      this.#broker.tenant(tenant);
      await this.#services.get(tenant)?.registry.recover(log);
    }
    for (const log of logs) {
      const { name } = log.definition;
      if (name.startsWith("$mqtt/") || name.startsWith(registryPrefix) || name === usersLogName) continue;
      const tenant = name.slice(0, name.indexOf("/"));
      this.#broker.tenant(tenant);
      this.#services.get(tenant)?.stations.recover(log);
    }
    for (const { stations } of this.#services.values()) await stations.recoverFamilies();
    this.#recovered = true;
    for (const { schemas, routes, groups } of this.#services.values()) {
      await schemas.recover();
      routes.recover();
      groups.recover();
    }
  }

  /** What tenants may keep has changed. */
  refreshAllowances(): void {
    for (const { tenant, stations } of this.#services.values()) stations.allowance.limits = this.allowanceOf(tenant.name);
  }

  close(): void {
    for (const { memphis } of this.#services.values()) memphis.stop();
    for (const { jetstream, stations, requests, routes } of this.#services.values()) {
      requests.stop();
      routes.close();
      jetstream.stop();
      stations.close();
    }
    this.#scheduler.close();
  }

  #begin(tenant: Tenant): void {
    const broker = this.#broker;
    const report = (message: string): void => broker.report(message, false);
    const groups: TenantGroups = new TenantGroups({
      scheduler: this.#scheduler,
      settlementsOf: (storage) => broker.laneFor(storage).pending,
      report,
      limits: () => stations.allowance.limits,
    });
    const registry = new Registry(tenant.name, broker.file);
    const schemas: Schemas = new Schemas({ clock: broker.clock, registry, users: () => stations.list(), report });
    const stations: Stations = new Stations({
      host: broker,
      tenant,
      makeGroups: (station) => groups.make(station),
      prepareSchema: (ref) => schemas.prepare(ref),
    });
    stations.allowance.limits = this.allowanceOf(tenant.name);
    const jetstream = new JetStream({
      broker,
      tenant,
      stations,
      groups,
      serverName: this.#serverName,
      domain: this.jetStreamDomain,
      report,
    });
    const access = this.jetStreamOf(tenant.name);
    jetstream.api.denied = access === "refused";
    if (access === "off") jetstream.stop();
    tenant.access = new MemphisAccess(stations, tenant.router);
    const memphis = new Memphis({ broker, tenant, stations, groups, autoCreate: () => this.autoCreate });
    const requests = new Requests(broker, tenant);
    const mayPublish = (user: string, subject: Subject): boolean => this.mayPublish(user, subject);
    const routes = new Routes({ clock: broker.clock, tenant, stations, registry, host: broker, mayPublish, report });
    for (const [subject, handler] of routeRequests(routes)) requests.add(subject, handler);
    for (const [subject, handler] of schemaRequests(schemas, stations)) requests.add(subject, handler);
    this.#services.set(tenant.name, { tenant, registry, requests, schemas, stations, groups, routes, jetstream, memphis });
    if (this.#recovered) routes.recover();
  }
}
