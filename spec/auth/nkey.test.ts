import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { createAccount, createUser } from "@nats-io/nkeys";
import { parseUserKey, signatureHolds } from "../../lib/auth/nkey.ts";

test("keys and signatures of the official library are understood", () => {
  for (let i = 0; i < 20; i++) {
    const user = createUser();
    const nonce = `nonce-${i}-abcdefg`;
    const key = parseUserKey(user.getPublicKey());
    ok(key !== undefined);
    const signature = Buffer.from(user.sign(Buffer.from(nonce)));
    ok(signatureHolds(key, nonce, signature.toString("base64url")));
    ok(signatureHolds(key, nonce, signature.toString("base64")));
    ok(!signatureHolds(key, `${nonce}x`, signature.toString("base64url")));
    signature[i] = (signature[i] ?? 0) ^ 1;
    ok(!signatureHolds(key, nonce, signature.toString("base64url")));
  }
});

test("a key with any character changed, of another kind or length is refused", () => {
  const text = createUser().getPublicKey();
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === "A" ? "B" : "A";
    equal(parseUserKey(text.slice(0, at) + other + text.slice(at + 1)), undefined, `character ${at}`);
  }
  equal(parseUserKey(createAccount().getPublicKey()), undefined);
  equal(parseUserKey(text.slice(1)), undefined);
  equal(parseUserKey(text.toLowerCase()), undefined);
  equal(parseUserKey(""), undefined);
});

test("a signature that is none is refused without harm", () => {
  const key = parseUserKey(createUser().getPublicKey());
  ok(key !== undefined);
  for (const signature of ["", "AAAA", "A".repeat(86), "A".repeat(100_000), "\u0000é"]) ok(!signatureHolds(key, "n", signature));
});
