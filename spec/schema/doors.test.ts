/** A schema is the broker's: what does not fit is refused at every door, with the path of the fault; registry by request and by HTTP. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import mqtt from "mqtt";
import { connect } from "nats";
import type { NatsConnection } from "nats";
import { createBroker } from "waystation";
import { orderJson } from "./texts.ts";

const good = '{"order":{"id":1}}';
const bad = '{"order":{"id":"one"}}';
const why = /\/order\/id: must be integer/;

/** A request of the registry; rejects with the broker's sentence. */
async function ask(nc: NatsConnection, verb: string, body: object): Promise<Record<string, unknown>> {
  const answer = (await nc.request(`$WAYSTATION.SCHEMA.${verb}`, JSON.stringify(body), { timeout: 20_000 })).json<
    Record<string, unknown>
  >();
  if (answer["error"] !== undefined) throw new Error(JSON.stringify(answer["error"]));
  return answer;
}

test("a payload that does not fit is refused at every door, with the path of the fault", async () => {
  await using broker = await createBroker({ memory: true, port: 0, webPort: 0, mqttPort: 0 });
  const nc = await connect({ servers: broker.addresses.nats?.url ?? "" });
  const web = broker.addresses.web?.url ?? "";
  await ask(nc, "CREATE", { name: "order", kind: "json", text: orderJson });
  const manager = await nc.jetstreamManager();
  await manager.streams.add({ name: "ORDERS", subjects: ["orders.>"], metadata: { "waystation.schema": "order" } });

  const js = nc.jetstream();
  assert.equal((await js.publish("orders.a", good)).seq, 1);
  await assert.rejects(js.publish("orders.a", bad), why);

  const posted = await fetch(`${web}/v1/stations/ORDERS/messages?subject=orders.a`, { method: "POST", body: bad });
  assert.equal(posted.status, 422);
  assert.match(((await posted.json()) as { detail: string }).detail, why);

  const local = await broker.connect();
  await assert.rejects(
    local.produce("orders.a", bad),
    (error: Error & { code?: string }) => error.code === "schema" && why.test(error.message),
  );

  const five = await mqtt.connectAsync(broker.addresses.mqtt?.url ?? "", { protocolVersion: 5 });
  await assert.rejects(five.publishAsync("orders/a", bad, { qos: 1 }), /Payload format invalid/i);
  await five.publishAsync("orders/a", good, { qos: 1 });
  await five.endAsync();
  // Before version 5 only closing says no.
  const three = await mqtt.connectAsync(broker.addresses.mqtt?.url ?? "", { protocolVersion: 4, reconnectPeriod: 0 });
  const closed = new Promise<void>((resolve) => three.once("close", () => resolve()));
  three.publish("orders/a", bad, { qos: 1 }, () => undefined);
  await closed;

  assert.equal((await manager.streams.info("ORDERS")).state.messages, 2);
  await nc.close();
});

test("versions are activated, rolled back, compared and protected, and stations follow what is active", async () => {
  await using broker = await createBroker({ memory: true, port: 0 });
  const nc = await connect({ servers: broker.addresses.nats?.url ?? "" });
  const js = nc.jetstream();
  await (await nc.jetstreamManager()).streams.add({ name: "S", subjects: ["s"] });
  await js.publish("s", "anything");
  await ask(nc, "CREATE", { name: "n", kind: "json", text: '{"type":"number"}', compatibility: "backward" });
  assert.deepEqual(await ask(nc, "ATTACH", { station: "S", schema: "n" }), { station: "S", schema: "n", version: 1 });
  await assert.rejects(js.publish("s", '"text"'), /must be number/);
  await assert.rejects(ask(nc, "ADD", { name: "n", text: '{"type":"string"}' }), /backward compatibility/);
  assert.equal((await ask(nc, "ADD", { name: "n", text: '{"type":["number","string"]}' }))["version"], 2);
  await assert.rejects(js.publish("s", '"text"'), /must be number/);
  assert.deepEqual(await ask(nc, "TEST", { name: "n", version: 2, payload: '"text"' }), { fits: true });
  await ask(nc, "ACTIVATE", { name: "n", version: 2 });
  await js.publish("s", '"text"');
  await ask(nc, "ROLLBACK", { name: "n" });
  await assert.rejects(js.publish("s", '"text"'), /must be number/);
  await assert.rejects(ask(nc, "DELETE", { name: "n" }), /attached to S/);
  assert.deepEqual((await ask(nc, "INFO", { name: "n" }))["stations"], ["S"]);
  await ask(nc, "DETACH", { station: "S" });
  await js.publish("s", "anything");
  await ask(nc, "DELETE", { name: "n" });
  await assert.rejects(ask(nc, "ATTACH", { station: "S", schema: "n" }), /no schema 'n'/);
  await nc.close();
});

test("all partitions of a station check, and the schema is one station's use", async () => {
  await using broker = await createBroker({ memory: true, port: 0, webPort: 0 });
  const nc = await connect({ servers: broker.addresses.nats?.url ?? "" });
  await broker.createStation({ name: "P", subjects: ["p.*"], partitions: 3 });
  await ask(nc, "CREATE", { name: "order", kind: "json", text: orderJson });
  await ask(nc, "ATTACH", { station: "P", schema: "order" });
  assert.deepEqual((await ask(nc, "INFO", { name: "order" }))["stations"], ["P"]);
  const local = await broker.connect();
  for (const key of ["a", "b", "c", "d", "e", "f"]) {
    const headers: [string, string][] = [["Waystation-Key", key]];
    await local.produce("p.x", good, { headers });
    await assert.rejects(local.produce("p.x", bad, { headers }), why);
  }
  await nc.close();
});

test("a schema and its use are there after a restart, and by HTTP", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "waystation-schema-"));
  const json = { "content-type": "application/json" };
  {
    await using broker = await createBroker({ data: folder, webPort: 0 });
    const web = `${broker.addresses.web?.url ?? ""}/v1`;
    const made = await fetch(`${web}/schemas`, {
      method: "POST",
      headers: json,
      body: JSON.stringify({ name: "o", kind: "json", text: orderJson }),
    });
    assert.equal(made.status, 201);
    await fetch(`${web}/stations`, { method: "POST", headers: json, body: '{"name":"O","subjects":["o"]}' });
    const attached = await fetch(`${web}/stations/O/schema`, { method: "PUT", headers: json, body: '{"schema":"o"}' });
    assert.deepEqual(await attached.json(), { station: "O", schema: "o", version: 1 });
    const tested = await fetch(`${web}/schemas/o/test`, { method: "POST", body: bad });
    assert.match(((await tested.json()) as { fault: string }).fault, why);
  }
  await using broker = await createBroker({ data: folder, webPort: 0 });
  const local = await broker.connect();
  await assert.rejects(local.produce("o", bad), why);
  await local.produce("o", good);
  const web = `${broker.addresses.web?.url ?? ""}/v1`;
  assert.equal((await fetch(`${web}/schemas/o`, { method: "DELETE" })).status, 409);
  assert.equal((await fetch(`${web}/stations/O/schema`, { method: "DELETE" })).status, 204);
  assert.equal((await fetch(`${web}/schemas/o`, { method: "DELETE" })).status, 204);
  await local.produce("o", bad);
  await broker.close();
  await rm(folder, { recursive: true });
});
