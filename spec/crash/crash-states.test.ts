/**
 * Every state that a power failure could leave, in the middle of every operation on the disk: opened again, and asked for the
 * promises. Seeded; the seed is printed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Durability } from "../../store/store.ts";
import { effort, seedOf } from "../support/effort.ts";
import type { CrashKind } from "../support/fake-disk.ts";
import { FakeDisk, crashKinds } from "../support/fake-disk.ts";
import { Workload, check, makeStore } from "./workload.ts";
import type { Moment } from "./workload.ts";

interface CrashState {
  readonly disk: FakeDisk;
  readonly moment: Moment;
  readonly what: string;
}

/** Runs a workload and checks the states of every operation. Returns how many there were. */
async function enumerate(
  seed: number,
  steps: number,
  durability: Durability,
  prepare: (disk: FakeDisk) => void = () => undefined,
  kinds: readonly CrashKind[] = crashKinds,
): Promise<number> {
  const disk = new FakeDisk({ later: setImmediate });
  prepare(disk);
  const workload = new Workload(disk, seed, durability);
  const states: CrashState[] = [];
  let count = 0;
  disk.onOperation = (what): void => {
    const seen = new Set<string>();
    for (const kind of kinds) {
      const crashed = disk.crashed(kind);
      const key = crashed.fingerprint();
      if (seen.has(key)) continue;
      seen.add(key);
      states.push({ disk: crashed, moment: workload.moment(), what: `${what}, bytes ${kind.bytes}, names ${kind.names}` });
    }
  };
  const drain = async (): Promise<void> => {
    for (const state of states.splice(0)) {
      try {
        await check(state.disk, state.moment, durability, count++ % 5 === 0);
      } catch (error) {
        throw new Error(`seed ${seed}, ${state.what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
  };
  await workload.open();
  for (let step = 0; step < steps; step++) {
    await (step % 50 === 25 ? workload.reopen() : workload.step());
    await drain();
  }
  const closing = workload.moment();
  await workload.store.close();
  await drain();
  await check(disk, closing, durability, true);
  return count;
}

test("nothing acknowledged is lost, nothing unsent appears, whatever a crash leaves", async (t) => {
  const first = seedOf(1);
  let states = 0;
  for (let seed = first; seed < first + effort(1, 20); seed++) states += await enumerate(seed, 60, "always");
  t.diagnostic(`${states} states, seeds from ${first}`);
  assert.ok(states > effort(1_000, 15_000));
});

test("without syncs records may be lost, never invented, and no sequence is shown twice", async (t) => {
  const first = seedOf(101);
  let states = 0;
  for (let seed = first; seed < first + effort(1, 8); seed++) states += await enumerate(seed, effort(25, 60), "none");
  t.diagnostic(`${states} states, seeds from ${first}`);
});

test("the checker catches a store that acknowledges before the sync", async () => {
  const lying = enumerate(3, 60, "always", (disk) => (disk.lies = true), [{ bytes: "dropped", names: "kept" }]);
  await assert.rejects(lying, /was acknowledged and is there|is there after it was defined/);
});

test("an operation that fails stops the store or is survived, and nothing acknowledged is lost", async () => {
  const count = new FakeDisk({ later: setImmediate });
  const dry = new Workload(count, 5);
  await dry.open();
  for (let step = 0; step < 40; step++) await dry.step();
  const operations = count.operations;
  await dry.store.close();
  for (let failAt = 1; failAt <= operations; failAt += effort(20, 1)) {
    const disk = new FakeDisk({ later: setImmediate });
    const workload = new Workload(disk, 5);
    disk.failAt = failAt;
    try {
      await workload.open();
      for (let step = 0; step < 40 && !workload.driver.fatal; step++) await workload.step();
    } catch {
      // The call whose operation failed says so.
    }
    const moment = workload.moment();
    await workload.store.close().catch(() => undefined);
    disk.failAt = 0;
    await check(disk.crashed({ bytes: "dropped", names: "dropped" }), moment, "always", true);
    await check(disk.copy(), moment, "always", true);
  }
});

test("a crash while recovering from a crash loses nothing either", async () => {
  const disk = new FakeDisk({ later: setImmediate });
  const workload = new Workload(disk, seedOf(9));
  await workload.open();
  for (let step = 0; step < 40; step++) await workload.step();
  const moment = workload.moment();
  for (const kind of crashKinds) {
    const crashed = disk.crashed(kind);
    const states: FakeDisk[] = [];
    crashed.onOperation = (): void => {
      for (const second of crashKinds) states.push(crashed.crashed(second));
    };
    const store = makeStore(crashed, "always");
    await store.open(new Workload(crashed, 1).driver);
    crashed.onOperation = undefined;
    for (const state of states) await check(state, moment, "always", false);
    await store.close();
  }
});
