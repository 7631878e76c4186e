/** The web engine where uWebSockets.js does not load: node:http for requests, `ws` for upgrades. */
import { readFileSync } from "node:fs";
import { createServer, ServerResponse } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { WebSocketServer } from "ws";
import type { ServerOptions, WebSocket } from "ws";
import type { Clock } from "../../../lib/clock.ts";
import { listenError } from "../tcp.ts";
import { peerCertificateOf } from "../tls.ts";
import type { Listener, ListenerAddress } from "../connection.ts";
import { BacklogBudget } from "./backlog.ts";
import { bodyTooLarge, compressedBytesMin, pausedBytesMax, pausedBytesTotalMax } from "./engine.ts";
import type { WebEngine, WebHandlers, WebListenOptions, WebRequest, WebResponse } from "./engine.ts";
import { statusText, upgradeRefusal } from "./refusal.ts";
import { farewellMs, WebSocketConnection } from "./socket.ts";
import type { RawSocket, WebSocketOptions } from "./socket.ts";

/** Nothing is remembered between messages, so that an idle connection keeps no window; the fastest level, because a broker has no time. */
const deflate = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  threshold: 0,
  concurrencyLimit: 4,
  zlibDeflateOptions: { level: 1 },
} as const;

export class WsEngine implements WebEngine {
  readonly name = "ws";
  readonly #clock: Clock;
  readonly #budget: BacklogBudget = new BacklogBudget(pausedBytesMax, pausedBytesTotalMax);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  listen(options: WebListenOptions, handlers: WebHandlers): Promise<Listener> {
    const secure = options.tls !== undefined;
    const headersTimeout = options.headTimeoutMs ?? 10_000;
    const timeouts = {
      shouldUpgradeCallback: wantsWebSocket,
      headersTimeout,
      requestTimeout: 60_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: headersTimeout / 5,
    };
    const server: Server =
      options.tls === undefined
        ? createServer(timeouts)
        : createTlsServer({
            ...timeouts,
            key: readFileSync(options.tls.keyFile),
            cert: readFileSync(options.tls.certificateFile),
            ...(options.tls.passphrase === undefined ? {} : { passphrase: options.tls.passphrase }),
            ...clientAuthorities(options.tls.clientAuthoritiesFile),
          });
    // The types of the package do not know the last one yet.
    const settings: ServerOptions & { readonly closeTimeout: number } = {
      noServer: true,
      maxPayload: options.messageBytesMax,
      maxFragments: 1_024,
      maxBufferedChunks: 16_384,
      perMessageDeflate: options.compression ? deflate : false,
      clientTracking: true,
      handleProtocols: () => false,
      closeTimeout: farewellMs,
    };
    const sockets = new WebSocketServer(settings);
    const local = { address: options.host, port: 0 };
    server.on("request", (raw: IncomingMessage, response: ServerResponse) => {
      receive(raw, requestOf(raw, secure), response, options.bodyBytesMax, handlers);
    });
    server.on("upgrade", (raw: IncomingMessage, socket: Duplex, head: Buffer) => {
      const request = requestOf(raw, secure);
      if (!wantsWebSocket(raw)) {
        receiveUnchanged(raw, request, socket, head, options.bodyBytesMax, handlers);
        return;
      }
      const decision = handlers.upgrade(request);
      if (decision.kind === "refuse") {
        refuse(socket, decision.status, decision.text);
        return;
      }
      // `ws` asks which subprotocol to answer with; the decision is made already.
      sockets.options.handleProtocols = () => decision.subprotocol ?? false;
      sockets.handleUpgrade(raw, socket, head, (ws) => {
        const connection = this.#connect(ws, {
          peer: request,
          local,
          binaryOnly: decision.binaryOnly,
          budget: this.#budget,
          clock: this.#clock,
        });
        connection.shown = decision.shown;
        watchIdle(ws, options.idleTimeoutSeconds, this.#clock);
        handlers.opened(connection, decision.subprotocol);
      });
    });
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, options)));
      server.listen({ host: options.host, port: options.port, backlog: 1024 }, () => {
        server.removeAllListeners("error");
        server.on("error", () => {});
        const bound = server.address();
        local.port = typeof bound === "object" && bound !== null ? bound.port : 0;
        resolve(new WsListener(server, sockets, { host: options.host, port: local.port }));
      });
    });
  }

  #connect(ws: WebSocket, options: WebSocketOptions): WebSocketConnection {
    ws.binaryType = "nodebuffer";
    const raw: RawSocket = {
      send: (bytes) => {
        // What was not negotiated is not done.
        ws.send(bytes, { binary: true, compress: bytes.length >= compressedBytesMin }, (error) => {
          if (error === undefined || error === null) connection.sent(1);
        });
      },
      close: (code, reason) => ws.close(code, reason),
      destroy: () => ws.terminate(),
      pause: () => ws.pause(),
      resume: () => ws.resume(),
    };
    const connection = new WebSocketConnection(raw, options);
    let fault: Error | undefined;
    ws.on("message", (data: Buffer, isBinary: boolean) => connection.received(data, isBinary));
    ws.on("error", (error: Error) => (fault ??= error));
    ws.on("close", () => connection.gone(fault));
    return connection;
  }
}

