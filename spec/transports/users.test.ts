/** Users and tenants of a running broker, changed by requests, and kept in its data folder. */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { parseConfig } from "../../lib/config/config.ts";
import { userRequests } from "../../transports/admin/user-requests.ts";
import { ConfiguredBroker } from "../../transports/configured.ts";
import { until } from "../support/until.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "users-"));
});
after(() => rm(folder, { recursive: true }));

interface Running extends AsyncDisposable {
  readonly port: number;
  readonly broker: ConfiguredBroker;
}

async function run(options: Readonly<Record<string, unknown>>, log?: (line: string) => void): Promise<Running> {
  const config = parseConfig({ port: 0, webPort: "off", mqttPort: "off", ...options }, folder);
  const broker = await ConfiguredBroker.open(config, { version: "0.0.0", report: () => {}, log });
  broker.opened.tenants.serve(userRequests(broker.users));
  return { broker, port: broker.addresses.nats?.port ?? 0, [Symbol.asyncDispose]: () => broker.close() };
}

/** The answer, or the code of the error in it. */
async function ask(connection: NatsConnection, what: string, body: unknown = {}): Promise<unknown> {
  const message = await connection.request(`$WAYSTATION.${what}`, JSON.stringify(body), { timeout: 20_000 });
  const answer = message.json<{ error?: { code: string } }>();
  return answer.error === undefined ? answer : answer.error.code;
}

test("the first user is made on an open broker, whoever made it hears so, and then must log in", async () => {
  await using running = await run({ memory: true });
  const { port } = running;
  const anybody = await connect({ port, reconnect: false });
  equal(anybody.info?.auth_required ?? false, false);
  deepEqual(await ask(anybody, "USER.ADD", { user: "root", password: "r" }), {
    user: "root",
    tenant: "$G",
    proof: "password",
    source: "command",
  });
  ok(/revoked/i.test(String(await anybody.closed())));
  await rejects(connect({ port, reconnect: false }), /authorization violation/i);
  const root = await connect({ port, user: "root", pass: "r" });
  equal(root.info?.auth_required, true);
  await root.close();
});

test("users and tenants made by request are there after a restart, their passwords as hashes", async () => {
  const options = { data: join(folder, "data"), user: "root", pass: "r" };
  {
    await using running = await run(options);
    const root = await connect({ port: running.port, user: "root", pass: "r" });
    deepEqual(await ask(root, "TENANT.ADD", { tenant: "acme", limits: { subscriptionsMax: 5 } }), { tenant: "acme" });
    await ask(root, "USER.ADD", { user: "ann", password: "first", tenant: "acme" });
    await ask(root, "USER.ADD", { user: "bob", token: "t" });
    equal(await ask(root, "USER.ADD", { user: "ann", password: "x" }), "exists");
    equal(await ask(root, "USER.ADD", { user: "root", password: "x" }), "conflict");
    equal(await ask(root, "USER.ADD", { user: "c" }), "config");
    equal(await ask(root, "USER.DELETE", {}), "invalid");
    equal(await ask(root, "TENANT.DELETE", { tenant: "acme" }), "invalid");
    equal(await ask(root, "USER.NONSENSE", {}), "unsupported");
    const ann = await connect({ port: running.port, user: "ann", pass: "first", reconnect: false });
    await ask(root, "USER.CHANGE", { user: "ann", password: "second", tenant: "acme" });
    ok(/revoked/i.test(String(await ann.closed())));
    await ask(root, "USER.DELETE", { user: "bob" });
    await root.close();
  }
  await using running = await run(options);
  const { port } = running;
  const ann = await connect({ port, user: "ann", pass: "second" });
  await rejects(connect({ port, user: "ann", pass: "first", reconnect: false }), /authorization violation/i);
  await rejects(connect({ port, token: "t", reconnect: false }), /authorization violation/i);
  const root = await connect({ port, user: "root", pass: "r" });
  const list = JSON.stringify(await ask(root, "USER.LIST"));
  ok(list.includes('"ann"') && !list.includes("scrypt"));
  deepEqual(await ask(root, "TENANT.LIST"), {
    tenants: [
      { tenant: "$G", limits: {}, users: 1, source: "configuration" },
      { tenant: "acme", limits: { subscriptionsMax: 5 }, users: 1, source: "command" },
    ],
  });
  await Promise.all([ann.close(), root.close()]);
});

