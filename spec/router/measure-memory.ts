/** Run by memory.test.ts in a process of its own, with --expose-gc: prints the bytes a subscription takes, all included. */
import { Router } from "../../lib/router/router.ts";
import type { Subscription } from "../../lib/subscription.ts";
import { subscriptionOf } from "./reference.ts";

const count = Number(process.argv[2]);

function held(): number {
  // The second round collects the array buffers that the first one found unused.
  globalThis.gc?.();
  globalThis.gc?.();
  const usage = process.memoryUsage();
  return usage.heapUsed + usage.arrayBuffers;
}

function fill(filterOf: (i: number) => string): { bytes: number; left: number } {
  const before = held();
  const router = new Router();
  for (let i = 0; i < count; i++) router.add(subscriptionOf({ filter: Buffer.from(filterOf(i)).toString("latin1") }));
  const bytes = (held() - before) / count;
  const all: Subscription[] = [...router.subscriptions()];
  for (const each of all) router.remove(each);
  all.length = 0;
  return { bytes, left: held() - before };
}

console.log(
  JSON.stringify({
    short: fill((i) => `dev.${i}.*`),
    deep: fill((i) => `tenants.acme.sites.${i % 1000}.meters.*.${i}.>`),
    long: fill((i) => `fleet.*.vehicle-number-${i}.speed`),
  }),
);
