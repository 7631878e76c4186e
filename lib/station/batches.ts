/**
 * Publishes that are stored all or none. The parts of a batch come one by one, numbered from 1, and wait here as copies; the last one
 * commits them in one atomic append. Nothing is judged before the commit but the numbering, and a batch that stays away for 10 s
 * is forgotten. Source of the rules: ADR-50.
 */
import type { Timer } from "../../store/environment.ts";
import type { AppendRequest, OutcomeKind, Sequence } from "../../store/store.ts";
import type { PublishOutcome, PublishRefusal, Session } from "../transport.ts";
import { copyOf, rewrite } from "./extras.ts";
import type { Aftermath } from "./extras.ts";
import type { PublishReader, Refusal } from "./publish-reader.ts";
import type { SpecialHeaders } from "./special-headers.ts";
import type { Station, Waiters } from "./station.ts";

export const batchPartsMax = 1_000;
/** Batches of one station under way at once; then new ones are refused. */
export const batchesMax = 50;
/** Bytes of all of them; then the part that is too much is refused with its batch. */
export const batchBytesMax: number = 64 * 1024 * 1024;
export const batchIdBytesMax = 64;
const idleMs = 10_000;

interface Batch {
  readonly parts: AppendRequest[];
  /** Of each part: its headers that only a station with extras reads. */
  readonly specials: (SpecialHeaders | undefined)[];
  readonly ids: Set<string>;
  bytes: number;
  refusal: Refusal | undefined;
  timer: Timer;
}

export class Batches {
  readonly #station: Station;
  readonly #waiters: Waiters;
  readonly #batches: Map<string, Batch> = new Map();
  #bytes = 0;

  constructor(station: Station, waiters: Waiters) {
    this.#station = station;
    this.#waiters = waiters;
  }

  /** Takes what the reader just read as a part of a batch; `refusal` is the reader's verdict. `token` 0: nobody wants to know. */
  take(reader: PublishReader, refusal: Refusal | undefined, from: Session, token: number): void {
    const wrong = this.#stage(reader, refusal, from, token);
    if (wrong === undefined) return;
    this.#drop(reader.batchId);
    if (token !== 0) this.#waiters.refuse(from, token, this.#station.name, wrong[0], wrong[1]);
  }