test("whoever has permissions of his own administers nothing and overhears nothing, unless they name it", async () => {
  const everything = { publish: ">", subscribe: ">" };
  await using running = await run({
    memory: true,
    users: [
      { user: "root", password: "r" },
      { user: "clerk", password: "c", permissions: everything },
      { user: "strange", password: "s", tenant: "acme" },
      { user: "keeper", password: "k", permissions: { publish: [">", "$WAYSTATION.USER.LIST"], subscribe: ">" } },
    ],
  });
  const { port } = running;
  const clerk = await connect({ port, user: "clerk", pass: "c" });
  const heard: string[] = [];
  clerk.subscribe(">", { callback: (_error, message) => void heard.push(message.subject) });
  await clerk.flush();
  const rejected = await connect({ port, user: "clerk", pass: "c" });
  await rejects(ask(rejected, "USER.LIST"));
  await rejected.close();
  const strange = await connect({ port, user: "strange", pass: "s" });
  equal(await ask(strange, "USER.LIST"), "unsupported", "only the default tenant is asked about users");
  await strange.close();
  const keeper = await connect({ port, user: "keeper", pass: "k" });
  ok(typeof (await ask(keeper, "USER.LIST")) === "object");
  await rejects(ask(keeper, "USER.DELETE", { user: "root" }));
  const root = await connect({ port, user: "root", pass: "r" });
  await ask(root, "USER.LIST");
  root.publish("end");
  await until("the end was heard", () => heard.includes("end"));
  ok(!heard.some((subject) => subject.startsWith("$WAYSTATION")), heard.join());
  await Promise.all([clerk.close(), keeper.close(), root.close()]);
});

test("who shows nothing administers only where nobody has to show anything", async () => {
  let reloads = 0;
  const reload = (running: Running): void =>
    running.broker.opened.tenants.serve([["$WAYSTATION.RELOAD", () => ({ reloaded: true, reloads: ++reloads })]]);
  {
    await using running = await run({ memory: true });
    reload(running);
    const anybody = await connect({ port: running.port });
    deepEqual(await ask(anybody, "RELOAD"), { reloaded: true, reloads: 1 });
    await anybody.close();
  }
  await using running = await run({
    memory: true,
    webPort: 0,
    allowAnonymous: true,
    users: [
      { user: "root", password: "r" },
      { user: "clerk", password: "c", permissions: { publish: ">", subscribe: ">" } },
    ],
  });
  reload(running);
  const { port, broker } = running;
  const anybody = await connect({ port });
  for (const what of ["RELOAD", "USER.LIST"]) equal(await ask(anybody, what), "denied", what);
  equal(await ask(anybody, "USER.ADD", { user: "mallory", password: "m" }), "denied");
  await anybody.close();
  const clerk = await connect({ port, user: "clerk", pass: "c" });
  await rejects(ask(clerk, "RELOAD"));
  await clerk.close();
  const url = `${broker.addresses.web?.url ?? ""}/v1/users`;
  const body = JSON.stringify({ user: "mallory", password: "m" });
  const posted = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
  equal(posted.status, 403);
  equal(reloads, 1);
  const root = await connect({ port, user: "root", pass: "r" });
  deepEqual(await ask(root, "RELOAD"), { reloaded: true, reloads: 2 });
  ok(!JSON.stringify(await ask(root, "USER.LIST")).includes("mallory"));
  await root.close();
});

