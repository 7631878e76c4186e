import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Duplicates } from "../../../store/ledger/duplicates.ts";
import { KeyedHash } from "../../../store/ledger/keyed-hash.ts";
import { propertyRuns } from "../../support/effort.ts";

const hash = new KeyedHash(new Uint8Array(16).fill(9));

test("ids are remembered for their window, in any alphabet, and over a save", () => {
  const step = fc.record({
    id: fc.oneof(fc.integer({ min: 0, max: 60 }).map(String), fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 })),
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 })),
    skip: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3_000_000_000 })),
    save: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const windowMs = 1000;
      let duplicates = new Duplicates(hash, 10_000);
      let known: { id: string; sequence: number; ms: number }[] = [];
      let nowMs = 1_700_000_000_000;
      let sequence = 0;
      for (const { id, waitMs, skip, save } of steps) {
        nowMs += waitMs;
        known = known.filter((each) => nowMs - each.ms < windowMs);
        duplicates.expire(nowMs * 1000, windowMs);
        const expected = known.find((each) => each.id === id);
        duplicates.take(id);
        assert.equal(duplicates.find(), expected !== undefined);
        if (expected !== undefined) assert.equal(duplicates.sequence, expected.sequence);
        else {
          sequence += skip;
          known = known.filter((each) => sequence - each.sequence < 2 ** 32);
          const bytes = Buffer.from(`<${id}>`);
          if (save) duplicates.takeBytes(bytes, 1, bytes.length - 1);
          duplicates.add(sequence, nowMs * 1000);
          known.push({ id, sequence, ms: nowMs });
        }
        assert.equal(duplicates.count, known.length);
        if (save && skip > 1) {
          const saved = duplicates.export();
          duplicates = new Duplicates(new KeyedHash(new Uint8Array(16)), 10_000);
          assert.ok(duplicates.import(saved));
          assert.ok(!duplicates.import(saved.subarray(1)), "anything else is refused");
        }
      }
    }),
    propertyRuns(33, 150, 10_000),
  );
});

test("ids are remembered for 49 days at most, and for 2^32 records", () => {
  const duplicates = new Duplicates(hash, 100);
  const start = 1_700_000_000_000;
  const add = (id: string, sequence: number, ms: number): void => {
    duplicates.take(id);
    assert.equal(duplicates.find(), false);
    duplicates.add(sequence, ms * 1000);
  };
  const sequenceOf = (id: string): number => {
    duplicates.take(id);
    return duplicates.find() ? duplicates.sequence : 0;
  };
  add("a", 1, start);
  add("b", 3_000_000_000, start + 4_000_000_000);
  assert.deepEqual(["a", "b"].map(sequenceOf), [1, 3_000_000_000]);
  add("c", 3_000_000_001, start + 4_300_000_000);
  assert.deepEqual(["a", "b", "c"].map(sequenceOf), [0, 3_000_000_000, 3_000_000_001]);
  add("d", 9_000_000_000, start + 4_300_000_001);
  assert.deepEqual(["b", "c", "d"].map(sequenceOf), [0, 0, 9_000_000_000]);
});

test("the number of ids is bounded, and an id costs 24 bytes in a save", () => {
  const duplicates = new Duplicates(hash, 1000);
  for (let index = 0; index < 1000; index++) {
    assert.equal(duplicates.full, false);
    duplicates.take(`id ${index}`);
    duplicates.add(index + 1, 1_700_000_000_000_000);
  }
  assert.equal(duplicates.full, true);
  assert.equal(duplicates.export().length, 40 + 24 * 1000);
});
