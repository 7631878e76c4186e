/**
 * What the monitoring documents are made from: the open broker, the connections that have gone, and when all of it began. Counts nothing
 * while messages flow; everything is read when somebody asks.
 */
import type { Session } from "../../lib/transport.ts";
import type { OpenBroker } from "../open.ts";
import { rowOfMqtt, rowOfNats } from "./connection-row.ts";
import type { ConnectionRow } from "./connection-row.ts";
import { addRow, EndedConnections, noTraffic } from "./ended-connections.ts";
import type { Traffic } from "./ended-connections.ts";
import { SystemEvents } from "./system-events.ts";
import { sourceOf, SystemRequests } from "./system-requests.ts";

/** What the configuration says and the open broker does not know. */
export interface MonitorFacts {
  /** The product's version. */
  readonly version: string;
  /** `""` = everything is in memory. */
  readonly dataFolder: string;
  readonly durability: "always" | "interval" | "none";
  /** The tenant that hears what happens and may ask about everything; undefined = none. */
  readonly systemTenant?: string | undefined;
}

export class Monitor {
  readonly opened: OpenBroker;
  readonly facts: MonitorFacts;
  readonly startUs: number;
  readonly ended: EndedConnections = new EndedConnections();
  /** Requests for documents, by path. */
  readonly requests: Map<string, number> = new Map();
  /** Of each tenant; they end with its router. */
  readonly #system: SystemRequests[] = [];
  #events: SystemEvents | undefined = undefined;
  #cpuUs = 0;
  #cpuAtUs: number;
  #cpuPercent = 0;

  constructor(opened: OpenBroker, facts: MonitorFacts) {
    this.opened = opened;
    this.facts = facts;
    const { clock } = opened.broker;
    this.startUs = this.#cpuAtUs = clock.nowUs();
    opened.nats.ended = (session) => this.#end(rowOfNats(session, clock.nowUs()));
    opened.mqtt.ended = (connection) => {
      const row = rowOfMqtt(connection, clock.nowUs());
      if (row !== undefined) this.#end(row);
    };
    const source = sourceOf(this);
    opened.broker.tenantListeners.add((tenant) => {
      const system = tenant.name === facts.systemTenant;
      this.#system.push(new SystemRequests(this, tenant, source, system));
      if (system) this.#events = new SystemEvents(this, tenant, source);
    });
    opened.broker.attachListeners.add((attachment) => this.#events?.connected(attachment));
  }

  #end(row: ConnectionRow): void {
    this.ended.add(row);
    this.#events?.ended(row);
  }

  /** Undefined for who is connected in no way that is shown. */
  rowOf(session: Session): ConnectionRow | undefined {
    for (const connection of this.opened.nats.sessions) if (connection === session) return rowOfNats(connection, 0);
    for (const connection of this.opened.mqtt.connections) if (connection.session === session) return rowOfMqtt(connection, 0);
    return undefined;
  }

  get nowUs(): number {
    return this.opened.broker.clock.nowUs();
  }

  /** Everybody connected now. */
  rows(): ConnectionRow[] {
    const rows: ConnectionRow[] = [];
    for (const session of this.opened.nats.sessions) rows.push(rowOfNats(session, 0));
    for (const connection of this.opened.mqtt.connections) {
      const row = rowOfMqtt(connection, 0);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  /** Connected now, without looking at each. */
  get connectionCount(): number {
    return this.opened.nats.sessions.size + this.opened.mqtt.connections.size;
  }

  /** What the connections of each tenant, present and gone, have carried; `""`: of those that never showed who they were. */
  traffic(): Map<string, Traffic> {
    const traffic = new Map<string, Traffic>();
    for (const [tenant, ended] of this.ended.byTenant) traffic.set(tenant, { ...ended });
    for (const row of this.rows()) {
      let one = traffic.get(row.tenant);
      if (one === undefined) traffic.set(row.tenant, (one = noTraffic()));
      addRow(one, row);
    }
    return traffic;
  }

  /** Per cent of one processor since it was last asked, at least a second ago. */
  cpuPercent(): number {
    const now = this.nowUs;
    if (now - this.#cpuAtUs < 1_000_000) return this.#cpuPercent;
    const { user, system } = process.cpuUsage();
    this.#cpuPercent = Math.round(((user + system - this.#cpuUs) / (now - this.#cpuAtUs)) * 1_000) / 10;
    this.#cpuUs = user + system;
    this.#cpuAtUs = now;
    return this.#cpuPercent;
  }
}
