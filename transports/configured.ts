/**
 * A broker as its configuration says: stores, users, certificates and doors put together, and put right again when the configuration
 * changes. `waystation serve` and `createBroker` both start here.
 */
import { readFileSync } from "node:fs";
import { reloaded, restartKeys } from "../lib/config/changes.ts";
import { authPolicyOf } from "../lib/config/config.ts";
import type { Config, Port, TlsConfig } from "../lib/config/config.ts";
import { strict as assert } from "node:assert";
import { Authenticator } from "../lib/auth/authenticator.ts";
import type { Refusal } from "../lib/auth/authenticator.ts";
import { LogUserStore } from "../lib/auth/log-user-store.ts";
import { UserDirectory } from "../lib/auth/user-directory.ts";
import { SystemClock } from "../lib/clock.ts";
import type { Clock } from "../lib/clock.ts";
import { BrokerError } from "../lib/errors.ts";
import { LineLogger } from "../lib/log.ts";
import type { LineWriter } from "../lib/log.ts";
import { SystemRandom } from "../lib/random.ts";
import type { Random } from "../lib/random.ts";
import { FileStore } from "../store/file-store.ts";
import { MemoryStore } from "../store/memory-store.ts";
import type { Store } from "../store/store.ts";
import { SecureServer } from "./carriages/tls.ts";
import type { SecureServerOptions } from "./carriages/tls.ts";
import type { DoorPlan } from "./doors.ts";
import { OpenBroker } from "./open.ts";
import type { Addresses } from "./open.ts";
import type { JetStreamAccess } from "./tenant-services.ts";

export interface ConfiguredOptions {
  /** The product's version, told to clients. */
  readonly version: string;
  /** One line for the operator. `fatal`: a store takes nothing more. */
  readonly report: (message: string, fatal: boolean) => void;
  /** Takes the lines of the log, as far as `logLevel` wants them. Absent: there is no log. */
  readonly log?: LineWriter | undefined;
  /** In place of the file store. */
  readonly store?: Store | undefined;
}

/** Until then a connection whose user has gone stays, with nothing permitted to it. */
const revokedAfterMs = 100;

export class ConfiguredBroker {
  readonly opened: OpenBroker;
  /** The configuration's users and tenants, and those made by command. */
  readonly users: UserDirectory;
  readonly #authenticator: Authenticator;
  readonly #logger: LineLogger;
  #config: Config;

  private constructor(opened: OpenBroker, users: UserDirectory, authenticator: Authenticator, logger: LineLogger, config: Config) {
    this.opened = opened;
    this.users = users;
    this.#authenticator = authenticator;
    this.#logger = logger;
    this.#config = config;
    // Not at once: who asked for the change may be one of them, and is to hear the answer.
    authenticator.revokedListeners.add((users) => opened.broker.revoke(users, revokedAfterMs));
    authenticator.revokedListeners.add((users) => {
      for (const user of users) logger.info("connections end: their user has gone or must log in anew", { user });
    });
    authenticator.permissionListeners.add((users) => opened.broker.permissionsChanged(users));
  }

  /** Recovers and opens the doors. Rejects with what says what to do, and nothing is left open. */
  static async open(config: Config, options: ConfiguredOptions): Promise<ConfiguredBroker> {
    const clock = new SystemClock();
    const random = new SystemRandom();
    const { limits } = config;
    const plan = planOf(config);
    const logger = new LineLogger(clock, options.log ?? ((): void => {}), config.logLevel);
    const refused = ({ reason, user, remoteAddress }: Refusal): void =>
      logger.info("a login was refused", { reason, user, address: remoteAddress });
    const authenticator = new Authenticator({ clock, random, limits, refused });
    let users: UserDirectory | undefined;
    let current: ConfiguredBroker | undefined;
    const opened = new OpenBroker({
      clock,
      random,
      fileStore: options.store ?? fileStoreOf(config, clock, random),
      memoryStore: new MemoryStore({ clock, random }),
      authentication: authenticator,
      serverName: config.serverName ?? "waystation",
      allowedOrigins: originsOf(config.webOrigins),
      webCompression: config.webCompression,
      webCookies: { user: config.webUserCookie, password: config.webPassCookie, token: config.webTokenCookie },
      version: options.version,
      monitoring: {
        dataFolder: config.memory || options.store !== undefined ? "" : config.data,
        durability: config.durability,
        systemTenant: config.systemTenant,
      },
      ...plan,
      limits,
      jetStreamOf: (tenant) => jetStreamOf(current?.config ?? config, tenant),
      jetStreamDomain: config.jetStream?.domain,
      report: options.report,
      recovered: async (broker, logs) => {
        const store = new LogUserStore(broker.file, logs);
        users = new UserDirectory(authenticator, store, { policy: authPolicyOf(config), limits });
        await users.open();
        const { tenants } = opened;
        tenants.allowanceOf = (tenant) => users?.limitsOf(tenant) ?? {};
        users.listeners.add(() => tenants.refreshAllowances());
        tenants.refreshAllowances();
      },
    });
    await opened.open();
    assert(users !== undefined);
    current = new ConfiguredBroker(opened, users, authenticator, logger, config);
    return current;
  }

