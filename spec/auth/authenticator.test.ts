import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { createUser } from "@nats-io/nkeys";
import { hashSync } from "bcryptjs";
import { Authenticator, openPolicy } from "../../lib/auth/authenticator.ts";
import type { AuthPolicy, Refusal } from "../../lib/auth/authenticator.ts";
import { noCredentials } from "../../lib/auth/credentials.ts";
import type { Credentials } from "../../lib/auth/credentials.ts";
import { parseSecret } from "../../lib/auth/secret.ts";
import type { Secret } from "../../lib/auth/secret.ts";
import type { User } from "../../lib/auth/user.ts";
import { limitsFrom } from "../../lib/limits.ts";
import type { Limits } from "../../lib/limits.ts";
import { Subject } from "../../lib/router/subject.ts";
import { SimClock } from "../support/sim-clock.ts";
import { SimRandom } from "../support/sim-random.ts";

interface Bench {
  readonly authenticator: Authenticator;
  readonly clock: SimClock;
  readonly refusals: Refusal[];
  readonly revoked: string[][];
  readonly changed: string[][];
  /** The user's name, or the reason of the refusal. */
  readonly show: (shown: Partial<Credentials>) => Promise<string>;
}

function bench(policy: Partial<AuthPolicy>, limits: Partial<Limits> = {}): Bench {
  const clock = new SimClock();
  const refusals: Refusal[] = [];
  const revoked: string[][] = [];
  const changed: string[][] = [];
  const authenticator = new Authenticator({
    clock,
    random: new SimRandom(1),
    limits: limitsFrom(limits),
    refused: (refusal) => refusals.push(refusal),
  });
  authenticator.replace({ ...openPolicy, ...policy });
  authenticator.revokedListeners.add((names) => revoked.push([...names]));
  authenticator.permissionListeners.add((names) => changed.push([...names]));
  const show = async (shown: Partial<Credentials>): Promise<string> => {
    const identity = await authenticator.authenticate({ ...noCredentials, remoteAddress: "10.0.0.1", ...shown });
    return identity === undefined ? `refused: ${refusals.at(-1)?.reason}` : identity.user;
  };
  return { authenticator, clock, refusals, revoked, changed, show };
}

function user(name: string, secret: Secret, more: Partial<User> = {}): User {
  return { name, tenant: "$G", secret, permissions: undefined, expiresMs: undefined, ...more };
}

function password(text: string): Secret {
  return { kind: "password", stored: parseSecret(text) };
}

function token(text: string): Secret {
  return { kind: "token", stored: parseSecret(text) };
}

test("without users everybody is anonymous, whatever is shown", async () => {
  const { authenticator, show } = bench({});
  equal(authenticator.anonymous?.user, "");
  equal(authenticator.anonymous?.permissions, undefined);
  equal(await show({}), "");
  equal(await show({ user: "x", password: "y" }), "");
});

test("passwords in clear, by bcrypt of each prefix and by scrypt are told right from wrong", async () => {
  const hash = hashSync("secret", 4);
  const { authenticator, show } = bench({});
  const scrypt = await authenticator.hash("secret");
  const stored = ["secret", hash.replace(/^\$2.\$/, "$2a$"), hash.replace(/^\$2.\$/, "$2b$"), hash.replace(/^\$2.\$/, "$2y$"), scrypt];
  authenticator.replace({ ...openPolicy, users: stored.map((text, index) => user(`u${index}`, password(text))) });
  for (const index of stored.keys()) {
    equal(await show({ user: `u${index}`, password: "secret" }), `u${index}`);
    equal(await show({ user: `u${index}`, password: "secret" }), `u${index}`, "again, remembered");
    equal(await show({ user: `u${index}`, password: "Secret" }), "refused: wrong_secret");
    equal(await show({ user: `u${index}`, password: "" }), "refused: wrong_secret");
    equal(await show({ user: `u${index}` }), "refused: wrong_secret");
    equal(await show({ user: `u${index}`, password: stored[index] === "secret" ? "x" : stored[index] }), "refused: wrong_secret");
  }
  equal(await show({ user: "nobody", password: "secret" }), "refused: unknown_user");
  equal(await show({}), "refused: nothing_shown");
  await authenticator.close();
});

test("known answers of bcrypt and scrypt hold", async () => {
  const rfc7914 = Buffer.from("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162", "hex");
  const { authenticator, show } = bench({
    users: [
      // crypt_blowfish's test vector, and scrypt of RFC 7914 §12 cut to 32 bytes.
      user("b", password("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")),
      user("s", password(`scrypt$1024$8$16$${Buffer.from("NaCl").toString("base64url")}$${rfc7914.toString("base64url")}`)),
    ],
  });
  equal(await show({ user: "b", password: "U*U" }), "b");
  equal(await show({ user: "b", password: "U*V" }), "refused: wrong_secret");
  equal(await show({ user: "s", password: "password" }), "s");
  equal(await show({ user: "s", password: "passwort" }), "refused: wrong_secret");
  await authenticator.close();
});

