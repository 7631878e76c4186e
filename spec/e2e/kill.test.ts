/**
 * A real broker killed with SIGKILL again and again under several publishers and groups. After every death: what was acknowledged is
 * there, under its sequence; each publisher's messages are in order and none is twice; nothing is there that was not sent; a group gets
 * everything it has not acked, and nothing whose ack was confirmed.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { AckPolicy, connect, StringCodec } from "nats";
import type { Consumer, ConsumerMessages, JetStreamManager, JsMsg, NatsConnection } from "nats";
import { effort, seedOf } from "../support/effort.ts";
import { SimRandom } from "../support/sim-random.ts";
import { serve, temporaryFolder } from "../support/program.ts";

const text = StringCodec();
const publishers = 3;
const groups = ["billing", "archive"];
/** Unacknowledged publishes of one publisher. */
const window = 64;

/** What the world outside knows; it survives the broker. */
class Ledger {
  /** Sent, by text: publisher and number. */
  readonly sent: Set<string> = new Set();
  /** Acknowledged: text by sequence. */
  readonly acked: Map<number, string> = new Map();
  /** Per group, sequences whose ack the broker has confirmed, and those the group has seen at all. */
  readonly confirmed: Map<string, Set<number>> = new Map(groups.map((group) => [group, new Set()]));
  readonly seen: Map<string, Set<number>> = new Map(groups.map((group) => [group, new Set()]));
  /** Confirmed before the broker died, and delivered again. */
  readonly repeated: string[] = [];
  readonly next: number[] = Array.from({ length: publishers }, () => 0);
}

/** Publishes until the connection breaks. Nothing is sent twice: what was in flight at the death stays unknown. */
async function publisher(nc: NatsConnection, ledger: Ledger, index: number): Promise<void> {
  const js = nc.jetstream();
  const lane = async (): Promise<void> => {
    for (;;) {
      const number = (ledger.next[index] ?? 0) + 1;
      ledger.next[index] = number;
      const body = `${index}:${number}`;
      ledger.sent.add(body);
      const ack = await js.publish(`work.${index}`, text.encode(body));
      ledger.acked.set(ack.seq, body);
    }
  };
  await Promise.allSettled(Array.from({ length: window }, lane));
}

/** Consumes and acks with confirmation until it is stopped. */
async function member(nc: NatsConnection, ledger: Ledger, group: string): Promise<ConsumerMessages> {
  const consumer = await nc.jetstream().consumers.get("WORK", group);
  const confirmed = ledger.confirmed.get(group) ?? new Set();
  return consumer.consume({ max_messages: 100, callback: (message) => void settle(ledger, group, message, confirmed) });
}

/** `final`: what must not come again. */
async function settle(ledger: Ledger, group: string, message: JsMsg, final: ReadonlySet<number>): Promise<void> {
  if (final.has(message.seq)) ledger.repeated.push(`${group} ${message.seq}`);
  ledger.seen.get(group)?.add(message.seq);
  const answered = await message.ackAck().catch(() => false);
  if (answered) ledger.confirmed.get(group)?.add(message.seq);
}

async function round(t: TestContext, folder: string, ledger: Ledger, random: SimRandom): Promise<void> {
  const { program, url } = await serve(t, folder);
  const connections = await Promise.all(
    Array.from({ length: publishers + groups.length }, () => connect({ servers: url, reconnect: false })),
  );
  const manager = await (connections[0] as NatsConnection).jetstreamManager();
  await setUp(manager);
  const consuming = await Promise.all(connections.slice(publishers).map((nc, index) => member(nc, ledger, groups[index] ?? "")));
  for (const [index, nc] of connections.slice(0, publishers).entries()) void publisher(nc, ledger, index);
  const before = ledger.acked.size;
  const goal = 200 + Math.floor(random.fraction() * 1500);
  while (ledger.acked.size - before < goal && program.running) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(program.running, true, program.stderr);
  await program.kill("SIGKILL");
  await Promise.all(connections.map((nc) => nc.closed()));
  for (const messages of consuming) void messages.close();
}

