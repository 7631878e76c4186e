/** Everyday consuming by the official clients, unmodified. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamClient, JetStreamManager, JsMsg } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect, nanos } from "@nats-io/transport-node";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import * as older from "nats";
import { eventually } from "../support/eventually.ts";
import { until } from "../support/until.ts";
import { openTestBroker } from "./consumer-broker.ts";
import type { TestBroker } from "./consumer-broker.ts";

for (const storage of ["memory", "file"] as const) describe(`consumers of stations in ${storage}`, () => everyday(storage));

function everyday(storage: "memory" | "file"): void {
  let folder: string | undefined;
  let broker: TestBroker;
  let nc: NatsConnection;
  let js: JetStreamClient;
  let jsm: JetStreamManager;
  let names = 0;

  before(async () => {
    folder = storage === "file" ? await mkdtemp(join(tmpdir(), "consumers-")) : undefined;
    broker = await openTestBroker(folder === undefined ? {} : { folder });
    nc = await connect({ port: broker.port, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
    js = jetstream(nc);
    jsm = await jetstreamManager(nc);
  });

  after(async () => {
    await nc.close();
    await broker.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    assert.deepEqual(broker.reports, []);
  });

  async function station(count: number): Promise<string> {
    const name = `S${++names}`;
    await jsm.streams.add({ name, subjects: [`${name}.>`] });
    for (let i = 1; i <= count; i++) await js.publish(`${name}.${i % 3}`, `${i}`);
    return name;
  }

  async function taken(messages: AsyncIterable<JsMsg>, count: number, each: (message: JsMsg) => void): Promise<string[]> {
    const texts: string[] = [];
    for await (const message of messages) {
      texts.push(message.string());
      each(message);
      if (texts.length === count) break;
    }
    return texts;
  }

  const upTo = (count: number, from = 1): string[] => Array.from({ length: count - from + 1 }, (_, index) => `${from + index}`);

  test("fetch, next and consume share one durable cursor", async () => {
    const stream = await station(25);
    await jsm.consumers.add(stream, { durable_name: "D", ack_policy: AckPolicy.Explicit });
    const consumer = await js.consumers.get(stream, "D");
    const fetched = await taken(await consumer.fetch({ max_messages: 10, expires: 2000 }), 10, (message) => message.ack());
    assert.deepEqual(fetched, upTo(10));
    const next = await consumer.next({ expires: 2000 });
    assert.equal(next?.string(), "11");
    assert.equal(next.info.pending, 14);
    next.ack();
    const messages = await consumer.consume({ max_messages: 5 });
    assert.deepEqual(await taken(messages, 14, (message) => message.ack()), upTo(25, 12));
    await messages.close();
    await nc.flush();
    const info = await consumer.info();
    assert.equal(info.num_ack_pending, 0);
    assert.equal(info.num_pending, 0);
    assert.deepEqual([info.ack_floor.stream_seq, info.delivered.consumer_seq], [25, 25]);
    assert.equal(await consumer.next({ expires: 1000 }), null);
  });

  test("an ordered consumer sees everything in order, filtered too", async () => {
    const stream = await station(60);
    const all = await js.consumers.get(stream);
    assert.deepEqual(await taken(await all.consume(), 60, () => {}), upTo(60));
    const some = await js.consumers.get(stream, { filter_subjects: [`${stream}.0`, `${stream}.2`] });
    const got = await taken(await some.consume(), 40, () => {});
    assert.deepEqual(
      got,
      upTo(60).filter((text) => Number(text) % 3 !== 1),
    );
  });

  test("a push consumer delivers to its subject, with flow control and heartbeats", async () => {
    const stream = await station(30);
    await jsm.consumers.add(stream, {
      durable_name: "P",
      deliver_subject: `to.${stream}`,
      ack_policy: AckPolicy.Explicit,
      idle_heartbeat: nanos(500),
      flow_control: true,
    });
    const consumer = await js.consumers.getPushConsumer(stream, "P");
    const messages = await consumer.consume();
    assert.deepEqual(await taken(messages, 30, (message) => message.ack()), upTo(30));
    await nc.flush();
    const info = await consumer.info();
    assert.equal(info.num_ack_pending, 0);
  });

  test("the older client subscribes, acknowledges and pulls as it always did", async () => {
    const stream = await station(12);
    const old = await older.connect({ port: broker.port });
    try {
      const client = old.jetstream();
      const options = older.consumerOpts();
      options.durable("OLD").manualAck().ackExplicit().deliverTo(older.createInbox()).deliverAll();
      const subscription = await client.subscribe(`${stream}.>`, options);
      const texts: string[] = [];
      for await (const message of subscription) {
        texts.push(message.string());
        message.ack();
        if (texts.length === 12) break;
      }
      assert.deepEqual(texts, upTo(12));
      const manager = await old.jetstreamManager();
      await manager.consumers.add(stream, { durable_name: "PULL", ack_policy: older.AckPolicy.Explicit });
      const consumer = await client.consumers.get(stream, "PULL");
      const first = await consumer.next();
      assert.equal(first?.string(), "1");
      assert.equal(await first.ackAck(), true);
      const info = await consumer.info();
      assert.equal(info.ack_floor.stream_seq, 1);
    } finally {
      await old.close();
    }
  });

  test("a nak with a delay repeats after it, terms never, and max deliveries end with an advisory", async () => {
    const stream = await station(3);
    const advisories: Msg[] = [];
    nc.subscribe(`$JS.EVENT.ADVISORY.CONSUMER.*.${stream}.N`, { callback: (_error, message) => void advisories.push(message) });
    await jsm.consumers.add(stream, { durable_name: "N", ack_policy: AckPolicy.Explicit, max_deliver: 2, ack_wait: nanos(200) });
    const consumer = await js.consumers.get(stream, "N");
    const started = performance.now();
    const seen: [string, number][] = [];
    const messages = await consumer.consume();
    for await (const message of messages) {
      seen.push([message.string(), message.info.deliveryCount]);
      if (message.string() === "1" && message.info.deliveryCount === 1) message.nak(800);
      else if (message.string() === "1") message.ack();
      else if (message.string() === "2") message.term("bad");
      if (message.string() === "1" && message.info.deliveryCount === 2) break;
    }
    assert.ok(performance.now() - started >= 790);
    assert.deepEqual(seen, [
      ["1", 1],
      ["2", 1],
      ["3", 1],
      ["3", 2],
      ["1", 2],
    ]);
    await until("the max deliveries advisory", () => advisories.some((message) => message.subject.includes(".MAX_DELIVERIES.")));
    const subjects = new Set(advisories.map((message) => message.subject.split(".")[4]));
    assert.deepEqual(
      [...subjects].toSorted((a = "", b = "") => a.localeCompare(b)),
      ["CREATED", "MAX_DELIVERIES", "MSG_NAKED", "MSG_TERMINATED"],
    );
    assert.equal((await consumer.info()).num_ack_pending, 0);
  });

  test("backoff spaces the repeats", async () => {
    const stream = await station(1);
    await jsm.consumers.add(stream, {
      durable_name: "B",
      ack_policy: AckPolicy.Explicit,
      max_deliver: 3,
      backoff: [nanos(50), nanos(200)],
    });
    const consumer = await js.consumers.get(stream, "B");
    const at: number[] = [];
    await taken(await consumer.consume(), 3, () => void at.push(performance.now()));
    const [first = 0, second = 0, third = 0] = at;
    assert.ok(second - first >= 45, `${second - first}`);
    assert.ok(third - second >= 195, `${third - second}`);
  });

  test("a watch of a bucket ends its history exactly, and goes on with changes", async () => {
    const bucket = await new Kvm(js).create(`b${++names}`, { history: 3 });
    for (let i = 0; i < 20; i++) await bucket.put(`k${i % 7}`, `${i}`);
    await bucket.delete("k3");
    const seen: Map<string, string> = new Map();
    let initial = 0;
    for await (const entry of await bucket.watch()) {
      seen.set(entry.key, entry.operation === "PUT" ? entry.string() : entry.operation);
      if (entry.key === "k1" && entry.string() === "new") break;
      assert.equal(entry.delta, 6 - initial++);
      // The client takes the last of the history for the first update.
      if (entry.isUpdate) await bucket.put("k1", "new");
    }
    assert.equal(seen.get("k1"), "new");
    assert.equal(seen.get("k3"), "DEL");
    assert.equal(seen.size, 7);
    assert.equal(initial, 7);
    const keys: string[] = [];
    for await (const key of await bucket.keys()) keys.push(key);
    assert.deepEqual(keys.sort(), ["k0", "k1", "k2", "k4", "k5", "k6"]);
    const history: string[] = [];
    for await (const entry of await bucket.history({ key: "k2" })) history.push(entry.string());
    assert.deepEqual(history, ["2", "9", "16"]);
  });

  test("starts at a time, at a sequence, at what is new, at the last of each subject", async () => {
    const stream = await station(9);
    const third = await jsm.streams.getMessage(stream, { seq: 4 });
    const starts = [
      [{ deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: 7 }, ["7", "8", "9"]],
      [{ deliver_policy: DeliverPolicy.StartTime, opt_start_time: third?.time.toISOString() }, "4"],
      [{ deliver_policy: DeliverPolicy.LastPerSubject, filter_subject: `${stream}.>` }, ["7", "8", "9"]],
      [{ deliver_policy: DeliverPolicy.Last }, ["9"]],
    ] as const;
    for (const [config, expected] of starts) {
      const { name } = await jsm.consumers.add(stream, { ...config, ack_policy: AckPolicy.None } as Parameters<
        typeof jsm.consumers.add
      >[1]);
      const consumer = await js.consumers.get(stream, name);
      const got: string[] = [];
      for await (const message of await consumer.fetch({ max_messages: 20, expires: 1000 })) {
        got.push(message.string());
        if (message.info.pending === 0) break;
      }
      // Records of one millisecond cannot be told apart by time.
      if (typeof expected === "string") assert.ok(got.includes(expected) && got.at(-1) === "9");
      else assert.deepEqual(got, expected);
    }
  });

  test("headers only: the payload's size comes in its place", async () => {
    const stream = await station(1);
    await jsm.consumers.add(stream, { durable_name: "H", ack_policy: AckPolicy.None, headers_only: true });
    const message = await (await js.consumers.get(stream, "H")).next();
    assert.equal(message?.headers?.get("Nats-Msg-Size"), "1");
    assert.equal(message?.data.length, 0);
  });

  if (storage === "memory") return;
  test("a broker that comes back resumes its groups: nothing acknowledged again, everything else", async () => {
    const stream = await station(20);
    await jsm.consumers.add(stream, { durable_name: "R", ack_policy: AckPolicy.Explicit, ack_wait: nanos(400) });
    const consumer = await js.consumers.get(stream, "R");
    for await (const message of await consumer.fetch({ max_messages: 10, expires: 2000 })) {
      if (Number(message.string()) % 2 === 0) assert.equal(await message.ackAck(), true);
      if (message.string() === "10") break;
    }
    const { port } = broker;
    await broker.close();
    assert.ok(folder !== undefined);
    broker = await openTestBroker({ folder, port });
    await eventually("the client's return", () => nc.rtt());
    const info = await (await js.consumers.get(stream, "R")).info();
    assert.equal(info.num_ack_pending, 5);
    assert.equal(info.num_pending, 10);
    const got: Set<string> = new Set();
    await taken(await (await js.consumers.get(stream, "R")).consume(), 15, (message) => {
      got.add(message.string());
      message.ack();
    });
    assert.deepEqual(
      [...got].map(Number).sort((a, b) => a - b),
      [1, 3, 5, 7, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
    );
  });
}
