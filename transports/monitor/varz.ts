/** `/varz`: what runs here and what it has done, in nats-server's words, and a few of our own. */
import { availableParallelism } from "node:os";
import { apiLevel, natsVersion } from "../nats/info.ts";
import { timeText } from "../nats/jetstream/json.ts";
import { noTraffic } from "./ended-connections.ts";
import { jetstreamVarz } from "./jsz.ts";
import type { Monitor } from "./monitor.ts";
import { uptimeText } from "./texts.ts";

const nsPerMs = 1_000_000;

export function varz(monitor: Monitor): object {
  const { nats, mqtt, web, addresses, broker } = monitor.opened;
  const { limits, serverInfo } = nats;
  const nowUs = monitor.nowUs;
  const cores = availableParallelism();
  const http = addresses.monitor ?? addresses.web;
  return {
    server_id: serverInfo.serverId,
    server_name: serverInfo.serverName,
    version: natsVersion,
    proto: 1,
    go: `node${process.versions.node}`,
    host: addresses.nats?.host ?? "",
    port: addresses.nats?.port ?? 0,
    ...(monitor.opened.authentication.anonymous === undefined ? { auth_required: true } : {}),
    ...(nats.tls === undefined ? {} : { tls_required: nats.tls.mode !== "available", tls_verify: nats.tls.server.verifiesClients }),
    max_connections: limits.connectionsMax,
    max_subscriptions: limits.subscriptionsMax,
    ping_interval: limits.pingIntervalMs * nsPerMs,
    ping_max: limits.pingsOutstandingMax,
    http_host: http?.host ?? "",
    http_port: http?.port ?? 0,
    http_base_path: "",
    https_port: 0,
    auth_timeout: limits.authTimeoutMs / 1000,
    max_control_line: limits.controlLineBytesMax,
    max_payload: serverInfo.payloadBytesMax,
    max_pending: limits.pendingOutBytesMax,
    cluster: {},
    gateway: {},
    leaf: {},
    mqtt: addresses.mqtt === undefined ? {} : { host: addresses.mqtt.host, port: addresses.mqtt.port },
    websocket: addresses.web === undefined ? {} : { host: addresses.web.host, port: addresses.web.port, no_tls: web.tls === undefined },
    jetstream: jetstreamVarz(monitor),
    tls_timeout: limits.tlsTimeoutMs / 1000,
    write_deadline: limits.pendingOutMs * nsPerMs,
    start: timeText(monitor.startUs),
    now: timeText(nowUs),
    uptime: uptimeText(nowUs - monitor.startUs),
    mem: process.memoryUsage.rss(),
    cores,
    gomaxprocs: cores,
    cpu: monitor.cpuPercent(),
    ...counts(monitor),
    http_req_stats: Object.fromEntries(monitor.requests),
    config_load_time: timeText(monitor.startUs),
    config_digest: "",
    feature_flags: {},
    system_account: monitor.facts.systemTenant ?? "$SYS",
    disk_io_wait_stats: { waiters: 0, waits: 0, wait_time: 0, max_wait_time: 0 },
    waystation: {
      version: monitor.facts.version,
      engine: web.engine?.name,
      node: process.version,
      api_level: apiLevel,
      doors: addresses,
      connections: { nats: nats.sessions.size, mqtt: mqtt.connections.size },
      store: broker.file.store.status(),
    },
    engine: web.engine?.name,
  };
}

function counts(monitor: Monitor): object {
  const { nats, mqtt, broker } = monitor.opened;
  const total = noTraffic();
  for (const one of monitor.traffic().values()) {
    total.messagesIn += one.messagesIn;
    total.bytesIn += one.bytesIn;
    total.messagesOut += one.messagesOut;
    total.bytesOut += one.bytesOut;
    total.slow += one.slow;
    total.stale += one.stale;
  }
  let subscriptions = 0;
  for (const { router } of broker.tenants.values()) subscriptions += router.count;
  const others = { routes: 0, gateways: 0, leafs: 0 };
  return {
    connections: monitor.connectionCount,
    total_connections: nats.accepted + mqtt.accepted,
    routes: 0,
    remotes: 0,
    leafnodes: 0,
    in_msgs: total.messagesIn,
    in_bytes: total.bytesIn,
    in_client_msgs: total.messagesIn,
    in_client_bytes: total.bytesIn,
    out_msgs: total.messagesOut,
    out_bytes: total.bytesOut,
    out_client_msgs: total.messagesOut,
    out_client_bytes: total.bytesOut,
    slow_consumers: total.slow,
    stale_connections: total.stale,
    stalled_clients: broker.stallsTotal,
    subscriptions,
    slow_consumer_stats: { clients: total.slow, ...others },
    stale_connection_stats: { clients: total.stale, ...others },
  };
}