test("tokens in clear and hashed find their users", async () => {
  const { authenticator, show } = bench({
    users: [user("a", token("t-a")), user("b", token("t-b")), user("h", token(hashSync("t-h", 4)))],
  });
  equal(await show({ token: "t-a" }), "a");
  equal(await show({ token: "t-b" }), "b");
  equal(await show({ token: "t-h" }), "h");
  equal(await show({ token: "t-h" }), "h");
  equal(await show({ token: "t-x" }), "refused: wrong_secret");
  equal(await show({ user: "a", password: "t-a" }), "refused: unknown_user", "a token is no password");
  equal(await show({ user: "whatever", password: "t-a", token: "t-a" }), "a", "a protocol that has passwords only");
  equal(await show({ user: "b", password: "t-a", token: "t-a" }), "refused: unknown_user");
  await authenticator.close();
});

test("a key signs the nonce, and another nonce's signature is refused", async () => {
  const key = createUser();
  const publicKey = key.getPublicKey();
  const { authenticator, show } = bench({ users: [user(publicKey, { kind: "nkey", publicKey })] });
  ok(authenticator.asksForKeys);
  const nonce = authenticator.newNonce();
  equal(nonce.length, 15);
  ok(nonce !== authenticator.newNonce());
  const signature = Buffer.from(key.sign(Buffer.from(nonce))).toString("base64url");
  equal(await show({ nkey: publicKey, nonce, signature }), publicKey);
  equal(await show({ nkey: publicKey, nonce: authenticator.newNonce(), signature }), "refused: wrong_signature");
  equal(await show({ nkey: publicKey, nonce }), "refused: wrong_signature");
  equal(
    await show({ nkey: publicKey, nonce: "", signature: Buffer.from(key.sign(Buffer.alloc(0))).toString("base64url") }),
    "refused: wrong_signature",
  );
  equal(await show({ nkey: createUser().getPublicKey(), nonce, signature }), "refused: unknown_user");
  equal(await show({ user: publicKey, password: "" }), "refused: unknown_user");
  equal(await show({ jwt: "ey...", nonce, signature }), "refused: jwt_unsupported");
});

test("a verified certificate says who it is where certificates are mapped, and nothing elsewhere", async () => {
  const users = [user("gw@example", { kind: "certificate" }), user("CN=gw,O=acme", password("x")), user("p", password("y"))];
  const mapped = { subject: "CN=gw,O=acme", alternativeNames: [] };
  const { show } = bench({ users, mapCertificates: true });
  equal(await show({ certificate: { subject: "", alternativeNames: ["other", "gw@example"] } }), "gw@example");
  equal(await show({ certificate: mapped, user: "p", password: "wrong" }), "CN=gw,O=acme");
  equal(await show({ certificate: { subject: "CN=x", alternativeNames: [] }, user: "p", password: "y" }), "refused: unmapped_certificate");
  equal(await show({ user: "p", password: "y" }), "p");
  equal(await show({ user: "gw@example", password: "" }), "refused: unknown_user");
  const { show: showUnmapped } = bench({ users });
  equal(await showUnmapped({ certificate: mapped }), "refused: nothing_shown");
});

test("who shows nothing is the user named for that, or anonymous where that is allowed", async () => {
  const users = [user("guest", password("g"), { tenant: "guests" }), user("a", password("b"))];
  const guest = bench({ users, noAuthUser: "guest" });
  equal(guest.authenticator.anonymous?.tenant, "guests");
  equal(guest.authenticator.anonymous, guest.authenticator.anonymous);
  equal(await guest.show({}), "guest");
  equal(await guest.show({ user: "guest", password: "x" }), "refused: wrong_secret");
  const open = bench({ users, allowAnonymous: true });
  equal(open.authenticator.anonymous?.user, "");
  equal(await open.show({}), "");
  equal(await open.show({ user: "a", password: "x" }), "refused: wrong_secret");
  equal(bench({ users }).authenticator.anonymous, undefined);
});

test("a user that has expired is refused, and an identity says when it will", async () => {
  const { authenticator, clock, show } = bench({ users: [user("a", password("b"), { expiresMs: 1_700_000_001_000 })] });
  const identity = await authenticator.authenticate({ ...noCredentials, user: "a", password: "b" });
  equal(identity?.expiresMs, 1_700_000_001_000);
  clock.advance(1000);
  equal(await show({ user: "a", password: "b" }), "refused: expired");
});

