/** Segments come and go: what is dead is unlinked, what is half dead is copied, and readers see neither. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilter } from "../../../lib/filter.ts";
import type { FileStoreLimits } from "../../../store/file-store.ts";
import { FileStore } from "../../../store/file-store.ts";
import type { Log } from "../../../store/store.ts";
import { FakeDisk } from "../../support/fake-disk.ts";
import { SimClock } from "../../support/sim-clock.ts";
import { SimRandom } from "../../support/sim-random.ts";
import { definition, openStore, ready, request } from "../../support/store-driver.ts";
import type { StoreDriver } from "../../support/store-driver.ts";

const limits: Partial<FileStoreLimits> = {
  freeBytesMin: 0,
  ballastBytes: 0,
  cacheBytesMax: 256 << 10,
  journal: { fileBytes: 64 << 10, firstFileBytes: 8 << 10, batchBytes: 16 << 10 },
};

function make(disk: FakeDisk): FileStore {
  return new FileStore({ folder: "f", clock: new SimClock(), random: new SimRandom(1), durability: "always", disk, limits });
}

function segments(disk: FakeDisk): string[] {
  return disk.paths().filter((path) => path.endsWith(".seg"));
}

async function append(driver: StoreDriver, log: Log, from: number, to: number): Promise<void> {
  let last = 0;
  for (let number = from; number <= to; number++) last = log.append(request(`s.${number % 5}`, String(number)));
  await driver.outcome(last);
}

async function readNumbers(driver: StoreDriver, log: Log): Promise<number[]> {
  return (await driver.read(log)).map((record) => Number(record.payload));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

test("a segment whose records are all gone is unlinked", async () => {
  const disk = new FakeDisk();
  const store = make(disk);
  const { driver } = await openStore(store);
  const log = await store.define(definition("log"), 0);
  await append(driver, log, 1, 500);
  await store.checkpoint();
  await append(driver, log, 501, 600);
  await store.checkpoint();
  assert.equal(segments(disk).length, 2);
  await log.remove({ kind: "purge", filter: undefined, upTo: 501, keep: 0 });
  // What the records counted for is read first, then they may go.
  const bytes = 100 * ("s.1".length + 3 + 16);
  for (let turn = 0; log.state.bytes !== bytes && turn < 1000; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  assert.equal(log.state.bytes, bytes);
  await store.checkpoint();
  assert.equal(segments(disk).length, 1);
  assert.deepEqual(await readNumbers(driver, log), range(501, 600));
  await store.drop(log, log.revision);
  await store.checkpoint();
  assert.deepEqual(segments(disk), []);
  await store.close();
});

test("a segment that is less than half alive is copied, and a reader in the midst of it goes on", async () => {
  const disk = new FakeDisk();
  const store = make(disk);
  const { driver } = await openStore(store);
  const log = await store.define(definition("log"), 0);
  const other = await store.define(definition("other"), 0);
  await append(driver, log, 1, 3000);
  await append(driver, other, 1, 10);
  await store.checkpoint();
  const before = segments(disk)[0]!;
  const size = disk.content(before).length;
  const cursor = log.cursor(1, undefined);
  const seen: number[] = [];
  while (seen.length < 10) {
    if (cursor.next() === "loading") await ready(cursor);
    else seen.push(cursor.view.sequence);
  }
  const kept = range(1, 3000).filter((number) => number % 4 === 0 || number <= 12);
  for (const number of range(1, 3000)) if (!kept.includes(number)) log.removeSequence(number);
  await store.flush();
  await store.checkpoint();
  await store.checkpoint();
  assert.equal(segments(disk).length, 1);
  assert.notEqual(segments(disk)[0], before);
  assert.ok(disk.content(segments(disk)[0]!).length < size / 2);
  for (let step = cursor.next(); step !== "end"; step = cursor.next()) {
    if (step === "loading") await ready(cursor);
    else seen.push(cursor.view.sequence);
  }
  assert.deepEqual(seen, kept);
  assert.equal(await log.count(compileFilter("s.0"), 1), kept.filter((number) => number % 5 === 0).length);
  assert.deepEqual(driver.faults, []);
  const again = make(disk.crashed({ bytes: "dropped", names: "dropped" }));
  const { driver: reader, logs } = await openStore(again);
  assert.deepEqual(await readNumbers(reader, logs[0]!), kept);
  assert.deepEqual(await readNumbers(reader, logs[1]!), range(1, 10));
  assert.equal(logs[0]!.state.messages, kept.length);
  assert.equal(logs[0]!.state.deletedCount, kept.at(-1)! - kept.length);
  await again.close();
  await store.close();
});

test("a long manifest is written anew, and says the same", async () => {
  const disk = new FakeDisk();
  const store = make(disk);
  const { driver } = await openStore(store);
  const logs = [];
  for (let index = 0; index < 60; index++) logs.push(await store.define({ ...definition(`log-${index}`), document: "x".repeat(4000) }, 0));
  for (let round = 0; round < 36; round++) {
    for (const [index, log] of logs.entries()) {
      if (round % 3 === 0) await store.define({ ...log.definition, document: String(round).repeat(3000) }, log.revision);
      await append(driver, log, round * 2 + 1, round * 2 + 2);
      if (index % 7 === 0) log.removeSequence(round * 2 + 1);
    }
    await store.checkpoint();
  }
  assert.ok(disk.content("f/manifest").length < 2 << 20);
  const killed = make(disk.crashed({ bytes: "dropped", names: "dropped" }));
  const { driver: reader, logs: recovered } = await openStore(killed);
  for (const [index, log] of recovered.entries()) {
    const expected = range(1, 72).filter((number) => index % 7 !== 0 || number % 2 === 0);
    assert.deepEqual(await readNumbers(reader, log), expected);
  }
  await killed.close();
  await store.close();
});

test("reading what is larger than the cache keeps to the cache", async () => {
  const disk = new FakeDisk();
  const store = make(disk);
  const { driver } = await openStore(store);
  const log = await store.define(definition("log"), 0);
  for (let part = 0; part < 10; part++) {
    await append(driver, log, part * 3000 + 1, part * 3000 + 3000);
    await store.checkpoint();
  }
  assert.deepEqual(await readNumbers(driver, log), range(1, 30_000));
  assert.ok(store.cache.bytes <= (256 << 10) + (64 << 10));
  await store.close();
});

test("the scrub reads every block again and finds the damaged one", async () => {
  const disk = new FakeDisk();
  const store = make(disk);
  const { driver } = await openStore(store);
  const log = await store.define(definition("log"), 0);
  const other = await store.define(definition("other"), 0);
  for (let part = 0; part < 3; part++) {
    await append(driver, log, part * 2000 + 1, part * 2000 + 2000);
    await append(driver, other, part * 10 + 1, part * 10 + 10);
    await store.checkpoint();
  }
  await store.scrubber.finishRound();
  const { blocks, damagedBlocks, rounds } = store.scrubber.status;
  assert.ok(blocks > 10);
  assert.equal(damagedBlocks, 0);
  assert.equal(rounds, 1);
  disk.content(segments(disk)[1]!)[5000]! ^= 4;
  await store.scrubber.finishRound();
  assert.equal(store.scrubber.status.blocks, blocks * 2);
  assert.equal(store.scrubber.status.damagedBlocks, 1);
  assert.match(driver.faults[0] ?? "", /segment-0000000002\.seg at .* records \d+\.\.\d+ of 'log'/);
  assert.equal(driver.faults.length, 1);
  await store.close();
});
