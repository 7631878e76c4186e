/** The unmodified SDK of Memphis: connections, stations, producing and consuming, and what Memphis itself had wrong. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Memphis } from "memphis-dev";
import { connect } from "nats";
import { eventually } from "../support/eventually.ts";
import { connectMemphis, openMemphis } from "./memphis-broker.ts";

type Consumer = Awaited<ReturnType<Memphis["consumer"]>>;
type Fetched = Awaited<ReturnType<Consumer["fetch"]>>;

function texts(messages: Fetched): string[] {
  return messages.map((message) => message.getData().toString());
}

/** Everything there is, from as many partitions as there are. */
async function drain(consumer: Consumer, partitions = 1): Promise<Fetched> {
  const all: Fetched = [];
  for (let number = 1; number <= partitions; number++) {
    all.push(...(await consumer.fetch({ batchSize: 100, ...(partitions > 1 ? { consumerPartitionNumber: number } : {}) })));
  }
  return all;
}

describe("the Memphis SDK", { concurrency: 4 }, () => {
  it("connects as name and account, by bare user, and by token; a wrong password is a violation", async (t) => {
    const users = [
      { user: "ann", password: "one" },
      { user: "bob", password: "two", tenant: "acme" },
      { user: "gate", token: "t0ken" },
    ];
    const { port } = await openMemphis(t, {
      users: [{ user: "root", password: "memphis" }, ...users],
      user: undefined,
      pass: undefined,
    } as never);
    const ann = await connectMemphis(t, port, { username: "ann", password: "one" });
    assert.equal(ann.isConnected(), true);
    // Account 1 is not bob's: the SDK comes again without one.
    const bob = await connectMemphis(t, port, { username: "bob", password: "two" });
    assert.equal(bob.isConnected(), true);
    const gate = await connectMemphis(t, port, { connectionToken: "t0ken" });
    assert.equal(gate.isConnected(), true);
    await assert.rejects(connectMemphis(t, port, { username: "ann", password: "wrong" }), /Authorization Violation/);
    await bob.station({ name: "hers" });
    await assert.rejects(
      ann.brokerManager
        ?.jetstreamManager()
        .then((jsm: { streams: { info(name: string): Promise<unknown> } }) => jsm.streams.info("hers")) ?? Promise.resolve(),
      /stream not found/,
    );
  });

  it("makes a station, finds it again, produces and consumes by groups, and destroys it", async (t) => {
    const { memphis, port } = await openMemphis(t);
    const station = await memphis.station({ name: "Orders.EU", retentionType: "messages", retentionValue: 100 });
    await memphis.station({ name: "orders.eu" });
    const producer = await memphis.producer({ stationName: "orders.eu", producerName: "p" });
    const consumer = await memphis.consumer({ stationName: "orders.eu", consumerName: "c", consumerGroup: "g.1" });
    await producer.produce({ message: Buffer.from("one"), asyncProduce: false, headers: { colour: "red" } });
    await producer.produce({ message: { two: 2 }, asyncProduce: true });
    await producer.produce({ message: "three", asyncProduce: false, msgId: "x" });
    await producer.produce({ message: "three again", asyncProduce: false, msgId: "x" });
    const messages = await drain(consumer);
    assert.deepEqual(texts(messages), ["one", '{"two":2}', "three"]);
    assert.deepEqual(messages[0]?.getHeaders(), { colour: "red" });
    assert.deepEqual(messages[1]?.getDataAsJson(), { two: 2 });
    assert.equal(messages[2]?.getSequenceNumber(), 3);
    for (const message of messages) message.ack();

    const nc = await connect({ servers: `127.0.0.1:${port}`, user: "root", pass: "memphis" });
    const info = await (await nc.jetstreamManager()).streams.info("orders#eu");
    assert.equal(info.config.max_msgs, 100);
    assert.deepEqual(info.config.subjects, ["orders.eu"]);
    // The same station through another door.
    const acked = await nc.jetstream().publish("orders.eu", "from NATS");
    assert.equal(acked.stream, "orders#eu");
    assert.deepEqual(texts(await drain(consumer)), ["from NATS"]);
    await nc.close();

    await producer.destroy();
    await consumer.destroy();
    await station.destroy();
    await assert.rejects(producer.produce({ message: "late", asyncProduce: false }), /check whether Station\/Producer still exist/);
    await station.destroy();
  });

  it("hands messages to a callback, repeats what is nacked or not acked in time, and delays", async (t) => {
    const { memphis } = await openMemphis(t);
    await memphis.station({ name: "jobs" });
    const consumer = await memphis.consumer({
      stationName: "jobs",
      consumerName: "c",
      maxAckTimeMs: 200,
      maxMsgDeliveries: 10,
      pullIntervalMs: 100,
    });
    const seen: string[] = [];
    consumer.on("message", (message: Fetched[number]) => {
      const text = message.getData().toString();
      const again = seen.includes(text);
      seen.push(text);
      if (again) message.ack();
      else if (text === "nack") message.nack();
      else if (text === "delay") message.delay(50);
    });
    consumer.on("error", () => undefined);
    for (const message of ["nack", "delay", "silent"])
      await memphis.produce({ stationName: "jobs", producerName: "p", message, asyncProduce: false });
    await eventually("each came twice", () => [...seen].sort().join(" ") === "delay delay nack nack silent silent");
    await consumer.destroy();
  });

  it("answers a fetch that is filled in part within a moment of its last message", async (t) => {
    const { memphis } = await openMemphis(t);
    await memphis.station({ name: "few" });
    const consumer = await memphis.consumer({ stationName: "few", consumerName: "c", batchMaxTimeToWaitMs: 30_000 });
    await memphis.produce({ stationName: "few", producerName: "p", message: "only", asyncProduce: false });
    const guard = AbortSignal.timeout(15_000);
    // It would wait half a minute for nine more.
    const messages = await Promise.race([
      consumer.fetch({ batchSize: 10 }),
      new Promise<never>((_, reject) => guard.addEventListener("abort", () => reject(new Error("the fetch waits for its time")))),
    ]);
    assert.deepEqual(texts(messages), ["only"]);
  });

  it("keeps keys in their partitions, also where it counts them from 0, and message ids over all of them", async (t) => {
    const { memphis, port } = await openMemphis(t);
    await memphis.station({ name: "wide", partitionsNumber: 4 });
    const producer = await memphis.producer({ stationName: "wide", producerName: "p" });
    const consumer = await memphis.consumer({ stationName: "wide", consumerName: "c", consumerGroup: "g" });
    const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const nc = await connect({ servers: `127.0.0.1:${port}`, user: "root", pass: "memphis" });
    const { headers } = await import("nats");
    for (const key of keys) {
      await producer.produce({ message: `${key} sdk`, asyncProduce: false, producerPartitionKey: key });
      const keyed = headers();
      keyed.set("Waystation-Key", key);
      await nc.jetstream().publish("wide", `${key} nats`, { headers: keyed });
    }
    for (let number = 1; number <= 4; number++) {
      await producer.produce({ message: `number ${number}`, asyncProduce: false, producerPartitionNumber: number, msgId: `n ${number}` });
      // Round robin goes elsewhere with the same id.
      await producer.produce({ message: "again", asyncProduce: false, msgId: `n ${number}` });
    }
    const partitions: string[][] = [];
    for (let number = 1; number <= 4; number++)
      partitions.push(texts(await consumer.fetch({ batchSize: 100, consumerPartitionNumber: number })));
    for (const key of keys)
      assert.ok(
        partitions.some((bodies) => bodies.indexOf(`${key} nats`) === bodies.indexOf(`${key} sdk`) + 1 && bodies.includes(`${key} sdk`)),
        key,
      );
    for (const [index, bodies] of partitions.entries()) assert.equal(bodies.filter((body) => body === `number ${index + 1}`).length, 1);
    assert.ok(!partitions.flat().includes("again"));
    const byKey = await consumer.fetch({ batchSize: 1, consumerPartitionKey: "a" }).catch((error: Error) => error);
    assert.ok(Array.isArray(byKey));
    await nc.close();
  });

  it("starts a group at what is new, at a sequence, or at the last ones of the whole station", async (t) => {
    const { memphis } = await openMemphis(t);
    await memphis.station({ name: "past", partitionsNumber: 3 });
    const producer = await memphis.producer({ stationName: "past", producerName: "p" });
    for (let index = 0; index < 10; index++) await producer.produce({ message: String(index), asyncProduce: false });
    const last = await memphis.consumer({ stationName: "past", consumerName: "last", lastMessages: 4 });
    assert.deepEqual(texts(await drain(last, 3)).sort(), ["6", "7", "8", "9"]);
    const fresh = await memphis.consumer({ stationName: "past", consumerName: "fresh" });
    await memphis.station({ name: "line" });
    for (let index = 0; index < 5; index++)
      await memphis.produce({ stationName: "line", producerName: "p", message: String(index), asyncProduce: false });
    const third = await memphis.consumer({ stationName: "line", consumerName: "third", startConsumeFromSequence: 3 });
    assert.deepEqual(texts(await drain(third)), ["2", "3", "4"]);
    await producer.produce({ message: "new", asyncProduce: false });
    assert.deepEqual(texts(await drain(fresh, 3)), ["new"]);
  });

  it("makes a station that a producer names first, and none that has no name", async (t) => {
    const { memphis } = await openMemphis(t);
    await memphis.produce({ stationName: "by.use", producerName: "p", message: "1", asyncProduce: false });
    const consumer = await memphis.consumer({ stationName: "by.use", consumerName: "c", lastMessages: 10 });
    assert.deepEqual(texts(await drain(consumer)), ["1"]);
    for (const name of ["-x", "x.", "ä", "a b", "x".repeat(129)]) {
      await assert.rejects(memphis.station({ name }), /name/, name);
    }
    await assert.rejects(memphis.station({ name: "big", replicas: 3 }), /one replica/);
    await assert.rejects(memphis.station({ name: "odd", retentionType: "moon" }), /retention_type/);
    await assert.rejects(memphis.consumer({ stationName: "by.use", consumerName: "d", maxMsgDeliveries: 11 }), /max_msg_deliveries/);
  });

  it("tells of a station that went away, by whatever door", async (t) => {
    const { memphis, port } = await openMemphis(t);
    await memphis.produce({ stationName: "brief", producerName: "p", message: "1", asyncProduce: false });
    assert.notEqual(memphis._getCachedProducer("brief_p"), undefined);
    const nc = await connect({ servers: `127.0.0.1:${port}`, user: "root", pass: "memphis" });
    await (await nc.jetstreamManager()).streams.delete("brief");
    await eventually("the SDK forgets its producer", () => memphis._getCachedProducer("brief_p") === undefined);
    await nc.close();
  });
});

