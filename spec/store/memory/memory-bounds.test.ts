import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../../store/memory-store.ts";
import type { SubjectPage } from "../../../store/store.ts";
import { requestOf } from "../../conformance/log-work.ts";
import { filterOf, sequences, StoreHarness } from "../../conformance/store-harness.ts";
import { SimClock } from "../../support/sim-clock.ts";
import { SimRandom } from "../../support/sim-random.ts";

async function open(bytesMax?: number): Promise<StoreHarness> {
  const clock = new SimClock();
  const options = { clock, random: new SimRandom(1) };
  const store = new MemoryStore(bytesMax === undefined ? options : { ...options, bytesMax });
  const fixture = {
    store,
    advance: (byMs: number): void => clock.advance(byMs),
    nowUs: (): number => clock.nowUs(),
    again: undefined,
    dispose: (): Promise<void> => Promise.resolve(),
  };
  return new StoreHarness(fixture).open();
}

/** Memory held for records, as of the last commit. */
async function heldBytes(harness: StoreHarness): Promise<number> {
  await harness.store.flush();
  return harness.store.status().tailBytes;
}

test("a log that keeps the newest of each subject holds little more than these", async () => {
  const harness = await open();
  const log = await harness.define("kv", { messagesPerSubjectMax: 1 });
  const random = new SimRandom(3);
  const body = "x".repeat(100);
  await harness.append(log, { subject: "rare", body });
  for (let step = 0; step < 40_000; step++) {
    // A few subjects change all the time, a few hardly ever: old blocks keep single records.
    log.append(requestOf({ subject: random.chance(0.01) ? `rare.${random.below(200)}` : `hot.${random.below(5)}`, body }));
    if (step % 500 === 0) await harness.store.flush();
  }
  await harness.store.flush();
  assert.ok(log.state.messages <= 206);
  assert.deepEqual((await sequences(log, 1, "rare")).length, 1);
  const needed = log.state.messages * 150;
  assert.ok((await heldBytes(harness)) < needed * 3 + 64 * 1024, `${await heldBytes(harness)} bytes for ${needed}`);
});

test("a work queue gives its memory back, in order and out of order", async () => {
  const harness = await open();
  const log = await harness.define("queue");
  const random = new SimRandom(4);
  const waiting: number[] = [];
  for (let sequence = 1; sequence <= 20_000; sequence++) {
    log.append(requestOf({ subject: "work", body: "x".repeat(100) }));
    waiting.push(sequence);
    if (waiting.length > 100) {
      const [done] = waiting.splice(random.below(waiting.length), 1);
      assert.ok(done !== undefined && log.removeSequence(done));
    }
    if (sequence % 100 === 0) await harness.store.flush();
  }
  assert.deepEqual(await sequences(log), waiting);
  assert.ok((await heldBytes(harness)) < 256 * 1024);
  for (const sequence of waiting) log.removeSequence(sequence);
  assert.ok((await heldBytes(harness)) <= 16_384);
});

test("two thousand small logs are cheap", async () => {
  const harness = await open();
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 2000; index++) {
    const log = await harness.define(`log-${index}`);
    log.append(requestOf({ subject: "first", body: "hello" }));
  }
  assert.equal(await heldBytes(harness), 2000 * 512);
  assert.ok((process.memoryUsage().arrayBuffers - before) / 2000 < 4096);
});

test("past its bound the store refuses appends until something is removed", async () => {
  const harness = await open(100_000);
  const log = await harness.define("log");
  let last = await harness.append(log, { subject: "s", body: "x".repeat(1000) });
  for (let step = 0; step < 200 && last.kind === "stored"; step++)
    last = await harness.append(log, { subject: "s", body: "x".repeat(1000) });
  assert.equal(last.kind, "full");
  assert.ok((await heldBytes(harness)) < 140_000);
  await log.remove({ kind: "purge", filter: undefined, upTo: 0, keep: 10 });
  assert.equal((await harness.append(log, { subject: "s", body: "" })).kind, "stored");
});

test("ordering very many subjects does not hold up the turn, also while subjects come and go", async () => {
  const harness = await open();
  const log = await harness.define("log");
  for (let index = 0; index < 20_000; index++) log.append(requestOf({ subject: `s.${(index * 7919) % 20_000}`, body: "" }));
  await harness.store.flush();
  const asked = log.subjects(filterOf("s.>"), 0, 3);
  assert.ok(asked instanceof Promise);
  log.append(requestOf({ subject: "s", body: "" }));
  log.append(requestOf({ subject: "s.00", body: "" }));
  log.removeSequence(1);
  const page: SubjectPage = await asked;
  assert.equal(page.total, 20_000);
  assert.deepEqual(
    page.subjects.map((count) => count.subject),
    ["s.00", "s.1", "s.10"],
  );
  const again = log.subjects(filterOf("s.>"), 19_999, 3);
  assert.ok(!(again instanceof Promise), "the order is kept while subjects stay the same");
  assert.deepEqual(
    again.subjects.map((count) => count.subject),
    ["s.9999"],
  );
});

test("a reader whose filter passes nothing gives way to others", async () => {
  const harness = await open();
  const log = await harness.define("log");
  for (let index = 0; index < 40_000; index++) log.append(requestOf({ subject: "common", body: "" }));
  log.append(requestOf({ subject: "rare", body: "" }));
  await harness.store.flush();
  const cursor = log.cursor(1, filterOf("rare"));
  let turns = 0;
  let step = cursor.next();
  for (; step === "loading"; step = cursor.next()) {
    turns++;
    await new Promise<void>((resolve) => (cursor.onReady = resolve));
  }
  assert.equal(step, "record");
  assert.equal(cursor.view.sequence, 40_001);
  assert.ok(turns >= 2);
});
