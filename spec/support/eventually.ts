/** Waiting for a condition with a deadline: how specs of whole processes synchronise. */
import { setTimeout as sleep } from "node:timers/promises";

/** Tries until `attempt` neither throws nor returns undefined or false; fails by name after the deadline with its last error. */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T> | T,
  deadlineMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    let last: unknown;
    try {
      const result = await attempt();
      if (result !== undefined && result !== false) return result as Exclude<T, undefined | false>;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`, { cause: last });
    await sleep(5);
  }
}
