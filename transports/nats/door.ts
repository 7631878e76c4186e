/**
 * The NATS door: listens on a carriage, makes a session of each connection, ticks them all, and closes in order. Several doors (TCP,
 * later WebSocket) may share one pool and flush list.
 */
import type { Identity } from "../../lib/auth/identity.ts";
import type { Clock, Timer } from "../../lib/clock.ts";
import { defaultLimits } from "../../lib/limits.ts";
import type { Limits } from "../../lib/limits.ts";
import { Message, nothing } from "../../lib/message.ts";
import type { Random } from "../../lib/random.ts";
import { Subject } from "../../lib/router/subject.ts";
import type { Attachment, Session } from "../../lib/transport.ts";
import type { Connection, Listener, ListenerAddress } from "../carriages/connection.ts";
import { listenTcp } from "../carriages/tcp.ts";
import { ChunkPool, poolBytesMax } from "../chunk-pool.ts";
import type { Heavy, PoolUser } from "../chunk-pool.ts";
import { FlushList } from "../flush-list.ts";
import { AckRenderer } from "./acks.ts";
import type { Authentication } from "./authentication.ts";
import { errorTexts } from "./errors.ts";
import { MessageEncoder } from "./encoder.ts";
import { FramePool } from "./frame-memory.ts";
import type { FrameMemory } from "./frame-memory.ts";
import type { ServerInfo } from "./info.ts";
import { NatsSession } from "./session.ts";
import type { DoorTls, SessionHost } from "./session-host.ts";

/** What the door needs of the broker. */
export interface DoorBroker {
  attach(session: Session, identity: Identity): Attachment;
  nextSessionId(): number;
  /** The identity's tenant has all the connections it may have. Absent: no tenant has a limit. */
  full?(identity: Identity): boolean;
}

export interface NatsDoorOptions {
  readonly broker: DoorBroker;
  readonly clock: Clock;
  readonly random: Random;
  readonly authentication: Authentication;
  /** Shown in INFO. */
  readonly serverId: string;
  readonly serverName: string;
  readonly limits?: Limits | undefined;
  /** False: INFO says that there is no JetStream. Absent = true. */
  readonly jetStream?: boolean | undefined;
  readonly domain?: string | undefined;
  readonly tls?: DoorTls | undefined;
  /** Undefined: nobody but `accept` brings connections. Port 0 = any free one. */
  readonly listen?: ListenerAddress | undefined;
  readonly pool?: ChunkPool | undefined;
  readonly flushList?: FlushList | undefined;
  /** Bytes that all connections together may hold of large frames not yet complete. Default 256 MiB. */
  readonly framesBytesMax?: number | undefined;
}

/** Over how long the sessions still here after the lame-duck grace are closed. */
const lameDuckCloseMs = 120_000;
const tickMsMax = 1_000;
/** How long a closing door waits for publishes to be answered. */
const drainMs = 5_000;

export class NatsDoor implements SessionHost, PoolUser {
  readonly clock: Clock;
  readonly random: Random;
  readonly pool: ChunkPool;
  readonly flushList: FlushList;
  readonly frameMemory: FrameMemory;
  readonly authentication: Authentication;
  readonly message: Message;
  readonly acks: AckRenderer;
  readonly encoder: MessageEncoder;
  limits: Limits;
  serverInfo: ServerInfo;
  /** Of connections accepted from now on. */
  tls: DoorTls | undefined;
  lameDuck: boolean;
  /** All connections ever accepted. */
  accepted: number;
  /** Told when a connection has gone. */
  ended: ((session: NatsSession) => void) | undefined;
  readonly #broker: DoorBroker;
  readonly #sessions: Set<NatsSession>;
  /** What accepts now. */
  listener: Listener | undefined;
  #ticking: Timer | undefined;
  #tickedMs: number;
  #closing: Promise<void> | undefined;
  #emptied: (() => void) | undefined;

  constructor(options: NatsDoorOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.limits = options.limits ?? defaultLimits;
    this.pool = options.pool ?? new ChunkPool(options.clock, poolBytesMax(this.limits));
    this.pool.users.add(this);
    this.flushList = options.flushList ?? new FlushList(options.clock);
    this.frameMemory = new FramePool(options.framesBytesMax ?? 256 * 1024 * 1024);
    this.authentication = options.authentication;
    this.message = new Message(new Subject(nothing, true));
    this.acks = new AckRenderer(options.domain);
    this.encoder = new MessageEncoder();
    this.tls = options.tls;
    this.lameDuck = false;
    this.accepted = 0;
    this.ended = undefined;
    this.#broker = options.broker;
    this.#sessions = new Set();
    this.listener = undefined;
    this.#ticking = undefined;
    this.#tickedMs = 0;
    this.#closing = undefined;
    this.#emptied = undefined;
    this.serverInfo = {
      serverId: options.serverId,
      serverName: options.serverName,
      host: options.listen?.host ?? "",
      port: options.listen?.port ?? 0,
      payloadBytesMax: this.limits.payloadBytesMax,
      authRequired: options.authentication.anonymous === undefined,
      connectUrls: [],
      jetStream: options.jetStream ?? true,
      domain: options.domain,
    };
  }

