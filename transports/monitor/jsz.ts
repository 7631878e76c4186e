/** `/jsz`: stations and groups in JetStream's words: totals, and on request every tenant, stream and consumer. */
import type { Station } from "../../lib/station/station.ts";
import { consumerInfo } from "../nats/jetstream/consumer-info.ts";
import { timeText } from "../nats/jetstream/json.ts";
import { streamConfig } from "../nats/jetstream/stream-config.ts";
import { originState, noDetails, streamState } from "../nats/jetstream/stream-info.ts";
import { apiLevel } from "../nats/info.ts";
import type { TenantService } from "../tenant-services.ts";
import type { Monitor } from "./monitor.ts";
import { flagOf, pageOf, textOf } from "./query.ts";
import type { Page, Query } from "./query.ts";

export interface JszOptions extends Page {
  /** `""` = every tenant. */
  readonly tenant: string;
  readonly accounts: boolean;
  readonly streams: boolean;
  readonly consumers: boolean;
  readonly config: boolean;
}

const limitDefault = 1_024;
const intervalNs = 100_000_000;

export function jszOptions(query: Query): JszOptions {
  const tenant = textOf(query, "acc");
  const consumers = flagOf(query, "consumers");
  const streams = flagOf(query, "streams") || consumers;
  const accounts = flagOf(query, "accounts") || streams || tenant !== "";
  return { ...pageOf(query, limitDefault), tenant, accounts, streams, consumers, config: flagOf(query, "config") };
}

/** What a tenant, or all together, keeps. */
interface Usage {
  memory: number;
  storage: number;
  streams: number;
  consumers: number;
  messages: number;
  bytes: number;
  requests: number;
  errors: number;
}

/** `config`, `stats` and `limits` of `/varz`, which `/jsz` starts with. */
export function jetstreamVarz(monitor: Monitor): object {
  const services = used(monitor);
  if (services.length === 0) return {};
  return { config: jetstreamConfig(monitor), stats: stats(usageOf(services), services.length, apiLevel), limits: {} };
}

export async function jsz(monitor: Monitor, options: JszOptions): Promise<object> {
  const services = used(monitor);
  const usage = usageOf(services);
  const { offset, limit, tenant } = options;
  const chosen = tenant === "" ? services.slice(offset, offset + limit) : services.filter((service) => service.tenant.name === tenant);
  const details: object[] = [];
  if (options.accounts) for (const service of chosen) details.push(await accountDetail(monitor, service, options));
  return {
    ...stats(usage, services.length, services.length === 0 ? 0 : apiLevel),
    server_id: monitor.opened.nats.serverInfo.serverId,
    now: timeText(monitor.nowUs),
    config: jetstreamConfig(monitor),
    limits: {},
    ...(services.length === 0 ? { disabled: true } : {}),
    streams: usage.streams,
    consumers: usage.consumers,
    messages: usage.messages,
    bytes: usage.bytes,
    ...(options.accounts ? { account_details: details } : {}),
    total: services.length,
  };
}

/** Tenants that have JetStream. */
function used({ opened }: Monitor): TenantService[] {
  return [...opened.tenants.all()].filter(({ tenant }) => opened.tenants.jetStreamOf(tenant.name) === "on");
}

function usageOf(services: readonly TenantService[]): Usage {
  const usage = { memory: 0, storage: 0, streams: 0, consumers: 0, messages: 0, bytes: 0, requests: 0, errors: 0 };
  for (const { stations, jetstream } of services) {
    usage.requests += jetstream.api.total;
    usage.errors += jetstream.api.errors;
    usage.streams += stations.size;
    for (const { config, log, groups } of stations.list()) {
      usage.consumers += groups.size;
      usage.messages += log.state.messages;
      usage.bytes += log.state.bytes;
      if (config.storage === "memory") usage.memory += log.state.bytes;
      else usage.storage += log.state.bytes;
    }
  }
  return usage;
}

function stats(usage: Usage, accounts: number, level: number): object {
  return {
    memory: usage.memory,
    storage: usage.storage,
    reserved_memory: 0,
    reserved_storage: 0,
    accounts,
    ha_assets: 0,
    api: { level, total: usage.requests, errors: usage.errors },
  };
}

/** -1: there is no limit but the disk's. */
function jetstreamConfig(monitor: Monitor): object {
  const { dataFolder, durability } = monitor.facts;
  return {
    max_memory: -1,
    max_storage: -1,
    store_dir: dataFolder,
    sync_interval: durability === "interval" ? intervalNs : 0,
    ...(durability === "always" ? { sync_always: true } : {}),
    strict: true,
  };
}

async function accountDetail(monitor: Monitor, service: TenantService, options: JszOptions): Promise<object> {
  const streams: object[] = [];
  if (options.streams) {
    for (const station of service.stations.list()) streams.push(await streamDetail(monitor, service, station, options));
  }
  const { name } = service.tenant;
  return { name, id: name, ...stats(usageOf([service]), 0, 0), ...(options.streams ? { stream_detail: streams } : {}) };
}

async function streamDetail(monitor: Monitor, service: TenantService, station: Station, options: JszOptions): Promise<object> {
  const { state } = await streamState(station, noDetails);
  const nowUs = monitor.nowUs;
  return {
    name: station.name,
    created: timeText(station.createdUs),
    cluster: { leader: monitor.opened.nats.serverInfo.serverName },
    ...(options.config ? { config: streamConfig(station.config, false) } : {}),
    state,
    ...(options.consumers ? { consumer_detail: consumersOf(service, station.name, options.config, nowUs) } : {}),
    ...originState(station, nowUs),
  };
}

function consumersOf(service: TenantService, station: string, withConfig: boolean, nowUs: number): object[] {
  const groups = service.groups.of(station)?.all() ?? [];
  return [...groups].map((group) => {
    const { config, ...rest } = consumerInfo(station, group, nowUs) as { readonly config: object };
    return withConfig ? { ...rest, config } : rest;
  });
}