test("guessing against hashes is slowed down per address, being right is not", async () => {
  const hash = hashSync("secret", 4);
  const { authenticator, clock, show } = bench(
    { users: [user("a", password(hash)), user("b", password(hash))] },
    { authAttemptsPerAddress: 3 },
  );
  for (let i = 0; i < 3; i++) equal(await show({ user: "a", password: `wrong ${i}` }), "refused: wrong_secret");
  equal(await show({ user: "a", password: "wrong" }), "refused: busy");
  equal(await show({ user: "nobody", password: "wrong" }), "refused: busy");
  equal(await show({ user: "a", password: "secret" }), "refused: busy", "it would be a guess too");
  equal(await show({ user: "a", password: "secret", remoteAddress: "10.0.0.2" }), "a");
  equal(await show({ user: "a", password: "secret" }), "a", "remembered, so nothing is hashed");
  clock.advance(1000);
  equal(await show({ user: "b", password: "secret" }), "b");
  await authenticator.close();
});

test("hashes wait one after another, and past the bound the answer is busy", async () => {
  const hash = hashSync("secret", 4);
  const { authenticator, show } = bench({ users: [user("a", password(hash))] }, { authQueueMax: 2 });
  const answers = await Promise.all(["1", "2", "3", "4"].map((text) => show({ user: "a", password: text })));
  deepEqual(answers.toSorted(), ["refused: busy", "refused: busy", "refused: wrong_secret", "refused: wrong_secret"]);
  equal(await show({ user: "a", password: "secret" }), "a");
  await authenticator.close();
});

test("removed users and changed secrets are revoked, changed permissions are not", async () => {
  const free = user("free", password("f"));
  const { authenticator, revoked, changed } = bench({ users: [free, user("gone", password("g")), user("other", password("o"))] });
  const identity = await authenticator.authenticate({ ...noCredentials, user: "free", password: "f" });
  const gone = await authenticator.authenticate({ ...noCredentials, user: "gone", password: "g" });
  const subject = new Subject(Buffer.from("a"), false);
  ok(identity?.permissions?.mayPublish(subject) && gone?.permissions?.mayPublish(subject));
  const rules = { publish: { allow: ["b"], deny: [] }, subscribe: undefined, allowResponses: undefined };
  authenticator.replace({ ...openPolicy, users: [{ ...free, permissions: rules }, user("other", password("new"))] });
  deepEqual(revoked, [["gone", "other"]]);
  deepEqual(changed, [["free"]]);
  equal(identity?.permissions?.mayPublish(subject), false, "new rules hold for the connection that stays");
  equal(gone?.permissions?.mayPublish(subject), false, "who is gone may nothing, even before the connection ends");
  authenticator.replace({ ...openPolicy, users: [{ ...free, permissions: rules }, user("other", password("new"))] });
  equal(revoked.length + changed.length, 2, "the same again changes nothing");
});

test("the first user ends anonymous connections, unless they are allowed", () => {
  const one = bench({});
  one.authenticator.replace({ ...openPolicy, users: [user("a", password("b"))] });
  deepEqual(one.revoked, [[""]]);
  const two = bench({});
  two.authenticator.replace({ ...openPolicy, allowAnonymous: true, users: [user("a", password("b"))] });
  deepEqual(two.revoked, []);
});

test("a password that was right is refused when the user changed while it was hashed", async () => {
  const hash = hashSync("secret", 4);
  const { authenticator, show } = bench({ users: [user("a", password(hash))] });
  const under = show({ user: "a", password: "secret" });
  authenticator.replace({ ...openPolicy, users: [user("b", password("x"))] });
  equal(await under, "refused: changed_meanwhile");
  await authenticator.close();
});

test("a stored hash that asks for too much, or is none, is refused when it is read", () => {
  for (const text of [
    "",
    "x".repeat(2000),
    "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$05$short",
    "scrypt$1048576$8$1$AAAAAAAAAAAAAAAAAAAAAA$" + "A".repeat(43),
    "scrypt$16385$8$1$AAAAAAAAAAAAAAAAAAAAAA$" + "A".repeat(43),
    "scrypt$16$1$1$AAAAAAAAAAAAAAAAAAAAAA$",
  ]) {
    let message = "";
    try {
      parseSecret(text);
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    ok(message.length > 10, text);
    ok(text === "" || !message.includes(text), "the message holds no secret");
  }
});

test("a secret in clear is compared by keyed digests of one length", async () => {
  // Whatever the length and common prefix of the guess, what is compared are 32 bytes that the guess cannot steer.
  const { show } = bench({ users: [user("a", password("correct horse battery staple"))] });
  for (const guess of ["c", "correct horse battery stapl", "correct horse battery staple ", "\u0000".repeat(32)]) {
    equal(await show({ user: "a", password: guess }), "refused: wrong_secret");
  }
  equal(await show({ user: "a", password: "correct horse battery staple" }), "a");
});
