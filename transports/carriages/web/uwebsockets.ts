/** The web engine on uWebSockets.js: HTTP and WebSocket in native code. Its buffers are only valid during a callback. */
import { createServer } from "node:net";
import type { Clock } from "../../../lib/clock.ts";
import { BrokerError } from "../../../lib/errors.ts";
import type { Listener, ListenerAddress, ShownCredentials } from "../connection.ts";
import { listenError } from "../tcp.ts";
import { BacklogBudget } from "./backlog.ts";
import { bodyTooLarge, compressedBytesMin, pausedBytesMax, pausedBytesTotalMax } from "./engine.ts";
import type { WebEngine, WebHandlers, WebListenOptions, WebRequest, WebResponse } from "./engine.ts";
import { statusLine, upgradeRefusal } from "./refusal.ts";
import { WebSocketConnection } from "./socket.ts";
import type { RawSocket } from "./socket.ts";
import type {
  CompressOptions,
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  WebSocket,
  us_listen_socket,
  us_socket_context_t,
} from "uWebSockets.js";

/** The package's types leave out its constants and the listen call with options. */
interface Constants {
  readonly DISABLED: CompressOptions;
  readonly SHARED_COMPRESSOR: CompressOptions;
  readonly SHARED_DECOMPRESSOR: CompressOptions;
}

interface Listening {
  listen(host: string, port: number, options: number, done: (token: us_listen_socket | false) => void): unknown;
}

type Library = typeof import("uWebSockets.js") & Constants;

/** Rejects where the binary does not load. */
export async function loadUwebsockets(clock: Clock): Promise<WebEngine> {
  return new UwebsocketsEngine((await import("uWebSockets.js")) as Library, clock);
}

interface SocketData {
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly subprotocol: string | undefined;
  readonly binaryOnly: boolean;
  readonly shown: ShownCredentials | undefined;
  connection: WebSocketConnection | undefined;
  drained: (() => void) | undefined;
}

class UwebsocketsEngine implements WebEngine {
  readonly name = "uWebSockets.js";
  readonly #library: Library;
  readonly #budget: BacklogBudget = new BacklogBudget(pausedBytesMax, pausedBytesTotalMax);
  readonly #clock: Clock;

  constructor(library: Library, clock: Clock) {
    this.#library = library;
    this.#clock = clock;
  }

  listen(options: WebListenOptions, handlers: WebHandlers): Promise<Listener> {
    const library = this.#library;
    if (options.tls?.clientAuthoritiesFile !== undefined) {
      throw new BrokerError(
        "unsupported",
        "uWebSockets.js cannot ask for client certificates: leave the choice of the engine to the broker",
      );
    }
    const app = options.tls === undefined ? library.App() : library.SSLApp(tlsOptions(options.tls));
    const local = { address: options.host, port: 0 };
    const secure = options.tls !== undefined;
    app.ws<SocketData>("/*", {
      compression: options.compression ? library.SHARED_COMPRESSOR | library.SHARED_DECOMPRESSOR : library.DISABLED,
      maxPayloadLength: options.messageBytesMax,
      idleTimeout: options.idleTimeoutSeconds,
      sendPingsAutomatically: true,
      // The outbox above bounds what is unsent; the library must never drop a part of the stream by itself.
      maxBackpressure: 0,
      closeOnBackpressureLimit: false,
      upgrade: (response, request, context) => this.#upgrade(response, request, context, handlers, secure),
      open: (socket) => this.#open(socket, handlers, local, options.compression),
      message: (socket, message, isBinary) => socket.getUserData().connection?.received(Buffer.from(message), isBinary),
      drain: (socket) => {
        socket.getUserData().drained?.();
      },
      close: (socket) => socket.getUserData().connection?.gone(undefined),
    });
    app.any("/*", (response, request) =>
      receive(response, new UwebsocketsRequest(response, request, secure), options.bodyBytesMax, handlers),
    );
    return this.#bind(app, options, local);
  }

