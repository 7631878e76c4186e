/** The MQTT decoder: agrees with mqtt-packet on what is legal, refuses what is not with the specification's reason, whatever the splits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import mqttPacket from "mqtt-packet";
import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from "mqtt-packet";
import { MqttDecoder } from "../../transports/mqtt/packet/decoder.ts";
import type { PacketHandler } from "../../transports/mqtt/packet/decoder.ts";
import { reason } from "../../transports/mqtt/packet/reason.ts";
import { propertyRuns } from "../support/effort.ts";

type Seen = readonly unknown[];

/** Writes down what it is told. */
class Recorder implements PacketHandler {
  readonly seen: Seen[] = [];
  connect(packet: Parameters<PacketHandler["connect"]>[0]): void {
    this.seen.push([
      "connect",
      packet.level,
      packet.clientId,
      packet.cleanStart,
      packet.keepAliveSeconds,
      packet.userName,
      packet.password?.toString("hex"),
    ]);
  }
  publish(view: Parameters<PacketHandler["publish"]>[0]): void {
    const { bytes } = view;
    const topic = bytes.toString("utf8", view.topicStart, view.topicEnd);
    const payload = bytes.toString("hex", view.payloadStart, view.payloadEnd);
    this.seen.push(["publish", topic, payload, view.qos, view.retain, view.packetId, view.topicAlias, view.expirySeconds]);
  }
  acknowledged(type: number, packetId: number, reasonCode: number): void {
    this.seen.push(["ack", type, packetId, reasonCode]);
  }
  subscribe(packet: Parameters<PacketHandler["subscribe"]>[0]): void {
    this.seen.push(["subscribe", packet.packetId, packet.entries, packet.subscriptionIdentifier, packet.userProperties]);
  }
  unsubscribe(packet: Parameters<PacketHandler["unsubscribe"]>[0]): void {
    this.seen.push(["unsubscribe", packet.packetId, packet.filters]);
  }
  ping(): void {
    this.seen.push(["ping"]);
  }
  disconnect(reasonCode: number, expiry: number): void {
    this.seen.push(["disconnect", reasonCode, expiry]);
  }
  authenticate(reasonCode: number, method: string | undefined): void {
    this.seen.push(["auth", reasonCode, method]);
  }
  fault(fault: { reasonCode: number }): void {
    this.seen.push(["fault", fault.reasonCode]);
  }
}

function decode(chunks: readonly Buffer[], bytesMax = 300_000): Seen[] {
  const recorder = new Recorder();
  const decoder = new MqttDecoder(recorder, bytesMax);
  for (const chunk of chunks) decoder.push(chunk);
  return recorder.seen;
}

function connectBytes(level: 3 | 4 | 5, fields: Partial<IConnectPacket> = {}): Buffer {
  const packet = {
    cmd: "connect",
    protocolId: level === 3 ? "MQIsdp" : "MQTT",
    protocolVersion: level,
    clientId: "c",
    clean: true,
    keepalive: 30,
    ...fields,
  };
  return mqttPacket.generate(packet as IConnectPacket);
}

const word = fc.stringMatching(/^[a-z0-9 ä€]{1,12}$/u);
const topic = fc.array(word, { minLength: 1, maxLength: 4 }).map((levels) => levels.join("/"));
const properties = fc.record(
  {
    contentType: word,
    messageExpiryInterval: fc.nat(100_000),
    userProperties: fc.dictionary(word, word, { minKeys: 1, maxKeys: 3 }),
    topicAlias: fc.integer({ min: 1, max: 65_535 }),
  },
  { requiredKeys: [] },
);
const publish = fc.record({
  topic,
  payload: fc.uint8Array({ maxLength: 300 }),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  messageId: fc.integer({ min: 1, max: 65_535 }),
  properties,
});

test("what mqtt-packet writes is read as it was meant, at every level, however it is split", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(3 as const, 4 as const, 5 as const),
      fc.array(publish, { maxLength: 5 }),
      fc.array(fc.nat(2_000), { maxLength: 6 }),
      (level, publishes, cuts) => {
        const packets: Packet[] = publishes.map((one): IPublishPacket => {
          const base = {
            cmd: "publish" as const,
            topic: one.topic,
            payload: Buffer.from(one.payload),
            qos: one.qos,
            retain: one.retain,
            dup: false,
          };
          return { ...base, ...(one.qos > 0 ? { messageId: one.messageId } : {}), ...(level === 5 ? { properties: one.properties } : {}) };
        });
        const subscribe: ISubscribePacket = { cmd: "subscribe", messageId: 7, subscriptions: [{ topic: "a/#", qos: 1 }] };
        packets.push(
          subscribe,
          { cmd: "puback", messageId: 9 },
          { cmd: "pubrel", messageId: 9 },
          { cmd: "pingreq" },
          { cmd: "disconnect" },
        );
        const bytes = Buffer.concat([
          connectBytes(level),
          ...packets.map((packet) => mqttPacket.generate(packet, { protocolVersion: level })),
        ]);
        const places = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((place, index) => bytes.subarray(places[index], place));
        const seen = decode(chunks);
        assert.deepEqual(seen, decode([bytes]));
        const expected = publishes.map((one) => {
          const five = level === 5 ? one.properties : {};
          return [
            "publish",
            one.topic,
            Buffer.from(one.payload).toString("hex"),
            one.qos,
            one.retain,
            one.qos > 0 ? one.messageId : 0,
            five.topicAlias ?? 0,
            five.messageExpiryInterval ?? -1,
          ];
        });
        assert.deepEqual(seen.slice(1, 1 + expected.length), expected);
        assert.deepEqual(seen.at(-1), ["disconnect", 0, -1]);
      },
    ),
    propertyRuns(20261121, 300, 300 * 20),
  );
});

