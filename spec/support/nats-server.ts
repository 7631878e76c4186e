/** A real nats-server, when one is installed: to hold our recorded expectations against their source. */
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

export interface RealServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Path of nats-server 2.12 or later (from `NATS_SERVER` or the PATH), or why there is none. */
export function findNatsServer(): { readonly path: string } | { readonly missing: string } {
  const path = process.env["NATS_SERVER"] ?? "nats-server";
  const found = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (found.error !== undefined) return { missing: "nats-server is not installed (set NATS_SERVER=PATH)" };
  const [, major = "0", minor = "0"] = /v(\d+)\.(\d+)/.exec(found.stdout) ?? [];
  if (Number(major) * 1000 + Number(minor) < 2012) return { missing: `${found.stdout.trim()} is older than 2.12 (set NATS_SERVER=PATH)` };
  return { path };
}

/** `more` are further arguments, e.g. `-js -sd DIR`. */
export async function startNatsServer(path: string, more: readonly string[] = []): Promise<RealServer> {
  const port = await freePort();
  const server = spawn(path, ["-a", "127.0.0.1", "-p", String(port), ...more], { stdio: ["ignore", "ignore", "pipe"] });
  await new Promise<void>((resolve, reject) => {
    let log = "";
    server.once("exit", () => reject(new Error(`nats-server ended: ${log}`)));
    server.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes("Server is ready")) resolve();
    });
  });
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.removeAllListeners("exit");
        server.once("exit", () => resolve());
        server.kill();
      }),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
