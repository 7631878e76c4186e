/**
 * The routing index at a thousand and at a million wildcard subscriptions, side by side in one process: on 65,536 subjects met again
 * and again, and on random ones never met before. What counts is the ratio; the goals are 2 and 10. Also bytes a subscription, and
 * the coming and going of inboxes.
 */
import { Bench } from "tinybench";
import { Router } from "../../lib/router/router.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { Session } from "../../lib/transport.ts";

const session: Session = {
  id: 1,
  echo: true,
  room: 0,
  deliver: () => true,
  published: () => {},
  hold: () => {},
  resume: () => {},
  close: () => {},
};
const hotCount = 65_536;
const few = 1000;
const many = 1_000_000;

/** Filters `site.<a>.<i>.*`, and subjects that each match one of them. */
function filled(count: number): { router: Router; hot: Buffer[]; bytesEach: number } {
  const before = memory();
  const router = new Router();
  for (let i = 0; i < count; i++)
    router.add(new Subscription({ filter: Buffer.from(`site.${i % 100}.${i}.*`).toString(), session, label: i }));
  const bytesEach = (memory() - before) / count;
  const hot = Array.from({ length: hotCount }, (_, i) => Buffer.from(subject(Math.floor((i / hotCount) * count), i)));
  return { router, hot, bytesEach };
}

function subject(filter: number, unique: number): string {
  return `site.${filter % 100}.${filter}.m${unique}`;
}

function memory(): number {
  globalThis.gc?.();
  const usage = process.memoryUsage();
  return usage.heapUsed + usage.arrayBuffers;
}

function matchAll(router: Router, subjects: readonly Buffer[]): number {
  let matched = 0;
  for (const bytes of subjects) matched += router.match(router.resolve(bytes, 0, bytes.length)).plain.length;
  return matched;
}

let unique = 0;
let random = 1;
function freshSubjects(count: number, target: Buffer[]): void {
  target.length = 0;
  for (let i = 0; i < 20_000; i++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    target.push(Buffer.from(subject(Math.floor((random / 2 ** 32) * count), ++unique)));
  }
}

const small = filled(few);
const large = filled(many);
const bench = new Bench({ time: Number(process.argv[2] ?? 1000), warmupTime: 300 });
for (const [name, { router, hot }, count] of [
  ["few", small, few],
  ["many", large, many],
] as const) {
  const fresh: Buffer[] = [];
  bench.add(`hot ${name}`, () => {
    matchAll(router, hot);
  });
  bench.add(
    `random ${name}`,
    () => {
      matchAll(router, fresh);
    },
    { beforeEach: () => freshSubjects(count, fresh) },
  );
  bench.add(`inbox comes and goes ${name}`, () => {
    const inbox = new Subscription({ filter: `_INBOX.${++unique}.*`, session, label: 1 });
    router.add(inbox);
    router.remove(inbox);
  });
}
await bench.run();

const perRun: ReadonlyMap<string, number> = new Map(
  bench.tasks.map((task) => [task.name, task.result.state === "completed" ? task.result.latency.p50 * 1e6 : Number.NaN]),
);
function nanoseconds(name: string, each: number): number {
  return Math.round((perRun.get(name) ?? Number.NaN) / each);
}
const rows = (["hot", "random", "inbox comes and goes"] as const).map((name) => {
  const each = name === "hot" ? hotCount : name === "random" ? 20_000 : 1;
  const thousand = nanoseconds(`${name} few`, each);
  const million = nanoseconds(`${name} many`, each);
  return { what: name, "ns at 1,000": thousand, "ns at 1,000,000": million, ratio: Number((million / thousand).toFixed(2)) };
});
console.table(rows);
console.log(
  `${Math.round(large.bytesEach)} bytes a subscription, filter text included${globalThis.gc === undefined ? " (run with --expose-gc to be sure)" : ""}`,
);
