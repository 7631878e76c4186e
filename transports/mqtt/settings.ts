/** What an operator may set of the MQTT door; the names are the YAML keys below `mqtt`. */
import type { Limits } from "../../lib/limits.ts";

export interface MqttSettings {
  /** One copy with the highest QoS and all identifiers, or a copy for each, when filters of one client overlap. */
  readonly overlap: "merge" | "copies";
  /** QoS 1 and 2 publishes a version 5 client may have unacknowledged; one more is answered with DISCONNECT 0x93. */
  readonly receiveMaximum: number;
  /** Unacknowledged deliveries to a client that names no maximum of its own. */
  readonly inflightMax: number;
  /** Topic aliases a client may define, and the most this side uses of what a client allows. */
  readonly topicAliasMaximum: number;
  /** Longer keep-alives are cut to this for version 5 (it is told); 0 = no cap. Never refuses an older client. */
  readonly keepAliveMaxSeconds: number;
  readonly sessionExpiryMaxSeconds: number;
  readonly packetBytesMax: number;
  /** Messages waiting for one session; past it the oldest is dropped and counted. At most 60,000. */
  readonly queueMax: number;
  /** SUBACK code of a filter that is not permitted: 0x87 by the specification; some suites want 0x80. */
  readonly deniedSubscribeCode: number;
  readonly connectTimeoutMs: number;
  /** Filters of one session; one more is answered with 0x97. */
  readonly subscriptionsMax: number;
  /** Levels of a filter; one with more is answered with 0x8F. */
  readonly levelsMax: number;
  /** After so many keep-alives of silence the connection is closed. */
  readonly keepAliveFactor: number;
}

/** What the broker's limits say of these. */
export function mqttLimits(limits: Limits): Partial<MqttSettings> {
  return {
    packetBytesMax: limits.payloadBytesMax + limits.headerBytesMax,
    connectTimeoutMs: limits.mqttConnectTimeoutMs,
    subscriptionsMax: limits.subscriptionsMax,
    levelsMax: limits.mqttLevelsMax,
    keepAliveFactor: limits.mqttKeepAliveFactor,
  };
}

export const mqttDefaults: MqttSettings = {
  overlap: "merge",
  receiveMaximum: 100,
  inflightMax: 100,
  topicAliasMaximum: 16,
  keepAliveMaxSeconds: 0,
  sessionExpiryMaxSeconds: 0xffff_ffff,
  packetBytesMax: 1_048_576 + 65_536,
  queueMax: 10_000,
  deniedSubscribeCode: 0x87,
  connectTimeoutMs: 5_000,
  subscriptionsMax: 10_000,
  levelsMax: 200,
  keepAliveFactor: 1.5,
};
