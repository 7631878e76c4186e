/** Users at the NATS door, as the official client shows itself: password, hash, token, key, certificate; permissions and revocation. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";
import type { ConnectionOptions, NatsConnection } from "@nats-io/transport-node";
import { createUser } from "@nats-io/nkeys";
import { Authenticator } from "../../lib/auth/authenticator.ts";
import type { AuthPolicy } from "../../lib/auth/authenticator.ts";
import { parseSecret } from "../../lib/auth/secret.ts";
import type { Secret } from "../../lib/auth/secret.ts";
import type { User } from "../../lib/auth/user.ts";
import { SystemClock } from "../../lib/clock.ts";
import { defaultLimits } from "../../lib/limits.ts";
import { SystemRandom } from "../../lib/random.ts";
import { SecureServer } from "../../transports/carriages/tls.ts";
import { authorityCertificate, clientCertificate, clientKey, serverCertificate, serverKey } from "../support/certificates.ts";
import { openTestDoor } from "../support/nats-door.ts";
import type { TestDoor } from "../support/nats-door.ts";

const key = createUser();

function user(name: string, secret: Secret, more: Partial<User> = {}): User {
  return { name, tenant: "$G", secret, permissions: undefined, expiresMs: undefined, ...more };
}

const password = (text: string): Secret => ({ kind: "password", stored: parseSecret(text) });

const policy: AuthPolicy = {
  users: [
    user("ann", password("secret")),
    // bcrypt of "hashed", cost 4.
    user("bob", password("$2b$04$Gaw2VQQWAk3GKruinTeJX.DzhPhjKhhB0dzdfM0HV7PygawIRDsVO")),
    user("tok", { kind: "token", stored: parseSecret("a-token") }),
    user(key.getPublicKey(), { kind: "nkey", publicKey: key.getPublicKey() }),
    user("gateway-7", { kind: "certificate" }, { tenant: "acme" }),
    user("few", password("few"), {
      permissions: {
        publish: { allow: ["in.>"], deny: [] },
        subscribe: { allow: ["out.>", "_INBOX.>"], deny: ["out.secret"] },
        allowResponses: undefined,
      },
    }),
  ],
  allowAnonymous: false,
  noAuthUser: undefined,
  tenants: [],
  mapCertificates: true,
};

describe("users at the NATS door", () => {
  let authenticator: Authenticator;
  let door: TestDoor;
  before(async () => {
    const clock = new SystemClock();
    authenticator = new Authenticator({ clock, random: new SystemRandom(), limits: defaultLimits });
    authenticator.replace(policy);
    const server = new SecureServer({ certificate: serverCertificate, key: serverKey, authorities: authorityCertificate });
    door = await openTestDoor({ authentication: authenticator, tls: { server, mode: "available" } });
    authenticator.revokedListeners.add((users) => door.broker.revoke(users));
    authenticator.permissionListeners.add((users) => door.broker.permissionsChanged(users));
  });
  after(async () => {
    await door.close();
    await authenticator.close();
  });

  const open = (options: ConnectionOptions): Promise<NatsConnection> =>
    connect({ servers: `localhost:${door.port}`, reconnect: false, timeout: 4000, tls: { ca: authorityCertificate }, ...options });

  async function userOf(options: ConnectionOptions): Promise<string> {
    const connection = await open(options);
    const identities = [...door.door.sessions].map(({ identity }) => `${identity?.user} of ${identity?.tenant}`);
    await connection.close();
    return identities.at(-1) ?? "nobody";
  }

  it("come in with a password, a hashed password, a token or a key", async () => {
    assert.equal(await userOf({ user: "ann", pass: "secret" }), "ann of $G");
    assert.equal(await userOf({ user: "bob", pass: "hashed" }), "bob of $G");
    assert.equal(await userOf({ token: "a-token" }), "tok of $G");
    assert.equal(await userOf({ authenticator: nkeyAuthenticator(key.getSeed()) }), `${key.getPublicKey()} of $G`);
  });

  it("come in with a certificate, into the tenant of the user it stands for", async () => {
    const tls = { ca: authorityCertificate, cert: clientCertificate, key: clientKey };
    assert.equal(await userOf({ tls }), "gateway-7 of acme");
  });

  it("stay out with anything else", async () => {
    const stranger = createUser();
    for (const options of [{}, { user: "ann", pass: "wrong" }, { token: "no" }, { authenticator: nkeyAuthenticator(stranger.getSeed()) }]) {
      await assert.rejects(open(options), { name: "AuthorizationError" });
    }
  });

  it("may do what their permissions say, and hear of the rest by name", async () => {
    const few = await open({ user: "few", pass: "few" });
    const ann = await open({ user: "ann", pass: "secret" });
    const errors: string[] = [];
    void (async () => {
      for await (const status of few.status()) if (status.type === "error") errors.push(status.error.message);
    })();
    const heard = few.subscribe("out.>");
    const refused: string[] = [];
    few.subscribe("other", { callback: (error) => void (error !== null && refused.push(error.message)) });
    await few.flush();
    few.publish("elsewhere", "x");
    await few.flush();
    ann.publish("out.secret", "not for few");
    ann.publish("out.open", "for few");
    await ann.flush();
    await few.flush();
    assert.equal(heard.getReceived(), 1);
    assert.equal(refused.length, 1);
    assert.match(refused[0] ?? "", /Subscription to "other"/);
    assert.ok(errors.includes(`Permissions Violation for Publish to "elsewhere"`), errors.join());
    await Promise.all([few.close(), ann.close()]);
  });

  it("keep tenants apart", async () => {
    const tls = { ca: authorityCertificate, cert: clientCertificate, key: clientKey };
    const acme = await open({ tls });
    const ann = await open({ user: "ann", pass: "secret" });
    const [here, there] = [ann.subscribe("shared"), acme.subscribe("shared")];
    await Promise.all([acme.flush(), ann.flush()]);
    acme.publish("shared", "x");
    await acme.flush();
    await ann.flush();
    assert.deepEqual([here.getReceived(), there.getReceived()], [0, 1]);
    await Promise.all([acme.close(), ann.close()]);
  });

  it("are put out at once when they are removed, and others are not", async () => {
    const few = await open({ user: "few", pass: "few" });
    const ann = await open({ user: "ann", pass: "secret" });
    authenticator.replace({ ...policy, users: policy.users.filter(({ name }) => name !== "few") });
    const error = await few.closed();
    assert.match(String(error), /authorization|authentication/i);
    await ann.flush();
    await ann.close();
    authenticator.replace(policy);
  });
});
