/**
 * The documents of the monitoring by request: which there are, and how the options of a request's JSON are those of the same document by
 * HTTP. `$SYS.REQ.SERVER.PING` alone asks for `STATSZ`, which only requests can ask for.
 */
import { availableParallelism } from "node:os";
import { isFields } from "../../lib/config/issues.ts";
import { timeText } from "../nats/jetstream/json.ts";
import { accountz, accstatz, accstatzOptions } from "./accounts.ts";
import { connz, connzOptions } from "./connz.ts";
import { noTraffic } from "./ended-connections.ts";
import { healthz, healthzOptions } from "./healthz.ts";
import { jetstreamVarz, jsz, jszOptions } from "./jsz.ts";
import type { Monitor } from "./monitor.ts";
import { textOf } from "./query.ts";
import type { Query } from "./query.ts";
import { subsz, subszOptions } from "./subsz.ts";
import { varz } from "./varz.ts";

export type Read = (monitor: Monitor, query: Query) => unknown;

/** What can be asked of the server, by the last token of the subject. */
export const serverDocuments: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["VARZ", (monitor) => varz(monitor)],
  ["CONNZ", (monitor, query) => connz(monitor, connzOptions(query))],
  ["SUBSZ", (monitor, query) => subsz(monitor, subszOptions(query))],
  ["JSZ", (monitor, query) => jsz(monitor, jszOptions(query))],
  ["ACCOUNTZ", (monitor, query) => accountz(monitor, textOf(query, "acc"))],
  ["HEALTHZ", (monitor, query) => healthOf(monitor, query)],
  [
    "ROUTEZ",
    (monitor) => {
      const { serverId, serverName } = monitor.opened.nats.serverInfo;
      return { server_id: serverId, server_name: serverName, now: timeText(monitor.nowUs), num_routes: 0, routes: [] };
    },
  ],
  ["GATEWAYZ", (monitor) => ({ ...head(monitor), outbound_gateways: {}, inbound_gateways: {} })],
  ["LEAFZ", (monitor) => ({ ...head(monitor), leafnodes: 0, leafs: [] })],
]);

/** What can be asked of one tenant. */
export const tenantDocuments: ReadonlyMap<string, (monitor: Monitor, tenant: string, query: Query) => unknown> = new Map<
  string,
  (monitor: Monitor, tenant: string, query: Query) => unknown
>([
  ["CONNZ", (monitor: Monitor, tenant: string, query: Query) => connz(monitor, { ...connzOptions(query), tenant })],
  ["SUBSZ", (monitor: Monitor, tenant: string, query: Query) => subsz(monitor, { ...subszOptions(query), tenant, list: true })],
  ["JSZ", (monitor: Monitor, tenant: string, query: Query) => jsz(monitor, { ...jszOptions(query), tenant })],
  [
    "INFO",
    (monitor: Monitor, tenant: string) => (accountz(monitor, tenant) as { readonly account_detail?: unknown }).account_detail ?? null,
  ],
  ["STATZ", (monitor: Monitor, tenant: string) => accstatz(monitor, { tenants: [tenant], unused: true })],
]);

export function allTenantsStats(monitor: Monitor, query: Query): unknown {
  return accstatz(monitor, accstatzOptions(query));
}

/** What the server has done, in one small document. */
export function statsz(monitor: Monitor): object {
  const { broker, nats, mqtt } = monitor.opened;
  const total = noTraffic();
  const active = new Set<string>();
  for (const row of monitor.rows()) active.add(row.tenant);
  for (const one of monitor.traffic().values()) {
    total.messagesIn += one.messagesIn;
    total.bytesIn += one.bytesIn;
    total.messagesOut += one.messagesOut;
    total.bytesOut += one.bytesOut;
    total.slow += one.slow;
  }
  let subscriptions = 0;
  for (const { router } of broker.tenants.values()) subscriptions += router.count;
  const sent = { msgs: total.messagesOut, bytes: total.bytesOut };
  const received = { msgs: total.messagesIn, bytes: total.bytesIn };
  return {
    start: timeText(monitor.startUs),
    mem: process.memoryUsage.rss(),
    cores: availableParallelism(),
    cpu: monitor.cpuPercent(),
    connections: monitor.connectionCount,
    total_connections: nats.accepted + mqtt.accepted,
    active_accounts: active.size,
    subscriptions,
    sent,
    sent_to_clients: sent,
    received,
    received_from_clients: received,
    slow_consumers: total.slow,
    active_servers: 1,
    ...(nats.serverInfo.jetStream ? { jetstream: jetstreamVarz(monitor) } : {}),
  };
}

/** Where an option of the HTTP document has another name in a request's JSON. */
const names: Readonly<Record<string, readonly string[]>> = {
  subs: ["subscriptions_detail", "subscriptions"],
  acc: ["account", "acc"],
  accounts: ["accounts"],
  consumers: ["consumer", "consumers"],
  unused: ["include_unused"],
};
const states = ["open", "closed", "any"];

/** Options as they are in JSON, read as those of an address. */
export function queryOf(body: unknown): Query {
  const fields = isFields(body) ? body : {};
  return (name) => {
    for (const key of names[name] ?? [name]) {
      const value = fields[key];
      if (value === undefined || value === null || value === false || value === "") continue;
      if (name === "state" && typeof value === "number") return states[value] ?? "open";
      if (key === "subscriptions_detail") return "detail";
      return Array.isArray(value) ? value.join(",") : plainText(value);
    }
    return null;
  };
}

function plainText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function head(monitor: Monitor): object {
  return { server_id: monitor.opened.nats.serverInfo.serverId, now: timeText(monitor.nowUs) };
}

function healthOf(monitor: Monitor, query: Query): object {
  const { status, document } = healthz(monitor, healthzOptions(query));
  return { ...document, status_code: status };
}
