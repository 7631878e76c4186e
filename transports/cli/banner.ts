/** What a broker says when it is ready: where it listens, what an acknowledgement means, and two commands to try. */
import path from "node:path";
import type { Config } from "../../lib/config/config.ts";
import type { Addresses } from "../open.ts";

/** `engine` is what the web door stands on. */
export function banner(config: Config, addresses: Addresses, version: string, engine: string | undefined): string {
  const doors = Object.entries(addresses).map(([name, door]) => {
    const on = name === "web" && engine !== undefined ? ` (${engine})` : "";
    return `  ${name.padEnd(8)}${(door as { readonly url: string }).url}${on}`;
  });
  const lines = [`Waystation ${version} is ready`, ...doors, `  keeps   ${kept(config)}`];
  if (addresses.nats !== undefined) {
    const server = addresses.nats.port === 4222 && addresses.nats.host === "127.0.0.1" ? "" : ` --server ${addresses.nats.url}`;
    lines.push("try", `  npx waystation sub '>'${server}`, `  npx waystation pub greet.world hello${server}`);
  }
  return `${lines.join("\n")}\n`;
}

function kept(config: Config): string {
  if (config.memory) return "everything in memory, nothing survives the process";
  const folder = path.relative("", config.data);
  const shown = folder.startsWith("..") ? config.data : `.${path.sep}${folder}`;
  switch (config.durability) {
    case "always":
      return `${shown}, durability always: what is acknowledged is on disk`;
    case "interval":
      return `${shown}, durability interval: what is acknowledged is on disk within 100 ms`;
    case "none":
      return `${shown}, durability none: what is acknowledged reaches the disk when it does`;
  }
}
