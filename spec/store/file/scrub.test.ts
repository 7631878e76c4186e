/** The background scrub beside work: what goes away under it, by retention, drop or close, is no damage. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { NodeDisk } from "../../../store/disk.ts";
import { FileStore } from "../../../store/file-store.ts";
import { requestOf } from "../../conformance/log-work.ts";
import { StoreHarness } from "../../conformance/store-harness.ts";
import { SimClock } from "../../support/sim-clock.ts";
import { SimRandom } from "../../support/sim-random.ts";

test("logs that shrink, are dropped and grow while they are read, and a store closed under the scrub, raise no fault", async () => {
  const clock = new SimClock();
  const folder = await mkdtemp(path.join(os.tmpdir(), "waystation-scrub-"));
  const disk = new NodeDisk();
  const limits = {
    tailBytesMax: 8 << 10,
    scrubBytesPerSecond: 20_000,
    journal: { fileBytes: 32 << 10, firstFileBytes: 4 << 10, batchBytes: 4 << 10 },
  };
  const make = (): FileStore => new FileStore({ folder, clock, random: new SimRandom(1), durability: "always", disk, limits });
  const store = make();
  const harness = await new StoreHarness({
    store,
    advance: (byMs) => clock.advance(byMs),
    nowUs: () => clock.nowUs(),
    again: make,
    dispose: () => Promise.resolve(),
  }).open();
  const random = new SimRandom(9);
  for (let round = 0; round < 30; round++) {
    const log = await harness.define(`log-${round}`);
    let last = 0;
    for (let sequence = 1; sequence <= 60; sequence++) last = log.append(requestOf({ subject: "s", body: "x".repeat(random.below(300)) }));
    await harness.outcome(last);
    clock.advance(3_600_000);
    const removing = log.remove({ kind: "purge", filter: undefined, upTo: 1 + random.below(60), keep: 0 });
    clock.advance(3_600_000);
    await removing;
    if (random.chance(0.5)) await store.drop(log, 1);
  }
  assert.ok(store.scrubber.status.blocks > 10);
  await store.scrubber.finishRound();
  await store.checkpoint();
  for (let round = 0; round < 8; round++) {
    clock.advance(3_600_000);
    await harness.reopen();
  }
  clock.advance(3_600_000);
  await harness.store.close();
  assert.deepEqual(harness.faults, []);
  assert.equal(store.scrubber.status.damagedBlocks, 0);
  await rm(folder, { recursive: true });
});
