/** The index of a log's subjects, saved at a clean close: what is read again is what would be gathered, and it is never trusted blindly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileStore, checkFolder } from "../../../store/file-store.ts";
import type { Log } from "../../../store/store.ts";
import { seedOf } from "../../support/effort.ts";
import { FakeDisk } from "../../support/fake-disk.ts";
import { SimClock } from "../../support/sim-clock.ts";
import { SimRandom } from "../../support/sim-random.ts";
import { definition, openStore, request } from "../../support/store-driver.ts";
import type { StoreDriver } from "../../support/store-driver.ts";

function make(disk: FakeDisk, savedSubjectsMin = 100, seed = 1): FileStore {
  return new FileStore({
    folder: "f",
    clock: new SimClock(),
    random: new SimRandom(seed),
    durability: "always",
    disk,
    limits: {
      freeBytesMin: 0,
      ballastBytes: 0,
      savedSubjectsMin,
      journal: { fileBytes: 64 << 10, firstFileBytes: 8 << 10, batchBytes: 16 << 10 },
    },
  });
}

function saved(disk: FakeDisk): string[] {
  return disk.paths().filter((path) => path.endsWith(".idx"));
}

async function append(driver: StoreDriver, log: Log, subjects: number, from: number, to: number): Promise<void> {
  let last = 0;
  for (let number = from; number <= to; number++) last = log.append(request(`key.${number % subjects}`, String(number)));
  await driver.outcome(last);
}

/** What the index says, and what the records say. */
async function compare(driver: StoreDriver, log: Log): Promise<void> {
  const counted = new Map<string, { messages: number; firstSequence: number; lastSequence: number }>();
  for (const { subject, sequence } of await driver.read(log)) {
    const known = counted.get(subject);
    counted.set(subject, {
      messages: (known?.messages ?? 0) + 1,
      firstSequence: known?.firstSequence ?? sequence,
      lastSequence: sequence,
    });
  }
  const page = await log.subjects(undefined, 0, 1_000_000);
  assert.equal(page.total, counted.size);
  for (const { subject, ...rest } of page.subjects) assert.deepEqual(rest, counted.get(subject), subject);
}

test("a log with many subjects saves them once, and its next start reads no run's subjects", async () => {
  const disk = new FakeDisk();
  const store = make(disk);
  const { driver } = await openStore(store);
  const log = await store.define(definition("log", { messagesPerSubjectMax: 3 }), 0);
  const small = await store.define(definition("small", { messagesPerSubjectMax: 3 }), 0);
  await append(driver, log, 5000, 1, 12_000);
  await append(driver, small, 5, 1, 20);
  await store.close();
  const files = saved(disk);
  assert.equal(files.length, 1, "small ones are gathered as quickly");
  assert.deepEqual((await checkFolder(disk, "f")).findings, []);
  const again = make(disk, 100, 2);
  const { driver: reader, logs } = await openStore(again);
  await compare(reader, logs[0]!);
  await again.close();
  assert.deepEqual(saved(disk), files, "what has not changed is not written again");
  assert.deepEqual(reader.faults, []);
});

test("what came and went after it was saved is put right, after a kill as well", async () => {
  const random = new SimRandom(seedOf(11));
  let disk = new FakeDisk();
  for (let round = 0; round < 8; round++) {
    const store = make(disk, 50, round);
    const { driver, logs } = await openStore(store);
    const log = logs[0] ?? (await store.define(definition("log", { messagesPerSubjectMax: 5, messagesMax: 4000 }), 0));
    assert.deepEqual(driver.faults, []);
    await compare(driver, log);
    const from = log.state.lastSequence + 1;
    await append(driver, log, 700, from, from + 1500);
    const { firstSequence, lastSequence } = log.state;
    for (let count = 0; count < 300; count++) {
      log.removeSequence(firstSequence + Math.floor(random.fraction() * (lastSequence - firstSequence)));
    }
    if (round % 3 === 1) await store.checkpoint();
    if (round === 4) await log.remove({ kind: "purge", filter: undefined, upTo: firstSequence + 900, keep: 0 });
    await store.flush();
    await compare(driver, log);
    if (round % 2 === 0) await store.close();
    else disk = disk.crashed({ bytes: "dropped", names: "dropped" });
    assert.ok(saved(disk).length <= 1, "of an older one nothing stays");
  }
});

test("a file that is damaged, cut or gone is told of and not used", async () => {
  const disk = new FakeDisk();
  const store = make(disk);
  const { driver } = await openStore(store);
  await append(driver, await store.define(definition("log", { messagesPerSubjectMax: 3 }), 0), 500, 1, 1200);
  await store.close();
  const [path = ""] = saved(disk);
  const sound = Buffer.from(disk.content(path));
  const random = new SimRandom(seedOf(5));
  for (let round = 0; round < 60; round++) {
    const worse = disk.copy();
    const content = Buffer.from(sound);
    const at = round < 30 ? Math.floor(random.fraction() * 200) : Math.floor(random.fraction() * content.length);
    content[at]! ^= 1 << (round % 8);
    worse.put(path, round === 59 ? sound.subarray(0, at) : content);
    const findings = await checkFolder(worse, "f");
    assert.equal(findings.findings[0]?.kind, "damage", `a flip at ${at} is found`);
    const again = make(worse);
    const { driver: reader, logs } = await openStore(again);
    assert.match(reader.faults.join(), /the saved subjects of 'log' .* are damaged/, `a flip at ${at} is told`);
    await compare(reader, logs[0]!);
    await again.close();
    assert.equal(saved(worse).length, 2, "a good one is saved beside it");
    const third = make(worse);
    assert.deepEqual((await openStore(third)).driver.faults, []);
    assert.equal(saved(worse).length, 1, "and the bad one removed");
    await third.close();
  }
  await disk.unlink(path);
  const without = make(disk);
  const { driver: reader, logs } = await openStore(without);
  assert.equal(reader.faults.length, 1);
  await compare(reader, logs[0]!);
  await without.close();
});

test("the file of a log that is dropped goes with it", async () => {
  const disk = new FakeDisk();
  const store = make(disk);
  const { driver } = await openStore(store);
  await append(driver, await store.define(definition("log", { messagesPerSubjectMax: 3 }), 0), 500, 1, 500);
  await store.close();
  assert.equal(saved(disk).length, 1);
  const again = make(disk);
  const { logs } = await openStore(again);
  await again.drop(logs[0]!, logs[0]!.revision);
  await again.checkpoint();
  assert.deepEqual(saved(disk), []);
  await again.close();
});
