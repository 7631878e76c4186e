/** What a reload has to do: which settings differ between two configurations, and which of them a running broker can take over. */
import type { Config } from "./config.ts";
import { serveOptions } from "./option.ts";

/** The parts of a broker that take a change without a restart. */
export type LivePart = "people" | "limits" | "certificates" | "doors" | "logging";

export interface ConfigChanges {
  readonly live: ReadonlySet<LivePart>;
  /** Option keys that keep their old value until the broker is started again. */
  readonly restart: readonly string[];
}

const partOf: Readonly<
  Record<Exclude<keyof Config, "data" | "memory" | "durability" | "configFile" | "addressesFile" | "serverName">, LivePart>
> = {
  users: "people",
  tenants: "people",
  allowAnonymous: "people",
  noAuthUser: "people",
  limits: "limits",
  tls: "certificates",
  host: "doors",
  port: "doors",
  webPort: "doors",
  mqttPort: "doors",
  logLevel: "logging",
};

/** Certificates count as changed whenever there are any: their files may hold others under the same names. */
export function configChanges(before: Config, after: Config): ConfigChanges {
  const live = new Set<LivePart>();
  const restart: string[] = [];
  const parts: Readonly<Partial<Record<string, LivePart>>> = partOf;
  const old = new Map<string, unknown>(Object.entries(before));
  for (const [key, value] of Object.entries(after)) {
    if (JSON.stringify(value) === JSON.stringify(old.get(key))) continue;
    const part = parts[key];
    if (part !== undefined) live.add(part);
    else if (key !== "configFile") restart.push(key);
  }
  if (after.tls !== undefined) live.add("certificates");
  // Whether TLS is spoken, and whether a certificate names the user, is settled when a door opens.
  if ((before.tls === undefined) !== (after.tls === undefined) || before.tls?.handshakeFirst !== after.tls?.handshakeFirst)
    live.add("doors");
  if (before.tls?.map !== after.tls?.map) live.add("people");
  return { live, restart };
}

/** A running configuration after a reload: what is live from the new one, what needs a restart from the old. */
export function reloaded(before: Config, after: Config): Config {
  const { data, memory, durability, addressesFile, serverName } = before;
  return Object.freeze({ ...after, data, memory, durability, addressesFile, serverName });
}

/** The keys that need a restart, as the option table says; for the listings. */
export const restartKeys: readonly string[] = serveOptions.filter((option) => !option.live).map((option) => option.key);
