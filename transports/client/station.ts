/** A station: a durable log of what is published on its subjects. Makes it, looks at it, produces into it, and leads to its groups. */
import { nuid } from "@nats-io/nats-core";
import { askApi, fieldsOf, numberOf, textOf } from "./api.ts";
import type { ApiAnswer, AskOptions } from "./api.ts";
import type { Connection } from "./connection.ts";
import { headersOf, quiet, quietly } from "./connection.ts";
import { aborted, ClientError } from "./errors.ts";
import { Group } from "./group.ts";
import type { GroupOptions } from "./group.ts";
import type { Consumption, ConsumeOptions } from "./consumption.ts";
import { bytesOf } from "./message.ts";
import type { Data, Headers } from "./message.ts";
import type { Produced, Waiting } from "./producer.ts";

/** What a station is to be; what is left out has the broker's default. Numbers: 0 = no limit. */
export interface StationOptions {
  /** Filters of what it captures; default: its name. */
  readonly subjects?: readonly string[];
  readonly description?: string;
  readonly storage?: "file" | "memory";
  readonly retention?: "limits" | "interest" | "workqueue";
  readonly messagesMax?: number;
  readonly bytesMax?: number;
  readonly ageMaxMs?: number;
  readonly messagesPerSubjectMax?: number;
  readonly messageBytesMax?: number;
  /** At a limit: push out the oldest, or refuse. */
  readonly discard?: "old" | "new";
  /** How long a message id is remembered. */
  readonly duplicateWindowMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface StationInfo {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly messages: number;
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly groups: number;
}

export interface ProduceOptions {
  readonly headers?: Headers;
  /** Messages of one key keep their order. Default: the subject. */
  readonly key?: string;
  /** Stored once within the duplicate window. Default: one made for this message; `false` = none, and it is sent only once. */
  readonly id?: string | false;
  /** Refused unless this is the station's last sequence. */
  readonly expectedLastSequence?: number;
  /** How long to try, milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A record as stored. */
export interface StoredRecord {
  readonly sequence: number;
  readonly subject: string;
  readonly time: Date;
  readonly data: Uint8Array;
}

const produceMs = 30_000;
const million = 1_000_000;

export class Station {
  readonly name: string;
  readonly #connection: Connection;

  constructor(connection: Connection, name: string) {
    this.#connection = connection;
    this.name = name;
  }

  /** Creates it; one that exists with the same configuration is fine. Durable when resolved. */
  create(options: StationOptions = {}, ask: AskOptions = {}): Promise<StationInfo> {
    return this.#ask("CREATE", streamOf(this.name, options), ask, infoOf);
  }

  /** Changes what is given, and leaves the rest. */
  change(options: StationOptions, ask: AskOptions = {}): Promise<StationInfo> {
    return quietly(async () => {
      const config = await this.#ask("INFO", undefined, ask, (answer) => fieldsOf(answer["config"]));
      return await this.#ask("UPDATE", { ...config, ...streamOf(this.name, options) }, ask, infoOf);
    });
  }

  info(ask: AskOptions = {}): Promise<StationInfo> {
    return this.#ask("INFO", undefined, ask, infoOf);
  }

  /** Deletes it with its records and groups. */
  delete(ask: AskOptions = {}): Promise<void> {
    return this.#ask("DELETE", undefined, ask, () => undefined);
  }

  /** Removes records: those of a filter, those before a sequence, or all but the newest. Resolves with how many. */
  purge(what: { readonly subject?: string; readonly before?: number; readonly keep?: number } = {}, ask: AskOptions = {}): Promise<number> {
    const { subject, before, keep } = what;
    const wanted = { ...(subject === undefined ? {} : { filter: subject }), seq: before ?? 0, keep: keep ?? 0 };
    return this.#ask("PURGE", wanted, ask, (answer) => numberOf(answer["purged"]));
  }

  /** One record; undefined when there is none with this sequence. */
  get(sequence: number, ask: AskOptions = {}): Promise<StoredRecord | undefined> {
    return this.#find({ seq: sequence }, ask);
  }

  /** The newest record whose subject the filter matches. */
  last(filter: string = ">", ask: AskOptions = {}): Promise<StoredRecord | undefined> {
    return this.#find({ last_by_subj: filter }, ask);
  }

  /** The first record at or after this time. */
  at(time: Date, ask: AskOptions = {}): Promise<StoredRecord | undefined> {
    return this.#find({ start_time: time.toISOString() }, ask);
  }

