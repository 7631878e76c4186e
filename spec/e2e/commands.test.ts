/** The commands against a running broker: what they print for programs, what they store, and how they end. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "nats";
import { eventually } from "../support/eventually.ts";
import { command, Program, serve, temporaryFolder, waystation } from "../support/program.ts";
import type { Ended } from "../support/program.ts";

/** Runs a command with --json and reads what it printed. */
async function json(url: string, ...args: readonly string[]): Promise<unknown> {
  const ended = await command([...args, "--json", "--server", url]);
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout);
}

function failed(ended: Ended, code: number, sentence: RegExp): void {
  assert.match(ended.stderr, /^waystation: [^\n]+\n$/);
  assert.match(ended.stderr, sentence);
  assert.equal(ended.code, code);
}

describe("commands against a running broker", () => {
  let url = "";
  let broker: Program;

  before(async () => {
    broker = new Program(["serve", "--memory", "--port", "0", "--web-port", "off", "--mqtt-port", "off"]);
    const line = await eventually("the banner", () => /nats:\/\/\S+/.exec(broker.stdout) ?? undefined);
    url = line[0];
  });
  after(() => broker.kill("SIGKILL"));

  it("make, show, change, purge and delete a station", async () => {
    const made = await json(
      url,
      "station",
      "create",
      "ORDERS",
      "--subjects",
      "orders.>,returns.*",
      "--max-age",
      "7d",
      "--durability",
      "interval",
    );
    const { subjects, ageMaxMs, durability, records } = made as Record<string, unknown>;
    assert.deepEqual(
      { subjects, ageMaxMs, durability, records },
      { subjects: ["orders.>", "returns.*"], ageMaxMs: 604_800_000, durability: "interval", records: 0 },
    );
    for (const number of [1, 2, 3]) await json(url, "pub", "orders.new", `order ${number}`, "--ack");
    const edited = (await json(url, "station", "edit", "ORDERS", "--description", "all orders", "--max-messages", "10")) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [edited["description"], edited["messagesMax"], edited["ageMaxMs"], edited["records"]],
      ["all orders", 10, 604_800_000, 3],
    );
    const list = (await json(url, "station", "list")) as readonly Record<string, unknown>[];
    assert.deepEqual(
      list.map((station) => [station["name"], station["lastSequence"]]),
      [["ORDERS", 3]],
    );
    assert.deepEqual(await json(url, "station", "purge", "ORDERS", "--keep", "1"), { station: "ORDERS", purged: 2 });
    const info = (await json(url, "station", "info", "ORDERS")) as Record<string, unknown>;
    assert.deepEqual([info["records"], info["firstSequence"]], [1, 3]);
    assert.deepEqual(await json(url, "station", "delete", "ORDERS"), { station: "ORDERS", deleted: true });
    failed(await waystation(["station", "info", "ORDERS", "--server", url]), 1, /stream not found/);
  });

  it("say where a message was stored, and that no station takes it", async () => {
    await json(url, "station", "create", "KEPT", "--subjects", "kept");
    const first = await json(url, "pub", "kept", "once", "--ack", "--id", "one");
    assert.deepEqual(first, { subject: "kept", messages: 1, bytes: 4, station: "KEPT", sequence: 1, duplicate: false });
    const again = (await json(url, "pub", "kept", "once", "--ack", "--id", "one")) as Record<string, unknown>;
    assert.deepEqual([again["sequence"], again["duplicate"]], [1, true]);
    failed(await waystation(["pub", "nowhere", "x", "--ack", "--server", url]), 1, /no station captures nowhere/);
    await json(url, "station", "delete", "KEPT");
  });

  it("publish every line of stdin, and print what a station holds", async () => {
    await json(url, "station", "create", "LINES", "--subjects", "lines");
    const published = await waystation(["pub", "lines", "--lines", "--ack", "--json", "--server", url], { input: "one\ntwo\r\nthree" });
    assert.equal((JSON.parse(published.stdout) as Record<string, unknown>)["messages"], 3);
    const read = await waystation(["sub", ">", "--station", "LINES", "--count", "3", "--raw", "--server", url]);
    assert.deepEqual([read.code, read.stdout], [0, "one\ntwo\nthree\n"]);
    await json(url, "station", "delete", "LINES");
  });

  it("print live messages with their headers until they are stopped", async () => {
    const sub = new Program(["sub", "live.*", "--json", "--server", url]);
    const nc = await connect({ servers: url });
    await eventually("the message", async () => {
      await command(["pub", "live.a", "hello", "--header", "Colour: red", "--server", url]);
      return sub.stdout.includes("hello");
    });
    const [line = ""] = sub.stdout.split("\n");
    assert.deepEqual(JSON.parse(line), { subject: "live.a", headers: { Colour: ["red"] }, data: "hello" });
    const ended = await sub.kill("SIGINT");
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
    await nc.close();
  });

  it("ask for an answer and print it, and say when nobody answers", async () => {
    const nc = await connect({ servers: url });
    nc.subscribe("sum", { callback: (_error, message) => void message.respond("42") });
    await nc.flush();
    const asked = await waystation(["request", "sum", "6 7", "--raw", "--server", url]);
    assert.deepEqual([asked.code, asked.stdout], [0, "42"]);
    failed(await waystation(["request", "nobody", "--server", url]), 1, /nobody answers/);
    await nc.close();
  });

  it("list, show and delete consumer groups", async () => {
    await json(url, "station", "create", "WORK", "--subjects", "work");
    const nc = await connect({ servers: url });
    const manager = await nc.jetstreamManager();
    await manager.consumers.add("WORK", { durable_name: "crew" });
    const list = (await json(url, "group", "list", "WORK")) as readonly Record<string, unknown>[];
    assert.deepEqual(
      list.map((group) => [group["name"], group["kind"], group["durable"]]),
      [["crew", "pull", true]],
    );
    const info = (await json(url, "group", "info", "WORK", "crew")) as Record<string, unknown>;
    assert.deepEqual([info["station"], info["pending"]], ["WORK", 0]);
    await json(url, "group", "delete", "WORK", "crew");
    failed(await waystation(["group", "info", "WORK", "crew", "--server", url]), 1, /consumer not found/);
    await nc.close();
  });

  it("measure", async () => {
    const rows = (await json(url, "bench", "--messages", "200", "--window", "20")) as readonly { readonly perSecond: number }[];
    assert.equal(rows.length, 4);
    for (const row of rows) assert.ok(row.perSecond > 0);
  });

  it("say what to do when no broker answers", async () => {
    failed(await waystation(["station", "list", "--server", "nats://127.0.0.1:1"]), 1, /no connection.*waystation serve/);
  });
});

