/**
 * The carriage seam: a duplex of bytes with backpressure, and what a protocol may know of its far end. A carriage (TCP, TLS,
 * in-process, WebSocket) makes connections; a protocol puts a handler on each and never learns what carries the bytes.
 * Only carriages touch sockets.
 */
import type { ClientCertificate } from "../../lib/auth/certificate.ts";
import type { SecureServer } from "./tls.ts";

/** What a protocol does with a connection. All calls are synchronous and must not throw. */
export interface ConnectionHandler {
  /** Bytes arrived, in order. The chunk is the handler's to read during this call only: what it keeps, it copies. */
  data(chunk: Buffer): void;
  /** The connection is gone; called exactly once, after which nothing else is. Writes still under way never report. */
  closed(error: Error | undefined): void;
}

/** Who a peer says it is. */
export interface ShownCredentials {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
}

/** Why a protocol ends a connection, for carriages that have a word for it. */
export type EndReason = "denied" | "too_large" | "protocol" | "slow" | "going_away" | "busy";

export interface Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** What the peer showed before the protocol began; the protocol's own credentials come first. Absent = nothing. */
  readonly shown?: ShownCredentials | undefined;
  /** True for a WebSocket. Absent = no. */
  readonly webSocket?: boolean;
  /** True once TLS (or an equivalent) protects the bytes. */
  readonly secure: boolean;
  /** Defined when the peer showed a certificate that the listener's authorities vouch for. */
  readonly peerCertificate: ClientCertificate | undefined;
  /** Begins to read. Called once. */
  start(handler: ConnectionHandler): void;
  /**
   * Submission. The bytes stay untouched until `done`, which is called once for each write, in order of writing, when the
   * carriage has handed them on; never from within `write`. It is not called for what a closing connection could not send.
   */
  write(bytes: Buffer, done: () => void): void;
  /** Says why the `end` that follows comes; the text is for people. Absent: the carriage has no way to pass it on. */
  explain?(reason: EndReason, text: string): void;
  /** Sends what was written, then closes. Callable twice. */
  end(): void;
  /** Closes now, whatever was written. Callable twice. */
  destroy(): void;
  /** False: `pause` only keeps what the peer goes on sending, up to a bound. Absent = true. */
  readonly pausesPeer?: boolean;
  /** False: a pause would soon keep more than the bound, and the connection be closed for it. Absent = true. */
  readonly keepsMore?: boolean;
  /** No `data` until `resume`, except for a chunk already under way. */
  pause(): void;
  resume(): void;
  /**
   * Turns the connection into a TLS server's end over the same bytes. `first` are bytes already received that belong to the
   * handshake. `ready` is called once the handshake is done; a failed handshake closes the connection.
   */
  upgradeToTls(secure: SecureServer, first: Buffer | undefined, ready: () => void): void;
}

/** A door's listening end. */
export interface Listener {
  readonly address: ListenerAddress;
  /** Stops accepting; connections live on. Resolves when the port is free. Callable twice. */
  close(): Promise<void>;
  /** Cuts every connection the listener still owns. Only carriages that answer requests themselves have it. */
  destroy?(): void;
}

export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
}