  /**
   * Resolves when the message is durable. Many may be under way at once; they leave together and keep their order. Rejects with a
   * ClientError, and does so silently when nobody looks at the promise.
   */
  produce(subject: string, data: Data = "", options: ProduceOptions = {}): Promise<Produced> {
    const { signal } = options;
    return quiet(
      new Promise<Produced>((resolve, reject) => {
        if (signal?.aborted === true) throw aborted(signal);
        if (this.#connection.inner.isClosed()) throw new ClientError("closed", "the connection is closed: connect again");
        const { producer } = this.#connection;
        const abort = (): void => {
          producer.abandon(waiting);
          if (signal !== undefined) reject(aborted(signal));
        };
        const done = (): void => signal?.removeEventListener("abort", abort);
        const waiting: Waiting = {
          subject,
          data: bytesOf(data),
          headers: headersOf(this.#headers(options)),
          repeatable: options.id !== false && options.expectedLastSequence === undefined,
          deadlineMs: Date.now() + (options.timeoutMs ?? produceMs),
          sentMs: 0,
          resolve: (produced) => {
            done();
            resolve(produced);
          },
          reject: (error) => {
            done();
            reject(error);
          },
        };
        signal?.addEventListener("abort", abort, { once: true });
        producer.produce(waiting);
      }),
    );
  }

  group(name: string): Group {
    return new Group(this.#connection, this.name, name);
  }

  /** Consumes as a member of a group, which is created when it is not there. Iterate it. */
  consume(group: string, options: ConsumeOptions & { readonly group?: GroupOptions } = {}): Consumption {
    return this.group(group).consume(options);
  }

  #headers(options: ProduceOptions): Headers {
    return {
      ...options.headers,
      "Nats-Expected-Stream": this.name,
      ...(options.id === false ? {} : { "Nats-Msg-Id": options.id ?? nuid.next() }),
      ...(options.key === undefined ? {} : { "Waystation-Key": options.key }),
      ...(options.expectedLastSequence === undefined ? {} : { "Nats-Expected-Last-Sequence": String(options.expectedLastSequence) }),
    };
  }

  #ask<T>(verb: string, body: object | undefined, ask: AskOptions, read: (answer: ApiAnswer) => T): Promise<T> {
    return quietly(async () => read(await askApi(this.#connection, `STREAM.${verb}.${this.name}`, body, ask)));
  }

  #find(what: object, ask: AskOptions): Promise<StoredRecord | undefined> {
    return quietly(() => this.#found(what, ask));
  }

  async #found(what: object, ask: AskOptions): Promise<StoredRecord | undefined> {
    try {
      const message = await this.#ask("MSG.GET", what, ask, (answer) => fieldsOf(answer["message"]));
      const bytes = atob(textOf(message["data"]));
      return {
        sequence: numberOf(message["seq"]),
        subject: textOf(message["subject"]),
        time: new Date(textOf(message["time"])),
        data: Uint8Array.from(bytes, (character) => character.charCodeAt(0)),
      };
    } catch (error) {
      if (error instanceof ClientError && error.broker === noMessageFound) return undefined;
      throw error;
    }
  }
}

const noMessageFound = 10_037;

function streamOf(name: string, options: StationOptions): object {
  const { ageMaxMs, duplicateWindowMs } = options;
  const limit = (field: string, value: number | undefined): object => (value === undefined ? {} : { [field]: value === 0 ? -1 : value });
  return {
    name,
    ...(options.subjects === undefined ? {} : { subjects: options.subjects }),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.storage === undefined ? {} : { storage: options.storage }),
    ...(options.retention === undefined ? {} : { retention: options.retention }),
    ...(options.discard === undefined ? {} : { discard: options.discard }),
    ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
    ...limit("max_msgs", options.messagesMax),
    ...limit("max_bytes", options.bytesMax),
    ...limit("max_msgs_per_subject", options.messagesPerSubjectMax),
    ...limit("max_msg_size", options.messageBytesMax),
    ...(ageMaxMs === undefined ? {} : { max_age: Math.round(ageMaxMs * million) }),
    ...(duplicateWindowMs === undefined ? {} : { duplicate_window: Math.round(duplicateWindowMs * million) }),
  };
}

function infoOf(answer: Readonly<Record<string, unknown>>): StationInfo {
  const config = fieldsOf(answer["config"]);
  const state = fieldsOf(answer["state"]);
  return {
    name: textOf(config["name"]),
    subjects: Array.isArray(config["subjects"]) ? (config["subjects"] as string[]) : [],
    messages: numberOf(state["messages"]),
    bytes: numberOf(state["bytes"]),
    firstSequence: numberOf(state["first_seq"]),
    lastSequence: numberOf(state["last_seq"]),
    groups: numberOf(state["consumer_count"]),
  };
}
