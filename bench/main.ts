/**
 * `npm run bench`: every part under `bench/parts/` in a process of its own, then the loopback round: a broker as a child process, measured
 * by its own command. Words after `--` choose parts by name: `npm run bench -- router loopback`.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startPeer } from "./peer.ts";

const wanted = process.argv.slice(2);
const chosen = (name: string): boolean => wanted.length === 0 || wanted.some((word) => name.includes(word));

const parts = new URL("parts/", import.meta.url).pathname;
for (const file of (await readdir(parts)).toSorted()) {
  if (!file.endsWith(".bench.js") || !chosen(file)) continue;
  console.log(`\n== ${file.slice(0, -".bench.js".length)}`);
  await runNode([path.join(parts, file)]);
}
if (chosen("loopback")) await loopback();

async function loopback(): Promise<void> {
  const base = await mkdtemp(path.join(tmpdir(), "waystation-bench-"));
  try {
    console.log("\n== loopback, through an ordinary client");
    const peer = await startPeer("waystation", base, { waystation: [], natsServer: "" }, "");
    const main = new URL("../transports/cli/main.js", import.meta.url).pathname;
    await runNode([main, "bench", "--server", `nats://127.0.0.1:${peer.port}`]);
    await peer.stop();
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

function runNode(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: "inherit" });
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${args[0] ?? ""} ended with code ${code}`))));
  });
}
