/** A broker under load: Waystation or nats-server, started as a child process on a free port with a fresh folder, and stopped again. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type PeerName = "waystation" | "nats-server";

export interface PeerSettings {
  /** Options of `waystation serve`. */
  readonly waystation: readonly string[];
  /** Lines inside nats-server's `jetstream {}`. */
  readonly natsServer: string;
  /** A WebSocket door too. */
  readonly web?: boolean;
}

export class Peer {
  readonly name: PeerName;
  readonly port: number;
  /** Of its WebSocket door; 0 when its settings asked for none. */
  readonly webPort: number;
  readonly folder: string;
  /** From its start until it accepted connections, milliseconds. */
  readonly readyMs: number;
  readonly #process: ChildProcess;

  constructor(
    name: PeerName,
    ports: { readonly nats: number; readonly web: number },
    folder: string,
    child: ChildProcess,
    startedMs: number,
  ) {
    this.readyMs = performance.now() - startedMs;
    this.name = name;
    this.port = ports.nats;
    this.webPort = ports.web;
    this.folder = folder;
    this.#process = child;
  }

  /** Resident memory, MiB. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }

  /** Ends the process and keeps its folder. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => void this.#process.once("exit", () => resolve()));
    this.#process.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The nats-server to compare with: NATS_SERVER, or the one on PATH; undefined when there is none. */
export async function findNatsServer(): Promise<string | undefined> {
  const named = process.env["NATS_SERVER"];
  if (named !== undefined && named !== "") return named;
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/sbin"];
  for (const folder of folders) {
    const candidate = path.join(folder, "nats-server");
    if ((await readFile(candidate).catch(() => undefined)) !== undefined) return candidate;
  }
  return undefined;
}

const main = new URL("../transports/cli/main.js", import.meta.url).pathname;

/** Starts a broker over `folder`, a fresh one below `base` unless it is given, and resolves when it accepts connections. */
export async function startPeer(name: PeerName, base: string, settings: PeerSettings, natsServer: string, folder?: string): Promise<Peer> {
  const home = folder ?? (await mkdtemp(path.join(base, `${name}-`)));
  return name === "waystation" ? startWaystation(home, settings) : startNatsServer(home, settings, natsServer);
}

async function startWaystation(home: string, settings: PeerSettings): Promise<Peer> {
  const addresses = path.join(home, "addresses.json");
  await rm(addresses, { force: true });
  const args = [
    "serve",
    "--port",
    "0",
    "--web-port",
    settings.web === true ? "0" : "off",
    "--mqtt-port",
    "off",
    "--data",
    path.join(home, "data"),
  ];
  const startedMs = performance.now();
  const child = spawn(process.execPath, [main, ...args, "--addresses-file", addresses, ...settings.waystation], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const found = await until(child, async () => JSON.parse(await readFile(addresses, "utf8")) as Addresses);
  return new Peer("waystation", { nats: found.nats.port, web: found.web?.port ?? 0 }, home, child, startedMs);
}

/** Of the address file, what is needed here. */
interface Addresses {
  readonly nats: { readonly port: number };
  readonly web?: { readonly port: number };
}

async function startNatsServer(home: string, settings: PeerSettings, program: string): Promise<Peer> {
  const port = await freePort();
  const web = settings.web === true ? await freePort() : 0;
  const webLines = web === 0 ? "" : `websocket { listen: "127.0.0.1:${web}", no_tls: true }\n`;
  const config = path.join(home, "nats.conf");
  const log = path.join(home, "nats.log");
  await writeFile(
    config,
    `listen: 127.0.0.1:${port}\nlog_file: "${log}"\n${webLines}jetstream {\n store_dir: "${home}"\n ${settings.natsServer}\n}\n`,
  );
  const startedMs = performance.now();
  const child = spawn(program, ["-c", config], { stdio: ["ignore", "ignore", "inherit"] });
  await until(child, () => accepts(port));
  return new Peer("nats-server", { nats: port, web }, home, child, startedMs);
}

/** Tries until it works; a process that ended will never. */
async function until<T>(child: ChildProcess, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`the broker ended with code ${child.exitCode} before it was ready`, { cause: error });
      if (tries > 30_000) throw error;
    }
    await sleep(2);
  }
}

function accepts(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", reject);
    socket.once("data", () => {
      socket.destroy();
      resolve();
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
