/**
 * How hard the tests try. `npm test` is quick and repeatable: fixed seeds, few runs. `npm run test:long` sets TEST_LONG=1: fresh seeds,
 * printed so that a failure can be repeated with TEST_SEED=n, and more runs, bounded in time.
 */

/** True in `npm run test:long`. */
export const long: boolean = process.env["TEST_LONG"] === "1";

/** `few` in the fast suite, `many` in the long one. */
export function effort(few: number, many: number): number {
  return long ? many : few;
}

/** The seed of this run: TEST_SEED, or a fresh one in the long suite, or `fixed`. Every seed that is not `fixed` is printed. */
export function seedOf(fixed: number): number {
  const wanted = process.env["TEST_SEED"];
  if (wanted !== undefined) return Number(wanted);
  if (!long) return fixed;
  const seed = Math.floor(Math.random() * 0x7fffffff);
  console.log(`seed ${seed} (repeat with TEST_LONG=1 TEST_SEED=${seed})`);
  return seed;
}

/** Parameters for `fc.assert`: seed, number of runs, and in the long suite a limit in time. */
export function propertyRuns(
  fixed: number,
  few: number,
  many: number,
): { seed: number; numRuns: number; interruptAfterTimeLimit?: number } {
  const runs = { seed: seedOf(fixed), numRuns: effort(few, many) };
  return long ? { ...runs, interruptAfterTimeLimit: 30_000 } : runs;
}
