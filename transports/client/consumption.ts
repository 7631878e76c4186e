/**
 * Consuming as a member of a group: asks for a window of records and for more as they are taken, so that a slow program is sent no more
 * than it asked for. Survives a lost connection; what was not acknowledged then comes again.
 */
import { createInbox } from "@nats-io/nats-core";
import type { Msg, Subscription } from "@nats-io/nats-core";
import type { Connection, ConnectionStatus } from "./connection.ts";
import { headersOf } from "./connection.ts";
import { Delivery } from "./delivery.ts";
import { ClientError } from "./errors.ts";
import type { Headers } from "./message.ts";

export interface ConsumeOptions {
  /** Records asked for ahead of the program. Default 256. */
  readonly window?: number;
  /** Ends by itself after so many. */
  readonly max?: number;
  /** Who consumes, of a keyed group: whoever comes back under the same name gets the same keys. Default: a name made for this consumption. */
  readonly member?: string;
  /** Ends it, without an error. */
  readonly signal?: AbortSignal;
}

const windowDefault = 256;
const expiresMs = 30_000;
const heartbeatMs = 5_000;
const retryMs = 500;
const million = 1_000_000;

export class Consumption implements AsyncIterable<Delivery> {
  readonly #connection: Connection;
  readonly #station: string;
  readonly #group: string;
  readonly #ready: () => Promise<unknown>;
  readonly #window: number;
  readonly #max: number;
  readonly #signal: AbortSignal | undefined;
  readonly #member: string | undefined;
  #waiting: Delivery[] = [];
  #taken = 0;
  /** Asked for and not come. */
  #owed = 0;
  #subscription: Subscription | undefined;
  #inbox = "";
  #heardMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #wake: (() => void) | undefined;
  #over = false;
  #fault: ClientError | undefined;

  constructor(connection: Connection, station: string, group: string, ready: () => Promise<unknown>, options: ConsumeOptions) {
    this.#connection = connection;
    this.#station = station;
    this.#group = group;
    this.#ready = ready;
    this.#window = Math.max(1, options.window ?? windowDefault);
    this.#max = options.max ?? Infinity;
    this.#signal = options.signal;
    this.#member = options.member;
  }

  /** Ends the iteration once what has come is taken. What is taken and not acknowledged comes again, to whoever consumes then. */
  stop(): void {
    this.#over = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Delivery, void, void> {
    if (this.#signal?.aborted === true) return;
    const stop = (): void => this.stop();
    this.#signal?.addEventListener("abort", stop, { once: true });
    try {
      await this.#ready();
      this.#begin();
      while (this.#taken < this.#max) {
        const delivery = this.#waiting.shift();
        if (delivery !== undefined) {
          this.#taken++;
          this.#ask();
          yield delivery;
          continue;
        }
        if (this.#fault !== undefined) throw this.#fault;
        if (this.#over) return;
        this.#ask();
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    } finally {
      this.#signal?.removeEventListener("abort", stop);
      this.#end();
    }
  }

  #begin(): void {
    this.#inbox = createInbox();
    this.#heardMs = Date.now();
    this.#subscription = this.#connection.inner.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error === null) this.#received(message);
      },
    });
    this.#connection.statusListeners.add(this.#changed);
    this.#timer = setInterval(() => this.#check(), retryMs);
  }

  #end(): void {
    this.#over = true;
    clearInterval(this.#timer);
    this.#connection.statusListeners.delete(this.#changed);
    if (this.#subscription?.isClosed() === false) this.#subscription.unsubscribe();
    // What came and is not taken goes to somebody else at once.
    for (const delivery of this.#waiting.splice(0)) {
      if (this.#connection.status === "connected") delivery.nak();
    }
    if (this.#member === undefined || this.#connection.status !== "connected") return;
    this.#publishPull("", { "Waystation-Member": this.#member, "Waystation-Leave": "1" });
  }

  #publishPull(body: string, headers: Headers): void {
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#station}.${this.#group}`;
    const given = Object.keys(headers).length === 0 ? {} : { headers: headersOf(headers) };
    this.#connection.inner.publish(subject, body, { reply: this.#inbox, ...given });
  }

  readonly #changed = (status: ConnectionStatus): void => {
    if (status === "closed") this.#fail(new ClientError("closed", "the connection closed: connect again to go on"));
    if (status === "connected") void this.#resume();
  };

  /** After a lost connection: a broker that kept nothing has lost the group, too. */
  async #resume(): Promise<void> {
    try {
      await this.#ready();
      this.#askAnew();
    } catch (error) {
      // What is only late is asked for again by the next check.
      if (error instanceof ClientError && error.code === "not_found") this.#fail(error);
    }
  }

  #askAnew(): void {
    this.#owed = 0;
    this.#heardMs = Date.now();
    this.#ask();
  }

  /** Asks when at most half of the window is on its way or waits here. */
  #ask(): void {
    if (this.#over || this.#connection.status !== "connected") return;
    const ahead = this.#owed + this.#waiting.length;
    const wanted = Math.min(this.#window, this.#max - this.#taken) - ahead;
    if (wanted <= 0 || ahead * 2 > this.#window) return;
    this.#owed += wanted;
    const body = { batch: wanted, expires: expiresMs * million, idle_heartbeat: heartbeatMs * million };
    try {
      this.#publishPull(JSON.stringify(body), this.#member === undefined ? {} : { "Waystation-Member": this.#member });
    } catch (error) {
      this.#fail(new ClientError("closed", "no records can be asked for", { cause: error }));
    }
  }

  #received(message: Msg): void {
    this.#heardMs = Date.now();
    const code = message.headers?.code ?? 0;
    if (code === 0) {
      this.#owed = Math.max(0, this.#owed - 1);
      this.#waiting.push(new Delivery(this.#connection, message));
      this.#wake?.();
      return;
    }
    if (code === 100) return;
    const text = message.headers?.description ?? "";
    if (text.includes("Consumer Deleted") || text.includes("push based")) {
      this.#fail(new ClientError("not_found", `group ${this.#group} of station ${this.#station}: ${text}`));
      return;
    }
    const left = Number(message.headers?.get("Nats-Pending-Messages") ?? "");
    this.#owed = left > 0 ? Math.max(0, this.#owed - left) : 0;
    // Time over: asks again now. Refused for the moment: at the next check.
    if (code === 408) this.#ask();
  }

  #check(): void {
    if (this.#connection.status !== "connected") return;
    if (Date.now() - this.#heardMs > 2 * heartbeatMs + retryMs) this.#askAnew();
    else if (this.#waiting.length === 0 || this.#owed === 0) this.#ask();
  }

  #fail(fault: ClientError): void {
    this.#fault ??= fault;
    this.#over = true;
    this.#wake?.();
  }
}
