/**
 * The configuration of a broker: read from the command line, the environment, a file and the defaults, in this order of precedence,
 * checked whole, and handed on as one frozen object. Everything wrong is reported at once.
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { ConfigError } from "../errors.ts";
import { limitsFrom } from "../limits.ts";
import type { Limits } from "../limits.ts";
import type { Durability } from "../../store/store.ts";
import type { AuthPolicy } from "../auth/authenticator.ts";
import { hashedTokensMax } from "../auth/authenticator.ts";
import { defaultTenant } from "../auth/identity.ts";
import type { OperatorTrust } from "../auth/operator-trust.ts";
import { parseSecret } from "../auth/secret.ts";
import type { TenantDefinition, User } from "../auth/user.ts";
import { parseTenantName, parseUsers, refuseTwins } from "../auth/user-document.ts";
import { Issues, isFields, joined } from "./issues.ts";
import type { Fields } from "./issues.ts";
import { checkLimits, parseLimits, parseTenantLimits } from "./limits-document.ts";
import { parseMqtt } from "./mqtt-document.ts";
import type { MqttConfig } from "./mqtt-document.ts";
import { flagOf, serveOptions } from "./option.ts";
import type { ServeKey } from "./option.ts";
import { readEnvironment, readFlags, settle } from "./settings.ts";
import type { Given, Layer, OptionValue } from "./settings.ts";

/** A number (0 = any free one), or no door at all. */
export type Port = number | "off";

export interface TlsConfig {
  /** Absolute paths of PEM files. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string | undefined;
  /** Clients must show a certificate that `caFile` vouches for. */
  readonly verify: boolean;
  /** The certificate says which user it is. */
  readonly map: boolean;
  readonly handshakeFirst: boolean;
  /** Clients may go on without TLS. */
  readonly optional: boolean;
}

export type LogLevel = "error" | "warn" | "info" | "debug";

export interface Config {
  readonly host: string;
  readonly port: Port;
  readonly webPort: Port;
  readonly mqttPort: Port;
  /** Absolute. Not touched when `memory` is true. */
  readonly data: string;
  readonly memory: boolean;
  readonly durability: Durability;
  /** The file it was read from, absolute. */
  readonly configFile: string | undefined;
  readonly addressesFile: string | undefined;
  readonly serverName: string | undefined;
  /** Origins besides the broker's own whose pages may use the web door, by commas; `*` = any. */
  readonly webOrigins: string | undefined;
  readonly webCompression: boolean;
  /** Cookies that hold the credentials of a WebSocket. */
  readonly webUserCookie: string | undefined;
  readonly webPassCookie: string | undefined;
  readonly webTokenCookie: string | undefined;
  readonly logLevel: LogLevel;
  readonly allowAnonymous: boolean;
  readonly noAuthUser: string | undefined;
  /** Of all tenants. */
  readonly users: readonly User[];
  readonly tenants: readonly TenantDefinition[];
  readonly tls: TlsConfig | undefined;
  readonly limits: Limits;
  readonly mqtt: MqttConfig;
  /** Where the web and the MQTT door listen, when not at `host`. */
  readonly webHost?: string | undefined;
  readonly mqttHost?: string | undefined;
  /** Of the web door, when not as `tls` says. */
  readonly webTls?: TlsConfig | "off" | undefined;
  /** A door that answers what operators ask by HTTP and nothing else. */
  readonly monitor?: { readonly host: string; readonly port: number } | undefined;
  /** Absent: every tenant has JetStream. */
  readonly jetStream?: JetStreamConfig | undefined;
  /** The tenant that hears what happens in the broker and may ask about it. */
  readonly systemTenant?: string | undefined;
  /** Users show tokens instead of being listed. */
  readonly trust?: OperatorTrust | undefined;
}

export interface JetStreamConfig {
  readonly enabled: boolean;
  readonly domain: string | undefined;
  /** Bytes that all stations together may reserve or keep; undefined = any number. */
  readonly fileBytesMax: number | undefined;
  readonly memoryBytesMax: number | undefined;
}

