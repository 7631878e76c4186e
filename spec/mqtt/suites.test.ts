/** What foreign suites ask for and this door once got wrong, as dialogues of our own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Packet } from "mqtt-packet";
import { ModelStore } from "../support/model-store.ts";
import { GateClock } from "../support/gate-clock.ts";
import { MqttWire } from "../support/mqtt-wire.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import { until } from "../support/until.ts";

const filter = (topic: string, qos: 0 | 1 | 2 = 0): Packet => ({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos }] });
const message = (topic: string, payload: string, retain = false) =>
  ({ cmd: "publish", topic, payload, qos: 0, retain, dup: false }) as const;

test("a retained message on its way to the disk is shown to who subscribes meanwhile, once", async () => {
  const gate = new GateClock();
  await using broker = await openSpecBroker({ store: new ModelStore(gate) });
  using wire = await MqttWire.connect(broker.mqttPort);
  await wire.next("connack");
  gate.shut();
  wire.send(message("a/b", "on its way", true), filter("a/#"));
  await wire.next("suback");
  wire.send(message("a/c", "live", true));
  assert.equal((await wire.next("publish")).topic, "a/c");
  await wire.ping();
  gate.open();
  const shown = await wire.next("publish");
  assert.equal(shown.topic, "a/b");
  assert.equal(shown.retain, true);
  await wire.ping();
  assert.equal(wire.got.length, 0);
});

test("a client that says goodbye for good and is back at once finds no session", async () => {
  await using broker = await openSpecBroker();
  const options = { clean: false, clientId: "x", properties: { sessionExpiryInterval: 60 } };
  using first = await MqttWire.connect(broker.mqttPort, options);
  await first.next("connack");
  using second = await MqttWire.open(broker.mqttPort);
  first.send({ cmd: "disconnect", properties: { sessionExpiryInterval: 0 } });
  second.send({ cmd: "connect", protocolId: "MQTT", protocolVersion: 5, keepalive: 0, ...options });
  await first.ended();
  assert.equal((await second.next("connack")).sessionPresent, false);
});

test("a message that expires in a hundred years is kept for a durable session like any other", async () => {
  await using broker = await openSpecBroker();
  using sleeper = await MqttWire.connect(broker.mqttPort, { clean: false, clientId: "s", properties: { sessionExpiryInterval: 60 } });
  await sleeper.next("connack");
  sleeper.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "t", qos: 1 }] });
  await sleeper.next("suback");
  using publisher = await MqttWire.connect(broker.mqttPort, { clientId: "p" });
  await publisher.next("connack");
  publisher.send({ ...message("t", "x"), qos: 1, messageId: 1, properties: { messageExpiryInterval: 0xffff_ffff } });
  await publisher.next("puback");
  const received = await sleeper.next("publish");
  assert.ok((received.properties?.messageExpiryInterval ?? 0) > 2_000_000_000);
});

test("members of a shared subscription get its messages in turn, each group by itself", async () => {
  await using broker = await openSpecBroker();
  const wires: MqttWire[] = [];
  for (const share of ["$share/one/t", "$share/one/t", "$share/two/t", "$share/one/t"]) {
    const wire = await MqttWire.connect(broker.mqttPort, { clientId: `m${wires.length}` });
    wires.push(wire);
    wire.send(filter(share));
    await wire.next("suback");
  }
  const publisher = wires[0];
  for (let i = 0; i < 9; i++) publisher?.send(message("t", String(i)));
  await until("all to arrive", () => wires.reduce((sum, { got }) => sum + got.length, 0) === 18);
  const heard = wires.map(({ got }) => got.map((packet) => (packet.cmd === "publish" ? packet.payload.toString() : "")).join(""));
  assert.deepEqual(heard, ["036", "147", "012345678", "258"]);
  for (const wire of wires) wire.socket.destroy();
});

test("version 3.1 may set DUP in PUBREL, SUBSCRIBE and UNSUBSCRIBE; a topic or filter of too many levels is refused", async () => {
  await using broker = await openSpecBroker({ mqtt: { levelsMax: 10 } });
  using old = await MqttWire.connect(broker.mqttPort, { version: 3 });
  await old.next("connack");
  old.write("8a 06 0001 0001 61 00");
  await old.next("suback");
  old.write("6a 02 0007");
  await old.next("pubcomp");
  old.write("aa 05 0001 0001 61");
  await old.next("unsuback");
  using five = await MqttWire.connect(broker.mqttPort, { clientId: "five" });
  await five.next("connack");
  five.send(filter("a/".repeat(10)));
  assert.deepEqual((await five.next("suback")).granted, [0x8f]);
  five.send(message("a/".repeat(10), "x"));
  assert.equal((await five.next("disconnect")).reasonCode, 0x90);
});

test("PUBACK says that nobody matched, also of a retained message; PUBREC does not", async () => {
  await using broker = await openSpecBroker();
  using wire = await MqttWire.connect(broker.mqttPort);
  await wire.next("connack");
  for (const retain of [false, true]) {
    wire.send({ ...message("nobody", "x", retain), qos: 1, messageId: 5 });
    assert.equal((await wire.next("puback")).reasonCode, 0x10);
  }
  wire.send({ ...message("nobody", "x"), qos: 2, messageId: 6 });
  assert.equal((await wire.next("pubrec")).reasonCode, 0);
});

test("CONNECT of a version that its protocol name does not have is refused in that version's own form; another protocol gets no answer", async () => {
  await using broker = await openSpecBroker();
  const answers: readonly (readonly [connect: string, answer: string])[] = [
    ["10 0d 0004 4d515454 03 02 000a 0001 70", "20020001"],
    ["10 0f 0006 4d5149736470 04 00 000a 0001 70", "20020001"],
    ["10 0d 0004 4d515454 06 02 000a 0001 70", "2003008400"],
    ["10 0c 0003 4d5154 04 02 000a 0001 70", ""],
  ];
  for (const [connect, answer] of answers) {
    using wire = await MqttWire.open(broker.mqttPort, 4);
    wire.write(connect);
    await until("the end", () => wire.closed);
    assert.equal(Buffer.concat(wire.bytes).toString("hex"), answer, connect);
  }
});

test("version 3.1 leaves a bit of the CONNECT flags unused: it may be set", async () => {
  await using broker = await openSpecBroker();
  using wire = await MqttWire.open(broker.mqttPort, 3);
  wire.write("10 0f 0006 4d5149736470 03 03 000a 0001 70");
  assert.equal((await wire.next("connack")).returnCode, 0);
});

test("a delivery is answered by the packets of its own QoS, or the connection ends", async () => {
  await using broker = await openSpecBroker();
  const [puback, pubrec, pubcomp] = ["40", "50", "70"];
  const cases = [
    [1, pubcomp],
    [1, pubrec],
    [2, puback],
    [2, pubcomp],
  ] as const;
  for (const [qos, answer] of cases) {
    using wire = await MqttWire.connect(broker.mqttPort);
    await wire.next("connack");
    wire.send(filter("own", qos));
    await wire.next("suback");
    wire.send({ ...message("own", "x"), qos, messageId: 9 });
    const { messageId = 0 } = await wire.next("publish");
    wire.write(`${answer} 02 ${messageId.toString(16).padStart(4, "0")}`);
    assert.equal((await wire.next("disconnect")).reasonCode, 0x82);
  }
});

test("a topic alias that was never set is a protocol error", async () => {
  await using broker = await openSpecBroker();
  using wire = await MqttWire.connect(broker.mqttPort);
  await wire.next("connack");
  wire.send({ ...message("", "x"), properties: { topicAlias: 3 } });
  assert.equal((await wire.next("disconnect")).reasonCode, 0x82);
});
