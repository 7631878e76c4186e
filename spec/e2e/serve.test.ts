/** `waystation serve`: the contract with whoever starts it. Options, address file, exit codes, one line on stderr, signals. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import path from "node:path";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { connect } from "nats";
import { eventually } from "../support/eventually.ts";
import { Program, serve, temporaryFolder, waystation } from "../support/program.ts";
import type { Ended } from "../support/program.ts";

/** Ended with this code, and said what to do in exactly one line. */
function refused(ended: Ended, code: number, sentence: RegExp): void {
  assert.match(ended.stderr, /^[^\n]+\n$/);
  assert.match(ended.stderr, sentence);
  assert.equal(ended.code, code, ended.stderr);
  assert.equal(ended.stdout, "");
}

function occupied(t: TestContext): Promise<number> {
  return new Promise((resolve) => {
    const server: Server = createServer();
    t.after(() => server.close());
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

describe("waystation serve", () => {
  it("writes the address file once its doors accept, with the doors that are open and no other", async (t) => {
    const folder = await temporaryFolder(t);
    const { addresses, program } = await serve(t, folder);
    assert.deepEqual(Object.keys(addresses), ["pid", "nats"]);
    assert.equal(addresses.pid, program.child.pid);
    assert.equal(addresses.nats?.host, "127.0.0.1");
    assert.equal(addresses.nats?.url, `nats://127.0.0.1:${addresses.nats?.port}`);
    const nc = await connect({ servers: addresses.nats?.url ?? "" });
    assert.deepEqual(await readdir(folder), ["data"], "no temporary file stays behind");
    await nc.close();
  });

  it("prints its addresses, its durability and two commands to try", async (t) => {
    const { program, url } = await serve(t, await temporaryFolder(t));
    await eventually("the banner", () => program.stdout.includes("waystation sub"));
    assert.ok(program.stdout.includes(url));
    assert.match(program.stdout, /always/);
    assert.match(program.stdout, /waystation pub/);
  });

  it("takes --x=v and the environment, and the command line wins", async (t) => {
    const folder = await temporaryFolder(t);
    const taken = await occupied(t);
    const env = { WAYSTATION_PORT: String(taken), WAYSTATION_DURABILITY: "interval" };
    const { program, addresses } = await serve(t, folder, ["--port=0"], { env });
    assert.notEqual(addresses.nats?.port, taken);
    await eventually("the banner", () => program.stdout.includes("interval"));
  });

  it("resolves relative paths against the caller's folder", async (t) => {
    const folder = await temporaryFolder(t);
    await serve(t, folder, ["--data", "here"]);
    assert.ok((await readdir(folder)).includes("here"));
  });

  it("keeps nothing on disk with --memory", async (t) => {
    const folder = await temporaryFolder(t);
    const file = path.join(folder, "addresses.json");
    const program = new Program(["serve", "--memory", "--port", "0", "--web-port", "off", "--mqtt-port", "off", "--addresses-file", file], {
      folder,
    });
    t.after(() => program.kill("SIGKILL"));
    await eventually("the address file", () => readFile(file));
    assert.deepEqual(await readdir(folder), ["addresses.json"]);
  });

  it("reads a configuration file, and names everything that is wrong with it", async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(path.join(folder, "good.yaml"), "durability: interval\nmqttPort: off\n");
    const { program } = await serve(t, folder, ["--config", "good.yaml"]);
    await eventually("the banner", () => program.stdout.includes("interval"));
    await writeFile(path.join(folder, "bad.yaml"), "durabilty: always\nport: 70000\n");
    const ended = await waystation(["serve", "--config", "bad.yaml"], { folder });
    refused(ended, 2, /durabilty.*durability/);
    assert.match(ended.stderr, /70000/);
  });

  it("exits 2 for an unknown option and names the nearest", async (t) => {
    refused(await waystation(["serve", "--prot", "0"], { folder: await temporaryFolder(t) }), 2, /--prot.*port/);
  });

  it("exits 2 for a host beyond loopback without users, naming --allow-anonymous", async (t) => {
    refused(await waystation(["serve", "--host", "0.0.0.0", "--port", "0"], { folder: await temporaryFolder(t) }), 2, /--allow-anonymous/);
  });

  it("exits 3 when the port is in use", async (t) => {
    const port = await occupied(t);
    const args = ["serve", "--port", String(port), "--web-port", "off", "--mqtt-port", "off"];
    refused(await waystation(args, { folder: await temporaryFolder(t) }), 3, new RegExp(String(port)));
  });

  it("exits 3 when the folder has a live owner, which goes on undisturbed", async (t) => {
    const folder = await temporaryFolder(t);
    const { data, url } = await serve(t, folder);
    const args = ["serve", "--port", "0", "--web-port", "off", "--mqtt-port", "off", "--data", data];
    refused(await waystation(args, { folder }), 3, /in use|another/);
    const nc = await connect({ servers: url });
    await nc.close();
  });

  it("exits 1 when the folder cannot be one", async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(path.join(folder, "file"), "");
    const args = ["serve", "--port", "0", "--web-port", "off", "--mqtt-port", "off", "--data", "file"];
    refused(await waystation(args, { folder }), 1, /file/);
  });

  it("opens a folder at once whose owner was killed", async (t) => {
    const folder = await temporaryFolder(t);
    const first = await serve(t, folder);
    await first.program.kill("SIGKILL");
    const second = await serve(t, folder);
    assert.equal(second.program.running, true);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`drains and exits 0 on ${signal}, with everything acknowledged kept`, async (t) => {
      const folder = await temporaryFolder(t);
      const first = await serve(t, folder);
      const nc = await connect({ servers: first.url, reconnect: false });
      const manager = await nc.jetstreamManager();
      await manager.streams.add({ name: "KEPT", subjects: ["kept"] });
      await nc.jetstream().publish("kept", "still here");
      const ended = await first.program.kill(signal);
      assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, ""]);
      await nc.closed();
      const second = await serve(t, folder);
      const again = await connect({ servers: second.url });
      const { state } = await (await again.jetstreamManager()).streams.info("KEPT");
      assert.equal(state.messages, 1);
      await again.close();
    });
  }

  it("drains when one Ctrl-C arrives twice, as under npm", async (t) => {
    const folder = await temporaryFolder(t);
    const file = path.join(folder, "addresses.json");
    const program = new Program(["serve", "--memory", "--port", "0", "--web-port", "off", "--mqtt-port", "off", "--addresses-file", file], {
      folder,
    });
    t.after(() => program.kill("SIGKILL"));
    await eventually("the banner", () => program.stdout.includes("waystation pub"));
    program.child.kill("SIGINT");
    const ended = await program.kill("SIGINT");
    assert.deepEqual([ended.code, ended.signal], [0, null]);
    assert.deepEqual(await readdir(folder), [], "the address file is gone");
  });

  it("lets clients in by --user and --pass, and nobody else", async (t) => {
    const { url } = await serve(t, await temporaryFolder(t), ["--user", "ann", "--pass", "secret"]);
    await assert.rejects(connect({ servers: url, reconnect: false }), { code: "AUTHORIZATION_VIOLATION" });
    const nc = await connect({ servers: url, user: "ann", pass: "secret" });
    await nc.close();
  });

  it("applies a changed configuration on SIGHUP with no connection lost", async (t) => {
    const folder = await temporaryFolder(t);
    await mkdir(folder, { recursive: true });
    const config = path.join(folder, "waystation.yaml");
    await writeFile(config, "users:\n  - name: ann\n    password: one\n");
    const { url, program } = await serve(t, folder, ["--config", config]);
    const ann = await connect({ servers: url, user: "ann", pass: "one", reconnect: false });
    await writeFile(config, "users:\n  - name: ann\n    password: one\n  - name: bob\n    password: two\n");
    program.child.kill("SIGHUP");
    const bob = await eventually("bob to be let in", () => connect({ servers: url, user: "bob", pass: "two", reconnect: false }));
    await ann.flush();
    await Promise.all([ann.close(), bob.close()]);
  });
});
