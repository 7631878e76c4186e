/**
 * What a reload cannot do. A running broker takes over people, limits, certificates, doors and the log's level; what its store was
 * opened with, and what it has told clients of itself, stays until it is started again.
 */
import type { Config } from "./config.ts";
import { serveOptions } from "./option.ts";

/** The options that differ and need a restart, by key. */
export function restartKeys(before: Config, after: Config): string[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  return serveOptions.filter(({ key, live }) => !live && old.get(key) !== now.get(key)).map(({ key }) => key);
}

/** A running configuration after a reload: what is live from the new one, what needs a restart from the old. */
export function reloaded(before: Config, after: Config): Config {
  const { data, memory, durability, addressesFile, serverName, webOrigins, webCompression, mqtt } = before;
  const { webUserCookie, webPassCookie, webTokenCookie } = before;
  const web = { webOrigins, webCompression, webUserCookie, webPassCookie, webTokenCookie };
  return Object.freeze({ ...after, data, memory, durability, addressesFile, serverName, ...web, mqtt });
}
