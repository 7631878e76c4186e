/** `kill -9` in the middle of routing, over and over on the same folder: every matching record is copied, and none twice. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Station } from "../../lib/station/station.ts";
import { createBroker } from "../../transports/index.ts";
import { effort, seedOf } from "../support/effort.ts";
import { eventually } from "../support/eventually.ts";
import { SimRandom } from "../support/sim-random.ts";

/** Returns the last sequence that was acknowledged. */
async function routeAndKill(folder: string, random: SimRandom): Promise<number> {
  const script = fileURLToPath(new URL("./killed-router.js", import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let said = "";
  let left = 10 + Math.floor(random.fraction() * 60);
  child.stdout.on("data", (data: Buffer) => {
    said += data.toString();
    left -= data.toString().split("\n").length - 1;
    if (left <= 0) setTimeout(() => child.kill("SIGKILL"), Math.floor(random.fraction() * 5));
  });
  await ended;
  return Number(said.split("\n").at(-2));
}

/** The numbers in a station's messages, in order. */
async function numbers(station: Station): Promise<number[]> {
  const cursor = station.log.cursor(1, undefined);
  const found: number[] = [];
  for (let step = cursor.next(); step !== "end"; step = cursor.next()) {
    if (step === "loading") await new Promise<void>((resolve) => (cursor.onReady = resolve));
    if (step !== "record") continue;
    const { buffer, bodyStart, headerBytes, bodyEnd } = cursor.view;
    found.push((JSON.parse(buffer.toString("utf8", bodyStart + headerBytes, bodyEnd)) as { n: number }).n);
  }
  cursor.close();
  return found;
}

test("a broker killed while it routes loses no copy of what it stored and makes none twice, though the targets remember no ids", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "waystation-routes-"));
  const random = new SimRandom(seedOf(6));
  try {
    for (let round = 0; round < effort(2, 30); round++) {
      const acknowledged = await routeAndKill(folder, random);
      await using broker = await createBroker({ data: folder });
      const connection = await broker.connect();
      const [s, t, u] = ["S", "T", "U"].map((name) => broker.station(name) ?? assert.fail(name));
      assert.ok(s !== undefined && t !== undefined && u !== undefined);
      assert.ok(s.log.state.lastSequence >= acknowledged);
      await eventually("the routes to catch up", async () => {
        const { routes } = (await connection.request("$WAYSTATION.ROUTE.LIST")).json() as { routes: { stations: { lag: number }[] }[] };
        return routes.length === 2 && routes.every(({ stations }) => stations[0]?.lag === 0);
      });
      const stored = await numbers(s);
      assert.deepEqual(
        await numbers(t),
        stored.filter((n) => n % 2 === 0),
      );
      assert.deepEqual(await numbers(u), stored);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
