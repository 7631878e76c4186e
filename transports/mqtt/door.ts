/**
 * The MQTT door: accepts connections of any carriage, knows every tenant's sessions, and sees to what happens when a connection
 * ends: the will, the session's expiry.
 */
import type { Broker } from "../../lib/broker.ts";
import type { Identity } from "../../lib/auth/identity.ts";
import type { Clock, Timer } from "../../lib/clock.ts";
import { ContentCondition, Expression } from "../../lib/condition/condition.ts";
import { MessageFacts } from "../../lib/condition/facts.ts";
import type { Stations } from "../../lib/station/stations.ts";
import { idMaker } from "../../lib/random.ts";
import type { Tenant } from "../../lib/tenant.ts";
import type { Log } from "../../store/store.ts";
import type { Connection, Listener, ListenerAddress } from "../carriages/connection.ts";
import { listenTcp } from "../carriages/tcp.ts";
import type { SecureServer } from "../carriages/tls.ts";
import type { ChunkPool } from "../chunk-pool.ts";
import type { FlushList } from "../flush-list.ts";
import type { Authentication } from "../nats/authentication.ts";
import { MqttConnection } from "./connection.ts";
import type { Will } from "./packet/decoder.ts";
import type { Interest } from "./interest.ts";
import { MqttSession } from "./session.ts";
import { mqttDefaults } from "./settings.ts";
import type { MqttSettings } from "./settings.ts";
import { MqttTenant, keptDefinition, retainedDefinition } from "./tenant.ts";
import type { SessionDocument } from "./tenant.ts";
import { replay } from "./replay.ts";
import type { ReplayRange } from "./replay.ts";
import { SysTopics } from "./sys-topics.ts";
import { Wills } from "./wills.ts";

export interface MqttDoorOptions {
  readonly broker: Broker;
  readonly authentication: Authentication;
  readonly pool: ChunkPool;
  readonly flushList: FlushList;
  readonly settings?: Partial<MqttSettings> | undefined;
  readonly pendingBytesMax?: number | undefined;
  readonly version: string;
  /** The stations of a tenant, for history. */
  readonly stationsOf: (tenant: string) => Stations | undefined;
}

export interface MqttCounters {
  messagesReceived: number;
  messagesSent: number;
  bytesReceived: number;
  dropped: number;
}

const never = 0xffff_ffff;

export class MqttDoor {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly authentication: Authentication;
  readonly pool: ChunkPool;
  readonly flushList: FlushList;
  settings: MqttSettings;
  readonly pendingBytesMax: number;
  readonly makeId: () => string;
  readonly counters: MqttCounters = { messagesReceived: 0, messagesSent: 0, bytesReceived: 0, dropped: 0 };
  readonly connections: Set<MqttConnection> = new Set();
  /** All connections ever accepted. */
  accepted = 0;
  /** Told when a connection has gone that had a session, while it still has it. */
  ended: ((connection: MqttConnection) => void) | undefined = undefined;
  readonly #tenants: Map<string, MqttTenant> = new Map();
  readonly #opening: Map<string, Promise<MqttTenant>> = new Map();
  readonly #logs: Map<string, Log> = new Map();
  readonly #expiry: Map<MqttSession, Timer> = new Map();
  readonly #wills: Wills;
  /** What accepts now. */
  listener: Listener | undefined = undefined;
  /** Connections begin with its handshake; undefined = in clear. */
  tls: SecureServer | undefined = undefined;
  readonly #sys: SysTopics;
  readonly #facts: MessageFacts;
  readonly #stationsOf: (tenant: string) => Stations | undefined;
  #closing = false;
  /** While closing: told when the last connection has gone. */
  #emptied: (() => void) | undefined;

  constructor(options: MqttDoorOptions) {
    this.broker = options.broker;
    this.clock = options.broker.clock;
    this.authentication = options.authentication;
    this.pool = options.pool;
    this.flushList = options.flushList;
    this.settings = { ...mqttDefaults, ...options.settings };
    this.pendingBytesMax = options.pendingBytesMax ?? 8 * 1024 * 1024;
    this.#facts = new MessageFacts(this.clock);
    this.#stationsOf = options.stationsOf;
    this.#wills = new Wills(this);
    this.makeId = idMaker(options.broker.random, 16);
    this.#sys = new SysTopics(this, options.version);
  }

  /** Takes back what a restart found: the internal logs, and in them the durable sessions. */
  async recover(logs: readonly Log[]): Promise<void> {
    for (const log of logs) if (log.definition.name.startsWith("$mqtt/")) this.#logs.set(log.definition.name, log);
    for (const name of this.#logs.keys()) {
      const tenant = /^\$mqtt\/(.*)\/kept$/.exec(name)?.[1];
      if (tenant !== undefined) await this.openTenant(tenant);
    }
  }