describe("what Memphis had wrong", { concurrency: 4 }, () => {
  const inbox = ["_INBOX.>"];

  it("a pattern is anchored: who may write prod.* does not write nonprod.x, and a denied station stays shut", async (t) => {
    const permissions = { publish: ["prod.*", "$JS.API.INFO"], subscribe: ["prod.*", ...inbox] };
    const denied = { publish: { deny: ["prod.safe"] }, subscribe: { deny: ["prod.safe"] } };
    const { memphis, port } = await openMemphis(t, {
      users: [
        { user: "root", password: "memphis" },
        { user: "ann", password: "one", permissions },
        { user: "bob", password: "two", permissions: denied },
      ],
      user: undefined,
      pass: undefined,
    } as never);
    for (const name of ["prod.x", "nonprod.x", "prod.safe"]) await memphis.station({ name });
    const ann = await connectMemphis(t, port, { username: "ann", password: "one" });
    const consumer = await ann.consumer({ stationName: "prod.x", consumerName: "c" });
    await ann.produce({ stationName: "prod.x", producerName: "p", message: "mine", asyncProduce: false });
    const [mine] = await consumer.fetch({ batchSize: 10 });
    assert.equal(mine?.getData().toString(), "mine");
    mine?.ack();
    await assert.rejects(ann.producer({ stationName: "nonprod.x", producerName: "p" }), /not permitted to produce/);
    await assert.rejects(ann.consumer({ stationName: "nonprod.x", consumerName: "c" }), /not permitted to consume/);
    const bob = await connectMemphis(t, port, { username: "bob", password: "two" });
    await bob.produce({ stationName: "prod.x", producerName: "p", message: "his", asyncProduce: false });
    await assert.rejects(bob.producer({ stationName: "prod.safe", producerName: "p" }), /not permitted to produce/);
    await assert.rejects(bob.consumer({ stationName: "prod.safe", consumerName: "c" }), /not permitted to consume/);
    // Not by the partition's own subject either.
    const nc = await connect({ servers: `127.0.0.1:${port}`, user: "bob", pass: "two" });
    await assert.rejects(
      nc.jetstream().publish("prod#safe$1.final", "", { timeout: 1000 }),
      /PERMISSIONS_VIOLATION|Permissions|timeout|TIMEOUT/i,
    );
    await nc.close();
  });

  it("a station is not destroyed, nor made, by who may not", async (t) => {
    const { memphis, port } = await openMemphis(t, {
      users: [
        { user: "root", password: "memphis" },
        { user: "ann", password: "one", permissions: { publish: { deny: ["$JS.API.STREAM.>"] } } },
      ],
      user: undefined,
      pass: undefined,
    } as never);
    const station = await memphis.station({ name: "kept" });
    assert.equal(station.name, "kept");
    const ann = await connectMemphis(t, port, { username: "ann", password: "one" });
    const hers = await ann.station({ name: "kept" });
    await assert.rejects(hers.destroy(), /not permitted to destroy/);
    await assert.rejects(ann.station({ name: "hers" }), /not permitted to create/);
    await assert.rejects(ann.producer({ stationName: "by.use", producerName: "p" }), /not permitted to create/);
    await memphis.produce({ stationName: "kept", producerName: "p", message: "1", asyncProduce: false });
  });

  it("a group keeps its position when its members are gone and come again", async (t) => {
    const { memphis, port } = await openMemphis(t);
    await memphis.station({ name: "long" });
    const first = await memphis.consumer({ stationName: "long", consumerName: "c", consumerGroup: "g" });
    for (const message of ["1", "2", "3"]) await memphis.produce({ stationName: "long", producerName: "p", message, asyncProduce: false });
    for (const message of await first.fetch({ batchSize: 2 })) message.ack();
    await first.destroy();
    await memphis.close();
    const later = await connectMemphis(t, port, { password: "memphis" });
    const second = await later.consumer({ stationName: "long", consumerName: "d", consumerGroup: "g" });
    assert.deepEqual(texts(await drain(second)), ["3"]);
  });
});
