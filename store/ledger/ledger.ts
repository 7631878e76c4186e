/**
 * Every decision about one log: what becomes of an append, which records leave. Synchronous, without I/O, shared by the stores. A
 * decision takes effect here at once; the store persists it (the outcome, `removals`) and shows it with `seal` when it closes the batch
 * and `reveal` when the batch is durable. What a limit takes away leaves in the same step as the append that broke it.
 */
import assert from "node:assert";
import type { AppendRequest, LogLimits, Removal, Sequence, SubjectFilterTest } from "../store.ts";
import type { BatchStage } from "./batch-stage.ts";
import { Decision } from "./decision.ts";
import { Duplicates } from "./duplicates.ts";
import type { LedgerFamily } from "./families.ts";
import type { KeyedHash } from "./keyed-hash.ts";
import { LogContents } from "./log-contents.ts";
import { countedBytes } from "./record-source.ts";
import type { RecordSource } from "./record-source.ts";
import { noSubject } from "./subject-index.ts";

export interface LedgerOptions {
  readonly hash: KeyedHash;
  readonly source: RecordSource;
  readonly limits: LogLimits;
  /** As `LogDefinition.firstSequence`. */
  readonly firstSequence: Sequence;
  /** True: an empty log's index is loaded from the start. False: the store loads it when it is needed (`beginSubjects`). */
  readonly subjectsLoaded: boolean;
  /** How many message ids are remembered at most. */
  readonly duplicateIdsMax: number;
}

export class Ledger extends LogContents {
  /** Undefined while it stands alone. Set by the store. */
  family: LedgerFamily | undefined = undefined;
  readonly #duplicateIdsMax: number;
  readonly #decision: Decision = new Decision();
  #limits: LogLimits;
  #duplicates: Duplicates | undefined = undefined;
  /** The limit per subject was lowered: all subjects are to be looked through. */
  #subjectsUnchecked = false;

  constructor(options: LedgerOptions) {
    super(options.hash, options.source, options.firstSequence, options.subjectsLoaded);
    this.#limits = options.limits;
    this.#duplicateIdsMax = options.duplicateIdsMax;
  }

  get limits(): LogLimits {
    return this.#limits;
  }

  // ── Appends ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** True when `admit` needs the subject index: load it first when `subjects` is undefined. */
  needsSubjects(request: AppendRequest): boolean {
    return this.#limits.messagesPerSubjectMax > 0 || request.rollup === "subject" || request.expect?.lastSubjectSequence !== undefined;
  }

  /**
   * Decides about an append and, when it is stored, makes it so: the store appends the record with the decision's sequence and time,
   * and persists `removals` with it. The decision object is reused.
   */
  admit(request: AppendRequest, nowUs: number): Decision {
    const decision = this.judge(request, nowUs, undefined);
    if (decision.kind === "stored") this.#apply(request, decision);
    return decision;
  }

