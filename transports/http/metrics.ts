/** `/metrics` for Prometheus: what is counted anyway, read when somebody asks. */
import { Metrics } from "../../lib/metrics.ts";
import type { Histogram, Labels } from "../../lib/metrics.ts";
import type { TenantService } from "../tenant-services.ts";
import type { Group } from "../../lib/consumer/group.ts";
import type { Station } from "../../lib/station/station.ts";
import type { HttpContext } from "./context.ts";
import type { HttpRouter } from "./router.ts";

export function addMetrics(router: HttpRouter, context: HttpContext): void {
  const metrics = new Metrics();
  describeDoors(metrics, context);
  describeTenants(metrics, context);
  describeStores(metrics, context);
  const { http, broker, scheduler } = context.opened;
  metrics.source("waystation_http_answers_total", "HTTP requests answered, by status", "counter", (emit) => {
    for (const [status, count] of http.answered) emit({ status: String(status) }, count);
  });
  metrics.include(
    "waystation_ack_seconds",
    "From a publish to its durable acknowledgement; one publish at a time is measured",
    { storage: "file" },
    broker.file.pending.waits,
  );
  if (broker.file !== broker.memory) {
    metrics.include("waystation_ack_seconds", "", { storage: "memory" }, broker.memory.pending.waits);
  }
  const latencies: Histogram = scheduler.latencies;
  metrics.include("waystation_delivery_seconds", "From a record's time to its first delivery to a group; one of each turn", {}, latencies);

  router.add({
    method: "GET",
    path: "/metrics",
    access: { kind: "operator" },
    document: {
      tag: "operations",
      summary: "Counters, gauges and histograms in Prometheus' text format 0.0.4",
      answers: { 200: { description: "the metrics", content: { "text/plain": { type: "string" } } } },
    },
    handle: ({ response }) => response.send(200, [["content-type", "text/plain; version=0.0.4; charset=utf-8"]], metrics.render()),
  });
}

function describeDoors(metrics: Metrics, context: HttpContext): void {
  const { nats, mqtt, broker, monitoring } = context.opened;
  metrics.source(
    "waystation_connections",
    "Connections now, by door; WebSockets of either protocol are the web door's",
    "gauge",
    (emit) => {
      let web = 0;
      for (const { connection } of nats.sessions) if (connection.webSocket === true) web++;
      emit({ door: "nats" }, nats.sessions.size - web);
      let webMqtt = 0;
      for (const { connection } of mqtt.connections) if (connection.webSocket === true) webMqtt++;
      emit({ door: "mqtt" }, mqtt.connections.size - webMqtt);
      emit({ door: "web" }, web + webMqtt);
    },
  );
  metrics.source("waystation_slow_consumers_total", "Connections ended because they did not take what was sent", "counter", (emit) => {
    let slow = 0;
    for (const traffic of monitoring.ended.byTenant.values()) slow += traffic.slow;
    emit({}, slow);
  });
  metrics.source("waystation_stalls_total", "How often a publisher was made to wait for a slow receiver", "counter", (emit) =>
    emit({}, broker.stallsTotal),
  );
  metrics.source("waystation_connections_total", "Connections ever accepted, by protocol", "counter", (emit) => {
    emit({ door: "nats" }, nats.accepted);
    emit({ door: "mqtt" }, mqtt.accepted);
  });
  metrics.source("waystation_pending_out_bytes", "Bytes waiting to be sent, by protocol", "gauge", (emit) => {
    let bytes = 0;
    for (const session of nats.sessions) bytes += session.pendingBytes;
    emit({ door: "nats" }, bytes);
    bytes = 0;
    for (const { outbox } of mqtt.connections) bytes += outbox.pending;
    emit({ door: "mqtt" }, bytes);
  });
  metrics.source("waystation_mqtt_messages_total", "MQTT messages", "counter", (emit) => {
    emit({ direction: "in" }, mqtt.counters.messagesReceived);
    emit({ direction: "out" }, mqtt.counters.messagesSent);
  });
  metrics.source("waystation_mqtt_dropped_total", "MQTT messages dropped for slow clients", "counter", (emit) =>
    emit({}, mqtt.counters.dropped),
  );
}

