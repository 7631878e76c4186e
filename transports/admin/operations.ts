/**
 * Connections and settings, for operators: who is connected, the end of one, and what is in force. By request in the default tenant, with
 * `waystation connection` and `waystation settings`, and by HTTP.
 *
 *     $WAYSTATION.CONNECTION.LIST           → { total, connections: [...] }
 *     $WAYSTATION.CONNECTION.END  { id }    → { ended: true }
 *     $WAYSTATION.SETTINGS                  → { doors, engine, limits, mqtt }
 */
import { operatorName } from "../../lib/auth/identity.ts";
import { isFields } from "../../lib/config/issues.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { OpenBroker } from "../open.ts";
import type { RequestHandler } from "./requests.ts";

export const operationSubjects = {
  connectionList: "$WAYSTATION.CONNECTION.LIST",
  connectionEnd: "$WAYSTATION.CONNECTION.END",
  settings: "$WAYSTATION.SETTINGS",
} as const;

/** Connections listed at most. */
const listMax = 10_000;

export interface ListedConnection {
  readonly id: number;
  readonly door: "nats" | "websocket" | "mqtt" | "other";
  readonly address?: string;
  readonly user: string;
  readonly tenant: string;
  readonly name?: string;
  readonly subscriptions?: number;
  readonly messagesIn?: number;
  readonly messagesOut?: number;
  /** Waiting to be sent to it. */
  readonly pendingBytes?: number;
}

export interface ConnectionList {
  /** How many there are, listed or not. */
  readonly total: number;
  readonly connections: readonly ListedConnection[];
}

/** `other`: inside the process, or a reader of events by HTTP. */
export function listConnections({ broker, monitoring }: OpenBroker): ConnectionList {
  const rows = new Map(monitoring.rows().map((row) => [row.id, row]));
  // The broker's own hand is nobody who is connected.
  const all = [...broker.attachments()].filter(({ identity }) => identity.user !== operatorName);
  const connections = all.slice(0, listMax).map(({ session, identity }): ListedConnection => {
    const who = { id: session.id, user: identity.user, tenant: identity.tenant };
    const row = rows.get(session.id);
    if (row === undefined) return { ...who, door: "other" };
    const { type, address, port, name, mqttClient, subscriptionCount, messagesIn, messagesOut, pendingBytes } = row;
    const shown = name === "" ? mqttClient : name;
    return {
      ...who,
      door: type,
      address: `${address}:${port}`,
      ...(shown === "" ? {} : { name: shown }),
      subscriptions: subscriptionCount,
      messagesIn,
      messagesOut,
      pendingBytes,
    };
  });
  return { total: all.length, connections };
}

/** Rejects with `not_found`. */
export function endConnection({ broker }: OpenBroker, id: number): void {
  for (const { session } of broker.attachments()) {
    if (session.id !== id) continue;
    session.close("kicked");
    return;
  }
  throw new BrokerError("not_found", `there is no connection ${id}: 'waystation connection list' shows them`);
}

/** What is in force now. */
export function settingsOf({ addresses, nats, mqtt, web }: OpenBroker): object {
  return { doors: addresses, engine: web.engine?.name, limits: nats.limits, mqtt: mqtt.settings };
}

export function operationRequests(opened: OpenBroker): (readonly [string, RequestHandler])[] {
  return [
    [operationSubjects.connectionList, () => listConnections(opened)],
    [
      operationSubjects.connectionEnd,
      (body) => {
        const id = isFields(body) ? body["id"] : undefined;
        if (typeof id !== "number") throw new BrokerError("invalid", 'the request names no connection: { "id": 12 }');
        endConnection(opened, id);
        return { ended: true };
      },
    ],
    [operationSubjects.settings, () => settingsOf(opened)],
  ];
}
