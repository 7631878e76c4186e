/**
 * Publishes into stations and waits for their acknowledgements. All that is published in one turn leaves in one write; a window bounds
 * what is unacknowledged. A message without an answer is sent again under its id, so that a lost connection neither loses nor doubles it.
 */
import { createInbox } from "@nats-io/nats-core";
import type { Msg, MsgHdrs, Subscription } from "@nats-io/nats-core";
import type { Connection, ConnectionStatus } from "./connection.ts";
import { ClientError } from "./errors.ts";

/** Where a message is, durably. */
export interface Produced {
  readonly station: string;
  readonly sequence: number;
  /** It was there already, under the same id. */
  readonly duplicate: boolean;
}

export interface Waiting {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs;
  /** False: sent once only, because a second time could store it twice. */
  readonly repeatable: boolean;
  readonly deadlineMs: number;
  sentMs: number;
  readonly resolve: (produced: Produced) => void;
  readonly reject: (error: ClientError) => void;
}

interface PubAck {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

/** Unacknowledged messages and bytes of a connection; more wait their turn. */
const windowMax = 4_096;
const windowBytesMax = 8 * 1024 * 1024;
const checkMs = 250;
const sendAgainMs = 2_000;

export class Producer {
  readonly #connection: Connection;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #sent: Map<string, Waiting> = new Map();
  #sentBytes = 0;
  readonly #queue: Waiting[] = [];
  #queueStart = 0;
  #next = 1;
  #timer: ReturnType<typeof setInterval> | undefined;
  #idle: (() => void)[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#inbox = createInbox();
    this.#subscription = connection.inner.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(message);
      },
    });
    connection.statusListeners.add(this.#changed);
  }

  produce(waiting: Waiting): void {
    if (this.#connection.status === "closed") {
      waiting.reject(new ClientError("closed", "the connection is closed: connect again"));
      return;
    }
    this.#timer ??= setInterval(() => this.#check(), checkMs);
    this.#queue.push(waiting);
    this.#fill();
  }

  /** Forgets it: nobody waits any more. What was sent may still be stored. */
  abandon(waiting: Waiting): void {
    for (const [reply, each] of this.#sent) if (each === waiting) this.#forget(reply, each);
    const at = this.#queue.indexOf(waiting, this.#queueStart);
    if (at >= 0) this.#queue.splice(at, 1);
    this.#fill();
  }

  /** Resolves when nothing waits. */
  settled(): Promise<void> {
    return this.#empty ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  close(): void {
    this.#fail(new ClientError("closed", "the connection closed before the outcome was known"));
    this.#connection.statusListeners.delete(this.#changed);
    if (!this.#subscription.isClosed()) this.#subscription.unsubscribe();
  }

  get #empty(): boolean {
    return this.#sent.size === 0 && this.#queueStart === this.#queue.length;
  }

  readonly #changed = (status: ConnectionStatus): void => {
    if (status === "closed") this.#fail(new ClientError("closed", "the connection closed before the outcome was known"));
    if (status === "connected") this.#sendAgain(0);
  };

  #fill(): void {
    while (this.#sent.size < windowMax && this.#sentBytes < windowBytesMax) {
      const waiting = this.#queue[this.#queueStart];
      if (waiting === undefined) break;
      this.#queueStart++;
      this.#send(`${this.#inbox}.${this.#next++}`, waiting);
    }
    if (this.#queueStart > 1_024 || this.#queueStart === this.#queue.length) {
      this.#queue.splice(0, this.#queueStart);
      this.#queueStart = 0;
    }
    if (!this.#empty) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #send(reply: string, waiting: Waiting): void {
    if (!this.#sent.has(reply)) {
      this.#sent.set(reply, waiting);
      this.#sentBytes += waiting.data.length;
    }
    waiting.sentMs = Date.now();
    try {
      this.#connection.inner.publish(waiting.subject, waiting.data, { reply, headers: waiting.headers });
    } catch (error) {
      this.#forget(reply, waiting);
      waiting.reject(new ClientError("refused", `${waiting.subject} could not be sent`, { cause: error }));
    }
  }

  #answered(message: Msg): void {
    const waiting = this.#sent.get(message.subject);
    if (waiting === undefined) return;
    this.#forget(message.subject, waiting);
    if (message.headers?.code === 503) {
      waiting.reject(new ClientError("not_found", `no station takes ${waiting.subject}: create one that captures it`));
    } else {
      settle(waiting, message);
    }
    this.#fill();
  }

  #forget(reply: string, waiting: Waiting): void {
    if (this.#sent.delete(reply)) this.#sentBytes -= waiting.data.length;
  }

  #sendAgain(olderMs: number): void {
    const before = Date.now() - olderMs;
    for (const [reply, waiting] of this.#sent) {
      if (waiting.repeatable && waiting.sentMs <= before) this.#send(reply, waiting);
    }
  }

  #check(): void {
    const now = Date.now();
    const late = (waiting: Waiting): void =>
      waiting.reject(new ClientError("timeout", `${waiting.subject}: no acknowledgement in time; produce it again with the same id`));
    for (const [reply, waiting] of this.#sent) {
      if (waiting.deadlineMs > now) continue;
      this.#forget(reply, waiting);
      late(waiting);
    }
    while ((this.#queue[this.#queueStart]?.deadlineMs ?? Infinity) <= now) {
      const waiting = this.#queue[this.#queueStart++];
      if (waiting !== undefined) late(waiting);
    }
    if (this.#connection.status === "connected") this.#sendAgain(sendAgainMs);
    this.#fill();
  }

  #fail(error: ClientError): void {
    const all = [...this.#sent.values(), ...this.#queue.slice(this.#queueStart)];
    this.#sent.clear();
    this.#sentBytes = 0;
    this.#queueStart = this.#queue.length;
    for (const waiting of all) waiting.reject(error);
    this.#fill();
  }
}

function settle(waiting: Waiting, message: Msg): void {
  let ack: PubAck;
  try {
    ack = JSON.parse(new TextDecoder().decode(message.data)) as PubAck;
  } catch (error) {
    waiting.reject(new ClientError("refused", `${waiting.subject}: an answer that is not understood`, { cause: error }));
    return;
  }
  const { error, stream = "", seq = 0, duplicate = false } = ack;
  if (error === undefined) {
    waiting.resolve({ station: stream, sequence: seq, duplicate });
    return;
  }
  const why = error.description ?? "no reason given";
  waiting.reject(new ClientError("refused", `${waiting.subject}: ${why}`, { broker: error.err_code ?? error.code ?? 0 }));
}
