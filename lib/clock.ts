/** The real clock. The only file that reads the time or sets a timer. */
import { performance } from "node:perf_hooks";
import type { Clock, Timer } from "../store/environment.ts";

export type { Clock, Timer } from "../store/environment.ts";

export class SystemClock implements Clock {
  nowUs(): number {
    return Date.now() * 1000;
  }

  monotonicMs(): number {
    return performance.now();
  }

  after(delayMs: number, task: () => void, awaited = false): Timer {
    const handle = setTimeout(task, Math.min(delayMs, 0x7fffffff));
    if (!awaited) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }

  endOfTurn(task: () => void): void {
    setImmediate(task);
  }
}
