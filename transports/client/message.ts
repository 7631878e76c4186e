/** A message received live, and what may be sent. */
import type { Msg, MsgHdrs } from "@nats-io/nats-core";
import type { Connection } from "./connection.ts";

/** Bytes, or text that is sent as UTF-8. */
export type Data = Uint8Array | string;

/** Names with one value or several. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function bytesOf(data: Data): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}

export class Message {
  readonly subject: string;
  /** Where an answer goes; `""` when nobody waits for one. */
  readonly reply: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly #connection: Connection;

  constructor(connection: Connection, message: Msg) {
    this.#connection = connection;
    this.subject = message.subject;
    this.reply = message.reply ?? "";
    this.data = message.data;
    this.headers = message.headers === undefined ? none : recordOf(message.headers);
  }

  /** The data as text. */
  text(): string {
    return decoder.decode(this.data);
  }

  /** The data as JSON; throws a SyntaxError when it is none. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** Publishes to `reply`. */
  respond(data: Data = "", headers?: Headers): void {
    if (this.reply !== "") this.#connection.publish(this.reply, data, headers === undefined ? {} : { headers });
  }
}

const none: Readonly<Record<string, readonly string[]>> = {};

export function recordOf(block: MsgHdrs): Record<string, readonly string[]> {
  return Object.fromEntries(block.keys().map((name) => [name, block.values(name)]));
}
