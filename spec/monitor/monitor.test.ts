/**
 * The monitoring documents against nats-server's: every field it has is there, with the same type, and options are refused with its
 * words. The shapes are recorded; where a nats-server of the recorded kind is installed, the record is held against it first.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "nats";
import type { NatsConnection } from "nats";
import { ask, expectStatus } from "../http/asking.ts";
import { eventually } from "../support/eventually.ts";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import { RawSocket } from "../web/raw-socket.ts";
import { lacking, shapeOf } from "./shape.ts";
import type { Shape } from "./shape.ts";

const recordFile = new URL("../../../spec/monitor/nats-server.json", import.meta.url);

/** Asked of both. */
const documents = [
  "/varz",
  "/connz",
  "/connz?subs=1&auth=1",
  "/connz?subs=detail&sort=subs",
  "/connz?state=closed",
  "/subsz",
  "/subsz?subs=1&test=watched.thing",
  "/jsz",
  "/jsz?accounts=1&streams=1&consumers=1&config=1",
  "/jsz?acc=$G",
  "/healthz",
  "/healthz?js-enabled-only=1",
  "/healthz?account=$G&stream=S&consumer=C",
  "/routez",
  "/gatewayz",
  "/leafz",
  "/accountz",
  "/accountz?acc=$G",
  "/accstatz",
] as const;

/** Asked of both, and refused: the status and the text. */
const refusals = [
  "/connz?sort=size",
  "/connz?sort=stop",
  "/connz?state=gone",
  "/connz?limit=x",
  "/connz?cid=x",
  "/connz?subs=2",
  "/connz?auth=maybe",
  "/subsz?test=a.*",
  "/subsz?limit=x",
  "/jsz?streams=x",
  "/accountz?acc=nobody",
  "/healthz?stream=S",
  "/healthz?account=$G&consumer=C",
  "/healthz?account=nobody",
  "/healthz?account=$G&stream=X",
  "/healthz?account=$G&stream=S&consumer=X",
  "/healthz?account=$G&stream=X&details=1",
] as const;

/**
 * What is not here: a tenant imports nothing, a station stores where it stores and has no limits of its own, flags are a matter of the
 * other server, and a group keeps no time before it has one.
 */
const leftOut = /\.(imports|feature_flags|http_req_stats|limits)\b/;

interface Recorded {
  readonly version: string;
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly refusals: Readonly<Record<string, readonly [number, string]>>;
}

async function fill(url: string): Promise<NatsConnection> {
  const client = await connect({ servers: url, name: "watcher" });
  const manager = await client.jetstreamManager();
  await manager.streams.add({ name: "S", subjects: ["s.*"] });
  await manager.consumers.add("S", { durable_name: "C" });
  await client.jetstream().publish("s.a", "x");
  client.subscribe("watched.*", { queue: "q", callback: () => {} });
  const leaving = await connect({ servers: url });
  await leaving.close();
  await client.flush();
  return client;
}

async function observe(url: string): Promise<Omit<Recorded, "version">> {
  const shapes: Record<string, Shape> = {};
  for (const path of documents) {
    const { status, json, headers, text } = await ask(url, "GET", path);
    equal(status, 200, `${path}: ${text}`);
    equal(headers.get("content-type"), "application/json");
    shapes[path] = shapeOf(json);
  }
  const refused: Record<string, readonly [number, string]> = {};
  for (const path of refusals) {
    const { status, text, json } = await ask(url, "GET", path);
    const document = typeof json["status"] === "string" ? text : undefined;
    refused[path] = [status, document ?? (json["detail"] as unknown as string | undefined) ?? text.trim()];
  }
  return { shapes, refusals: refused };
}

