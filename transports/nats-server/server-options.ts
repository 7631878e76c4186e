/**
 * What nats-server's flags and configuration file ask for, as a broker's configuration: flags win over the file, the file over nats-server's
 * defaults. What has no counterpart here is accepted and named in `warnings`; a field nobody knows is an error, as it is there.
 */
import { resolve } from "node:path";
import { parseConfig } from "../../lib/config/config.ts";
import type { Config, TlsConfig } from "../../lib/config/config.ts";
import type { TenantDefinition } from "../../lib/auth/user.ts";
import { BrokerError } from "../../lib/errors.ts";
import { limitRules, limitsFrom } from "../../lib/limits.ts";
import type { Limits } from "../../lib/limits.ts";
import { readPeople } from "./accounts.ts";
import { parseConf } from "./conf-parser.ts";
import { ConfFields } from "./conf-value.ts";
import type { HostPort } from "./conf-value.ts";
import type { ServerFlags } from "./flags.ts";
import { readOperators } from "./operators.ts";
import type { Operators } from "./operators.ts";

export interface ServerOptions {
  readonly config: Config;
  readonly configFile: string | undefined;
  readonly portsFileDir: string | undefined;
  readonly pidFile: string | undefined;
  readonly logFile: string | undefined;
  readonly debug: boolean;
  readonly warnings: readonly string[];
}

export interface ServerWorld {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readText: (path: string) => string;
  readonly temporaryFolder: string;
}

const clientPort = 4222;
/** Accepted, and of no effect in one process alone. */
const ignoredKeys: ReadonlySet<string> = new Set([
  "cluster",
  "leafnodes",
  "leaf",
  "leafnode",
  "gateway",
  "server_tags",
  "reconnect_error_reports",
  "connect_error_reports",
  "disable_sublist_cache",
  "max_traced_msg_len",
  "log_size_limit",
  "logfile_size_limit",
  "logfile_max_num",
  "log_max_num",
  "syslog",
  "remote_syslog",
  "logtime",
  "logtime_utc",
  "trace_verbose",
  "trace_headers",
  "prof_port",
  "prof_block_rate",
  "http_base_path",
  "no_header_support",
  "no_sublist_cache",
  "always_enable_nonce",
  "default_js_domain",
  "strict_jetstream_domain",
  "default_sentinel",
  "allow_trusted",
  "trusted",
  "trusted_keys",
  "resolver_tls",
  "resolver_pinned_accounts",
  "ocsp",
  "ocsp_cache",
  "js_cluster",
  "feature_flags",
  "proxies",
  "server_metadata",
  "client_advertise",
  "mappings",
  "maps",
  "msg_trace",
  "jetstream_account_sync",
  "write_timeout",
  "lame_duck_grace_period",
  "max_closed_clients",
  "max_subs",
  "max_sub_tokens",
  "no_fast_producer_stall",
  "ping_jitter",
  "first_ping_timeout",
  "exports",
  "imports",
  "no_system_account",
  "no_system",
  "config_digest",
]);
const knownKeys: ReadonlySet<string> = new Set([
  "listen",
  "host",
  "net",
  "port",
  "http",
  "http_port",
  "monitor_port",
  "https",
  "https_port",
  "server_name",
  "name",
  "authorization",
  "accounts",
  "no_auth_user",
  "system_account",
  "system",
  "operator",
  "operators",
  "roots",
  "root",
  "root_operators",
  "root_operator",
  "resolver",
  "account_resolver",
  "accounts_resolver",
  "resolver_preload",
  "tls",
  "allow_non_tls",
  "max_payload",
  "max_connections",
  "max_conn",
  "max_subscriptions",
  "max_pending",
  "max_control_line",
  "ping_interval",
  "ping_max",
  "ping_max_out",
  "write_deadline",
  "lame_duck_duration",
  "jetstream",
  "store_dir",
  "websocket",
  "mqtt",
  "pidfile",
  "pid_file",
  "ports_file_dir",
  "logfile",
  "log_file",
  "debug",
  "trace",
  "lame_duck",
  "connect_urls",
  "debug_level",
]);