  /** Resolves when the tenant's logs exist and its sessions are back. */
  openTenant(name: string): Promise<MqttTenant> {
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#openTenant(name);
      this.#opening.set(name, opening);
    }
    return opening;
  }

  async #openTenant(name: string): Promise<MqttTenant> {
    const { store } = this.broker.file;
    const kept = this.#logs.get(keptDefinition(name).name) ?? (await store.define(keptDefinition(name), 0));
    const retained = this.#logs.get(retainedDefinition(name).name) ?? (await store.define(retainedDefinition(name), 0));
    const tenant = new MqttTenant(this.broker, this.broker.tenant(name), this.settings, kept, retained);
    this.#tenants.set(name, tenant);
    const identityOf = (user: string): Identity | undefined => this.#identityOf(user, name);
    const recovered = await tenant.recover(identityOf);
    this.#wills.recover(tenant, identityOf);
    for (const { session, document } of recovered) {
      for (const interest of session.interests.values()) this.restrict(interest);
      this.#expireLater(tenant, session, secondsUntilExpiry(document, this.clock.nowUs()));
    }
    return tenant;
  }

  /** Who a user is now that left a session or a will here; undefined when it has gone, or belongs to another tenant meanwhile. */
  #identityOf(user: string, tenant: string): Identity | undefined {
    const { identityOf } = this.authentication;
    if (identityOf === undefined) return { user, tenant, permissions: undefined, expiresMs: undefined };
    const identity = identityOf.call(this.authentication, user);
    return identity?.tenant === tenant ? identity : undefined;
  }

  /** A tenant some session of which is connected: opened already. */
  tenantOf(tenant: Tenant): MqttTenant {
    const known = this.#tenants.get(tenant.name);
    if (known === undefined) throw new Error(`the tenant ${tenant.name} is not open at the MQTT door`);
    return known;
  }

  get tenants(): Iterable<MqttTenant> {
    return this.#tenants.values();
  }

  /** Listens; who listened before goes on until it is closed. */
  async listen(address: ListenerAddress): Promise<ListenerAddress> {
    const accept = (connection: Connection): void => {
      const { tls } = this;
      if (tls === undefined) this.accept(connection);
      else connection.upgradeToTls(tls, undefined, () => this.accept(connection));
    };
    const listener = await listenTcp({ ...address, clock: this.clock, accept });
    this.listener = listener;
    return listener.address;
  }

  /** A connection of any carriage. */
  accept(connection: Connection): void {
    if (this.#closing) {
      connection.destroy();
      return;
    }
    this.accepted++;
    const client = new MqttConnection(this, connection);
    this.connections.add(client);
    connection.start(client);
  }

  /** Finds or makes the session of a client that has shown who it is; takes it from another connection if need be. */
  async takeSession(
    connection: MqttConnection,
    identity: Identity,
    clientId: string,
    cleanStart: boolean,
    expirySeconds: number,
    will: Will | undefined,
  ): Promise<{ session: MqttSession; present: boolean }> {
    const tenant = await this.openTenant(identity.tenant);
    const old = tenant.sessions.get(clientId);
    const oldConnection = old?.connection;
    let present = false;
    let session: MqttSession | undefined;
    if (old !== undefined) {
      // What waits in a session is its user's: another one begins anew.
      const goesOn = !cleanStart && old.durable && old.user === identity.user;
      if (oldConnection !== undefined) this.#takeOver(tenant, old, oldConnection, goesOn);
      if (!goesOn) this.#wills.publish(tenant, old);
      this.#expiry.get(old)?.cancel();
      this.#expiry.delete(old);
      if (goesOn) {
        session = old;
        present = true;
        this.#reattach(session, identity);
      } else {
        tenant.sessions.delete(clientId);
        old.attachment?.detach();
        await tenant.drop(old);
      }
    }
    if (session === undefined) {
      session = new MqttSession(this.broker, clientId, this.settings, expirySeconds > 0 ? tenant.kept : undefined);
      session.attachment = this.broker.attach(session, identity);
      session.user = identity.user;
    }
    const rival = tenant.sessions.get(clientId);
    if (rival !== undefined && rival !== session) this.#end(tenant, rival);
    tenant.sessions.set(clientId, session);
    // Claimed before the save, so that a second CONNECT of the same client meanwhile takes it from this connection.
    session.connection = connection;
    const willKept = this.#wills.connected(tenant, session, will, expirySeconds);
    if (session.durable) await tenant.save(session, expirySeconds, 0);
    await willKept;
    return { session, present };
  }

  #takeOver(tenant: MqttTenant, session: MqttSession, connection: MqttConnection, goesOn: boolean): void {
    session.connection = undefined;
    const will = connection.will;
    if (will !== undefined && (!goesOn || will.delaySeconds === 0)) {
      session.will = will;
      this.#wills.publish(tenant, session);
    }
    connection.will = undefined;
    connection.takenOver();
  }

  #reattach(session: MqttSession, identity: Identity): void {
    const interests = [...session.interests.values()];
    session.attachment?.detach();
    session.attachment = this.broker.attach(session, identity);
    for (const interest of interests) {
      this.restrict(interest);
      session.addInterest(interest);
    }
    session.permissionsChanged();
  }

  /** A connection has gone; `clean` when the client said goodbye. */
  connectionClosed(connection: MqttConnection, clean: boolean): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.#emptied?.();
    if (connection.session !== undefined) this.ended?.(connection);
    this.left(connection, clean);
  }

  /** The connection leaves its session, if it still has it: the will, the session's expiry. Callable twice. */
  left(connection: MqttConnection, clean: boolean): void {
    const session = connection.session;
    if (session === undefined || session.connection !== connection) return;
    session.connection = undefined;
    const tenant = this.#tenants.get(session.attachment?.tenant.name ?? "");
    if (tenant === undefined) return;
    const expirySeconds = connection.accepted?.sessionExpirySeconds ?? 0;
    const will = clean ? undefined : connection.will;
    if (will === undefined) this.#wills.forget(tenant, session);
    else this.#wills.lost(tenant, session, will, expirySeconds);
    if (expirySeconds === 0) {
      this.#end(tenant, session);
      return;
    }
    if (session.durable && !this.#closing) tenant.save(session, expirySeconds, Math.floor(this.clock.nowUs() / 1000)).catch(ignore);
    this.#expireLater(tenant, session, expirySeconds);
  }

  #expireLater(tenant: MqttTenant, session: MqttSession, seconds: number): void {
    if (seconds >= never) return;
    const dueMs = this.clock.monotonicMs() + seconds * 1000;
    const look = (): void => {
      const leftMs = dueMs - this.clock.monotonicMs();
      if (leftMs <= 0) {
        this.#expiry.delete(session);
        if (session.connection === undefined) this.#end(tenant, session);
        return;
      }
      this.#expiry.set(session, this.clock.after(Math.min(leftMs, 86_400_000), look));
    };
    look();
  }

  #end(tenant: MqttTenant, session: MqttSession): void {
    this.#wills.publish(tenant, session);
    if (tenant.sessions.get(session.clientId) === session) tenant.sessions.delete(session.clientId);
    session.attachment?.detach();
    tenant.drop(session).catch(ignore);
  }

  /** Sends a new subscription what was retained up to the sequence `last`; for `$SYS` the values as they are now. */
  sendRetained(tenant: MqttTenant, session: MqttSession, interest: Interest, last: number): void {
    if (interest.record.topicFilter.startsWith("$SYS")) {
      this.#sys.sendTo(session, interest);
      return;
    }
    tenant.retained.sendTo(session, interest, last).catch((error: unknown) => {
      this.broker.report(`retained messages for ${session.clientId} could not be read: ${String(error)}`, false);
    });
  }

  /** Compiles what the subscriber asked of the content. */
  restrict(interest: Interest): void {
    const { condition } = interest.record;
    if (condition !== "") interest.content = new ContentCondition(new Expression(condition), this.#facts);
    interest.settle();
  }

  /** Sends history: of one station, or of all that capture what the interest wants. */
  replay(session: MqttSession, interest: Interest, station: string | undefined, range: ReplayRange): void {
    const stations = this.#stationsOf(session.attachment?.tenant.name ?? "");
    const named = station === undefined ? undefined : stations?.get(station);
    const sources = station === undefined ? (stations?.capturing(interest.filter) ?? []) : named === undefined ? [] : [named];
    const prefix = station === undefined ? "" : `$station/${station}/`;
    const pause = (): Promise<void> => new Promise((resolve) => void this.clock.after(5, resolve));
    replay({ session, interest, range, stations: sources, prefix, pause }).catch((error: unknown) => {
      this.broker.report(`history for ${session.clientId} could not be read: ${String(error)}`, false);
    });
  }

  /** Stops listening and says goodbye to every client. Durable sessions stay. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#sys.stop();
    for (const timer of this.#expiry.values()) timer.cancel();
    this.#wills.stop();
    for (const connection of this.connections) {
      connection.will = undefined;
      if (connection.session === undefined) connection.destroy();
      else connection.close("shutdown");
    }
    await this.listener?.close();
    if (this.connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
        this.clock.after(2_000, resolve);
      });
    }
    for (const connection of this.connections) connection.destroy();
  }
}

function ignore(): void {}

function secondsUntilExpiry(document: SessionDocument, nowUs: number): number {
  if (document.expirySeconds >= never) return never;
  const since = document.disconnectedAtMs === 0 ? nowUs / 1000 : document.disconnectedAtMs;
  return Math.max(0, document.expirySeconds - (nowUs / 1000 - since) / 1000);
}
