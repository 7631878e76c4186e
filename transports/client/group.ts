/** A consumer group of a station: a durable cursor that its members share. */
import { nuid } from "@nats-io/nats-core";
import { askApi, fieldsOf, numberOf, textOf } from "./api.ts";
import type { ApiAnswer, AskOptions } from "./api.ts";
import { quietly } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { ClientError } from "./errors.ts";
import { Consumption } from "./consumption.ts";
import type { ConsumeOptions } from "./consumption.ts";

/** What a group is to be; what is left out has the broker's default. */
export interface GroupOptions {
  /** Where it starts. Default: with the oldest record. */
  readonly from?: "all" | "new" | "last" | "lastPerSubject" | { readonly sequence: number } | { readonly time: Date };
  /** Only records whose subject one of these matches. */
  readonly filters?: readonly string[];
  /** `explicit` (default): each message by itself. `all`: an ack covers everything before it. `none`: delivered is done. */
  readonly ack?: "explicit" | "all" | "none";
  /** Delivered again when it is not acknowledged for so long. */
  readonly ackWaitMs?: number;
  readonly backoffMs?: readonly number[];
  /** Deliveries of one record at most. */
  readonly deliveriesMax?: number;
  /** Unacknowledged deliveries at most, all members together. */
  readonly ackPendingMax?: number;
  /** It goes away when it has had no member for so long. Default: never. */
  readonly inactiveMs?: number;
  /** Only records for which this condition on the content holds; the others are passed over. */
  readonly condition?: string;
  /** `keyed`: each key is with one member at a time, one record of it at a time, in order. Default: whoever asks gets the next record. */
  readonly mode?: "shared" | "keyed";
  /** Of a keyed group: after how long without a sign of life a member has gone. Default 4,000. */
  readonly memberTimeoutMs?: number;
  readonly description?: string;
}

export interface GroupInfo {
  readonly station: string;
  readonly name: string;
  readonly deliveredSequence: number;
  /** Everything up to it is done. */
  readonly ackedSequence: number;
  readonly ackPending: number;
  readonly redelivered: number;
  /** Records not delivered yet. */
  readonly outstanding: number;
}

const million = 1_000_000;

export class Group {
  readonly station: string;
  readonly name: string;
  readonly #connection: Connection;

  constructor(connection: Connection, station: string, name: string) {
    this.#connection = connection;
    this.station = station;
    this.name = name;
  }

  /** Creates it; one that exists with the same configuration is fine. Durable when resolved. */
  create(options: GroupOptions = {}, ask: AskOptions = {}): Promise<GroupInfo> {
    return this.#define(options, "create", ask);
  }

  /** Creates it unless it exists, with whatever configuration. */
  ensure(options: GroupOptions = {}, ask: AskOptions = {}): Promise<GroupInfo> {
    return quietly(async () => {
      try {
        return await this.info(ask);
      } catch (error) {
        if (!(error instanceof ClientError) || error.code !== "not_found" || error.broker === stationNotFound) throw error;
        return await this.#define(options, "", ask);
      }
    });
  }

  info(ask: AskOptions = {}): Promise<GroupInfo> {
    return this.#ask("INFO", undefined, ask, infoOf);
  }

  delete(ask: AskOptions = {}): Promise<void> {
    return this.#ask("DELETE", undefined, ask, () => undefined);
  }

  /** Goes on from a sequence, or from the first record at or after a time. Resolves with the next sequence. */
  seek(to: { readonly sequence: number } | { readonly time: Date }, ask: AskOptions = {}): Promise<number> {
    return quietly(async () => {
      const sequence = "sequence" in to ? to.sequence : await this.#sequenceAt(to.time, ask);
      return await this.#ask("RESET", { seq: sequence }, ask, (answer) => numberOf(answer["reset_seq"]));
    });
  }

  /** Consumes as one of its members. Iterate it; each message is to be acknowledged. */
  consume(options: ConsumeOptions & { readonly group?: GroupOptions } = {}): Consumption {
    const keyed = options.group?.mode === "keyed" || options.member !== undefined;
    const member = keyed ? { member: options.member ?? nuid.next() } : {};
    return new Consumption(this.#connection, this.station, this.name, () => this.ensure(options.group), { ...options, ...member });
  }

  async #sequenceAt(time: Date, ask: AskOptions): Promise<number> {
    const station = this.#connection.station(this.station);
    const found = await station.at(time, ask);
    return found?.sequence ?? (await station.info(ask)).lastSequence + 1;
  }

  #define(options: GroupOptions, action: "create" | "", ask: AskOptions): Promise<GroupInfo> {
    return this.#ask("CREATE", { stream_name: this.station, config: consumerOf(this.name, options), action }, ask, infoOf);
  }

  #ask<T>(verb: string, body: object | undefined, ask: AskOptions, read: (answer: ApiAnswer) => T): Promise<T> {
    return quietly(async () => read(await askApi(this.#connection, `CONSUMER.${verb}.${this.station}.${this.name}`, body, ask)));
  }
}

const stationNotFound = 10_059;

function consumerOf(name: string, options: GroupOptions): object {
  const { ackWaitMs, backoffMs, inactiveMs, from = "all" } = options;
  return {
    name,
    durable_name: name,
    ack_policy: options.ack ?? "explicit",
    ...startOf(from),
    ...(options.filters === undefined ? {} : { filter_subjects: options.filters }),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.deliveriesMax === undefined ? {} : { max_deliver: options.deliveriesMax === 0 ? -1 : options.deliveriesMax }),
    ...(options.ackPendingMax === undefined ? {} : { max_ack_pending: options.ackPendingMax === 0 ? -1 : options.ackPendingMax }),
    ...(ackWaitMs === undefined ? {} : { ack_wait: Math.round(ackWaitMs * million) }),
    ...(backoffMs === undefined ? {} : { backoff: backoffMs.map((ms) => Math.round(ms * million)) }),
    ...ownWords(options),
    ...(inactiveMs === undefined ? {} : { inactive_threshold: Math.round(inactiveMs * million) }),
  };
}

/** What NATS has no field for. */
function ownWords({ condition, mode, memberTimeoutMs }: GroupOptions): object {
  const metadata = {
    ...(condition === undefined ? {} : { "waystation.condition": condition }),
    ...(mode === undefined ? {} : { "waystation.mode": mode }),
    ...(memberTimeoutMs === undefined ? {} : { "waystation.memberTimeoutMs": String(memberTimeoutMs) }),
  };
  return Object.keys(metadata).length === 0 ? {} : { metadata };
}

function startOf(from: NonNullable<GroupOptions["from"]>): object {
  if (from === "lastPerSubject") return { deliver_policy: "last_per_subject" };
  if (typeof from === "string") return { deliver_policy: from };
  if ("sequence" in from) return { deliver_policy: "by_start_sequence", opt_start_seq: from.sequence };
  return { deliver_policy: "by_start_time", opt_start_time: from.time.toISOString() };
}

function infoOf(answer: Readonly<Record<string, unknown>>): GroupInfo {
  return {
    station: textOf(answer["stream_name"]),
    name: textOf(answer["name"]),
    deliveredSequence: numberOf(fieldsOf(answer["delivered"])["stream_seq"]),
    ackedSequence: numberOf(fieldsOf(answer["ack_floor"])["stream_seq"]),
    ackPending: numberOf(answer["num_ack_pending"]),
    redelivered: numberOf(answer["num_redelivered"]),
    outstanding: numberOf(answer["num_pending"]),
  };
}
