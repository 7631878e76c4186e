/** The ports file of nats-server: how whoever started it with `port: -1` learns where it listens. Written whole, once everything accepts. */
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Addresses, DoorAddress } from "../open.ts";
import { BrokerError } from "../../lib/errors.ts";

export function portsFileOf(folder: string, pid: number): string {
  return join(folder, `nats-server_${pid}.ports`);
}

export async function writePortsFile(
  file: string,
  addresses: Addresses,
  secure: { readonly nats: boolean; readonly web: boolean },
): Promise<void> {
  const { nats, web, monitor } = addresses;
  const ports = {
    ...(nats === undefined ? {} : { nats: [url(secure.nats ? "tls" : "nats", nats)] }),
    ...(monitor === undefined ? {} : { monitoring: [url("http", monitor)] }),
    ...(web === undefined ? {} : { websocket: [url(secure.web ? "wss" : "ws", web)] }),
  };
  const temporary = `${file}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify(ports));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new BrokerError("no_access", `the ports file ${file} cannot be written: choose another ports_file_dir`, { cause: error });
  }
}

function url(scheme: string, { host, port }: DoorAddress): string {
  const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${shown}:${port}`;
}