test("nobody administers by what the broker or others deliver for him", async () => {
  await using running = await run({
    memory: true,
    users: [
      { user: "root", password: "r" },
      { user: "mallory", password: "m", permissions: { publish: ">", subscribe: ">" } },
    ],
  });
  const { port } = running;
  const root = await connect({ port, user: "root", pass: "r" });
  const overheard: string[] = [];
  root.subscribe("$WAYSTATION.USER.ADD", { callback: (_error, message) => void overheard.push(message.subject) });
  root.subscribe("echo", { callback: (_error, message) => void message.respond(message.data) });
  await root.flush();
  const mallory = await connect({ port, user: "mallory", pass: "m" });
  const evil = JSON.stringify({ user: "evil", password: "x" });
  const api = async (what: string, body: unknown): Promise<string> =>
    (await mallory.request(`$JS.API.${what}`, JSON.stringify(body))).string();
  ok(!(await api("STREAM.CREATE.S", { name: "S", subjects: ["s"], storage: "memory", allow_direct: true })).includes("error"));
  ok(!(await mallory.request("s", evil)).string().includes("error"));
  ok((await api("STREAM.CREATE.T", { name: "T", subjects: ["$WAYSTATION.>"], storage: "memory" })).includes("error"));
  // A consumer that pushes to the subject of a request.
  const consumer = { name: "c", durable_name: "c", deliver_subject: "$WAYSTATION.USER.ADD", ack_policy: "none" };
  ok(!(await api("CONSUMER.CREATE.S.c", { stream_name: "S", config: consumer })).includes("error"));
  // An answer of the broker, and one of a user who may administer, to a reply subject of the asker's choice.
  for (const subject of ["$JS.API.DIRECT.GET.S.s", "echo"]) mallory.publish(subject, evil, { reply: "$WAYSTATION.USER.ADD" });
  await mallory.flush();
  await until("the consumer's message was overheard", () => overheard.includes("s"));
  equal(typeof (await ask(root, "USER.ADD", { user: "good", token: "t" })), "object");
  deepEqual(overheard, ["s", "$WAYSTATION.USER.ADD"], "only the consumer's message and root's own request");
  const list = JSON.stringify(await ask(root, "USER.LIST"));
  ok(list.includes("good") && !list.includes("evil"));
  await Promise.all([root.close(), mallory.close()]);
});

test("over HTTP operators see and change users, and nobody overhears a password", async () => {
  await using running = await run({
    memory: true,
    webPort: 0,
    users: [
      { user: "root", password: "r" },
      { user: "clerk", password: "c", permissions: { publish: ">" } },
    ],
  });
  const root = await connect({ port: running.port, user: "root", pass: "r" });
  const overheard: string[] = [];
  root.subscribe("$WAYSTATION.>", { callback: (_error, message) => void overheard.push(message.string()) });
  await root.flush();
  const http = async (method: string, path: string, as: string, body?: unknown): Promise<number> => {
    const authorization = `Basic ${Buffer.from(as).toString("base64")}`;
    const response = await fetch(`${running.broker.addresses.web?.url ?? ""}/v1${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await response.arrayBuffer();
    return response.status;
  };
  equal(await http("POST", "/users", "clerk:c", { user: "x", token: "t" }), 403);
  equal(await http("POST", "/users", "nobody:c", { user: "x", token: "t" }), 401);
  equal(await http("POST", "/users", "root:r", { user: "ann", password: "a" }), 201);
  equal(await http("POST", "/users", "root:r", { user: "ann", password: "a" }), 409);
  equal(await http("GET", "/users", "root:r"), 200);
  const ann = await connect({ port: running.port, user: "ann", pass: "a", reconnect: false });
  equal(await http("DELETE", "/users/ann", "root:r"), 204);
  equal(await http("DELETE", "/users/ann", "root:r"), 404);
  ok(/revoked/i.test(String(await ann.closed())));
  await root.flush();
  deepEqual(overheard, []);
  await root.close();
});

test("the log names refused logins and users that went, as far as its level wants them, and no secret", async () => {
  const lines: string[] = [];
  const options = { memory: true, users: [{ user: "root", password: "r" }] };
  await using running = await run(options, (line) => lines.push(line));
  const attempt = (): Promise<unknown> =>
    rejects(connect({ port: running.port, user: "root", pass: "hunter2", reconnect: false }), /authorization violation/i);
  await attempt();
  equal(lines.length, 1);
  ok(/^\S+Z info a login was refused reason=wrong_secret user=root address=127\.0\.0\.1\n$/.test(lines[0] ?? ""), lines[0]);
  const quiet = { port: 0, webPort: "off", mqttPort: "off", ...options, logLevel: "error" };
  await running.broker.reload(parseConfig(quiet, folder));
  await attempt();
  equal(lines.length, 1);
});
