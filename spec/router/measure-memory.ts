/** Run by memory.test.ts in a process of its own, with --expose-gc: prints the bytes a subscription takes, all included. */
import { Router } from "../../lib/router/router.ts";
import type { Subscription } from "../../lib/subscription.ts";
import { LineClient } from "../support/line-client.ts";
import { openTestDoor } from "../support/nats-door.ts";
import { until } from "../support/until.ts";
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

/** The same by clients of the NATS door: what sessions and attachments keep is in it. */
async function fillThroughDoor(): Promise<{ bytes: number; left: number }> {
  const each = 10_000;
  const door = await openTestDoor();
  const { router } = door.broker.tenant("$G");
  const warm = await LineClient.open(door.port);
  warm.send("PING\r\n");
  await warm.line("PONG");
  const before = held();
  const clients: LineClient[] = [];
  for (let done = 0; done < count; done += each) {
    const client = await LineClient.open(door.port);
    clients.push(client);
    let lines = 'CONNECT {"verbose":false}\r\n';
    for (let i = 1; i <= each; i++) lines += `SUB dev.${done + i}.* ${i}\r\n`;
    client.send(`${lines}PING\r\n`);
    await client.line("PONG");
  }
  const bytes = (held() - before) / router.count;
  for (const client of clients) client.close();
  await until("all subscriptions have gone", () => router.count === 0);
  clients.length = 0;
  const left = held() - before;
  warm.close();
  await door.close();
  return { bytes, left };
}

console.log(
  JSON.stringify({
    short: fill((i) => `dev.${i}.*`),
    deep: fill((i) => `tenants.acme.sites.${i % 1000}.meters.*.${i}.>`),
    long: fill((i) => `fleet.*.vehicle-number-${i}.speed`),
    door: await fillThroughDoor(),
  }),
);