export interface ConfigSources {
  /** What follows `serve`. */
  readonly args?: readonly string[] | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** The caller's folder, absolute: what relative paths of flags and environment mean. */
  readonly folder: string;
  /** The text of a file; throws when it cannot be read. */
  readonly readText: (path: string) => string;
}

/** Keys of a file besides the options. */
const documentKeys = ["users", "tenants", "tls", "limits", "mqtt"];
const tlsKeys: Readonly<Record<string, ServeKey>> = {
  cert: "tlsCert",
  key: "tlsKey",
  ca: "tlsCa",
  verify: "tlsVerify",
  map: "tlsMap",
  handshakeFirst: "tlsHandshakeFirst",
  optional: "tlsOptional",
};

/** Reads everything. Throws a `ConfigError` with every issue. */
export function loadConfig(sources: ConfigSources): Config {
  const issues = new Issues();
  const flags = readFlags(sources.args ?? [], serveOptions, sources.folder, issues);
  for (const word of flags.rest) issues.add(word, undefined, "only options: remove it, or put its option before it");
  const environment = readEnvironment(sources.environment ?? {}, serveOptions, sources.folder);
  const file = new Map<string, Given>();
  const option = serveOptions.find(({ key }) => key === "config");
  const configFile = option === undefined ? undefined : textOf(settle(option, [flags.layer, environment], sources.folder, issues));
  let document: Fields = {};
  if (configFile !== undefined) {
    document = readDocument(configFile, sources.readText, issues);
    readKeys(document, dirname(configFile), file, issues);
  }
  return assemble([flags.layer, environment, file], document, configFile, sources.folder, issues);
}

/**
 * Reads an object of the form of a configuration file, as an embedding program gives it. `defaults` take the place of the table's for
 * what is not given. Throws a `ConfigError` with every issue.
 */
export function parseConfig(value: unknown, folder: string, defaults: Readonly<Partial<Record<ServeKey, OptionValue>>> = {}): Config {
  const issues = new Issues();
  const given = new Map<string, Given>();
  const document = isFields(value) ? value : {};
  if (!isFields(value)) issues.add("options", value, "an object");
  readKeys(document, folder, given, issues);
  if (given.delete("config")) issues.add("config", undefined, "the options themselves: a file is read by the command line only");
  const fallback = new Map<string, Given>();
  for (const [key, value] of Object.entries(defaults)) fallback.set(key, { value, path: key, folder });
  return assemble([given, fallback], document, undefined, folder, issues);
}

/** What the authenticator needs of it. */
export function authPolicyOf(config: Config): AuthPolicy {
  return {
    users: config.users,
    tenants: config.tenants,
    allowAnonymous: config.allowAnonymous,
    noAuthUser: config.noAuthUser,
    mapCertificates: config.tls?.map ?? false,
    trust: config.trust,
  };
}

function readDocument(path: string, readText: (path: string) => string, issues: Issues): Fields {
  let text: string;
  try {
    text = readText(path);
  } catch (cause) {
    throw new ConfigError(
      [{ path: flagOf("config"), got: `'${path}'`, wanted: `a file that can be read (${reasonOf(cause)})`, nearest: undefined }],
      {
        cause,
      },
    );
  }
  // Only a broker with a file pays for the parser: 8 MiB and a large part of the start-up time.
  const { LineCounter, parseDocument } = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    issues.add(`${path}:${line}:${col}`, undefined, `YAML: ${error.message}`);
  }
  if (document.errors.length > 0) return {};
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new ConfigError([{ path, got: "", wanted: `YAML that can be expanded (${reasonOf(cause)})`, nearest: undefined }], { cause });
  }
  if (value === null || value === undefined) return {};
  if (isFields(value)) return value;
  issues.add(path, value, "keys and values");
  return {};
}

