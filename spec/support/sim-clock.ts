/**
 * A clock under the test's hand: time moves only by `advance`, timers fire in order of their time, tasks for the end of the turn
 * run when the test says so (`turn`) or, with `automatic`, by themselves in a microtask. Nothing here reads real time.
 */
import type { Clock, Timer } from "../../store/environment.ts";

interface Pending {
  atUs: number;
  readonly order: number;
  task: (() => void) | undefined;
}

export class SimClock implements Clock {
  #nowUs: number;
  #startUs: number;
  #order = 0;
  #timers: Pending[] = [];
  #tasks: (() => void)[] = [];
  #scheduled = false;
  readonly #automatic: boolean;

  /** `automatic`: end-of-turn tasks run in a microtask, so that `await` is enough; else only in `turn`, `advance` and `settle`. */
  constructor(options: { startUs?: number; automatic?: boolean } = {}) {
    this.#nowUs = options.startUs ?? 1_700_000_000_000_000;
    this.#startUs = this.#nowUs;
    this.#automatic = options.automatic ?? true;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  monotonicMs(): number {
    return (this.#nowUs - this.#startUs) / 1000;
  }

  after(delayMs: number, task: () => void): Timer {
    const pending: Pending = { atUs: this.#nowUs + Math.max(0, Math.round(delayMs * 1000)), order: this.#order++, task };
    this.#timers.push(pending);
    return {
      cancel: () => {
        pending.task = undefined;
      },
    };
  }

  endOfTurn(task: () => void): void {
    this.#tasks.push(task);
    if (!this.#automatic || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.turn();
    });
  }

  /** How many timers are set and how many tasks wait for the end of the turn. */
  get waiting(): number {
    return this.#timers.filter((pending) => pending.task !== undefined).length + this.#tasks.length;
  }

  /** Runs what waits for the end of this turn; what it adds waits for the next one. Returns how many ran. */
  turn(): number {
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) task();
    return tasks.length;
  }

  /** Runs turns until none is wanted any more. A loop that never ends is an error. */
  settle(): void {
    for (let turns = 0; this.#tasks.length > 0; turns++) {
      if (turns > 10_000) throw new Error("turns never end: some task asks for another one each time");
      this.turn();
    }
  }

  /** Moves time on, firing the timers on the way, each at its own time, with a settled turn after each. */
  advance(byMs: number): void {
    const untilUs = this.#nowUs + Math.round(byMs * 1000);
    this.settle();
    for (;;) {
      const next = this.#nextTimer(untilUs);
      if (next === undefined) break;
      this.#nowUs = Math.max(this.#nowUs, next.atUs);
      const task = next.task;
      next.task = undefined;
      task?.();
      this.settle();
    }
    this.#nowUs = untilUs;
  }

  /** Steps the wall clock without firing anything, also backwards: what an operator's `date` does. `monotonicMs` does not see it. */
  step(byMs: number): void {
    const byUs = Math.round(byMs * 1000);
    this.#nowUs += byUs;
    this.#startUs += byUs;
    for (const pending of this.#timers) pending.atUs += byUs;
  }

  #nextTimer(untilUs: number): Pending | undefined {
    let next: Pending | undefined;
    let live = 0;
    for (const pending of this.#timers) {
      if (pending.task === undefined) continue;
      this.#timers[live++] = pending;
      if (pending.atUs > untilUs) continue;
      if (next === undefined || pending.atUs < next.atUs || (pending.atUs === next.atUs && pending.order < next.order)) next = pending;
    }
    this.#timers.length = live;
    return next;
  }
}
