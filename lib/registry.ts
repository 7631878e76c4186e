/**
 * The small named documents of a tenant: schemas, routes, factories and the like, as JSON by kind and name. All of them are in memory; a
 * change is answered, and told to listeners, once it is durable. They are kept in an internal log with one record a document, loaded
 * before the tenant's stations are, so that these find what they name.
 *
 *     log      $registry/TENANT
 *     subject  KIND.NAME     the name with everything but letters, digits, `_` and `-` as %XX
 *     body     the document as JSON
 */
import type { AppendRequest, Log, LogDefinition, Store } from "../store/store.ts";
import { BrokerError } from "./errors.ts";
import { compileFilter } from "./filter.ts";
import type { Pending } from "./pending.ts";

export const registryPrefix = "$registry/";

/** Bytes of one document as JSON; a larger one is refused. */
export const documentBytesMax: number = 1024 * 1024;
/** Documents of a tenant; more are refused. */
export const documentsMax = 100_000;

/** Told of a change once it is durable; `document` is undefined when it was deleted. Not of what a start brings back. */
export type RegistryListener = (kind: string, name: string, document: unknown) => void;

export class Registry {
  readonly listeners: Set<RegistryListener> = new Set();
  readonly #tenant: string;
  readonly #lane: { readonly store: Store; readonly pending: Pending };
  readonly #kinds: Map<string, Map<string, unknown>> = new Map();
  #count = 0;
  #log: Log | undefined;
  /** The last change under way: the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(tenant: string, lane: { readonly store: Store; readonly pending: Pending }) {
    this.#tenant = tenant;
    this.#lane = lane;
  }

  /** Loads what the log holds. Rejects with a BrokerError `damaged`. */
  async recover(log: Log): Promise<void> {
    this.#log = log;
    const cursor = log.cursor(1, undefined);
    try {
      for (let step = cursor.next(); step !== "end"; step = cursor.next()) {
        if (step === "damaged")
          throw new BrokerError("damaged", `documents of tenant '${this.#tenant}' cannot be read; run 'waystation fsck'`);
        if (step === "loading") {
          await new Promise<void>((resolve) => (cursor.onReady = resolve));
          continue;
        }
        const { buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd } = cursor.view;
        const subject = buffer.toString("utf8", subjectStart, subjectEnd);
        const dot = subject.indexOf(".");
        const document: unknown = JSON.parse(buffer.toString("utf8", bodyStart + headerBytes, bodyEnd));
        this.#set(subject.slice(0, dot), decodeURIComponent(subject.slice(dot + 1)), document);
      }
    } finally {
      cursor.close();
    }
  }

  /** The document, not to be changed; undefined when there is none. */
  get(kind: string, name: string): unknown {
    return this.#kinds.get(kind)?.get(name);
  }

  /** All of a kind, by name in code-point order. */
  list(kind: string): (readonly [name: string, document: unknown])[] {
    return [...(this.#kinds.get(kind) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Keeps a document in place of the one there was; durable when resolved. Rejects with a BrokerError `limit`, `no_space` or `store_failed`. */
  put(kind: string, name: string, document: object): Promise<void> {
    const body = Buffer.from(JSON.stringify(document), "utf8");
    if (body.length > documentBytesMax) {
      return Promise.reject(
        new BrokerError("limit", `'${name}' has ${body.length} bytes, at most ${documentBytesMax} are kept: make it smaller`),
      );
    }
    return this.#inTurn(async () => {
      if (this.get(kind, name) === undefined && this.#count >= documentsMax) {
        throw new BrokerError("limit", `the tenant has its ${documentsMax} documents: delete one first`);
      }
      const log = (this.#log ??= await this.#lane.store.define(definitionOf(this.#tenant), 0));
      await this.#append(log, subjectOf(kind, name), body);
      const kept: unknown = JSON.parse(body.toString("utf8"));
      this.#set(kind, name, kept);
      for (const listener of this.listeners) listener(kind, name, kept);
    });
  }

  /** False when there is none; durable when resolved. */
  delete(kind: string, name: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#log === undefined || this.get(kind, name) === undefined) return false;
      await this.#log.remove({ kind: "purge", filter: compileFilter(subjectOf(kind, name)), upTo: 0, keep: 0 });
      this.#kinds.get(kind)?.delete(name);
      this.#count--;
      for (const listener of this.listeners) listener(kind, name, undefined);
      return true;
    });
  }

  #set(kind: string, name: string, document: unknown): void {
    let documents = this.#kinds.get(kind);
    if (documents === undefined) this.#kinds.set(kind, (documents = new Map<string, unknown>()));
    if (!documents.has(name)) this.#count++;
    documents.set(name, document);
  }

  #append(log: Log, subject: string, body: Buffer): Promise<void> {
    const request: AppendRequest = {
      subject: Buffer.from(subject),
      body,
      bodyStart: 0,
      bodyEnd: body.length,
      headerBytes: 0,
      timeUs: 0,
      messageId: undefined,
      expect: undefined,
      rollup: "none",
      ttlSeconds: 0,
      fleeting: false,
    };
    return new Promise((resolve, reject) => {
      this.#lane.pending.wait(log.append(request), (kind) => {
        if (kind === "stored") resolve();
        else reject(new BrokerError(kind === "full" ? "no_space" : "store_failed", "the change could not be kept: see the broker's log"));
      });
    });
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(change, change);
    this.#last = mine;
    return mine;
  }
}

function definitionOf(tenant: string): LogDefinition {
  return {
    name: `${registryPrefix}${tenant}`,
    document: JSON.stringify({ internal: "named documents" }),
    limits: {
      messagesMax: 0,
      bytesMax: 0,
      ageMaxMs: 0,
      messagesPerSubjectMax: 1,
      messageBytesMax: 0,
      discard: "old",
      discardNewPerSubject: false,
      duplicateWindowMs: 0,
    },
    durability: "always",
    firstSequence: 1,
  };
}

function subjectOf(kind: string, name: string): string {
  const escaped = encodeURIComponent(name).replace(/[.!~*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${kind}.${escaped}`;
}
