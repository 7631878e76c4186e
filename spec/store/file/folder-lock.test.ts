/** One owner per folder, for as long as its process lives and no longer. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { NodeDisk } from "../../../store/disk.ts";

const disk = new NodeDisk();

test("a folder has one owner, and another after it is released", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "waystation-lock-"));
  const first = await disk.lock(folder);
  assert.ok(first !== undefined);
  assert.equal(await disk.lock(folder), undefined);
  await first.release();
  const second = await disk.lock(folder);
  assert.ok(second !== undefined);
  await second.release();
  await rm(folder, { recursive: true });
});

test("the folder of a killed owner is free at once, that of a living one is not", async () => {
  // Long on purpose: a socket's own path may have 107 bytes only.
  const folder = await mkdtemp(path.join(os.tmpdir(), `waystation-lock-${"x".repeat(120)}-`));
  const source = `import { NodeDisk } from ${JSON.stringify(new URL("../../../store/disk.js", import.meta.url).href)};
    const lock = await new NodeDisk().lock(${JSON.stringify(folder)});
    setInterval(() => {}, 1000);
    process.stdout.write(lock === undefined ? "taken" : "mine");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const said = await new Promise<string>((resolve) => child.stdout.once("data", (data: Buffer) => resolve(data.toString())));
  assert.equal(said, "mine");
  assert.equal(await disk.lock(folder), undefined);
  child.kill("SIGKILL");
  await ended;
  const lock = await disk.lock(folder);
  assert.ok(lock !== undefined);
  await lock.release();
  await rm(folder, { recursive: true });
});
