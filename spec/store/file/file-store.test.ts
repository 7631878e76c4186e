/** The file store as its users see it: what was acknowledged is there after it was closed, and after it was not. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { compileFilter } from "../../../lib/filter.ts";
import { SystemClock } from "../../../lib/clock.ts";
import { SystemRandom } from "../../../lib/random.ts";
import type { Disk } from "../../../store/disk.ts";
import { FileStore } from "../../../store/file-store.ts";
import type { FileStoreLimits } from "../../../store/file-store.ts";
import type { Durability, Log } from "../../../store/store.ts";
import { StoreError } from "../../../store/store.ts";
import { FakeDisk } from "../../support/fake-disk.ts";
import { StoreDriver, definition, openStore, request } from "../../support/store-driver.ts";

const small: Partial<FileStoreLimits> = {
  tailBytesMax: 64 << 10,
  freeBytesMin: 0,
  journal: { fileBytes: 64 << 10, firstFileBytes: 4 << 10, batchBytes: 8 << 10 },
};

function open(
  disk: Disk | undefined,
  folder: string,
  more: { limits?: Partial<FileStoreLimits>; durability?: Durability } = {},
): FileStore {
  return new FileStore({
    folder,
    clock: new SystemClock(),
    random: new SystemRandom(),
    durability: more.durability ?? "always",
    limits: more.limits ?? small,
    ...(disk === undefined ? {} : { disk }),
  });
}

function numbers(records: readonly { readonly payload: string }[]): number[] {
  return records.map((record) => Number(record.payload));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

async function fill(driver: StoreDriver, store: FileStore, count: number, logs = 1): Promise<void> {
  const handles = [];
  for (let log = 0; log < logs; log++) handles.push(await store.define(definition(`log-${log}`), 0));
  let last = 0;
  for (let number = 1; number <= count; number++) {
    for (const log of handles) last = log.append(request(`a.${number % 7}`, String(number)));
    if (number % 100 === 0) await driver.outcome(last);
  }
  await driver.outcome(last);
}

test("what was acknowledged is read back, in order, before and after a clean close, on the real disk", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "waystation-store-"));
  const store = open(undefined, folder);
  const { driver } = await openStore(store);
  await fill(driver, store, 2000, 3);
  await store.close();
  assert.deepEqual(driver.faults, []);
  const again = open(undefined, folder);
  const { driver: reader, logs } = await openStore(again);
  assert.equal(logs.length, 3);
  for (const log of logs) {
    assert.deepEqual(numbers(await reader.read(log)), upTo(2000));
    assert.equal(log.state.messages, 2000);
    assert.equal(log.state.lastSequence, 2000);
  }
  assert.deepEqual(reader.faults, []);
  await again.close();
  await rm(folder, { recursive: true });
});

test("after a kill everything acknowledged is there, from segments and from the journal", async () => {
  const disk = new FakeDisk();
  const store = open(disk, "f");
  const { driver } = await openStore(store);
  await fill(driver, store, 3000, 2);
  assert.ok(
    disk.paths().some((name) => name.endsWith(".seg")),
    "some of it is in a segment",
  );
  const killed = disk.crashed({ bytes: "dropped", names: "dropped" });
  const again = open(killed, "f");
  const { driver: reader, logs } = await openStore(again);
  for (const log of logs) assert.deepEqual(numbers(await reader.read(log)), upTo(3000));
  const log = logs[0]!;
  assert.equal((await reader.append(log, "b", "3001")).sequence, 3001);
  assert.deepEqual(numbers(await reader.read(log, 2999)), [2999, 3000, 3001]);
  assert.deepEqual(
    numbers(await reader.read(log, 1, compileFilter("a.3"))),
    upTo(3000).filter((number) => number % 7 === 3),
  );
  await again.close();
  await store.close();
});

test("a cursor that stands in memory goes on there when the block has reached its segment and others are filled", async () => {
  const store = open(new FakeDisk(), "f", { limits: { ...small, tailBytesMax: 1 << 20 } });
  const { driver } = await openStore(store);
  await fill(driver, store, 1000);
  const log = await store.define(definition("other"), 0);
  const filled = await store.define(definition("log-0"), 1);
  const cursor = filled.cursor(1, undefined);
  const seen: number[] = [];
  const show = (): void => {
    const { buffer, bodyStart, headerBytes, bodyEnd } = cursor.view;
    seen.push(Number(buffer.toString("utf8", bodyStart + headerBytes, bodyEnd)));
  };
  for (let count = 0; count < 10; count++) {
    assert.equal(cursor.next(), "record");
    show();
  }
  for (let round = 0; round < 3; round++) {
    await store.checkpoint();
    for (let number = 0; number < 1000; number++) log.append(request("other", "x".repeat(20)));
    await store.flush();
  }
  for (let step = cursor.next(); step !== "end"; step = cursor.next()) {
    if (step === "record") show();
    else await new Promise<void>((resolve) => (cursor.onReady = resolve));
  }
  assert.deepEqual(seen, upTo(1000));
  cursor.close();
  await store.close();
});

test("a folder has one owner", async () => {
  const disk = new FakeDisk();
  const store = open(disk, "f");
  await openStore(store);
  await assert.rejects(openStore(open(disk, "f")), (error: unknown) => error instanceof StoreError && error.code === "in_use");
  await store.close();
  const again = open(disk, "f");
  await openStore(again);
  await again.close();
});

test("removals, limits and message ids are remembered", async () => {
  const disk = new FakeDisk();
  const store = open(disk, "f");
  const { driver } = await openStore(store);
  const log = await store.define(definition("limited", { messagesMax: 50, duplicateWindowMs: 60_000 }), 0);
  for (let number = 1; number <= 100; number++) await driver.append(log, "a", String(number), { messageId: `id-${number}` });
  assert.equal(log.removeSequence(70), true);
  assert.equal(await log.remove({ kind: "sequence", sequence: 80, erase: false }), 1);
  const expected = upTo(100).filter((number) => number > 50 && number !== 70 && number !== 80);
  assert.deepEqual(numbers(await driver.read(log)), expected);
  for (const kind of ["kill", "close"] as const) {
    if (kind === "close") await store.close();
    const again = open(disk.copy(), "f");
    const { driver: reader, logs } = await openStore(again);
    assert.deepEqual(numbers(await reader.read(logs[0]!)), expected, kind);
    assert.equal(logs[0]!.state.messages, 48, kind);
    const outcome = await reader.append(logs[0]!, "a", "again", { messageId: "id-99" });
    assert.equal(outcome.kind, "duplicate", kind);
    assert.equal(outcome.sequence, 99, kind);
    await again.close();
  }
});

test("a group's document, snapshot and deltas come back in order", async () => {
  const disk = new FakeDisk();
  const store = open(disk, "f");
  const { driver } = await openStore(store);
  const log = await store.define(definition("a"), 0);
  await log.defineGroup("g", "document", Buffer.from("snapshot"));
  await driver.outcome(log.saveGroup("g", Buffer.from("one"), true));
  await store.checkpoint();
  await driver.outcome(log.saveGroup("g", Buffer.from("two"), false));
  for (const kind of ["kill", "close"] as const) {
    if (kind === "close") await store.close();
    const again = open(disk.copy(), "f");
    const { logs } = await openStore(again);
    const group = logs[0]!.recoveredGroups[0]!;
    assert.equal(group.document, "document");
    assert.equal(group.snapshot?.toString(), "snapshot");
    assert.deepEqual(
      group.deltas.map((delta) => Buffer.from(delta).toString()),
      ["one", "two"],
      kind,
    );
    await again.close();
  }
});

test("a definition has a revision, and a dropped log stays dropped", async () => {
  const disk = new FakeDisk();
  const store = open(disk, "f");
  const { driver } = await openStore(store);
  const log = await store.define(definition("a"), 0);
  await assert.rejects(store.define(definition("a"), 0), StoreError);
  await store.define({ ...definition("a"), document: "new" }, 1);
  assert.equal(log.definition.document, "new");
  await driver.append(log, "a", "1");
  await store.checkpoint();
  await store.drop(log, 2);
  const again = open(disk.copy(), "f");
  assert.deepEqual((await openStore(again)).logs, []);
  await again.close();
  await store.define(definition("a"), 0);
  await store.close();
  const last = open(disk, "f");
  assert.equal((await openStore(last)).logs[0]!.state.messages, 0);
  await last.close();
});

test("with durability 'none' a power failure loses records, and never gives a sequence twice", async () => {
  const disk = new FakeDisk();
  const store = open(disk, "f", { durability: "none" });
  const { driver } = await openStore(store);
  const log = await store.define(definition("a"), 0);
  for (let number = 1; number <= 20; number++) await driver.append(log, "a", String(number));
  const lost = open(disk.crashed({ bytes: "dropped", names: "dropped" }), "f", { durability: "none" });
  const { driver: reader, logs } = await openStore(lost);
  assert.ok((await reader.read(logs[0]!)).length < 20);
  assert.ok((await reader.append(logs[0]!, "a", "new")).sequence > 20);
  await lost.close();
  await store.close();
  const closed = open(disk, "f", { durability: "none" });
  const { driver: last, logs: kept } = await openStore(closed);
  assert.equal((await last.append(kept[0]!, "a", "new")).sequence, 21);
  await closed.close();
});

test("several appends are stored all or none, over logs", async () => {
  const disk = new FakeDisk();
  const store = open(disk, "f");
  const { driver } = await openStore(store);
  const a = await store.define(definition("a"), 0);
  const b = await store.define(definition("b", { messageBytesMax: 3 }), 0);
  const good = store.appendAtomic([
    { log: a, request: request("a", "1") },
    { log: b, request: request("b", "1") },
  ]);
  assert.equal((await driver.outcome(good + 1)).kind, "stored");
  const bad = store.appendAtomic([
    { log: a, request: request("a", "2") },
    { log: b, request: request("b", "too long") },
  ]);
  assert.equal((await driver.outcome(bad + 1)).kind, "limit");
  assert.equal(driver.outcomes[bad - 1]!.kind, "limit");
  assert.deepEqual(numbers(await driver.read(a)), [1]);
  assert.deepEqual(numbers(await driver.read(b)), [1]);
  await store.close();
});

test("a record larger than a journal file, among small ones, is kept whole, on the real disk", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "waystation-large-"));
  const store = open(undefined, folder);
  const { driver } = await openStore(store);
  const log = await store.define(definition("large"), 0);
  const large = Buffer.alloc(3_000_000, "large ");
  log.append(request("a", "before"));
  log.append(request("a", large));
  const atomic = store.appendAtomic([
    { log, request: request("a", large.subarray(0, 70_000)) },
    { log, request: request("a", "after") },
  ]);
  await driver.outcome(atomic + 1);
  const expected = ["before", large.toString(), large.toString("utf8", 0, 70_000), "after"];
  const payloads = async (reader: StoreDriver, from: Log): Promise<string[]> => (await reader.read(from)).map((record) => record.payload);
  assert.deepEqual(await payloads(driver, log), expected);
  await store.checkpoint();
  assert.deepEqual(await payloads(driver, log), expected);
  await store.close();
  const again = open(undefined, folder);
  const { driver: reader, logs } = await openStore(again);
  assert.deepEqual(await payloads(reader, logs[0]!), expected);
  assert.deepEqual(reader.faults, []);
  await again.close();
  await rm(folder, { recursive: true });
});

test("with durability 'interval' an append settles before the sync, which follows by itself", async () => {
  const disk = new FakeDisk();
  const store = open(disk, "f", { durability: "interval" });
  const { driver } = await openStore(store);
  const log = await store.define(definition("a"), 0);
  await driver.append(log, "a", "1");
  const syncs = store.status().syncs;
  await driver.append(log, "a", "2");
  assert.equal(store.status().syncs, syncs);
  const alive = setInterval(() => undefined, 1000);
  const deadline = performance.now() + 5000;
  while (store.status().syncs === syncs && performance.now() < deadline) await new Promise<void>((resolve) => setImmediate(resolve));
  clearInterval(alive);
  const again = open(disk.crashed({ bytes: "dropped", names: "dropped" }), "f");
  const { driver: reader, logs } = await openStore(again);
  assert.deepEqual(numbers(await reader.read(logs[0]!)), [1, 2]);
  await again.close();
  await store.close();
});
