/**
 * `waystation nats-server`: a broker where scripts, compose files and test launchers start `nats-server`, with its flags, its configuration
 * format, its ports file, signals, log lines and exit codes. Owns the process; what it runs is the same broker as `waystation serve`.
 */
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { SystemClock } from "../../lib/clock.ts";
import { BrokerError } from "../../lib/errors.ts";
import { natsVersion } from "../nats/info.ts";
import { parseServerFlags } from "./flags.ts";
import type { ServerFlags } from "./flags.ts";
import { usageText } from "./usage.ts";
import { writePortsFile, portsFileOf } from "./ports-file.ts";
import { ServerLog } from "./server-log.ts";
import { serverOptionsOf } from "./server-options.ts";
import type { ServerOptions } from "./server-options.ts";
import { sendSignal } from "./signals.ts";

/** What it sees of the world; `cli/terminal.ts` has the same. */
export interface ServerTerminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  write(text: string): void;
  note(line: string): void;
}

/** Resolves with the exit code. */
export async function runNatsServer(args: readonly string[], terminal: ServerTerminal): Promise<number> {
  try {
    const flags = parseServerFlags(args);
    if (flags.has("help")) {
      terminal.write(usageText);
      return 0;
    }
    if (flags.has("version")) {
      terminal.write(`nats-server: v${natsVersion}\n`);
      return 0;
    }
    const signal = flags.value("signal");
    if (signal !== undefined) {
      sendSignal(signal);
      return 0;
    }
    return await serve(flags, terminal);
  } catch (error) {
    terminal.note(`nats-server: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof BrokerError && error.code === "usage" ? 2 : 1;
  }
}

async function serve(flags: ServerFlags, terminal: ServerTerminal): Promise<number> {
  const readText = (file: string): string => readFileSync(file, "utf8");
  const world = { folder: terminal.folder, environment: terminal.env, readText, temporaryFolder: tmpdir() };
  const options = serverOptionsOf(flags, world);
  if (flags.has("test")) {
    const file = options.configFile;
    if (file === undefined) throw new BrokerError("usage", "-t needs a configuration file: -c FILE");
    const digest = createHash("sha256").update(readText(file)).digest("hex");
    terminal.note(`nats-server: configuration file ${file} is valid (sha256:${digest})`);
    return 0;
  }
  const log = new ServerLog(new SystemClock(), process.pid, (line) => terminal.note(line), options.logFile, options.debug);
  const running = new RunningServer(log, () => serverOptionsOf(flags, world));
  try {
    await running.start(options);
  } catch (error) {
    log.line("FTL", error instanceof Error ? error.message : String(error));
    return 1;
  }
  await running.stopped();
  log.close();
  return 0;
}

/** How long a lame duck may take until it is gone, when nothing else is said. */
const lameDuckMs = 120_000;

class RunningServer {
  readonly #log: ServerLog;
  readonly #configure: () => ServerOptions;
  #broker: import("../configured.ts").ConfiguredBroker | undefined;
  #files: string[] = [];
  #stopping: (() => void) | undefined;
  #stop = false;
  #lameDuck = false;

  constructor(log: ServerLog, configure: () => ServerOptions) {
    this.#log = log;
    this.#configure = configure;
  }

  async start(options: ServerOptions): Promise<void> {
    const log = this.#log;
    this.#hear();
    log.line("INF", "Starting nats-server");
    log.line("INF", `  Version:  ${natsVersion}`);
    log.line("INF", "  Git:      [waystation]");
    for (const warning of options.warnings) log.line("WRN", warning);
    if (options.configFile !== undefined) log.line("INF", `Using configuration file: ${options.configFile}`);
    const [{ ConfiguredBroker }, { userRequests }, { readVersion }] = await Promise.all([
      import("../configured.ts"),
      import("../admin/user-requests.ts"),
      import("../version.ts"),
    ]);
    const broker = await ConfiguredBroker.open(options.config, {
      version: await readVersion(),
      report: (message) => log.line("ERR", message),
      log: (line) => log.line("DBG", line.trimEnd()),
    });
    this.#broker = broker;
    broker.opened.tenants.serve(userRequests(broker.users));
    const { nats, web, monitor, mqtt } = broker.addresses;
    log.line("INF", `  Name:     ${broker.opened.nats.serverInfo.serverName}`);
    log.line("INF", `  ID:       ${broker.opened.nats.serverInfo.serverId}`);
    if (options.config.jetStream?.enabled === true) log.line("INF", `  Store Directory: "${options.config.data}"`);
    if (monitor !== undefined) log.line("INF", `Starting http monitor on ${monitor.host}:${monitor.port}`);
    if (web !== undefined) log.line("INF", `Listening for websocket clients on ${web.url.replace(/^http/, "ws")}`);
    if (mqtt !== undefined) log.line("INF", `Listening for MQTT clients on ${mqtt.url}`);
    if (nats !== undefined) log.line("INF", `Listening for client connections on ${nats.host}:${nats.port}`);
    log.line("INF", "Server is ready");
    if (options.pidFile !== undefined) {
      await writeFile(options.pidFile, String(process.pid));
      this.#files.push(options.pidFile);
    }
    if (options.portsFileDir !== undefined) {
      const file = portsFileOf(options.portsFileDir, process.pid);
      this.#files.push(file);
      const { tls, webTls } = options.config;
      await writePortsFile(file, broker.addresses, { nats: tls !== undefined, web: webTls !== undefined && webTls !== "off" });
    }
  }

  /** Resolves once a signal has ended it and everything is closed. */
  async stopped(): Promise<void> {
    if (!this.#stop) await new Promise<void>((resolve) => (this.#stopping = resolve));
    this.#log.line("INF", "Initiating Shutdown...");
    for (const file of this.#files) await rm(file, { force: true });
    await this.#broker?.close();
    this.#log.line("INF", "Server Exiting..");
  }

  #hear(): void {
    const end = (signal: string): void => {
      this.#log.line("INF", `Trapped "${signal}" signal`);
      if (this.#stop) process.exit(0);
      this.#end();
    };
    process.on("SIGINT", () => end("interrupt"));
    process.on("SIGTERM", () => {
      if (!this.#lameDuck) end("terminated");
    });
    process.on("SIGQUIT", () => process.exit(2));
    process.on("SIGUSR1", () => this.#log.reopen());
    process.on("SIGUSR2", () => void this.#becomeLameDuck());
    process.on("SIGHUP", () => void this.#reload());
    // A lame duck whose last client has gone keeps nothing alive that could end it.
    process.once("beforeExit", () => this.#end());
  }

  #end(): void {
    this.#stop = true;
    this.#stopping?.();
  }

  async #reload(): Promise<void> {
    const log = this.#log;
    try {
      const options = this.#configure();
      log.debugOn = options.debug;
      const restart = await this.#broker?.reload(options.config);
      for (const key of restart ?? []) log.line("WRN", `a restart is needed to change ${key}`);
      log.line("INF", "Reloaded server configuration");
    } catch (error) {
      log.line("ERR", `Failed to reload server configuration: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #becomeLameDuck(): Promise<void> {
    const nats = this.#broker?.opened.nats;
    if (nats === undefined || this.#lameDuck) return;
    this.#lameDuck = true;
    this.#log.line("INF", "Entering lame duck mode, stop accepting new clients");
    await nats.announceLameDuck();
    const clock = new SystemClock();
    const endMs = clock.monotonicMs() + lameDuckMs;
    const look = (): void => {
      if (nats.sessions.size === 0 || clock.monotonicMs() > endMs) this.#end();
      else clock.after(100, look);
    };
    clock.after(nats.limits.lameDuckMs, look);
  }
}
