/**
 * The whole broker under broken MQTT packets: nothing throws, what it answers is well formed, a version 5 client that is cut off is told
 * why, other clients go on, and what the broken ones held is given back.
 */
import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import mqttPacket from "mqtt-packet";
import type { Packet } from "mqtt-packet";
import { SystemClock } from "../../lib/clock.ts";
import { SystemRandom } from "../../lib/random.ts";
import { stationConfig } from "../../lib/station/config.ts";
import { MemoryStore } from "../../store/memory-store.ts";
import { inProcessPair } from "../../transports/carriages/in-process.ts";
import type { Connection } from "../../transports/carriages/connection.ts";
import { MqttDecoder } from "../../transports/mqtt/packet/decoder.ts";
import type { PacketHandler } from "../../transports/mqtt/packet/decoder.ts";
import { effort, seedOf } from "../support/effort.ts";
import { MqttWire } from "../support/mqtt-wire.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import type { SpecBroker } from "../support/open-broker.ts";
import { SimRandom } from "../support/sim-random.ts";
import { until } from "../support/until.ts";
import { fuzzScript, pick } from "./mqtt-corpus.ts";
import type { FuzzScript } from "./mqtt-corpus.ts";

const packetsEach = 8;

async function fuzzed(): Promise<SpecBroker> {
  const clock = new SystemClock();
  const broker = await openSpecBroker({
    store: new MemoryStore({ clock, random: new SystemRandom() }),
    mqtt: { sessionExpiryMaxSeconds: 1, queueMax: 50 },
  });
  await broker.opened.tenants.get("$G")?.stations.create(stationConfig({ name: "fuzz", subjects: ["fuzz.b", "fuzz.c"], messagesMax: 100 }));
  return broker;
}

/** What a peer in the process was sent. */
class Peer {
  readonly connection: Connection;
  readonly got: Packet[] = [];
  error: Error | undefined;
  closed = false;
  /** The broker closed it. */
  cutOff = false;

  constructor(broker: SpecBroker, clock: SystemClock, version: number) {
    const [here, there] = inProcessPair(clock, "fuzz");
    this.connection = here;
    const parser = mqttPacket.parser({ protocolVersion: version });
    parser.on("packet", (packet) => this.got.push(packet));
    parser.on("error", (error: Error) => (this.error ??= error));
    here.start({ data: (chunk) => void parser.parse(Buffer.from(chunk)), closed: () => (this.closed = true) });
    broker.opened.mqtt.accept(there);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Plays a script to its end, cut into chunks anywhere. */
async function play(broker: SpecBroker, clock: SystemClock, script: FuzzScript, random: SimRandom): Promise<Peer> {
  const peer = new Peer(broker, clock, script.version);
  const bytes = Buffer.concat(script.packets);
  for (let at = 0; at < bytes.length && !peer.closed;) {
    const end = Math.min(bytes.length, at + 1 + pick(random, 200));
    peer.connection.write(bytes.subarray(at, end), () => {});
    at = end;
    if (pick(random, 4) === 0) await turn();
  }
  for (let i = 0; i < 12 && !peer.closed; i++) await turn();
  peer.cutOff = peer.closed;
  peer.connection.destroy();
  return peer;
}

/** As far as it can be read, the script holds a DISCONNECT. */
function saysGoodbye(script: FuzzScript): boolean {
  let goodbye = false;
  const ignore = (): void => {};
  const handler: PacketHandler = {
    connect: ignore,
    publish: ignore,
    acknowledged: ignore,
    subscribe: ignore,
    unsubscribe: ignore,
    ping: ignore,
    authenticate: ignore,
    fault: ignore,
    disconnect: () => (goodbye = true),
  };
  new MqttDecoder(handler, 300_000).push(Buffer.concat(script.packets));
  return goodbye;
}

test("broken packets by connections in the process leave the broker and its other clients as they were", async () => {
  await using broker = await fuzzed();
  const clock = new SystemClock();
  const seed = seedOf(20261126);
  const random = new SimRandom(seed);
  using healthy = await MqttWire.connect(broker.mqttPort, { clientId: "healthy", version: 5 });
  await healthy.next("connack");
  healthy.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "healthy", qos: 0 }] });
  await healthy.next("suback");
  const { mqtt, pool } = broker.opened;
  let told = 0;
  let bytesEarly = 0;
  for (let run = 0; run < effort(600, 110_000); run++) {
    const script = fuzzScript(random, packetsEach);
    const peer = await play(broker, clock, script, random);
    assert.equal(peer.error, undefined, `seed ${seed}, run ${run}: an answer was not well formed`);
    const last = peer.got.at(-1);
    const accepted = peer.got.some((packet) => packet.cmd === "connack" && packet.reasonCode === 0);
    if (script.version === 5 && accepted && peer.cutOff && !saysGoodbye(script)) {
      const code = last?.cmd === "disconnect" ? last.reasonCode : undefined;
      assert.ok(code !== undefined && code >= 0x80, `seed ${seed}, run ${run}: cut off without a word`);
      told++;
    }
    if (run === 500) bytesEarly = process.memoryUsage().rss;
    if (run % 100 === 0) {
      healthy.send({ cmd: "publish", topic: "healthy", payload: String(run), qos: 0, retain: false, dup: false });
      assert.equal((await healthy.next("publish")).payload.toString(), String(run));
    }
  }
  assert.ok(told > 20, `${told} clients were told why they are cut off`);
  await until("the broken ones to be gone", () => mqtt.connections.size === 1);
  const { sessions } = mqtt.tenantOf(broker.opened.broker.tenant("$G"));
  await until("their sessions to expire", () => sessions.size === 1, 10_000);
  assert.equal(pool.bytesOut, 0);
  const grown = process.memoryUsage().rss - bytesEarly;
  assert.ok(grown < 200 * 1024 * 1024, `the process grew by ${grown} bytes`);
  assert.equal([...broker.opened.broker.attachments()].filter(({ session }) => session === sessions.get("healthy")).length, 1);
  assert.deepEqual(broker.reports, []);
});

test("broken packets over sockets do the same", async () => {
  await using broker = await fuzzed();
  const random = new SimRandom(seedOf(20261127));
  using healthy = await MqttWire.connect(broker.mqttPort, { clientId: "healthy", version: 4 });
  await healthy.next("connack");
  for (let round = 0; round < effort(5, 200); round++) {
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connectTcp(broker.mqttPort, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      socket.end(Buffer.concat(fuzzScript(random, packetsEach).packets));
      return socket;
    });
    await until("the sockets to be closed", () => sockets.every((socket) => socket.destroyed), 10_000);
    await healthy.ping();
  }
  await until("the broken ones to be gone", () => broker.opened.mqtt.connections.size === 1);
  assert.deepEqual(broker.reports, []);
});
