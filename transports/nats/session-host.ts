/** What a NATS session needs of its door: the shared parts, the limits, and somebody to tell when it is gone. */
import type { Identity } from "../../lib/auth/identity.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Limits } from "../../lib/limits.ts";
import type { Message } from "../../lib/message.ts";
import type { Random } from "../../lib/random.ts";
import type { Attachment, Session } from "../../lib/transport.ts";
import type { SecureServer } from "../carriages/tls.ts";
import type { ChunkPool } from "../chunk-pool.ts";
import type { FlushList } from "../flush-list.ts";
import type { AckRenderer } from "./acks.ts";
import type { Authentication } from "./authentication.ts";
import type { MessageEncoder } from "./encoder.ts";
import type { FrameMemory } from "./frame-memory.ts";
import type { ServerInfo } from "./info.ts";
import type { NatsSession } from "./session.ts";

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
  readonly frameMemory: FrameMemory;
  readonly limits: Limits;
  readonly serverInfo: ServerInfo;
  /** Shared by the sessions, because each uses them within one call. */
  readonly message: Message;
  readonly acks: AckRenderer;
  readonly encoder: MessageEncoder;
  readonly lameDuck: boolean;
  readonly authentication: Authentication;
  attach(session: Session, identity: Identity): Attachment;
  /** The identity's tenant has all the connections it may have. */
  full(identity: Identity): boolean;
  closed(session: NatsSession): void;
}
