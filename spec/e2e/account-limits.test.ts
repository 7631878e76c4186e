/** What accounts may keep, as nats-server's configuration says it: the refusals are nats-server's own (asked beside it, where one is installed). */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { eventually } from "../support/eventually.ts";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";
import { Program, temporaryFolder } from "../support/program.ts";

const configuration = `
server_name: limits
jetstream { store_dir: "DIR", domain: hub }
accounts {
  A {
    users: [{ user: a, password: a }]
    jetstream { max_mem: 2000, max_file: 8000, max_streams: 4, max_consumers: 2, max_ack_pending: 50, mem_max_stream_bytes: 1500, disk_max_stream_bytes: 6000 }
  }
  B { users: [{ user: b, password: b }], jetstream { max_bytes_required: true } }
  SYS { users: [{ user: s, password: s }] }
}
system_account: SYS
`;

type Answer = Readonly<Record<string, unknown>>;

async function ask(connection: NatsConnection, subject: string, body: unknown): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return (await connection.request(subject, text, { timeout: 5000 })).json();
}

/** An error as `code err_code words`, or the fields that are looked at. */
function shown(answer: Answer, ...fields: readonly string[]): string {
  const error = answer["error"] as { code: number; err_code: number; description: string } | undefined;
  if (error !== undefined) return `${error.code} ${error.err_code} ${error.description}`;
  const of = (answer["config"] ?? answer) as Answer;
  return JSON.stringify(fields.map((field) => of[field]));
}

async function asked(port: number): Promise<string[]> {
  const a = await connect({ port, user: "a", pass: "a" });
  const b = await connect({ port, user: "b", pass: "b" });
  const told: string[] = [];
  const stream = async (verb: string, config: Answer, connection = a): Promise<void> => {
    const name = String(config["name"]);
    const answer = await ask(connection, `$JS.API.STREAM.${verb}.${name}`, { storage: "file", subjects: [`${name}.>`], ...config });
    told.push(`${verb} ${JSON.stringify(config)}: ${shown(answer, "max_bytes", "max_consumers")}`);
  };
  const consumer = async (of: string, name: string, config: Answer): Promise<void> => {
    const answer = await ask(a, `$JS.API.CONSUMER.CREATE.${of}.${name}`, {
      stream_name: of,
      config: { name, durable_name: name, ...config },
    });
    told.push(`${of}/${name} ${JSON.stringify(config)}: ${shown(answer, "max_ack_pending")}`);
  };
  const publish = async (subject: string, bytes: number): Promise<void> => {
    told.push(`${bytes} bytes to ${subject}: ${shown(await ask(a, subject, "x".repeat(bytes)), "stream", "domain", "seq")}`);
  };
  await stream("CREATE", { name: "M1", storage: "memory", max_bytes: 1600 });
  await stream("CREATE", { name: "M1", storage: "memory", max_bytes: 3000 });
  await stream("CREATE", { name: "M1", storage: "memory", max_bytes: 1500 });
  await stream("CREATE", { name: "M2", storage: "memory", max_bytes: 1000 });
  await stream("CREATE", { name: "M2", storage: "memory" });
  await stream("CREATE", { name: "F1", max_bytes: 6001 });
  await stream("CREATE", { name: "F1", max_bytes: 6000 });
  await stream("CREATE", { name: "F2", max_bytes: 3000 });
  await stream("CREATE", { name: "F2", max_bytes: 2000 });
  await stream("CREATE", { name: "F3" });
  await stream("UPDATE", { name: "F2", max_bytes: 1000 });
  await stream("UPDATE", { name: "F2", max_bytes: 3000 });
  await stream("UPDATE", { name: "F2", max_bytes: 1000, max_consumers: 5 });
  told.push(shown(await ask(a, "$JS.API.STREAM.DELETE.M2", ""), "success"));
  await stream("CREATE", { name: "F3", max_consumers: 5 });
  await stream("CREATE", { name: "F3" });
  await stream("CREATE", { name: "F4" });
  await consumer("F1", "c1", { ack_policy: "explicit", max_ack_pending: 60 });
  await consumer("F1", "c1", { ack_policy: "explicit" });
  await consumer("F1", "c2", { ack_policy: "none" });
  await consumer("F1", "c3", { ack_policy: "none" });
  await consumer("F2", "c1", { ack_policy: "none" });
  for (let count = 0; count < 10; count++) await publish("F3.x", 900);
  await publish("F1.x", 900);
  for (let count = 0; count < 3; count++) await publish("M1.x", 700);
  told.push(shown(await ask(a, "$JS.API.STREAM.PURGE.F3", {}), "purged"));
  await publish("F1.x", 900);
  const fields = ["reserved_memory", "reserved_storage", "streams", "consumers", "limits", "domain"];
  told.push(shown(await ask(a, "$JS.API.INFO", ""), ...fields), shown(await ask(a, "$JS.hub.API.INFO", ""), ...fields));
  told.push(shown(await ask(a, "$JS.hub.API.STREAM.NAMES", ""), "streams"));
  await stream("CREATE", { name: "X" }, b);
  await stream("CREATE", { name: "X", max_bytes: 1000 }, b);
  told.push(shown(await ask(b, "$JS.API.INFO", ""), ...fields));
  const pulls = a.subscribe("pulled", { max: 1 });
  a.publish("$JS.hub.API.CONSUMER.MSG.NEXT.F1.c1", JSON.stringify({ batch: 1, expires: 5_000_000_000 }), { reply: "pulled" });
  for await (const { subject, reply } of pulls) told.push(`${subject} ${reply?.startsWith("$JS.ACK.F1.c1.1.1.1.")}`);
  await a.close();
  await b.close();
  return told;
}

