/** `/accountz` and `/accstatz`: tenants in NATS' words, and what their connections have carried. */
import { timeText } from "../nats/jetstream/json.ts";
import { noTraffic } from "./ended-connections.ts";
import type { Traffic } from "./ended-connections.ts";
import type { Monitor } from "./monitor.ts";
import { flagOf, QueryError } from "./query.ts";
import type { Query } from "./query.ts";
import { routingStats } from "./subsz.ts";

/** One tenant, or with `""` the names of all. */
export function accountz(monitor: Monitor, tenant: string): object {
  const { broker, nats } = monitor.opened;
  const head = { server_id: nats.serverInfo.serverId, now: timeText(monitor.nowUs), system_account: monitor.facts.systemTenant ?? "$SYS" };
  if (tenant === "") return { ...head, accounts: [...broker.tenants.keys()] };
  const found = broker.tenants.get(tenant);
  if (found === undefined) throw new QueryError(`Account ${tenant} does not exist`);
  let clients = 0;
  for (const row of monitor.rows()) if (row.tenant === tenant) clients++;
  return {
    ...head,
    account_detail: {
      account_name: tenant,
      update_time: timeText(monitor.startUs),
      expired: false,
      complete: true,
      jetstream_enabled: true,
      leafnode_connections: 0,
      client_connections: clients,
      subscriptions: found.router.count,
      name_tag: tenant,
      sublist_stats: routingStats([found]),
    },
  };
}

export interface AccstatzOptions {
  /** Empty = those with connections, or with `unused` all. */
  readonly tenants: readonly string[];
  readonly unused: boolean;
}

export function accstatzOptions(query: Query): AccstatzOptions {
  const named = query("accounts") ?? query("acc") ?? "";
  return { tenants: named.split(",").filter((name) => name !== ""), unused: flagOf(query, "unused") };
}

export function accstatz(monitor: Monitor, options: AccstatzOptions): object {
  const { broker, nats } = monitor.opened;
  const traffic = monitor.traffic();
  const present = new Map<string, number>();
  for (const row of monitor.rows()) present.set(row.tenant, (present.get(row.tenant) ?? 0) + 1);
  const names = [...broker.tenants.keys()].filter((name) =>
    options.tenants.length > 0 ? options.tenants.includes(name) : options.unused || (present.get(name) ?? 0) > 0,
  );
  return {
    server_id: nats.serverInfo.serverId,
    now: timeText(monitor.nowUs),
    account_statz: names.map((name) =>
      statsOf(name, present.get(name) ?? 0, broker.tenants.get(name)?.router.count ?? 0, traffic.get(name) ?? noTraffic()),
    ),
  };
}

const none = { msgs: 0, bytes: 0 } as const;

function statsOf(name: string, connections: number, subscriptions: number, traffic: Traffic): object {
  const far = { gateways: none, routes: none, leafs: none };
  return {
    acc: name,
    name,
    conns: connections,
    leafnodes: 0,
    total_conns: connections,
    num_subscriptions: subscriptions,
    sent: { msgs: traffic.messagesOut, bytes: traffic.bytesOut, ...far },
    received: { msgs: traffic.messagesIn, bytes: traffic.bytesIn, ...far },
    slow_consumers: traffic.slow,
  };
}
