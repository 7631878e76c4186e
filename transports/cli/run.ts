/**
 * The `waystation` command as a process: turns whatever goes wrong into one line on stderr and an exit code. It is the only file that
 * ends the process.
 */
import { exitCodeOf, sentenceOf } from "./failure.ts";
import { runCommand } from "./run-command.ts";
import { processTerminal } from "./terminal.ts";

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
  process.exitCode = await runCommand(process.argv.slice(2), terminal);
} catch (error) {
  fail(error);
  // A half-open connection must not keep a failed command alive.
  process.exit();
}