  get addresses(): Addresses {
    return this.opened.addresses;
  }

  get config(): Config {
    return this.#config;
  }

  /**
   * Takes over users, permissions, limits, certificates and doors; live connections stay, unless their user went. Resolves with the
   * option keys that need a restart. Rejects, having changed nothing, when a certificate is bad; and, having changed the rest, when a
   * door could not move.
   */
  async reload(config: Config): Promise<readonly string[]> {
    const restart = restartKeys(this.#config, config);
    const plan = planOf(config);
    this.#config = reloaded(this.#config, config);
    const { doors } = this.opened;
    this.#logger.level = config.logLevel;
    this.opened.applyLimits(config.limits);
    this.users.replaceBase({ policy: authPolicyOf(config), limits: config.limits });
    await doors.arrange(plan, true);
    return restart;
  }

  /** Doors, then stores; everything acknowledged is durable. Callable twice. */
  async close(): Promise<void> {
    await this.opened.close();
    await this.#authenticator.close();
  }
}

/** A tenant nobody has named is no account that JetStream was enabled for, where only some were. */
function jetStreamOf(config: Config, tenant: string): JetStreamAccess {
  if (config.jetStream?.enabled === false) return "off";
  const defined = config.tenants.find(({ name }) => name === tenant);
  return defined?.jetStream === false ? "refused" : "on";
}

function fileStoreOf(config: Config, clock: Clock, random: Random): Store | undefined {
  if (config.memory) return undefined;
  return new FileStore({
    folder: config.data,
    clock,
    random,
    durability: config.durability,
    limits: { freeBytesMin: config.limits.diskFreeBytesMin },
  });
}

function originsOf(text: string | undefined): string[] {
  const origins = (text ?? "").split(",").map((origin) => origin.trim().replace(/\/$/, ""));
  return origins.filter((origin) => origin !== "");
}

function numberOf(port: Port): number | undefined {
  return port === "off" ? undefined : port;
}

/** Where the doors are to be, with the certificates read anew. Throws a BrokerError for those that cannot be read or do not fit. */
function planOf(config: Config): DoorPlan {
  const { tls } = config;
  const ports = {
    host: config.host,
    natsPort: numberOf(config.port),
    mqttPort: numberOf(config.mqttPort),
    mqttSettings: config.mqtt,
    webPort: numberOf(config.webPort),
    webHost: config.webHost,
    mqttHost: config.mqttHost,
    monitor: config.monitor,
  };
  const web = config.webTls === undefined ? tls : config.webTls === "off" ? undefined : config.webTls;
  const webTls =
    web === undefined
      ? undefined
      : {
          certificateFile: web.certFile,
          keyFile: web.keyFile,
          passphrase: undefined,
          clientAuthoritiesFile: web.verify ? web.caFile : undefined,
        };
  if (tls === undefined) return { ...ports, tls: undefined, webTls };
  return {
    ...ports,
    tls: {
      server: secureServer(tls, config.limits.tlsTimeoutMs),
      mode: tls.handshakeFirst ? "first" : tls.optional ? "available" : "required",
    },
    webTls,
  };
}

function secureServer(tls: TlsConfig, handshakeTimeoutMs: number): SecureServer {
  const options = readTls(tls, handshakeTimeoutMs);
  try {
    return new SecureServer(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BrokerError(
      "config",
      `${tls.certFile} and ${tls.keyFile} are no certificate with its key (${reason}): name PEM files that belong together`,
      {
        cause,
      },
    );
  }
}

function readTls(tls: TlsConfig, handshakeTimeoutMs: number): SecureServerOptions {
  return {
    certificate: readPem(tls.certFile),
    key: readPem(tls.keyFile),
    authorities: tls.caFile === undefined ? undefined : readPem(tls.caFile),
    verifyClients: tls.verify,
    handshakeTimeoutMs,
  };
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new BrokerError("config", `${file} cannot be read: name a PEM file that the broker may read`, { cause: error });
  }
}