async function setUp(manager: JetStreamManager): Promise<void> {
  await manager.streams.add({ name: "WORK", subjects: ["work.>"] });
  for (const group of groups) {
    await manager.consumers.add("WORK", { durable_name: group, ack_policy: AckPolicy.Explicit, ack_wait: 60e9, max_ack_pending: 1000 });
  }
}

/** Everything the station holds: texts by sequence. */
async function everything(nc: NatsConnection): Promise<Map<number, string>> {
  const manager = await nc.jetstreamManager();
  const { state } = await manager.streams.info("WORK");
  const found = new Map<number, string>();
  if (state.messages === 0) return found;
  const messages = await (await nc.jetstream().consumers.get("WORK")).consume({ max_messages: 1000 });
  for await (const message of messages) {
    found.set(message.seq, text.decode(message.data));
    if (message.seq === state.last_seq) break;
  }
  return found;
}

/** Lets a group finish, redeliveries of what it held at the last death included. */
async function drain(consumer: Consumer, ledger: Ledger, group: string): Promise<void> {
  const before = new Set(ledger.confirmed.get(group));
  for (;;) {
    const info = await consumer.info();
    if (info.num_pending === 0 && info.num_ack_pending === 0) return;
    const batch = await consumer.fetch({ max_messages: 500, expires: 1000 });
    const settled: Promise<void>[] = [];
    for await (const message of batch) settled.push(settle(ledger, group, message, before));
    await Promise.all(settled);
  }
}

describe("a broker that is killed under load", () => {
  it("loses nothing it acknowledged, and no group skips or repeats", async (t) => {
    const seed = seedOf(20_261_121);
    const random = new SimRandom(seed);
    const folder = await temporaryFolder(t);
    const ledger = new Ledger();
    for (let count = effort(2, 30); count > 0; count--) await round(t, folder, ledger, random);

    const { url, program } = await serve(t, folder);
    const nc = await connect({ servers: url });
    const stored = await everything(nc);
    for (const [sequence, body] of ledger.acked)
      assert.equal(stored.get(sequence), body, `sequence ${sequence} was acknowledged, seed ${seed}`);
    const last = Array.from({ length: publishers }, () => 0);
    for (const [sequence, body] of stored) {
      assert.ok(ledger.sent.has(body), `sequence ${sequence} holds ${body}, which nobody sent, seed ${seed}`);
      const [index = 0, number = 0] = body.split(":").map(Number);
      assert.ok(number > (last[index] ?? 0), `${body} at sequence ${sequence} is out of order or twice, seed ${seed}`);
      last[index] = number;
    }
    const manager = await nc.jetstreamManager();
    for (const group of groups) {
      const info = await manager.consumers.info("WORK", group);
      const confirmed = ledger.confirmed.get(group) ?? new Set();
      const seen = ledger.seen.get(group) ?? new Set();
      for (let sequence = 1; sequence <= info.ack_floor.stream_seq; sequence++) {
        assert.ok(seen.has(sequence) || !stored.has(sequence), `${group} is past ${sequence}, which it never got, seed ${seed}`);
      }
      // What it held unacked when the broker died comes again after its ack wait: shorten it.
      await manager.consumers.update("WORK", group, { ack_wait: 200e6 });
      await drain(await nc.jetstream().consumers.get("WORK", group), ledger, group);
      assert.ok(confirmed.size > 0);
      for (const sequence of stored.keys()) assert.ok(seen.has(sequence), `${group} never got ${sequence}, seed ${seed}`);
    }
    assert.deepEqual(ledger.repeated, [], `delivered again after a confirmed ack, seed ${seed}`);
    await nc.close();
    const ended = await program.kill("SIGTERM");
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  });
});
