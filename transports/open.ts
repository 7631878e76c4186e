/**
 * Composes a broker: stores, tenants with their stations and groups, and the doors. Order matters twice: nothing listens before
 * recovery is over, and on the way down doors close before stores, so that what was accepted is answered.
 */
import { Broker, defaultTenant } from "../lib/broker.ts";
import type { Identity } from "../lib/auth/identity.ts";
import type { Clock } from "../lib/clock.ts";
import { GroupScheduler } from "../lib/consumer/scheduler.ts";
import type { Random } from "../lib/random.ts";
import { idMaker } from "../lib/random.ts";
import type { Log, Store } from "../store/store.ts";
import type { WebTls } from "./carriages/web/engine.ts";
import { ChunkPool, poolBytesMax } from "./chunk-pool.ts";
import { Doors } from "./doors.ts";
import type { Addresses } from "./doors.ts";
import { FlushList } from "./flush-list.ts";
import { addMonitor, addMonitorPage } from "./http/monitor.ts";
import { addApi } from "./http/api.ts";
import { HttpRouter } from "./http/router.ts";
import { LocalConnection } from "./local/connection.ts";
import { Monitor } from "./monitor/monitor.ts";
import type { MonitorFacts } from "./monitor/monitor.ts";
import { MqttDoor } from "./mqtt/door.ts";
import { mqttLimits } from "./mqtt/settings.ts";
import type { MqttSettings } from "./mqtt/settings.ts";
import type { Authentication } from "./nats/authentication.ts";
import { NatsDoor } from "./nats/door.ts";
import type { Limits } from "../lib/limits.ts";
import type { DoorTls } from "./nats/session-host.ts";
import { TenantServices } from "./tenant-services.ts";
import type { JetStreamAccess } from "./tenant-services.ts";
import type { ListenerAddress } from "./carriages/connection.ts";
import type { CredentialCookies } from "./web/credentials.ts";
import { WebDoor } from "./web/door.ts";

export type { Addresses, DoorAddress } from "./doors.ts";

export interface OpenOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Undefined: everything is kept in memory. */
  readonly fileStore: Store | undefined;
  readonly memoryStore: Store;
  readonly authentication: Authentication;
  readonly serverName: string;
  readonly version: string;
  readonly host: string;
  /** Undefined = the door stays closed; 0 = any free port. */
  readonly natsPort: number | undefined;
  readonly mqttPort: number | undefined;
  readonly webPort?: number | undefined;
  /** Forces an engine; undefined = uWebSockets.js where it loads, else `ws`. */
  readonly webEngine?: "uWebSockets.js" | "ws" | undefined;
  /** Of the NATS and MQTT doors. */
  readonly tls?: DoorTls | undefined;
  readonly webTls?: WebTls | undefined;
  /** Origins besides the page's own that may open a WebSocket; `*` = any. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** WebSockets may be compressed. Default: not. */
  readonly webCompression?: boolean | undefined;
  /** Cookies that may hold the credentials of a WebSocket. Default: none. */
  readonly webCookies?: CredentialCookies | undefined;
  readonly limits: Limits;
  /** What the monitoring documents say of the configuration. */
  readonly monitoring?: Partial<MonitorFacts> | undefined;
  readonly mqttSettings?: Partial<MqttSettings> | undefined;
  /** Where the web and the MQTT door listen, when not at `host`. */
  readonly webHost?: string | undefined;
  readonly mqttHost?: string | undefined;
  readonly monitor?: ListenerAddress | undefined;
  /** Absent = every tenant has JetStream. */
  readonly jetStreamOf?: ((tenant: string) => JetStreamAccess) | undefined;
  readonly jetStreamDomain?: string | undefined;
  readonly report: (message: string, fatal: boolean) => void;
  /** Runs after recovery, before any door opens. */
  readonly recovered?: ((broker: Broker, logs: readonly Log[]) => Promise<void>) | undefined;
}

export class OpenBroker {
  readonly broker: Broker;
  readonly authentication: Authentication;
  readonly nats: NatsDoor;
  readonly mqtt: MqttDoor;
  readonly web: WebDoor;
  /** The monitoring documents alone, at a port of its own, where they are open to everybody, as nats-server's are. */
  readonly monitor: WebDoor;
  readonly http: HttpRouter;
  readonly monitoring: Monitor;
  readonly scheduler: GroupScheduler;
  readonly tenants: TenantServices;
  readonly pool: ChunkPool;
  readonly flushList: FlushList;
  readonly doors: Doors;
  /** True once recovery is over and every door accepts. */
  ready = false;
  readonly #options: OpenOptions;
  readonly #makeId: () => string;
  #closing: Promise<void> | undefined;