async function ours(t: TestContext): Promise<string[]> {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, "nats.conf");
  await writeFile(file, `port: -1\nhost: 127.0.0.1\nports_file_dir: "${folder}"\n${configuration.replaceAll("DIR", folder)}`);
  const program = new Program(["nats-server", "-c", file], { folder });
  t.after(() => program.kill("SIGKILL"));
  const ports = await eventually(
    "the ports file",
    async () => JSON.parse(await readFile(path.join(folder, `nats-server_${program.child.pid}.ports`), "utf8")) as { nats: string[] },
    30_000,
  );
  return await asked(Number(new URL(ports.nats[0] ?? "").port));
}

test("an account's streams, consumers and records keep to its limits, in nats-server's words", async (t) => {
  const told = await ours(t);
  const refusals = told.filter((line) => /: \d+ \d+ /.test(line)).map((line) => line.replace(/^.*: (?=\d+ \d+ )/, ""));
  assert.deepEqual(refusals, [
    "400 10122 stream max bytes exceeds account limit max stream bytes",
    "500 10028 insufficient memory resources available",
    "500 10028 insufficient memory resources available",
    "400 10122 stream max bytes exceeds account limit max stream bytes",
    "500 10047 insufficient storage resources available",
    "400 10027 maximum number of streams reached",
    "500 10047 insufficient storage resources available",
    "400 10026 maximum consumers limit reached",
    "400 10026 maximum consumers limit reached",
    "400 10027 maximum number of streams reached",
    "400 10121 consumer max ack pending exceeds system limit of 50",
    "400 10026 maximum consumers limit reached",
    "400 10002 resource limits exceeded for account",
    "400 10002 resource limits exceeded for account",
    "400 10002 resource limits exceeded for account",
    "400 10002 resource limits exceeded for account",
    "400 10113 account requires a stream config to have max bytes set",
  ]);
  const peer = findNatsServer();
  if ("missing" in peer) return t.diagnostic(`not compared: ${peer.missing}`);
  const folder = await temporaryFolder(t);
  const file = path.join(folder, "nats.conf");
  await writeFile(file, configuration.replaceAll("DIR", folder));
  const server = await startNatsServer(peer.path, ["-c", file]);
  t.after(() => server.stop());
  assert.deepEqual(told, await asked(server.port));
});

test("a tenant's limits are read from the configuration file, and followed when they change", async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, "waystation.yaml");
  const write = (limits: string): Promise<void> =>
    writeFile(
      file,
      `users:\n  - { user: o, password: o }\ntenants:\n  T:\n    users:\n      - { user: t, password: t }\n    limits: ${limits}\n`,
    );
  await write("{ storageBytesMax: 4KiB, stationsMax: 1 }");
  const addresses = path.join(folder, "addresses.json");
  const options = ["--config", file, "--data", path.join(folder, "data"), "--addresses-file", addresses];
  const program = new Program(["serve", "--port=0", "--web-port=off", "--mqtt-port=off", ...options], { folder });
  t.after(() => program.kill("SIGKILL"));
  const { nats } = await eventually(
    "the addresses",
    async () => JSON.parse(await readFile(addresses, "utf8")) as { nats: { port: number } },
    30_000,
  );
  const connection = await connect({ port: nats.port, user: "t", pass: "t" });
  const create = async (name: string): Promise<string> =>
    shown(await ask(connection, `$JS.API.STREAM.CREATE.${name}`, { name, subjects: [`${name}.>`] }), "name");
  assert.equal(await create("A"), '["A"]');
  assert.equal(await create("B"), "400 10027 maximum number of streams reached");
  const publish = async (): Promise<string> => shown(await ask(connection, "A.x", "x".repeat(3000)), "seq");
  assert.equal(await publish(), "[1]");
  assert.equal(await publish(), "400 10002 resource limits exceeded for account");
  await write("{ storageBytesMax: 8KiB }");
  program.child.kill("SIGHUP");
  await eventually("the larger limit", async () => (await publish()) === "[2]");
  assert.equal(await create("B"), '["B"]');
  const info = await ask(connection, "$JS.API.INFO", "");
  assert.equal((info["limits"] as Answer)["max_storage"], 8192);
  await connection.close();
});
