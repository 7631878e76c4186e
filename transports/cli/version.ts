/** `waystation version`. */
import { readVersion } from "../version.ts";
import type { Invocation } from "./invocation.ts";
import { print } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const version = await readVersion();
  await print(invocation, terminal, { version, node: process.version }, () => `waystation ${version} (node ${process.version})\n`);
  return 0;
}
