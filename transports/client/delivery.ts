/** One record delivered to one member, to be acknowledged, and everything that is known of it. */
import type { Msg } from "@nats-io/nats-core";
import type { AskOptions } from "./api.ts";
import type { Connection } from "./connection.ts";
import { quietly } from "./connection.ts";
import { Message } from "./message.ts";

export class Delivery extends Message {
  readonly station: string;
  readonly group: string;
  readonly sequence: number;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  readonly time: Date;
  /** Records still to come after it. */
  readonly outstanding: number;
  readonly #ackSubject: string;
  readonly #ackConnection: Connection;
  #settled = false;

  constructor(connection: Connection, message: Msg) {
    super(connection, message);
    this.#ackConnection = connection;
    this.#ackSubject = message.reply ?? "";
    // $JS.ACK.<station>.<group>.<deliveries>.<sequence>.<count>.<time, ns>.<outstanding>
    const tokens = this.#ackSubject.split(".");
    this.station = tokens[2] ?? "";
    this.group = tokens[3] ?? "";
    this.deliveries = Number(tokens[4] ?? "1");
    this.sequence = Number(tokens[5] ?? "0");
    this.time = new Date(Number((tokens[7] ?? "0").slice(0, -6)));
    this.outstanding = Number(tokens[8] ?? "0");
  }

  /** The key it was produced with; default its subject. */
  get key(): string {
    return this.headers["Waystation-Key"]?.[0] ?? this.subject;
  }

  /** Done. Sent at once, durable a moment later; `acked` waits for that. */
  ack(): void {
    this.#settle("+ACK");
  }

  /** Done, and resolves when that is durable. */
  acked(ask: AskOptions = {}): Promise<void> {
    return quietly(async () => {
      if (this.#settled) return;
      this.#settled = true;
      await this.#ackConnection.request(this.#ackSubject, "+ACK", ask);
    });
  }

  /** Not done: again, at once or after a delay. */
  nak(delayMs: number = 0): void {
    this.#settle(delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * 1_000_000)}}` : "-NAK");
  }

  /** Never again, although not done. */
  term(reason: string = ""): void {
    this.#settle(reason === "" ? "+TERM" : `+TERM ${reason}`);
  }

  /** Still at it: the ack wait starts over. */
  progress(): void {
    if (!this.#settled && this.#ackConnection.status !== "closed") this.#ackConnection.publish(this.#ackSubject, "+WPI");
  }

  #settle(payload: string): void {
    // On a closed connection nobody can be told: it comes again.
    if (this.#settled || this.#ackConnection.status === "closed") return;
    this.#settled = true;
    this.#ackConnection.publish(this.#ackSubject, payload);
  }
}
