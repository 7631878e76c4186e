/**
 * The TCP carriage, and TLS on top of it. Owns node:net. Nagle's delay is off because writers coalesce already; a socket's
 * error is told once, through `closed`.
 */
import { createServer, Socket } from "node:net";
import type { OnReadOpts, Server, SocketConstructorOpts } from "node:net";
import type { ClientCertificate } from "../../lib/auth/certificate.ts";
import type { Clock } from "../../lib/clock.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { Connection, ConnectionHandler, Listener, ListenerAddress } from "./connection.ts";
import { peerCertificateOf } from "./tls.ts";
import type { SecureServer } from "./tls.ts";

/** How long an ended connection may take to send what was written, and then wait for its peer to close too, before it is cut. */
const endMs = 5_000;
const lingerMs = 1_000;

export interface TcpListenOptions {
  readonly clock: Clock;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Connections the system may hold before they are accepted. */
  readonly backlog?: number | undefined;
  /** Given every new connection, not started. Must not throw. */
  readonly accept: (connection: Connection) => void;
}

/** What one read takes at most. */
const readBytes = 256 * 1024;

/** Resolves when the port accepts. Rejects with a BrokerError that says what to do. */
export function listenTcp(options: TcpListenOptions): Promise<Listener> {
  const inPlace = new InPlaceReader();
  const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) =>
    options.accept(new TcpConnection(socket, options.clock, inPlace)),
  );
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, options)));
    server.listen({ host: options.host, port: options.port, backlog: options.backlog ?? 1024 }, () => {
      server.removeAllListeners("error");
      // Accepting can fail later (no file descriptors left): the door stays open and the next accept tries again.
      server.on("error", () => {});
      resolve(new TcpListener(server, options.host, options.clock));
    });
  });
}

/** Says what to do about a port that could not be opened. */
export function listenError(error: NodeJS.ErrnoException, options: ListenerAddress): BrokerError {
  const where = `${options.host}:${options.port}`;
  if (error.code === "EADDRINUSE") {
    return new BrokerError("address_in_use", `${where} is in use: stop what listens there, or choose another port (0 = any free one)`, {
      cause: error,
    });
  }
  if (error.code === "EACCES") {
    return new BrokerError("no_access", `${where} may not be opened by this user: choose a port above 1023`, { cause: error });
  }
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") {
    return new BrokerError("invalid", `${options.host} is no address of this machine: use 127.0.0.1, 0.0.0.0 or one it has`, {
      cause: error,
    });
  }
  return new BrokerError("invalid", `${where} could not be opened: ${error.message}`, { cause: error });
}

class TcpListener implements Listener {
  readonly address: ListenerAddress;
  readonly #server: Server;
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;

  constructor(server: Server, host: string, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.#closing = undefined;
    const bound = server.address();
    this.address = { host, port: typeof bound === "object" && bound !== null ? bound.port : 0 };
  }

  close(): Promise<void> {
    // `Server.close` reports only when the last connection is gone, but the port is free at once; so nothing waits for it.
    this.#closing ??= new Promise((resolve) => {
      this.#server.close();
      this.#clock.endOfTurn(resolve);
    });
    return this.#closing;
  }
}

/**
 * Lets all sockets of a listener read into one buffer, because a handler uses a chunk only during its call: else Node makes a buffer
 * of 64 KiB for each read, which costs a publisher's connection a seventh of its time. Node offers this (`onread`) only to sockets
 * one makes oneself; so the accepted socket's handle moves to one. Where Node's insides do not look as expected, nothing moves.
 */
class InPlaceReader {
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(readBytes);

  adopt(accepted: Socket, read: (chunk: Buffer) => void): Socket | undefined {
    const inside: { _handle?: unknown } = Object(accepted);
    const handle = inside._handle;
    if (typeof handle !== "object" || handle === null || !("readStart" in handle)) return undefined;
    inside._handle = null;
    const options: SocketConstructorOpts & { readonly handle: object; readonly onread: OnReadOpts } = {
      handle,
      onread: {
        buffer: this.#buffer,
        callback: (bytes) => {
          read(bytes === readBytes ? this.#buffer : this.#buffer.subarray(0, bytes));
          return true;
        },
      },
    };
    return new Socket(options);
  }
}

class TcpConnection implements Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  peerCertificate: ClientCertificate | undefined;
  #socket: Socket;
  /** Its bytes come by themselves, not as events. */
  #inPlace: boolean;
  #handler: ConnectionHandler | undefined;
  #secure: boolean;
  #ending: boolean;
  /** During a TLS handshake: what waits for its end. */
  #upgrading: { readonly bytes: Buffer; readonly done: () => void }[] | undefined;
  #closed: boolean;
  #error: Error | undefined;
  readonly #clock: Clock;

  constructor(accepted: Socket, clock: Clock, inPlace: InPlaceReader) {
    this.#clock = clock;
    this.remoteAddress = accepted.remoteAddress ?? "";
    this.remotePort = accepted.remotePort ?? 0;
    this.localAddress = accepted.localAddress ?? "";
    this.localPort = accepted.localPort ?? 0;
    this.peerCertificate = undefined;
    const adopted = inPlace.adopt(accepted, (chunk) => this.#read(chunk));
    const socket = adopted ?? accepted;
    this.#socket = socket;
    this.#inPlace = adopted !== undefined;
    this.#handler = undefined;
    this.#secure = false;
    this.#ending = false;
    this.#upgrading = undefined;
    this.#closed = false;
    this.#error = undefined;
    socket.on("error", (error) => (this.#error ??= error));
    socket.on("close", () => this.#gone());
  }

  get secure(): boolean {
    return this.#secure;
  }

  start(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#closed) {
      handler.closed(this.#error);
      return;
    }
    if (this.#upgrading === undefined) this.#listen(this.#socket);
  }

  #listen(socket: Socket): void {
    if (this.#handler === undefined) return;
    if (!this.#inPlace) socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.resume();
  }

  #read(chunk: Buffer): void {
    if (!this.#closed && !this.#ending) this.#handler?.data(chunk);
  }

  write(bytes: Buffer, done: () => void): void {
    if (this.#closed) return;
    if (this.#upgrading !== undefined) {
      this.#upgrading.push({ bytes, done });
      return;
    }
    this.#socket.write(bytes, (error) => {
      if (error === undefined || error === null) done();
    });
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    if (this.#upgrading !== undefined) {
      this.destroy();
      return;
    }
    // Closing with bytes unread would reset the connection, and the peer could lose the last words: what still comes is read
    // and dropped, for a while.
    this.#socket.end(() => this.#clock.after(lingerMs, () => this.destroy()));
    this.#socket.resume();
    this.#clock.after(endMs, () => this.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    if (!this.#ending && this.#upgrading === undefined) this.#socket.pause();
  }

  resume(): void {
    if (this.#upgrading === undefined) this.#socket.resume();
  }

  upgradeToTls(secure: SecureServer, first: Buffer | undefined, ready: () => void): void {
    this.#upgrading = [];
    secure.upgrade(this.#socket, first, (upgraded) => {
      this.#secure = true;
      this.peerCertificate = peerCertificateOf(upgraded);
      upgraded.on("error", (error) => (this.#error ??= error));
      upgraded.on("close", () => this.#gone());
      this.#socket = upgraded;
      this.#inPlace = false;
      const waiting = this.#upgrading ?? [];
      this.#upgrading = undefined;
      for (const { bytes, done } of waiting) this.write(bytes, done);
      ready();
      this.#listen(upgraded);
    });
  }

  #gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#handler?.closed(this.#error);
  }
}
