/**
 * Who may connect, as nats-server's configuration says it: `authorization`, `accounts` with their users, permissions in its spellings. An
 * account is a tenant. What accounts share with each other (exports and imports) is read by `sharing.ts`.
 */
import { defaultTenant } from "../../lib/auth/identity.ts";
import { defaultResponseRule } from "../../lib/auth/permissions.ts";
import type { PermissionRules, ResponseRule, SubjectRules } from "../../lib/auth/permissions.ts";
import { parseSecret } from "../../lib/auth/secret.ts";
import type { Secret } from "../../lib/auth/secret.ts";
import type { TenantDefinition, User } from "../../lib/auth/user.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { allowanceUnits, TenantAllowance } from "../../lib/limits.ts";
import type { ConfFields } from "./conf-value.ts";
import { ConfFields as Fields } from "./conf-value.ts";
import type { ConfValue } from "./conf-parser.ts";

/** The account for the server itself: events, and requests about it. */
export const systemAccountName = "$SYS";

export interface People {
  readonly users: readonly User[];
  readonly tenants: readonly TenantDefinition[];
  readonly systemAccount: string;
  readonly authTimeoutMs: number | undefined;
}

export interface GivenLogin {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
}

/** `jetStream`: JetStream runs at all; an account has it when it says so, or when there are no accounts. */
export function readPeople(top: ConfFields, given: GivenLogin, jetStream: boolean): People {
  const users: User[] = [];
  const authorization = top.fields("authorization");
  const defaults = authorization === undefined ? undefined : permissionsOf(authorization, "default_permissions");
  if (authorization !== undefined) users.push(...authorizationUsers(authorization, defaults));
  if (given.user !== undefined) users.push(loginOf(given.user, { kind: "password", stored: parseSecret(given.password ?? "") }));
  else if (given.token !== undefined) users.push(loginOf("$token", { kind: "token", stored: parseSecret(given.token) }));
  const tenants: TenantDefinition[] = [];
  const accounts = top.fields("accounts");
  for (const name of namesOf(top, "accounts")) {
    const account = accounts?.fields(name.toLowerCase());
    if (account === undefined) continue;
    const own = permissionsOf(account, "default_permissions");
    for (const each of account.maps("users") ?? []) users.push(userOf(each, name, own ?? defaults));
    tenants.push({ name, limits: allowanceOf(account), jetStream: jetStream && jetStreamOf(account) });
  }
  const systemAccount = top.text("system_account", "system") ?? systemAccountName;
  if (tenants.length > 0 && !tenants.some(({ name }) => name === defaultTenant)) {
    const none = tenants.every((tenant) => tenant.jetStream !== true);
    tenants.push({ name: defaultTenant, limits: {}, jetStream: jetStream && none });
  }
  for (const name of [systemAccount]) {
    if (!tenants.some((tenant) => tenant.name === name)) tenants.push({ name, limits: {}, jetStream: false });
  }
  const names = new Set<string>();
  for (const { name } of users) {
    if (names.has(name)) throw new BrokerError("config", `Duplicate user "${name}" detected`);
    names.add(name);
  }
  return { users, tenants, systemAccount, authTimeoutMs: authorization?.durationMs("timeout") };
}

/** The keys of the map `key` as they are written: names of accounts are case-sensitive. */
export function namesOf(top: ConfFields, key: string): string[] {
  const value = top.get(key);
  return value instanceof Map ? [...value.keys()] : [];
}

