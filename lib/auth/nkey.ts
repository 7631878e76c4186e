/**
 * NKEYs: Ed25519 keys written as base32 with a kind and a checksum. Only what a broker needs: reading a user's public key and judging
 * a signature over the nonce it was sent.
 *
 *     text   = base32(kind byte, 32 bytes of public key, CRC-16/XMODEM of both, little endian), 56 characters, no padding
 *     kind   = 20 << 3 for users, so that the text starts with `U`
 */
import { createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const textLength = 56;
const keyBytes = 32;
const userKind = 20 << 3;
const accountKind = 0;
const operatorKind = 14 << 3;
/** The DER prefix that makes 32 raw bytes an Ed25519 public key. */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");
const signatureBytes = 64;

/** A user's public key from its text `U…`; undefined when kind, length or checksum are wrong. */
export function parseUserKey(text: string): KeyObject | undefined {
  return parseKey(text, userKind);
}

/** The public key of an operator, an account or a user, from its text `O…`, `A…` or `U…`. */
export function parseIssuerKey(text: string): KeyObject | undefined {
  return parseKey(text, operatorKind) ?? parseKey(text, accountKind) ?? parseKey(text, userKind);
}

function parseKey(text: string, kind: number): KeyObject | undefined {
  const raw = decodeBase32(text);
  if (raw === undefined || raw[0] !== kind) return undefined;
  const body = raw.subarray(0, keyBytes + 1);
  if (crc16(body) !== raw.readUInt16LE(keyBytes + 1)) return undefined;
  return createPublicKey({ key: Buffer.concat([spkiPrefix, body.subarray(1)]), format: "der", type: "spki" });
}

/** True when `signature` (base64url or base64) is the key's over the nonce's text. */
export function signatureHolds(key: KeyObject, nonce: string, signature: string): boolean {
  if (signature.length > 2 * signatureBytes) return false;
  const bytes = Buffer.from(signature, "base64url");
  return bytes.length === signatureBytes && verify(null, Buffer.from(nonce, "utf8"), key, bytes);
}

function decodeBase32(text: string): Buffer | undefined {
  if (text.length !== textLength) return undefined;
  const out = Buffer.alloc((textLength * 5) / 8);
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const character of text) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return undefined;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = value >> bits;
    }
  }
  return out;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}
