/** One bit flipped, at every byte of a small folder: detected or harmless, and what is wrong is never served. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilter } from "../../lib/filter.ts";
import { checkFolder } from "../../store/file-store.ts";
import { StoreError } from "../../store/store.ts";
import { effort } from "../support/effort.ts";
import { FakeDisk } from "../support/fake-disk.ts";
import { definition, openStore } from "../support/store-driver.ts";
import { folder, makeStore } from "./workload.ts";

const count = 12;

async function smallFolder(close: boolean): Promise<FakeDisk> {
  const disk = new FakeDisk();
  const store = makeStore(disk, "always");
  const { driver } = await openStore(store);
  const log = await store.define(definition("log"), 0);
  await log.defineGroup("group", "{}", Buffer.from("snapshot"));
  for (let number = 1; number <= count; number++) {
    await driver.append(log, `s.${number % 2}`, `payload ${number}`);
    if (number === count / 2) await store.checkpoint();
  }
  if (close) await store.close();
  return disk.copy();
}

/** Opens a folder with one bit wrong. Returns "harmless", or how it was detected. */
async function open(disk: FakeDisk): Promise<string> {
  const store = makeStore(disk, "always");
  try {
    const { driver, logs } = await openStore(store);
    const log = logs[0];
    const records = log === undefined ? [] : await driver.read(log);
    for (const { sequence, payload, subject } of records) {
      assert.equal(payload, `payload ${sequence}`);
      assert.equal(subject, `s.${sequence % 2}`);
    }
    const odd = log === undefined ? 0 : await log.count(compileFilter("s.1"), 1);
    await store.close();
    if (driver.faults.length > 0) return "told";
    assert.equal(records.length, count, "what is missing is told of");
    assert.equal(odd, count / 2);
    assert.equal(log?.recoveredGroups[0]?.snapshot?.toString(), "snapshot");
    return "harmless";
  } catch (error) {
    await store.close();
    if (error instanceof StoreError) return "refused";
    throw error;
  }
}

async function flipEverywhere(disk: FakeDisk): Promise<Map<string, number>> {
  const results = new Map<string, number>();
  let turn = 0;
  for (const path of disk.paths()) {
    if (path.endsWith("/ballast")) continue;
    const size = disk.content(path).length;
    // Each byte in the long tests; in the fast ones every seventh, from another one in each file.
    for (let at = turn % effort(7, 1); at < size; at += effort(7, 1)) {
      const content = Buffer.from(disk.content(path));
      // In space filled ahead with zeroes one byte is like another.
      if (at % effort(32, 1) > 6 && content.subarray(at, at + 64).every((byte) => byte === 0)) continue;
      const flipped = disk.copy();
      content[at]! ^= 1 << (turn++ % 8);
      flipped.put(path, content);
      const report = await checkFolder(flipped, folder).catch((error: unknown) => {
        throw new Error(`fsck, ${path} at ${at}: ${String(error)}`, { cause: error });
      });
      const result = await open(flipped).catch((error: unknown) => {
        throw new Error(`${path} at ${at}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      });
      if (result !== "harmless") assert.ok(report.findings.length > 0, `${path} at ${at}: ${result}, and fsck names it`);
      results.set(result, (results.get(result) ?? 0) + 1);
    }
  }
  return results;
}

for (const close of [true, false]) {
  test(`one flipped bit in a folder that was ${close ? "closed" : "left by a kill"} is detected or harmless`, async (t) => {
    const disk = await smallFolder(close);
    assert.deepEqual((await checkFolder(disk.copy(), folder)).findings, []);
    const results = await flipEverywhere(disk);
    t.diagnostic([...results].map(([result, times]) => `${times} ${result}`).join(", "));
    assert.ok((results.get("told") ?? 0) + (results.get("refused") ?? 0) > 100);
  });
}

test("fsck names the file, the range and the records of a damaged block", async () => {
  const disk = await smallFolder(true);
  const path = disk.paths().find((each) => each.endsWith(".seg")) ?? "";
  const content = disk.content(path);
  content[content.indexOf("payload 3")]! ^= 1;
  const progress: number[] = [];
  const report = await checkFolder(disk, folder, (done, total) => progress.push(done / total));
  assert.equal(report.findings.length, 1);
  assert.equal(report.findings[0]?.kind, "damage");
  assert.equal(report.findings[0]?.file, "segment-0000000001.seg");
  assert.match(report.findings[0]?.message ?? "", /records 1\.\.6 of 'log'/);
  assert.equal(progress.at(-1), 1);
  const store = makeStore(disk, "always");
  const { driver, logs } = await openStore(store);
  assert.deepEqual(
    (await driver.read(logs[0]!)).map((record) => record.sequence),
    [7, 8, 9, 10, 11, 12],
  );
  assert.equal(driver.damaged, 1);
  assert.match(driver.faults[0] ?? "", /records 1\.\.6 of 'log' are not served/);
  await store.close();
});
