/** What a command sees of the world around it: arguments' folder, environment, the three streams. Injected, so that specs can watch. */

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The caller's folder: relative paths start here. */
  readonly folder: string;
  /** True when a person watches stdout. */
  readonly interactive: boolean;
  /** True when a person watches stderr: progress goes there. */
  readonly progress: boolean;
  /** True when stdin is a keyboard, so that a question can be answered. */
  readonly keyboard: boolean;
  readonly input: AsyncIterable<Buffer>;
  /** To stdout, as it is. */
  write(text: string | Uint8Array): void;
  /** A line to stderr. */
  note(line: string): void;
  /** To stderr without a line end: progress. */
  trace(text: string): void;
  /** Runs `action` when the person or the system asks the command to stop. */
  onStop(action: () => void): void;
}

/** `npm start` changes into the package's folder first, and leaves word where it was called. */
function callersFolder(process: NodeJS.Process): string {
  const { env } = process;
  const started = env["npm_lifecycle_event"] === "start" && env["npm_package_name"] === "waystation";
  return (started ? env["INIT_CWD"] : undefined) ?? process.cwd();
}

export function processTerminal(process: NodeJS.Process): Terminal {
  return {
    env: process.env,
    folder: callersFolder(process),
    interactive: process.stdout.isTTY,
    progress: process.stderr.isTTY,
    keyboard: process.stdin.isTTY && process.stdout.isTTY,
    input: process.stdin,
    write: (text): void => void process.stdout.write(text),
    note: (line): void => void process.stderr.write(`${line}\n`),
    trace: (text): void => void process.stderr.write(text),
    onStop: (action): void => {
      process.once("SIGINT", action);
      process.once("SIGTERM", action);
    },
  };
}
