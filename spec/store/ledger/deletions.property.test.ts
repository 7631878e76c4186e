import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deletions } from "../../../store/ledger/deletions.ts";
import { propertyRuns } from "../../support/effort.ts";

const sequence = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 4080, max: 4110 }), fc.integer({ min: 8180, max: 13_000 }));
const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), at: sequence, to: fc.constant(0) }),
  fc.record({ kind: fc.constant("range" as const), at: sequence, to: sequence }),
  fc.record({ kind: fc.constant("trim" as const), at: fc.integer({ min: 1, max: 9000 }), to: fc.constant(0) }),
);
const last = 13_010;

test("gone sequences are found, counted, listed and forgotten as a set would", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.array(fc.tuple(sequence, sequence), { maxLength: 8 }), (steps, asked) => {
      const deletions = new Deletions();
      const gone = new Set<number>();
      let floor = 0;
      for (const { kind, at, to } of steps) {
        if (kind === "add" && at >= floor) {
          assert.equal(deletions.add(at), !gone.has(at));
          gone.add(at);
        } else if (kind === "range") {
          const first = Math.max(at, floor);
          deletions.addRange(first, to);
          for (let each = first; each <= to; each++) gone.add(each);
        } else if (kind === "trim") {
          floor = Math.max(floor, at);
          deletions.trim(at);
          for (const each of gone) if (each < floor) gone.delete(each);
        }
        assert.equal(deletions.count, gone.size);
      }
      for (const [a, b] of asked) {
        const from = Math.max(Math.min(a, b), floor);
        const to = Math.max(a, b, from);
        assert.equal(deletions.has(from), gone.has(from));
        let live = from;
        while (gone.has(live)) live++;
        assert.equal(deletions.nextLive(from), live);
        let next = from;
        while (next <= to && !gone.has(next)) next++;
        assert.equal(deletions.nextGone(from, to), next);
        assert.equal(deletions.countIn(from, to), [...gone].filter((each) => each >= from && each <= to).length);
      }
      const runs = deletions.runs(floor, last, Infinity);
      const listed: number[] = [];
      for (let at = 0; at < runs.length; at += 2) for (let each = runs[at]!; each <= runs[at + 1]!; each++) listed.push(each);
      assert.deepEqual(
        listed,
        [...gone].sort((a, b) => a - b),
      );
    }),
    propertyRuns(31, 150, 20_000),
  );
});

test("a hundred million gone sequences take little memory, and the next live one is found quickly", () => {
  const deletions = new Deletions();
  const before = process.memoryUsage().heapUsed;
  deletions.addRange(1, 100_000_000);
  assert.equal(deletions.count, 100_000_000);
  assert.equal(deletions.nextLive(1), 100_000_001);
  assert.equal(deletions.countIn(50_000_000, 60_000_000), 10_000_001);
  deletions.trim(99_999_999);
  assert.equal(deletions.count, 2);
  assert.ok(process.memoryUsage().heapUsed - before < 32 * 1024 * 1024);
});
