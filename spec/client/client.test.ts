/** The client library against a broker: what is produced is consumed, whatever happens to the connection in between. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { createBroker } from "../../transports/index.ts";
import { ClientError, connect } from "../../transports/client/index.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import { until } from "../support/until.ts";

test("live messages: wildcards, headers, requests, queue groups, an end by count and by signal", async () => {
  await using broker = await openSpecBroker();
  await using client = await connect({ servers: broker.natsUrl });
  const heard = client.subscribe("plant.*.alarm", { max: 2 });
  const served = client.subscribe("square", { queue: "workers" });
  void (async () => {
    for await (const request of served) request.respond(String(Number(request.text()) ** 2));
  })();
  client.publish("plant.press.alarm", "hot", { headers: { level: ["1", "2"] } });
  client.publish("plant.press.note", "not this");
  client.publish("plant.saw.alarm", new Uint8Array([1, 2]));
  const messages = [];
  for await (const message of heard) messages.push(message);
  deepEqual(messages[0]?.headers, { level: ["1", "2"] });
  deepEqual(
    messages.map((message) => message.subject),
    ["plant.press.alarm", "plant.saw.alarm"],
  );
  equal((await client.request("square", "7")).text(), "49");
  const over = new AbortController();
  const endless = client.subscribe(">", { signal: over.signal });
  over.abort();
  for await (const _ of endless) throw new Error("nothing was published");
});

test("what is produced is durable, stored once per id, and consumed with acks by a group", async () => {
  await using broker = await openSpecBroker();
  await using client = await connect({ servers: broker.natsUrl });
  const station = client.station("S");
  await station.create({ subjects: ["s.*"], messagesMax: 10_000 });
  await station.create({ subjects: ["s.*"], messagesMax: 10_000 });
  const produced = await Promise.all(Array.from({ length: 2_000 }, (_, index) => station.produce("s.a", String(index))));
  deepEqual(
    produced.map(({ sequence }) => sequence),
    Array.from({ length: 2_000 }, (_, index) => index + 1),
  );
  equal((await station.produce("s.b", "once", { id: "x", key: "k", headers: { a: "b" } })).duplicate, false);
  equal((await station.produce("s.b", "once", { id: "x" })).duplicate, true);
  let next = 1;
  for await (const delivery of station.consume("g", { max: 2_001, window: 100 })) {
    equal(delivery.sequence, next++);
    if (delivery.sequence < 2_001) delivery.ack();
    else {
      deepEqual([delivery.key, delivery.headers["a"]?.[0], delivery.deliveries, delivery.outstanding], ["k", "b", 1, 0]);
      await delivery.acked();
    }
  }
  const info = await station.group("g").info();
  deepEqual([info.ackedSequence, info.ackPending, info.outstanding], [2_001, 0, 0]);
});

test("nak brings a message again, term never, seek goes back, and filters choose", async () => {
  await using broker = await openSpecBroker();
  await using client = await connect({ servers: broker.natsUrl });
  const station = client.station("S");
  await station.create({ subjects: ["s.*"] });
  for (const subject of ["s.a", "s.b", "s.a"]) await station.produce(subject, subject);
  const seen: string[] = [];
  for await (const delivery of station.consume("g", { max: 4, group: { filters: ["s.a"], ackWaitMs: 60_000 } })) {
    seen.push(`${delivery.sequence}:${delivery.deliveries}`);
    if (seen.length === 1) delivery.nak();
    else if (delivery.sequence === 3) {
      delivery.term("no use");
      await station.produce("s.a", "later");
    } else delivery.ack();
  }
  deepEqual(seen, ["1:1", "3:1", "1:2", "4:1"]);
  await client.flush();
  equal(await station.group("g").seek({ sequence: 3 }), 3);
  for await (const delivery of station.group("g").consume({ max: 1 })) equal(delivery.sequence, 3);
  equal(await station.group("g").seek({ time: new Date(0) }), 1);
  equal((await station.get(2))?.subject, "s.b");
  equal(await station.get(99), undefined);
  equal((await station.last("s.a"))?.sequence, 4);
  equal(await station.purge({ keep: 1 }), 3);
});

test("a consumer that stops gives back what it was sent ahead", async () => {
  await using broker = await openSpecBroker();
  await using client = await connect({ servers: broker.natsUrl });
  const station = client.station("S");
  await station.create({ subjects: ["s"] });
  await Promise.all(Array.from({ length: 50 }, () => station.produce("s", "x")));
  for await (const delivery of station.consume("g")) {
    delivery.ack();
    break;
  }
  const rest: number[] = [];
  for await (const delivery of station.consume("g", { max: 49 })) {
    rest.push(delivery.sequence);
    delivery.ack();
  }
  deepEqual(
    rest.toSorted((a, b) => a - b),
    Array.from({ length: 49 }, (_, index) => index + 2),
  );
});

test("every refusal has a code and says what to do, and nobody needs to look at it", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  const coded = (code: string) => (error: unknown) => error instanceof ClientError && error.code === code;
  await using broker = await openSpecBroker();
  const client = await connect({ servers: broker.natsUrl, timeoutMs: 500 });
  const station = client.station("S");
  await station.create({ subjects: ["s"] });
  await rejects(station.produce("elsewhere", "x"), coded("not_found"));
  await rejects(client.station("OTHER").produce("s", "x"), coded("refused"));
  await rejects(station.produce("s", "x", { expectedLastSequence: 7 }), coded("refused"));
  await rejects(station.produce("s", "x", { signal: AbortSignal.abort() }), coded("aborted"));
  await rejects(client.request("nobody"), coded("not_found"));
  const silent = client.subscribe("silence");
  const giveUp = new AbortController();
  const asked = client.request("silence", "", { signal: giveUp.signal });
  giveUp.abort();
  await rejects(asked, coded("aborted"));
  await rejects(client.request("silence", "", { timeoutMs: 50 }), coded("timeout"));
  silent.unsubscribe();
  await rejects(client.station("NONE").info(), coded("not_found"));
  await rejects(async () => {
    for await (const _ of client.station("NONE").consume("g"));
  }, coded("not_found"));
  void station.produce("elsewhere", "unseen");
  void client.request("nobody");
  void client.station("NONE").info();
  void client.station("NONE").get(1);
  void client.station("NONE").change({ messagesMax: 1 });
  void client.station("NONE").delete();
  void client.station("NONE").purge();
  void client
    .station("NONE")
    .group("g")
    .seek({ time: new Date(0) });
  void client.station("NONE").group("g").create();
  void connect({ servers: "nats://127.0.0.1:1", timeoutMs: 100, reconnect: false });
  await rejects(station.info({ signal: AbortSignal.abort() }), coded("aborted"));
  await rejects(station.group("g").info({ signal: AbortSignal.abort() }), coded("aborted"));
  const ended = rejects(toTheEnd(client.station("S").consume("g")), coded("not_found"));
  await until("the group to be there", () => broker.opened.tenants.get("$G")?.groups.of("S")?.get("g")?.waiting === 1);
  await station.group("g").delete();
  await ended;
  await client.close();
  await client.close();
  equal(client.status, "closed");
  await rejects(station.produce("s", "late"), coded("closed"));
  const fresh = await connect({ servers: broker.natsUrl });
  await fresh.close();
  await rejects(fresh.station("S").produce("s", "never before"), coded("closed"));
  void station.produce("s", "late and unseen");
  await rejects(connect({ servers: "nats://127.0.0.1:1", timeoutMs: 200 }));
  await rejects(connect({ servers: broker.natsUrl, signal: AbortSignal.abort() }), coded("aborted"));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  deepEqual(unhandled, []);
});

async function toTheEnd(deliveries: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of deliveries);
}

test("a broker that restarts costs no message: all are stored once, and consumed to the end", async () => {
  const data = await mkdtemp(join(tmpdir(), "waystation-client-"));
  let broker = await createBroker({ data, port: 0 });
  const port = broker.addresses.nats?.port ?? 0;
  const client = await connect({ servers: `nats://127.0.0.1:${port}` });
  try {
    const station = client.station("S");
    await station.create({ subjects: ["s"] });
    const consumed: Set<number> = new Set();
    const consuming = (async () => {
      for await (const delivery of station.consume("g", { group: { ackWaitMs: 1_000 } })) {
        consumed.add(delivery.sequence);
        delivery.ack();
        if (consumed.size === 400) return;
      }
    })();
    const produced = Array.from({ length: 200 }, (_, index) => station.produce("s", String(index)));
    await until("some to be consumed", () => consumed.size > 20);
    await broker.close();
    await until("the loss to be seen", () => client.status === "disconnected");
    produced.push(...Array.from({ length: 200 }, (_, index) => station.produce("s", String(200 + index))));
    broker = await createBroker({ data, port });
    const sequences = (await Promise.all(produced)).map(({ sequence }) => sequence);
    equal(new Set(sequences).size, 400);
    await consuming;
    equal((await station.info()).messages, 400);
  } finally {
    await client.close();
    await broker.close();
    await rm(data, { recursive: true, force: true });
  }
});

test("the browser's module is at most 40 KB, compressed, and the broker serves it with a type and a tag", async () => {
  const file = new URL("../../transports/client/browser.js", import.meta.url);
  const code = await readFile(file).catch(() => undefined);
  ok(code !== undefined, "the browser's module is not built: run npm run build");
  ok(gzipSync(code, { level: 9 }).length <= 40_000, `${gzipSync(code, { level: 9 }).length} bytes`);
  ok(!/from"node:|require\("node:/.test(code.toString()), "it needs Node");
  await using broker = await openSpecBroker();
  const served = await fetch(`${broker.webUrl}/client.js`);
  match(served.headers.get("content-type") ?? "", /^text\/javascript/);
  equal(served.headers.get("content-encoding"), "gzip");
  equal(await served.text(), code.toString());
  const again = await fetch(`${broker.webUrl}/client.js`, { headers: { "if-none-match": served.headers.get("etag") ?? "" } });
  equal(again.status, 304);
  const plain = await fetch(`${broker.webUrl}/client.js`, { headers: { "accept-encoding": "identity" } });
  equal(plain.headers.get("content-encoding"), null);
  equal((await plain.text()).length, code.length);
});