  constructor(options: OpenOptions) {
    this.#options = options;
    this.#makeId = idMaker(options.random, 22);
    const broker = new Broker(options);
    this.broker = broker;
    this.authentication = options.authentication;
    this.pool = new ChunkPool(options.clock, poolBytesMax(options.limits));
    this.flushList = new FlushList(options.clock);
    this.scheduler = new GroupScheduler(broker);
    this.tenants = new TenantServices(broker, this.scheduler, options.serverName, options.jetStreamOf);
    this.tenants.jetStreamDomain = options.jetStreamDomain;
    this.tenants.mayPublish = (user, subject) => options.authentication.mayPublish?.(user, subject) ?? true;
    const shared = { broker, authentication: options.authentication, pool: this.pool, flushList: this.flushList };
    this.nats = new NatsDoor({
      ...shared,
      clock: options.clock,
      random: options.random,
      serverId: this.#makeId(),
      serverName: options.serverName,
      limits: options.limits,
      jetStream: options.jetStreamOf?.(defaultTenant) !== "off",
      domain: options.jetStreamDomain,
    });
    this.mqtt = new MqttDoor({
      ...shared,
      settings: { ...mqttLimits(options.limits), ...options.mqttSettings },
      pendingBytesMax: options.limits.pendingOutBytesMax,
      version: options.version,
      stationsOf: (tenant) => this.tenants.get(tenant)?.stations,
    });
    this.monitoring = new Monitor(this, { version: options.version, dataFolder: "", durability: "always", ...options.monitoring });
    const allowedOrigins = options.allowedOrigins ?? [];
    this.http = new HttpRouter({
      authentication: options.authentication,
      report: (message) => options.report(message, false),
      allowedOrigins,
    });
    addApi(this.http, this, options.version);
    this.web = new WebDoor({
      clock: options.clock,
      engine: options.webEngine,
      nats: this.nats,
      mqtt: this.mqtt,
      http: this.http,
      allowedOrigins,
      payloadBytesMax: options.limits.payloadBytesMax,
      bodyBytesMax: 8 * options.limits.payloadBytesMax,
      compression: options.webCompression ?? false,
      cookies: options.webCookies,
      tls: options.webTls,
    });
    const monitorRouter = new HttpRouter({
      authentication: options.authentication,
      report: (message) => options.report(message, false),
      allowedOrigins: ["*"],
    });
    addMonitor(monitorRouter, this.monitoring, { kind: "open" });
    addMonitorPage(monitorRouter);
    this.monitor = new WebDoor({
      clock: options.clock,
      engine: options.webEngine ?? "ws",
      nats: undefined,
      mqtt: undefined,
      http: monitorRouter,
      allowedOrigins: ["*"],
      payloadBytesMax: options.limits.payloadBytesMax,
      bodyBytesMax: options.limits.payloadBytesMax,
      compression: false,
      tls: undefined,
    });
    this.doors = new Doors(this.nats, this.mqtt, this.web, this.monitor);
  }

  /** Recovers, then opens the doors. Rejects with the error of the store or of the first door that could not open; then nothing is left open. */
  async open(): Promise<void> {
    try {
      const logs = await this.broker.open();
      await this.tenants.recover(logs);
      await this.#options.recovered?.(this.broker, logs);
      // After the users are known: sessions and wills belong to them.
      await this.mqtt.recover(logs);
      const { host, natsPort, mqttPort, webPort, tls, webTls, webHost, mqttHost, monitor } = this.#options;
      await this.doors.arrange({ host, natsPort, mqttPort, webPort, tls, webTls, webHost, mqttHost, monitor }, false);
      this.ready = true;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get addresses(): Addresses {
    return this.doors.addresses;
  }

  /** Other limits for what connects from now on, and for live NATS clients where they can follow. */
  applyLimits(limits: Limits): void {
    this.nats.limits = limits;
    this.nats.serverInfo = { ...this.nats.serverInfo, payloadBytesMax: limits.payloadBytesMax };
    this.mqtt.settings = { ...this.mqtt.settings, ...mqttLimits(limits) };
  }

  /** A connection inside the process. */
  connect(identity: Identity): LocalConnection {
    return new LocalConnection(this.broker, identity, this.#makeId(), {
      groupsOf: (tenant, station) => this.tenants.get(tenant)?.groups.of(station),
    });
  }

  /** Closes doors, then stores; everything accepted is durable when resolved. Callable twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.ready = false;
    await Promise.all([this.web.close(), this.monitor.close()]);
    await Promise.all([this.nats.close(), this.mqtt.close()]);
    this.web.destroy();
    this.monitor.destroy();
    this.broker.closeSessions("shutdown");
    this.tenants.close();
    await this.broker.close();
  }
}