/** Puts the options of a document into a layer, those below `tls` too. */
function readKeys(document: Fields, folder: string, layer: Map<string, Given>, issues: Issues): void {
  const keys: readonly string[] = serveOptions.map((option) => option.key);
  issues.fields(document, "", [...keys, ...documentKeys]);
  for (const key of keys) {
    const value = document[key];
    if (value !== undefined && value !== null) layer.set(key, { value, path: key, folder });
  }
  const tls = document["tls"];
  if (tls === undefined || tls === null) return;
  const fields = issues.fields(tls, "tls", Object.keys(tlsKeys)) ?? {};
  for (const [name, key] of Object.entries(tlsKeys)) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    const path = joined("tls", name);
    if (layer.has(key)) issues.add(path, undefined, `one of ${path} and ${key}, not both`);
    layer.set(key, { value, path, folder });
  }
}

function assemble(layers: readonly Layer[], document: Fields, configFile: string | undefined, folder: string, issues: Issues): Config {
  const values = new Map<ServeKey, OptionValue | undefined>();
  for (const option of serveOptions) values.set(option.key, settle(option, layers, folder, issues));
  const text = (key: ServeKey): string | undefined => textOf(values.get(key));
  const flag = (key: ServeKey): boolean => values.get(key) === true;
  const port = (key: ServeKey): Port => {
    const value = values.get(key);
    return typeof value === "number" ? value : "off";
  };
  const { users, tenants } = readPeople(document, issues);
  users.push(...readMainUser(text("user"), text("pass"), issues), ...readMainToken(text("token"), issues));
  refuseTwins(users, "users", issues);
  const limits = limitsFrom(document["limits"] === undefined ? {} : parseLimits(document["limits"], "limits", issues));
  checkLimits(limits, "limits", issues);
  const config: Config = {
    host: text("host") ?? "127.0.0.1",
    port: port("port"),
    webPort: port("webPort"),
    mqttPort: port("mqttPort"),
    data: text("data") ?? folder,
    memory: flag("memory"),
    durability: durabilityOf(text("durability")),
    configFile,
    addressesFile: text("addressesFile"),
    serverName: text("serverName"),
    webOrigins: text("webOrigins"),
    webCompression: flag("webCompression"),
    webUserCookie: text("webUserCookie"),
    webPassCookie: text("webPassCookie"),
    webTokenCookie: text("webTokenCookie"),
    logLevel: logLevelOf(text("logLevel")),
    allowAnonymous: flag("allowAnonymous"),
    noAuthUser: text("noAuthUser"),
    users,
    tenants,
    tls: readTls(text, flag, issues),
    limits,
    mqtt: parseMqtt(document["mqtt"], "mqtt", issues),
  };
  checkTogether(config, issues);
  issues.throwIfAny();
  return Object.freeze(config);
}

function readPeople(document: Fields, issues: Issues): { users: User[]; tenants: TenantDefinition[] } {
  const users = document["users"] === undefined ? [] : parseUsers(document["users"], "users", defaultTenant, issues);
  const tenants: TenantDefinition[] = [];
  const given = document["tenants"];
  if (given === undefined || given === null) return { users, tenants };
  if (!isFields(given)) {
    issues.add("tenants", given, "tenants by name, each { users, limits }");
    return { users, tenants };
  }
  for (const [name, value] of Object.entries(given)) {
    const path = joined("tenants", name);
    parseTenantName(name, path, issues);
    const fields = value === null ? {} : (issues.fields(value, path, ["users", "limits"]) ?? {});
    if (fields["users"] !== undefined) users.push(...parseUsers(fields["users"], joined(path, "users"), name, issues));
    const limits = fields["limits"] === undefined ? {} : parseTenantLimits(fields["limits"], joined(path, "limits"), issues);
    tenants.push({ name, limits });
  }
  return { users, tenants };
}

function readMainUser(name: string | undefined, password: string | undefined, issues: Issues): User[] {
  if (name === undefined && password === undefined) return [];
  if (name === undefined) issues.add(flagOf("user"), undefined, `a name that belongs to ${flagOf("pass")}`);
  if (password === undefined) issues.add(flagOf("pass"), undefined, `a password that belongs to ${flagOf("user")}`);
  if (name === undefined || password === undefined) return [];
  return parseUsers([{ user: name, password }], "--user", defaultTenant, issues);
}

