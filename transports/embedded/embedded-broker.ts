/**
 * The broker as a part of another program. It installs no signal handlers, never ends the process and keeps no global state: two of them
 * live in one process. Without `data` it keeps everything in memory; a door it is given no port for stays closed.
 */
import { parseConfig } from "../../lib/config/config.ts";
import { operatorOf } from "../../lib/auth/identity.ts";
import type { Identity } from "../../lib/auth/identity.ts";
import { noCredentials } from "../../lib/auth/credentials.ts";
import { defaultTenant } from "../../lib/broker.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { Durability, Store } from "../../store/store.ts";
import type { Station } from "../../lib/station/station.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import { stationConfig } from "../../lib/station/config.ts";
import { readVersion } from "../version.ts";
import { ConfiguredBroker } from "../configured.ts";
import type { LocalConnection } from "../local/connection.ts";
import type { Addresses } from "../open.ts";

/** The keys of a configuration file (README lists them all), and what only an embedding program can give. */
export interface CreateBrokerOptions {
  /** Where doors listen. Default `127.0.0.1`. */
  readonly host?: string;
  /** The NATS door: a port, 0 = any free one, `off` = closed. Default `off`; so are the other doors. */
  readonly port?: number | "off";
  /** WebSocket and HTTP. */
  readonly webPort?: number | "off";
  readonly mqttPort?: number | "off";
  /** The data folder. Default: none, everything is kept in memory. Relative paths are the process's. */
  readonly data?: string;
  readonly memory?: boolean;
  /** What an acknowledgement promises. Default `always`: it is on disk. */
  readonly durability?: Durability;
  readonly serverName?: string;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly allowAnonymous?: boolean;
  readonly users?: readonly unknown[];
  readonly tenants?: Readonly<Record<string, unknown>>;
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly mqtt?: Readonly<Record<string, unknown>>;
  /** A store of your own for stations, in place of the file store; `data` and `memory` mean nothing then. */
  readonly store?: Store;
  /** Aborting it closes the broker. */
  readonly signal?: AbortSignal;
  /** One line for the operator; `fatal` when a store takes nothing more. Default: `process.emitWarning`. */
  readonly report?: (message: string, fatal: boolean) => void;
}

/** Who an in-process connection is. Default: everything in the default tenant, because the program owns the broker. */
export type ConnectAs = { readonly tenant: string } | { readonly user: string; readonly pass: string } | { readonly token: string };

/**
 * Opens a broker.
 *
 * ```js
 * await using broker = await createBroker({ data: "./gateway-data", port: 0 });
 * ```
 *
 * Rejects with a ConfigError (every issue at once), or a BrokerError or StoreError whose message says what to do: `address_in_use`,
 * `in_use` (another process has the folder), `damaged`.
 */
export async function createBroker(options: CreateBrokerOptions = {}): Promise<EmbeddedBroker> {
  const { signal, report, store, ...settings } = options;
  signal?.throwIfAborted();
  const memory = settings.memory ?? settings.data === undefined;
  const config = parseConfig({ ...settings, memory }, process.cwd(), { port: "off", webPort: "off", mqttPort: "off" });
  const configured = await ConfiguredBroker.open(config, {
    version: await readVersion(),
    report: report ?? ((message) => process.emitWarning(message, "WaystationWarning")),
    store,
  });
  const broker = new EmbeddedBroker(configured);
  if (signal !== undefined) {
    const close = (): void => void broker.close();
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted) {
      await broker.close();
      signal.throwIfAborted();
    }
  }
  return broker;
}

export class EmbeddedBroker {
  readonly #configured: ConfiguredBroker;

  constructor(configured: ConfiguredBroker) {
    this.#configured = configured;
  }

  /** Where the open doors listen; a closed door is absent. */
  get addresses(): Addresses {
    return this.#configured.addresses;
  }

  /** A connection without a socket. Rejects with a BrokerError `unauthenticated` when the credentials are wrong. */
  async connect(as: ConnectAs = { tenant: defaultTenant }): Promise<LocalConnection> {
    return this.#configured.opened.connect(await this.#identify(as));
  }

  /** Creates a station; an equal one that exists is answered. Rejects with a StationError. `subjects` defaults to the name. */
  async createStation(fields: Partial<StationConfig> & { readonly name: string }, tenant: string = defaultTenant): Promise<Station> {
    const { opened } = this.#configured;
    opened.broker.tenant(tenant);
    const service = opened.tenants.get(tenant);
    if (service === undefined) throw new BrokerError("not_found", `there is no tenant '${tenant}'`);
    const { station } = await service.stations.create(stationConfig(fields));
    return station;
  }

  /** A station that is there; undefined when there is none of this name. */
  station(name: string, tenant: string = defaultTenant): Station | undefined {
    return this.#configured.opened.tenants.get(tenant)?.stations.get(name);
  }

  /** Closes doors, then stores; what was acknowledged is durable. Callable twice. */
  close(): Promise<void> {
    return this.#configured.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #identify(as: ConnectAs): Promise<Identity> {
    if ("tenant" in as) return operatorOf(as.tenant);
    const shown = "token" in as ? { ...noCredentials, token: as.token } : { ...noCredentials, user: as.user, password: as.pass };
    const identity = await this.#configured.opened.authentication.authenticate(shown);
    if (identity === undefined) throw new BrokerError("unauthenticated", "no user has these credentials: check name and secret");
    return identity;
  }
}
