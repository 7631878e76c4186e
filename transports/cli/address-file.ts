/** The address file: how whoever started a broker learns its ports. Written whole, under a temporary name first, so that nobody reads half of it. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Addresses } from "../open.ts";
import { BrokerError } from "../../lib/errors.ts";

export async function writeAddressFile(file: string, addresses: Addresses): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify({ pid: process.pid, ...addresses })}\n`);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new BrokerError("no_access", `the address file ${file} cannot be written (${reason(error)}): choose another --addresses-file`, {
      cause: error,
    });
  }
}

/** The process id in an address file. */
export async function pidIn(file: string): Promise<number> {
  try {
    const { pid } = JSON.parse(await readFile(file, "utf8")) as { readonly pid?: unknown };
    if (typeof pid === "number") return pid;
    throw new SyntaxError("it names no pid");
  } catch (error) {
    throw new BrokerError(
      "not_found",
      `${file} is no address file of a running broker (${reason(error)}): name the one given to 'waystation serve'`,
      { cause: error },
    );
  }
}

function reason(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