  /**
   * The library binds either in a way that connections of a broker that stopped a moment ago hold the port for a minute, or in a way
   * that several may listen at once. It is to be the second, when nobody else listens.
   */
  async #bind(app: TemplatedApp, options: WebListenOptions, local: { address: string; port: number }): Promise<Listener> {
    const library = this.#library;
    const { host } = options;
    const port = await freePort(options);
    const token = await new Promise<us_listen_socket | false>((resolve) => {
      (app as unknown as Listening).listen(host, port, 0, resolve);
    });
    if (token === false) {
      throw new BrokerError(
        "address_in_use",
        `${host}:${port} is in use: stop what listens there, or choose another port (0 = any free one)`,
      );
    }
    local.port = library.us_socket_local_port(token);
    return new UwebsocketsListener(library, app, token, { host, port: local.port });
  }

  #upgrade(response: HttpResponse, raw: HttpRequest, context: us_socket_context_t, handlers: WebHandlers, secure: boolean): void {
    const request = new UwebsocketsRequest(response, raw, secure);
    const decision = handlers.upgrade(request);
    if (decision.kind === "refuse") {
      const { headers, body } = upgradeRefusal(decision.status, decision.text);
      response.cork(() => {
        response.writeStatus(statusLine(decision.status));
        for (const [name, value] of headers) response.writeHeader(name, value);
        response.end(body, true);
      });
      return;
    }
    const data: SocketData = {
      remoteAddress: request.remoteAddress,
      secure,
      subprotocol: decision.subprotocol,
      binaryOnly: decision.binaryOnly,
      shown: decision.shown,
      connection: undefined,
      drained: undefined,
    };
    response.upgrade(
      data,
      request.headers.get("sec-websocket-key") ?? "",
      decision.subprotocol ?? "",
      request.headers.get("sec-websocket-extensions") ?? "",
      context,
    );
  }

  #open(socket: WebSocket<SocketData>, handlers: WebHandlers, local: { address: string; port: number }, compression: boolean): void {
    const data = socket.getUserData();
    let gone = false;
    // What the library has not handed on yet is known only as a number of bytes: sizes in order tell which writes that covers.
    const sizes: number[] = [];
    let offered = 0;
    let acknowledged = 0;
    const acknowledge = (): void => {
      const handedOn = offered - socket.getBufferedAmount();
      let count = 0;
      for (let size = sizes[0]; size !== undefined && acknowledged + size <= handedOn; size = sizes[0]) {
        acknowledged += size;
        sizes.shift();
        count++;
      }
      if (count > 0) connection.sent(count);
    };
    // The library forgets a socket that it is told to end, whatever is still to be sent: it is told when that is on its way.
    let ending: { readonly code: number; readonly reason: string } | undefined;
    const endWhenSent = (): void => {
      if (!gone && ending !== undefined && socket.getBufferedAmount() === 0) socket.end(ending.code, ending.reason);
    };
    data.drained = () => {
      if (!gone) acknowledge();
      endWhenSent();
    };
    const raw: RawSocket = {
      send: (bytes) => {
        if (gone) return;
        const framed = bytes.length + (bytes.length < 126 ? 2 : bytes.length < 65_536 ? 4 : 10);
        sizes.push(framed);
        offered += framed;
        socket.send(bytes, true, compression && bytes.length >= compressedBytesMin);
        acknowledge();
      },
      close: (code, reason) => {
        ending = { code, reason };
        endWhenSent();
      },
      destroy: () => {
        if (!gone) socket.close();
      },
    };
    const { remoteAddress, secure, binaryOnly } = data;
    const peer = { remoteAddress, remotePort: 0, secure };
    const connection = new WebSocketConnection(raw, { peer, local, binaryOnly, budget: this.#budget, clock: this.#clock });
    connection.shown = data.shown;
    const forget = connection.gone.bind(connection);
    connection.gone = (error) => {
      gone = true;
      forget(error);
    };
    data.connection = connection;
    handlers.opened(connection, data.subprotocol);
  }
}

class UwebsocketsListener implements Listener {
  readonly address: ListenerAddress;
  readonly #library: Library;
  readonly #app: TemplatedApp;
  #token: us_listen_socket | undefined;

  constructor(library: Library, app: TemplatedApp, token: us_listen_socket, address: ListenerAddress) {
    this.#library = library;
    this.#app = app;
    this.#token = token;
    this.address = address;
  }

  close(): Promise<void> {
    if (this.#token !== undefined) {
      this.#library.us_listen_socket_close(this.#token);
      this.#token = undefined;
    }
    return Promise.resolve();
  }

  /** Cuts every connection, HTTP ones included. */
  destroy(): void {
    this.#app.close();
  }
}

/** The port, or any free one for 0, which the library would bind the first way. Rejects when somebody listens there, or nobody may. */
function freePort({ host, port }: WebListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, { host, port })));
    probe.listen({ host, port, exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
    });
  });
}