  /** Listens; who listened before goes on until it is closed. Rejects with a BrokerError that says what to do. */
  async listen(address: ListenerAddress): Promise<ListenerAddress> {
    const listener = await listenTcp({ ...address, clock: this.clock, accept: (connection) => this.accept(connection, this.tls) });
    this.listener = listener;
    this.serverInfo = { ...this.serverInfo, ...listener.address };
    return listener.address;
  }

  get address(): ListenerAddress | undefined {
    return this.listener?.address;
  }

  /** Every live session. */
  get sessions(): ReadonlySet<NatsSession> {
    return this.#sessions;
  }

  /** A new connection, of whatever carriage; `tls` if the session is to upgrade it. */
  accept(connection: Connection, tls?: DoorTls): void {
    if (this.#closing !== undefined) {
      connection.destroy();
      return;
    }
    this.accepted++;
    const session = new NatsSession(this, this.#broker.nextSessionId(), connection, tls);
    this.#sessions.add(session);
    session.start(this.#sessions.size > this.limits.connectionsMax ? errorTexts.connectionsExceeded : undefined);
    if (this.#ticking === undefined) {
      this.#tickedMs = this.clock.monotonicMs();
      this.#scheduleTick();
    }
  }

  attach(session: Session, identity: Identity): Attachment {
    return this.#broker.attach(session, identity);
  }

  full(identity: Identity): boolean {
    return this.#broker.full?.(identity) ?? false;
  }

  closed(session: NatsSession): void {
    if (this.#sessions.delete(session)) this.ended?.(session);
    if (this.#sessions.size === 0) this.#emptied?.();
  }

  heaviest(): Heavy | undefined {
    let heaviest: NatsSession | undefined;
    for (const session of this.#sessions) {
      if (heaviest === undefined || session.pendingBytes > heaviest.pendingBytes) heaviest = session;
    }
    return heaviest;
  }

  /** Clients are told to go elsewhere and new ones are refused; after a grace those still here are closed one by one. */
  async announceLameDuck(): Promise<void> {
    if (this.lameDuck) return;
    this.lameDuck = true;
    for (const session of this.#sessions) session.announceLameDuck();
    await this.listener?.close();
    this.clock.after(this.limits.lameDuckMs, () => this.#closeOneByOne([...this.#sessions]));
  }

  #closeOneByOne(left: NatsSession[]): void {
    const next = left.pop();
    if (next === undefined || this.#closing !== undefined) return;
    next.close("lame_duck");
    this.clock.after(Math.min(1_000, lameDuckCloseMs / (left.length + 1)), () => this.#closeOneByOne(left));
  }

  /** Stops listening and closes every session once what waits for it is sent. Callable twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ticking?.cancel();
    this.pool.users.delete(this);
    const listener = this.listener?.close();
    for (const session of this.#sessions) session.close("shutdown");
    if (this.#sessions.size > 0) {
      // A store that does not answer must not keep the door open for ever.
      this.clock.after(drainMs, () => {
        for (const session of this.#sessions) session.close("fault");
      });
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    await listener;
  }

  #scheduleTick(): void {
    const limits = this.limits;
    const shortest = Math.min(limits.pingIntervalMs, limits.authTimeoutMs, limits.pendingOutMs);
    this.#ticking = this.clock.after(Math.max(5, Math.min(tickMsMax, shortest / 4)), () => this.#tick());
  }

  #tick(): void {
    const now = this.clock.monotonicMs();
    const elapsedMs = now - this.#tickedMs;
    this.#tickedMs = now;
    for (const session of this.#sessions) session.tick(elapsedMs);
    if (this.#sessions.size > 0) this.#scheduleTick();
    else this.#ticking = undefined;
  }
}

/** Opens a door that listens where the options say. */
export async function openNatsDoor(options: NatsDoorOptions): Promise<NatsDoor> {
  const door = new NatsDoor(options);
  if (options.listen !== undefined) await door.listen(options.listen);
  return door;
}
