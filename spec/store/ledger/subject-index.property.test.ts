import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KeyedHash } from "../../../store/ledger/keyed-hash.ts";
import { noSubject, SubjectIndex } from "../../../store/ledger/subject-index.ts";
import { propertyRuns } from "../../support/effort.ts";

const hash = new KeyedHash(Uint8Array.from({ length: 16 }, (_, index) => index * 7));

const step = fc.record({
  remove: fc.boolean(),
  subject: fc.integer({ min: 0, max: 40 }),
  sequence: fc.integer({ min: 1, max: 60 }),
});

function nameOf(subject: number): Buffer {
  return Buffer.from(`subject.${"x".repeat(subject % 11)}.${subject}`);
}

function listOf(index: SubjectIndex, entry: number): number[] {
  const list: number[] = [];
  index.collect(entry, Infinity, Infinity, list);
  return list;
}

test("subjects keep their sequences in order, whatever comes and goes, and however it is asked", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 0, max: 61 }), fc.integer({ min: 0, max: 61 }), (steps, from, to) => {
      const index = new SubjectIndex(hash);
      const model = new Map<number, Set<number>>();
      for (const { remove, subject, sequence } of steps) {
        const name = nameOf(subject);
        const padded = Buffer.concat([Buffer.from("##"), name, Buffer.from("##")]);
        const own = model.get(subject) ?? new Set();
        if (remove) {
          assert.equal(index.remove(padded, 2, 2 + name.length, sequence), own.delete(sequence));
        } else {
          index.add(padded, 2, 2 + name.length, sequence);
          own.add(sequence);
        }
        if (own.size > 0) model.set(subject, own);
        else model.delete(subject);
      }
      assert.equal(index.size, model.size);
      for (let subject = 0; subject <= 40; subject++) {
        const name = nameOf(subject);
        const entry = index.find(name, 0, name.length);
        const list = [...(model.get(subject) ?? [])].sort((a, b) => a - b);
        if (list.length === 0) {
          assert.equal(entry, noSubject);
          continue;
        }
        assert.deepEqual(listOf(index, entry), list);
        assert.equal(index.count(entry), list.length);
        assert.equal(index.first(entry), list[0]);
        assert.equal(index.last(entry), list.at(-1));
        assert.equal(index.lastUpTo(entry, to), list.findLast((each) => each <= to) ?? 0);
        assert.equal(index.countIn(entry, from, to), list.filter((each) => each >= from && each <= to).length);
        index.showText(entry);
        assert.equal(index.textBuffer.toString("utf8", index.textStart, index.textEnd), name.toString());
      }
      let seen = 0;
      for (let entry = 0; entry < index.entriesEnd; entry++) if (index.count(entry) > 0) seen++;
      assert.equal(seen, model.size);
    }),
    propertyRuns(32, 200, 20_000),
  );
});

test("subjects that come and go for ever do not grow the index", () => {
  const index = new SubjectIndex(hash);
  const before = process.memoryUsage().arrayBuffers;
  for (let sequence = 1; sequence <= 200_000; sequence++) {
    const name = Buffer.from(`visitor.${sequence}`);
    index.add(name, 0, name.length, sequence);
    const old = Buffer.from(`visitor.${sequence - 100}`);
    if (sequence > 100) assert.ok(index.remove(old, 0, old.length, sequence - 100));
  }
  assert.equal(index.size, 100);
  assert.ok(index.entriesEnd < 200);
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 * 1024 * 1024);
});

test("a million subjects take at most 80 bytes each beside their text", () => {
  const count = 1_000_000;
  const index = new SubjectIndex(hash);
  const name = Buffer.alloc(24);
  let textBytes = 0;
  const before = process.memoryUsage().arrayBuffers;
  for (let at = 0; at < count; at++) {
    const end = name.write(`device.${at}.temp`);
    index.add(name, 0, end, at + 1);
    textBytes += end;
  }
  assert.equal(index.size, count);
  const bytes = process.memoryUsage().arrayBuffers - before - textBytes;
  assert.ok(bytes / count <= 80, `${(bytes / count).toFixed(1)} bytes a subject`);
  const end = name.write("device.777777.temp");
  const entry = index.find(name, 0, end);
  assert.equal(index.last(entry), 777_778);
});
