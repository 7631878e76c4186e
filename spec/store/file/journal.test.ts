/** The journal: what is written is read back in order; a torn tail is cut, damage in the middle is not. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { SystemClock } from "../../../lib/clock.ts";
import type { Disk } from "../../../store/disk.ts";
import { NodeDisk } from "../../../store/disk.ts";
import { batchHeaderBytes, entry, entryHeaderBytes, journalFileName } from "../../../store/file/journal-format.ts";
import { readJournal } from "../../../store/file/journal-reader.ts";
import { Journal } from "../../../store/file/journal.ts";
import { StoreError } from "../../../store/store.ts";
import { FakeDisk } from "../../support/fake-disk.ts";

const options = { fileBytes: 4096, firstFileBytes: 1024, batchBytes: 512 };
const empty = { batch: 0, checksum: 0, change: 0 };
const start = { nextFile: 1, nextBatch: 1, nextChange: 1, previousChecksum: 0, filled: [] };

/** A journal whose entries are numbered reserves. */
class Numbers {
  readonly journal: Journal;
  written = 0;
  failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(disk: Disk, folder: string) {
    this.journal = new Journal(disk, folder, new SystemClock(), options, {
      written: (batch) => {
        this.written = batch.settles;
        this.#wake?.();
      },
      failed: (error) => {
        this.failure = error;
        this.#wake?.();
      },
      changed: () => undefined,
      closing: () => undefined,
    });
  }

  put(number: number, size = 20, durable = true): void {
    const batch = this.journal.batch(size);
    const at = batch.length;
    batch.view.setUint32(at, size, true);
    batch.view.setUint32(at + 4, entry.reserve, true);
    batch.view.setUint32(at + 8, 1, true);
    batch.view.setFloat64(at + entryHeaderBytes, number, true);
    batch.settles = number;
    if (durable) batch.durable = true;
    this.journal.added(batch, at + size, 1);
  }

  async reached(number: number): Promise<void> {
    while (this.written < number && this.failure === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

async function numbersIn(disk: Disk, folder: string, contained = empty): Promise<number[]> {
  const numbers: number[] = [];
  await readJournal(
    disk,
    folder,
    contained,
    (view, _bytes, from, end) => {
      for (let at = from; at < end; at += view.getUint32(at, true)) numbers.push(view.getFloat64(at + entryHeaderBytes, true));
    },
    false,
  );
  return numbers;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

async function filled(disk: Disk, folder: string, count: number, durable = true): Promise<Numbers> {
  const numbers = new Numbers(disk, folder);
  await numbers.journal.start(start);
  for (let number = 1; number <= count; number++) {
    numbers.put(number, number === 5 ? 2000 : 20 + (number % 30), durable);
    if (number % 3 === 0) numbers.journal.commit();
    if (number % 10 === 0) await numbers.reached(number - 2);
  }
  numbers.journal.commit();
  await numbers.reached(count);
  return numbers;
}

test("what the journal's thread has written is read back in order, over several files", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "waystation-journal-"));
  const disk = new NodeDisk();
  const numbers = await filled(disk, folder, 1000);
  assert.equal(numbers.failure, undefined);
  await numbers.journal.close(false);
  assert.deepEqual(await numbersIn(disk, folder), upTo(1000));
  assert.ok((await disk.list(folder)).length > 2);
  await rm(folder, { recursive: true });
});

test("files that are no longer needed are recycled, and what they held is not taken for new", async () => {
  const disk = new FakeDisk();
  const numbers = await filled(disk, "f", 1000);
  const journal = numbers.journal;
  const contained = { batch: journal.lastBatch, checksum: journal.previousChecksum, change: journal.nextChange - 1 };
  await journal.free(contained.batch);
  const files = disk.paths().length;
  for (let number = 1001; number <= 1200; number++) numbers.put(number);
  journal.commit();
  await numbers.reached(1200);
  assert.ok(disk.paths().length <= files + 2);
  assert.deepEqual(
    await numbersIn(disk, "f", contained),
    upTo(1200).filter((number) => number > 1000),
  );
  await assert.rejects(numbersIn(disk, "f"), StoreError, "the freed batches are known to be missing");
});

test("a torn tail is cut, told of, and the rest is there", async () => {
  const disk = new FakeDisk();
  const numbers = await filled(disk, "f", 20);
  numbers.put(21);
  let torn: FakeDisk | undefined;
  disk.onOperation = (what) => {
    if (what.startsWith("write")) torn = disk.crashed({ bytes: "torn", names: "kept" });
  };
  numbers.journal.commit();
  await numbers.reached(21);
  assert.ok(torn !== undefined);
  assert.deepEqual(await numbersIn(torn, "f"), upTo(20));
  const content = await readJournal(torn, "f", empty, () => undefined, true);
  assert.match(content.cut, /cut at journal-/);
  assert.equal((await readJournal(torn, "f", empty, () => undefined, true)).cut, "");
});

test("damage in the middle is an error that names the file, and changes nothing", async () => {
  const disk = new FakeDisk();
  await filled(disk, "f", 20);
  const name = `f/${journalFileName(1)}`;
  const content = disk.content(name);
  content[batchHeaderBytes + 3]! ^= 0x40;
  const before = disk.paths().map((each) => disk.content(each).toString("hex"));
  await assert.rejects(
    numbersIn(disk, "f"),
    (error: unknown) => error instanceof StoreError && error.code === "damaged" && /journal-0000000001/.test(error.message),
  );
  assert.deepEqual(
    disk.paths().map((each) => disk.content(each).toString("hex")),
    before,
  );
});

test("batches that asked for no sync may be lost from any point on, and that is no damage", async () => {
  const disk = new FakeDisk();
  const numbers = await filled(disk, "f", 9, false);
  assert.ok(numbers.journal.hasUnsynced);
  const left = await numbersIn(disk.crashed({ bytes: "last", names: "kept" }), "f");
  assert.ok(left.length < 9);
  assert.deepEqual(left, upTo(left.length));
  await numbers.journal.sync();
  assert.deepEqual(await numbersIn(disk.crashed({ bytes: "dropped", names: "dropped" }), "f"), upTo(9));
});

test("a failed write stops the journal", async () => {
  const disk = new FakeDisk();
  const numbers = await filled(disk, "f", 9);
  disk.failAt = disk.operations + 1;
  numbers.put(10);
  numbers.journal.commit();
  await numbers.reached(10);
  assert.match(numbers.failure?.message ?? "", /EIO/);
  assert.equal(numbers.written, 9);
});
