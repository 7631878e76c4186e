/**
 * A real broker killed with SIGKILL while a work queue takes over from a source, its records are acknowledged away, sums grow and
 * schedules come due. Afterwards every record was taken over exactly once, sums are what was acknowledged, and each schedule fired once.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import { effort } from "../support/effort.ts";
import { eventually } from "../support/eventually.ts";
import { serve, temporaryFolder } from "../support/program.ts";

function headersOf(fields: Readonly<Record<string, string>>): MsgHdrs {
  const block = headers();
  for (const [name, value] of Object.entries(fields)) block.set(name, value);
  return block;
}

async function setUp(manager: JetStreamManager): Promise<void> {
  await manager.streams.add({ name: "FROM", subjects: ["from"] });
  await manager.streams.add({ name: "WORK", retention: RetentionPolicy.Workqueue, sources: [{ name: "FROM" }] });
  await manager.streams.add({ name: "KEEP", sources: [{ name: "FROM" }] });
  await manager.streams.add({ name: "SUM", subjects: ["sum"], allow_msg_counter: true });
  await manager.streams.add({ name: "LATER", subjects: ["s.*", "t.*"], allow_msg_schedules: true });
  await manager.consumers.add("WORK", { durable_name: "w", ack_policy: AckPolicy.Explicit });
}

/** Origin sequences by the header of what was taken over. */
async function takenOver(nc: NatsConnection, stream: string): Promise<number[]> {
  const manager = await jetstreamManager(nc);
  const { state } = await manager.streams.info(stream);
  const consumer = await jetstream(nc).consumers.get(stream);
  const origins: number[] = [];
  if (state.messages === 0) return origins;
  for await (const message of await consumer.fetch({ max_messages: state.messages, expires: 5_000 })) {
    origins.push(Number(message.headers?.get("Nats-Stream-Source").split(" ")[1]));
  }
  return origins;
}

test("what is taken over, counted and scheduled is so once, however often the broker is killed", async (t) => {
  const folder = await temporaryFolder(t);
  const worked: Map<number, number> = new Map();
  const twice: number[] = [];
  let [sum, sent, scheduled] = [0, 0, 0];
  for (let round = 0; round < effort(2, 20); round++) {
    const { program, url } = await serve(t, folder);
    const nc = await connect({ servers: url, reconnect: false });
    const js = jetstream(nc);
    if (round === 0) await setUp(await jetstreamManager(nc));
    const consumer = await js.consumers.get("WORK", "w");
    const messages = await consumer.consume({
      max_messages: 50,
      callback: (message) => {
        const origin = Number(message.headers?.get("Nats-Stream-Source").split(" ")[1]);
        // Until its acknowledgement is durable a record may come again, but no second record of the same origin.
        if ((worked.get(origin) ?? message.seq) !== message.seq) twice.push(origin);
        worked.set(origin, message.seq);
        message.ack();
      },
    });
    const failed = Promise.allSettled(
      Array.from({ length: 8 }, async (_none, lane) => {
        for (let number = 0; ; number++) {
          if (lane === 0) {
            const ack = await nc.request("sum", "", { timeout: 5_000, headers: headersOf({ "Nats-Incr": "1" }) });
            sum = Math.max(sum, Number(/"val":"(\d+)"/.exec(ack.string())?.[1] ?? 0));
          } else if (lane === 1 && number < 5) {
            const at = `@at ${new Date(Date.now() + 40 * number).toISOString()}`;
            await js.publish(`s.${round}-${number}`, "x", {
              headers: headersOf({ "Nats-Schedule": at, "Nats-Schedule-Target": `t.${round}-${number}` }),
            });
            scheduled++;
          } else {
            await js.publish("from", "x");
            sent++;
          }
        }
      }),
    );
    const goal = sent + 300 + round * 100;
    await eventually("enough sent", () => sent >= goal || !program.running, 20_000);
    await program.kill("SIGKILL");
    await failed;
    void messages.close();
  }
  const { program, url } = await serve(t, folder);
  const nc = await connect({ servers: url });
  const manager = await jetstreamManager(nc);
  const { last_seq: last } = (await manager.streams.info("FROM")).state;
  assert.ok(last >= sent);
  const all = Array.from({ length: last }, (_none, index) => index + 1);
  await eventually("all taken over", async () => (await manager.streams.info("KEEP")).state.messages >= last);
  assert.deepEqual(await takenOver(nc, "KEEP"), all);
  await eventually("all queued", async () => (await manager.streams.info("WORK")).sources?.[0]?.lag === 0);
  assert.equal((await manager.streams.info("WORK")).state.last_seq, last);
  assert.deepEqual(twice, []);
  const counted = await manager.streams.getMessage("SUM", { last_by_subj: "sum" });
  const { messages: increments } = (await manager.streams.info("SUM")).state;
  assert.equal(counted?.string(), `{"val":"${increments}"}`);
  assert.ok(increments >= sum);
  await eventually("every schedule gone", async () => {
    const { subjects } = (await manager.streams.info("LATER", { subjects_filter: "s.*" })).state;
    return Object.keys(subjects ?? {}).length === 0;
  });
  const fired = Object.values((await manager.streams.info("LATER", { subjects_filter: "t.*" })).state.subjects ?? {});
  assert.ok(fired.length >= scheduled && fired.every((count) => count === 1), JSON.stringify(fired));
  await nc.close();
  await program.kill("SIGTERM");
});
