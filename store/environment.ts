/**
 * Time and chance as the store and everything above receive them. Nothing else reads `Date.now`, timers or randomness,
 * which is what makes simulation by seed possible. The real ones are in `lib/clock.ts` and `lib/random.ts`.
 */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time, integer microseconds since the epoch. May step; users make it monotonic where they must. */
  nowUs(): number;
  /** Monotonic milliseconds with fractions, for durations. */
  monotonicMs(): number;
  /** Runs `task` once after `delayMs`. Keeps the process alive only when `awaited`: somebody's program waits for it. */
  after(delayMs: number, task: () => void, awaited?: boolean): Timer;
  /** Runs `task` at the end of the current turn of the event loop, after all input of the turn. */
  endOfTurn(task: () => void): void;
}

export interface Random {
  /** Fills with unpredictable bytes. */
  fill(bytes: Uint8Array): void;
  /** Uniform in [0, 1): for choices, never for secrets. */
  fraction(): number;
}
