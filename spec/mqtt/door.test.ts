/** The MQTT door as MQTT.js sees it, both versions, with a NATS client at the other end and brokers that are restarted. */
import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { connect as connectNats } from "@nats-io/transport-node";
import mqttPacket from "mqtt-packet";
import mqtt from "mqtt";
import type { IClientOptions, IPublishPacket, MqttClient } from "mqtt";
import { SystemClock } from "../../lib/clock.ts";
import { stationConfig } from "../../lib/station/config.ts";
import { ModelStore } from "../support/model-store.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import { webEngines } from "../support/web-engines.ts";
import { until } from "../support/until.ts";

interface Got {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
}

interface Client {
  readonly client: MqttClient;
  readonly got: Got[];
  readonly sessionPresent: boolean;
}

async function connect(url: string, options: IClientOptions = {}): Promise<Client> {
  const got: Got[] = [];
  let present = false;
  const client = mqtt.connect(url, { reconnectPeriod: 0, connectTimeout: 5_000, ...options });
  client.on("message", (topic, payload, packet) => got.push({ topic, text: payload.toString(), packet }));
  await new Promise<void>((resolve, reject) => {
    client.once("connect", (packet) => {
      present = packet.sessionPresent;
      resolve();
    });
    client.once("error", reject);
    client.once("close", () => reject(new Error("closed before it was connected")));
  });
  return { client, got, sessionPresent: present };
}

const texts = (client: Client): string[] => client.got.map(({ text }) => text);