  close(): void {
    for (const id of this.#batches.keys()) this.#drop(id);
  }

  #stage(reader: PublishReader, refusal: Refusal | undefined, from: Session, token: number): readonly [PublishRefusal, string] | undefined {
    const { batchId, batchSequence, batchCommit, requiredLevel, request } = reader;
    if (!this.#station.config.allowAtomic) return ["batch_denied", "the station takes no atomic batches: allow them first"];
    if (Buffer.byteLength(batchId) > batchIdBytesMax) return ["batch_id_invalid", `a batch's id has at most ${batchIdBytesMax} bytes`];
    if (batchSequence === undefined) return ["batch_sequence_missing", "a part of a batch has a number, from 1"];
    if (batchSequence > batchPartsMax) return ["batch_too_large", `a batch has at most ${batchPartsMax} parts`];
    if (batchSequence === 1) {
      this.#drop(batchId);
      if (this.#batches.size >= batchesMax) return ["batches_max", `${batchesMax} batches are under way: commit one first`];
      this.#batches.set(batchId, {
        parts: [],
        specials: [],
        ids: new Set(),
        bytes: 0,
        refusal: undefined,
        timer: this.#forgetLater(batchId),
      });
    }
    const batch = this.#batches.get(batchId);
    if (batch === undefined || batch.parts.length !== batchSequence - 1) {
      return ["batch_incomplete", "a part is missing or the batch was idle for too long: send it again from the start"];
    }
    if (batchCommit !== "" && batchCommit !== "1" && batchCommit !== "eob") return ["batch_commit_invalid", "a commit is '1' or 'eob'"];
    if (requiredLevel !== "" && !this.#station.meetsLevel(requiredLevel))
      return ["level_not_met", "the publisher asks for more than this broker can do"];
    if (batchCommit !== "eob") {
      batch.refusal ??= refusal === undefined ? problemOf(request, batch) : { ...refusal };
      const bytes = request.subject.length + request.bodyEnd - request.bodyStart;
      if (this.#bytes + bytes > batchBytesMax) return ["batches_max", "batches under way hold too many bytes: commit one first"];
      this.#bytes += bytes;
      batch.bytes += bytes;
      const part = copyOf(request);
      if (requiredLevel !== "") rewrite(part, (name) => name === "Nats-Required-Api-Level", "");
      batch.parts.push(part);
      batch.specials.push(reader.special);
    }
    if (batchCommit === "") {
      batch.timer.cancel();
      batch.timer = this.#forgetLater(batchId);
      if (token !== 0) this.#waiters.staged(from, token, this.#station.name);
      return undefined;
    }
    return this.#commit(batchId, batch, batchCommit === "eob", from, token);
  }

  #commit(id: string, batch: Batch, isEnd: boolean, from: Session, token: number): readonly [PublishRefusal, string] | undefined {
    const count = batch.parts.length;
    if (count === 0) return ["batch_incomplete", "the batch has no parts"];
    const last = batch.parts.at(-1);
    // Ended by a message of its own, its last part is marked as any other's.
    if (isEnd && last !== undefined) rewrite(last, (name) => name === "Nats-Batch-Commit", "Nats-Batch-Commit: 1\r\n");
    if (batch.refusal !== undefined) return [batch.refusal.code, batch.refusal.message];
    this.#drop(id);
    const { extras } = this.#station;
    if (extras?.counters === undefined) return this.#submit(id, batch, from, token);
    const subjects = batch.parts.map((part) => extras.subjectOf(part));
    extras.counters.withSums(subjects, () => {
      const wrong = this.#submit(id, batch, from, token);
      if (wrong !== undefined && token !== 0) this.#waiters.refuse(from, token, this.#station.name, wrong[0], wrong[1]);
    });
    return undefined;
  }

  #submit(id: string, batch: Batch, from: Session, token: number): readonly [PublishRefusal, string] | undefined {
    const { log, store, name, extras } = this.#station;
    const count = batch.parts.length;
    const aftermaths: Aftermath[] = [];
    if (extras !== undefined) {
      for (const [index, part] of batch.parts.entries()) {
        const prepared = extras.prepare(part, batch.specials[index]);
        if (!("code" in prepared)) {
          aftermaths.push(prepared);
          continue;
        }
        for (const aftermath of aftermaths) extras.settled(aftermath, "limit", 0);
        return [prepared.code, prepared.message];
      }
    }
    for (const part of batch.parts) part.fleeting = this.#station.unwanted(part.subject);
    const first = store.appendAtomic(batch.parts.map((request) => ({ log, request })));
    const last = first + count - 1;
    for (const [index, aftermath] of aftermaths.entries()) {
      extras?.submitted(aftermath);
      if (index < count - 1) this.#waiters.wait(first + index, (kind, sequence) => extras?.settled(aftermath, kind, sequence));
    }
    const final = aftermaths.at(-1);
    if (token !== 0)
      this.#waiters.add(last, new BatchAnswer(from, id, count, (kind, at) => final && extras?.settled(final, kind, at)), token, name);
    else if (final !== undefined) this.#waiters.wait(last, (kind, sequence) => extras?.settled(final, kind, sequence));
    return undefined;
  }

  #forgetLater(id: string): Timer {
    return this.#station.clock.after(idleMs, () => this.#drop(id));
  }

  #drop(id: string): void {
    const batch = this.#batches.get(id);
    if (batch === undefined) return;
    batch.timer.cancel();
    this.#bytes -= batch.bytes;
    this.#batches.delete(id);
  }
}

/** Tells a publisher what became of its batch: the outcome of the last part with the batch's id and size. */
class BatchAnswer {
  readonly #session: Session;
  readonly #id: string;
  readonly #count: number;
  /** Told of the last part's outcome first. */
  readonly #settled: (kind: OutcomeKind, sequence: Sequence) => void;

  constructor(session: Session, id: string, count: number, settled: (kind: OutcomeKind, sequence: Sequence) => void) {
    this.#session = session;
    this.#id = id;
    this.#count = count;
    this.#settled = settled;
  }

  published(token: number, outcome: PublishOutcome): void {
    this.#settled(outcome.kind === "stored" || outcome.kind === "duplicate" ? outcome.kind : "failed", outcome.sequence);
    if (outcome.kind === "duplicate") {
      outcome.kind = "refused";
      outcome.sequence = 0;
      outcome.code = "batch_duplicate_id";
      outcome.message = "a message id of the batch was seen before";
    }
    outcome.batch = this.#id;
    outcome.batchCount = this.#count;
    this.#session.published(token, outcome);
  }
}

function problemOf(request: AppendRequest, batch: Batch): Refusal | undefined {
  if (request.expect?.lastMessageId !== undefined) return { code: "batch_header", message: "Nats-Expected-Last-Msg-Id" };
  if (request.messageId === undefined) return undefined;
  if (batch.ids.has(request.messageId)) return { code: "batch_duplicate_id", message: "two parts of the batch have the same message id" };
  batch.ids.add(request.messageId);
  return undefined;
}