function readMainToken(token: string | undefined, issues: Issues): User[] {
  if (token === undefined) return [];
  try {
    const stored = parseSecret(token);
    return [{ name: "token", tenant: defaultTenant, secret: { kind: "token", stored }, permissions: undefined, expiresMs: undefined }];
  } catch (error) {
    issues.addSecret(flagOf("token"), reasonOf(error));
    return [];
  }
}

function readTls(text: (key: ServeKey) => string | undefined, flag: (key: ServeKey) => boolean, issues: Issues): TlsConfig | undefined {
  const certFile = text("tlsCert");
  const keyFile = text("tlsKey");
  const caFile = text("tlsCa");
  const map = flag("tlsMap");
  const verify = flag("tlsVerify") || map;
  if (certFile === undefined || keyFile === undefined) {
    if (certFile !== undefined) issues.add(flagOf("tlsKey"), undefined, `the key of ${flagOf("tlsCert")}`);
    if (keyFile !== undefined) issues.add(flagOf("tlsCert"), undefined, `the certificate of ${flagOf("tlsKey")}`);
    const lonely = (["tlsCa", "tlsVerify", "tlsMap", "tlsHandshakeFirst", "tlsOptional"] as const).find(
      (key) => text(key) !== undefined || flag(key),
    );
    if (certFile === undefined && keyFile === undefined && lonely !== undefined)
      issues.add(flagOf(lonely), undefined, `${flagOf("tlsCert")} and ${flagOf("tlsKey")} with it`);
    return undefined;
  }
  if (verify && caFile === undefined) issues.add(flagOf("tlsCa"), undefined, "the authorities that vouch for client certificates");
  const handshakeFirst = flag("tlsHandshakeFirst");
  const optional = flag("tlsOptional");
  if (handshakeFirst && optional) issues.add(flagOf("tlsOptional"), "true", `false with ${flagOf("tlsHandshakeFirst")}`);
  if (verify && optional)
    issues.add(flagOf("tlsOptional"), "true", `false with ${flagOf("tlsVerify")}: who goes without TLS shows no certificate`);
  return { certFile, keyFile, caFile, verify, map, handshakeFirst, optional };
}

/** What no single option can be judged for. */
function checkTogether(config: Config, issues: Issues): void {
  const { users, noAuthUser, tls } = config;
  const listens = [config.port, config.webPort, config.mqttPort].some((port) => port !== "off");
  if (listens && users.length === 0 && !config.allowAnonymous && !isLoopback(config.host))
    issues.add(
      flagOf("host"),
      config.host,
      "a loopback address, or users (--user and --pass, --token, or users in the file), or --allow-anonymous",
    );
  const taken = [config.port, config.webPort, config.mqttPort].filter((port) => port !== "off" && port !== 0);
  if (new Set(taken).size < taken.length) issues.add(flagOf("port"), taken.join(", "), "a different port for each door");
  if (noAuthUser !== undefined && !users.some((user) => user.name === noAuthUser))
    issues.add(flagOf("noAuthUser"), noAuthUser, "the name of a user");
  for (const user of users) {
    if (user.secret.kind === "certificate" && tls?.map !== true)
      issues.add("users", user.name, `a password, token or nkey for it; certificate: true needs ${flagOf("tlsMap")}`);
  }
  const hashedTokens = users.filter(
    (user) => user.secret.kind === "token" && ["bcrypt", "scrypt"].includes(user.secret.stored.kind),
  ).length;
  if (hashedTokens > hashedTokensMax)
    issues.add("users", hashedTokens, `at most ${hashedTokensMax} tokens hashed by bcrypt or scrypt; hash the others by sha256`);
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.[0-9]{1,3}){3}$/.test(host) || /^::ffff:127(?:\.[0-9]{1,3}){3}$/i.test(host);
}

function textOf(value: OptionValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function durabilityOf(text: string | undefined): Durability {
  return text === "interval" || text === "none" ? text : "always";
}

function logLevelOf(text: string | undefined): LogLevel {
  return text === "error" || text === "warn" || text === "debug" ? text : "info";
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
