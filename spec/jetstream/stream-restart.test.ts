/** What a client finds again after the broker was stopped and started on the same folder. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { eventually } from "../support/eventually.ts";
import { openTestBroker } from "./consumer-broker.ts";

/** Runs each part against a broker of its own, all on one folder. */
async function restarting(...parts: readonly ((manager: JetStreamManager, js: JetStreamClient) => Promise<void>)[]): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "restart-"));
  try {
    for (const part of parts) {
      const server = await openTestBroker({ folder });
      try {
        const connection = await connect({ servers: `127.0.0.1:${server.port}` });
        await part(await jetstreamManager(connection), jetstream(connection));
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

async function acknowledge(js: JetStreamClient, stream: string, durable: string, count: number): Promise<number[]> {
  const consumer = await js.consumers.get(stream, durable);
  const seen: number[] = [];
  for await (const message of await consumer.fetch({ max_messages: count, expires: 2_000 })) {
    seen.push(message.seq);
    await message.ackAck();
  }
  return seen;
}

test("a stream is what it was: configuration, creation time, state, deleted sequences, message ids", async () => {
  let before = "";
  await restarting(
    async (manager, js) => {
      const subjects = ["keep.*"];
      await manager.streams.add({ name: "KEEP", subjects, max_msgs_per_subject: 5, allow_direct: true, metadata: { owner: "spec" } });
      await manager.streams.update("KEEP", { description: "changed" });
      for (let index = 0; index < 30; index++) await js.publish(`keep.${index % 4}`, String(index), { msgID: `id ${index}` });
      await manager.streams.deleteMessage("KEEP", 20);
      const info = await manager.streams.info("KEEP", { deleted_details: true, subjects_filter: ">" });
      before = JSON.stringify({ config: info.config, created: info.created, state: info.state });
    },
    async (manager, js) => {
      const info = await manager.streams.info("KEEP", { deleted_details: true, subjects_filter: ">" });
      assert.equal(JSON.stringify({ config: info.config, created: info.created, state: info.state }), before);
      const again = await js.publish("keep.1", "again", { msgID: "id 29" });
      assert.deepEqual([again.duplicate, again.seq], [true, 30]);
      assert.equal((await js.publish("keep.1", "new", { expect: { lastSequence: 30 } })).seq, 31);
      assert.equal((await manager.direct.getMessage("KEEP", { last_by_subj: "keep.2" }))?.string(), "26");
      await manager.streams.delete("KEEP");
    },
    async (manager) => {
      await assert.rejects(manager.streams.info("KEEP"), /stream not found/);
    },
  );
});

test("a work queue has lost what was acknowledged and kept the rest", async () => {
  await restarting(
    async (manager, js) => {
      await manager.streams.add({ name: "WORK", subjects: ["work"], retention: RetentionPolicy.Workqueue });
      await manager.consumers.add("WORK", { durable_name: "w", ack_policy: AckPolicy.Explicit });
      for (let index = 0; index < 50; index++) await js.publish("work", String(index));
      assert.equal((await acknowledge(js, "WORK", "w", 20)).length, 20);
    },
    async (manager, js) => {
      const { state } = await manager.streams.info("WORK");
      assert.deepEqual([state.messages, state.first_seq, state.last_seq], [30, 21, 50]);
      const rest = await acknowledge(js, "WORK", "w", 30);
      assert.deepEqual([rest[0], rest.length], [21, 30]);
      assert.equal((await manager.streams.info("WORK")).state.messages, 0);
    },
  );
});

test("with interest, what one group was done with waits for the other across restarts", async () => {
  await restarting(
    async (manager, js) => {
      await manager.streams.add({ name: "NEWS", subjects: ["news.*"], retention: RetentionPolicy.Interest });
      await manager.consumers.add("NEWS", { durable_name: "all", ack_policy: AckPolicy.Explicit });
      await manager.consumers.add("NEWS", { durable_name: "some", ack_policy: AckPolicy.Explicit, filter_subject: "news.a" });
      for (let index = 0; index < 10; index++) await js.publish(index % 2 === 0 ? "news.a" : "news.b", String(index));
      await acknowledge(js, "NEWS", "all", 10);
      assert.equal((await manager.streams.info("NEWS")).state.messages, 5);
    },
    async (manager, js) => {
      assert.equal((await manager.streams.info("NEWS")).state.messages, 5);
      assert.deepEqual(await acknowledge(js, "NEWS", "some", 2), [1, 3]);
      await js.publish("news.c", "for all");
      assert.equal((await manager.streams.info("NEWS")).state.messages, 4);
      await manager.consumers.delete("NEWS", "some");
    },
    async (manager) => {
      assert.equal((await manager.streams.info("NEWS")).state.messages, 1);
    },
  );
});

test("a mirror goes on after a restart where it stopped, sequence for sequence", async () => {
  const caughtUp = async (manager: JetStreamManager, last: number): Promise<void> => {
    await eventually("the mirror", async () => (await manager.streams.info("COPY")).state.last_seq === last);
    const [origin, copy] = await Promise.all(
      ["ORIGIN", "COPY"].map(async (name) => (await manager.streams.info(name, { deleted_details: true, subjects_filter: ">" })).state),
    );
    assert.deepEqual(
      [copy?.subjects, copy?.deleted, copy?.first_ts, copy?.last_ts],
      [origin?.subjects, origin?.deleted, origin?.first_ts, origin?.last_ts],
    );
  };
  await restarting(
    async (manager, js) => {
      await manager.streams.add({ name: "ORIGIN", subjects: ["origin.*"] });
      for (let index = 0; index < 50; index++) await js.publish(`origin.${index % 4}`, String(index));
      for (const sequence of [1, 20, 21, 50]) await manager.streams.deleteMessage("ORIGIN", sequence);
      const { config, mirror } = await manager.streams.add({ name: "COPY", mirror: { name: "ORIGIN" } });
      assert.deepEqual([config.subjects, config.mirror?.name, mirror?.name], [undefined, "ORIGIN", "ORIGIN"]);
      await caughtUp(manager, 50);
    },
    async (manager, js) => {
      for (let index = 0; index < 10; index++) await js.publish("origin.1", String(index));
      await caughtUp(manager, 60);
      assert.equal((await manager.streams.getMessage("COPY", { seq: 49 }))?.string(), "48");
    },
  );
});

test("durability of its own survives, and shows as JetStream's asynchronous mode", async () => {
  await restarting(
    async (manager) => {
      const info = await manager.streams.add({ name: "FAST", subjects: ["fast"], metadata: { "waystation.durability": "none" } });
      assert.equal(Object.entries(info.config).find(([field]) => field === "persist_mode")?.[1], "async");
      const bad = { name: "BAD", subjects: ["bad"], metadata: { "waystation.durability": "sometimes" } };
      await assert.rejects(manager.streams.add(bad), /always, interval or none/);
    },
    async (manager, js) => {
      assert.equal((await js.publish("fast", "x")).seq >= 1, true);
      assert.equal((await manager.streams.info("FAST")).config.metadata?.["waystation.durability"], "none");
    },
  );
});
