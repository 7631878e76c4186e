/**
 * Users, tenants and permissions as they are written, in a configuration file or in the document kept for those made by command:
 *
 *     users:                                     or a map:  users: { alice: { password: … } }
 *       - { user: alice, password: …, tenant: acme, expires: 2030-01-01T00:00:00Z, permissions: … }
 *       - { user: bob, password: scrypt$…, scram: scram-sha-256$… }
 *       - { user: gate, token: … }
 *       - { nkey: UA… }
 *       - { user: "CN=gateway,O=acme", certificate: true }
 *     tenants:
 *       acme: { users: …, limits: … }
 *     permissions:
 *       publish: orders.>                        a filter, a list, or { allow: …, deny: … }
 *       subscribe: [orders.>, "jobs workers"]
 *       allowResponses: true                     or { max: 1, expires: 2m }
 */
import { BrokerError } from "../errors.ts";
import { firstOf, isFields, joined } from "../config/issues.ts";
import type { Fields, Issues } from "../config/issues.ts";
import { parseDurationMs } from "../config/quantity.ts";
import { defaultTenant } from "./identity.ts";
import { parseUserKey } from "./nkey.ts";
import { permissionProblem } from "./permission-set.ts";
import { defaultResponseRule } from "./permissions.ts";
import type { PermissionRules, ResponseRule, SubjectRules } from "./permissions.ts";
import { parseScram } from "./scram.ts";
import type { ScramKeys } from "./scram.ts";
import { parseSecret } from "./secret.ts";
import type { Secret, StoredSecret } from "./secret.ts";
import type { User } from "./user.ts";

const nameKeys = ["user", "name", "username"];
const passwordKeys = ["password", "pass"];
const tenantKeys = ["tenant", "account"];
const permissionsKeys = ["permissions", "permission"];
const publishKeys = ["publish", "pub"];
const subscribeKeys = ["subscribe", "sub"];
const responseKeys = ["allowResponses", "allowResponse", "allow_responses"];
const userKeys = [...nameKeys, ...passwordKeys, "scram", "token", "nkey", "certificate", ...tenantKeys, ...permissionsKeys, "expires"];

/** Longest name of a user or tenant, whatever the limits say: it goes into other names. */
export const namesMax = 128;

/** Reads a list of users, or a map by name. `tenant`: whose they are when they do not say. */
export function parseUsers(value: unknown, path: string, tenant: string, issues: Issues): User[] {
  const users: User[] = [];
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) add(users, parseUser(one, `${path}[${index}]`, tenant, undefined, issues));
  } else if (isFields(value)) {
    for (const [name, one] of Object.entries(value)) {
      const fields = typeof one === "string" ? { password: one } : one;
      add(users, parseUser(fields, joined(path, name), tenant, name, issues));
    }
  } else if (value !== null) issues.add(path, value, "a list of users, or users by name");
  return users;
}

/** Reads one user; undefined when something is wrong with it, which is then in the issues. */
export function parseUser(value: unknown, path: string, tenant: string, name: string | undefined, issues: Issues): User | undefined {
  const before = issues.list.length;
  const fields = issues.fields(value, path, userKeys);
  if (fields === undefined) return undefined;
  const nkey = fields["nkey"] === undefined ? undefined : issues.text(fields["nkey"], joined(path, "nkey"), "a public user key");
  const given = firstOf(fields, path, nameKeys);
  const shown = given === undefined ? (name ?? nkey) : issues.text(given.value, given.path, "a user's name");
  const secret = parseUserSecret(fields, nkey, path, issues);
  const own = firstOf(fields, path, tenantKeys);
  const permissions = firstOf(fields, path, permissionsKeys);
  const user = {
    name: shown ?? "",
    tenant: own === undefined ? tenant : parseTenantName(own.value, own.path, issues),
    secret: secret ?? { kind: "certificate" as const },
    scram: parseUserScram(fields, path, issues),
    permissions: permissions === undefined ? undefined : parsePermissions(permissions.value, permissions.path, issues),
    expiresMs: fields["expires"] === undefined ? undefined : parseExpiry(fields["expires"], joined(path, "expires"), issues),
  };
  if (shown === undefined) issues.add(joined(path, "user"), undefined, "a user's name");
  else if (!isName(shown))
    issues.add(joined(path, "user"), shown, `a name of 1 to ${namesMax} characters, none of them a control character`);
  return issues.list.length === before ? user : undefined;
}

/** Reads the rules of publish and subscribe. */
export function parsePermissions(value: unknown, path: string, issues: Issues): PermissionRules | undefined {
  const fields = issues.fields(value, path, [...publishKeys, ...subscribeKeys, ...responseKeys]);
  if (fields === undefined) return undefined;
  const publish = firstOf(fields, path, publishKeys);
  const subscribe = firstOf(fields, path, subscribeKeys);
  const responses = firstOf(fields, path, responseKeys);
  return {
    publish: publish === undefined ? undefined : parseSubjectRules(publish.value, publish.path, false, issues),
    subscribe: subscribe === undefined ? undefined : parseSubjectRules(subscribe.value, subscribe.path, true, issues),
    allowResponses: responses === undefined ? undefined : parseResponseRule(responses.value, responses.path, issues),
  };
}

/** A tenant's name is one token of a subject and one part of a path. */
export function parseTenantName(value: unknown, path: string, issues: Issues): string {
  const wanted = `a tenant's name: 1 to ${namesMax} of letters, digits, '-', '_', or ${defaultTenant}`;
  const name = issues.text(value, path, wanted) ?? defaultTenant;
  if (name !== defaultTenant && !/^[-\w]{1,128}$/.test(name)) issues.add(path, value, wanted);
  return name;
}

