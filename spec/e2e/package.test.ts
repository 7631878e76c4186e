/** The package as a user gets it: packed, installed into an empty folder, started with `npx waystation`. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect } from "nats";
import { eventually } from "../support/eventually.ts";
import type { Addresses } from "../support/program.ts";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Without what an npx around the tests would tell the one inside them. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

describe("the package", () => {
  let folder = "";
  let packed: Packed = { filename: "", files: [] };

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "waystation-package-"));
    packed = await pack(folder);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it("holds the program, its types and the conformance suites, and no sources, specs or benches", async () => {
    const files = packed.files.map((file) => file.path);
    const manifest = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
      exports: Record<string, { types: string; default: string } | string>;
      bin: Record<string, string>;
    };
    for (const entry of Object.values(manifest.exports)) {
      for (const target of typeof entry === "string" ? [entry] : [entry.types, entry.default])
        assert.ok(files.includes(target.slice(2)), target);
    }
    for (const target of [...Object.values(manifest.bin), "README.md", "LICENSE", "CHANGELOG.md"])
      assert.ok(files.includes(target), target);
    const strays = files.filter((file) => /\.test\.|^(lib|transports|spec|bench)\/|^dist\/bench/.test(file));
    assert.deepEqual(strays, []);
  });

  it("starts with npx in an empty folder and serves", async (t) => {
    await writeFile(path.join(folder, "package.json"), JSON.stringify(await manifestFor(packed.filename)));
    await execute("npm", ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder, env });
    const version = await execute("npx", ["--no", "waystation", "version", "--json"], { cwd: folder, env });
    assert.match(version.stdout, /^\{"version":"\d+\.\d+\.\d+/);
    const child = spawn(
      "npx",
      ["--no", "waystation", "serve", "--port", "0", "--web-port", "off", "--mqtt-port", "off", "--addresses-file", "a.json"],
      {
        cwd: folder,
        env,
        stdio: "ignore",
      },
    );
    t.after(() => child.kill("SIGKILL"));
    const addresses = await eventually(
      "the broker",
      async () => JSON.parse(await readFile(path.join(folder, "a.json"), "utf8")) as Addresses,
    );
    const nc = await connect({ servers: addresses.nats?.url ?? "" });
    await nc.close();
    process.kill(addresses.pid, "SIGTERM");
    await eventually("its end", () => child.exitCode !== null);
  });
});

async function pack(folder: string): Promise<Packed> {
  // Without scripts: packing must not rebuild the dist that the tests run from.
  const { stdout } = await execute("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], { cwd: root });
  const [packed] = JSON.parse(stdout) as Packed[];
  assert.ok(packed);
  return packed;
}

/** Dependencies come from this clone, so that no registry is needed. */
async function manifestFor(filename: string): Promise<unknown> {
  const { dependencies } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  const local = Object.fromEntries(Object.keys(dependencies).map((name) => [name, `file:${path.join(root, "node_modules", name)}`]));
  return { private: true, dependencies: { waystation: `file:./${filename}` }, overrides: local };
}
