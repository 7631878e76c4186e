/** What a NATS session needs of its door: the shared parts, the limits, and somebody to tell when it is gone. */
import type { Identity } from "../../lib/auth/identity.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { Attachment, Session } from "../../lib/transport.ts";
import type { SecureServer } from "../carriages/tls.ts";
import type { ChunkPool } from "../chunk-pool.ts";
import type { FlushList } from "../flush-list.ts";
import type { Authentication } from "./authentication.ts";
import type { FrameBudget } from "./decoder.ts";
import type { ServerInfo } from "./info.ts";
import type { NatsSession } from "./session.ts";

/** Each with its default and what happens when it is met. */
export interface NatsLimits {
  /** 4,096: `maximum control line exceeded`, closed. */
  readonly controlLineBytesMax: number;
  /** 1 MiB: `Maximum Payload Violation`, closed. */
  readonly payloadBytesMax: number;
  /** 8 MiB, at least three times the payload: a plain subscription that meets it closes the connection as a slow consumer. */
  readonly pendingBytesMax: number;
  /** 10,000: no write finished for so long with bytes waiting: closed as a slow consumer. */
  readonly writeDeadlineMs: number;
  /** 10,000: `maximum subscriptions exceeded`, the connection stays. */
  readonly subscriptionsMax: number;
  /** 65,536: `maximum connections exceeded`, closed. */
  readonly connectionsMax: number;
  /** 2,000: `Authentication Timeout`, closed. */
  readonly authenticationMs: number;
  /** 120,000 and 2: `Stale Connection`, closed. */
  readonly pingIntervalMs: number;
  readonly pingsOutMax: number;
  readonly firstPingMs: number;
}

export const natsLimits: NatsLimits = {
  controlLineBytesMax: 4_096,
  payloadBytesMax: 1024 * 1024,
  pendingBytesMax: 8 * 1024 * 1024,
  writeDeadlineMs: 10_000,
  subscriptionsMax: 10_000,
  connectionsMax: 65_536,
  authenticationMs: 2_000,
  pingIntervalMs: 120_000,
  pingsOutMax: 2,
  firstPingMs: 2_000,
};

export interface DoorTls {
  readonly server: SecureServer;
  /** `available`: a client may come without. `first`: the handshake comes before INFO. */
  readonly mode: "available" | "required" | "first";
}

export interface SessionHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly pool: ChunkPool;
  readonly flushList: FlushList;
  readonly frameBudget: FrameBudget;
  readonly limits: NatsLimits;
  readonly serverInfo: ServerInfo;
  readonly tls: DoorTls | undefined;
  readonly lameDuck: boolean;
  readonly authentication: Authentication;
  attach(session: Session, identity: Identity): Attachment;
  closed(session: NatsSession): void;
}
