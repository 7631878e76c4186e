/**
 * What it takes to find which routes want a message of 200 bytes of JSON, in CPU time: five candidates by subject (goal 150,000 a
 * second), a hundred rules on one `field == literal` (100,000), and a hundred that must all be asked (20,000). The payload is parsed anew
 * for each message, once.
 */
import { MessageFacts } from "../../lib/condition/facts.ts";
import { SystemClock } from "../../lib/clock.ts";
import { Route } from "../../lib/route/route.ts";
import { RouteIndex } from "../../lib/route/route-index.ts";
import type { RecordView } from "../../store/store.ts";

const seconds = Number(process.argv[2] ?? 2);
const slice = 2_000;

function route(name: string, from: string, where: string): Route {
  return new Route({ name, description: "", from, where, to: "out.$1", enabled: true, owner: "", createdUs: 1 });
}

function view(index: number): RecordView {
  const subject = `orders.s${index % 64}.new`;
  const start = JSON.stringify({
    region: `r${index % 150}`,
    total: index % 1000,
    customer: { id: index, tier: "gold" },
    tags: ["a", "b"],
    pad: "",
  });
  const body = `${start.slice(0, -2)}${"x".repeat(200 - start.length)}"}`;
  const buffer = Buffer.from(subject + body);
  return {
    sequence: index + 1,
    timeUs: 1,
    buffer,
    subjectStart: 0,
    subjectEnd: subject.length,
    bodyStart: subject.length,
    headerBytes: 0,
    bodyEnd: buffer.length,
    ttlSeconds: 0,
  };
}

const views = Array.from({ length: 4_096 }, (_, index) => view(index));
const hundred = Array.from({ length: 100 }, (_, index) => index);

const cases: readonly (readonly [string, number, readonly Route[]])[] = [
  [
    "five candidates by subject among a thousand routes",
    150_000,
    [
      route("a", "orders.*.new", "msg.total > 990"),
      route("b", "orders.>", 'msg.customer.tier == "silver"'),
      route("c", "orders.*.*", "msg.total % 2 == 1 && msg.customer.id < 10"),
      route("d", "*.*.new", 'msg.region in ["r1", "r2", "r3"]'),
      route("e", ">", 'msg.tags[0] == "z"'),
      ...Array.from({ length: 995 }, (_, index) => route(`x${index}`, `other.${index}.*`, "msg.total > 1")),
    ],
  ],
  [
    "a hundred rules on one field == literal",
    100_000,
    hundred.map((each) => route(`r${each}`, "orders.*.new", `msg.region == "r${each}" && msg.total > 500`)),
  ],
  [
    "a hundred rules that are all asked",
    20_000,
    hundred.map((each) => route(`r${each}`, "orders.*.new", `msg.total > ${900 + each} && msg.region != "r1"`)),
  ],
];

const rows = cases.map(([what, goal, routes]) => {
  const index = new RouteIndex(routes);
  const facts = new MessageFacts(new SystemClock());
  let found = 0;
  const run = (): void => {
    for (let at = 0; at < slice; at++) {
      const record = views[at % views.length];
      if (record !== undefined) found += index.find(record, facts);
    }
  };
  for (let warm = 0; warm < 5; warm++) run();
  const before = process.cpuUsage();
  let messages = 0;
  for (let spent = 0; spent < seconds * 1e6;) {
    run();
    messages += slice;
    const used = process.cpuUsage(before);
    spent = used.user + used.system;
  }
  const { user, system } = process.cpuUsage(before);
  const perSecond = Math.round(messages / ((user + system) / 1e6));
  return { what, "a second of CPU": perSecond, goal, "matches a message": Number((found / (messages + 5 * slice)).toFixed(2)) };
});
console.table(rows);
