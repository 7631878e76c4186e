import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { connect } from "nats";
import { SystemClock } from "../../lib/clock.ts";
import { SystemRandom } from "../../lib/random.ts";
import { MemoryStore } from "../../store/memory-store.ts";
import { murmur3 } from "../../lib/station/murmur3.ts";
import { partitionOf } from "../../lib/station/partition.ts";
import { stationConfig } from "../../lib/station/config.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import type { Stations } from "../../lib/station/stations.ts";
import type { LocalConnection } from "../../transports/local/connection.ts";
import { operatorOf } from "../../lib/auth/identity.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import type { SpecBroker } from "../support/open-broker.ts";
import { propertyRuns } from "../support/effort.ts";

interface Opened extends AsyncDisposable {
  readonly broker: SpecBroker;
  readonly stations: Stations;
  readonly connection: LocalConnection;
}

async function open(fields: Partial<StationConfig>): Promise<Opened> {
  const broker = await openSpecBroker({ store: new MemoryStore({ clock: new SystemClock(), random: new SystemRandom() }) });
  const service = broker.opened.tenants.get("$G");
  assert.ok(service !== undefined);
  await service.stations.create(stationConfig({ name: "orders", subjects: ["orders.*"], ...fields }));
  const connection = broker.opened.connect(operatorOf("$G"));
  return { broker, stations: service.stations, connection, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() };
}

/** Bodies by partition, in order. */
function contents(stations: Stations): string[][] {
  return stations.partitionsOf("orders").map(({ log }) => {
    const cursor = log.cursor(1, undefined);
    const bodies: string[] = [];
    while (cursor.next() === "record")
      bodies.push(cursor.view.buffer.toString("utf8", cursor.view.bodyStart + cursor.view.headerBytes, cursor.view.bodyEnd));
    cursor.close();
    return bodies;
  });
}

test("the hash of keys is murmur3 as others compute it", () => {
  const hash = (text: string, seed: number): number => murmur3(Buffer.from(text), 0, Buffer.byteLength(text), seed);
  assert.equal(hash("", 0), 0);
  assert.equal(hash("", 1), 0x514e28b7);
  assert.equal(hash("test", 0x9747b28c), 0x704b81dc);
  assert.equal(hash("Hello, world!", 0x9747b28c), 0x24884cba);
  assert.equal(hash("aaa", 0x9747b28c), 0x283e0130);
  assert.equal(hash("ππππππππ", 0x9747b28c), 0xd58063c1);
});

test("messages of one key keep their order in one partition, whatever is published between", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 7 }),
      fc.array(fc.record({ key: fc.constantFrom("a", "b", "c", "d", "é"), headed: fc.boolean() }), { maxLength: 60 }),
      async (partitions, messages) => {
        await using opened = await open({ partitions });
        const sent = new Map<string, string[]>();
        await Promise.all(
          messages.map(({ key, headed }, index) => {
            // By its header, or by its subject alone: two different keys.
            const name = headed ? key : `orders.${key}`;
            const body = `${name} ${index}`;
            sent.set(name, [...(sent.get(name) ?? []), body]);
            return opened.connection.produce(headed ? `orders.${index}` : name, body, headed ? { key } : {});
          }),
        );
        const found = contents(opened.stations);
        assert.equal(found.flat().length, messages.length);
        for (const [name, bodies] of sent) {
          const bytes = Buffer.from(name);
          const number = partitionOf(bytes, 0, bytes.length, partitions);
          assert.deepEqual(
            found[number - 1]?.filter((body) => body.startsWith(`${name} `)),
            bodies,
          );
        }
      },
    ),
    propertyRuns(3, 12, 200),
  );
});

test("a message id is stored once in all partitions together, whatever key or partition it comes with", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ id: fc.integer({ min: 1, max: 6 }), partition: fc.integer({ min: 1, max: 4 }), own: fc.boolean() }), {
        maxLength: 40,
      }),
      async (messages) => {
        await using opened = await open({ partitions: 4 });
        const produced = await Promise.all(
          messages.map(({ id, partition, own }) =>
            opened.connection.produce(own ? `orders$${partition}.final` : "orders.x", String(id), {
              messageId: `id ${id}`,
              headers: own ? [] : [["Waystation-Partition", String(partition)]],
            }),
          ),
        );
        const seen = new Set<number>();
        for (const [index, { id }] of messages.entries()) {
          assert.equal(produced[index]?.duplicate, seen.has(id));
          seen.add(id);
        }
        assert.deepEqual(contents(opened.stations).flat().sort(), [...seen].map(String).sort());
      },
    ),
    propertyRuns(4, 12, 200),
  );
});

test("limits hold for the station as a whole, and a partition that is not there is refused", async () => {
  await using opened = await open({ partitions: 3, messagesMax: 5 });
  for (let index = 0; index < 12; index++) {
    await opened.connection.produce("orders.x", String(index), { headers: [["Waystation-Partition", String((index % 3) + 1)]] });
  }
  assert.deepEqual(
    contents(opened.stations)
      .flat()
      .map(Number)
      .sort((a, b) => a - b),
    [7, 8, 9, 10, 11],
  );
  for (const wrong of ["0", "4", "x"]) {
    await assert.rejects(opened.connection.produce("orders.x", "", { headers: [["Waystation-Partition", wrong]] }), /name one from 1 to 3/);
  }
});

test("NATS clients see each partition as a stream, and the family's name stands for the first, or for all", async () => {
  await using opened = await open({ partitions: 3, tags: ["eu"] });
  const nc = await connect({ servers: opened.broker.natsUrl });
  const jsm = await nc.jetstreamManager();
  const names: string[] = [];
  for await (const info of jsm.streams.list()) names.push(info.config.name);
  assert.deepEqual(names, ["orders$1", "orders$2", "orders$3"]);
  const info = await jsm.streams.info("orders");
  assert.equal(info.config.name, "orders$1");
  assert.equal(info.config.metadata?.["waystation.partitions"], "3");
  assert.equal((await jsm.streams.info("orders$0")).config.name, "orders$3");
  await jsm.consumers.add("orders$2", { durable_name: "g", ack_policy: "explicit" as never });
  const acked = await nc.jetstream().publish("orders$2.final", "by its own subject");
  assert.equal(acked.stream, "orders$2");
  const consumer = await nc.jetstream().consumers.get("orders$2", "g");
  assert.equal((await consumer.next({ expires: 2000 }))?.string(), "by its own subject");
  await assert.rejects(jsm.streams.delete("orders$2"), /partition 2 of station 'orders'/);
  await jsm.streams.delete("orders");
  await assert.rejects(jsm.streams.info("orders$3"), /stream not found/);
  await nc.close();
});

test("a NATS client makes a station of partitions by metadata; one of one partition answers to its names as a partition", async () => {
  await using opened = await open({});
  const nc = await connect({ servers: opened.broker.natsUrl });
  const jsm = await nc.jetstreamManager();
  await jsm.streams.add({ name: "wide", subjects: ["wide.>"], metadata: { "waystation.partitions": "2" } });
  assert.equal(opened.stations.families.get("wide")?.partitions.length, 2);
  const js = nc.jetstream();
  for (const subject of ["orders.1", "orders$1.final", "orders$0.final"]) assert.equal((await js.publish(subject)).stream, "orders");
  assert.equal((await jsm.streams.info("orders$1")).state.messages, 3);
  await jsm.consumers.add("orders", { durable_name: "g", ack_policy: "explicit" as never });
  const consumer = await js.consumers.get("orders$1", "g");
  assert.equal((await consumer.next({ expires: 2000 }))?.seq, 1);
  await nc.close();
});
