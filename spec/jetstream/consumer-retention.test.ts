/** Stations that keep records only while their groups want them, seen by official clients; and members that do not read. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AckPolicy, RetentionPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { eventually } from "../support/eventually.ts";
import { openTestBroker } from "./consumer-broker.ts";
import type { TestBroker } from "./consumer-broker.ts";

let folder: string;
let broker: TestBroker;
let nc: NatsConnection;
let js: JetStreamClient;
let jsm: JetStreamManager;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "retention-"));
  broker = await openTestBroker({ folder });
  nc = await connect({ port: broker.port });
  js = jetstream(nc);
  jsm = await jetstreamManager(nc);
});

after(async () => {
  await nc.close();
  await broker.close();
  await rm(folder, { recursive: true, force: true });
  assert.deepEqual(broker.reports, []);
});

async function publish(subject: string, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) await js.publish(subject, `${i}`);
}

async function acknowledge(stream: string, name: string, count: number): Promise<void> {
  let taken = 0;
  for await (const message of await (await js.consumers.get(stream, name)).fetch({ max_messages: count, expires: 2000 })) {
    assert.equal(await message.ackAck(), true);
    if (++taken === count) break;
  }
  assert.equal(taken, count);
}

const stored = async (stream: string): Promise<number> => (await jsm.streams.info(stream)).state.messages;

test("a work queue's records leave as they are acknowledged, and one group has each", async () => {
  await jsm.streams.add({ name: "WQ", subjects: ["wq.>"], retention: RetentionPolicy.Workqueue });
  await publish("wq.a", 10);
  await jsm.consumers.add("WQ", { durable_name: "A", ack_policy: AckPolicy.Explicit, filter_subject: "wq.a" });
  await acknowledge("WQ", "A", 4);
  await eventually("four to leave", async () => (await stored("WQ")) === 6);
  await assert.rejects(jsm.consumers.add("WQ", { durable_name: "B", ack_policy: AckPolicy.Explicit }), /multiple non-filtered/);
  await assert.rejects(
    jsm.consumers.add("WQ", { durable_name: "B", ack_policy: AckPolicy.Explicit, filter_subject: "wq.*" }),
    /filtered consumer not unique/,
  );
  await assert.rejects(jsm.consumers.add("WQ", { durable_name: "B", ack_policy: AckPolicy.None, filter_subject: "wq.b" }), /explicit ack/);
  await jsm.consumers.add("WQ", { durable_name: "B", ack_policy: AckPolicy.Explicit, filter_subject: "wq.b" });
  await publish("wq.b", 2);
  await acknowledge("WQ", "B", 2);
  await acknowledge("WQ", "A", 6);
  await eventually("all to leave", async () => (await stored("WQ")) === 0);
});

test("with interest, a record stays until the last group that wants it is done", async () => {
  await jsm.streams.add({ name: "IN", subjects: ["in.>"], retention: RetentionPolicy.Interest });
  await publish("in.a", 3);
  await eventually("what nobody wants to leave", async () => (await stored("IN")) === 0);
  await jsm.consumers.add("IN", { durable_name: "ALL", ack_policy: AckPolicy.Explicit });
  await jsm.consumers.add("IN", { durable_name: "ONE", ack_policy: AckPolicy.Explicit, filter_subject: "in.a" });
  await publish("in.a", 4);
  await publish("in.b", 3);
  assert.equal(await stored("IN"), 7);
  await acknowledge("IN", "ALL", 7);
  await eventually("what only one group wanted to leave", async () => (await stored("IN")) === 4);
  await acknowledge("IN", "ONE", 1);
  await eventually("what both have done to leave", async () => (await stored("IN")) === 3);
  await jsm.consumers.delete("IN", "ONE");
  await eventually("what the deleted group held to leave", async () => (await stored("IN")) === 0);
});

test("a member that pulls and does not read slows no other, and its share comes again", async () => {
  await jsm.streams.add({ name: "FZ", subjects: ["fz"] });
  const body = new Uint8Array(64 * 1024);
  for (let i = 0; i < 400; i++) await js.publish("fz", body);
  await jsm.consumers.add("FZ", { durable_name: "F", ack_policy: AckPolicy.Explicit, ack_wait: 1_000_000_000, max_ack_pending: 10_000 });
  const frozen = connectSocket(broker.port, "127.0.0.1");
  frozen.pause();
  const ask = '{"batch":400,"expires":60000000000}';
  frozen.write(
    `CONNECT {"verbose":false}\r\nSUB _INBOX.frozen.* 1\r\nPUB $JS.API.CONSUMER.MSG.NEXT.FZ.F _INBOX.frozen.1 ${ask.length}\r\n${ask}\r\n`,
  );
  await eventually("the frozen member to be served", async () => (await jsm.consumers.info("FZ", "F")).num_ack_pending > 50);
  const seen: Set<number> = new Set();
  const messages = await (await js.consumers.get("FZ", "F")).consume({ max_messages: 100 });
  for await (const message of messages) {
    seen.add(message.seq);
    message.ack();
    if (seen.size === 400) break;
  }
  assert.equal(seen.size, 400);
  frozen.destroy();
});
