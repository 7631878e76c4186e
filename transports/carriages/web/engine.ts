/**
 * The web seam: one listener that answers HTTP and turns upgrades into connections. Two engines implement it with the same
 * behaviour: uWebSockets.js where its binary loads, `ws` over node:http elsewhere. Protocols see a Connection and never learn
 * which; a WebSocket is a stream of bytes to them, whatever the frames.
 */
import type { ClientCertificate } from "../../../lib/auth/certificate.ts";
import { SystemClock } from "../../../lib/clock.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Connection, Listener, ShownCredentials } from "../connection.ts";

/** What may be known of a request, before and after an upgrade. Copied: it may be kept. */
export interface WebRequest {
  /** Upper case. */
  readonly method: string;
  /** Without the query, percent-decoding not applied. */
  readonly path: string;
  /** Without the `?`. */
  readonly query: string;
  /** Names in lower case; a repeated header is joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  readonly remoteAddress: string;
  /** 0 where the engine does not know it. */
  readonly remotePort: number;
  readonly secure: boolean;
  /** Of a peer that had to show one. Absent = it had not. */
  readonly peerCertificate?: ClientCertificate | undefined;
}

/** The answer to one request. Every call after the peer has gone is ignored. */
export interface WebResponse {
  /** Called once when the peer went away before the answer was complete. */
  onAborted: (() => void) | undefined;
  /** True once the peer has gone or the answer is complete. */
  readonly finished: boolean;
  /** The whole answer. */
  send(status: number, headers: readonly (readonly [string, string])[], body: Uint8Array | string): void;
  /** Begins an answer of unknown length. */
  begin(status: number, headers: readonly (readonly [string, string])[]): void;
  /** Adds to a begun answer. False = the peer is slow: wait for `onDrain`. */
  write(chunk: Uint8Array | string): boolean;
  onDrain: (() => void) | undefined;
  end(): void;
}

/** What an upgrade gets: a connection with this subprotocol (undefined = none named), or an HTTP refusal. */
export type UpgradeDecision =
  | {
      readonly kind: "accept";
      readonly subprotocol: string | undefined;
      readonly binaryOnly: boolean;
      readonly shown?: ShownCredentials | undefined;
    }
  | { readonly kind: "refuse"; readonly status: number; readonly text: string };

export interface WebHandlers {
  /** A request with its whole body, at most `bodyBytesMax`; a larger one was answered with 413 already. */
  request(request: WebRequest, body: Buffer, response: WebResponse): void;
  upgrade(request: WebRequest): UpgradeDecision;
  /** An upgraded connection, not started. */
  opened(connection: Connection, subprotocol: string | undefined): void;
}

export interface WebListenOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Largest message a peer may send, bytes; a larger one closes with 1009. */
  readonly messageBytesMax: number;
  readonly bodyBytesMax: number;
  /** Without a frame from the peer for this long (pings are sent), the connection is closed. */
  readonly idleTimeoutSeconds: number;
  /** How long the head of a request, or of an upgrade, may take to come; absent = 10 s. uWebSockets.js has it built in, and cannot be told another. */
  readonly headTimeoutMs?: number;
  readonly compression: boolean;
  readonly tls: WebTls | undefined;
}

/** PEM files, because uWebSockets.js reads them itself. */
export interface WebTls {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly passphrase: string | undefined;
  /** Peers must show a certificate that these authorities vouch for; undefined = they need not. Only the engine `ws` can see to that. */
  readonly clientAuthoritiesFile?: string | undefined;
}

export interface WebEngine {
  /** As shown in the banner and `/varz`. */
  readonly name: "uWebSockets.js" | "ws";
  /** Resolves when the port accepts. Rejects with a ListenError. */
  listen(options: WebListenOptions, handlers: WebHandlers): Promise<Listener>;
}

/** The answer with 413, which an engine gives before anybody sees the request. */
export const bodyTooLarge: { readonly headers: readonly (readonly [string, string])[]; readonly body: string } = {
  headers: [
    ["content-type", "application/problem+json"],
    ["connection", "close"],
  ],
  body: '{"type":"about:blank","title":"Payload Too Large","status":413,"detail":"the body is too large: send less at once"}\n',
};

/** A shorter message is not worth compressing. */
export const compressedBytesMin = 64;

/** Close codes of RFC 6455 §7.4.1 and its registry, as the broker uses them. */
export const closeCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  policyViolation: 1008,
  messageTooBig: 1009,
  tryAgainLater: 1013,
} as const;

/** Bytes a peer may have sent while its connection is paused, before it is closed with `tryAgainLater`. */
export const pausedBytesMax: number = 64 * 1024 * 1024;
/** Of all connections together. */
export const pausedBytesTotalMax: number = 256 * 1024 * 1024;

/** Loads uWebSockets.js if it can be, else `ws`. `prefer` forces one; a forced engine that does not load rejects. */
export async function loadEngine(prefer: "uWebSockets.js" | "ws" | undefined, clock: Clock = new SystemClock()): Promise<WebEngine> {
  if (prefer !== "ws") {
    try {
      const { loadUwebsockets } = await import("./uwebsockets.ts");
      return await loadUwebsockets(clock);
    } catch (error) {
      if (prefer !== undefined) throw error;
    }
  }
  const { WsEngine } = await import("./ws.ts");
  return new WsEngine(clock);
}
