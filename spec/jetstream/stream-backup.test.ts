/** A stream as chunks of bytes and back, by the dialogue of nats-server's snapshots. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, createInbox } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { openTestBroker } from "./consumer-broker.ts";

async function request(connection: NatsConnection, subject: string, payload: object): Promise<Record<string, unknown>> {
  const answer: unknown = JSON.parse((await connection.request(subject, JSON.stringify(payload), { timeout: 5_000 })).string());
  return answer as Record<string, unknown>;
}

async function takeBackup(
  connection: NatsConnection,
  stream: string,
): Promise<{ readonly chunks: Uint8Array[]; readonly config: unknown }> {
  const inbox = createInbox();
  const chunks: Uint8Array[] = [];
  let ended: (status: number) => void = () => {};
  const end = new Promise<number>((resolve) => (ended = resolve));
  const subscription = connection.subscribe(inbox, {
    callback: (_error, message) => {
      if (message.data.length === 0) return ended(message.headers?.code ?? 0);
      chunks.push(Uint8Array.from(message.data));
      message.respond();
    },
  });
  const { config } = await request(connection, `$JS.API.STREAM.SNAPSHOT.${stream}`, {
    deliver_subject: inbox,
    chunk_size: 2_000,
    window_size: 8_000,
  });
  assert.equal(await end, 204);
  subscription.unsubscribe();
  return { chunks, config };
}

async function giveBack(
  connection: NatsConnection,
  stream: string,
  config: unknown,
  chunks: readonly Uint8Array[],
): Promise<Record<string, unknown>> {
  const { deliver_subject: subject } = await request(connection, `$JS.API.STREAM.RESTORE.${stream}`, { config, state: {} });
  assert.ok(typeof subject === "string");
  for (const chunk of chunks) assert.equal((await connection.request(subject, chunk, { timeout: 5_000 })).data.length, 0);
  const answer: unknown = JSON.parse((await connection.request(subject, "", { timeout: 5_000 })).string());
  return answer as Record<string, unknown>;
}

test("a stream comes back as it was: sequences, times, gaps, groups and where they stood; a broken backup leaves nothing", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "backup-"));
  const server = await openTestBroker({ folder });
  try {
    const connection = await connect({ servers: `127.0.0.1:${server.port}` });
    const [manager, js] = [await jetstreamManager(connection), jetstream(connection)];
    await manager.streams.add({ name: "B", subjects: ["b.*"], first_seq: 10 });
    for (let index = 0; index < 200; index++) await js.publish(`b.${index % 3}`, `payload ${index}`.repeat(5));
    for (const sequence of [10, 50, 51, 209]) await manager.streams.deleteMessage("B", sequence);
    await manager.consumers.add("B", { durable_name: "g", ack_policy: AckPolicy.Explicit });
    const consumer = await js.consumers.get("B", "g");
    for await (const message of await consumer.fetch({ max_messages: 20, expires: 2_000 })) await message.ackAck();
    const before = await manager.streams.info("B", { deleted_details: true, subjects_filter: ">" });
    const sample = await manager.streams.getMessage("B", { seq: 77 });

    const { chunks, config } = await takeBackup(connection, "B");
    assert.ok(chunks.length > 4);
    await manager.streams.delete("B");
    const broken = await giveBack(connection, "B", config, chunks.slice(0, -1));
    assert.match(JSON.stringify(broken), /"err_code":10062/);
    await assert.rejects(manager.streams.info("B"), /stream not found/);

    const restored = await giveBack(connection, "B", config, chunks);
    assert.equal(restored["error"], undefined);
    const after = await manager.streams.info("B", { deleted_details: true, subjects_filter: ">" });
    const { consumer_count: _before, ...stateBefore } = before.state;
    const { consumer_count: count, ...stateAfter } = after.state;
    assert.deepEqual([stateAfter, after.config, count], [stateBefore, before.config, 1]);
    const again = await manager.streams.getMessage("B", { seq: 77 });
    assert.deepEqual([again?.string(), again?.timestamp], [sample?.string(), sample?.timestamp]);
    const { ack_floor, num_pending } = await manager.consumers.info("B", "g");
    assert.deepEqual([ack_floor.stream_seq, num_pending], [30, 176]);
    const next = await (await js.consumers.get("B", "g")).next({ expires: 2_000 });
    assert.equal(next?.seq, 31);
    assert.equal((await js.publish("b.1", "goes on")).seq, 210);
    assert.deepEqual(server.reports, []);
    await connection.close();
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