export function serverOptionsOf(flags: ServerFlags, world: ServerWorld): ServerOptions {
  const configFile = flags.value("config") === undefined ? undefined : resolve(world.folder, flags.value("config") ?? "");
  const top = readTop(configFile, world);
  const warnings = [...flags.ignored].map((flag) => `${flag} has no effect in one process alone`);
  for (const key of top.keys) {
    if (ignoredKeys.has(key)) warnings.push(`"${key}" is accepted and has no effect here`);
    else if (!knownKeys.has(key) && configFile !== undefined) throw new BrokerError("config", `${configFile}: unknown field "${key}"`);
  }
  const path = (text: string): string => resolve(world.folder, text);
  const jetStream = jetStreamOf(top, flags, world, path);
  const given = { user: flags.value("user"), password: flags.value("pass"), token: flags.value("auth") };
  const people = readPeople(top, given, jetStream.enabled);
  const operators = readOperators(top, world.folder);
  const listen = top.address("listen");
  const host = flags.value("addr") ?? listen?.host ?? top.text("host", "net") ?? "0.0.0.0";
  const port = flags.whole("port") ?? listen?.port ?? top.whole("port") ?? clientPort;
  const tls = tlsOf(top.fields("tls"), flags, path, top.flag("allow_non_tls") ?? false);
  const websocket = top.fields("websocket");
  const mqtt = top.fields("mqtt");
  const websocketTls = (websocket?.flag("no_tls") === true ? undefined : tlsOf(websocket?.fields("tls"), undefined, path, false)) ?? "off";
  const noAuthUser = top.text("no_auth_user");
  const base = parseConfig({ port: "off", webPort: "off", mqttPort: "off", memory: !jetStream.enabled }, world.folder);
  const config: Config = {
    ...base,
    host,
    port: portOf(port),
    webPort: portOfMap(websocket),
    webHost: hostOfMap(websocket),
    webTls: websocketTls,
    webOrigins: websocket?.texts("allowed_origins")?.join(",") ?? "*",
    webCompression: websocket?.flag("compression") ?? false,
    webUserCookie: websocket?.text("user_cookie"),
    webPassCookie: websocket?.text("pass_cookie"),
    webTokenCookie: websocket?.text("token_cookie"),
    mqttPort: portOfMap(mqtt),
    mqttHost: hostOfMap(mqtt),
    monitor: monitorOf(top, flags, host),
    data: jetStream.folder,
    jetStream: jetStream.limits,
    serverName: flags.value("name") ?? top.text("server_name", "name"),
    allowAnonymous: people.users.length === 0 && operators === undefined,
    noAuthUser,
    users: people.users,
    tenants: operators === undefined ? people.tenants : accountsOf(operators, jetStream.enabled),
    trust: operators?.trust,
    systemTenant: top.text("system_account", "system") ?? operators?.systemAccount ?? people.systemAccount,
    tls,
    limits: limitsOf(top, people.authTimeoutMs, tls === undefined ? undefined : top.fields("tls")?.durationMs("timeout")),
  };
  return {
    config,
    configFile,
    portsFileDir: flags.value("portsFileDir") ?? top.text("ports_file_dir"),
    pidFile: pathOf(flags.value("pid") ?? top.text("pidfile", "pid_file"), path),
    logFile: pathOf(flags.value("log") ?? top.text("logfile", "log_file"), path),
    debug: flags.has("debug") || flags.has("debugTrace") || top.flag("debug") === true,
    warnings,
  };
}

/** JetStream runs in the accounts whose tokens have storage. */
function accountsOf({ trust }: Operators, jetStream: boolean): TenantDefinition[] {
  return [...trust.accounts.values()].map(({ tenant }) => ({ ...tenant, jetStream: jetStream && tenant.jetStream === true }));
}