class WsListener implements Listener {
  readonly address: ListenerAddress;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  constructor(server: Server, sockets: WebSocketServer, address: ListenerAddress) {
    this.#server = server;
    this.#sockets = sockets;
    this.address = address;
  }

  close(): Promise<void> {
    this.#server.close();
    this.#server.closeIdleConnections();
    return Promise.resolve();
  }

  /** Cuts every connection, HTTP ones included. */
  destroy(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
  }
}

function clientAuthorities(file: string | undefined): object {
  return file === undefined ? {} : { ca: readFileSync(file), requestCert: true, rejectUnauthorized: true };
}

/** Pings at half the idle time; a peer silent for all of it is cut. */
function watchIdle(ws: WebSocket, idleSeconds: number, clock: Clock): void {
  if (idleSeconds === 0) return;
  let heard = clock.monotonicMs();
  const hear = (): void => {
    heard = clock.monotonicMs();
  };
  ws.on("message", hear);
  ws.on("pong", hear);
  ws.on("ping", hear);
  const look = (): void => {
    if (ws.readyState !== ws.OPEN) return;
    if (clock.monotonicMs() - heard > idleSeconds * 1000) {
      ws.terminate();
      return;
    }
    ws.ping();
    clock.after(idleSeconds * 500, look);
  };
  clock.after(idleSeconds * 500, look);
}

function requestOf(raw: IncomingMessage, secure: boolean): WebRequest {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(raw.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const url = raw.url ?? "/";
  const mark = url.indexOf("?");
  return {
    method: raw.method ?? "GET",
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers,
    remoteAddress: raw.socket.remoteAddress ?? "",
    remotePort: raw.socket.remotePort ?? 0,
    secure,
    peerCertificate: raw.socket instanceof TLSSocket ? peerCertificateOf(raw.socket) : undefined,
  };
}

function wantsWebSocket(raw: IncomingMessage): boolean {
  return raw.headers.upgrade?.toLowerCase() === "websocket";
}

/**
 * A request that offers to go on with another protocol, such as HTTP/2, which is a request like any other. Node before 24.9 hands it over as an
 * upgrade, its body unread; it is answered, and the connection ends.
 */
function receiveUnchanged(
  raw: IncomingMessage,
  request: WebRequest,
  socket: Duplex,
  head: Buffer,
  bodyBytesMax: number,
  handlers: WebHandlers,
): void {
  const target = new ServerResponse(raw);
  target.shouldKeepAlive = false;
  target.assignSocket(socket as Socket);
  target.on("finish", () => socket.end());
  const response = new WsResponse(target);
  const length = Number(raw.headers["content-length"] ?? "0");
  if (raw.headers["transfer-encoding"] !== undefined || !(length <= bodyBytesMax)) {
    response.send(413, bodyTooLarge.headers, bodyTooLarge.body);
    return;
  }
  const chunks = [head];
  let left = length - head.length;
  const read = (chunk: Buffer): void => {
    chunks.push(chunk);
    left -= chunk.length;
    finish();
  };
  const finish = (): void => {
    if (left > 0) return;
    socket.off("data", read);
    handlers.request(request, Buffer.concat(chunks).subarray(0, length), response);
  };
  socket.on("error", () => {});
  if (left > 0) socket.on("data", read);
  finish();
}

function refuse(socket: Duplex, status: number, detail: string): void {
  const { headers, body } = upgradeRefusal(status, detail);
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${statusText(status)}\r\n${lines}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function receive(raw: IncomingMessage, request: WebRequest, target: ServerResponse, bodyBytesMax: number, handlers: WebHandlers): void {
  const response = new WsResponse(target);
  const chunks: Buffer[] = [];
  let length = 0;
  raw.on("data", (chunk: Buffer) => {
    if (response.finished) return;
    length += chunk.length;
    if (length > bodyBytesMax) {
      response.send(413, bodyTooLarge.headers, bodyTooLarge.body);
      return;
    }
    chunks.push(chunk);
  });
  raw.on("end", () => {
    const [only] = chunks;
    if (!response.finished) handlers.request(request, chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks), response);
  });
}

class WsResponse implements WebResponse {
  onAborted: (() => void) | undefined = undefined;
  onDrain: (() => void) | undefined = undefined;
  #finished = false;
  readonly #raw: ServerResponse;

  constructor(raw: ServerResponse) {
    this.#raw = raw;
    raw.on("error", () => {});
    raw.on("close", () => {
      if (this.#finished) return;
      this.#finished = true;
      this.onAborted?.();
    });
    raw.on("drain", () => this.onDrain?.());
  }

  get finished(): boolean {
    return this.#finished;
  }

  send(status: number, headers: readonly (readonly [string, string])[], body: Uint8Array | string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#head(status, headers);
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    if (status !== 204 && status !== 304) this.#raw.setHeader("content-length", length);
    this.#raw.end(body);
  }

  begin(status: number, headers: readonly (readonly [string, string])[]): void {
    if (this.#finished) return;
    this.#head(status, headers);
    this.#raw.flushHeaders();
  }

  write(chunk: Uint8Array | string): boolean {
    return this.#finished || this.#raw.write(chunk);
  }

  end(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#raw.end();
  }

  #head(status: number, headers: readonly (readonly [string, string])[]): void {
    this.#raw.statusCode = status;
    for (const [name, value] of headers) this.#raw.appendHeader(name, value);
  }
}
