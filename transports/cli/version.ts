/** `waystation version`. The number has one home, package.json. */
import { readFile } from "node:fs/promises";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

/** Seen from dist/transports/cli. */
const manifest = new URL("../../../package.json", import.meta.url);

export async function readVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { readonly version: string };
  return version;
}

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const version = await readVersion();
  terminal.write(
    invocation.has("json")
      ? `${JSON.stringify({ version, node: process.version })}\n`
      : `waystation ${version} (node ${process.version})\n`,
  );
  return 0;
}