type Each = (tenant: string, service: TenantService) => void;

function describeTenants(metrics: Metrics, context: HttpContext): void {
  const { tenants } = context.opened;
  const each = (visit: Each): void => {
    for (const service of tenants.all()) visit(service.tenant.name, service);
  };
  const ofTenants = (name: string, help: string, read: (service: TenantService) => number): void =>
    metrics.source(name, help, "counter", (emit) => each((tenant, service) => emit({ tenant }, read(service))));
  ofTenants("waystation_messages_in_total", "Messages published", ({ tenant }) => tenant.messagesIn);
  ofTenants("waystation_bytes_in_total", "Bytes published, headers included", ({ tenant }) => tenant.bytesIn);
  ofTenants("waystation_messages_out_total", "Deliveries to live subscriptions", ({ tenant }) => tenant.messagesOut);
  const ofStations = (name: string, help: string, kind: "gauge" | "counter", read: (station: Station) => number): void =>
    metrics.source(name, help, kind, (emit) =>
      each((tenant, { stations }) => {
        for (const station of stations.list()) emit({ tenant, station: station.name }, read(station));
      }),
    );
  ofStations("waystation_station_messages", "Records in the station", "gauge", ({ log }) => log.state.messages);
  ofStations("waystation_station_bytes", "Bytes of the station's records", "gauge", ({ log }) => log.state.bytes);
  ofStations("waystation_station_last_sequence", "The last sequence", "counter", ({ log }) => log.state.lastSequence);
  ofStations("waystation_station_groups", "Consumer groups", "gauge", ({ groups }) => groups.size);
  const ofGroups = (name: string, help: string, kind: "gauge" | "counter", read: (group: Group) => number): void =>
    metrics.source(name, help, kind, (emit) =>
      each((tenant, { stations, groups }) => {
        for (const { name: station } of stations.list()) {
          for (const group of groups.of(station)?.all() ?? []) {
            const labels: Labels = { tenant, station, group: group.name };
            emit(labels, read(group));
          }
        }
      }),
    );
  ofGroups("waystation_group_delivered_total", "Deliveries, repeated ones included", "counter", (group) => group.deliveredCount);
  ofGroups("waystation_group_ack_pending", "Delivered and not acknowledged", "gauge", (group) => group.ackPending);
  ofGroups("waystation_group_outstanding", "Records not delivered yet", "gauge", (group) => group.outstanding);
  ofGroups("waystation_group_redelivered", "Unacknowledged records delivered more than once", "gauge", (group) => group.redelivered);
}

function describeStores(metrics: Metrics, context: HttpContext): void {
  const { file, memory } = context.opened.broker;
  const lanes = file === memory ? [["memory", memory] as const] : [["file", file] as const, ["memory", memory] as const];
  const ofStores = (name: string, help: string, kind: "gauge" | "counter", read: (lane: typeof file) => number): void =>
    metrics.source(name, help, kind, (emit) => {
      for (const [store, lane] of lanes) emit({ store }, read(lane));
    });
  ofStores("waystation_store_appended_total", "Records appended", "counter", ({ store }) => store.status().appended);
  ofStores("waystation_store_commits_total", "Commits", "counter", ({ store }) => store.status().commits);
  ofStores("waystation_store_syncs_total", "Syncs", "counter", ({ store }) => store.status().syncs);
  ofStores("waystation_store_written_bytes_total", "Bytes written", "counter", ({ store }) => store.status().writtenBytes);
  ofStores("waystation_store_disk_bytes", "Bytes on disk", "gauge", ({ store }) => store.status().bytesOnDisk);
  ofStores("waystation_store_pending", "Publishes waiting for their outcome", "gauge", ({ pending }) => pending.waiting);
  ofStores("waystation_store_open", "1 while the store takes records", "gauge", ({ store }) => (store.status().kind === "open" ? 1 : 0));
}
