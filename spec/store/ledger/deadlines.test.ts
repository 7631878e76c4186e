import assert from "node:assert/strict";
import { test } from "node:test";
import { Deadlines } from "../../../store/ledger/deadlines.ts";
import type { Deadline } from "../../../store/ledger/deadlines.ts";
import { Expiry } from "../../../store/ledger/expiry.ts";
import { SimRandom } from "../../support/sim-random.ts";

test("records expire in order of their deadlines, none early, and leftovers can be dropped", () => {
  const random = new SimRandom(5);
  const expiry = new Expiry();
  let waiting: { sequence: number; deadline: number }[] = [];
  let now = 0;
  for (let step = 1; step <= 3000; step++) {
    const deadline = now + 1 + random.below(500);
    expiry.add(step, deadline);
    waiting.push({ sequence: step, deadline });
    now += random.below(3);
    const due = waiting.filter((each) => each.deadline <= now);
    waiting = waiting.filter((each) => each.deadline > now);
    const taken: number[] = [];
    for (let sequence = expiry.take(now); sequence > 0; sequence = expiry.take(now)) taken.push(sequence);
    assert.deepEqual(
      taken.sort((a, b) => a - b),
      due.map((each) => each.sequence),
    );
    assert.equal(expiry.nextUs, Math.min(Infinity, ...waiting.map((each) => each.deadline)));
    if (step % 500 === 0) {
      expiry.tidy((sequence) => sequence % 2 === 0);
      waiting = waiting.filter((each) => each.sequence % 2 === 0);
      assert.equal(expiry.size, waiting.length);
    }
  }
});

test("logs come up at their earliest deadline, once, also when they change their mind", () => {
  const random = new SimRandom(6);
  const logs = Array.from({ length: 50 }, (): Deadline => ({ deadlineUs: Infinity }));
  const deadlines = new Deadlines<Deadline>();
  for (let now = 0; now < 3000; now++) {
    const log = random.pick(logs);
    const before = log.deadlineUs;
    const at = now + 1 + random.below(100);
    deadlines.enter(log, at);
    assert.equal(log.deadlineUs, Math.min(before, at));
    const due = logs.filter((each) => each.deadlineUs <= now);
    const taken: Deadline[] = [];
    for (let next = deadlines.take(now); next !== undefined; next = deadlines.take(now)) {
      assert.equal(next.deadlineUs, Infinity);
      taken.push(next);
    }
    assert.equal(taken.length, due.length);
    assert.ok(due.every((each) => taken.includes(each)));
    assert.ok(deadlines.nextUs > now);
  }
});
