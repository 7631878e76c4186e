/** Legal MQTT packets of every kind, and ways to break them: what the fuzz runs are made of. */
import mqttPacket from "mqtt-packet";
import type { IConnectPacket, Packet } from "mqtt-packet";
import type { SimRandom } from "../support/sim-random.ts";

export type Version = 3 | 4 | 5;

const properties = {
  contentType: "text/plain",
  messageExpiryInterval: 60,
  userProperties: { a: "b", replay: "last=3" },
  correlationData: Buffer.from([1, 2, 3]),
  responseTopic: "answers/1",
};

function packets(version: Version): Packet[] {
  const five = version === 5;
  return [
    { cmd: "publish", topic: "fuzz/a b", payload: "x", qos: 0, retain: false, dup: false, ...(five ? { properties } : {}) },
    { cmd: "publish", topic: "fuzz/b", payload: "y".repeat(300), qos: 1, retain: true, dup: false, messageId: 1 },
    { cmd: "publish", topic: "fuzz/c", payload: "", qos: 2, retain: true, dup: false, messageId: 2, ...(five ? { properties } : {}) },
    { cmd: "publish", topic: "fuzz/c", payload: "z", qos: 2, retain: false, dup: true, messageId: 2 },
    { cmd: "pubrel", messageId: 2 },
    { cmd: "puback", messageId: 1 },
    { cmd: "pubrec", messageId: 1 },
    { cmd: "pubcomp", messageId: 1 },
    {
      cmd: "subscribe",
      messageId: 3,
      subscriptions: [{ topic: "fuzz/#", qos: 2 }, ...[1, 2].map((n) => ({ topic: `$share/g${n}/fuzz/+`, qos: 1 as const }))],
    },
    {
      cmd: "subscribe",
      messageId: 4,
      subscriptions: [{ topic: "$station/fuzz/#", qos: 0 }],
      ...(five ? { properties: { subscriptionIdentifier: 7, userProperties: { condition: "msg.n > 3" } } } : {}),
    },
    { cmd: "unsubscribe", messageId: 5, unsubscriptions: ["fuzz/#", "nothing"] },
    { cmd: "pingreq" },
    ...(five
      ? [
          {
            cmd: "auth" as const,
            reasonCode: 0x19,
            properties: { authenticationMethod: "SCRAM-SHA-256", authenticationData: Buffer.from("n,,n=a,r=b") },
          },
        ]
      : []),
    { cmd: "disconnect", ...(five ? { reasonCode: 4, properties: { sessionExpiryInterval: 1 } } : {}) },
  ];
}

function connect(version: Version, clientId: string, clean: boolean): IConnectPacket {
  return {
    cmd: "connect",
    protocolId: version === 3 ? "MQIsdp" : "MQTT",
    protocolVersion: version,
    clientId,
    clean,
    keepalive: 30,
    will: { topic: "fuzz/will", payload: Buffer.from("gone"), qos: 1, retain: false },
    ...(version === 5
      ? { properties: { sessionExpiryInterval: 1, receiveMaximum: 5, topicAliasMaximum: 3, maximumPacketSize: 4_000 } }
      : {}),
  };
}

/** By version, as bytes. */
const legal: ReadonlyMap<Version, readonly Buffer[]> = new Map(
  ([3, 4, 5] as const).map((version) => [
    version,
    packets(version).map((packet) => mqttPacket.generate(packet, { protocolVersion: version })),
  ]),
);

export interface FuzzScript {
  readonly version: Version;
  /** CONNECT is as it should be. */
  readonly connects: boolean;
  readonly packets: readonly Buffer[];
}

/** CONNECT and a few packets after it, about every second of them broken. */
export function fuzzScript(random: SimRandom, length: number): FuzzScript {
  const version = ([3, 4, 5] as const)[pick(random, 3)] ?? 5;
  const first = mqttPacket.generate(connect(version, `fuzz${pick(random, 8)}`, pick(random, 2) === 0));
  const connects = pick(random, 8) !== 0;
  const script = [connects ? first : broken(first, random)];
  const corpus = legal.get(version) ?? [];
  for (let i = 0; i < length; i++) {
    const packet = corpus[pick(random, corpus.length)] ?? first;
    script.push(pick(random, 2) === 0 ? packet : broken(packet, random));
  }
  return { version, connects, packets: script };
}

function broken(packet: Buffer, random: SimRandom): Buffer {
  const copy = Buffer.from(packet);
  const place = pick(random, copy.length);
  switch (pick(random, 6)) {
    case 0:
      copy[place] = pick(random, 256);
      return copy;
    case 1:
      copy[place] = (copy[place] ?? 0) ^ (1 << pick(random, 8));
      return copy;
    case 2:
      return copy.subarray(0, place);
    case 3:
      return Buffer.concat([copy.subarray(0, place), copy.subarray(pick(random, copy.length))]);
    case 4: {
      const noise = Buffer.alloc(1 + pick(random, 12));
      random.fill(noise);
      return Buffer.concat([copy.subarray(0, place), noise, copy.subarray(place)]);
    }
    default:
      copy[1] = pick(random, 256);
      return copy;
  }
}

export function pick(random: SimRandom, below: number): number {
  return Math.floor(random.fraction() * below);
}
