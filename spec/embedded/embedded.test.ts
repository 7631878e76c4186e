/** The broker inside another program: no sockets needed, nothing global, everything durable when it says so. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect as connectNats } from "@nats-io/transport-node";
import { createBroker } from "waystation";

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-embedded-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("without options it opens no door, keeps no folder, and serves its own program", async () => {
  await using broker = await createBroker();
  assert.deepEqual(broker.addresses, {});
  const connection = await broker.connect();
  const heard: string[] = [];
  const subscription = connection.subscribe("greet.*", { onMessage: (message) => heard.push(message.text()) });
  connection.publish("greet.world", "hello");
  connection.subscribe("add", { onMessage: (message) => message.respond(String(Number(message.text()) + 1)) });
  assert.equal((await connection.request("add", "41")).text(), "42");
  assert.deepEqual(heard, ["hello"]);
  subscription.unsubscribe();
  await assert.rejects(connection.request("nobody", ""), /nobody listens/);
});

test("an iterated subscription hands out copies in order and ends by itself", async () => {
  await using broker = await createBroker();
  const connection = await broker.connect();
  const subscription = connection.subscribe("n.>", { max: 3 });
  for (let i = 0; i < 5; i++) connection.publish(`n.${i}`, String(i), { headers: [["A", "b"]] });
  const got: string[] = [];
  for await (const message of subscription) got.push(`${message.subject}${message.text()}${message.headers[0]?.[1] ?? ""}`);
  assert.deepEqual(got, ["n.00b", "n.11b", "n.22b"]);
});

test("what was produced is there after the broker was closed and opened again", async () => {
  await inFolder(async (folder) => {
    {
      await using broker = await createBroker({ data: folder });
      await broker.createStation({ name: "orders", subjects: ["orders.>"] });
      const connection = await broker.connect();
      const produced = await Promise.all(
        Array.from({ length: 100 }, (_, i) => connection.produce("orders.new", `order ${i}`, { messageId: `id${i}` })),
      );
      assert.deepEqual(
        produced.map(({ sequence }) => sequence),
        Array.from({ length: 100 }, (_, i) => i + 1),
      );
      const again = await connection.produce("orders.new", "order 7", { messageId: "id7" });
      assert.deepEqual(again, { station: "orders", sequence: 8, duplicate: true });
      await assert.rejects(connection.produce("elsewhere", "x"), { code: "no_station" });
    }
    await using broker = await createBroker({ data: folder, port: 0 });
    const nats = await connectNats({ servers: broker.addresses.nats?.url ?? "" });
    const answer = await nats.request("$JS.API.STREAM.MSG.GET.orders", JSON.stringify({ seq: 100 }));
    const { message } = answer.json<{ message: { data: string } }>();
    assert.equal(Buffer.from(message.data, "base64").toString(), "order 99");
    await nats.close();
  });
});

test("two brokers live in one process, and a folder has one owner", async () => {
  await inFolder(async (folder) => {
    await using first = await createBroker({ data: folder, port: 0 });
    await using second = await createBroker({ port: 0 });
    assert.notEqual(first.addresses.nats?.port, second.addresses.nats?.port);
    await assert.rejects(createBroker({ data: folder }), { code: "in_use" });
  });
});

test("credentials hold inside the process too, and aborting closes", async () => {
  const abort = new AbortController();
  const broker = await createBroker({ user: "ann", pass: "secret", signal: abort.signal });
  await assert.rejects(broker.connect({ user: "ann", pass: "wrong" }), { code: "unauthenticated" });
  const connection = await broker.connect({ user: "ann", pass: "secret" });
  connection.publish("a", "b");
  abort.abort();
  await broker.close();
  assert.throws(() => connection.publish("a", "b"), { code: "closed" });
  await assert.rejects(createBroker({ signal: abort.signal }), { name: "AbortError" });
});

test("wrong options are told all at once", async () => {
  await assert.rejects(createBroker({ port: -1, durability: "sometimes" as "none" }), (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /port/);
    assert.match(error.message, /durability/);
    return true;
  });
});
