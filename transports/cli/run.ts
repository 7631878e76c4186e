/**
 * The `waystation` command: finds the command, loads only what it needs, and turns whatever goes wrong into one line on stderr and an
 * exit code. It is the only file that ends the process.
 */
import { commandOf } from "./commands.ts";
import { exitCodeOf, sentenceOf } from "./failure.ts";
import { helpText, overview } from "./help.ts";
import { parseInvocation } from "./invocation.ts";
import { processTerminal } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { command, rest } = commandOf(args);
  if (command === undefined) {
    terminal.write(overview());
    return 0;
  }
  if (command.name !== "nats-server" && (rest.includes("--help") || rest.includes("-h"))) {
    terminal.write(await helpText(command));
    return 0;
  }
  const invocation = parseInvocation(command, rest);
  const module = await command.load();
  return module.run(invocation, terminal);
}

const terminal = processTerminal(process);

function fail(error: unknown): void {
  terminal.note(`waystation: ${sentenceOf(error)}`);
  if (error instanceof Error && process.env["WAYSTATION_DEBUG"] === "1") terminal.note(error.stack ?? "");
  process.exitCode = exitCodeOf(error);
}

process.on("uncaughtException", (error) => {
  fail(error);
  process.exit();
});
// A reader that has gone (`waystation sub … | head`) is no failure, and nothing to a broker.
process.stdout.on("error", () => {
  if (process.argv[2] !== "serve" && process.argv[2] !== "nats-server") process.exit(0);
});

try {
  process.exitCode = await run(process.argv.slice(2), terminal);
} catch (error) {
  fail(error);
  // A half-open connection must not keep a failed command alive.
  process.exit();
}
