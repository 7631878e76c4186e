/** Waiting for a condition, with a deadline: what tests do instead of sleeping. */
import { performance } from "node:perf_hooks";

/** Resolves once `condition` holds; rejects naming `what` after `deadlineMs`. */
export async function until(what: string, condition: () => boolean, deadlineMs: number = 5_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