for (const protocolVersion of [4, 5] as const) {
  test(`version ${protocolVersion}: every QoS arrives once, and reaches NATS and comes from there`, async () => {
    await using broker = await openSpecBroker();
    const nats = await connectNats({ servers: broker.natsUrl });
    const heard: string[] = [];
    nats.subscribe("room.>", { callback: (_error, message) => void heard.push(`${message.subject}=${message.string()}`) });
    await nats.flush();
    const a = await connect(broker.mqttUrl, { protocolVersion });
    const b = await connect(broker.mqttUrl, { protocolVersion });
    await b.client.subscribeAsync("room/#", { qos: 2 });
    for (const qos of [0, 1, 2] as const) await a.client.publishAsync("room/a b", `q${qos}`, { qos });
    nats.publish("room.nats", "n");
    await until("the messages arrive", () => b.got.length === 4);
    assert.deepEqual(texts(b), ["q0", "q1", "q2", "n"]);
    assert.deepEqual(
      b.got.map(({ topic }) => topic),
      ["room/a b", "room/a b", "room/a b", "room/nats"],
    );
    await until("the messages arrive", () => heard.length === 4);
    assert.equal(heard[0], "room.a/sb=q0");
    await a.client.endAsync();
    await b.client.endAsync();
    await nats.close();
  });

  test(`version ${protocolVersion}: retained messages meet a later subscriber, and an empty one removes them`, async () => {
    await using broker = await openSpecBroker();
    const a = await connect(broker.mqttUrl, { protocolVersion });
    await a.client.publishAsync("lamp/1", "on", { qos: 1, retain: true });
    await a.client.publishAsync("lamp/2", "off", { qos: 0, retain: true });
    await a.client.publishAsync("lamp/1", "dim", { qos: 1, retain: true });
    const b = await connect(broker.mqttUrl, { protocolVersion });
    await b.client.subscribeAsync("lamp/+", { qos: 1 });
    await until("the messages arrive", () => b.got.length === 2);
    assert.deepEqual(texts(b).sort(), ["dim", "off"]);
    assert.ok(b.got.every(({ packet }) => packet.retain));
    await a.client.publishAsync("lamp/1", "", { qos: 1, retain: true });
    const c = await connect(broker.mqttUrl, { protocolVersion });
    await c.client.subscribeAsync("lamp/+", { qos: 0 });
    await until("the messages arrive", () => c.got.length === 1);
    assert.deepEqual(texts(c), ["off"]);
    for (const { client } of [a, b, c]) await client.endAsync();
  });

  test(`version ${protocolVersion}: a durable session finds its messages after the broker was restarted`, async () => {
    const store = new ModelStore(new SystemClock());
    const durable: IClientOptions = {
      protocolVersion,
      clientId: "sleeper",
      clean: false,
      ...(protocolVersion === 5 ? { properties: { sessionExpiryInterval: 3_600 } } : {}),
    };
    {
      await using broker = await openSpecBroker({ store });
      const sleeper = await connect(broker.mqttUrl, durable);
      assert.equal(sleeper.sessionPresent, false);
      await sleeper.client.subscribeAsync("alarm/#", { qos: 2 });
      await sleeper.client.endAsync();
      const other = await connect(broker.mqttUrl, { protocolVersion });
      for (let i = 0; i < 50; i++) await other.client.publishAsync(`alarm/${i % 3}`, `m${i}`, { qos: i < 25 ? 1 : 2 });
      await other.client.endAsync();
    }
    await using broker = await openSpecBroker({ store });
    const sleeper = await connect(broker.mqttUrl, durable);
    assert.equal(sleeper.sessionPresent, true);
    await until("the messages arrive", () => sleeper.got.length >= 50);
    assert.deepEqual(
      texts(sleeper),
      Array.from({ length: 50 }, (_, i) => `m${i}`),
    );
    await sleeper.client.endAsync();
    const again = await connect(broker.mqttUrl, durable);
    const probe = await connect(broker.mqttUrl, { protocolVersion });
    await probe.client.publishAsync("alarm/x", "last", { qos: 1 });
    await until("the messages arrive", () => again.got.length >= 1);
    assert.deepEqual(texts(again), ["last"]);
    await again.client.endAsync();
    await probe.client.endAsync();
    const kept = broker.opened.mqtt.tenantOf(broker.opened.broker.tenant("$G")).kept.log;
    await until("the messages arrive", () => kept.state.messages === 0);
  });

  test(`version ${protocolVersion}: the will is published when a client vanishes, not when it says goodbye`, async () => {
    await using broker = await openSpecBroker();
    const watcher = await connect(broker.mqttUrl, { protocolVersion });
    await watcher.client.subscribeAsync("will/#", { qos: 1 });
    const will = { topic: "will/a", payload: Buffer.from("gone"), qos: 1 as const, retain: false };
    const polite = await connect(broker.mqttUrl, { protocolVersion, will: { ...will, payload: Buffer.from("polite") } });
    await polite.client.endAsync();
    const rude = await connect(broker.mqttUrl, { protocolVersion, will });
    rude.client.stream.destroy();
    await until("the messages arrive", () => watcher.got.length > 0);
    assert.deepEqual(texts(watcher), ["gone"]);
    await watcher.client.endAsync();
  });
}

test("a second connection of the same client takes the session over, and the first is told", async () => {
  await using broker = await openSpecBroker();
  const first = await connect(broker.mqttUrl, { protocolVersion: 5, clientId: "twin" });
  let told: number | undefined;
  first.client.on("disconnect", (packet) => (told = packet.reasonCode));
  const second = await connect(broker.mqttUrl, { protocolVersion: 5, clientId: "twin" });
  await until("the messages arrive", () => told !== undefined);
  assert.equal(told, 0x8e);
  await second.client.endAsync();
});

test("a shared subscription gives each message to one of its members", async () => {
  await using broker = await openSpecBroker();
  const members = [await connect(broker.mqttUrl, { protocolVersion: 5 }), await connect(broker.mqttUrl, { protocolVersion: 5 })];
  for (const { client } of members) await client.subscribeAsync("$share/crew/job/#", { qos: 1 });
  const boss = await connect(broker.mqttUrl, { protocolVersion: 5 });
  for (let i = 0; i < 40; i++) await boss.client.publishAsync(`job/${i}`, String(i), { qos: 1 });
  await until("the messages arrive", () => members.reduce((sum, { got }) => sum + got.length, 0) === 40);
  assert.ok(members.every(({ got }) => got.length > 0));
  for (const { client } of [...members, boss]) await client.endAsync();
});

