/**
 * Who may connect where operators vouch for accounts and accounts for users: the accounts' tokens are given, a user shows its own and
 * proves that the key in it is its own by signing the nonce (a bearer token needs no proof). Only tokens that a trusted key has signed count.
 */
import { isFields } from "../config/issues.ts";
import type { Fields } from "../config/issues.ts";
import type { Credentials } from "./credentials.ts";
import { readToken } from "./jwt.ts";
import type { Claims } from "./jwt.ts";
import { parseUserKey, signatureHolds } from "./nkey.ts";
import { defaultResponseRule } from "./permissions.ts";
import type { PermissionRules, ResponseRule, SubjectRules } from "./permissions.ts";
import type { allowanceUnits, TenantAllowance } from "../limits.ts";
import type { TenantDefinition } from "./user.ts";

/** What an operator's configuration says. */
export interface OperatorTrust {
  /** Public keys that may sign for accounts. */
  readonly operatorKeys: ReadonlySet<string>;
  /** By their public keys, which are the tenants' names. */
  readonly accounts: ReadonlyMap<string, AccountClaims>;
}

export interface AccountClaims {
  readonly name: string;
  /** Public keys that may sign for its users. */
  readonly keys: ReadonlySet<string>;
  readonly expiresMs: number | undefined;
  readonly defaultPermissions: PermissionRules | undefined;
  /** Users whose tokens no longer hold, by key (`*` = all): those issued up to this second. */
  readonly revoked: ReadonlyMap<string, number>;
  readonly tenant: TenantDefinition;
  /** Exports and imports as the token has them. */
  readonly exports: readonly Fields[];
  readonly imports: readonly Fields[];
}

/** A user as its token says. */
export interface TokenUser {
  readonly key: string;
  readonly name: string;
  readonly tenant: string;
  readonly permissions: PermissionRules | undefined;
  /** When it or its account expires, and which of them. */
  readonly expiresMs: number | undefined;
  readonly tenantExpiresFirst: boolean;
}

export type TokenRefusal = "wrong_signature" | "unknown_user" | "expired";

/** An operator's token; undefined when it is none, or not signed by itself. Its keys are trusted. */
export function readOperator(token: string): { readonly keys: readonly string[]; readonly systemAccount: string | undefined } | undefined {
  const claims = readToken(token);
  if (claims === undefined || !claims.subject.startsWith("O")) return undefined;
  const system = claims.nats["system_account"];
  return { keys: [claims.subject, ...texts(claims.nats["signing_keys"])], systemAccount: typeof system === "string" ? system : undefined };
}

/** An account's token; undefined when no trusted operator has signed it. */
export function readAccount(token: string, operatorKeys: ReadonlySet<string>): AccountClaims | undefined {
  const claims = readToken(token);
  if (claims === undefined || !claims.subject.startsWith("A") || !operatorKeys.has(claims.issuer)) return undefined;
  const { nats } = claims;
  const limits = isFields(nats["limits"]) ? nats["limits"] : {};
  const signing = Array.isArray(nats["signing_keys"]) ? (nats["signing_keys"] as unknown[]) : [];
  const signers = signing.map((each) => (isFields(each) ? each["key"] : each));
  const tiers = limits["tiered_limits"];
  const jetStream = isFields(tiers) || nonZero(limits["mem_storage"]) || nonZero(limits["disk_storage"]);
  const revocations = isFields(nats["revocations"]) ? nats["revocations"] : {};
  return {
    name: claims.name,
    keys: new Set([claims.subject, ...texts(signers)]),
    expiresMs: claims.expiresMs,
    defaultPermissions: isFields(nats["default_permissions"]) ? permissionsOf(nats["default_permissions"]) : undefined,
    revoked: new Map(Object.entries(revocations).flatMap(([key, at]) => (typeof at === "number" ? [[key, at] as const] : []))),
    tenant: {
      name: claims.subject,
      limits: { ...bound("connectionsMax", limits["conn"]), ...bound("subscriptionsMax", limits["subs"]), ...allowanceOf(limits) },
      jetStream,
    },
    exports: fieldsOf(nats["exports"]),
    imports: fieldsOf(nats["imports"]),
  };
}

