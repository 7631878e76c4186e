/** `waystation nats-server`: the contract with launchers that start `nats-server`: flags, ports file, log lines, signals, exit codes. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { connect, nkeys } from "nats";
import { eventually } from "../support/eventually.ts";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";
import { Program, temporaryFolder, waystation } from "../support/program.ts";

interface Ports {
  readonly nats: readonly string[];
  readonly monitoring?: readonly string[];
  readonly websocket?: readonly string[];
}

async function launch(
  t: TestContext,
  conf: string,
  flags: readonly string[] = [],
): Promise<{ program: Program; ports: Ports; file: string }> {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, "nats.conf");
  await writeFile(file, `port: -1\nhost: 127.0.0.1\nports_file_dir: "${folder}"\n${conf.replaceAll("DIR", folder)}`);
  const program = new Program(["nats-server", "-c", file, ...flags], { folder });
  t.after(() => program.kill("SIGKILL"));
  const ports = await eventually(
    "the ports file",
    async () => {
      if (!program.running) throw new Error(`it ended: ${program.stderr}`);
      return JSON.parse(await readFile(path.join(folder, `nats-server_${program.child.pid}.ports`), "utf8")) as Ports;
    },
    30_000,
  );
  return { program, ports, file };
}

/** What an ordinary user and one of the system account are told, without what differs between any two servers. */
async function systemDialogue(servers: string): Promise<Record<string, unknown>> {
  const system = await connect({ servers, user: "sys", pass: "s" });
  const events: string[] = [];
  system.subscribe("$SYS.ACCOUNT.A.*", {
    callback: (_error, { subject }) => void (/\.(?:CONNECT|DISCONNECT)$/.test(subject) && events.push(subject)),
  });
  await system.flush();
  const ann = await connect({ servers, user: "ann", pass: "a" });
  const info = (await ann.request("$SYS.REQ.USER.INFO")).json<{ server: object; data: Record<string, unknown> }>();
  const own = (await ann.request("$SYS.REQ.ACCOUNT.PING.CONNZ")).json<{ data: { connections: { account?: string }[] } }>();
  const ping = (await system.request("$SYS.REQ.SERVER.PING")).json<{ server: { id: string }; statsz: object }>();
  const varz = (await system.request("$SYS.REQ.SERVER.PING.VARZ")).json<{ data: { server_id: string } }>();
  const denied = await ann.request("$SYS.REQ.SERVER.PING.VARZ", "", { timeout: 500 }).then(
    () => "answered",
    () => "nobody",
  );
  await ann.close();
  await eventually("both events", () => events.length === 2 || undefined);
  await system.close();
  return {
    user: { user: info.data["user"], account: info.data["account"] },
    permissions: info.data["permissions"],
    connections: own.data.connections.length,
    server: varz.data.server_id === ping.server.id,
    denied,
    events,
  };
}

