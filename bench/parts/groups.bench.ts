/**
 * What a group costs beside its members' connections: deliveries without acks, with explicit acks in order and in disorder, from a log
 * in memory; and what a publish costs when ten thousand groups with filters stand beside it. Read as ratios.
 */
import { SystemClock } from "../../lib/clock.ts";
import { groupConfig } from "../../lib/consumer/config.ts";
import type { GroupConfig } from "../../lib/consumer/config.ts";
import type { PushSink } from "../../lib/consumer/sink.ts";
import { SystemRandom } from "../../lib/random.ts";
import { StoreBench } from "../../spec/consumer/store-bench.ts";
import { MemoryStore } from "../../store/memory-store.ts";

const records = 300_000;
const batch = 500;
const manyGroups = 10_000;

/** Takes everything and remembers nothing. */
class Taker implements PushSink {
  readonly gone = false;
  taken = 0;
  deliver(): boolean {
    this.taken++;
    return true;
  }
  size(): number {
    return 0;
  }
  status(): void {}
  heartbeat(): void {}
  flowRequest(): void {}
}

const clock = new SystemClock();
const turn = (): Promise<void> => new Promise((resolve) => clock.endOfTurn(resolve));

async function filled(): Promise<StoreBench> {
  const bench = new StoreBench(new MemoryStore({ clock, random: new SystemRandom() }), clock, { storage: "memory" });
  await bench.open(true);
  for (let i = 1; i <= records; i++) {
    bench.publish(`orders.${i % 100}`);
    if (i % 1000 === 0) await bench.store.flush();
  }
  return bench;
}

type Acks = "none" | "in order" | "reversed";

async function consume(bench: StoreBench, what: string, fields: Partial<GroupConfig>, acks: Acks): Promise<void> {
  const name = "g";
  const ack = acks === "none" ? "none" : "explicit";
  const defined = await bench.groups.define(groupConfig({ name, ack, ackPendingMax: ack === "none" ? 0 : 4 * batch, ...fields }), "create");
  if (!("group" in defined)) throw new Error(JSON.stringify(defined));
  const { group } = defined;
  const taker = new Taker();
  const started = performance.now();
  let done = 0;
  while (taker.taken < records) {
    group.pull({ sink: taker, batch, bytesMax: 0, noWait: false, expiresMs: 0, heartbeatMs: 0 });
    if (acks === "in order") while (done < taker.taken) group.ack(++done);
    if (acks === "reversed") {
      for (let sequence = taker.taken; sequence > done; sequence--) group.ack(sequence);
      done = taker.taken;
    }
    await turn();
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`${what}: ${(records / seconds / 1e6).toFixed(2)} M/s`);
  await bench.groups.delete(name);
}

async function beside(bench: StoreBench): Promise<void> {
  const publishing = async (what: string): Promise<void> => {
    const started = performance.now();
    for (let i = 0; i < 200; i++) {
      for (let j = 0; j < 100; j++) bench.publish(`orders.${j}`);
      await bench.store.flush();
    }
    console.log(`${what}: ${(20_000 / (performance.now() - started) / 1000).toFixed(3)} M/s published, 100 a commit`);
  };
  await publishing("without groups");
  for (let i = 0; i < manyGroups; i++) {
    const config = groupConfig({ name: `g${i}`, memory: true, ack: "none", filters: [`other.${i}.*`], deliver: { kind: "new" } });
    const defined = await bench.groups.define(config, "create");
    if ("group" in defined) defined.group.pull({ sink: new Taker(), batch, bytesMax: 0, noWait: false, expiresMs: 0, heartbeatMs: 0 });
  }
  await publishing(`beside ${manyGroups} groups that wait for other subjects`);
}

const bench = await filled();
for (let round = 0; round < 2; round++) {
  await consume(bench, "without acks", {}, "none");
  await consume(bench, "explicit acks", {}, "in order");
  await consume(bench, "explicit acks, newest first", {}, "reversed");
  await consume(bench, "explicit acks, a filter", { filters: ["orders.*"] }, "in order");
}
await beside(bench);
process.exit(0);
