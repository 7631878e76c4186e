/** One connection as monitoring shows it, alive or ended, whatever its protocol. */
import type { Subscription } from "../../lib/subscription.ts";
import type { MqttConnection } from "../mqtt/connection.ts";
import type { NatsSession } from "../nats/session.ts";

export interface ConnectionRow {
  readonly id: number;
  readonly type: "nats" | "websocket" | "mqtt";
  readonly address: string;
  readonly port: number;
  /** Microseconds since the epoch. */
  readonly startUs: number;
  readonly activeUs: number;
  /** 0 = it is still there. */
  readonly stopUs: number;
  /** Why it ended. */
  readonly reason: string;
  /** How long a ping took; 0 = not known yet. */
  readonly rttUs: number;
  readonly pendingBytes: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly subscriptionCount: number;
  readonly name: string;
  readonly language: string;
  readonly version: string;
  readonly mqttClient: string;
  readonly user: string;
  /** `""` before it has shown who it is. */
  readonly tenant: string;
  subscriptions(): readonly Subscription[];
}

export function rowOfNats(session: NatsSession, stopUs: number): ConnectionRow {
  const { connection, options, identity } = session;
  return {
    id: session.id,
    type: connection.webSocket === true ? "websocket" : "nats",
    address: connection.remoteAddress,
    port: connection.remotePort,
    startUs: session.startUs,
    activeUs: session.activeUs,
    stopUs,
    reason: stopUs === 0 ? "" : session.endedBy,
    rttUs: session.rttUs,
    pendingBytes: session.pendingBytes,
    messagesIn: session.messagesIn,
    messagesOut: session.messagesOut,
    bytesIn: session.bytesIn,
    bytesOut: session.bytesOut,
    subscriptionCount: session.subscriptionCount,
    name: options.name,
    language: options.language,
    version: options.version,
    mqttClient: "",
    user: identity?.user ?? "",
    tenant: identity?.tenant ?? "",
    subscriptions: () => session.subscriptions,
  };
}

/** Undefined: the client has not been accepted yet. */
export function rowOfMqtt(client: MqttConnection, stopUs: number): ConnectionRow | undefined {
  const { session, connection } = client;
  if (session === undefined) return undefined;
  const identity = session.attachment?.identity;
  return {
    id: session.id,
    type: "mqtt",
    address: connection.remoteAddress,
    port: connection.remotePort,
    startUs: client.startUs,
    activeUs: client.activeUs,
    stopUs,
    reason: stopUs === 0 ? "" : "Client Closed",
    rttUs: 0,
    pendingBytes: client.outbox.pending,
    messagesIn: client.messagesIn,
    messagesOut: client.messagesOut,
    bytesIn: client.bytesIn,
    bytesOut: client.bytesOut,
    subscriptionCount: session.interests.size,
    name: "",
    language: "",
    version: client.level === 5 ? "5" : client.level === 4 ? "3.1.1" : "3.1",
    mqttClient: session.clientId,
    user: identity?.user ?? "",
    tenant: identity?.tenant ?? "",
    subscriptions: () => [...session.interests.values()],
  };
}