test("properties pass between version 5 clients whole and in order, and reach NATS as headers", async () => {
  await using broker = await openSpecBroker();
  const nats = await connectNats({ servers: broker.natsUrl });
  const headers: string[] = [];
  nats.subscribe("p", {
    callback: (_error, message) =>
      void headers.push(...(message.headers?.keys().map((key) => `${key}=${message.headers?.get(key) ?? ""}`) ?? []), message.reply ?? ""),
  });
  await nats.flush();
  const b = await connect(broker.mqttUrl, { protocolVersion: 5 });
  await b.client.subscribeAsync("p", { qos: 1, properties: { subscriptionIdentifier: 7 } });
  const a = await connect(broker.mqttUrl, { protocolVersion: 5 });
  const properties = {
    contentType: "text/plain",
    responseTopic: "back/here",
    correlationData: Buffer.from("c1"),
    userProperties: { k: ["1", "2"] },
    messageExpiryInterval: 100,
  };
  await a.client.publishAsync("p", "x", { qos: 1, properties });
  await until("the messages arrive", () => b.got.length === 1 && headers.length > 0);
  const seen = b.got[0]?.packet.properties;
  assert.equal(seen?.contentType, "text/plain");
  assert.equal(seen?.responseTopic, "back/here");
  assert.equal(seen?.correlationData?.toString(), "c1");
  assert.deepEqual(seen?.userProperties?.["k"], ["1", "2"]);
  assert.equal(seen?.subscriptionIdentifier, 7);
  assert.ok((seen?.messageExpiryInterval ?? 0) > 90);
  assert.ok(headers.includes("Content-Type=text/plain") && headers.includes("k=1") && headers.at(-1) === "back.here", headers.join(" "));
  await nats.close();
  for (const { client } of [a, b]) await client.endAsync();
});

test("more unacknowledged publishes than the receive maximum end with DISCONNECT 0x93, which the client can read", async () => {
  await using broker = await openSpecBroker({ mqtt: { receiveMaximum: 5 } });
  const socket = connectTcp(broker.mqttPort, "127.0.0.1");
  const received: Buffer[] = [];
  socket.on("data", (chunk) => received.push(chunk));
  const ended = new Promise<void>((resolve) => socket.once("end", resolve));
  const connectPacket = Buffer.from("101000044d51545405020000000003616263", "hex");
  const qos2 = Array.from({ length: 6 }, (_, i) => Buffer.from([0x34, 0x06, 0, 1, 0x61, 0, i + 1, 0]));
  socket.write(Buffer.concat([connectPacket, ...qos2]));
  await ended;
  socket.destroy();
  assert.ok(
    Buffer.concat(received).includes(Buffer.from([0xe0, 0x02, 0x93, 0x00])) ||
      Buffer.concat(received).includes(Buffer.from([0xe0, 0x01, 0x93])),
  );
});

for (const webEngine of webEngines) {
  test(`MQTT over WebSocket on ${webEngine}`, async () => {
    await using broker = await openSpecBroker({ webEngine });
    const url = broker.webUrl.replace("http", "ws");
    const a = await connect(url, { protocolVersion: 5 });
    await a.client.subscribeAsync("w/#", { qos: 2 });
    await a.client.publishAsync("w/1", "hello", { qos: 2 });
    await until("the messages arrive", () => a.got.length === 1);
    assert.deepEqual(texts(a), ["hello"]);
    await a.client.endAsync();
  });
}

