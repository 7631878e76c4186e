/**
 * Fills a log from a backup: every record under its own sequence and time, groups with their progress. Where sequences are missing,
 * fleeting appends take them. The log is nobody's station until all of it is there; what a crash leaves of it is dropped at the next start.
 */
import type { AppendRequest, GroupSnapshot, Log, LogDefinition, Sequence } from "../../store/store.ts";
import { nothing } from "../message.ts";
import { BackupReader } from "./backup.ts";
import type { BackupGroup, BackupRecord } from "./backup.ts";
import type { Waiters } from "./station.ts";

/** Appends waiting for their commit at once. */
const outstandingMax = 2_048;
const gapSubject: Buffer = Buffer.from("$restore.gap");
const restoringDocument = '{"kind":"restoring"}';

/** The definition of a log that is being filled. */
export function restoringDefinition(name: string, firstSequence: Sequence): LogDefinition {
  const none = { messagesMax: 0, bytesMax: 0, ageMaxMs: 0, messagesPerSubjectMax: 0, messageBytesMax: 0, duplicateWindowMs: 0 };
  const limits = { ...none, discard: "old", discardNewPerSubject: false } as const;
  return { name, document: restoringDocument, limits, durability: undefined, firstSequence };
}

export function isRestoring(log: Log): boolean {
  return log.definition.document === restoringDocument;
}

export class Restoring {
  readonly #define: (first: Sequence) => Promise<Log>;
  readonly #waiters: Waiters;
  readonly #reader: BackupReader = new BackupReader();
  readonly #groups: GroupSnapshot[] = [];
  #log: Log | undefined;
  #next: Sequence = 0;
  #records = 0;
  #outstanding = 0;
  #failure: string | undefined;
  #room: (() => void) | undefined;
  #ended = false;

  constructor(define: (first: Sequence) => Promise<Log>, waiters: Waiters) {
    this.#define = define;
    this.#waiters = waiters;
  }

  get log(): Log | undefined {
    return this.#log;
  }

  /** Takes the next bytes; resolves when there is room for more. Rejects when they are no backup's, or the store refuses. */
  async write(chunk: Buffer): Promise<void> {
    for (const frame of this.#reader.read(chunk)) {
      if (frame.kind === "begin") {
        this.#next = Math.max(1, frame.first);
        this.#log = await this.#define(this.#next);
      } else if (frame.kind === "record") {
        await this.#append(frame.record);
      } else if (frame.kind === "group") {
        await this.#group(frame.group);
      } else {
        while (this.#next <= frame.last) await this.#skip(frame.lastTimeUs);
        if (frame.records !== this.#records) throw new RangeError(`the backup has ${this.#records} of its ${frame.records} records`);
        this.#ended = true;
      }
    }
  }

  /** Everything came: resolves with the log when it is durable. */
  async finish(): Promise<Log> {
    if (!this.#ended || this.#log === undefined) throw new RangeError("the backup ends too early");
    while (this.#outstanding > 0) await this.#wait();
    if (this.#failure !== undefined) throw new Error(this.#failure);
    this.#log.recoveredGroups = this.#groups;
    return this.#log;
  }

  async #append(record: BackupRecord): Promise<void> {
    if (record.sequence < this.#next) throw new RangeError("the backup is damaged: sequences fall");
    while (this.#next < record.sequence) await this.#skip(record.timeUs);
    this.#records++;
    await this.#submit({
      subject: record.subject,
      body: record.body,
      bodyStart: 0,
      bodyEnd: record.body.length,
      headerBytes: record.headerBytes,
      timeUs: record.timeUs,
      messageId: undefined,
      expect: undefined,
      rollup: "none",
      ttlSeconds: record.ttlSeconds,
      fleeting: false,
    });
  }

  async #skip(timeUs: number): Promise<void> {
    const empty = { body: nothing, bodyStart: 0, bodyEnd: 0, headerBytes: 0, messageId: undefined, expect: undefined };
    await this.#submit({ subject: gapSubject, ...empty, timeUs, rollup: "none", ttlSeconds: 0, fleeting: true });
  }

  async #submit(request: AppendRequest): Promise<void> {
    if (this.#log === undefined) throw new RangeError("the backup is damaged: it does not begin");
    this.#next++;
    this.#outstanding++;
    this.#waiters.wait(this.#log.append(request), (kind) => {
      this.#outstanding--;
      if (kind !== "stored") this.#failure ??= `a record could not be stored: ${kind}`;
      this.#room?.();
    });
    if (this.#failure !== undefined) throw new Error(this.#failure);
    while (this.#outstanding >= outstandingMax) await this.#wait();
  }

  async #group({ name, document, snapshot }: BackupGroup): Promise<void> {
    await this.#log?.defineGroup(name, document, snapshot);
    this.#groups.push({ name, document, snapshot, deltas: [] });
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#room = () => {
        this.#room = undefined;
        resolve();
      };
    });
  }
}
