/** The README's examples, as they stand there, executed by Node in a folder where the package is installed. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { limitsMarkdown, optionsMarkdown } from "../../lib/config/listing.ts";
import { serveOptions } from "../../lib/config/option.ts";
import { serve, temporaryFolder, waystation } from "../support/program.ts";

const execute = promisify(execFile);
const root = path.resolve(fileURLToPath(new URL("../../../", import.meta.url)));
const readme = await readFile(path.join(root, "README.md"), "utf8");

/** The code block after `<!-- example: NAME -->`. */
function example(name: string): string {
  const [, code] = new RegExp(`<!-- example: ${name} -->\\s+\`\`\`js\\n([^]*?)\`\`\``).exec(readme) ?? [];
  assert.ok(code, `README.md has an example ${name}`);
  return code;
}

async function runExample(t: TestContext, name: string, env: Readonly<Record<string, string>>, browser?: string): Promise<string> {
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, "node_modules"));
  await symlink(root, path.join(folder, "node_modules", "waystation"));
  await mkdir(path.join(folder, "node_modules", "@nats-io"));
  for (const client of ["nats", "mqtt", "@nats-io/nats-core", "ws"])
    await symlink(path.join(root, "node_modules", client), path.join(folder, "node_modules", client));
  await writeFile(path.join(folder, "package.json"), "{}");
  await writeFile(path.join(folder, "example.mjs"), example(name));
  // Node 20 has no WebSocket of its own, and no browser a process environment.
  const page = `import { WebSocket } from "ws"; globalThis.WebSocket ??= WebSocket; globalThis.WAYSTATION_WEB = ${JSON.stringify(browser)};`;
  await writeFile(path.join(folder, "page.mjs"), page);
  const args = browser === undefined ? ["example.mjs"] : ["--import", "./page.mjs", "example.mjs"];
  const { stdout } = await execute(process.execPath, args, { cwd: folder, env: { ...process.env, ...env }, timeout: 20_000 });
  return stdout;
}

describe("the README", () => {
  it("shows a service with a NATS client that works", async (t) => {
    const { url } = await serve(t, await temporaryFolder(t));
    const stdout = await runExample(t, "nats", { WAYSTATION_SERVER: url });
    assert.equal(stdout, "plant.press-4.alarm too hot\nstored as 1\nplant.press-4.reading 81.5\n");
  });

  it("shows a browser's page that works", async (t) => {
    const { addresses } = await serve(t, await temporaryFolder(t), ["--web-port", "0"]);
    const stdout = await runExample(t, "browser", {}, addresses.web?.url.replace("http", "ws"));
    assert.equal(stdout, "plant.press-4.alarm too hot\nstored as 1\nplant.press-4.reading 81.5\n");
  });

  it("shows commands of HTTP that work", async (t) => {
    const [, commands = ""] = /<!-- commands: http -->\s+```sh\n([^]*?)```/.exec(readme) ?? [];
    const { addresses } = await serve(t, await temporaryFolder(t), ["--web-port", "0"]);
    const env = { ...process.env, WAYSTATION_WEB: addresses.web?.url };
    const { stdout } = await execute("bash", ["-c", commands], { env, timeout: 20_000 });
    const answers = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(answers[1], { station: "ORDERS", sequence: 1, duplicate: false });
    assert.equal(answers[2]?.["stored"], 2);
    assert.deepEqual(answers.at(-1), { settled: 2, unknown: [] });
  });

  it("shows an MQTT device that works", async (t) => {
    const { addresses } = await serve(t, await temporaryFolder(t), ["--mqtt-port", "0"]);
    const stdout = await runExample(t, "mqtt", { WAYSTATION_MQTT: addresses.mqtt?.url ?? "" });
    assert.equal(stdout, "plant/press-4/reading 81.5\n");
  });

  it("lists every option and every limit as the program knows them", () => {
    assert.ok(readme.includes(optionsMarkdown(serveOptions)));
    assert.ok(readme.includes(limitsMarkdown()));
  });

  it("shows an embedded broker that works", async (t) => {
    const stdout = await runExample(t, "embedded", {});
    assert.match(stdout, /^NATS clients connect to nats:\/\/127\.0\.0\.1:\d+\nplant.press-4.alarm too hot\non disk as 1\n$/);
  });

  it("shows a configuration file that is well", async (t) => {
    const folder = await temporaryFolder(t);
    const [, yaml = ""] = /```yaml\n([^]*?)```/.exec(readme) ?? [];
    await writeFile(path.join(folder, "waystation.yaml"), yaml);
    const ended = await waystation(["check", "waystation.yaml"], { folder });
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
    assert.match(ended.stdout, /is well: 3 users/);
  });

  it("names the test command that package.json has", async () => {
    const { scripts } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
    assert.ok(scripts["test"]);
    assert.match(readme, /npm ci && npm test/);
  });

  it("lists every word of the glossary once", () => {
    const words = [...readme.matchAll(/^\| ([a-z ,]+) \| .*$/gm)].map(([, word]) => word);
    assert.equal(new Set(words).size, words.length);
    for (const word of ["station", "consumer group", "sequence", "tenant", "outbox"]) assert.ok(words.includes(word), word);
  });
});
