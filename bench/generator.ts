/** The load generator: compiles `load/natsload.c` once and runs it, reading the `name=value` pairs it prints. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import path from "node:path";

const execute = promisify(execFile);
const source = new URL("../../bench/load/natsload.c", import.meta.url).pathname;

export class Generator {
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
  }

  static async compile(folder: string): Promise<Generator> {
    const program = path.join(folder, "natsload");
    await execute(process.env["CC"] ?? "cc", ["-O2", "-w", "-o", program, source]);
    return new Generator(program);
  }

  /** Runs one mode against a port; the numbers of its result line by name. */
  async run(mode: string, port: number, args: readonly (string | number)[]): Promise<ReadonlyMap<string, number>> {
    const { stdout } = await execute(this.#program, [mode, "-p", `${port}`, ...args.map(String)], { maxBuffer: 1 << 24 });
    return numbers(stdout);
  }

  /** One request to the JetStream API. Throws when the answer is an error. */
  async api(port: number, subject: string, payload: unknown): Promise<void> {
    await execute(this.#program, ["api", "-p", `${port}`, "-s", subject, "-d", payload === undefined ? "" : JSON.stringify(payload)]);
  }

  /** Opens connections, calls `meanwhile` while they are held, then lets them go. */
  async hold<T>(port: number, connections: number, args: readonly string[], meanwhile: () => Promise<T>): Promise<T> {
    const child = execFile(this.#program, ["conns", "-p", `${port}`, "-P", `${connections}`, "-t", "600", ...args]);
    try {
      await new Promise<void>((resolve, reject) => {
        child.stdout?.once("data", () => resolve());
        child.once("exit", (code) =>
          reject(new Error(`opening ${connections} connections failed with code ${code}: raise the limit of open files`)),
        );
      });
      return await meanwhile();
    } finally {
      child.kill();
    }
  }
}

function numbers(line: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const pair of line.trim().split(/\s+/)) {
    const [name = "", value = ""] = pair.split("=");
    if (!Number.isNaN(Number(value))) found.set(name, Number(value));
  }
  return found;
}
