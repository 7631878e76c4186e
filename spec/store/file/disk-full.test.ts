/** A full disk refuses appends, and nothing else; when space is freed the store goes on without being opened again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileStore } from "../../../store/file-store.ts";
import type { FileStoreLimits } from "../../../store/file-store.ts";
import type { Log } from "../../../store/store.ts";
import { FakeDisk } from "../../support/fake-disk.ts";
import { SimClock } from "../../support/sim-clock.ts";
import { SimRandom } from "../../support/sim-random.ts";
import type { StoreDriver } from "../../support/store-driver.ts";
import { definition, openStore } from "../../support/store-driver.ts";

const limits: Partial<FileStoreLimits> = {
  tailBytesMax: 64 << 10,
  unflushedBytesMax: 96 << 10,
  ballastBytes: 4096,
  freeBytesMin: 0,
  journal: { fileBytes: 16 << 10, firstFileBytes: 2 << 10, batchBytes: 4 << 10 },
};

interface Filled {
  readonly disk: FakeDisk;
  readonly clock: SimClock;
  readonly store: FileStore;
  readonly driver: StoreDriver;
  readonly log: Log;
  readonly stored: number;
}

async function fillDisk(capacityBytes: number, more: Partial<FileStoreLimits> = {}): Promise<Filled> {
  const disk = new FakeDisk({ capacityBytes, later: setImmediate });
  const clock = new SimClock();
  const store = new FileStore({ folder: "f", clock, random: new SimRandom(1), durability: "always", disk, limits: { ...limits, ...more } });
  const { driver } = await openStore(store);
  const log = await store.define(definition("log"), 0);
  await log.defineGroup("group", "{}", Buffer.from("0"));
  let stored = 0;
  for (;;) {
    const outcome = await driver.append(log, "s", Buffer.alloc(300, 0x61));
    clock.advance(1);
    if (outcome.kind === "full") break;
    assert.equal(outcome.kind, "stored");
    assert.ok(++stored < 10_000, "the disk fills up");
  }
  return { disk, clock, store, driver, log, stored };
}

/** Time passes, and turns of the real event loop with it. */
async function pass(clock: SimClock, holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    assert.ok(turns < 500, "within 500 turns");
    clock.advance(100);
    for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

for (const [title, more] of [
  ["by what an append needs", {}],
  ["ahead, by what is free", { freeBytesMin: 40 << 10 }],
] as const) {
  test(`a full disk, noticed ${title}, refuses appends; reads, group progress and removals go on; a purge makes room`, async () => {
    const { clock, store, driver, log, stored } = await fillDisk(400 << 10, more);
    assert.equal(store.status().kind, "paused");
    assert.match(store.status().reason, /disk of f is full/);
    assert.equal((await driver.read(log)).length, stored);
    for (let delta = 1; delta <= 20; delta++) {
      assert.equal((await driver.outcome(log.saveGroup("group", Buffer.from(String(delta)), true))).kind, "stored");
    }
    assert.equal(log.removeSequence(3), true);
    assert.equal(await log.remove({ kind: "sequence", sequence: 5, erase: false }), 1);
    assert.equal((await driver.append(log, "s", Buffer.alloc(40 << 10))).kind, "full");
    await log.remove({ kind: "purge", filter: undefined, upTo: 0, keep: 0 });
    await pass(clock, () => store.status().kind === "open");
    const outcome = await driver.append(log, "s", "room");
    assert.equal(outcome.kind, "stored");
    assert.equal(outcome.sequence, stored + 1);
    assert.equal(driver.fatal, false);
    await store.close();
  });
}

test("what a full disk kept is there after a kill", async () => {
  const { disk, driver, log, stored, store } = await fillDisk(400 << 10);
  await driver.outcome(log.saveGroup("group", Buffer.from("7"), true));
  const killed = disk.crashed({ bytes: "dropped", names: "dropped" });
  killed.capacityBytes = Number.POSITIVE_INFINITY;
  const again = new FileStore({ folder: "f", clock: new SimClock(), random: new SimRandom(1), durability: "always", disk: killed, limits });
  const { driver: reader, logs } = await openStore(again);
  assert.equal((await reader.read(logs[0]!)).length, stored);
  assert.equal(Buffer.from(logs[0]!.recoveredGroups[0]!.deltas.at(-1) ?? []).toString(), "7");
  await again.close();
  await store.close();
});

test("more disk is enough too", async () => {
  const { disk, clock, store, driver, log } = await fillDisk(400 << 10);
  disk.capacityBytes = 1 << 20;
  await pass(clock, () => store.status().kind === "open");
  assert.equal((await driver.append(log, "s", "room")).kind, "stored");
  await store.close();
});
