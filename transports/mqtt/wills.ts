/**
 * The wills clients left with the broker: published when a client goes without saying goodbye, at once or after the delay it asked
 * for, whichever of delay and session ends first (MQTT 5 §3.1.3.2.2). Each is a group of the tenant's log of kept messages from before
 * CONNACK until it is published or forgotten, so that a broker that is killed publishes it once it is back: to whoever was connected
 * then, the connection ended when the broker started again.
 *
 *   group = will/CLIENT ID, document = WillDocument, no progress
 */
import type { Identity } from "../../lib/auth/identity.ts";
import type { Timer } from "../../lib/clock.ts";
import type { MqttDoor } from "./door.ts";
import type { Will } from "./packet/decoder.ts";
import { MqttSession } from "./session.ts";
import type { MqttTenant } from "./tenant.ts";
import { publishWill } from "./will.ts";

/** As kept; bytes in base64. */
interface WillDocument {
  readonly clientId: string;
  readonly user: string;
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly delaySeconds: number;
  readonly properties: string;
  readonly expirySeconds: number;
  /** Of the session: a will waits no longer. */
  readonly sessionSeconds: number;
  /** When it is to be published, milliseconds since the epoch; 0 = the client is connected. */
  readonly dueMs: number;
}

const prefix = "will/";

export class Wills {
  readonly #door: MqttDoor;
  /** Those whose client has gone and whose delay runs. */
  readonly #delayed: Map<MqttSession, Timer> = new Map();
  /** Sessions with a group. */
  readonly #kept: Set<MqttSession> = new Set();
  #stopped = false;

  constructor(door: MqttDoor) {
    this.#door = door;
  }

  /** A client connects with this will, or without one: an earlier one is forgotten. Resolves when what is to be known after a crash is durable. */
  async connected(tenant: MqttTenant, session: MqttSession, will: Will | undefined, sessionSeconds: number): Promise<void> {
    if (will === undefined) this.forget(tenant, session);
    else {
      this.#cancel(session);
      await this.#keep(tenant, session, will, sessionSeconds, 0);
    }
  }

  /** The client said goodbye, or is back in time. */
  forget(tenant: MqttTenant, session: MqttSession): void {
    if (this.#stopped) return;
    this.#cancel(session);
    if (this.#kept.delete(session)) tenant.kept.log.dropGroup(prefix + session.clientId).catch(ignore);
  }

  /** The client went without a goodbye. */
  lost(tenant: MqttTenant, session: MqttSession, will: Will, sessionSeconds: number): void {
    session.will = will;
    const delaySeconds = Math.min(will.delaySeconds, sessionSeconds);
    if (delaySeconds === 0) {
      this.publish(tenant, session);
      return;
    }
    const dueMs = Math.floor(this.#door.clock.nowUs() / 1000) + delaySeconds * 1000;
    this.#keep(tenant, session, will, sessionSeconds, dueMs).catch(ignore);
    this.#publishLater(tenant, session, delaySeconds * 1000);
  }

  /** Publishes what waits, whatever its delay: the session ends. */
  publish(tenant: MqttTenant, session: MqttSession): void {
    if (this.#stopped) return;
    if (session.will !== undefined) publishWill(this.#door, tenant, session);
    this.forget(tenant, session);
  }

  /** After a restart: `identityOf` says who a user is now; undefined = not there any more, and its will is forgotten. */
  recover(tenant: MqttTenant, identityOf: (user: string) => Identity | undefined): void {
    for (const group of tenant.kept.log.recoveredGroups) {
      if (!group.name.startsWith(prefix)) continue;
      const document = JSON.parse(group.document) as WillDocument;
      const identity = identityOf(document.user);
      const known = tenant.sessions.get(document.clientId);
      const session = known ?? new MqttSession(this.#door.broker, document.clientId, this.#door.settings, undefined);
      this.#kept.add(session);
      if (identity === undefined) {
        this.forget(tenant, session);
        continue;
      }
      session.user = document.user;
      session.attachment ??= this.#door.broker.attach(session, identity);
      session.will = willOf(document);
      const nowMs = this.#door.clock.nowUs() / 1000;
      const delayMs = Math.min(document.delaySeconds, document.sessionSeconds) * 1000;
      this.#publishLater(tenant, session, document.dueMs === 0 ? delayMs : Math.max(0, document.dueMs - nowMs));
    }
  }

  /** The broker closes: what is kept stays, and is published when there is a broker again. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#delayed.values()) timer.cancel();
  }

  #cancel(session: MqttSession): void {
    this.#delayed.get(session)?.cancel();
    this.#delayed.delete(session);
    session.will = undefined;
  }

  #publishLater(tenant: MqttTenant, session: MqttSession, delayMs: number): void {
    const dueMs = this.#door.clock.monotonicMs() + delayMs;
    const look = (): void => {
      const leftMs = dueMs - this.#door.clock.monotonicMs();
      if (leftMs > 0) {
        this.#delayed.set(session, this.#door.clock.after(Math.min(leftMs, 86_400_000), look));
        return;
      }
      this.publish(tenant, session);
      // A session that came back from its will alone ends with it.
      if (tenant.sessions.get(session.clientId) !== session) session.attachment?.detach();
    };
    this.#delayed.set(session, this.#door.clock.after(Math.min(delayMs, 86_400_000), look));
  }

  #keep(tenant: MqttTenant, session: MqttSession, will: Will, sessionSeconds: number, dueMs: number): Promise<void> {
    if (!this.#door.broker.file.store.abilities.durable) return Promise.resolve();
    const document: WillDocument = {
      clientId: session.clientId,
      user: session.user,
      topic: will.topic.toString("utf8"),
      payload: will.payload.toString("base64"),
      qos: will.qos,
      retain: will.retain,
      delaySeconds: will.delaySeconds,
      properties: will.properties.toString("base64"),
      expirySeconds: will.expirySeconds,
      sessionSeconds,
      dueMs,
    };
    this.#kept.add(session);
    return tenant.kept.log.defineGroup(prefix + session.clientId, JSON.stringify(document), nothing);
  }
}

const nothing = Buffer.alloc(0);

function willOf(document: WillDocument): Will {
  return {
    topic: Buffer.from(document.topic, "utf8"),
    payload: Buffer.from(document.payload, "base64"),
    qos: document.qos,
    retain: document.retain,
    delaySeconds: document.delaySeconds,
    properties: Buffer.from(document.properties, "base64"),
    expirySeconds: document.expirySeconds,
  };
}

function ignore(): void {}
