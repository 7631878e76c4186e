/**
 * `npm run bench:peers`: Waystation and nats-server in turn under the same load, medians of several runs, ratios as a table and as JSON.
 *
 *   npm run bench:peers -- [--runs 5] [--scale 1] [--only publish,durable] [--heavy] [--folder DIR] [--json FILE]
 *
 * `--heavy` adds what takes gigabytes of disk: opening a folder of 5 GB in 1,000 stations, and publishing up to 20 GB (both × scale).
 *
 * The two are started afresh for every number, and their runs alternate, so that a slow minute of the machine meets both.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { growth, openTimes } from "./endurance.ts";
import { Generator } from "./generator.ts";
import { keyValueMeasurements } from "./key-value.ts";
import { measurements } from "./measurements.ts";
import type { Measurement } from "./measurements.ts";
import { findNatsServer, startPeer } from "./peer.ts";
import type { Peer, PeerName } from "./peer.ts";
import { rawJournalWrite } from "./raw-journal.ts";
import { report } from "./report.ts";
import type { Result } from "./report.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    scale: { type: "string", default: "1" },
    only: { type: "string" },
    folder: { type: "string", default: tmpdir() },
    json: { type: "string" },
    heavy: { type: "boolean", default: false },
  },
});

await mkdir(values.folder, { recursive: true });
const base = await mkdtemp(path.join(values.folder, "waystation-bench-"));
const natsServer = await findNatsServer();
if (natsServer === undefined) console.error("no nats-server on PATH and NATS_SERVER is not set: measuring Waystation alone");
const only = values.only?.split(",");
const results: Result[] = [];
try {
  const load = await Generator.compile(base);
  for (const measurement of [...measurements, ...keyValueMeasurements]) {
    if (only !== undefined && !only.includes(measurement.name)) continue;
    results.push(await compare(measurement, load, Number(values.runs), Number(values.scale)));
    console.error(`${measurement.name}: ${JSON.stringify(results.at(-1)?.runs)}`);
  }
  const rawUs = results.some((result) => result.measurement.name === "one-at-a-time") ? await rawJournalWrite(base, 2000) : undefined;
  const made = report(results, rawUs);
  console.log(made.table);
  if (values.heavy) await heavy(load, Number(values.scale));
  if (values.json !== undefined) {
    const machine = { cores: cpus().length, model: cpus()[0]?.model ?? "", node: process.version };
    await writeFile(
      values.json,
      `${JSON.stringify({ machine, runs: Number(values.runs), scale: Number(values.scale), ...made.json }, undefined, 2)}\n`,
    );
  }
} finally {
  await rm(base, { recursive: true, force: true });
}

async function heavy(load: Generator, scale: number): Promise<void> {
  const open = await openTimes(base, load, 5e9 * scale);
  console.log(
    `Opening, process start included: empty ${open.empty.toFixed(0)} ms; ${(open.bytes / 1e9).toFixed(1)} GB in 1,000 stations after a clean close ${open.clean.toFixed(0)} ms (wanted ≤ 1000), after SIGKILL under load ${open.killed.toFixed(0)} ms (wanted ≤ 2500).`,
  );
  const { windows, p99Ms } = await growth(base, load, 20e9 * scale, Math.round(2_000_000 * scale));
  const [first = 0] = windows;
  const drift = windows.map((rate) => Math.abs(rate / first - 1)).reduce((a, b) => Math.max(a, b), 0);
  console.log(
    `Publishing up to ${(20 * scale).toFixed(1)} GB, 1,000-byte messages: ${windows.map((rate) => Math.round(rate).toLocaleString("en-US")).join(", ")} a second; furthest from the first window ${(drift * 100).toFixed(0)} % (wanted ≤ 20 %); worst p99 ${p99Ms.toFixed(1)} ms (wanted ≤ 10).`,
  );
}

/** One run on a fresh broker. A machine that slept in the middle fails a run; it is told and made again, once. */
async function once(measurement: Measurement, name: PeerName, load: Generator, scale: number, again: boolean = true): Promise<number> {
  const peer: Peer = await startPeer(name, base, measurement.settings, natsServer ?? "");
  try {
    return await measurement.run(peer, load, scale);
  } catch (error) {
    console.error(`${measurement.name} on ${name} failed${again ? ", once more" : ""}: ${String(error)}`);
    if (!again) throw error;
  } finally {
    await peer.remove();
  }
  return once(measurement, name, load, scale, false);
}

async function compare(measurement: Measurement, load: Generator, runs: number, scale: number): Promise<Result> {
  const names = measurement.peers.filter((name) => name === "waystation" || natsServer !== undefined);
  const numbers = new Map<PeerName, number[]>(names.map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const name of names) {
      numbers.get(name)?.push(await once(measurement, name, load, scale));
    }
  }
  return { measurement, runs: Object.fromEntries(numbers) };
}
