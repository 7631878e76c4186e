/**
 * The monitoring documents of nats-server, at its paths, with its fields and options. For an operator; on a listener of their own they
 * are open to everybody, as there.
 */
import { accountz, accstatz, accstatzOptions } from "../monitor/accounts.ts";
import { connz, connzOptions } from "../monitor/connz.ts";
import { healthz, healthzOptions } from "../monitor/healthz.ts";
import { jsz, jszOptions } from "../monitor/jsz.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { QueryError, textOf } from "../monitor/query.ts";
import type { Query } from "../monitor/query.ts";
import { subsz, subszOptions } from "../monitor/subsz.ts";
import { varz } from "../monitor/varz.ts";
import { timeText } from "../nats/jetstream/json.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import type { Access, HttpCall, HttpRouter } from "./router.ts";

const text: Schema = { type: "string" };
const whole: Schema = { type: "integer" };
const flag: Schema = { type: "boolean" };
const page: Readonly<Record<string, Schema>> = { offset: { ...whole, minimum: 0 }, limit: { ...whole, minimum: 1 } };
const json: Readonly<Record<string, Schema>> = { "application/json": { type: "object" } };

interface Documented {
  readonly path: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, Schema>>;
  readonly read: (monitor: Monitor, query: Query) => object | Promise<object>;
}

const head = (monitor: Monitor): object => ({ server_id: monitor.opened.nats.serverInfo.serverId, now: timeText(monitor.nowUs) });

const documents: readonly Documented[] = [
  { path: "/varz", summary: "What runs here: version, web engine, doors, stores, counts", read: (monitor) => varz(monitor) },
  {
    path: "/connz",
    summary: "Who is connected, and who was",
    query: {
      ...page,
      sort: text,
      state: { ...text, enum: ["open", "closed", "any"] },
      subs: { ...text, description: "1 or detail" },
      auth: flag,
      cid: whole,
      user: text,
      acc: text,
      mqtt_client: text,
      filter_subject: text,
    },
    read: (monitor, query) => connz(monitor, connzOptions(query)),
  },
  {
    path: "/subsz",
    summary: "The routing index, and with subs=1 what is in it",
    query: { ...page, subs: flag, acc: text, test: { ...text, description: "only what this subject would reach" } },
    read: (monitor, query) => subsz(monitor, subszOptions(query)),
  },
  {
    path: "/jsz",
    summary: "JetStream's view of stations and groups",
    query: { ...page, acc: text, accounts: flag, streams: flag, consumers: flag, config: flag },
    read: (monitor, query) => jsz(monitor, jszOptions(query)),
  },
  {
    path: "/accountz",
    summary: "The tenants, or one",
    query: { acc: text },
    read: (monitor, query) => accountz(monitor, textOf(query, "acc")),
  },
  {
    path: "/accstatz",
    summary: "What the connections of each tenant have carried",
    query: { accounts: text, unused: flag },
    read: (monitor, query) => accstatz(monitor, accstatzOptions(query)),
  },
  {
    path: "/routez",
    summary: "No routes: there is one broker",
    read: (monitor) => {
      const { server_id, now } = head(monitor) as { readonly server_id: string; readonly now: string };
      return { server_id, server_name: monitor.opened.nats.serverInfo.serverName, now, num_routes: 0, routes: [] };
    },
  },
  {
    path: "/gatewayz",
    summary: "No gateways",
    read: (monitor) => ({ ...head(monitor), outbound_gateways: {}, inbound_gateways: {} }),
  },
  { path: "/leafz", summary: "No leaf nodes", read: (monitor) => ({ ...head(monitor), leafnodes: 0, leafs: [] }) },
];

/** `access` of all but `/healthz`, which is open. */
export function addMonitor(router: HttpRouter, monitor: Monitor, access: Access): void {
  for (const { path, summary, query, read } of documents) {
    router.add({
      method: "GET",
      path,
      access,
      document: {
        tag: "monitoring",
        summary,
        ...(query === undefined ? {} : { query }),
        answers: { 200: { description: "as nats-server answers", content: json } },
      },
      handle: async (call) => {
        count(monitor, path);
        const document = await asked(() => read(monitor, queryOf(call)));
        call.response.send(200, headers, JSON.stringify(document, undefined, 2));
      },
    });
  }
  const well: Schema = { type: "object", properties: { status: text, error: text } };
  router.add({
    method: "GET",
    path: "/healthz",
    access: { kind: "open" },
    document: {
      tag: "monitoring",
      summary: "Is it well; with options, is there such a stream or consumer",
      query: { account: text, stream: text, consumer: text, details: flag, "js-enabled-only": flag, "js-server-only": flag },
      answers: {
        200: { description: "it is", content: { "application/json": well } },
        404: { description: "there is no such thing", content: { "application/json": well } },
        503: { description: "it is not; `error` says why", content: { "application/json": well } },
      },
    },
    handle: async (call) => {
      count(monitor, "/healthz");
      // What is there in a tenant is not for everybody to find out.
      const options = await asked(() => healthzOptions(queryOf(call)));
      if (options.tenant !== "" && access.kind !== "open") await router.authorized(call, access);
      const { status, document } = healthz(monitor, options);
      call.response.send(status, headers, JSON.stringify(document));
    },
  });
}

/** The page of a listener that has monitoring only. */
export function addMonitorPage(router: HttpRouter): void {
  const links = [...documents.map(({ path }) => path), "/healthz"].map((path) => `<li><a href=".${path}">${path}</a></li>\n`);
  router.add({
    method: "GET",
    path: "/",
    access: { kind: "open" },
    document: { tag: "monitoring", summary: "Links", answers: { 200: { description: "HTML", content: { "text/html": text } } } },
    handle: ({ response }) => {
      const page = `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Waystation</title>\n<ul>\n${links.join("")}</ul>\n</html>\n`;
      response.send(200, [["content-type", "text/html; charset=utf-8"]], page);
    },
  });
}

const headers = [["content-type", "application/json"]] as const;

function queryOf(call: HttpCall): Query {
  return (name) => call.query.get(name);
}

function count(monitor: Monitor, path: string): void {
  monitor.requests.set(path, (monitor.requests.get(path) ?? 0) + 1);
}

async function asked<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof QueryError) throw new HttpProblem(400, "Bad Request", error.message);
    throw error;
  }
}
