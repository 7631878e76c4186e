/** Enhanced authentication as a client sees it: both sides prove themselves, and what is out of order ends with its reason code. */
import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import { Authenticator, openPolicy } from "../../lib/auth/authenticator.ts";
import { parseUsers } from "../../lib/auth/user-document.ts";
import { Issues } from "../../lib/config/issues.ts";
import { SystemClock } from "../../lib/clock.ts";
import { defaultLimits } from "../../lib/limits.ts";
import { SystemRandom } from "../../lib/random.ts";
import { MqttWire } from "../support/mqtt-wire.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import type { SpecBroker } from "../support/open-broker.ts";

const method = "SCRAM-SHA-256";

/** A client of its own making: it shares nothing with the server's side. */
class ScramClient {
  readonly bare: string;
  readonly password: string;
  constructor(user: string, password: string, nonce = "fyko+d2lbbFgONRv9qkxdawL") {
    this.bare = `n=${user},r=${nonce}`;
    this.password = password;
  }
  get first(): Buffer {
    return Buffer.from(`n,,${this.bare}`);
  }
  /** The last word, and what the server must answer. */
  last(challenge: Buffer): { readonly proof: Buffer; readonly answer: string } {
    const said = challenge.toString();
    const [, nonce = "", salt = "", rounds = ""] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(said) ?? [];
    const salted = pbkdf2Sync(this.password, Buffer.from(salt, "base64"), Number(rounds), 32, "sha256");
    const mac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
    const clientKey = mac(salted, "Client Key");
    const all = `${this.bare},${said},c=biws,r=${nonce}`;
    const signature = mac(createHash("sha256").update(clientKey).digest(), all);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    return {
      proof: Buffer.from(`c=biws,r=${nonce},p=${proof.toString("base64")}`),
      answer: `v=${mac(mac(salted, "Server Key"), all).toString("base64")}`,
    };
  }
}

async function guarded(): Promise<{ readonly broker: SpecBroker; readonly authenticator: Authenticator }> {
  const authenticator = new Authenticator({ clock: new SystemClock(), random: new SystemRandom(), limits: defaultLimits });
  const hashed = { user: "bob", password: await authenticator.hash("pen"), scram: await authenticator.scramOf("pen") };
  const alone = { user: "old", password: hashed.password };
  const users = parseUsers([{ user: "ann", password: "pencil" }, hashed, alone], "users", "$G", new Issues());
  authenticator.replace({ ...openPolicy, users });
  return { broker: await openSpecBroker({ authentication: authenticator }), authenticator };
}

async function login(broker: SpecBroker, client: ScramClient): Promise<{ readonly wire: MqttWire; readonly answer: string }> {
  const properties = { authenticationMethod: method, authenticationData: client.first };
  const wire = await MqttWire.connect(broker.mqttPort, { properties, clientId: client.bare.slice(2, 5) });
  const challenge = await wire.next("auth");
  assert.equal(challenge.reasonCode, 0x18);
  assert.equal(challenge.properties?.authenticationMethod, method);
  const { proof, answer } = client.last(challenge.properties?.authenticationData ?? Buffer.alloc(0));
  wire.send({ cmd: "auth", reasonCode: 0x18, properties: { authenticationMethod: method, authenticationData: proof } });
  return { wire, answer };
}

for (const [user, password] of [
  ["ann", "pencil"],
  ["bob", "pen"],
] as const) {
  test(`${user} logs in by SCRAM, is answered with the server's proof, and authenticates again`, async () => {
    const { broker, authenticator } = await guarded();
    await using _ = broker;
    const client = new ScramClient(user, password);
    const { wire, answer } = await login(broker, client);
    const connack = await wire.next("connack");
    assert.equal(connack.reasonCode, 0);
    assert.equal(connack.properties?.authenticationData?.toString(), answer);
    assert.equal([...broker.opened.broker.attachments()][0]?.identity.user, user);
    wire.send({ cmd: "auth", reasonCode: 0x19, properties: { authenticationMethod: method, authenticationData: client.first } });
    const again = client.last((await wire.next("auth")).properties?.authenticationData ?? Buffer.alloc(0));
    wire.send({ cmd: "auth", reasonCode: 0x18, properties: { authenticationMethod: method, authenticationData: again.proof } });
    const done = await wire.next("auth");
    assert.equal(done.reasonCode, 0);
    assert.equal(done.properties?.authenticationData?.toString(), again.answer);
    // As somebody else, or with a wrong password, the connection ends.
    const other = new ScramClient(user === "ann" ? "bob" : "ann", user === "ann" ? "pen" : "pencil");
    wire.send({ cmd: "auth", reasonCode: 0x19, properties: { authenticationMethod: method, authenticationData: other.first } });
    const others = other.last((await wire.next("auth")).properties?.authenticationData ?? Buffer.alloc(0));
    wire.send({ cmd: "auth", reasonCode: 0x18, properties: { authenticationMethod: method, authenticationData: others.proof } });
    assert.equal((await wire.next("disconnect")).reasonCode, 0x87);
    await authenticator.close();
  });
}

test("a wrong password, an unknown user and one kept as a hash alone are challenged alike and refused alike", async () => {
  const { broker, authenticator } = await guarded();
  await using _ = broker;
  for (const client of [new ScramClient("ann", "wrong"), new ScramClient("zoe", "pencil"), new ScramClient("old", "pen")]) {
    const { wire } = await login(broker, client);
    assert.equal((await wire.next("connack")).reasonCode, 0x87);
    await wire.ended();
  }
  await authenticator.close();
});

test("unknown methods are 0x8C, what is out of order 0x82, channel binding 0x87", async () => {
  const { broker, authenticator } = await guarded();
  await using _ = broker;
  const first = new ScramClient("ann", "pencil").first;
  const connect = async (authenticationMethod: string, authenticationData: Buffer): Promise<MqttWire> =>
    MqttWire.connect(broker.mqttPort, { properties: { authenticationMethod, authenticationData } });
  using unknown = await connect("GS2-KRB5", first);
  assert.equal((await unknown.next("connack")).reasonCode, 0x8c);
  using bound = await connect(method, Buffer.from("p=tls-unique,,n=ann,r=abc"));
  assert.equal((await bound.next("connack")).reasonCode, 0x87);
  using early = await connect(method, first);
  await early.next("auth");
  early.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "a", qos: 0 }] });
  assert.equal((await early.next("connack")).reasonCode, 0x82);
  const { wire } = await login(broker, new ScramClient("ann", "pencil"));
  await wire.next("connack");
  wire.send({ cmd: "auth", reasonCode: 0x18, properties: { authenticationMethod: method, authenticationData: first } });
  assert.equal((await wire.next("disconnect")).reasonCode, 0x82);
  using plain = await MqttWire.connect(broker.mqttPort, { username: "ann", password: Buffer.from("pencil"), clientId: "plain" });
  await plain.next("connack");
  plain.send({ cmd: "auth", reasonCode: 0x19, properties: { authenticationMethod: method, authenticationData: first } });
  assert.equal((await plain.next("disconnect")).reasonCode, 0x82);
  await authenticator.close();
});