/** The stations' part of a token's limits, where -1 is no limit, and of those of groups and stations 0 as well. */
function allowanceOf(limits: Fields): TenantAllowance {
  const from = (least: number, name: keyof typeof allowanceUnits, key: string): TenantAllowance => {
    const value = limits[key];
    return typeof value === "number" && value >= least ? { [name]: value } : {};
  };
  return {
    ...from(0, "memoryBytesMax", "mem_storage"),
    ...from(0, "storageBytesMax", "disk_storage"),
    ...from(0, "stationsMax", "streams"),
    ...from(1, "groupsMax", "consumer"),
    ...from(1, "ackPendingMax", "max_ack_pending"),
    ...from(1, "memoryStationBytesMax", "mem_max_stream_bytes"),
    ...from(1, "storageStationBytesMax", "disk_max_stream_bytes"),
    ...(limits["max_bytes_required"] === true ? { stationBytesRequired: true } : {}),
  };
}

/** Who shows this token now. */
export function judgeToken(trust: OperatorTrust, shown: Credentials, nowMs: number): TokenUser | TokenRefusal {
  const claims = readToken(shown.jwt ?? "");
  if (claims === undefined || !claims.subject.startsWith("U")) return "wrong_signature";
  const { nats } = claims;
  const issuer = typeof nats["issuer_account"] === "string" && nats["issuer_account"] !== "" ? nats["issuer_account"] : claims.issuer;
  const account = trust.accounts.get(issuer);
  if (account === undefined || !account.keys.has(claims.issuer)) return "unknown_user";
  if (isRevoked(account, claims)) return "unknown_user";
  if (claims.startsMs !== undefined && nowMs < claims.startsMs) return "expired";
  const tenantExpiresFirst = (account.expiresMs ?? Infinity) < (claims.expiresMs ?? Infinity);
  const expiresMs = tenantExpiresFirst ? account.expiresMs : claims.expiresMs;
  if (expiresMs !== undefined && nowMs >= expiresMs) return "expired";
  if (nats["bearer_token"] !== true && !signs(claims.subject, shown)) return "wrong_signature";
  const permissions = permissionsOf(nats) ?? account.defaultPermissions;
  return { key: claims.subject, name: claims.name, tenant: issuer, permissions, expiresMs, tenantExpiresFirst };
}

function signs(userKey: string, shown: Credentials): boolean {
  const key = parseUserKey(userKey);
  return key !== undefined && shown.nonce !== "" && shown.signature !== undefined && signatureHolds(key, shown.nonce, shown.signature);
}

function isRevoked(account: AccountClaims, claims: Claims): boolean {
  const upTo = Math.max(account.revoked.get(claims.subject) ?? -1, account.revoked.get("*") ?? -1);
  return upTo >= claims.issuedAt;
}

/** Undefined when nothing is restricted. */
function permissionsOf(nats: Fields): PermissionRules | undefined {
  const publish = rulesOf(nats["pub"]);
  const subscribe = rulesOf(nats["sub"]);
  const allowResponses = responsesOf(nats["resp"]);
  return publish === undefined && subscribe === undefined && allowResponses === undefined
    ? undefined
    : { publish, subscribe, allowResponses };
}

function rulesOf(value: unknown): SubjectRules | undefined {
  if (!isFields(value)) return undefined;
  const allow = texts(value["allow"]);
  const deny = texts(value["deny"]);
  return allow.length + deny.length === 0 ? undefined : { allow: allow.length === 0 ? undefined : allow, deny };
}

function responsesOf(value: unknown): ResponseRule | undefined {
  if (!isFields(value)) return undefined;
  const max = typeof value["max"] === "number" && value["max"] !== 0 ? value["max"] : defaultResponseRule.max;
  const ttlNs = typeof value["ttl"] === "number" && value["ttl"] !== 0 ? value["ttl"] : defaultResponseRule.expiresMs * 1e6;
  return { max: max < 0 ? -1 : max, expiresMs: ttlNs < 0 ? -1 : ttlNs / 1e6 };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}

function fieldsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function nonZero(value: unknown): boolean {
  return typeof value === "number" && value !== 0;
}

function bound<Name extends string>(name: Name, value: unknown): Partial<Record<Name, number>> {
  return typeof value === "number" && value >= 0 ? ({ [name]: value } as Partial<Record<Name, number>>) : {};
}
