/** One `waystation` command from its words to its exit code: finds it, loads only what it needs, lets it run at a terminal. */
import { commandOf } from "./commands.ts";
import { helpText, overview } from "./help.ts";
import { parseInvocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

/** Resolves to the exit code; rejects with what went wrong, for `sentenceOf` and `exitCodeOf`. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
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
