/**
 * The document of users made by command as the one record of an internal log: a new one takes the old one's place in the commit that
 * makes it durable.
 */
import type { AppendRequest, Log, LogDefinition, Store } from "../../store/store.ts";
import { BrokerError } from "../errors.ts";
import type { Pending } from "../pending.ts";
import type { UserStore } from "./user-store.ts";

/** No tenant is called `$users`. */
export const usersLogName = "$users/made";

const definition: LogDefinition = {
  name: usersLogName,
  document: JSON.stringify({ internal: "users made by command" }),
  limits: {
    messagesMax: 1,
    bytesMax: 0,
    ageMaxMs: 0,
    messagesPerSubjectMax: 0,
    messageBytesMax: 0,
    discard: "old",
    discardNewPerSubject: false,
    duplicateWindowMs: 0,
  },
  durability: "always",
  firstSequence: 1,
};

export class LogUserStore implements UserStore {
  readonly #store: Store;
  readonly #pending: Pending;
  #log: Log | undefined;

  /** `recovered`: all logs that the store found. */
  constructor(lane: { readonly store: Store; readonly pending: Pending }, recovered: readonly Log[]) {
    this.#store = lane.store;
    this.#pending = lane.pending;
    this.#log = recovered.find((log) => log.definition.name === usersLogName);
  }

  async load(): Promise<string | undefined> {
    const log = this.#log;
    if (log === undefined || log.state.messages === 0) return undefined;
    const cursor = log.cursor(log.state.lastSequence, undefined);
    try {
      let step = cursor.next();
      while (step === "loading") {
        await new Promise<void>((resolve) => (cursor.onReady = resolve));
        step = cursor.next();
      }
      if (step !== "record") throw new BrokerError("damaged", "the users made by command cannot be read; run 'waystation fsck'");
      const { buffer, bodyStart, headerBytes, bodyEnd } = cursor.view;
      return buffer.toString("utf8", bodyStart + headerBytes, bodyEnd);
    } finally {
      cursor.close();
    }
  }

  async save(document: string): Promise<void> {
    const log = (this.#log ??= await this.#store.define(definition, 0));
    const body = Buffer.from(document, "utf8");
    const request: AppendRequest = {
      subject: subjectBytes,
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
    await new Promise<void>((resolve, reject) => {
      this.#pending.wait(log.append(request), (kind) => {
        if (kind === "stored") resolve();
        else reject(new BrokerError(kind === "full" ? "no_space" : "store_failed", "the change could not be kept: see the broker's log"));
      });
    });
  }
}

const subjectBytes: Buffer = Buffer.from("users");
