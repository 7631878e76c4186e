/** What streams do beyond storing, as official clients use it, also across restarts on the same folder. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { AckPolicy, DiscardPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { startFastIngest } from "@nats-io/jetstream/internal";
import { connect, headers } from "@nats-io/transport-node";
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import { eventually } from "../support/eventually.ts";
import { openTestBroker } from "./consumer-broker.ts";

interface Desk {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly js: JetStreamClient;
}

/** Runs each part against a broker of its own, all on one folder. */
async function restarting(...parts: readonly ((desk: Desk) => Promise<void>)[]): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "features-"));
  try {
    for (const part of parts) {
      const server = await openTestBroker({ folder });
      try {
        const connection = await connect({ servers: `127.0.0.1:${server.port}` });
        await part({ connection, manager: await jetstreamManager(connection), js: jetstream(connection) });
        await connection.close();
        assert.deepEqual(server.reports, []);
      } finally {
        await server.close();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function headersOf(fields: Readonly<Record<string, string>>): MsgHdrs {
  const block = headers();
  for (const [name, value] of Object.entries(fields)) block.set(name, value);
  return block;
}

async function subjectsOf(manager: JetStreamManager, stream: string): Promise<Record<string, number>> {
  return (await manager.streams.info(stream, { subjects_filter: ">" })).state.subjects ?? {};
}

test("sources are taken over once each, across restarts, also when what was taken over has left", async () => {
  const total = async (manager: JetStreamManager): Promise<number> => (await manager.streams.info("ALL")).state.last_seq;
  await restarting(
    async ({ manager, js }) => {
      await manager.streams.add({ name: "ONE", subjects: ["one.*"] });
      await manager.streams.add({ name: "TWO", subjects: ["two.*"] });
      for (let index = 0; index < 300; index++) await js.publish(index % 2 === 0 ? `one.${index % 3}` : `two.${index % 3}`, String(index));
      const sources = [
        { name: "ONE", filter_subject: "one.1" },
        { name: "TWO", subject_transforms: [{ src: "two.*", dest: "new.$1" }] },
      ];
      await manager.streams.add({ name: "ALL", subjects: ["all"], retention: RetentionPolicy.Workqueue, sources });
      await eventually("both sources", async () => (await total(manager)) === 200);
      assert.deepEqual(await subjectsOf(manager, "ALL"), { "new.0": 50, "new.1": 50, "new.2": 50, "one.1": 50 });
      await manager.consumers.add("ALL", { durable_name: "w", ack_policy: AckPolicy.Explicit });
      const consumer = await js.consumers.get("ALL", "w");
      for await (const message of await consumer.fetch({ max_messages: 200, expires: 5_000 })) await message.ackAck();
    },
    async ({ manager, js }) => {
      await js.publish("two.0", "later");
      await eventually("the later one", async () => (await total(manager)) === 201);
      await js.publish("all", "own");
      const { sources, state } = await manager.streams.info("ALL");
      assert.deepEqual([state.messages, state.last_seq], [2, 202]);
      assert.deepEqual(
        sources?.map((source) => [source.name, source.lag]),
        [
          ["ONE", 0],
          ["TWO", 0],
        ],
      );
      const stored = await manager.streams.getMessage("ALL", { seq: 201 });
      assert.equal(stored?.subject, "new.0");
      assert.match(stored?.header.get("Nats-Stream-Source") ?? "", /^TWO 151 two\.\* new\.\$1 two\.0 /);
    },
    async ({ manager }) => {
      await manager.streams.update("ALL", { sources: [{ name: "TWO", subject_transforms: [{ src: "two.*", dest: "new.$1" }] }] });
      await manager.streams.add({ name: "LAST", sources: [{ name: "TWO", opt_start_seq: 151 }] });
      await eventually("the last", async () => (await manager.streams.info("LAST")).state.messages === 1);
      assert.equal(await total(manager), 202);
    },
  );
});

test("where new messages are refused, a source waits and goes on in order", async () => {
  await restarting(async ({ manager, js }) => {
    await manager.streams.add({ name: "O", subjects: ["o"] });
    await manager.streams.add({
      name: "FEW",
      retention: RetentionPolicy.Workqueue,
      max_msgs: 3,
      discard: DiscardPolicy.New,
      sources: [{ name: "O" }],
    });
    for (let index = 0; index < 8; index++) await js.publish("o", String(index));
    await eventually("some", async () => (await manager.streams.info("FEW")).state.messages > 0);
    await manager.consumers.add("FEW", { durable_name: "w", ack_policy: AckPolicy.Explicit });
    const consumer = await js.consumers.get("FEW", "w");
    const seen: string[] = [];
    while (seen.length < 8) {
      for await (const message of await consumer.fetch({ max_messages: 3, expires: 1_000 })) {
        seen.push(message.string());
        await message.ackAck();
      }
    }
    assert.deepEqual(seen, ["0", "1", "2", "3", "4", "5", "6", "7"]);
  });
});

test("what is stored is published again with its place, and the place of the one before", async () => {
  await restarting(async ({ connection, manager, js }) => {
    await manager.streams.add({
      name: "R",
      subjects: ["r.*"],
      max_msgs_per_subject: 1,
      republish: { src: "r.*", dest: "again.{{wildcard(1)}}" },
    });
    const heard: string[] = [];
    const subscription = connection.subscribe("again.*", {
      callback: (_error, message) => {
        const value = (name: string): string => message.headers?.get(name) ?? "";
        heard.push(
          `${message.subject} ${message.string()} ${value("Nats-Subject")} ${value("Nats-Sequence")} ${value("Nats-Last-Sequence")}`,
        );
      },
    });
    for (const subject of ["r.a", "r.b", "r.a", "r.a"]) await js.publish(subject, "x");
    await eventually("all four", () => heard.length === 4);
    assert.deepEqual(heard, ["again.a x r.a 1 0", "again.b x r.b 2 0", "again.a x r.a 3 1", "again.a x r.a 4 3"]);
    subscription.unsubscribe();
  });
});

test("sums go on after a restart, and are exact under many publishers", async () => {
  await restarting(
    async ({ connection, manager }) => {
      await manager.streams.add({ name: "SUM", subjects: ["sum.*"], allow_msg_counter: true, max_msgs_per_subject: 2 });
      const add = (subject: string, by: string): Promise<string> =>
        connection.request(subject, "", { timeout: 5_000, headers: headersOf({ "Nats-Incr": by }) }).then((message) => message.string());
      const acks = await Promise.all(Array.from({ length: 200 }, (_none, index) => add(`sum.${index % 2}`, "3")));
      assert.match(acks.at(-1) ?? "", /"val":"300"/);
      assert.match(await add("sum.0", "-99999999999999999999999999"), /"val":"-99999999999999999999999699"/);
    },
    async ({ connection, manager }) => {
      const answer = await connection.request("sum.1", "", { timeout: 5_000, headers: headersOf({ "Nats-Incr": "+1" }) });
      assert.match(answer.string(), /"val":"301"/);
      await manager.streams.add({ name: "COPY", sources: [{ name: "SUM" }], allow_msg_counter: true });
      await eventually("the copy", async () => (await manager.streams.info("COPY")).state.messages === 4);
      const copied = await manager.streams.getMessage("COPY", { last_by_subj: "sum.1" });
      assert.equal(copied?.string(), '{"val":"301"}');
    },
  );
});

test("schedules are kept when they are due, once, by the clock of whoever runs then", async () => {
  const at = (ms: number): string => `@at ${new Date(Date.now() + ms).toISOString()}`;
  await restarting(
    async ({ manager, js }) => {
      await manager.streams.add({ name: "LATER", subjects: ["s.*", "t.*"], allow_msg_schedules: true, allow_msg_ttl: true });
      const schedule = (name: string, fields: Readonly<Record<string, string>>): Promise<unknown> =>
        js.publish(`s.${name}`, `content of ${name}`, { headers: headersOf({ "Nats-Schedule-Target": `t.${name}`, ...fields }) });
      await schedule("soon", { "Nats-Schedule": at(50), "Nats-Schedule-TTL": "5m", Kept: "yes" });
      await schedule("missed", { "Nats-Schedule": at(900) });
      await schedule("never", { "Nats-Schedule": at(3_600_000) });
      await schedule("cancelled", { "Nats-Schedule": at(3_600_000) });
      await js.publish("t.source", "taken from here");
      await schedule("copy", { "Nats-Schedule": at(60), "Nats-Schedule-Source": "t.source" });
      const found = await eventually("the soon one", () =>
        manager.streams.getMessage("LATER", { last_by_subj: "t.soon" }).then((one) => one ?? false),
      );
      assert.deepEqual(
        [
          found.string(),
          found.header.get("Nats-Scheduler"),
          found.header.get("Nats-Schedule-Next"),
          found.header.get("Nats-TTL"),
          found.header.get("Kept"),
        ],
        ["content of soon", "s.soon", "purge", "5m", "yes"],
      );
      const copied = await eventually("the copy", () =>
        manager.streams.getMessage("LATER", { last_by_subj: "t.copy" }).then((one) => one ?? false),
      );
      assert.equal(copied.string(), "taken from here");
      await js.publish("t.x", "", { headers: headersOf({ "Nats-Scheduler": "s.cancelled", "Nats-Schedule-Next": "purge" }) });
    },
    async ({ manager }) => {
      await eventually("what was missed", () =>
        manager.streams.getMessage("LATER", { last_by_subj: "t.missed" }).then((one) => one !== null),
      );
      const subjects = { "s.never": 1, "t.copy": 1, "t.missed": 1, "t.soon": 1, "t.source": 1, "t.x": 1 };
      await eventually("its schedule gone", async () => !("s.missed" in (await subjectsOf(manager, "LATER"))));
      assert.deepEqual(await subjectsOf(manager, "LATER"), subjects);
    },
  );
});

test("the last record of a subject leaves a marker when it expires, and what may not expire stays", async () => {
  await restarting(async ({ manager, js }) => {
    const common = { storage: StorageType.Memory, allow_direct: true };
    await manager.streams.add({
      name: "MARK",
      subjects: ["m.*"],
      subject_delete_marker_ttl: 60_000_000_000,
      max_age: 150_000_000,
      ...common,
    });
    await manager.streams.add({ name: "STAY", subjects: ["y.*"], allow_msg_ttl: true, max_age: 150_000_000, ...common });
    await js.publish("m.a", "1");
    await js.publish("m.a", "2");
    await js.publish("y.stays", "3", { headers: headersOf({ "Nats-TTL": "never" }) });
    await js.publish("y.goes", "4");
    const marker = await eventually("a marker", async () => {
      const last = await manager.direct.getMessage("MARK", { last_by_subj: "m.a" });
      return last !== null && last.header.get("Nats-Marker-Reason") === "MaxAge" && last;
    });
    assert.deepEqual([marker.seq, marker.header.get("Nats-TTL"), marker.header.get("Nats-Rollup")], [3, "1m0s", "sub"]);
    assert.deepEqual(await subjectsOf(manager, "MARK"), { "m.a": 1 });
    await eventually("the other gone", async () => (await manager.streams.info("STAY")).state.messages === 1);
    assert.deepEqual(await subjectsOf(manager, "STAY"), { "y.stays": 1 });
  });
});

test("a stream of publishes is told of now and then, and counted at the end", async () => {
  await restarting(async ({ connection, manager }) => {
    await manager.streams.add({ name: "FAST", subjects: ["f.*"], allow_batched: true });
    const batch = await startFastIngest(connection, "f.a", "first", { allowGaps: false });
    for (let index = 0; index < 2_000; index++) await batch.add(`f.${index % 5}`, String(index));
    const ack = await batch.last("f.a", "last");
    assert.deepEqual([ack.stream, ack.count, ack.seq], ["FAST", 2_002, 2_002]);
    assert.equal((await manager.streams.info("FAST")).state.messages, 2_002);
  });
});
