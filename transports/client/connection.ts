/** A connection to a broker: live publish and subscribe, requests, and the way to stations. */
import { headers as newHeaders } from "@nats-io/nats-core";
import type { Msg, MsgHdrs, NatsConnection, Subscription as NatsSubscription } from "@nats-io/nats-core";
import { aborted, asClientError, ClientError } from "./errors.ts";
import { bytesOf, Message } from "./message.ts";
import type { Data, Headers } from "./message.ts";
import { Producer } from "./producer.ts";
import { Station } from "./station.ts";

export interface PublishOptions {
  readonly headers?: Headers;
  readonly reply?: string;
}

export interface SubscribeOptions {
  /** Share the messages with the other members of this queue group. */
  readonly queue?: string;
  /** Ends by itself after so many. */
  readonly max?: number;
  readonly signal?: AbortSignal;
}

export interface RequestOptions {
  readonly headers?: Headers;
  /** Default: the connection's. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Iterate it; ends by `unsubscribe`, `max`, its signal or the connection's close. */
export class Subscription implements AsyncIterable<Message> {
  readonly filter: string;
  readonly #connection: Connection;
  readonly #inner: NatsSubscription;

  constructor(connection: Connection, inner: NatsSubscription, filter: string) {
    this.#connection = connection;
    this.#inner = inner;
    this.filter = filter;
  }

  unsubscribe(): void {
    if (!this.#inner.isClosed()) this.#inner.unsubscribe();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, void> {
    try {
      for await (const message of this.#inner) yield new Message(this.#connection, message);
    } catch (error) {
      throw asClientError(error, `subscription ${this.filter}`);
    } finally {
      this.unsubscribe();
    }
  }
}

export type ConnectionStatus = "connected" | "disconnected" | "closed";

export class Connection {
  /** For the parts of this library alone: the connection below. */
  readonly inner: NatsConnection;
  readonly timeoutMs: number;
  /** Told after each change. */
  readonly statusListeners: Set<(status: ConnectionStatus) => void> = new Set();
  #status: ConnectionStatus = "connected";
  #producer: Producer | undefined;

  constructor(inner: NatsConnection, timeoutMs: number) {
    this.inner = inner;
    this.timeoutMs = timeoutMs;
    this.#watch().catch(() => {});
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Resolves when it is closed for good, with the reason if it was not asked for. */
  async closed(): Promise<ClientError | undefined> {
    const reason = await this.inner.closed();
    return reason instanceof Error ? asClientError(reason, "the connection") : undefined;
  }

  /** Publishes to whoever listens now, without waiting. While the connection is lost it is sent once there is one again. */
  publish(subject: string, data: Data = "", options: PublishOptions = {}): void {
    try {
      this.inner.publish(subject, bytesOf(data), {
        ...(options.reply === undefined ? {} : { reply: options.reply }),
        ...(options.headers === undefined ? {} : { headers: headersOf(options.headers) }),
      });
    } catch (error) {
      throw asClientError(error, `publishing to ${subject}`);
    }
  }

  /** Receives what matches the filter from now on; `*` is one token, `>` the rest. */
  subscribe(filter: string, options: SubscribeOptions = {}): Subscription {
    const { queue, max, signal } = options;
    if (signal?.aborted === true) throw aborted(signal);
    try {
      const inner = this.inner.subscribe(filter, { ...(queue === undefined ? {} : { queue }), ...(max === undefined ? {} : { max }) });
      const subscription = new Subscription(this, inner, filter);
      if (signal !== undefined) {
        const end = (): void => subscription.unsubscribe();
        signal.addEventListener("abort", end, { once: true });
        inner.closed.then(() => signal.removeEventListener("abort", end)).catch(() => {});
      }
      return subscription;
    } catch (error) {
      throw asClientError(error, `subscribing to ${filter}`);
    }
  }

  /** The first answer. Rejects with a ClientError: `not_found` when nobody listens, `timeout`, `aborted`. */
  request(subject: string, data: Data = "", options: RequestOptions = {}): Promise<Message> {
    const { signal, headers, timeoutMs = this.timeoutMs } = options;
    if (signal?.aborted === true) return quiet(Promise.reject(aborted(signal)));
    const asking = this.inner
      .request(subject, bytesOf(data), { timeout: timeoutMs, ...(headers === undefined ? {} : { headers: headersOf(headers) }) })
      .then((message: Msg) => new Message(this, message));
    return quiet(
      new Promise((resolve, reject) => {
        const abort = (): void => {
          if (signal !== undefined) reject(aborted(signal));
        };
        signal?.addEventListener("abort", abort, { once: true });
        asking
          .then(resolve, (error: unknown) => reject(asClientError(error, `request to ${subject}`)))
          .finally(() => signal?.removeEventListener("abort", abort))
          .catch(() => {});
      }),
    );
  }

  /** Resolves when everything sent so far has reached the broker. */
  flush(): Promise<void> {
    return quiet(
      this.inner.flush().catch((error: unknown) => {
        throw asClientError(error, "flush");
      }),
    );
  }

  station(name: string): Station {
    return new Station(this, name);
  }

  /** Sends what was published, waits for what was produced, and closes. Callable twice. */
  async close(): Promise<void> {
    if (this.#status === "connected") await this.#producer?.settled().catch(() => {});
    this.#producer?.close();
    if (this.inner.isClosed()) return;
    if (this.#status === "connected") await this.inner.drain().catch(() => {});
    await this.inner.close().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** For the parts of this library alone. */
  get producer(): Producer {
    this.#producer ??= new Producer(this);
    return this.#producer;
  }

  async #watch(): Promise<void> {
    const end = (): void => this.#become("closed");
    this.inner.closed().then(end, end);
    for await (const { type } of this.inner.status()) {
      if (type === "disconnect") this.#become("disconnected");
      else if (type === "reconnect") this.#become("connected");
    }
  }

  #become(status: ConnectionStatus): void {
    if (this.#status === "closed") return;
    this.#status = status;
    for (const listener of this.statusListeners) listener(status);
  }
}

export function headersOf(given: Headers): MsgHdrs {
  const block = newHeaders();
  for (const [name, value] of Object.entries(given)) {
    for (const one of typeof value === "string" ? [value] : value) block.append(name, one);
  }
  return block;
}

/** As `quiet`, for work of several steps. */
export function quietly<T>(work: () => Promise<T>): Promise<T> {
  return quiet(work());
}

/** Its rejection is the caller's to see, and nobody's when the caller does not look. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