/** Adds an issue for each user that has the name, or the key, of an earlier one. */
export function refuseTwins(users: readonly User[], path: string, issues: Issues): void {
  const names = new Set<string>();
  const keys = new Set<string>();
  const tokens = new Set<string>();
  for (const user of users) {
    if (names.has(user.name)) issues.add(path, user.name, "each user's name once, whatever the tenant");
    names.add(user.name);
    if (user.secret.kind === "nkey") {
      if (keys.has(user.secret.publicKey)) issues.add(path, user.secret.publicKey, "each key for one user");
      keys.add(user.secret.publicKey);
    }
    if (user.secret.kind === "token") {
      if (tokens.has(user.secret.stored.text)) issues.addSecret(path, `another token for '${user.name}': two users have the same`);
      tokens.add(user.secret.stored.text);
    }
  }
}

function add(users: User[], user: User | undefined): void {
  if (user !== undefined) users.push(user);
}

function isName(name: string): boolean {
  return name.length > 0 && name.length <= namesMax && !/\p{Cc}/u.test(name);
}

function parseUserScram(fields: Fields, path: string, issues: Issues): ScramKeys | undefined {
  const value = fields["scram"];
  if (value === undefined) return undefined;
  const wanted = "what 'waystation user add' made of the password, beside it";
  if (typeof value !== "string" || firstOf(fields, path, passwordKeys) === undefined) {
    issues.addSecret(joined(path, "scram"), wanted);
    return undefined;
  }
  try {
    return parseScram(value);
  } catch (error) {
    issues.addSecret(joined(path, "scram"), error instanceof BrokerError ? error.message : wanted);
    return undefined;
  }
}

function parseUserSecret(fields: Fields, nkey: string | undefined, path: string, issues: Issues): Secret | undefined {
  const found: Secret[] = [];
  const password = firstOf(fields, path, passwordKeys);
  const token = firstOf(fields, path, ["token"]);
  if (password !== undefined) {
    const stored = readSecret(password.value, password.path, issues);
    if (stored?.kind === "sha256")
      issues.addSecret(password.path, "a password in clear, or hashed by bcrypt or scrypt: sha256 is for random tokens");
    found.push(stored === undefined ? { kind: "certificate" } : { kind: "password", stored });
  }
  if (token !== undefined) {
    const stored = readSecret(token.value, token.path, issues);
    found.push(stored === undefined ? { kind: "certificate" } : { kind: "token", stored });
  }
  if (nkey !== undefined) {
    if (parseUserKey(nkey) === undefined) issues.add(joined(path, "nkey"), nkey, "a public user key: 56 characters that start with U");
    found.push({ kind: "nkey", publicKey: nkey });
  }
  if (fields["certificate"] !== undefined && issues.boolean(fields["certificate"], joined(path, "certificate")) === true) {
    found.push({ kind: "certificate" });
  }
  if (found.length !== 1) issues.add(path, undefined, "exactly one of password, token, nkey, certificate: true");
  return found[0];
}

function readSecret(value: unknown, path: string, issues: Issues): StoredSecret | undefined {
  if (typeof value !== "string" && typeof value !== "number") {
    issues.addSecret(path, "a text");
    return undefined;
  }
  try {
    return parseSecret(String(value));
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    issues.addSecret(path, error.message);
    return undefined;
  }
}

function parseSubjectRules(value: unknown, path: string, queues: boolean, issues: Issues): SubjectRules {
  const wanted = queues ? "a filter, or 'filter queue'" : "a filter";
  const filters = (list: unknown, at: string): string[] => {
    const entries = issues.texts(list, at, wanted);
    for (const entry of entries) {
      const problem = permissionProblem(entry, queues);
      if (problem !== undefined) issues.add(at, entry, `${wanted}: ${problem}`);
    }
    return entries;
  };
  if (!isFields(value)) return { allow: filters(value, path), deny: [] };
  const fields = issues.fields(value, path, ["allow", "deny"]) ?? {};
  const allow = firstOf(fields, path, ["allow"]);
  const deny = firstOf(fields, path, ["deny"]);
  return {
    allow: allow === undefined ? undefined : filters(allow.value, allow.path),
    deny: deny === undefined ? [] : filters(deny.value, deny.path),
  };
}

function parseResponseRule(value: unknown, path: string, issues: Issues): ResponseRule | undefined {
  if (value === true) return defaultResponseRule;
  if (value === false) return undefined;
  if (typeof value === "number") return parseResponseRule({ max: value }, path, issues);
  const fields = issues.fields(value, path, ["max", "expires"]);
  if (fields === undefined) return undefined;
  const max = fields["max"] ?? defaultResponseRule.max;
  const expires = fields["expires"] ?? defaultResponseRule.expiresMs;
  const expiresMs = expires === -1 ? -1 : parseDurationMs(expires);
  if (typeof max !== "number" || !Number.isSafeInteger(max) || max === 0 || max < -1)
    issues.add(joined(path, "max"), max, "a number of messages from 1, or -1 for any number");
  if (expiresMs === undefined || expiresMs === 0) issues.add(joined(path, "expires"), expires, "a duration such as 2m, or -1 for any");
  return { max: typeof max === "number" ? max : defaultResponseRule.max, expiresMs: expiresMs ?? defaultResponseRule.expiresMs };
}

function parseExpiry(value: unknown, path: string, issues: Issues): number | undefined {
  const text = value instanceof Date ? value.toISOString() : value;
  const time = typeof text === "string" && /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  issues.add(path, value, "a time such as 2030-01-01T00:00:00Z");
  return undefined;
}
