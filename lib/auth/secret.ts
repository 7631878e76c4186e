/**
 * What proves to be a user, as it is kept: a password or token in clear or as a hash, a public key, or a certificate's name. Hashes are
 * bcrypt's (`$2a$`, `$2b$`, `$2y$`) or in two forms of our own:
 *
 *     scrypt$N$r$p$salt$hash        N a power of two, salt and hash in base64url, the hash 32 bytes
 *     sha256$hash                   of a random token, which needs no slow hash; refused for passwords
 *
 * The cost is bounded when it is read, so that no stored hash can take the process's memory.
 */
import { createHash } from "node:crypto";
import { BrokerError } from "../errors.ts";

export type Secret =
  | { readonly kind: "password"; readonly stored: StoredSecret }
  | { readonly kind: "token"; readonly stored: StoredSecret }
  | { readonly kind: "nkey"; readonly publicKey: string }
  | { readonly kind: "certificate" };

export type StoredSecret =
  | { readonly kind: "clear"; readonly text: string }
  | { readonly kind: "sha256"; readonly text: string; readonly hash: Buffer }
  | { readonly kind: "bcrypt"; readonly text: string }
  | { readonly kind: "scrypt"; readonly text: string; readonly cost: ScryptCost; readonly salt: Buffer; readonly hash: Buffer };

export interface ScryptCost {
  /** Iterations, a power of two. */
  readonly n: number;
  /** Block size, in units of 128 bytes. */
  readonly r: number;
  readonly p: number;
}

/** 16 MiB and about a fifth of a second. */
export const defaultScryptCost: ScryptCost = { n: 16_384, r: 8, p: 5 };
export const scryptSaltBytes = 16;
export const scryptHashBytes = 32;
export const scryptMemoryMax: number = 128 * 1024 * 1024;
const scryptWorkMax = 16 * 1024 * 1024;
const bcryptCostMax = 16;
/** Longer ones are refused before they are looked at: a control line cannot hold them anyway. */
export const secretCharsMax = 1024;

/** Reads what stands in a configuration; throws `invalid` with a sentence that never holds the secret. */
export function parseSecret(text: string): StoredSecret {
  if (text.length === 0) throw new BrokerError("invalid", "a password or token is not empty");
  if (text.length > secretCharsMax) throw new BrokerError("invalid", `a password or token has at most ${secretCharsMax} characters`);
  if (/^\$2[aby]\$/.test(text)) return parseBcrypt(text);
  if (text.startsWith("scrypt$")) return parseScrypt(text);
  if (text.startsWith("sha256$")) return parseSha256(text);
  return { kind: "clear", text };
}

/** How a random token is kept. */
export function formatToken(token: string): string {
  return `sha256$${sha256(token).toString("base64url")}`;
}

export function sha256(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}

export function formatScrypt(cost: ScryptCost, salt: Buffer, hash: Buffer): string {
  return ["scrypt", cost.n, cost.r, cost.p, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

export function secretsEqual(a: Secret, b: Secret): boolean {
  switch (a.kind) {
    case "password":
    case "token":
      return a.kind === b.kind && a.stored.text === b.stored.text;
    case "nkey":
      return b.kind === "nkey" && a.publicKey === b.publicKey;
    case "certificate":
      return b.kind === "certificate";
  }
}

function parseBcrypt(text: string): StoredSecret {
  const cost = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/.exec(text)?.[1];
  if (cost === undefined) throw new BrokerError("invalid", "a bcrypt hash is '$2b$', a cost, '$' and 53 characters; make it anew");
  if (Number(cost) < 4 || Number(cost) > bcryptCostMax)
    throw new BrokerError("invalid", `a bcrypt hash has a cost from 04 to ${bcryptCostMax}; make it anew with a lower cost`);
  return { kind: "bcrypt", text };
}

function parseSha256(text: string): StoredSecret {
  const hash = /^sha256\$([-_A-Za-z0-9]{43})$/.exec(text)?.[1];
  if (hash === undefined) throw new BrokerError("invalid", "a token's hash is 'sha256$' and 43 characters of base64url; make it anew");
  return { kind: "sha256", text, hash: Buffer.from(hash, "base64url") };
}

function parseScrypt(text: string): StoredSecret {
  const match = /^scrypt\$([1-9][0-9]{0,7})\$([1-9][0-9]?)\$([1-9][0-9]?)\$([-_A-Za-z0-9]{6,86})\$([-_A-Za-z0-9]{43})$/.exec(text);
  if (match === null)
    throw new BrokerError("invalid", "an scrypt hash is 'scrypt$N$r$p$salt$hash' in base64url; make it with 'waystation user hash'");
  const [, n = "", r = "", p = "", salt = "", hash = ""] = match;
  const cost: ScryptCost = { n: Number(n), r: Number(r), p: Number(p) };
  if (cost.n < 2 || (cost.n & (cost.n - 1)) !== 0) throw new BrokerError("invalid", "an scrypt hash has an N that is a power of two");
  if (128 * cost.n * cost.r > scryptMemoryMax || cost.n * cost.r * cost.p > scryptWorkMax)
    throw new BrokerError("invalid", "an scrypt hash asks for too much memory or work; make it anew with a lower cost");
  return { kind: "scrypt", text, cost, salt: Buffer.from(salt, "base64url"), hash: Buffer.from(hash, "base64url") };
}