describe("waystation nats-server", () => {
  it("tells its ports in a file named by its process, and says that it is ready", async (t) => {
    const { program, ports } = await launch(
      t,
      'http: "127.0.0.1:-1"\nwebsocket { port: -1, no_tls: true }\njetstream { store_dir: "DIR/js" }\n',
    );
    assert.match(ports.nats[0] ?? "", /^nats:\/\/127\.0\.0\.1:\d+$/);
    assert.match(ports.monitoring?.[0] ?? "", /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(ports.websocket?.[0] ?? "", /^ws:\/\/127\.0\.0\.1:\d+$/);
    await eventually("the log", () => /\[\d+\] \d{4}\/\d\d\/\d\d .* \[INF\] Server is ready/.test(program.stderr));
    assert.match(program.stderr, /\[INF\] Listening for client connections on 127\.0\.0\.1:\d+/);
    const nc = await connect({ servers: ports.nats[0] ?? "" });
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name: "S", subjects: ["s"] });
    assert.equal((await nc.jetstream().publish("s", "x")).seq, 1);
    await nc.close();
    assert.equal((await fetch(`${ports.monitoring?.[0]}/varz`)).status, 200);
    const ended = await program.kill("SIGTERM");
    assert.equal(ended.code, 0, ended.stderr);
  });

  it("answers $SYS requests and announces connections, as nats-server does where it is installed", async (t) => {
    const conf =
      'accounts { SYS { users: [{ user: sys, password: s }] }, A { users: [{ user: ann, password: a, permissions: { publish: ["$SYS.REQ.USER.INFO", "$SYS.REQ.ACCOUNT.PING.CONNZ"] } }] } }\nsystem_account: SYS\n';
    const { ports } = await launch(t, conf);
    const ours = await systemDialogue(ports.nats[0] ?? "");
    assert.deepEqual(ours["user"], { user: "ann", account: "A" });
    assert.deepEqual(ours["denied"], "nobody");
    assert.deepEqual(ours["events"], ["$SYS.ACCOUNT.A.CONNECT", "$SYS.ACCOUNT.A.DISCONNECT"]);
    const found = findNatsServer();
    if ("missing" in found) return t.diagnostic(found.missing);
    const file = path.join(await temporaryFolder(t), "peer.conf");
    await writeFile(file, conf);
    const peer = await startNatsServer(found.path, ["-c", file]);
    t.after(() => peer.stop());
    assert.deepEqual(ours, await systemDialogue(`nats://127.0.0.1:${peer.port}`));
  });

  it("has no JetStream unless it is configured", async (t) => {
    const { ports } = await launch(t, "");
    const nc = await connect({ servers: ports.nats[0] ?? "" });
    assert.equal(nc.info?.jetstream, undefined);
    await assert.rejects(nc.request("$JS.API.INFO", "", { timeout: 5_000 }), { code: "503" });
    await nc.close();
  });

  it("lets in whom the configuration names, and another one after SIGHUP", async (t) => {
    const { ports, program, file } = await launch(
      t,
      'authorization { users: [ { user: "ann", password: secret, permission: { publish: "a.>" } } ] }\n',
    );
    const servers = ports.nats[0] ?? "";
    await assert.rejects(connect({ servers }), /Authorization Violation/i);
    const nc = await connect({ servers, user: "ann", pass: "secret" });
    await nc.close();
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(/authorization[^\n]*/, "authorization { token: tok }"));
    program.child.kill("SIGHUP");
    await eventually("the reload", () => program.stderr.includes("Reloaded server configuration"));
    await (await connect({ servers, token: "tok" })).close();
  });

  it("keeps accounts apart, and JetStream to those that have it", async (t) => {
    const { ports } = await launch(
      t,
      `jetstream { store_dir: "DIR/js" }
       accounts { A { users: [{user: a, password: a}], jetstream: enabled }, B { users: [{user: b, password: b}] } }
       no_auth_user: b\n`,
    );
    const servers = ports.nats[0] ?? "";
    const a = await connect({ servers, user: "a", pass: "a" });
    const b = await connect({ servers });
    await a.jetstreamManager();
    await assert.rejects(b.jetstreamManager(), /jetstream is disabled|503|not enabled/i);
    const heard = b.subscribe("x", { max: 1 });
    await b.flush();
    a.publish("x");
    await a.flush();
    assert.equal(heard.getProcessed(), 0);
    await a.close();
    await b.close();
  });

  it("proves a user by its key", async (t) => {
    const seed = nkeys.createUser();
    const { ports } = await launch(t, `authorization { users: [ { nkey: ${seed.getPublicKey()} } ] }\n`);
    const { nkeyAuthenticator } = await import("nats");
    const nc = await connect({ servers: ports.nats[0] ?? "", authenticator: nkeyAuthenticator(seed.getSeed()) });
    await nc.close();
  });

  it("sends its clients away on SIGUSR2 and then ends", async (t) => {
    const { ports, program } = await launch(t, "lame_duck_grace_period: 0s\nlame_duck_duration: 1s\n");
    const nc = await connect({ servers: ports.nats[0] ?? "", reconnect: false });
    program.child.kill("SIGUSR2");
    await nc.closed();
    const ended = await program.ended;
    assert.equal(ended.code, 0);
    assert.match(ended.stderr, /Entering lame duck mode/);
    assert.equal(
      (await readdir(path.dirname(program.child.spawnargs.at(-1) ?? ""))).some((name) => name.endsWith(".ports")),
      false,
    );
  });

  it("examines a file with -t, prints its version, and names what it does not know", async (t) => {
    const folder = await temporaryFolder(t);
    const file = path.join(folder, "n.conf");
    await writeFile(file, "port: 4222\n");
    const good = await waystation(["nats-server", "-c", file, "-t"]);
    assert.equal(good.code, 0);
    assert.match(good.stderr, /configuration file .* is valid/);
    await writeFile(file, "prot: 4222\n");
    const bad = await waystation(["nats-server", "-t", "-c", file]);
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /unknown field "prot"/);
    assert.match((await waystation(["nats-server", "--version"])).stdout, /^nats-server: v2\.\d+\.\d+\n$/);
    assert.equal((await waystation(["nats-server", "--nonsense"])).code, 2);
    assert.match((await waystation(["nats-server", "--help"])).stdout, /--ports_file_dir/);
  });
});