function tlsOptions(tls: NonNullable<WebListenOptions["tls"]>): { key_file_name: string; cert_file_name: string; passphrase?: string } {
  return {
    key_file_name: tls.keyFile,
    cert_file_name: tls.certificateFile,
    ...(tls.passphrase === undefined ? {} : { passphrase: tls.passphrase }),
  };
}

/** What the library tells of a request, copied; the address only when somebody asks while the peer is still there. */
class UwebsocketsRequest implements WebRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Map<string, string> = new Map();
  readonly remotePort = 0;
  readonly secure: boolean;
  readonly #response: HttpResponse;
  #remoteAddress: string | undefined = undefined;

  constructor(response: HttpResponse, raw: HttpRequest, secure: boolean) {
    this.#response = response;
    this.method = raw.getCaseSensitiveMethod().toUpperCase();
    this.path = raw.getUrl();
    this.query = raw.getQuery() ?? "";
    this.secure = secure;
    const { headers } = this;
    raw.forEach((name, value) => {
      const before = headers.get(name);
      headers.set(name, before === undefined ? value : `${before}, ${value}`);
    });
  }

  get remoteAddress(): string {
    if (this.#remoteAddress !== undefined) return this.#remoteAddress;
    try {
      this.#remoteAddress = Buffer.from(this.#response.getRemoteAddressAsText()).toString("latin1");
    } catch {
      // The peer has gone, and the library has forgotten it.
      this.#remoteAddress = "";
    }
    return this.#remoteAddress;
  }
}

/** Collects the body, then hands the request on. */
function receive(raw: HttpResponse, request: WebRequest, bodyBytesMax: number, handlers: WebHandlers): void {
  const response = new UwebsocketsResponse(raw, request.method === "HEAD");
  const announced = Number(request.headers.get("content-length") ?? "0");
  if (announced > bodyBytesMax) {
    response.send(413, bodyTooLarge.headers, bodyTooLarge.body);
    return;
  }
  let body: Buffer | undefined;
  let length = 0;
  raw.onData((chunk, isLast) => {
    if (response.finished) return;
    const bytes = Buffer.from(chunk);
    if (length + bytes.length > bodyBytesMax) {
      response.send(413, bodyTooLarge.headers, bodyTooLarge.body);
      return;
    }
    if (isLast && length === 0) {
      handlers.request(request, Buffer.from(bytes), response);
      return;
    }
    if (body === undefined || length + bytes.length > body.length) {
      const grown = Buffer.allocUnsafe(Math.max(announced, (length + bytes.length) * (isLast ? 1 : 2)));
      body?.copy(grown, 0, 0, length);
      body = grown;
    }
    length += bytes.copy(body, length);
    if (isLast) handlers.request(request, body.subarray(0, length), response);
  });
}

class UwebsocketsResponse implements WebResponse {
  onAborted: (() => void) | undefined = undefined;
  onDrain: (() => void) | undefined = undefined;
  #finished = false;
  readonly #raw: HttpResponse;
  readonly #headOnly: boolean;

  constructor(raw: HttpResponse, headOnly: boolean) {
    this.#raw = raw;
    this.#headOnly = headOnly;
    raw.onAborted(() => {
      if (this.#finished) return;
      this.#finished = true;
      this.onAborted?.();
    });
  }

  get finished(): boolean {
    return this.#finished;
  }

  send(status: number, headers: readonly (readonly [string, string])[], body: Uint8Array | string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#raw.cork(() => {
      this.#head(status, headers);
      if (this.#headOnly) this.#raw.endWithoutBody(Buffer.byteLength(body));
      else this.#raw.end(body);
    });
  }

  begin(status: number, headers: readonly (readonly [string, string])[]): void {
    if (this.#finished) return;
    this.#raw.cork(() => this.#head(status, headers));
    this.#raw.onWritable(() => {
      this.onDrain?.();
      return true;
    });
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#finished) return true;
    let room = true;
    this.#raw.cork(() => {
      room = this.#raw.write(chunk);
    });
    return room;
  }

  end(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#raw.cork(() => this.#raw.end());
  }

  #head(status: number, headers: readonly (readonly [string, string])[]): void {
    this.#raw.writeStatus(statusLine(status));
    for (const header of headers) this.#raw.writeHeader(header[0], header[1]);
  }
}
