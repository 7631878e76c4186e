/** Wills across the death of the broker: a real one, killed with SIGKILL while clients with wills are connected or have just gone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttWire } from "../support/mqtt-wire.ts";
import { serve, temporaryFolder } from "../support/program.ts";
import { until } from "../support/until.ts";

const will = (topic: string, delay: number | undefined, qos: 0 | 1 | 2 = 1) => ({
  topic,
  payload: Buffer.from(`${topic} is gone`),
  qos,
  retain: true,
  ...(delay === undefined ? {} : { properties: { willDelayInterval: delay } }),
});

test("after a kill -9 a will is published when its delay or its session is over, unless the client said goodbye or is back before", async (t) => {
  const folder = await temporaryFolder(t);
  const before = await serve(t, folder, ["--port", "off", "--mqtt-port", "0"]);
  const port = before.addresses.mqtt?.port ?? 0;
  const watcher = { version: 5, clientId: "watcher", clean: false, properties: { sessionExpiryInterval: 600 } } as const;
  using watching = await MqttWire.connect(port, watcher);
  await watching.next("connack");
  watching.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "will/#", qos: 1 }] });
  await watching.next("suback");
  const clients = [
    { version: 4, clientId: "old", will: will("will/old", undefined, 2) },
    { version: 5, clientId: "soon", will: will("will/soon", 1), properties: { sessionExpiryInterval: 600 } },
    { version: 5, clientId: "brief", will: will("will/brief", 600), properties: { sessionExpiryInterval: 1 } },
    { version: 5, clientId: "back", will: will("will/back", 2), properties: { sessionExpiryInterval: 600 } },
    { version: 5, clientId: "goodbye", will: will("will/goodbye", undefined), properties: { sessionExpiryInterval: 600 } },
    { version: 5, clientId: "later", will: will("will/later", 600), properties: { sessionExpiryInterval: 600 } },
  ] as const;
  const wires = await Promise.all(clients.map((client) => MqttWire.connect(port, client)));
  for (const wire of wires) await wire.next("connack");
  wires[4]?.send({ cmd: "disconnect" });
  await wires[4]?.ended();
  // Gone before the broker is: its delay has begun already.
  wires[5]?.socket.destroy();
  // Durable, and so is what came before it.
  watching.send({ cmd: "subscribe", messageId: 2, subscriptions: [{ topic: "will/#", qos: 1 }] });
  await watching.next("suback");
  await before.program.kill("SIGKILL");
  const after = await serve(t, folder, ["--port", "off", "--mqtt-port", "0"]);
  const portAfter = after.addresses.mqtt?.port ?? 0;
  using back = await MqttWire.connect(portAfter, { ...clients[3], clean: false });
  assert.equal((await back.next("connack")).sessionPresent, true);
  using again = await MqttWire.connect(portAfter, watcher);
  assert.equal((await again.next("connack")).sessionPresent, true);
  const heard = (): string[] => again.got.flatMap((packet) => (packet.cmd === "publish" ? [packet.topic] : []));
  await until("three wills", () => heard().length >= 3);
  assert.equal(heard()[0], "will/old");
  // Retained, and nothing more than these: also the wills that are still due are shown to nobody.
  using late = await MqttWire.connect(portAfter, { clientId: "late" });
  await late.next("connack");
  late.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "will/#", qos: 0 }] });
  await until("the retained wills", () => late.got.filter(({ cmd }) => cmd === "publish").length >= 3);
  await late.ping();
  const kept = late.got.flatMap((packet) => (packet.cmd === "publish" ? [packet.topic] : []));
  assert.deepEqual(kept.sort(), ["will/brief", "will/old", "will/soon"]);
  assert.deepEqual(heard().sort(), kept);
  for (const wire of wires) wire.socket.destroy();
});
