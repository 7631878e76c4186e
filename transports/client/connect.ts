/**
 * Opens a connection: by WebSocket where there is one (browsers, Node 22 and later), by TCP in Node. A page's default server is its own
 * origin, a program's is the broker on this machine.
 */
import { wsconnect } from "@nats-io/nats-core";
import type { ConnectionOptions, NatsConnection } from "@nats-io/nats-core";
import { Connection, quietly } from "./connection.ts";
import { aborted, asClientError, ClientError } from "./errors.ts";

export interface ConnectOptions {
  /** `ws://`, `wss://`, `http://`, `https://` for the web port, `nats://`, `tls://` for the NATS port (Node only). */
  readonly servers?: string | readonly string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** Shown to operators. */
  readonly name?: string;
  /** How long to wait for the connection, and for answers; milliseconds. Default 5000. */
  readonly timeoutMs?: number;
  /** False: a lost connection stays lost. Default true, for as long as it takes. */
  readonly reconnect?: boolean;
  readonly signal?: AbortSignal;
}

interface Place {
  readonly protocol: string;
  readonly host: string;
}

/** Rejects with a ClientError: `denied`, `timeout`, `aborted` or `refused`. */
export function connect(options: ConnectOptions = {}): Promise<Connection> {
  return quietly(() => open(options));
}

async function open(options: ConnectOptions): Promise<Connection> {
  const { signal, timeoutMs = 5_000 } = options;
  if (signal?.aborted === true) throw aborted(signal);
  const servers = serversOf(options.servers);
  const settings: ConnectionOptions = {
    servers: [...servers],
    timeout: timeoutMs,
    maxReconnectAttempts: -1,
    reconnect: options.reconnect ?? true,
    reconnectTimeWait: 500,
    reconnectJitter: 250,
    ignoreAuthErrorAbort: false,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.pass === undefined ? {} : { pass: options.pass }),
    ...(options.token === undefined ? {} : { token: options.token }),
  };
  const opening = dial(servers, settings);
  try {
    return new Connection(await unlessAborted(opening, signal), timeoutMs);
  } catch (error) {
    // Who gave up does not keep what came too late.
    opening.then((late) => late.close()).catch(() => {});
    throw asClientError(error, `connecting to ${servers.join(", ")}`);
  }
}

function dial(servers: readonly string[], settings: ConnectionOptions): Promise<NatsConnection> {
  const web = servers.some((server) => server.startsWith("ws"));
  if (web && (globalThis as { readonly WebSocket?: unknown }).WebSocket === undefined) {
    return Promise.reject(new ClientError("refused", "there is no WebSocket here: use Node 22 or later, or a nats:// address"));
  }
  return web ? wsconnect(settings) : import("@nats-io/transport-node").then((node) => node.connect(settings));
}

function serversOf(given: string | readonly string[] | undefined): readonly string[] {
  if (given !== undefined) return (typeof given === "string" ? [given] : given).map(webAddress);
  const place = (globalThis as { readonly location?: Place }).location;
  return place?.protocol.startsWith("http") === true ? [webAddress(`${place.protocol}//${place.host}`)] : ["nats://127.0.0.1:4222"];
}

/** `http://host:8222` is `ws://host:8222`. A default port is written out, because the layer below has another default. */
function webAddress(server: string): string {
  const match = /^(http|ws)(s?):\/\/([^/]+)/.exec(server);
  if (match === null) return server;
  const [, , secure = "", host = ""] = match;
  const port = /:\d+$/.test(host) ? "" : secure === "" ? ":80" : ":443";
  return `ws${secure}://${host}${port}`;
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(aborted(signal));
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
