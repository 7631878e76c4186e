/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side: the client proves that it knows the password without sending it, and the server
 * that it knows what the password was made into. Kept is neither the password nor anything one could log in with:
 *
 *     scram-sha-256$iterations$salt$stored key$server key        salt and keys in base64url, the keys 32 bytes
 *
 * Channel binding is not offered and refused when asked for; so is acting as somebody else (authzid).
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { BrokerError } from "../errors.ts";

export interface ScramKeys {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** What RFC 7677 asks for at least: the client, which may be a small device, does this work at each login. */
export const scramIterations = 4096;
export const scramSaltBytes = 16;
const iterationsMax = 1_000_000;
const keyBytes = 32;

/** Off the event loop. */
export function deriveScram(password: string, salt: Buffer, iterations: number = scramIterations): Promise<ScramKeys> {
  return new Promise((resolve, reject) => {
    pbkdf2(password.normalize("NFKC"), salt, iterations, keyBytes, "sha256", (error, salted) => {
      if (error === null) resolve(keysOf(salted, salt, iterations));
      else reject(error);
    });
  });
}

function keysOf(salted: Buffer, salt: Buffer, iterations: number): ScramKeys {
  return { iterations, salt, storedKey: sha256(hmac(salted, "Client Key")), serverKey: hmac(salted, "Server Key") };
}

export function formatScram(keys: ScramKeys): string {
  const parts = [keys.salt, keys.storedKey, keys.serverKey].map((bytes) => bytes.toString("base64url"));
  return ["scram-sha-256", keys.iterations, ...parts].join("$");
}

/** Throws `invalid` with a sentence that holds no secret. */
export function parseScram(text: string): ScramKeys {
  const match = /^scram-sha-256\$([1-9][0-9]{3,6})\$([-_A-Za-z0-9]{6,86})\$([-_A-Za-z0-9]{43})\$([-_A-Za-z0-9]{43})$/.exec(text);
  const iterations = Number(match?.[1]);
  if (match === null || iterations < scramIterations || iterations > iterationsMax)
    throw new BrokerError(
      "invalid",
      "scram is 'scram-sha-256$iterations$salt$stored key$server key' as 'waystation user add' makes it, with 4096 iterations or more",
    );
  const [, , salt = "", stored = "", server = ""] = match;
  const bytes = (part: string): Buffer => Buffer.from(part, "base64url");
  return { iterations, salt: bytes(salt), storedKey: bytes(stored), serverKey: bytes(server) };
}

/** What the client said first. */
export interface ClientFirst {
  readonly user: string;
  readonly nonce: string;
  /** `n,,` or `y,,`: repeated in the client's last word. */
  readonly header: string;
  readonly bare: string;
}

/** Undefined when it is not well formed, or asks for what is not offered. */
export function parseClientFirst(data: Buffer): ClientFirst | undefined {
  if (data.length > 4096) return undefined;
  const match = /^([ny],(?:a=([^,]*))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(data.toString("utf8"));
  if (match === null) return undefined;
  const [, header = "", authzid, bare = "", name = "", nonce = ""] = match;
  const user = unescaped(name);
  if (user === undefined || (authzid !== undefined && authzid !== "" && unescaped(authzid) !== user)) return undefined;
  return { user, nonce, header, bare };
}

/** One login, after the client's first word. */
export class ScramExchange {
  readonly challenge: string;
  readonly #first: ClientFirst;
  readonly #keys: ScramKeys;
  readonly #nonce: string;

  /** `serverNonce`: printable, unpredictable, without commas. */
  constructor(first: ClientFirst, keys: ScramKeys, serverNonce: string) {
    this.#first = first;
    this.#keys = keys;
    this.#nonce = first.nonce + serverNonce;
    this.challenge = `r=${this.#nonce},s=${keys.salt.toString("base64")},i=${keys.iterations}`;
  }

  /** The server's proof in return; undefined when the client's does not hold. */
  finish(data: Buffer): string | undefined {
    const match = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?),p=([A-Za-z0-9+/]{43}=)$/s.exec(data.toString("utf8"));
    if (match === null) return undefined;
    const [, withoutProof = "", binding = "", nonce = "", proof = ""] = match;
    if (nonce !== this.#nonce || Buffer.from(binding, "base64").toString("utf8") !== this.#first.header) return undefined;
    const spoken = `${this.#first.bare},${this.challenge},${withoutProof}`;
    const clientKey = xor(Buffer.from(proof, "base64"), hmac(this.#keys.storedKey, spoken));
    if (!timingSafeEqual(sha256(clientKey), this.#keys.storedKey)) return undefined;
    return `v=${hmac(this.#keys.serverKey, spoken).toString("base64")}`;
  }
}

/** `=2C` is a comma, `=3D` an equals sign, and nothing else may follow one. */
function unescaped(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function xor(a: Buffer, b: Buffer): Buffer {
  const result = Buffer.alloc(keyBytes);
  for (let i = 0; i < keyBytes; i++) result[i] = (a[i] ?? 0) ^ (b[i] ?? 0);
  return result;
}
