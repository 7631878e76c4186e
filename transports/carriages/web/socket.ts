/**
 * What both engines' WebSockets have in common as a Connection: writes are acknowledged in order once the engine has handed
 * them on, and a peer that goes on sending while paused is kept in a bounded buffer, because neither engine's reader can be
 * relied on to stop at once.
 */
import type { ClientCertificate } from "../../../lib/auth/certificate.ts";
import type { Clock, Timer } from "../../../lib/clock.ts";
import type { Connection, ConnectionHandler, EndReason, ShownCredentials } from "../connection.ts";
import type { SecureServer } from "../tls.ts";
import { Backlog } from "./backlog.ts";
import type { BacklogBudget } from "./backlog.ts";
import { closeCode } from "./engine.ts";

/** The engine's end of one WebSocket. */
export interface RawSocket {
  /** Sends one binary message. The bytes stay untouched until `sent` is called through `WebSocketConnection.sent`. */
  send(bytes: Buffer): void;
  /** After what was sent. The peer may never read that: whoever calls it destroys the socket in the end. */
  close(code: number, reason: string): void;
  destroy(): void;
  /** Stops and goes on reading; absent where the engine cannot. */
  readonly pause?: () => void;
  readonly resume?: () => void;
}

const closeCodes: Readonly<Record<EndReason, number>> = {
  denied: closeCode.policyViolation,
  slow: closeCode.policyViolation,
  too_large: closeCode.messageTooBig,
  protocol: closeCode.protocolError,
  going_away: closeCode.goingAway,
  busy: closeCode.tryAgainLater,
};

/** How long a peer may take to read what was sent and the close code behind it. */
export const farewellMs = 5_000;

/** What an engine knows of a new connection. */
export interface WebSocketOptions {
  readonly peer: { readonly remoteAddress: string; readonly remotePort: number; readonly secure: boolean } & {
    readonly peerCertificate?: ClientCertificate | undefined;
  };
  readonly local: { readonly address: string; readonly port: number };
  readonly binaryOnly: boolean;
  readonly budget: BacklogBudget;
  readonly clock: Clock;
}

export class WebSocketConnection implements Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly webSocket = true;
  shown: ShownCredentials | undefined = undefined;
  readonly localAddress: string;
  readonly localPort: number;
  readonly secure: boolean;
  readonly peerCertificate: ClientCertificate | undefined;
  /** Text messages close the connection (MQTT-6.0.0-1). */
  readonly binaryOnly: boolean;
  readonly #raw: RawSocket;
  #handler: ConnectionHandler | undefined;
  readonly #backlog: Backlog;
  #paused = true;
  #closed = false;
  #ending = false;
  #told = false;
  #error: Error | undefined;
  /** `done`s not yet called, oldest first. */
  #unacknowledged: (() => void)[] = [];
  #endCode: number = closeCode.normal;
  #endText = "";
  #releasing = false;
  #releasable = 0;
  readonly #clock: Clock;
  #farewell: Timer | undefined;

  constructor(raw: RawSocket, { peer, local, binaryOnly, budget, clock }: WebSocketOptions) {
    this.#raw = raw;
    this.#clock = clock;
    this.#backlog = new Backlog(budget);
    this.remoteAddress = peer.remoteAddress;
    this.remotePort = peer.remotePort;
    this.localAddress = local.address;
    this.localPort = local.port;
    this.secure = peer.secure;
    this.peerCertificate = peer.peerCertificate;
    this.binaryOnly = binaryOnly;
  }

  start(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#closed) {
      this.#tell();
      return;
    }
    this.resume();
  }

  write(bytes: Buffer, done: () => void): void {
    if (this.#closed || this.#ending) return;
    this.#unacknowledged.push(done);
    this.#raw.send(bytes);
  }

  explain(reason: EndReason, text: string): void {
    this.#endCode = closeCodes[reason];
    this.#endText = text;
  }

  end(): void {
    this.endWith(this.#endCode, this.#endText);
  }

  /** Ends with a close code that says why. */
  endWith(code: number, reason: string): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#backlog.clear();
    this.#farewell = this.#clock.after(farewellMs, () => this.destroy());
    this.#raw.close(code, reason);
    // The peer's own farewell is to be read, and nothing else of it is taken any more.
    this.#raw.resume?.();
  }

  destroy(): void {
    if (!this.#closed) this.#raw.destroy();
  }

  get pausesPeer(): boolean {
    return this.#raw.pause !== undefined;
  }

  get keepsMore(): boolean {
    return this.#raw.pause !== undefined || this.#backlog.roomy;
  }

  pause(): void {
    this.#paused = true;
    if (!this.#ending) this.#raw.pause?.();
  }

  resume(): void {
    this.#paused = false;
    while (!this.#paused && !this.#closed && !this.#ending) {
      const chunk = this.#backlog.take();
      if (chunk === undefined) break;
      this.#handler?.data(chunk);
    }
    if (!this.#paused) this.#raw.resume?.();
  }

  upgradeToTls(_secure: SecureServer, _first: Buffer | undefined, _ready: () => void): void {
    // TLS is below WebSocket; a protocol inside one never starts its own.
    this.destroy();
  }

  /** From the engine: a message. `bytes` are only valid during the call. */
  received(bytes: Buffer, isBinary: boolean): void {
    if (this.#closed || this.#ending) return;
    if (this.binaryOnly && !isBinary) {
      this.endWith(closeCode.unsupportedData, "text frames carry no MQTT");
      return;
    }
    // While the backlog is given out, what comes waits behind it.
    if (this.#handler !== undefined && !this.#paused && this.#backlog.empty) {
      this.#handler.data(bytes);
      return;
    }
    if (!this.#backlog.add(bytes)) this.endWith(closeCode.tryAgainLater, "the broker is busy: send more slowly");
  }

  /** From the engine: the oldest `count` writes have been handed on. May be called from within `send`. */
  sent(count: number): void {
    this.#releasable += count;
    if (this.#releasing) return;
    this.#releasing = true;
    // Sooner than the end of the turn: an engine may read megabytes in one.
    queueMicrotask(() => {
      this.#releasing = false;
      const done = this.#unacknowledged.splice(0, this.#releasable);
      this.#releasable = 0;
      for (const release of done) release();
    });
  }

  /** Writes not yet handed on. */
  get unsent(): number {
    return this.#unacknowledged.length - this.#releasable;
  }

  /** From the engine, once: the socket is gone. */
  gone(error: Error | undefined): void {
    this.#closed = true;
    this.#farewell?.cancel();
    this.#error = error;
    this.#backlog.clear();
    this.#unacknowledged = [];
    this.#tell();
  }

  #tell(): void {
    if (this.#told || this.#handler === undefined) return;
    this.#told = true;
    this.#handler.closed(this.#error);
  }
}
