/** Time that moves only when the test says so: tasks at the end of a turn and timers run inside `turn` and `advance`. */
import type { Clock, Timer } from "../../store/environment.ts";

interface Task {
  readonly atMs: number;
  readonly run: () => void;
  cancelled: boolean;
}

export class ManualClock implements Clock {
  ms = 1_000;
  #tasks: Task[] = [];
  #endOfTurn: (() => void)[] = [];

  nowUs(): number {
    return 1_700_000_000_000_000 + Math.round(this.ms * 1000);
  }

  monotonicMs(): number {
    return this.ms;
  }

  after(delayMs: number, run: () => void): Timer {
    const task: Task = { atMs: this.ms + delayMs, run, cancelled: false };
    this.#tasks.push(task);
    return { cancel: () => void (task.cancelled = true) };
  }

  endOfTurn(task: () => void): void {
    this.#endOfTurn.push(task);
  }

  /** Ends turns until nothing is left to do in this instant. */
  turn(): void {
    while (this.#endOfTurn.length > 0) {
      const tasks = this.#endOfTurn;
      this.#endOfTurn = [];
      for (const task of tasks) task();
    }
  }

  /** Moves on, timers firing on the way in order. */
  advance(ms: number): void {
    const endMs = this.ms + ms;
    this.turn();
    for (;;) {
      const next = this.#tasks.filter((task) => !task.cancelled && task.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#tasks = this.#tasks.filter((task) => task !== next && !task.cancelled);
      this.ms = Math.max(this.ms, next.atMs);
      next.run();
      this.turn();
    }
    this.ms = endMs;
  }
}
