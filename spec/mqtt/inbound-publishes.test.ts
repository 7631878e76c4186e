/** What a client's publishes are answered, when the store is slow, the connection is another one meanwhile, or the copy is a second one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stationConfig } from "../../lib/station/config.ts";
import { GateClock } from "../support/gate-clock.ts";
import { ModelStore } from "../support/model-store.ts";
import { MqttWire } from "../support/mqtt-wire.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import { until } from "../support/until.ts";

const publish = (messageId: number, topic: string, dup = false) =>
  ({ cmd: "publish", topic, payload: "x", qos: 2, retain: false, dup, messageId }) as const;

for (const version of [4, 5] as const) {
  test(`version ${version}: the second copy of a QoS 2 publish is not answered before the first is durable`, async () => {
    const gate = new GateClock();
    await using broker = await openSpecBroker({ store: new ModelStore(gate) });
    const stations = broker.opened.tenants.get("$G")?.stations;
    await stations?.create(stationConfig({ name: "S", subjects: ["kept"] }));
    using wire = await MqttWire.connect(broker.mqttPort, {
      version,
      clean: false,
      clientId: "d",
      properties: { sessionExpiryInterval: 60 },
    });
    await wire.next("connack");
    gate.shut();
    wire.send(publish(7, "kept"), publish(7, "kept", true));
    await wire.ping();
    assert.equal(wire.got.length, 0);
    gate.open();
    await until("both to be answered", () => wire.got.length === 2);
    assert.deepEqual(
      wire.got.map((packet) => packet.cmd),
      ["pubrec", "pubrec"],
    );
    assert.equal(stations?.get("S")?.log.state.messages, 1);
  });
}

test("a refused publish sent again on a new connection is refused again, and one accepted meanwhile is not stored twice", async () => {
  const gate = new GateClock();
  await using broker = await openSpecBroker({ store: new ModelStore(gate) });
  const stations = broker.opened.tenants.get("$G")?.stations;
  await stations?.create(stationConfig({ name: "full", subjects: ["full"], messagesMax: 1, discard: "new" }));
  await stations?.create(stationConfig({ name: "S", subjects: ["kept"] }));
  const options = { clean: false, clientId: "d", properties: { sessionExpiryInterval: 60 } };
  using first = await MqttWire.connect(broker.mqttPort, options);
  await first.next("connack");
  first.send(publish(1, "full"));
  await first.next("pubrec");
  gate.shut();
  first.send(publish(2, "full"), publish(3, "kept"));
  await first.ping();
  first.socket.destroy();
  using second = await MqttWire.connect(broker.mqttPort, options);
  gate.open();
  await second.next("connack");
  second.send(publish(2, "full", true), publish(3, "kept", true), publish(4, "kept"));
  const codes: (number | undefined)[] = [];
  for (let i = 0; i < 3; i++) codes.push((await second.next("pubrec")).reasonCode);
  assert.deepEqual(codes, [0x97, 0, 0]);
  assert.equal(stations?.get("S")?.log.state.messages, 2);
});

test("as many QoS 2 publishes as the receive maximum may wait for the store, and one more is answered with 0x93", async () => {
  const gate = new GateClock();
  await using broker = await openSpecBroker({ store: new ModelStore(gate), mqtt: { receiveMaximum: 10 } });
  await broker.opened.tenants.get("$G")?.stations.create(stationConfig({ name: "S", subjects: ["kept"] }));
  using wire = await MqttWire.connect(broker.mqttPort);
  await wire.next("connack");
  gate.shut();
  for (let id = 1; id <= 10; id++) wire.send(publish(id, "kept"));
  await wire.ping();
  wire.send(publish(11, "kept"));
  assert.equal((await wire.next("disconnect")).reasonCode, 0x93);
  gate.open();
});
