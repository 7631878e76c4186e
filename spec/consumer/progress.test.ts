/** The books of a group and their bytes: the ring, the deadlines, deltas and snapshots against the plainest model of each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { groupConfig } from "../../lib/consumer/config.ts";
import { Deadlines } from "../../lib/consumer/deadlines.ts";
import { InFlight } from "../../lib/consumer/in-flight.ts";
import { PendingRing } from "../../lib/consumer/pending.ts";
import { applyProgress, GroupState, ProgressWriter, settleProgress } from "../../lib/consumer/progress.ts";
import { ManualClock } from "./manual-clock.ts";

const seed = { seed: 20261121, numRuns: 200, includeErrorInReport: true };

test("the ring finds what is live and nothing else, however it was filled and emptied", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(1000)), { maxLength: 300 }), (steps) => {
      const ring = new PendingRing();
      const model: Map<number, number> = new Map();
      let last = 0;
      for (const [gap, pick] of steps) {
        if (pick % 3 > 0) {
          last += 1 + gap;
          ring.push(last, last * 2, 1, 0, 0);
          model.set(last, last * 2);
        } else {
          const sequence = [...model.keys()][pick % Math.max(1, model.size)] ?? 0;
          const position = ring.find(sequence);
          assert.equal(position >= 0, model.delete(sequence));
          if (position >= 0) ring.release(position);
        }
        assert.equal(ring.live, model.size);
        assert.equal(ring.lowest, Math.min(...model.keys(), Infinity) === Infinity ? 0 : Math.min(...model.keys()));
      }
      for (let sequence = 1; sequence <= last + 1; sequence++) {
        const position = ring.find(sequence);
        assert.equal(position < 0 ? undefined : ring.first(position), model.get(sequence));
      }
    }),
    seed,
  );
});

test("deltas and a snapshot bring back the same books, and a repeated suffix of deltas changes nothing", () => {
  const step = fc.tuple(fc.constantFrom("send", "send", "again", "ack", "ack", "save", "snapshot"), fc.nat(1000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.nat(3), (steps, repeated) => {
      const deadlines = new Deadlines(new ManualClock());
      const books = new InFlight(groupConfig({ name: "G" }), deadlines, { dueAgain: () => {}, exhausted: () => {} });
      const writer = new ProgressWriter();
      const deltas: Buffer[] = [];
      let snapshot: Buffer | undefined;
      let next = 1;
      const take = (whole: boolean): Buffer => {
        books.write(writer, next, 0, whole);
        return Buffer.from(writer.done());
      };
      const live = (): number[] => {
        const all: number[] = [];
        for (let at = books.ring.head; at < books.ring.tail; at++) if (books.ring.isLive(at)) all.push(books.ring.sequence(at));
        return all;
      };
      for (const [kind, pick] of steps) {
        const pending = live();
        const one = pending[pick % Math.max(1, pending.length)] ?? 0;
        if (kind === "send") {
          next += pick % 3;
          books.sent(next, 0);
          next++;
        } else if (kind === "ack") books.release(one);
        else if (kind === "again" && one > 0) {
          books.nak(one, 0);
          if (books.nextDue() > 0) books.sentAgain(books.nextDue(), 0);
        } else if (kind === "save") deltas.push(take(false));
        else if (kind === "snapshot") {
          snapshot = take(true);
          deltas.splice(0, Math.max(0, deltas.length - repeated));
        }
      }
      deltas.push(take(false));
      const state = new GroupState();
      if (snapshot !== undefined) applyProgress(state, snapshot);
      for (const delta of deltas) applyProgress(state, delta);
      settleProgress(state);
      assert.deepEqual(state.sorted(), live());
      assert.deepEqual(
        [state.next, state.deliveredSequence, state.deliveredCount, state.floorSequence, state.floorCount],
        [next, books.deliveredSequence, books.deliveredCount, books.floorSequence, books.floorCount],
      );
      for (const sequence of live()) {
        assert.equal(state.deliveries.get(sequence) ?? 1, books.deliveries(sequence));
        assert.equal(state.pending.get(sequence), books.ring.first(books.ring.find(sequence)));
      }
    }),
    seed,
  );
});

test("progress cut short is refused with a word on what to do", () => {
  const writer = new ProgressWriter();
  writer.begin(false);
  writer.number(300);
  assert.throws(() => applyProgress(new GroupState(), writer.done()), /fsck/);
});

test("many deadlines run in order on one timer, moved and cleared as they like", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(500), fc.boolean()), { maxLength: 60 }), (steps) => {
      const clock = new ManualClock();
      const deadlines = new Deadlines(clock);
      const ran: [number, number][] = [];
      const wanted: Map<number, number> = new Map();
      const all = Array.from({ length: 10 }, (_, index) => deadlines.make(() => ran.push([index, clock.ms])));
      for (const [index, delay, keep] of steps) {
        if (keep) {
          all[index]?.set(clock.ms + delay);
          wanted.set(index, clock.ms + delay);
        } else {
          all[index]?.clear();
          wanted.delete(index);
        }
      }
      clock.advance(1000);
      assert.deepEqual(new Map(ran), wanted);
      assert.deepEqual(
        ran.map(([, ms]) => ms),
        [...wanted.values()].sort((a, b) => a - b),
      );
    }),
    seed,
  );
});
