/**
 * The tokens of NATS's decentralised trust: an operator signs for accounts, an account for its users. Reads a token's claims and judges its
 * signature; what the claims permit is `operator-trust.ts`'s.
 *
 *     header.claims.signature      each base64url; the key is `iss`, an NKEY
 *     alg "ed25519-nkey"           signed: header.claims        (version 2)
 *     alg "ed25519"                signed: claims               (version 1)
 */
import { verify } from "node:crypto";
import { isFields } from "../config/issues.ts";
import type { Fields } from "../config/issues.ts";
import { parseIssuerKey } from "./nkey.ts";

export interface Claims {
  /** Whom it is about, and who says so: public keys. */
  readonly subject: string;
  readonly issuer: string;
  readonly name: string;
  /** Milliseconds since the epoch; undefined = never, and always. */
  readonly expiresMs: number | undefined;
  readonly startsMs: number | undefined;
  readonly issuedAt: number;
  /** What NATS adds. */
  readonly nats: Fields;
}

/** Longer tokens are not looked at. */
const tokenCharsMax = 1024 * 1024;

/** Undefined when it is no token, or not signed by its issuer. */
export function readToken(token: string): Claims | undefined {
  if (token.length > tokenCharsMax) return undefined;
  const [headerText = "", claimsText = "", signatureText = "", more] = token.trim().split(".");
  const header = jsonOf(headerText);
  const claims = jsonOf(claimsText);
  if (more !== undefined || header === undefined || claims === undefined) return undefined;
  const { alg } = header;
  const { iss, sub } = claims;
  if (typeof iss !== "string" || typeof sub !== "string" || (alg !== "ed25519-nkey" && alg !== "ed25519")) return undefined;
  const key = parseIssuerKey(iss);
  const signature = Buffer.from(signatureText, "base64url");
  const signed = alg === "ed25519" ? claimsText : `${headerText}.${claimsText}`;
  if (key === undefined || signature.length !== 64 || !verify(null, Buffer.from(signed, "latin1"), key, signature)) return undefined;
  const nats = isFields(claims["nats"]) ? claims["nats"] : {};
  return {
    subject: sub,
    issuer: iss,
    name: textOf(claims["name"]) ?? "",
    expiresMs: secondsOf(claims["exp"]),
    startsMs: secondsOf(claims["nbf"]),
    issuedAt: typeof claims["iat"] === "number" ? claims["iat"] : 0,
    nats,
  };
}

function jsonOf(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function secondsOf(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value * 1000 : undefined;
}