  /** Makes an append so whatever the state says: for the parts of an atomic batch, in order, once all of them are judged `stored`. */
  accept(request: AppendRequest, nowUs: number): Decision {
    const decision = this.#decision;
    if (request.messageId !== undefined && this.#remembers(request.messageId)) this.#window().take(request.messageId);
    this.#store(request, nowUs, this.counts.lastSequence + 1);
    this.#apply(request, decision);
    return decision;
  }

  /** Decides without making it so, for atomic batches: `stage` holds the parts judged before. Call `accept` for each when all are stored. */
  judge(request: AppendRequest, nowUs: number, stage: BatchStage | undefined): Decision {
    const decision = this.#decision;
    decision.lastMessageId = "";
    decision.bytes = countedBytes(request.subject.length, request.bodyEnd - request.bodyStart);
    const lastSequence = this.counts.lastSequence + (stage?.messages ?? 0);
    if (
      (request.expect !== undefined && !this.#expectedSequences(request, lastSequence, stage)) ||
      (request.messageId !== undefined && this.#isDuplicate(request.messageId, nowUs, stage)) ||
      (request.expect !== undefined && !this.#expectedMessageId(request.expect.lastMessageId, stage)) ||
      !this.#fits(request, stage)
    )
      return decision;
    this.#store(request, nowUs, lastSequence + 1);
    stage?.add(request, decision.sequence, decision.bytes);
    return decision;
  }

  #store(request: AppendRequest, nowUs: number, sequence: Sequence): void {
    const decision = this.#decision;
    decision.kind = "stored";
    decision.detail = "";
    decision.lastMessageId = "";
    decision.sequence = sequence;
    decision.bytes = countedBytes(request.subject.length, request.bodyEnd - request.bodyStart);
    decision.timeUs = Math.max(request.timeUs === 0 ? nowUs : request.timeUs, this.counts.lastTimeUs);
    if (this.family !== undefined && request.timeUs === 0) decision.timeUs = Math.max(decision.timeUs, this.family.lastTimeUs + 1);
  }

  #refuse(kind: "mismatch" | "limit", detail: Decision["detail"], sequence: Sequence): false {
    this.#decision.kind = kind;
    this.#decision.detail = detail;
    this.#decision.sequence = sequence;
    return false;
  }

  #expectedSequences(request: AppendRequest, lastSequence: Sequence, stage: BatchStage | undefined): boolean {
    const expect = request.expect;
    if (expect?.lastSubjectSequence !== undefined) {
      const filter = expect.lastSubjectFilter;
      const last = Math.max(this.#lastOf(request.subject, filter), stage?.lastOf(request.subject, filter) ?? 0);
      if (last !== expect.lastSubjectSequence) return this.#refuse("mismatch", "lastSubjectSequence", last);
    }
    if (expect?.lastSequence !== undefined && expect.lastSequence !== lastSequence)
      return this.#refuse("mismatch", "lastSequence", lastSequence);
    return true;
  }

  #lastOf(subject: Uint8Array, filter: SubjectFilterTest | undefined): Sequence {
    if (filter !== undefined) return this.lastMatching(filter, Infinity);
    const entry = this.#entryOf(subject);
    return entry === noSubject ? 0 : this.index().last(entry);
  }

  #isDuplicate(messageId: string, nowUs: number, stage: BatchStage | undefined): boolean {
    if (!this.#remembers(messageId)) return false;
    const decision = this.#decision;
    const staged = stage?.sequenceOf(messageId) ?? 0;
    const duplicates = this.#window();
    duplicates.expire(nowUs, this.#limits.duplicateWindowMs);
    duplicates.take(messageId);
    if (staged > 0 || duplicates.find()) {
      decision.kind = "duplicate";
      decision.detail = "";
      decision.sequence = staged > 0 ? staged : duplicates.sequence;
      return true;
    }
    const elsewhere = this.family === undefined ? 0 : this.family.sequenceOf(messageId, this, nowUs);
    // Siblings may share the hash with its last result, and may not share its key.
    if (this.family !== undefined) duplicates.take(messageId);
    if (elsewhere > 0) {
      decision.kind = "duplicate";
      decision.detail = "";
      decision.sequence = elsewhere;
      return true;
    }
    if (duplicates.full) {
      this.#refuse("limit", "duplicateIdsFull", 0);
      return true;
    }
    return false;
  }

  #remembers(messageId: string): boolean {
    return this.#limits.duplicateWindowMs > 0 && messageId.length > 0;
  }

  #window(): Duplicates {
    return (this.#duplicates ??= new Duplicates(this.hash, this.#duplicateIdsMax));
  }

  #expectedMessageId(expected: string | undefined, stage: BatchStage | undefined): boolean {
    const actual = stage?.lastMessageId ?? this.counts.lastMessageId;
    if (expected === undefined || expected === actual) return true;
    this.#decision.lastMessageId = actual;
    return this.#refuse("mismatch", "lastMessageId", 0);
  }

