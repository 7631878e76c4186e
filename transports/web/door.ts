/**
 * The web door: one port for everything a browser does. An upgrade becomes a connection of the protocol its subprotocol names and
 * goes to that protocol's door; everything else is HTTP.
 */
import type { Clock } from "../../lib/clock.ts";
import type { Listener, ListenerAddress, Connection } from "../carriages/connection.ts";
import { loadEngine } from "../carriages/web/engine.ts";
import type { UpgradeDecision, WebEngine, WebRequest, WebResponse, WebTls } from "../carriages/web/engine.ts";
import { shownAtUpgrade } from "./credentials.ts";
import type { CredentialCookies } from "./credentials.ts";
import { originAllowed } from "./origin.ts";

/** Answers the HTTP requests. */
export interface HttpHandler {
  handle(request: WebRequest, body: Buffer, response: WebResponse): void;
}

export interface WebDoorOptions {
  /** Forces an engine; undefined = uWebSockets.js where it loads. */
  readonly engine?: WebEngine["name"] | undefined;
  /** Undefined: there is HTTP only. */
  readonly nats: { accept(connection: Connection): void } | undefined;
  readonly mqtt: { accept(connection: Connection): void } | undefined;
  readonly http: HttpHandler;
  readonly clock?: Clock | undefined;
  /** Cookies that may hold the credentials of a WebSocket. */
  readonly cookies?: CredentialCookies | undefined;
  /** Origins besides the page's own that may connect; `*` = any. */
  readonly allowedOrigins: readonly string[];
  readonly payloadBytesMax: number;
  readonly bodyBytesMax: number;
  readonly compression: boolean;
  readonly tls: WebTls | undefined;
}

/**
 * Bytes of one WebSocket message at most: four whole payloads, but one of more than 16 MiB only with little beside it. An engine may hold
 * twice as much while a message grows.
 */
function messageBytesMax(payloadBytesMax: number): number {
  return Math.max(payloadBytesMax + 64 * 1024, Math.min(4 * payloadBytesMax, 64 * 1024 * 1024));
}

const noCookies: CredentialCookies = { user: undefined, password: undefined, token: undefined };
const idleTimeoutSeconds = 120;
const mqttSubprotocols: ReadonlySet<string> = new Set(["mqtt", "mqttv3.1"]);

export class WebDoor {
  engine: WebEngine | undefined = undefined;
  readonly #options: WebDoorOptions;
  /** What accepts now. */
  listener: Listener | undefined;
  /** Of the next `listen`. */
  tls: WebTls | undefined;
  readonly #listeners: Listener[] = [];

  constructor(options: WebDoorOptions) {
    this.#options = options;
    this.tls = options.tls;
  }

  /** Listens; who listened before goes on until it is closed. Rejects with a BrokerError that says what to do. */
  async listen(address: ListenerAddress): Promise<ListenerAddress> {
    const options = this.#options;
    const { tls } = this;
    this.engine = await loadEngine(tls?.clientAuthoritiesFile === undefined ? options.engine : "ws", options.clock);
    const { payloadBytesMax, bodyBytesMax, compression } = options;
    const listener = await this.engine.listen(
      { ...address, messageBytesMax: messageBytesMax(payloadBytesMax), bodyBytesMax, idleTimeoutSeconds, compression, tls },
      {
        request: (request, body, response) => options.http.handle(request, body, response),
        upgrade: (request) => this.#judge(request),
        opened: (connection, subprotocol) => {
          if (subprotocol !== undefined && mqttSubprotocols.has(subprotocol)) options.mqtt?.accept(connection);
          else options.nats?.accept(connection);
        },
      },
    );
    this.listener = listener;
    this.#listeners.push(listener);
    return listener.address;
  }

  get address(): ListenerAddress | undefined {
    return this.listener?.address;
  }

  async close(): Promise<void> {
    await this.listener?.close();
  }

  /** Cuts what is still open: requests that never end. */
  destroy(): void {
    for (const listener of this.#listeners) listener.destroy?.();
  }

  #judge(request: WebRequest): UpgradeDecision {
    if (this.#options.nats === undefined) return { kind: "refuse", status: 404, text: "no WebSocket is served at this port" };
    if (!originAllowed(request, this.#options.allowedOrigins)) return { kind: "refuse", status: 403, text: "this origin may not connect" };
    if (request.headers.get("sec-websocket-version") !== "13") return { kind: "refuse", status: 426, text: "WebSocket version 13 only" };
    const asked = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
    const mqtt = asked.find((name) => mqttSubprotocols.has(name));
    const shown = shownAtUpgrade(request, this.#options.cookies ?? noCookies);
    if (mqtt !== undefined) return { kind: "accept", subprotocol: mqtt, binaryOnly: true, shown };
    return { kind: "accept", subprotocol: asked.includes("nats") ? "nats" : undefined, binaryOnly: false, shown };
  }
}
