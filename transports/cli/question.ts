/** Asks before something is destroyed, when a person sits at the keyboard. A program is taken at its word. */
import { createInterface } from "node:readline/promises";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

/** False: the person said no. */
export async function confirmed(invocation: Invocation, terminal: Terminal, question: string): Promise<boolean> {
  if (!terminal.keyboard || invocation.has("yes") || invocation.has("json")) return true;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${question} [y/N] `);
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}
