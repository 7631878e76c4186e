/** The built `waystation` program as a child process (or, for commands, in this one): what it prints, how it ends, and a running broker on free ports with a folder of its own. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { exitCodeOf, sentenceOf } from "../../transports/cli/failure.ts";
import { runCommand } from "../../transports/cli/run-command.ts";
import type { Terminal } from "../../transports/cli/terminal.ts";
import { eventually } from "./eventually.ts";

export const mainPath: string = fileURLToPath(new URL("../../transports/cli/main.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly folder?: string;
  readonly input?: string;
}

export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[], options: ProgramOptions = {}) {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("WAYSTATION_") && name !== "NODE_TEST_CONTEXT"),
    );
    const child = spawn(process.execPath, [mainPath, ...args], {
      cwd: options.folder ?? tmpdir(),
      env: { ...env, ...options.env },
      stdio: "pipe",
    });
    this.child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs a command to its end in this process, which saves the start of a program; what it prints and its exit code are the same. */
export async function command(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  const terminal: Terminal = {
    env: options.env ?? {},
    folder: options.folder ?? tmpdir(),
    interactive: false,
    progress: false,
    keyboard: false,
    input: Readable.from([Buffer.from(options.input ?? "")]),
    write: (text): void => void (stdout += typeof text === "string" ? text : Buffer.from(text).toString()),
    note: (line): void => void (stderr += `${line}\n`),
    trace: (text): void => void (stderr += text),
    onStop: () => undefined,
  };
  const code = await runCommand(args, terminal).catch((error: unknown) => {
    terminal.note(`waystation: ${sentenceOf(error)}`);
    return exitCodeOf(error);
  });
  return { code, signal: null, stdout, stderr };
}

/** Runs a command as a program to its end; one that does not end within 15 s is killed. */
export async function waystation(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  const program = new Program(args, options);
  const guard = setTimeout(() => program.child.kill("SIGKILL"), 15_000);
  const ended = await program.ended;
  clearTimeout(guard);
  return ended;
}

export interface Door {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export interface Addresses {
  readonly pid: number;
  readonly nats?: Door;
  readonly web?: Door;
  readonly mqtt?: Door;
}

/** A broker that accepts connections. */
export interface Served {
  readonly program: Program;
  readonly addresses: Addresses;
  /** The NATS door's URL. */
  readonly url: string;
  readonly data: string;
}

/** Long: another test may keep the disk busy. */
const startDeadlineMs = 30_000;

/** Starts `waystation serve` over `folder` and waits for its address file. Killed at the end of the test, if it still runs. */
export async function serve(t: TestContext, folder: string, args: readonly string[] = [], options: ProgramOptions = {}): Promise<Served> {
  const file = path.join(folder, `addresses-${Math.random().toString(36).slice(2)}.json`);
  const data = path.join(folder, "data");
  const doors = ["--port", "0", "--web-port", "off", "--mqtt-port", "off"];
  const program = new Program(["serve", ...doors, "--data", data, "--addresses-file", file, ...args], { folder, ...options });
  t.after(() => program.kill("SIGKILL"));
  const addresses = await eventually(
    "the broker's address file",
    async () => {
      if (!program.running) throw new Error(`the broker ended: ${program.stderr}`);
      return JSON.parse(await readFile(file, "utf8")) as Addresses;
    },
    startDeadlineMs,
  );
  await rm(file);
  return { program, addresses, url: addresses.nats?.url ?? "", data };
}

/** A folder that is gone after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "waystation-spec-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