function readTop(configFile: string | undefined, world: ServerWorld): ConfFields {
  if (configFile === undefined) return new ConfFields(new Map(), "");
  let text: string;
  try {
    text = world.readText(configFile);
  } catch (error) {
    throw new BrokerError("config", `error opening config file: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  return new ConfFields(parseConf({ file: configFile, text, environment: world.environment, readText: world.readText }), "");
}

interface JetStreamOptions {
  readonly enabled: boolean;
  readonly folder: string;
  readonly limits: Config["jetStream"];
}

function jetStreamOf(top: ConfFields, flags: ServerFlags, world: ServerWorld, path: (text: string) => string): JetStreamOptions {
  const value = top.get("jetstream");
  const fields = value instanceof Map ? top.fields("jetstream") : undefined;
  const said =
    value === true ||
    (typeof value === "string" && /^enabled?$/i.test(value)) ||
    (fields !== undefined && fields.flag("enabled", "enable") !== false);
  const enabled = flags.has("jetstream") || said;
  const folder =
    flags.value("storeDir") ??
    fields?.text("store_dir", "storedir", "store") ??
    top.text("store_dir") ??
    resolve(world.temporaryFolder, "nats");
  return {
    enabled,
    folder: resolve(path(folder), "jetstream"),
    limits: {
      enabled,
      domain: fields?.text("domain"),
      fileBytesMax: positive(fields?.whole("max_file_store", "max_file")),
      memoryBytesMax: positive(fields?.whole("max_memory_store", "max_mem_store", "max_mem")),
    },
  };
}

function monitorOf(top: ConfFields, flags: ServerFlags, host: string): Config["monitor"] {
  const flag = flags.whole("httpPort");
  const found: HostPort | undefined =
    flag === undefined
      ? (top.address("http", "http_port", "monitor_port") ?? top.address("https", "https_port"))
      : { host: undefined, port: flag };
  if (found === undefined || found.port === 0) return undefined;
  return { host: found.host ?? host, port: Math.max(found.port, 0) };
}

function portOfMap(fields: ConfFields | undefined): Config["port"] {
  if (fields === undefined) return "off";
  return portOf(fields.address("listen")?.port ?? fields.whole("port") ?? 0, "off");
}

function hostOfMap(fields: ConfFields | undefined): string | undefined {
  return fields?.address("listen")?.host ?? fields?.text("host", "net");
}

/** -1 is any free port; 0 is `zero`: nats-server's default. */
function portOf(port: number, zero: Config["port"] = clientPort): Config["port"] {
  if (port === 0) return zero;
  return port < 0 ? 0 : port;
}

function pathOf(text: string | undefined, path: (text: string) => string): string | undefined {
  return text === undefined || text === "" ? undefined : path(text);
}

function positive(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value;
}

function tlsOf(
  fields: ConfFields | undefined,
  flags: ServerFlags | undefined,
  path: (text: string) => string,
  optional: boolean,
): TlsConfig | undefined {
  const asked = flags !== undefined && (flags.has("tls") || flags.has("tlsVerify"));
  const cert = flags?.value("tlsCert") ?? fields?.text("cert_file");
  const key = flags?.value("tlsKey") ?? fields?.text("key_file");
  if (fields === undefined && !asked) return undefined;
  if (cert === undefined || key === undefined)
    throw new BrokerError("config", "TLS configuration: both a certificate and a key file are needed");
  const ca = flags?.value("tlsCa") ?? fields?.text("ca_file");
  const map = fields?.flag("verify_and_map") ?? false;
  const first = fields?.get("handshake_first", "first", "immediate");
  return {
    certFile: path(cert),
    keyFile: path(key),
    caFile: ca === undefined ? undefined : path(ca),
    verify: map || (fields?.flag("verify") ?? false) || flags?.has("tlsVerify") === true,
    map,
    handshakeFirst: first === true || (typeof first === "string" && first !== "auto" && first !== ""),
    optional,
  };
}

function limitsOf(top: ConfFields, authTimeoutMs: number | undefined, tlsTimeoutMs: number | undefined): Limits {
  const payloadBytesMax = top.whole("max_payload");
  const given: Partial<Record<keyof Limits, number | undefined>> = {
    payloadBytesMax,
    controlLineBytesMax: top.whole("max_control_line"),
    pendingOutBytesMax: top.whole("max_pending") ?? 64 * 1024 * 1024,
    pendingOutMs: top.durationMs("write_deadline"),
    connectionsMax: top.whole("max_connections", "max_conn"),
    subscriptionsMax: top.whole("max_subscriptions") ?? limitRules.subscriptionsMax.max,
    authTimeoutMs,
    tlsTimeoutMs,
    pingIntervalMs: top.durationMs("ping_interval"),
    pingsOutstandingMax: top.whole("ping_max", "ping_max_out"),
    lameDuckMs: top.durationMs("lame_duck_grace_period"),
  };
  const limits: Partial<Record<keyof Limits, number>> = {};
  for (const [name, rule] of Object.entries(limitRules) as [keyof Limits, (typeof limitRules)[keyof Limits]][]) {
    const value = given[name];
    // No limit, or none that this broker sets, is the largest there is.
    if (value !== undefined) limits[name] = value <= 0 && name !== "lameDuckMs" ? rule.max : Math.min(rule.max, Math.max(rule.min, value));
  }
  return limitsFrom(limits);
}