test("random bytes after CONNECT end in a fault or wait for more, and never throw out", () => {
  fc.assert(
    fc.property(fc.constantFrom(4 as const, 5 as const), fc.uint8Array({ maxLength: 200 }), (level, noise) => {
      decode([connectBytes(level), Buffer.from(noise)]);
    }),
    propertyRuns(20261121, 2_000, 2_000 * 20),
  );
});

test("a legal packet with one byte changed is read or refused, and never throws out", () => {
  fc.assert(
    fc.property(publish, fc.nat(), fc.nat(255), (one, place, value) => {
      const packet: IPublishPacket = {
        cmd: "publish",
        topic: one.topic,
        payload: Buffer.from(one.payload),
        qos: one.qos,
        retain: one.retain,
        dup: false,
        messageId: one.messageId,
        properties: one.properties,
      };
      const bytes = mqttPacket.generate(packet, { protocolVersion: 5 });
      bytes[place % bytes.length] = value;
      decode([connectBytes(5), bytes]);
    }),
    propertyRuns(20261121, 2_000, 2_000 * 20),
  );
});

const five = connectBytes(5);
const four = connectBytes(4);
const refused: readonly (readonly [string, Buffer, string, number])[] = [
  ["a first packet that is not CONNECT", Buffer.alloc(0), "c000", reason.protocolError],
  ["a second CONNECT", five, five.toString("hex"), reason.protocolError],
  ["packet type 0", five, "0000", reason.malformedPacket],
  ["reserved flags on SUBSCRIBE", five, "80070001000001610000", reason.malformedPacket],
  ["QoS 3", five, "360400016100", reason.malformedPacket],
  ["DUP at QoS 0", five, "38040001610000", reason.malformedPacket],
  ["packet identifier 0", five, "3206000161000000", reason.protocolError],
  ["a wildcard in a topic name", five, "300400012300", reason.topicNameInvalid],
  ["U+0000 in a topic", five, "300400010000", reason.malformedPacket],
  ["a surrogate in a topic", five, "30060003eda08000", reason.malformedPacket],
  ["an empty topic without alias", five, "3003000000", reason.protocolError],
  ["topic alias 0", five, "300700016103230000", reason.topicAliasInvalid],
  ["a doubled property", five, "30080001610401010101", reason.protocolError],
  ["a property of another packet", five, "3009000161051100000001", reason.malformedPacket],
  ["an unknown property", five, "3006000161026300", reason.malformedPacket],
  ["payload format 2", five, "3006000161020102", reason.protocolError],
  ["properties past the packet", five, "300400016109", reason.malformedPacket],
  ["SUBSCRIBE without filters", five, "8203000100", reason.protocolError],
  ["reserved subscription bits", five, "820700010000016140", reason.malformedPacket],
  ["retain handling 3", five, "820700010000016130", reason.protocolError],
  ["subscription identifier 0", five, "82090001020b0000016100", reason.protocolError],
  ["no local on a shared subscription", five, "8210000100000a2473686172652f672f6104", reason.protocolError],
  ["UNSUBSCRIBE without filters", five, "a203000100", reason.protocolError],
  ["PINGREQ with a body", five, "c00100", reason.malformedPacket],
  ["an ack code that no client may send", five, "4003000101", reason.protocolError],
  ["a DISCONNECT code that no client may send", five, "e0028b00", reason.protocolError],
  ["a length in five bytes", five, "30ffffffff01", reason.malformedPacket],
  ["a length not in its shortest form", five, "c08000", reason.malformedPacket],
  ["a packet larger than the maximum", five, "30ffff7f", reason.packetTooLarge],
  ["a SUBACK from a client", five, "9003000100", reason.protocolError],
  ["a reason code before version 5", four, "400300010000".slice(0, 10), reason.malformedPacket],
  ["AUTH before version 5", four, "f000", reason.protocolError],
];

for (const [what, before, hex, code] of refused) {
  test(`${what} is refused with ${code.toString(16)}`, () => {
    const seen = decode([before, Buffer.from(hex, "hex")].filter((chunk) => chunk.length > 0));
    assert.deepEqual(seen.at(-1), ["fault", code]);
  });
}

test("protocol levels that do not exist are named as unsupported", () => {
  const bytes = connectBytes(4);
  bytes[8] = 6;
  assert.deepEqual(decode([bytes]), [["fault", reason.unsupportedProtocolVersion]]);
});

test("an incomplete frame holds no more than it announced", () => {
  const recorder = new Recorder();
  const decoder = new MqttDecoder(recorder, 300_000);
  decoder.push(connectBytes(5));
  decoder.push(Buffer.from("30c09a0c", "hex"));
  for (let i = 0; i < 50; i++) decoder.push(Buffer.alloc(100));
  assert.equal(decoder.heldBytes, 4 + 200_000);
});
