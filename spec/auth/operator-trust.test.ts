/** Tokens of operators, accounts and users: only what a trusted key has signed counts, and only for as long as it says. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nkeys } from "nats";
import { noCredentials } from "../../lib/auth/credentials.ts";
import { readToken } from "../../lib/auth/jwt.ts";
import { judgeToken, readAccount, readOperator } from "../../lib/auth/operator-trust.ts";
import type { OperatorTrust } from "../../lib/auth/operator-trust.ts";

type Key = ReturnType<typeof nkeys.createUser>;
const nowMs = 1_800_000_000_000;

function token(subject: Key, issuer: Key, nats: object, more: object = {}, version: 1 | 2 = 2): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = part({ typ: "JWT", alg: version === 2 ? "ed25519-nkey" : "ed25519" });
  const body = part({ iat: 1_700_000_000, iss: issuer.getPublicKey(), sub: subject.getPublicKey(), name: "n", nats, ...more });
  const signature = issuer.sign(new TextEncoder().encode(version === 2 ? `${head}.${body}` : body));
  return `${head}.${body}.${Buffer.from(signature).toString("base64url")}`;
}

function trustOf(operator: Key, account: Key, nats: object = {}, more: object = {}): OperatorTrust {
  const keys = new Set(readOperator(token(operator, operator, {}))?.keys);
  const claims = readAccount(token(account, operator, nats, more), keys);
  assert.ok(claims !== undefined);
  return { operatorKeys: keys, accounts: new Map([[account.getPublicKey(), claims]]) };
}

const shownBy = (jwt: string, user?: Key): typeof noCredentials => ({
  ...noCredentials,
  jwt,
  nonce: "nonce",
  signature: user === undefined ? undefined : Buffer.from(user.sign(new TextEncoder().encode("nonce"))).toString("base64url"),
});

describe("tokens that operators and accounts sign", () => {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];

  it("are read in both versions, and not when a byte differs", () => {
    for (const version of [1, 2] as const) {
      const text = token(user, account, {}, {}, version);
      assert.equal(readToken(text)?.subject, user.getPublicKey());
      const [head = "", body = "", signature = ""] = text.split(".");
      const other = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, "base64url").toString()), name: "m" })).toString(
        "base64url",
      );
      assert.equal(readToken(`${head}.${other}.${signature}`), undefined);
    }
    assert.equal(readToken("a.b.c"), undefined);
  });

  it("make a user of the account, who signs the nonce unless it bears its token", () => {
    const trust = trustOf(operator, account);
    const permissions = { pub: { allow: ["a.>"] }, resp: { max: 2, ttl: 1_000_000_000 } };
    const found = judgeToken(trust, shownBy(token(user, account, permissions), user), nowMs);
    assert.deepEqual(typeof found === "string" ? found : { tenant: found.tenant, permissions: found.permissions }, {
      tenant: account.getPublicKey(),
      permissions: { publish: { allow: ["a.>"], deny: [] }, subscribe: undefined, allowResponses: { max: 2, expiresMs: 1000 } },
    });
    assert.equal(judgeToken(trust, shownBy(token(user, account, {})), nowMs), "wrong_signature");
    assert.equal(judgeToken(trust, shownBy(token(user, account, {}), nkeys.createUser()), nowMs), "wrong_signature");
    assert.equal(typeof judgeToken(trust, shownBy(token(user, account, { bearer_token: true })), nowMs), "object");
  });

  it("do not hold when a stranger has signed them, when they have expired, or when the account has revoked them", () => {
    const stranger = nkeys.createAccount();
    const trust = trustOf(operator, account);
    const claimed = token(user, stranger, { issuer_account: account.getPublicKey() });
    assert.equal(judgeToken(trust, shownBy(claimed, user), nowMs), "unknown_user");
    assert.equal(judgeToken(trust, shownBy(token(user, stranger, {}), user), nowMs), "unknown_user");
    assert.equal(judgeToken(trust, shownBy(token(user, account, {}, { exp: nowMs / 1000 - 1 }), user), nowMs), "expired");
    const revoking = trustOf(operator, account, { revocations: { [user.getPublicKey()]: 1_700_000_000 } });
    assert.equal(judgeToken(revoking, shownBy(token(user, account, {}), user), nowMs), "unknown_user");
    assert.equal(readAccount(token(account, nkeys.createOperator(), {}), new Set([operator.getPublicKey()])), undefined);
  });

  it("hold when a signing key of the account has signed them, and end with the account", () => {
    const signer = nkeys.createAccount();
    const trust = trustOf(operator, account, { signing_keys: [signer.getPublicKey()] }, { exp: nowMs / 1000 + 10 });
    const found = judgeToken(trust, shownBy(token(user, signer, { issuer_account: account.getPublicKey() }), user), nowMs);
    assert.deepEqual(typeof found === "string" ? found : [found.expiresMs, found.tenantExpiresFirst], [nowMs + 10_000, true]);
  });
});