test("every field of nats-server's documents is there, with its type, and what it refuses is refused alike", async (t) => {
  const recorded = JSON.parse(await readFile(recordFile, "utf8")) as Recorded;
  const found = findNatsServer();
  if ("path" in found) {
    const folder = await mkdtemp(join(tmpdir(), "waystation-monitor-"));
    const server = await startNatsServer(found.path, ["-js", "-sd", folder, "-m", "-1", "--ports_file_dir", folder]);
    try {
      const client = await fill(`nats://127.0.0.1:${server.port}`);
      const web = await monitorOf(folder);
      const version = (await ask(web, "GET", "/varz")).json["version"] as unknown as string;
      if (process.env["WAYSTATION_RECORD"] === "1") {
        await writeFile(recordFile, `${JSON.stringify({ version, ...(await observe(web)) }, undefined, 1)}\n`);
      } else if (version === recorded.version) {
        const { shapes, refusals } = await observe(web);
        for (const path of documents) deepEqual(lacking(recorded.shapes[path] ?? "", shapes[path], path), [], "the record is old");
        deepEqual(refusals, recorded.refusals);
      } else t.diagnostic(`nats-server ${version} is not the recorded ${recorded.version}`);
      await client.close();
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  } else t.diagnostic(found.missing);

  await using broker = await openSpecBroker();
  const client = await fill(broker.natsUrl);
  const ours = await observe(broker.webUrl);
  for (const path of documents) {
    const wanted = recorded.shapes[path];
    ok(wanted !== undefined, `${path} is not recorded`);
    const missing = lacking(wanted, ours.shapes[path], path).filter((line) => !leftOut.test(line));
    deepEqual(missing, []);
  }
  deepEqual(ours.refusals, recorded.refusals);
  await client.close();
});

/** Where the server's monitoring listens, from the file that it writes when it is ready. */
async function monitorOf(folder: string): Promise<string> {
  return await eventually("the ports file", async () => {
    const name = (await readdir(folder)).find((each) => each.endsWith(".ports"));
    ok(name !== undefined);
    const { monitoring } = JSON.parse(await readFile(join(folder, name), "utf8")) as { readonly monitoring: readonly string[] };
    return monitoring[0] ?? "";
  });
}

test("connections are sorted, paged and chosen, and who has gone is remembered with the reason", async () => {
  await using broker = await openSpecBroker();
  const url = broker.webUrl;
  const clients = await Promise.all([1, 2, 3].map((index) => connect({ servers: broker.natsUrl, name: `c${index}` })));
  for (const [index, client] of clients.entries()) {
    for (let n = 0; n <= index; n++) client.subscribe(`a.${index}.${n}`, { callback: () => {} });
    client.publish("nowhere", "12345");
    await client.flush();
  }
  const names = async (query: string): Promise<unknown[]> => {
    const { json } = await expectStatus(200, url, "GET", `/connz?${query}`);
    return Object.values(json["connections"] ?? {}).map((one) => one["name"]);
  };
  deepEqual((await names("sort=subs")).slice(0, 3), ["c3", "c2", "c1"]);
  deepEqual(await names("limit=1&offset=1&sort=subs"), ["c2"]);
  deepEqual(await names("filter_subject=a.2.1"), ["c3"]);
  const all = await expectStatus(200, url, "GET", "/connz?subs=detail");
  const first = all.json["connections"]?.[0];
  equal(Number(first?.["in_msgs"]), 1);
  equal(Number(first?.["in_bytes"]), 5);
  deepEqual(await names(`cid=${Number(first?.["cid"])}`), [first?.["name"]]);
  await clients[0]?.close();
  await eventually("the end to be seen", async () => (await names("state=closed"))[0] === "c1");
  const closed = await expectStatus(200, url, "GET", "/connz?state=closed&sort=stop");
  equal(closed.json["connections"]?.[0]?.["reason"], "Client Closed");
  equal(Number((await expectStatus(200, url, "GET", "/connz?state=any")).json["total"]), 3);
  const varz = await expectStatus(200, url, "GET", "/varz");
  deepEqual(
    [varz.json["connections"], varz.json["total_connections"], varz.json["in_msgs"], varz.json["in_bytes"]].map(Number),
    [2, 3, 3, 15],
  );
  for (const client of clients) await client.close();
});

test("a listener for monitoring alone asks for no credentials, and has nothing else", async () => {
  const authentication = { anonymous: undefined, asksForKeys: false, authenticate: () => Promise.resolve(undefined) };
  await using broker = await openSpecBroker({ authentication, monitor: true });
  const { port = 0, url = "" } = broker.opened.addresses.monitor ?? {};
  for (const path of ["/varz", "/connz", "/jsz", "/healthz?account=$G"]) {
    const open = await expectStatus(200, url, "GET", path, undefined, { origin: "http://elsewhere.example" });
    equal(open.headers.get("access-control-allow-origin"), "http://elsewhere.example");
  }
  match((await ask(url, "GET", "/")).text, /\/varz/);
  await expectStatus(404, url, "GET", "/v1/stations");
  await expectStatus(404, url, "GET", "/metrics");
  const upgrade = await RawSocket.open(port);
  equal(upgrade.status, 404);
  upgrade.destroy();
  for (const path of ["/varz", "/connz", "/healthz?account=$G"]) await expectStatus(401, broker.webUrl, "GET", path);
  await expectStatus(200, broker.webUrl, "GET", "/healthz");
});