  /** The limits that refuse. Those that evict are enforced in `#apply`. */
  #fits(request: AppendRequest, stage: BatchStage | undefined): boolean {
    const limits = this.#limits;
    const bytes = this.#decision.bytes;
    if (limits.messageBytesMax > 0 && request.bodyEnd - request.bodyStart > limits.messageBytesMax)
      return this.#refuse("limit", "messageBytes", 0);
    // A record larger than the whole log would be evicted by itself: acknowledged, and gone.
    if (limits.bytesMax > 0 && bytes > limits.bytesMax) return this.#refuse("limit", "bytes", 0);
    if (limits.discard === "old") return true;
    const subjectFull =
      limits.messagesPerSubjectMax > 0 &&
      this.#countOf(request.subject) + (stage?.countOf(request.subject) ?? 0) >= limits.messagesPerSubjectMax;
    if (subjectFull && limits.discardNewPerSubject) return this.#refuse("limit", "messagesPerSubject", 0);
    // A subject at its limit replaces its oldest record, which makes room.
    const counts = this.family ?? this.counts;
    if (limits.messagesMax > 0 && !subjectFull && counts.messages + (stage?.messages ?? 0) >= limits.messagesMax)
      return this.#refuse("limit", "messages", 0);
    if (limits.bytesMax > 0 && counts.bytes + (stage?.bytes ?? 0) + bytes > limits.bytesMax) {
      if (!subjectFull || this.#oldestBytes(request.subject) < bytes) return this.#refuse("limit", "bytes", 0);
    }
    return true;
  }

