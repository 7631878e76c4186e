/** The product's version, from the package it belongs to. */
import { readFile } from "node:fs/promises";

/** Seen from dist/transports. */
const manifest = new URL("../../package.json", import.meta.url);

export async function readVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { readonly version: string };
  return version;
}