/** An account's `jetstream { … }`: in nats-server's spellings, where a number below 0 is no limit. */
function allowanceOf(account: ConfFields): TenantAllowance {
  const fields = account.get("jetstream") instanceof Map ? account.fields("jetstream") : undefined;
  if (fields === undefined) return {};
  const limit = (name: keyof typeof allowanceUnits, ...keys: readonly string[]): TenantAllowance => {
    const value = fields.whole(...keys);
    return value === undefined || value < 0 ? {} : { [name]: value };
  };
  const positive = (name: keyof typeof allowanceUnits, ...keys: readonly string[]): TenantAllowance =>
    (fields.whole(...keys) ?? 0) > 0 ? limit(name, ...keys) : {};
  return {
    ...limit("memoryBytesMax", "max_memory", "max_mem", "mem", "memory"),
    ...limit("storageBytesMax", "max_store", "max_file", "max_disk", "store", "disk"),
    ...limit("stationsMax", "max_streams", "streams"),
    ...positive("groupsMax", "max_consumers", "consumers"),
    ...positive("ackPendingMax", "max_ack_pending"),
    ...positive("memoryStationBytesMax", "memory_max_stream_bytes", "mem_max_stream_bytes"),
    ...positive("storageStationBytesMax", "disk_max_stream_bytes", "store_max_stream_bytes"),
    ...(fields.flag("max_bytes_required", "max_stream_bytes", "max_bytes") === true ? { stationBytesRequired: true } : {}),
  };
}

function jetStreamOf(account: ConfFields): boolean {
  const value = account.get("jetstream");
  if (value === undefined) return false;
  return value === true || value instanceof Map || (typeof value === "string" && /^enabled?$/i.test(value));
}

function authorizationUsers(authorization: ConfFields, defaults: PermissionRules | undefined): User[] {
  const users: User[] = [];
  const name = authorization.text("user", "username");
  const token = authorization.text("token");
  if (name !== undefined) {
    const password = authorization.text("password", "pass") ?? "";
    users.push(loginOf(name, password === "" ? { kind: "certificate" } : { kind: "password", stored: parseSecret(password) }));
  }
  if (token !== undefined) users.push(loginOf("$token", { kind: "token", stored: parseSecret(token) }));
  for (const each of authorization.maps("users") ?? []) users.push(userOf(each, defaultTenant, defaults));
  return users;
}

function loginOf(name: string, secret: Secret): User {
  return { name, tenant: defaultTenant, secret, permissions: undefined, expiresMs: undefined };
}

function userOf(fields: ConfFields, tenant: string, defaults: PermissionRules | undefined): User {
  const nkey = fields.text("nkey");
  const name = fields.text("user", "username") ?? nkey;
  if (name === undefined) throw fields.wrong("user", "given: a user's name, or an nkey");
  const password = fields.text("password", "pass");
  let secret: Secret = { kind: "certificate" };
  if (nkey !== undefined) secret = { kind: "nkey", publicKey: nkey };
  else if (password !== undefined && password !== "") secret = { kind: "password", stored: parseSecret(password) };
  return {
    name,
    tenant,
    secret,
    permissions: permissionsOf(fields, "permissions", "permission", "authorization") ?? defaults,
    expiresMs: undefined,
  };
}

function permissionsOf(fields: ConfFields, ...keys: readonly string[]): PermissionRules | undefined {
  const rules = fields.fields(...keys);
  if (rules === undefined) return undefined;
  return {
    publish: subjectRules(rules, "publish", "pub", "import"),
    subscribe: subjectRules(rules, "subscribe", "sub", "export"),
    allowResponses: responseRule(rules, "allow_responses", "allow_response"),
  };
}

function subjectRules(rules: ConfFields, ...keys: readonly string[]): SubjectRules | undefined {
  const value = rules.get(...keys);
  if (value === undefined) return undefined;
  if (!(value instanceof Map)) return { allow: rules.texts(...keys) ?? [], deny: [] };
  const inner = new Fields(value, `${rules.path}.${keys[0] ?? ""}`);
  return { allow: inner.texts("allow"), deny: inner.texts("deny") ?? [] };
}

function responseRule(rules: ConfFields, ...keys: readonly string[]): ResponseRule | undefined {
  const value: ConfValue | undefined = rules.get(...keys);
  if (value === undefined || value === false) return undefined;
  if (typeof value === "number") return { ...defaultResponseRule, max: value };
  if (!(value instanceof Map)) return defaultResponseRule;
  const inner = new Fields(value, `${rules.path}.allow_responses`);
  const max = inner.whole("max", "max_msgs", "max_messages", "max_responses") ?? defaultResponseRule.max;
  const expiresMs = inner.durationMs("expires", "expiration", "ttl") ?? defaultResponseRule.expiresMs;
  return { max: max <= 0 ? -1 : max, expiresMs: expiresMs <= 0 ? -1 : expiresMs };
}
