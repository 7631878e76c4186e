/** `/connz`: who is connected and who was, chosen, sorted and paged as nats-server does it. */
import { compileFilter, parseSubject } from "../../lib/filter.ts";
import { timeText } from "../nats/jetstream/json.ts";
import type { ConnectionRow } from "./connection-row.ts";
import type { Monitor } from "./monitor.ts";
import { countOf, flagOf, pageOf, QueryError, textOf } from "./query.ts";
import type { Page, Query } from "./query.ts";
import { shortTimeText, uptimeText } from "./texts.ts";

export type ConnectionState = "open" | "closed" | "all";

export interface ConnzOptions extends Page {
  readonly sort: string;
  readonly state: ConnectionState;
  readonly subscriptions: "none" | "list" | "detail";
  /** User and tenant too. */
  readonly auth: boolean;
  /** 0 = every connection. */
  readonly id: number;
  /** `""` = any. */
  readonly mqttClient: string;
  readonly user: string;
  readonly tenant: string;
  /** Only who is subscribed to this subject. */
  readonly subject: string;
}

const limitDefault = 1_024;

type Compare = (a: ConnectionRow, b: ConnectionRow) => number;

/** The larger first, where a person looks for the heaviest; else the smaller. */
const orders: Readonly<Record<string, Compare>> = {
  cid: (a, b) => a.id - b.id,
  start: (a, b) => a.id - b.id,
  subs: (a, b) => b.subscriptionCount - a.subscriptionCount,
  pending: (a, b) => b.pendingBytes - a.pendingBytes,
  msgs_to: (a, b) => b.messagesOut - a.messagesOut,
  msgs_from: (a, b) => b.messagesIn - a.messagesIn,
  bytes_to: (a, b) => b.bytesOut - a.bytesOut,
  bytes_from: (a, b) => b.bytesIn - a.bytesIn,
  last: (a, b) => b.activeUs - a.activeUs,
  idle: (a, b) => a.activeUs - b.activeUs,
  uptime: (a, b) => b.startUs - a.startUs,
  stop: (a, b) => a.stopUs - b.stopUs,
  reason: (a, b) => (a.reason < b.reason ? -1 : a.reason > b.reason ? 1 : 0),
  rtt: (a, b) => b.rttUs - a.rttUs,
};

const states: Readonly<Record<string, ConnectionState>> = { "": "open", open: "open", closed: "closed", any: "all", all: "all" };

export function connzOptions(query: Query): ConnzOptions {
  const sort = textOf(query, "sort") || "cid";
  if (!Object.hasOwn(orders, sort)) throw new QueryError(`invalid sorting option: ${sort}`);
  const stateText = textOf(query, "state");
  const state = Object.hasOwn(states, stateText.toLowerCase()) ? states[stateText.toLowerCase()] : undefined;
  if (state === undefined) throw new QueryError(`Error decoding state for ${stateText}`);
  if (sort === "stop" && state === "open") throw new QueryError("sort by stop only valid on closed connections");
  if (sort === "reason" && state === "open") throw new QueryError("sort by reason only valid on closed connections");
  const subject = textOf(query, "filter_subject");
  if (subject !== "" && parseSubject(subject) === undefined) throw new QueryError(`invalid filter subject: ${subject}`);
  const detail = query("subs")?.toLowerCase() === "detail";
  return {
    ...pageOf(query, limitDefault),
    sort,
    state,
    subscriptions: detail ? "detail" : flagOf(query, "subs") ? "list" : "none",
    auth: flagOf(query, "auth"),
    id: countOf(query, "cid"),
    mqttClient: textOf(query, "mqtt_client"),
    user: textOf(query, "user"),
    tenant: textOf(query, "acc"),
    subject,
  };
}

export function connz(monitor: Monitor, options: ConnzOptions): object {
  const { state, tenant, id, offset } = options;
  const candidates = state === "open" ? [] : monitor.ended.rows();
  if (state !== "closed") candidates.push(...monitor.rows());
  const within = tenant === "" ? candidates : candidates.filter((row) => row.tenant === tenant);
  const chosen = within.filter((row) => fits(row, options));
  const compare = orders[options.sort];
  if (compare !== undefined) chosen.sort(compare);
  const limit = id > 0 ? 1 : options.limit;
  const page = id > 0 ? chosen.slice(0, 1) : chosen.slice(offset, offset + limit);
  const nowUs = monitor.nowUs;
  return {
    server_id: monitor.opened.nats.serverInfo.serverId,
    now: timeText(nowUs),
    num_connections: page.length,
    total: within.length,
    offset,
    limit,
    connections: page.map((row) => connectionInfo(row, options, nowUs)),
  };
}

function fits(row: ConnectionRow, { id, mqttClient, user, subject }: ConnzOptions): boolean {
  if (id > 0 && row.id !== id) return false;
  if (mqttClient !== "" && row.mqttClient !== mqttClient) return false;
  if (user !== "" && row.user !== user) return false;
  if (subject === "") return true;
  const bytes = Buffer.from(subject, "utf8");
  return row.subscriptions().some(({ filter }) => compileFilter(filter).matches(bytes, 0, bytes.length));
}

function connectionInfo(row: ConnectionRow, options: ConnzOptions, nowUs: number): object {
  const untilUs = row.stopUs === 0 ? nowUs : row.stopUs;
  return {
    cid: row.id,
    kind: "Client",
    type: row.type,
    ip: row.address,
    port: row.port,
    start: timeText(row.startUs),
    last_activity: timeText(row.activeUs),
    ...(row.stopUs === 0 ? {} : { stop: timeText(row.stopUs), reason: row.reason }),
    ...(row.rttUs === 0 ? {} : { rtt: shortTimeText(row.rttUs) }),
    uptime: uptimeText(untilUs - row.startUs),
    idle: uptimeText(untilUs - row.activeUs),
    pending_bytes: row.pendingBytes,
    in_msgs: row.messagesIn,
    out_msgs: row.messagesOut,
    in_bytes: row.bytesIn,
    out_bytes: row.bytesOut,
    subscriptions: row.subscriptionCount,
    ...(row.name === "" ? {} : { name: row.name }),
    ...(row.language === "" ? {} : { lang: row.language }),
    ...(row.version === "" ? {} : { version: row.version }),
    ...(options.auth && row.user !== "" ? { authorized_user: row.user } : {}),
    ...(options.auth && row.tenant !== "" ? { account: row.tenant } : {}),
    ...subscriptionsInfo(row, options.subscriptions),
    ...(row.mqttClient === "" ? {} : { mqtt_client: row.mqttClient }),
    ...(options.auth && row.tenant !== "" ? { name_tag: row.tenant } : {}),
  };
}

function subscriptionsInfo(row: ConnectionRow, wanted: ConnzOptions["subscriptions"]): object {
  if (wanted === "none") return {};
  const subscriptions = row.subscriptions();
  if (subscriptions.length === 0) return {};
  if (wanted === "list") return { subscriptions_list: subscriptions.map(({ filter }) => filter) };
  return {
    subscriptions_list_detail: subscriptions.map((subscription) => ({
      subject: subscription.filter,
      ...(subscription.queue === undefined ? {} : { qgroup: subscription.queue }),
      sid: String(subscription.label),
      msgs: subscription.delivered,
      ...(subscription.deliveredMax === 0 ? {} : { max: subscription.deliveredMax }),
      cid: row.id,
    })),
  };
}
