/** What lives in every tenant besides its router: stations, their groups, and the JetStream API that speaks about both. */
import { usersLogName } from "../lib/auth/log-user-store.ts";
import type { Broker } from "../lib/broker.ts";
import { defaultTenant } from "../lib/broker.ts";
import type { GroupScheduler } from "../lib/consumer/scheduler.ts";
import { TenantGroups } from "../lib/consumer/tenant-groups.ts";
import { Stations } from "../lib/station/stations.ts";
import type { Tenant } from "../lib/tenant.ts";
import type { Log } from "../store/store.ts";
import { JetStream } from "./nats/jetstream/jetstream.ts";

export interface TenantService {
  readonly tenant: Tenant;
  readonly stations: Stations;
  readonly groups: TenantGroups;
  readonly jetstream: JetStream;
}

export class TenantServices {
  readonly #broker: Broker;
  readonly #scheduler: GroupScheduler;
  readonly #serverName: string;
  readonly #services: Map<string, TenantService> = new Map();

  constructor(broker: Broker, scheduler: GroupScheduler, serverName: string) {
    this.#serverName = serverName;
    this.#broker = broker;
    this.#scheduler = scheduler;
    broker.tenantListeners.add((tenant) => this.#begin(tenant));
    broker.drainListeners.add(() => scheduler.drained());
  }

  get(tenant: string): TenantService | undefined {
    return this.#services.get(tenant);
  }

  all(): IterableIterator<TenantService> {
    return this.#services.values();
  }

  /** Takes over the recovered logs that are stations, then lets the recovered groups deliver. */
  async recover(logs: readonly Log[]): Promise<void> {
    this.#broker.tenant(defaultTenant);
    for (const log of logs) {
      const { name } = log.definition;
      if (name.startsWith("$mqtt/") || name === usersLogName) continue;
      const tenant = name.slice(0, name.indexOf("/"));
      this.#broker.tenant(tenant);
      this.#services.get(tenant)?.stations.recover(log);
    }
    for (const { groups } of this.#services.values()) groups.recover();
  }

  close(): void {
    for (const { jetstream, stations } of this.#services.values()) {
      jetstream.stop();
      stations.close();
    }
    this.#scheduler.close();
  }

  #begin(tenant: Tenant): void {
    const broker = this.#broker;
    const report = (message: string): void => broker.report(message, false);
    const groups = new TenantGroups({ scheduler: this.#scheduler, settlementsOf: (storage) => broker.laneFor(storage).pending, report });
    const stations = new Stations({ host: broker, tenant, makeGroups: (station) => groups.make(station), stationsMax: 0 });
    const jetstream = new JetStream({ broker, tenant, stations, groups, serverName: this.#serverName, report });
    this.#services.set(tenant.name, { tenant, stations, groups, jetstream });
  }
}