describe("users and tenants", () => {
  it("are written into the configuration file, taken over by reload, and let in", async (t) => {
    const folder = await temporaryFolder(t);
    const config = path.join(folder, "waystation.yaml");
    await writeFile(config, "# ours\nusers:\n  - user: root\n    password: topsecret\n");
    const { url } = await serve(t, folder, ["--config", config]);
    const env = { WAYSTATION_CONFIG: config, WAYSTATION_SERVER: url, WAYSTATION_USER: "root", WAYSTATION_PASS: "topsecret" };
    const done = async (args: readonly string[], input = ""): Promise<string> => {
      const ended = await command(args, { env, folder, input });
      assert.equal(ended.code, 0, ended.stderr);
      return ended.stdout;
    };
    await done(["tenant", "add", "acme"]);
    await done(["user", "add", "ann", "--tenant", "acme"], "secret\n");
    assert.match(await done(["reload"]), /^reloaded\n$/);
    const nc = await connect({ servers: url, user: "ann", pass: "secret" });
    await nc.close();
    assert.deepEqual(JSON.parse(await done(["tenant", "list", "--json"])), [
      { name: "$G", users: 1 },
      { name: "acme", users: 1 },
    ]);
    await done(["user", "delete", "ann"]);
    await done(["reload"]);
    await assert.rejects(connect({ servers: url, user: "ann", pass: "secret", reconnect: false }), { code: "AUTHORIZATION_VIOLATION" });
    const { stdout } = await waystation(["check", config], { folder });
    assert.match(stdout, /is well: 1 user/);
  });

  it("are made at a running broker when no configuration file is named", async (t) => {
    const folder = await temporaryFolder(t);
    const { url } = await serve(t, folder, ["--memory"]);
    const env = { WAYSTATION_SERVER: url };
    const root = { ...env, WAYSTATION_USER: "root", WAYSTATION_PASS: "topsecret" };
    const first = await waystation(["user", "add", "root"], { env, folder, input: "topsecret\n" });
    assert.deepEqual([first.code, first.stdout], [0, "root added\n"], first.stderr);
    failed(await waystation(["user", "list"], { env, folder }), 1, /does not let this user in/);
    assert.equal((await command(["tenant", "add", "acme"], { env: root, folder })).code, 0);
    assert.equal((await command(["user", "add", "ann", "--tenant", "acme", "--password", "x"], { env: root, folder })).code, 0);
    failed(await waystation(["user", "add", "ann", "--password", "x"], { env: root, folder }), 1, /exists/);
    const { stdout } = await command(["user", "list", "--json"], { env: root, folder });
    assert.deepEqual(
      (JSON.parse(stdout) as { name: string; tenant: string }[]).map(({ name, tenant }) => [name, tenant]),
      [
        ["ann", "acme"],
        ["root", "$G"],
      ],
    );
    assert.equal((await command(["user", "delete", "ann"], { env: root, folder })).code, 0);
    assert.equal((await command(["tenant", "delete", "acme"], { env: root, folder })).code, 0);
  });

  it("connections are listed and ended, and settings shown", async (t) => {
    const folder = await temporaryFolder(t);
    const { url } = await serve(t, folder, ["--memory"]);
    const env = { WAYSTATION_SERVER: url };
    const client = await connect({ servers: url, name: "watched", reconnect: false });
    const { stdout } = await command(["connection", "list", "--json"], { env, folder });
    const listed = JSON.parse(stdout) as { id: number; door: string; name?: string }[];
    const mine = listed.find(({ name }) => name === "watched");
    assert.equal(mine?.door, "nats");
    assert.match((await command(["connection", "list"], { env, folder })).stdout, /ID +DOOR[^]*watched/);
    const ended = await command(["connection", "end", String(mine?.id)], { env, folder });
    assert.deepEqual([ended.code, ended.stdout], [0, `connection ${mine?.id} is told to go\n`], ended.stderr);
    await client.closed();
    failed(await waystation(["connection", "end", "999999"], { env, folder }), 1, /there is no connection/);
    failed(await waystation(["connection", "end", "x"], { env, folder }), 2, /is no connection/);
    assert.match((await command(["settings"], { env, folder })).stdout, /limits\.payloadBytesMax +1,048,576/);
  });

  it("a publish that is not permitted fails", async (t) => {
    const folder = await temporaryFolder(t);
    const config = path.join(folder, "waystation.yaml");
    await writeFile(config, "users: [{ user: ann, password: a, permissions: { publish: a.> } }]\n");
    const { url } = await serve(t, folder, ["--config", config]);
    const as = ["--server", url, "--user", "ann", "--pass", "a"];
    assert.equal((await waystation(["pub", "a.b", "hello", ...as], { folder })).code, 0);
    failed(await waystation(["pub", "b", "hello", ...as], { folder }), 1, /may not publish to b/);
  });

  it("are refused where the configuration would be wrong, which then stays as it was", async (t) => {
    const folder = await temporaryFolder(t);
    const config = path.join(folder, "waystation.yaml");
    await writeFile(config, "port: 70000\n");
    failed(await waystation(["user", "add", "ann", "--password", "x", "--config", config], { folder }), 2, /port.*70000/);
    failed(await waystation(["check", config], { folder }), 2, /one thing is wrong/);
  });

  it("a reload of a wrong configuration says so and changes nothing", async (t) => {
    const folder = await temporaryFolder(t);
    const config = path.join(folder, "waystation.yaml");
    await writeFile(config, "durability: always\n");
    const { url, program } = await serve(t, folder, ["--config", config]);
    await writeFile(config, "durabilty: none\n");
    failed(await waystation(["reload", "--server", url]), 2, /as before.*durability/);
    assert.equal(program.running, true);
  });
});
