/**
 * TLS as a server's end over a socket that already exists: the upgrade after a protocol's greeting and the handshake before
 * it are the same act at different times. One Node TLS server, never listening, does the handshakes, because only it verifies
 * client certificates; `replace` gives it other certificates without touching live connections.
 */
import { createServer } from "node:tls";
import type { Socket } from "node:net";
import type { Server, TlsOptions, TLSSocket } from "node:tls";
import { clientCertificate } from "../../lib/auth/certificate.ts";
import type { ClientCertificate } from "../../lib/auth/certificate.ts";

export interface SecureServerOptions {
  /** PEM text. */
  readonly certificate: string | Buffer;
  readonly key: string | Buffer;
  readonly passphrase?: string | undefined;
  /** PEM text of the authorities that vouch for clients; with it clients are asked for a certificate. */
  readonly authorities?: string | Buffer | undefined;
  /** True: a client without a certificate that `authorities` vouch for is refused. */
  readonly verifyClients?: boolean | undefined;
  /** A longer handshake is cut. Default 5,000. */
  readonly handshakeTimeoutMs?: number | undefined;
}

export class SecureServer {
  readonly verifiesClients: boolean;
  readonly #server: Server;
  /** Handshakes under way, by the four numbers of their socket: Node reports a secure socket without saying whose it is. */
  readonly #waiting: Map<string, (socket: TLSSocket) => void>;

  /** Throws what Node says of a bad key or certificate. */
  constructor(options: SecureServerOptions) {
    this.verifiesClients = options.verifyClients === true;
    this.#waiting = new Map();
    this.#server = createServer({
      ...contextOf(options),
      requestCert: this.verifiesClients || options.authorities !== undefined,
      rejectUnauthorized: this.verifiesClients,
      handshakeTimeout: options.handshakeTimeoutMs ?? 5_000,
    });
    this.#server.on("secureConnection", (socket) => {
      const key = socketKey(socket);
      const ready = this.#waiting.get(key);
      this.#waiting.delete(key);
      if (ready === undefined) socket.destroy();
      else ready(socket);
    });
    this.#server.on("tlsClientError", (_error, socket) => socket.destroy());
  }

  /** Later handshakes use this certificate. Throws, changing nothing, on a bad one. */
  replace(options: SecureServerOptions): void {
    this.#server.setSecureContext(contextOf(options));
  }

  /** Starts the handshake. `first` are bytes the client already sent. A failed handshake closes the socket. */
  upgrade(socket: Socket, first: Buffer | undefined, ready: (socket: TLSSocket) => void): void {
    socket.removeAllListeners("data");
    socket.pause();
    if (first !== undefined && first.length > 0) socket.unshift(Buffer.from(first));
    const key = socketKey(socket);
    this.#waiting.set(key, ready);
    socket.once("close", () => this.#waiting.delete(key));
    this.#server.emit("connection", socket);
  }
}

function contextOf(options: SecureServerOptions): TlsOptions {
  return {
    cert: options.certificate,
    key: options.key,
    ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
    ...(options.authorities === undefined ? {} : { ca: options.authorities }),
    minVersion: "TLSv1.2",
  };
}

function socketKey(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}

/** What the verified certificate says of the peer; undefined when there is none. */
export function peerCertificateOf(socket: TLSSocket): ClientCertificate | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  if (certificate.subject === undefined) return undefined;
  return clientCertificate({ ...certificate.subject }, certificate.subjectaltname);
}
