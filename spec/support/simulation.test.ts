import assert from "node:assert/strict";
import { test } from "node:test";
import { SimClock } from "./sim-clock.ts";
import { SimRandom } from "./sim-random.ts";

test("timers of the simulated clock fire in order of their time, at their time, and not when cancelled", () => {
  const clock = new SimClock({ automatic: false });
  const start = clock.nowUs();
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b${(clock.nowUs() - start) / 1000}`));
  clock.after(10, () => {
    seen.push(`a${(clock.nowUs() - start) / 1000}`);
    clock.after(5, () => seen.push(`c${(clock.nowUs() - start) / 1000}`));
  });
  clock.after(12, () => seen.push("never")).cancel();
  clock.advance(19);
  assert.deepEqual(seen, ["a10", "c15"]);
  clock.advance(1);
  assert.deepEqual(seen, ["a10", "c15", "b20"]);
  assert.equal(clock.monotonicMs(), 20);
});

test("a step of the wall clock fires nothing and leaves durations alone", () => {
  const clock = new SimClock({ automatic: false });
  let fired = 0;
  clock.after(10, () => fired++);
  clock.step(-3_600_000);
  clock.advance(9);
  assert.equal(fired, 0);
  clock.advance(1);
  assert.equal(fired, 1);
  assert.equal(clock.monotonicMs(), 10);
});

test("end-of-turn tasks run once, in order, and by themselves when automatic", async () => {
  const manual = new SimClock({ automatic: false });
  const seen: number[] = [];
  manual.endOfTurn(() => seen.push(1));
  manual.endOfTurn(() => manual.endOfTurn(() => seen.push(2)));
  assert.equal(manual.turn(), 2);
  assert.deepEqual(seen, [1]);
  manual.settle();
  assert.deepEqual(seen, [1, 2]);
  const automatic = new SimClock();
  await new Promise<void>((resolve) => automatic.endOfTurn(resolve));
});

test("the same seed gives the same randomness, another seed another", () => {
  const draw = (seed: number): number[] => {
    const random = new SimRandom(seed);
    return Array.from({ length: 8 }, () => random.bits());
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  const fractions = Array.from(
    { length: 1000 },
    (
      (random) => () =>
        random.fraction()
    )(new SimRandom(1)),
  );
  assert.ok(fractions.every((fraction) => fraction >= 0 && fraction < 1));
  const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / 1000;
  assert.ok(mean > 0.45 && mean < 0.55);
});