test("history is replayed by a user property and by $station, and a condition on content holds", async () => {
  await using broker = await openSpecBroker();
  const service = broker.opened.tenants.get("$G");
  await service?.stations.create(stationConfig({ name: "readings", subjects: ["sensor.>"] }));
  const a = await connect(broker.mqttUrl, { protocolVersion: 5 });
  for (let i = 1; i <= 20; i++) await a.client.publishAsync(`sensor/${i % 2}`, JSON.stringify({ n: i }), { qos: 1 });
  const last = await connect(broker.mqttUrl, { protocolVersion: 5 });
  await last.client.subscribeAsync("sensor/1", { qos: 1, properties: { userProperties: { replay: "last=3" } } });
  await until("the history arrives", () => last.got.length === 3);
  assert.deepEqual(texts(last), ['{"n":15}', '{"n":17}', '{"n":19}']);
  const all = await connect(broker.mqttUrl, { protocolVersion: 4 });
  await all.client.subscribeAsync("$station/readings/sensor/#", { qos: 0 });
  await until("the history arrives", () => all.got.length === 20);
  assert.equal(all.got[0]?.topic, "$station/readings/sensor/1");
  const hot = await connect(broker.mqttUrl, { protocolVersion: 5 });
  await hot.client.subscribeAsync("sensor/#", { qos: 1, properties: { userProperties: { condition: "msg.n > 18", replay: "since=1h" } } });
  await until("the history arrives", () => hot.got.length === 2);
  await a.client.publishAsync("sensor/1", '{"n":3}', { qos: 1 });
  await a.client.publishAsync("sensor/1", '{"n":30}', { qos: 1 });
  await until("the condition lets one through", () => hot.got.length === 3);
  assert.deepEqual(texts(hot), ['{"n":19}', '{"n":20}', '{"n":30}']);
  const broken = await connect(broker.mqttUrl, { protocolVersion: 5 });
  const refused = await broken.client.subscribeAsync("x", { qos: 0, properties: { userProperties: { replay: "yesterday" } } }).then(
    () => false,
    () => true,
  );
  assert.ok(refused);
  for (const { client } of [a, last, all, hot, broken]) await client.endAsync();
});

test("clients that go while they are judged leave no session behind", async () => {
  await using broker = await openSpecBroker();
  const settled = await connect(broker.mqttUrl, { protocolVersion: 4, clientId: "settled" });
  for (let round = 0; round < 40; round++) {
    const socket = connectTcp(broker.mqttPort, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      mqttPacket.generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, clientId: `c${round}`, keepalive: 0 }),
    );
    await new Promise((resolve) => setTimeout(resolve, round % 4));
    socket.destroy();
  }
  const { sessions } = broker.opened.mqtt.tenantOf(broker.opened.broker.tenant("$G"));
  await until("only the settled session to be left", () => sessions.size === 1 && broker.opened.mqtt.connections.size === 1);
  await settled.client.endAsync();
});

test("what a station refuses is never acknowledged: version 5 is told, version 3.1.1 is closed, and the identifier is free again", async () => {
  await using broker = await openSpecBroker();
  const service = broker.opened.tenants.get("$G");
  await service?.stations.create(stationConfig({ name: "full", subjects: ["full"], messagesMax: 1, discard: "new" }));
  const five = await connect(broker.mqttUrl, { protocolVersion: 5, clientId: "five" });
  await five.client.publishAsync("full", "first", { qos: 1 });
  for (const qos of [1, 2] as const) {
    await assert.rejects(five.client.publishAsync("full", "refused", { qos }));
  }
  const tenant = broker.opened.mqtt.tenantOf(broker.opened.broker.tenant("$G"));
  assert.equal(tenant.sessions.get("five")?.inbound.size, 0);
  const four = await connect(broker.mqttUrl, { protocolVersion: 4 });
  let acknowledged = false;
  let closed = false;
  four.client.on("close", () => (closed = true));
  four.client.publish("full", "refused", { qos: 1 }, (error) => (acknowledged = error === undefined || error === null));
  await until("the connection to be closed", () => closed);
  assert.equal(acknowledged, false);
  four.client.end(true);
  await five.client.endAsync();
});