  #countOf(subject: Uint8Array): number {
    const index = this.index();
    const entry = index.find(subject, 0, subject.length);
    if (entry === noSubject) return 0;
    // Decisions are exact, however long it takes to count.
    return index.count(entry) < this.#limits.messagesPerSubjectMax || this.isLive(entry, false) ? index.count(entry) : 0;
  }

  /** What the subject's oldest record counts for. When that is not known, enough, unless the log is over its limit already. */
  #oldestBytes(subject: Uint8Array): number {
    const entry = this.#entryOf(subject);
    if (entry === noSubject) return 0;
    if (this.source.look(this.index().first(entry), this.facts)) return this.facts.bytes;
    return this.counts.bytes <= this.#limits.bytesMax ? Infinity : 0;
  }

  #entryOf(subject: Uint8Array): number {
    const entry = this.index().find(subject, 0, subject.length);
    return entry === noSubject || !this.isLive(entry, true) ? noSubject : entry;
  }

  #apply(request: AppendRequest, decision: Decision): void {
    const sequence = decision.sequence;
    this.countNew(sequence, decision.timeUs, decision.bytes, request.ttlSeconds);
    const counts = this.counts;
    counts.lastMessageId = request.messageId ?? "";
    if (this.family !== undefined && decision.timeUs > this.family.lastTimeUs) this.family.lastTimeUs = decision.timeUs;
    if (request.messageId !== undefined && this.#remembers(request.messageId)) this.#window().add(sequence, decision.timeUs);
    const subject = request.subject;
    let entry = noSubject;
    if (this.subjectIndex !== undefined) entry = this.subjectIndex.add(subject, 0, subject.length, sequence);
    else this.loading?.append(subject, 0, subject.length, sequence);
    if (request.rollup === "all") this.dropThrough(sequence - 1);
    else if (request.rollup === "subject") this.#dropOldestOf(entry, 1);
    // A fleeting record leaves at once (the store has it removed): nothing needs to make room for it.
    if (!request.fleeting) this.#enforceCounts(entry);
  }

  // ── Limits ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Changes the limits; `enforce` applies what they now take away. */
  setLimits(limits: LogLimits): void {
    const before = this.#limits.messagesPerSubjectMax;
    const now = limits.messagesPerSubjectMax;
    if (now > 0 && (before === 0 || now < before)) this.#subjectsUnchecked = true;
    if (now === 0) this.#subjectsUnchecked = false;
    if (limits.duplicateWindowMs === 0) this.#duplicates = undefined;
    this.#limits = limits;
  }

  /** When `enforce` has something to do next, microseconds; Infinity when never. */
  nextDeadlineUs(): number {
    const counts = this.counts;
    const ageUs = this.#limits.ageMaxMs > 0 && counts.messages > 0 ? counts.firstTimeUs + this.#limits.ageMaxMs * 1000 : Infinity;
    return Math.min(ageUs, this.nextExpiryUs);
  }

  /** Takes away what is over age, over its own time to live, or over lowered limits. */
  enforce(nowUs: number): void {
    if (this.firstTimeStale) this.learnFirstTime();
    this.expire(nowUs, this.#limits.expiryTold === true);
    this.#enforceAge(nowUs);
    if (this.#subjectsUnchecked && this.subjectIndex !== undefined) {
      this.#subjectsUnchecked = false;
      const index = this.subjectIndex;
      for (let entry = 0; entry < index.entriesEnd; entry++) this.#dropOldestOf(entry, this.#limits.messagesPerSubjectMax);
    }
    this.#enforceCounts(noSubject);
    if (this.#duplicates !== undefined) this.#duplicates.expire(nowUs, this.#limits.duplicateWindowMs);
  }

  #enforceAge(nowUs: number): void {
    const counts = this.counts;
    if (this.#limits.ageMaxMs === 0) return;
    const limitUs = nowUs - this.#limits.ageMaxMs * 1000;
    while (counts.messages > 0) {
      if (counts.firstTimeUs > limitUs) return;
      if (this.firstTimeStale) return this.source.want(counts.firstSequence);
      this.dropThrough(counts.firstSequence);
    }
  }

  #enforceCounts(entry: number): void {
    const limits = this.#limits;
    const counts = this.counts;
    if (entry !== noSubject && limits.messagesPerSubjectMax > 0) this.#dropOldestOf(entry, limits.messagesPerSubjectMax);
    if (limits.discard === "new") return;
    if (this.family !== undefined) return this.family.enforce(limits);
    if (limits.messagesMax > 0 && counts.messages > limits.messagesMax) {
      if (counts.messages === limits.messagesMax + 1) this.dropThrough(counts.firstSequence);
      else this.dropThrough(this.nth(counts.messages - limits.messagesMax));
    }
    while (limits.bytesMax > 0 && counts.bytes > limits.bytesMax && counts.messages > 1) {
      // What is owed may be all that is over: taking more away before it is paid would be too much.
      if (this.owed !== undefined && !this.owed.empty) return this.source.want(this.owed.next(0));
      this.dropThrough(counts.firstSequence);
    }
  }

  // ── For its family ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What a message id inside the window is stored as; 0 = it is not. */
  sequenceOf(messageId: string, nowUs: number): Sequence {
    const duplicates = this.#duplicates;
    if (duplicates === undefined || duplicates.count === 0) return 0;
    duplicates.expire(nowUs, this.#limits.duplicateWindowMs);
    duplicates.take(messageId);
    return duplicates.find() ? duplicates.sequence : 0;
  }

  /** True when its count of bytes is too high until something has been read, which is asked for. */
  waitsForDebt(): boolean {
    if (this.owed === undefined || this.owed.empty) return false;
    this.source.want(this.owed.next(0));
    return true;
  }

  /** Takes its oldest record away. False when that one's time is not known yet; it is asked for. */
  dropFirst(): boolean {
    if (this.firstTimeStale) this.learnFirstTime();
    if (this.firstTimeStale) {
      this.source.want(this.counts.firstSequence);
      return false;
    }
    this.dropThrough(this.counts.firstSequence);
    return true;
  }

  // ── Removal ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes one record away. False when it is not there. */
  removeSequence(sequence: Sequence): boolean {
    return this.drop(sequence);
  }

  /** Takes away what `removal` says and returns how many. A filter needs the index. */
  remove(removal: Removal): number {
    const counts = this.counts;
    const before = counts.messages;
    if (removal.kind === "sequence") {
      this.drop(removal.sequence);
    } else {
      const last = removal.upTo === 0 ? counts.lastSequence : Math.min(removal.upTo - 1, counts.lastSequence);
      if (removal.filter !== undefined && removal.filter.text !== ">") this.#purgeMatching(removal.filter, last, removal.keep);
      else if (removal.keep === 0) this.dropThrough(last);
      else if (counts.messages > removal.keep) this.dropThrough(Math.min(last, this.nth(counts.messages - removal.keep)));
    }
    return before - counts.messages;
  }

  /** Replays a removal that was persisted. What is not there any more is no error. */
  applyRemove(first: Sequence, last: Sequence): void {
    if (first <= this.counts.firstSequence) {
      this.dropThrough(Math.min(last, this.counts.lastSequence));
      return;
    }
    for (let at = this.gone.nextLive(first); at <= last && at <= this.counts.lastSequence; at = this.gone.nextLive(at + 1)) this.drop(at);
  }

  /** Replays a record that was persisted: as admitted then, without any decision. `messageId` undefined = it had none. */
  applyAppend(
    sequence: Sequence,
    timeUs: number,
    subject: Uint8Array,
    subjectStart: number,
    subjectEnd: number,
    bytes: number,
    ttlSeconds: number,
    messageId: string | undefined,
  ): void {
    assert(sequence > this.counts.lastSequence, "records are replayed in order");
    const counts = this.counts;
    if (counts.messages > 0 && sequence > counts.lastSequence + 1) this.gone.addRange(counts.lastSequence + 1, sequence - 1);
    this.countNew(sequence, timeUs, bytes, ttlSeconds);
    counts.lastMessageId = messageId ?? "";
    if (messageId !== undefined && this.#remembers(messageId)) {
      this.#window().take(messageId);
      this.#window().add(sequence, timeUs);
    }
    if (this.subjectIndex !== undefined) this.subjectIndex.add(subject, subjectStart, subjectEnd, sequence);
    else this.loading?.append(subject, subjectStart, subjectEnd, sequence);
  }

  #purgeMatching(filter: SubjectFilterTest, last: Sequence, keep: number): void {
    const index = this.index();
    const sequences: number[] = [];
    this.forEachMatching(filter, (entry) => index.collect(entry, keep > 0 ? Infinity : last + 1, Infinity, sequences));
    sequences.sort((a, b) => a - b);
    if (keep > 0) sequences.length = Math.max(0, sequences.length - keep);
    for (const sequence of sequences) if (sequence <= last) this.drop(sequence);
  }

  /** Takes the subject's oldest records away until at most `keep` are left. */
  #dropOldestOf(entry: number, keep: number): void {
    const index = this.index();
    if (index.count(entry) <= keep || !this.isLive(entry, false)) return;
    for (let over = index.count(entry) - keep; over > 0; over--) this.drop(index.first(entry), entry);
  }

  // ── State that outlives the process ─────────────────────────────────────────────────────────────────────────────────────

  /** What a checkpoint keeps of the ids inside the window; undefined when there are none. */
  exportDuplicates(nowUs: number): Buffer | undefined {
    this.#duplicates?.expire(nowUs, this.#limits.duplicateWindowMs);
    return this.#duplicates === undefined || this.#duplicates.count === 0 ? undefined : this.#duplicates.export();
  }

  importDuplicates(bytes: Uint8Array): boolean {
    const duplicates = new Duplicates(this.hash, this.#duplicateIdsMax);
    if (!duplicates.import(bytes)) return false;
    this.#duplicates = duplicates;
    return true;
  }

  /** A message id from before the checkpoint, in order of sequence. */
  restoreMessageId(id: Uint8Array, sequence: Sequence, timeUs: number): void {
    const duplicates = (this.#duplicates ??= new Duplicates(this.hash, this.#duplicateIdsMax));
    duplicates.takeBytes(id, 0, id.length);
    duplicates.add(sequence, timeUs);
  }
}
