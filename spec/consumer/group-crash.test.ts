/**
 * Every state a power failure could leave while a group works on a real store over a fake disk: opened again, no record whose ack was
 * confirmed is delivered, and every acknowledged record that was never acked is.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SystemClock } from "../../lib/clock.ts";
import { groupConfig } from "../../lib/consumer/config.ts";
import type { Group } from "../../lib/consumer/group.ts";
import { FileStore } from "../../store/file-store.ts";
import { tinyLimits } from "../crash/workload.ts";
import { effort, seedOf } from "../support/effort.ts";
import { FakeDisk, crashKinds } from "../support/fake-disk.ts";
import type { CrashKind } from "../support/fake-disk.ts";
import { SimRandom } from "../support/sim-random.ts";
import { ManualClock } from "./manual-clock.ts";
import { Member } from "./member.ts";
import { StoreBench } from "./store-bench.ts";

/** What the world outside knows at some moment. */
interface Truth {
  readonly stored: ReadonlySet<number>;
  /** Acked, whether the broker knows it or not. */
  readonly acked: ReadonlySet<number>;
  readonly confirmed: ReadonlySet<number>;
  readonly defined: boolean;
}

function storeOn(disk: FakeDisk, seed: number): FileStore {
  return new FileStore({
    folder: "folder",
    clock: new SystemClock(),
    random: new SimRandom(seed),
    durability: "always",
    disk,
    limits: tinyLimits,
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Opens what a crash left and lets the group deliver all it has. */
async function check(disk: FakeDisk, truth: Truth, what: string): Promise<void> {
  const store = storeOn(disk, 1);
  const clock = new ManualClock();
  const bench = new StoreBench(store, clock, {});
  if (!(await bench.open(false))) {
    assert.equal(truth.stored.size, 0, `${what}: the station is gone`);
    await store.close();
    return;
  }
  const group = bench.groups.get("G");
  if (group === undefined) {
    assert.equal(truth.defined, false, `${what}: the group is gone`);
    await store.close();
    return;
  }
  const member = new Member();
  for (let round = 0; round < 200 && (round < 3 || group.outstanding > 0 || group.ackPending > 0); round++) {
    member.ask(group, { batch: 1000, noWait: true });
    for (const { sequence } of member.seen) group.ack(sequence);
    clock.advance(10_000);
    await turn();
  }
  const delivered = new Set(member.sequences);
  for (const sequence of truth.confirmed) assert.ok(!delivered.has(sequence), `${what}: ${sequence} was confirmed and comes again`);
  for (const sequence of truth.stored) {
    if (!truth.acked.has(sequence)) assert.ok(delivered.has(sequence), `${what}: ${sequence} was never acked and does not come`);
  }
  await store.close();
}

/** One life of a group. Returns how many states were checked. */
async function live(
  seed: number,
  steps: number,
  kinds: readonly CrashKind[],
  prepare: (disk: FakeDisk, bench: StoreBench) => void,
): Promise<number> {
  const random = new SimRandom(seed);
  const pick = (most: number): number => Math.floor(random.fraction() * most);
  const disk = new FakeDisk({ later: setImmediate });
  const clock = new ManualClock();
  const store = storeOn(disk, seed);
  const bench = new StoreBench(store, clock, {});
  prepare(disk, bench);
  const stored: Set<number> = new Set();
  const acked: Set<number> = new Set();
  const confirmed: Set<number> = new Set();
  const asked: number[] = [];
  let defined = false;
  const states: { disk: FakeDisk; truth: Truth; what: string }[] = [];
  disk.onOperation = (what): void => {
    const seen = new Set<string>();
    for (const kind of kinds) {
      const crashed = disk.crashed(kind);
      if (seen.has(crashed.fingerprint())) continue;
      seen.add(crashed.fingerprint());
      const truth = { stored: new Set(stored), acked: new Set(acked), confirmed: new Set(confirmed), defined };
      states.push({ disk: crashed, truth, what: `seed ${seed}, ${what}, bytes ${kind.bytes}, names ${kind.names}` });
    }
  };
  await bench.open(true);
  const made = await bench.groups.define(groupConfig({ name: "G", ackWaitMs: 2000, ackPendingMax: 30 }), "create");
  assert.ok("group" in made);
  defined = true;
  const group: Group = made.group;
  bench.onConfirmed = (_group, acks) => {
    for (const sequence of asked.splice(0, acks)) confirmed.add(sequence);
  };
  const member = new Member();
  let checked = 0;
  for (let step = 0; step < steps; step++) {
    for (let i = pick(6); i > 0; i--) bench.publish(`s.${i}`, (sequence) => stored.add(sequence));
    if (pick(3) === 0) member.ask(group, { batch: 1 + pick(12), noWait: true });
    const held = member.sequences.filter((sequence) => !acked.has(sequence));
    for (let i = pick(4); i > 0 && held.length > 0; i--) {
      const sequence = held.splice(pick(held.length), 1)[0] ?? 0;
      group.ack(sequence);
      acked.add(sequence);
      if (pick(2) > 0) continue;
      asked.push(sequence);
      group.confirm();
    }
    clock.advance(pick(4) === 0 ? 1500 : 10);
    if (pick(3) === 0) await store.flush();
    if (pick(9) === 0) await store.checkpoint();
    await turn();
    for (const state of states.splice(0)) {
      await check(state.disk, state.truth, state.what);
      checked++;
    }
  }
  disk.onOperation = undefined;
  await store.close();
  return checked;
}

const honest = (): void => {};

test("no confirmed ack is forgotten and no record is skipped, whatever a crash leaves", async (t) => {
  const first = seedOf(1);
  let states = 0;
  for (let seed = first; seed < first + effort(1, 40); seed++) states += await live(seed, 60, crashKinds, honest);
  t.diagnostic(`${states} states, seeds from ${first}`);
  assert.ok(states > 300);
});

test("the checker catches a group that confirms before its progress is durable", async () => {
  const hasty = live(3, 80, crashKinds, (_disk, bench) => (bench.settlements = { wait: (_ticket, tell) => tell("stored", 0) }));
  await assert.rejects(hasty, /confirmed and comes again/);
});

test("the checker catches a disk that says synced before it is", async () => {
  const lying = live(2, 80, [{ bytes: "dropped", names: "kept" }], (disk) => (disk.lies = true));
  await assert.rejects(lying, /confirmed and comes again|is gone|does not come/);
});
