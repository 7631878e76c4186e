/** A real process, a real disk, and `kill -9` at any moment, over and over on the same folder. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SystemClock } from "../../lib/clock.ts";
import { NodeDisk } from "../../store/disk.ts";
import { FileStore, checkFolder } from "../../store/file-store.ts";
import { effort, seedOf } from "../support/effort.ts";
import { SimRandom } from "../support/sim-random.ts";
import { openStore } from "../support/store-driver.ts";

/** Lets a writer run until it has acknowledged some more and then a moment longer, kills it, and returns its last word. */
async function writeAndKill(folder: string, lines: number, random: SimRandom): Promise<number[]> {
  const script = fileURLToPath(new URL("./killed-writer.js", import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let said = "";
  let left = lines;
  child.stdout.on("data", (data: Buffer) => {
    said += data.toString();
    left -= data.toString().split("\n").length - 1;
    if (left <= 0) setTimeout(() => child.kill("SIGKILL"), Math.floor(random.fraction() * 20));
  });
  await ended;
  const whole = said.split("\n").slice(0, -1);
  assert.deepEqual(
    whole.filter((line) => line.startsWith("fault")),
    [],
  );
  return (whole.at(-1) ?? "").split(" ").map(Number);
}

test("what a killed process acknowledged is there, time after time", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "waystation-kill-"));
  const random = new SimRandom(seedOf(4));
  for (let round = 0; round < effort(4, 40); round++) {
    const acknowledged = await writeAndKill(folder, 20 + Math.floor(random.fraction() * 100), random);
    assert.equal(acknowledged.length, 3);
    const report = await checkFolder(new NodeDisk(), folder);
    assert.deepEqual(
      report.findings.filter((finding) => finding.kind === "damage"),
      [],
    );
    const store = new FileStore({ folder, clock: new SystemClock(), random, durability: "always" });
    const { driver, logs } = await openStore(store);
    for (const [index, name] of ["a", "b", "c"].entries()) {
      const log = logs.find((each) => each.definition.name === name);
      assert.ok(log !== undefined);
      assert.ok(log.state.lastSequence >= acknowledged[index]!, `${name} has what was acknowledged`);
      const records = await driver.read(log);
      assert.equal(records.length, log.state.lastSequence);
      for (const [at, record] of records.entries()) {
        assert.equal(record.sequence, at + 1);
        assert.ok(record.payload.startsWith(`${name} `));
      }
    }
    assert.equal(driver.fatal, false);
    await store.close();
  }
  await rm(folder, { recursive: true });
});
