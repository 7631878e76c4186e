import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { originConfig } from "../../lib/station/config.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { LocalConnection } from "../../transports/local/connection.ts";
import { createBroker } from "../../transports/index.ts";
import type { EmbeddedBroker } from "../../transports/index.ts";
import { eventually as until } from "../support/eventually.ts";

async function eventually(what: string, check: () => void | Promise<void>): Promise<void> {
  await until(what, async () => {
    await check();
    return true;
  });
}

async function ask(connection: LocalConnection, verb: string, body: object = {}): Promise<Record<string, unknown>> {
  const answer = (await connection.request(`$WAYSTATION.ROUTE.${verb}`, JSON.stringify(body))).json() as Record<string, unknown>;
  const { error } = answer as { error?: { code: "invalid"; message: string } };
  if (error !== undefined) throw new BrokerError(error.code, error.message);
  return answer;
}

interface Shown {
  readonly subject: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything a station holds. */
async function contents(broker: EmbeddedBroker, station: string): Promise<Shown[]> {
  const { log } = broker.station(station) ?? assert.fail(`there is no station ${station}`);
  const cursor = log.cursor(1, undefined);
  const found: Shown[] = [];
  for (let step = cursor.next(); step !== "end"; step = cursor.next()) {
    if (step === "loading") await new Promise<void>((resolve) => (cursor.onReady = resolve));
    if (step !== "record") continue;
    const { buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd } = cursor.view;
    const lines = buffer
      .toString("utf8", bodyStart, bodyStart + headerBytes)
      .split("\r\n")
      .slice(1, -2);
    found.push({
      subject: buffer.toString("utf8", subjectStart, subjectEnd),
      text: buffer.toString("utf8", bodyStart + headerBytes, bodyEnd),
      headers: Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)])),
    });
  }
  cursor.close();
  return found;
}

test("a route copies what matches of a station to a subject made from the message, with its lineage", async () => {
  await using broker = await createBroker();
  const connection = await broker.connect();
  await broker.createStation({ name: "ORDERS", subjects: ["orders.*"] });
  await broker.createStation({ name: "BIG", subjects: ["big.>"] });
  await ask(connection, "ADD", { name: "big", from: "orders.*", where: "msg.total > 100", to: "big.{{msg.country}}.$1.{{header(Kind)}}" });
  await connection.produce("orders.new", '{"total":500,"country":"de"}', { headers: [["Kind", "web"]], messageId: "a" });
  await connection.produce("orders.new", '{"total":5,"country":"de"}', { headers: [["Kind", "web"]] });
  await connection.produce("orders.old", "no json");
  await connection.produce("orders.old", '{"total":101,"country":"fr"}', { headers: [["Kind", "shop"]] });
  await eventually("the copies", async () => assert.equal((await contents(broker, "BIG")).length, 2));
  const [first, second] = await contents(broker, "BIG");
  assert.deepEqual(first, {
    subject: "big.de.new.web",
    text: '{"total":500,"country":"de"}',
    headers: {
      Kind: "web",
      "Waystation-Origin-Subject": "orders.new",
      "Waystation-Origin-Station": "ORDERS",
      "Waystation-Origin-Sequence": "1",
      "Nats-Msg-Id": "route:big:ORDERS:1",
      "Waystation-Route": "big",
    },
  });
  assert.equal(second?.subject, "big.fr.old.shop");
  const info = await ask(connection, "INFO", { name: "big" });
  assert.deepEqual([info["matched"], info["copied"], info["missing"], info["failed"]], [2, 2, 0, 1]);
});

test("what nobody stores is routed live, with its reply subject, and what a station stores is routed once", async () => {
  await using broker = await createBroker();
  const connection = await broker.connect();
  await broker.createStation({ name: "S", subjects: ["kept.*"] });
  await ask(connection, "ADD", { name: "all", from: "*.*", where: 'headers.Level == "high"', to: "alarms.$1.now.$2" });
  const got: string[] = [];
  connection.subscribe("alarms.>", {
    onMessage: (message) => {
      got.push(`${message.subject} ${message.text()}`);
      message.respond("seen");
    },
  });
  const headers: [string, string][] = [["Level", "high"]];
  connection.publish("live.a", "1", { headers });
  connection.publish("live.b", "2");
  await connection.produce("kept.c", "3", { headers });
  const answer = await connection.request("live.d", "4", { headers });
  assert.equal(answer.text(), "seen");
  await eventually("the copies", () =>
    assert.deepEqual(got.toSorted(), ["alarms.kept.now.c 3", "alarms.live.now.a 1", "alarms.live.now.d 4"]),
  );
});

test("routes that could feed themselves are refused with the way round, and a message never takes a route twice", async () => {
  await using broker = await createBroker();
  const connection = await broker.connect();
  const refused = (body: object, why: RegExp): Promise<void> =>
    assert.rejects(ask(connection, "ADD", body), (error: Error) => why.test(error.message));
  await refused({ name: "x", from: "a.>", to: "a.b" }, /would take in what it sends: 'a\.b' is among 'a\.>'/);
  await refused({ name: "x", from: "*", to: "{{header(To)}}" }, /would take in what it sends/);
  await ask(connection, "ADD", { name: "one", from: "a.*", to: "b.$1" });
  await ask(connection, "ADD", { name: "two", from: "b.*", to: "c.$1" });
  await refused({ name: "three", from: "c.*", to: "a.$1" }, /go round for ever: three → one → two → three/);
  await ask(connection, "ADD", { name: "three", from: "c.*", to: "a.$1", enabled: false });
  await refused({ name: "four", from: "d", to: "$WAYSTATION.ROUTE.LIST" }, /broker's own/);
  await assert.rejects(ask(connection, "ENABLE", { name: "three" }), /round for ever/);
  await broker.createStation({ name: "END", subjects: ["c.*"] });
  connection.publish("a.x", "1");
  connection.publish("a.y", "2", { headers: [["Waystation-Route", "z, two"]] });
  await eventually("the copies", async () =>
    assert.deepEqual(
      (await contents(broker, "END")).map(({ subject }) => subject),
      ["c.x"],
    ),
  );
  const two = await ask(connection, "INFO", { name: "two" });
  assert.deepEqual([two["matched"], two["copied"], two["lost"]], [2, 1, 1]);
  assert.equal((await contents(broker, "END"))[0]?.headers["Waystation-Route"], "one, two");
});

test("what is wrong with a route is said, and nothing is kept of it", async () => {
  await using broker = await createBroker();
  const connection = await broker.connect();
  const refused = (body: object, why: RegExp): Promise<void> =>
    assert.rejects(ask(connection, "ADD", body), (error: Error) => why.test(error.message));
  await refused({ name: "x", from: "a" }, /needs 'to'/);
  await refused({ name: "x", from: "a", to: "b", wher: "true" }, /did you mean 'where'/);
  await refused({ name: "x y", from: "a", to: "b" }, /letters, digits/);
  await refused({ name: "x", from: "a..b", to: "b" }, /empty token/);
  await refused({ name: "x", from: "a", to: "b.*" }, /take the wildcard away/);
  await refused({ name: "x", from: "a", to: "b.$1" }, /'from' has none/);
  await refused({ name: "x", from: "a", to: "b.{{msg.x" }, /has no '}}'/);
  await refused({ name: "x", from: "a", to: "b.{{mesg.x}}" }, /did you mean 'msg'/);
  await refused({ name: "x", from: "a", where: "msg.x >", to: "b" }, /condition, character/);
  await refused({ name: "x", from: "$JS.API.>", to: "b" }, /broker's own/);
  assert.deepEqual(await ask(connection, "LIST"), { routes: [] });
  await ask(connection, "ADD", { name: "x", from: "a", to: "b" });
  await refused({ name: "x", from: "a", to: "b" }, /exists/);
  await assert.rejects(ask(connection, "DELETE", { name: "y" }), /there is no route 'y'/);
});

test("a test says which of the last messages would go where, and why others could not be told", async () => {
  await using broker = await createBroker();
  const connection = await broker.connect();
  await broker.createStation({ name: "S", subjects: ["s.*"] });
  await connection.produce("s.old", '{"t":99,"to":"x"}');
  for (const body of ['{"t":1,"to":"a"}', '{"t":50,"to":"a"}', '{"t":60,"to":"b.c"}', '{"to":"a"}', "{", '{"t":"hot","to":"a"}']) {
    await connection.produce("s.one", body);
  }
  const trial = await ask(connection, "TEST", { from: "s.*", where: "msg.t > 30", to: "hot.{{msg.to}}", last: 6 });
  assert.deepEqual(trial, {
    examined: 6,
    matched: 1,
    missing: 1,
    failed: 3,
    targets: { "hot.a": 1 },
    messages: [
      { station: "S", sequence: 3, subject: "s.one", verdict: "match", to: "hot.a" },
      { station: "S", sequence: 4, subject: "s.one", verdict: "noTarget", why: "its values make no subject of 'hot.{{msg.to}}'" },
      { station: "S", sequence: 5, subject: "s.one", verdict: "missing", why: "there is no msg.t" },
      { station: "S", sequence: 6, subject: "s.one", verdict: "failed", why: "the payload is no JSON" },
      { station: "S", sequence: 7, subject: "s.one", verdict: "failed", why: "a value is of another type than the condition works on" },
    ],
  });
  assert.deepEqual(await ask(connection, "LIST"), { routes: [] });
});

test("routes, and how far they are, outlive the broker; what came while one was off is not routed later", async () => {
  const data = await mkdtemp(path.join(os.tmpdir(), "waystation-routes-"));
  try {
    {
      await using broker = await createBroker({ data });
      const connection = await broker.connect();
      await broker.createStation({ name: "S", subjects: ["s"] });
      await broker.createStation({ name: "T", subjects: ["t"], duplicateWindowMs: 0 });
      await connection.produce("s", "before");
      await ask(connection, "ADD", { name: "r", from: "s", to: "t" });
      await connection.produce("s", "1");
      await ask(connection, "DISABLE", { name: "r" });
      await connection.produce("s", "off");
      await ask(connection, "ENABLE", { name: "r" });
      await connection.produce("s", "2");
    }
    await using broker = await createBroker({ data });
    const connection = await broker.connect();
    await connection.produce("s", "3");
    await eventually("the copies", async () =>
      assert.deepEqual(
        (await contents(broker, "T")).map(({ text }) => text),
        ["1", "2", "3"],
      ),
    );
    const { routes } = (await ask(connection, "LIST")) as { routes: { name: string; owner: string; enabled: boolean }[] };
    assert.deepEqual(
      routes.map(({ name, enabled }) => [name, enabled]),
      [["r", true]],
    );
    await ask(connection, "DELETE", { name: "r" });
    await connection.produce("s", "4");
    assert.equal((await contents(broker, "T")).length, 3);
  } finally {
    await rm(data, { recursive: true });
  }
});

test("an interest station and a work queue keep what a route has not read, and let it go afterwards", async () => {
  await using broker = await createBroker();
  const connection = await broker.connect();
  await broker.createStation({ name: "I", subjects: ["i"], retention: "interest" });
  await broker.createStation({ name: "T", subjects: ["t"] });
  await connection.produce("i", "nobody wants this");
  await ask(connection, "ADD", { name: "r", from: "i", to: "t" });
  await connection.produce("i", "1");
  await connection.produce("i", "2");
  await eventually("the copies", async () => {
    assert.deepEqual(
      (await contents(broker, "T")).map(({ text }) => text),
      ["1", "2"],
    );
    assert.deepEqual(await contents(broker, "I"), []);
  });
});

test("a copy that a full target refuses is made once there is room, and the others go on meanwhile", async () => {
  await using broker = await createBroker();
  const connection = await broker.connect();
  await broker.createStation({ name: "S", subjects: ["s.*"] });
  await broker.createStation({ name: "FULL", subjects: ["full"], messagesMax: 1, discard: "new" });
  await broker.createStation({ name: "FREE", subjects: ["free"] });
  await ask(connection, "ADD", { name: "r", from: "s.*", to: "{{wildcard(1)}}" });
  await connection.produce("s.full", "1");
  await connection.produce("s.full", "2");
  await connection.produce("s.free", "3");
  await eventually("the copies", async () => assert.equal((await contents(broker, "FREE")).length, 1));
  assert.equal((await ask(connection, "INFO", { name: "r" }))["refused"], 1);
  await broker.station("FULL")?.log.remove({ kind: "purge", filter: undefined, upTo: 0, keep: 0 });
  await eventually("the copies", async () =>
    assert.deepEqual(
      (await contents(broker, "FULL")).map(({ text }) => text),
      ["2"],
    ),
  );
  const info = await ask(connection, "INFO", { name: "r" });
  assert.deepEqual(info["stations"], [{ station: "S", position: 3, lag: 0, retrying: 0 }]);
});

test("what a station of several partitions stores is routed once, and so is what another station takes over from one", async () => {
  await using broker = await createBroker();
  const connection = await broker.connect();
  await broker.createStation({ name: "P", subjects: ["p.*"], partitions: 3 });
  await broker.createStation({
    name: "SUM",
    subjects: ["sum"],
    sources: [originConfig({ origin: "P$1" }), originConfig({ origin: "P$2" })],
  });
  await broker.createStation({ name: "T", subjects: ["t.*"] });
  await ask(connection, "ADD", { name: "r", from: "p.*", to: "t.$1" });
  const wanted = Array.from({ length: 30 }, (_, index) => `t.${index}`);
  for (let index = 0; index < 30; index++) await connection.produce(`p.${index}`, "x");
  await eventually("the copies", async () => assert.equal((await contents(broker, "T")).length, 30));
  await ask(connection, "DISABLE", { name: "r" });
  assert.deepEqual((await contents(broker, "T")).map(({ subject }) => subject).toSorted(), wanted.toSorted());
});
