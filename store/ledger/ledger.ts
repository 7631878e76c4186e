/**
 * The state of one log in memory and every decision about it: what becomes of an append, which records leave. Synchronous, without
 * I/O, shared by the stores. A decision takes effect here at once; the store persists it (the outcome, `removals`) and shows it
 * with `seal` when it closes the batch and `reveal` when the batch is durable.
 *
 * What a limit or a removal takes away is applied in the same step as the append that caused it. Records that are not in memory
 * leave at once too; what they counted for is owed and paid when the store has read them (`debt`, `pay`).
 */
import assert from "node:assert";
import type { AppendRequest, LogLimits, LogState, Removal, Sequence, SubjectFilterTest } from "../store.ts";
import { BatchStage } from "./batch-stage.ts";
import { Debt } from "./debt.ts";
import { Decision } from "./decision.ts";
import { Deletions } from "./deletions.ts";
import { Duplicates } from "./duplicates.ts";
import { Expiry } from "./expiry.ts";
import type { KeyedHash } from "./keyed-hash.ts";
import { LogCounts } from "./log-counts.ts";
import { countedBytes, RecordFacts } from "./record-source.ts";
import type { RecordSource } from "./record-source.ts";
import { Removals } from "./removals.ts";
import { noSubject, SubjectIndex } from "./subject-index.ts";
import { SubjectLoading } from "./subject-loading.ts";

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

/** A stretch of records that is not in memory is owed as a whole when it is longer than this. */
const stretchMin = 1024;

export class Ledger {
  /** What the last operations took away. The store clears it once persisted. */
  readonly removals: Removals = new Removals();
  /** Counts as visible: what a reader sees. */
  readonly visible: LogState;
  readonly #hash: KeyedHash;
  readonly #source: RecordSource;
  readonly #duplicateIdsMax: number;
  readonly #counts: LogCounts = new LogCounts();
  readonly #sealed: LogCounts = new LogCounts();
  readonly #visible: LogCounts = new LogCounts();
  readonly #decision: Decision = new Decision();
  readonly #facts: RecordFacts = new RecordFacts();
  readonly #gone: Deletions = new Deletions();
  #limits: LogLimits;
  #debt: Debt | undefined = undefined;
  #duplicates: Duplicates | undefined = undefined;
  #expiry: Expiry | undefined = undefined;
  #subjects: SubjectIndex | undefined = undefined;
  #loading: SubjectLoading | undefined = undefined;
  /** `firstTimeUs` is that of an earlier record: the first one was not in memory. */
  #firstTimeStale = false;
  /** The limit per subject was lowered: all subjects are to be looked through. */
  #subjectsUnchecked = false;

  constructor(options: LedgerOptions) {
    this.#hash = options.hash;
    this.#source = options.source;
    this.#limits = options.limits;
    this.#duplicateIdsMax = options.duplicateIdsMax;
    if (options.firstSequence > 1) {
      this.#counts.firstSequence = options.firstSequence;
      this.#counts.lastSequence = options.firstSequence - 1;
    }
    if (options.subjectsLoaded) this.#subjects = new SubjectIndex(options.hash);
    this.visible = this.#visible;
    this.seal();
    this.reveal();
  }

  /** Counts as admitted: what the next decision stands on. */
  get admitted(): LogState {
    return this.#counts;
  }

  get limits(): LogLimits {
    return this.#limits;
  }

  /** The index of all admitted records; undefined while not loaded. Ask it only up to `visible.lastSequence` for readers. */
  get subjects(): SubjectIndex | undefined {
    return this.#subjects;
  }

  /** Sequences whose bytes and subjects are still counted although they left; undefined when there are none. */
  get debt(): Debt | undefined {
    return this.#debt === undefined || this.#debt.empty ? undefined : this.#debt;
  }

  get deletions(): Deletions {
    return this.#gone;
  }

  /** True when a record with this sequence is there (as admitted). */
  has(sequence: Sequence): boolean {
    const counts = this.#counts;
    return counts.messages > 0 && sequence >= counts.firstSequence && sequence <= counts.lastSequence && !this.#gone.has(sequence);
  }

  /** Live records of `first … last` (as admitted). */
  countIn(first: Sequence, last: Sequence): number {
    const from = Math.max(first, this.#counts.firstSequence);
    const to = Math.min(last, this.#counts.lastSequence);
    return from > to || this.#counts.messages === 0 ? 0 : to - from + 1 - this.#gone.countIn(from, to);
  }

  /** The batch that holds everything admitted so far is closed. */
  seal(): void {
    const counts = this.#counts;
    counts.deletedCount = this.#gone.count;
    this.#sealed.copyFrom(counts);
  }

  /** The batch last sealed is durable: its counts become visible. */
  reveal(): void {
    this.#visible.copyFrom(this.#sealed);
  }

  // ── Appends ────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
    this.#store(request, nowUs, this.#counts.lastSequence + 1);
    this.#apply(request, decision);
    return decision;
  }

  /** Decides without making it so, for atomic batches: `stage` holds the parts judged before. Call `accept` for each when all are stored. */
  judge(request: AppendRequest, nowUs: number, stage: BatchStage | undefined): Decision {
    const decision = this.#decision;
    decision.lastMessageId = "";
    decision.bytes = countedBytes(request.subject.length, request.bodyEnd - request.bodyStart);
    const lastSequence = this.#counts.lastSequence + (stage?.messages ?? 0);
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
    decision.timeUs = Math.max(request.timeUs === 0 ? nowUs : request.timeUs, this.#counts.lastTimeUs);
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
    return entry === noSubject ? 0 : this.#index().last(entry);
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
    return (this.#duplicates ??= new Duplicates(this.#hash, this.#duplicateIdsMax));
  }

  #expectedMessageId(expected: string | undefined, stage: BatchStage | undefined): boolean {
    const actual = stage?.lastMessageId ?? this.#counts.lastMessageId;
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
    if (limits.messagesMax > 0 && !subjectFull && this.#counts.messages + (stage?.messages ?? 0) >= limits.messagesMax)
      return this.#refuse("limit", "messages", 0);
    if (limits.bytesMax > 0 && this.#counts.bytes + (stage?.bytes ?? 0) + bytes > limits.bytesMax) {
      if (!subjectFull || this.#oldestBytes(request.subject) < bytes) return this.#refuse("limit", "bytes", 0);
    }
    return true;
  }

  #countOf(subject: Uint8Array): number {
    const entry = this.#entryOf(subject);
    return entry === noSubject ? 0 : this.#index().count(entry);
  }

  /** What the subject's oldest record counts for. When that is not known, enough, unless the log is over its limit already. */
  #oldestBytes(subject: Uint8Array): number {
    const entry = this.#entryOf(subject);
    if (entry === noSubject) return 0;
    if (this.#source.look(this.#index().first(entry), this.#facts)) return this.#facts.bytes;
    return this.#counts.bytes <= this.#limits.bytesMax ? Infinity : 0;
  }

  #entryOf(subject: Uint8Array): number {
    const entry = this.#index().find(subject, 0, subject.length);
    return entry === noSubject || !this.#isLive(entry) ? noSubject : entry;
  }

  /** Takes out of an entry what left unseen, as far as it lies at its ends. False when nothing of it is left. */
  #isLive(entry: number): boolean {
    const index = this.#index();
    if (this.#debt !== undefined) {
      while (index.count(entry) > 0 && !this.has(index.first(entry))) index.removeFrom(entry, index.first(entry));
      while (index.count(entry) > 0 && !this.has(index.last(entry))) index.removeFrom(entry, index.last(entry));
    }
    return index.count(entry) > 0;
  }

  #apply(request: AppendRequest, decision: Decision): void {
    const sequence = decision.sequence;
    this.#count(sequence, decision.timeUs, decision.bytes, request.ttlSeconds);
    const counts = this.#counts;
    counts.lastMessageId = request.messageId ?? "";
    if (request.messageId !== undefined && this.#remembers(request.messageId)) this.#window().add(sequence, decision.timeUs);
    const subject = request.subject;
    let entry = noSubject;
    if (this.#subjects !== undefined) entry = this.#subjects.add(subject, 0, subject.length, sequence);
    else this.#loading?.append(subject, 0, subject.length, sequence);
    if (request.rollup === "all") this.#dropThrough(sequence - 1);
    else if (request.rollup === "subject") this.#dropOldestOf(entry, 1);
    // A fleeting record leaves at once (the store has it removed): nothing needs to make room for it.
    if (!request.fleeting) this.#enforceCounts(entry);
  }

  /** Counts a new record in. */
  #count(sequence: Sequence, timeUs: number, bytes: number, ttlSeconds: number): void {
    const counts = this.#counts;
    if (counts.messages === 0) {
      counts.firstSequence = sequence;
      counts.firstTimeUs = timeUs;
      this.#firstTimeStale = false;
    }
    counts.lastSequence = sequence;
    counts.lastTimeUs = timeUs;
    counts.messages++;
    counts.bytes += bytes;
    if (ttlSeconds > 0) (this.#expiry ??= new Expiry()).add(sequence, timeUs + ttlSeconds * 1_000_000);
  }

  // ── Limits ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
    const counts = this.#counts;
    const ageUs = this.#limits.ageMaxMs > 0 && counts.messages > 0 ? counts.firstTimeUs + this.#limits.ageMaxMs * 1000 : Infinity;
    return Math.min(ageUs, this.#expiry?.nextUs ?? Infinity);
  }

  /** Takes away what is over age, over its own time to live, or over lowered limits. */
  enforce(nowUs: number): void {
    if (this.#firstTimeStale) this.#learnFirstTime();
    this.#expire(nowUs);
    this.#enforceAge(nowUs);
    if (this.#subjectsUnchecked && this.#subjects !== undefined) {
      this.#subjectsUnchecked = false;
      const index = this.#subjects;
      for (let entry = 0; entry < index.entriesEnd; entry++) this.#dropOldestOf(entry, this.#limits.messagesPerSubjectMax);
    }
    this.#enforceCounts(noSubject);
    if (this.#duplicates !== undefined) this.#duplicates.expire(nowUs, this.#limits.duplicateWindowMs);
  }

  #expire(nowUs: number): void {
    const expiry = this.#expiry;
    if (expiry === undefined) return;
    for (let sequence = expiry.take(nowUs); sequence > 0; sequence = expiry.take(nowUs)) this.#drop(sequence);
    if (expiry.size > 64 && expiry.size > this.#counts.messages * 2) expiry.tidy((sequence) => this.has(sequence));
  }

  #enforceAge(nowUs: number): void {
    const counts = this.#counts;
    if (this.#limits.ageMaxMs === 0) return;
    const limitUs = nowUs - this.#limits.ageMaxMs * 1000;
    while (counts.messages > 0) {
      if (counts.firstTimeUs > limitUs) return;
      if (this.#firstTimeStale) return this.#source.want(counts.firstSequence);
      this.#dropThrough(counts.firstSequence);
    }
  }

  #enforceCounts(entry: number): void {
    const limits = this.#limits;
    const counts = this.#counts;
    if (entry !== noSubject && limits.messagesPerSubjectMax > 0) this.#dropOldestOf(entry, limits.messagesPerSubjectMax);
    if (limits.discard === "new") return;
    if (limits.messagesMax > 0 && counts.messages > limits.messagesMax) {
      if (counts.messages === limits.messagesMax + 1) this.#dropThrough(counts.firstSequence);
      else this.#dropThrough(this.#nth(counts.messages - limits.messagesMax));
    }
    while (limits.bytesMax > 0 && counts.bytes > limits.bytesMax && counts.messages > 1) {
      // What is owed may be all that is over: taking more away before it is paid would be too much.
      if (this.#debt !== undefined && !this.#debt.empty) return this.#source.want(this.#debt.next(0));
      this.#dropThrough(counts.firstSequence);
    }
  }

  /** The sequence of the n-th live record. */
  #nth(n: number): Sequence {
    const counts = this.#counts;
    let low = counts.firstSequence;
    let high = counts.lastSequence;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.countIn(counts.firstSequence, middle) < n) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // ── Removal ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes one record away. False when it is not there. */
  removeSequence(sequence: Sequence): boolean {
    return this.#drop(sequence);
  }

  /** Takes away what `removal` says and returns how many. A filter needs the index. */
  remove(removal: Removal): number {
    const counts = this.#counts;
    const before = counts.messages;
    if (removal.kind === "sequence") {
      this.#drop(removal.sequence);
    } else {
      const last = removal.upTo === 0 ? counts.lastSequence : Math.min(removal.upTo - 1, counts.lastSequence);
      if (removal.filter !== undefined && removal.filter.text !== ">") this.#purgeMatching(removal.filter, last, removal.keep);
      else if (removal.keep === 0) this.#dropThrough(last);
      else if (counts.messages > removal.keep) this.#dropThrough(Math.min(last, this.#nth(counts.messages - removal.keep)));
    }
    return before - counts.messages;
  }

  /** Replays a removal that was persisted. What is not there any more is no error. */
  applyRemove(first: Sequence, last: Sequence): void {
    if (first <= this.#counts.firstSequence) {
      this.#dropThrough(Math.min(last, this.#counts.lastSequence));
      return;
    }
    for (let at = this.#gone.nextLive(first); at <= last && at <= this.#counts.lastSequence; at = this.#gone.nextLive(at + 1))
      this.#drop(at);
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
    assert(sequence > this.#counts.lastSequence, "records are replayed in order");
    const counts = this.#counts;
    if (counts.messages > 0 && sequence > counts.lastSequence + 1) this.#gone.addRange(counts.lastSequence + 1, sequence - 1);
    this.#count(sequence, timeUs, bytes, ttlSeconds);
    counts.lastMessageId = messageId ?? "";
    if (messageId !== undefined && this.#remembers(messageId)) {
      this.#window().take(messageId);
      this.#window().add(sequence, timeUs);
    }
    if (this.#subjects !== undefined) this.#subjects.add(subject, subjectStart, subjectEnd, sequence);
    else this.#loading?.append(subject, subjectStart, subjectEnd, sequence);
  }

  #purgeMatching(filter: SubjectFilterTest, last: Sequence, keep: number): void {
    const index = this.#index();
    const sequences: number[] = [];
    this.forEachMatching(filter, (entry) => index.collect(entry, keep > 0 ? Infinity : last + 1, Infinity, sequences));
    sequences.sort((a, b) => a - b);
    if (keep > 0) sequences.length = Math.max(0, sequences.length - keep);
    for (const sequence of sequences) if (sequence <= last) this.#drop(sequence);
  }

  /** Takes the subject's oldest records away until at most `keep` are left. */
  #dropOldestOf(entry: number, keep: number): void {
    const index = this.#index();
    if (!this.#isLive(entry)) return;
    for (let over = index.count(entry) - keep; over > 0; over--) this.#drop(index.first(entry), entry);
  }

  /** Takes one record away, wherever it is. `entry` when the caller knows its subject's. */
  #drop(sequence: Sequence, entry: number = noSubject): boolean {
    if (!this.has(sequence)) return false;
    const counts = this.#counts;
    if (sequence === counts.firstSequence) {
      this.#account(sequence, entry);
      this.#moveFirst(sequence + 1);
    } else {
      this.#gone.add(sequence);
      this.removals.add(sequence, sequence);
      this.#account(sequence, entry);
      if (counts.messages === 0) this.#moveFirst(counts.lastSequence + 1);
    }
    return true;
  }

  /** Takes away everything up to and including `last`. */
  #dropThrough(last: Sequence): void {
    const counts = this.#counts;
    if (counts.messages === 0 || last < counts.firstSequence) return;
    if (last >= counts.lastSequence) return this.#dropAll();
    if (last === counts.firstSequence) {
      this.#account(last, noSubject);
      return this.#moveFirst(last + 1);
    }
    let at = counts.firstSequence;
    const unknownUpTo = Math.min(last, this.#source.inMemoryFrom - 1);
    if (unknownUpTo - at >= stretchMin) {
      this.#oweRange(at, unknownUpTo);
      at = unknownUpTo + 1;
    }
    for (at = this.#gone.nextLive(at); at <= last; at = this.#gone.nextLive(at + 1)) this.#account(at, noSubject);
    this.#moveFirst(last + 1);
  }

  #dropAll(): void {
    const counts = this.#counts;
    this.removals.messages += counts.messages;
    if (counts.messages > stretchMin) this.#source.leftThrough(counts.lastSequence);
    else this.#tellEach(counts.firstSequence, counts.lastSequence);
    counts.messages = 0;
    counts.bytes = 0;
    this.#debt = undefined;
    this.#expiry = undefined;
    this.#subjects?.clear();
    if (this.#loading !== undefined) {
      this.#loading = undefined;
      this.#subjects = new SubjectIndex(this.#hash);
    }
    this.#moveFirst(counts.lastSequence + 1);
  }

  #tellEach(first: Sequence, last: Sequence): void {
    for (let at = this.#gone.nextLive(first); at <= last; at = this.#gone.nextLive(at + 1)) {
      this.#source.left(at, this.#source.look(at, this.#facts) ? this.#facts : undefined);
    }
  }

  /** Counts a leaving record out, or owes it. */
  #account(sequence: Sequence, entry: number): void {
    const counts = this.#counts;
    const facts = this.#facts;
    counts.messages--;
    this.removals.messages++;
    const known = this.#source.look(sequence, facts);
    if (known) {
      counts.bytes -= facts.bytes;
      this.#forgetSubject(facts, sequence, entry);
    } else {
      if (entry !== noSubject) this.#subjects?.removeFrom(entry, sequence);
      (this.#debt ??= new Debt()).add(sequence, sequence);
    }
    this.#source.left(sequence, known ? facts : undefined);
  }

  #forgetSubject(facts: RecordFacts, sequence: Sequence, entry: number): void {
    if (this.#subjects === undefined) this.#loading?.remove(facts.subject, facts.subjectStart, facts.subjectEnd, sequence);
    else if (entry !== noSubject) this.#subjects.removeFrom(entry, sequence);
    else this.#subjects.remove(facts.subject, facts.subjectStart, facts.subjectEnd, sequence);
  }

  /** Owes all live records of a long stretch that is not in memory. */
  #oweRange(first: Sequence, last: Sequence): void {
    const counts = this.#counts;
    const debt = (this.#debt ??= new Debt());
    for (let at = this.#gone.nextLive(first); at <= last;) {
      const end = this.#gone.nextGone(at, last) - 1;
      debt.add(at, end);
      counts.messages -= end - at + 1;
      this.removals.messages += end - at + 1;
      at = this.#gone.nextLive(end + 1);
    }
    this.#source.leftThrough(last);
  }

  /** The first sequence becomes the lowest live one ≥ `from`. */
  #moveFirst(from: Sequence): void {
    const counts = this.#counts;
    if (counts.messages === 0) {
      counts.firstSequence = counts.lastSequence + 1;
      counts.firstTimeUs = 0;
      counts.bytes = 0;
      this.#debt = undefined;
      this.#gone.clear();
      this.#subjects?.clear();
    } else {
      counts.firstSequence = this.#gone.nextLive(from);
      this.#firstTimeStale = true;
      this.#learnFirstTime();
      if (this.#firstTimeStale) this.#source.want(counts.firstSequence);
    }
    this.#gone.trim(counts.firstSequence);
    this.removals.floor = counts.firstSequence;
  }

  #learnFirstTime(): void {
    const counts = this.#counts;
    if (counts.firstSequence === counts.lastSequence) counts.firstTimeUs = counts.lastTimeUs;
    else if (this.#source.look(counts.firstSequence, this.#facts)) counts.firstTimeUs = this.#facts.timeUs;
    else return;
    this.#firstTimeStale = false;
  }

  // ── What was not in memory ─────────────────────────────────────────────────────────────────────────────────────────────

  /** The record `want` was last asked for, as far as it is still needed; 0 when none is. */
  get wanted(): Sequence {
    if (this.#debt !== undefined && !this.#debt.empty) return this.#debt.next(0);
    return this.#firstTimeStale && this.#counts.messages > 0 ? this.#counts.firstSequence : 0;
  }

  /** Counts a record out that left unseen. False when nothing is owed for it. */
  pay(sequence: Sequence, facts: RecordFacts): boolean {
    const debt = this.#debt;
    if (debt === undefined || !debt.settle(sequence)) return false;
    this.#counts.bytes -= facts.bytes;
    this.#forgetSubject(facts, sequence, noSubject);
    if (debt.empty) this.#debt = undefined;
    return true;
  }

  /**
   * Starts loading the subject index: the store feeds every record up to the returned sequence (those `has` or `debt` knows; others
   * are ignored), in any order, over as many turns as it likes, then calls `finishSubjects`.
   */
  beginSubjects(): Sequence {
    this.#loading ??= new SubjectLoading(this.#counts.lastSequence, () => new SubjectIndex(this.#hash));
    return this.#loading.upTo;
  }

  feedSubject(subject: Uint8Array, start: number, end: number, sequence: Sequence): void {
    const loading = this.#loading;
    if (loading === undefined) return;
    if (this.has(sequence) || loading.awaits(sequence) || this.#debt?.has(sequence) === true) loading.feed(subject, start, end, sequence);
  }

  finishSubjects(): void {
    if (this.#loading === undefined) return;
    this.#subjects = this.#loading.finish();
    this.#loading = undefined;
  }

  /** Gives the index's memory back; it can be loaded again. */
  unloadSubjects(): void {
    this.#subjects = undefined;
    this.#loading = undefined;
  }

  // ── Questions to the index ─────────────────────────────────────────────────────────────────────────────────────────────

  /** True when the entry has records, and its subject passes. */
  passes(entry: number, filter: SubjectFilterTest | undefined): boolean {
    if (!this.#isLive(entry)) return false;
    if (filter === undefined) return true;
    const index = this.#index();
    index.showText(entry);
    return filter.matches(index.textBuffer, index.textStart, index.textEnd);
  }

  /** Calls `visit` with the entry of every subject that passes. */
  forEachMatching(filter: SubjectFilterTest | undefined, visit: (entry: number) => void): void {
    const index = this.#index();
    if (filter !== undefined && filter.literal) {
      const bytes = Buffer.from(filter.text);
      const entry = index.find(bytes, 0, bytes.length);
      if (entry !== noSubject && this.#isLive(entry)) visit(entry);
      return;
    }
    for (let entry = 0; entry < index.entriesEnd; entry++) {
      if (this.passes(entry, filter)) visit(entry);
    }
  }

  /** The highest sequence ≤ `upTo` of the subjects that pass; 0 when none. */
  lastMatching(filter: SubjectFilterTest, upTo: Sequence): Sequence {
    const index = this.#index();
    let last = 0;
    this.forEachMatching(filter, (entry) => {
      if (index.last(entry) > last) last = Math.max(last, index.lastUpTo(entry, upTo));
    });
    return last;
  }

  /** How many records of `from … to` pass. */
  countMatching(filter: SubjectFilterTest | undefined, from: Sequence, to: Sequence): number {
    if (filter === undefined || filter.text === ">") return this.countIn(from, to);
    const index = this.#index();
    let count = 0;
    this.forEachMatching(filter, (entry) => (count += index.countIn(entry, from, to)));
    return count;
  }

  #index(): SubjectIndex {
    assert(this.#subjects !== undefined, "the subject index is loaded before it is asked");
    return this.#subjects;
  }

  // ── State that outlives the process ────────────────────────────────────────────────────────────────────────────────────

  /** What a checkpoint keeps of the ids inside the window; undefined when there are none. */
  exportDuplicates(nowUs: number): Buffer | undefined {
    this.#duplicates?.expire(nowUs, this.#limits.duplicateWindowMs);
    return this.#duplicates === undefined || this.#duplicates.count === 0 ? undefined : this.#duplicates.export();
  }

  importDuplicates(bytes: Uint8Array): boolean {
    const duplicates = new Duplicates(this.#hash, this.#duplicateIdsMax);
    if (!duplicates.import(bytes)) return false;
    this.#duplicates = duplicates;
    return true;
  }

  /** Sets the counters a checkpoint kept, and the interior runs and debts `[first, last …]` that belong to them. Then replay what came later. */
  restore(counts: LogState, gone: readonly number[], debt: readonly number[]): void {
    const own = this.#counts;
    own.firstSequence = counts.firstSequence;
    own.lastSequence = counts.lastSequence;
    own.messages = counts.messages;
    own.bytes = counts.bytes;
    own.firstTimeUs = counts.firstTimeUs;
    own.lastTimeUs = counts.lastTimeUs;
    own.lastMessageId = counts.lastMessageId;
    this.#gone.clear();
    for (let at = 0; at + 1 < gone.length; at += 2) this.#gone.addRange(gone[at]!, gone[at + 1]!);
    this.#debt = undefined;
    for (let at = 0; at + 1 < debt.length; at += 2) (this.#debt ??= new Debt()).add(debt[at]!, debt[at + 1]!);
  }

  /** Sequences up to `last` may have been shown before a crash and lost: they are not given again. */
  skipTo(last: Sequence): void {
    const counts = this.#counts;
    if (last <= counts.lastSequence) return;
    if (counts.messages > 0) this.#gone.addRange(counts.lastSequence + 1, last);
    else counts.firstSequence = last + 1;
    counts.lastSequence = last;
  }

  /** A message id from before the checkpoint, in order of sequence. */
  restoreMessageId(id: Uint8Array, sequence: Sequence, timeUs: number): void {
    const duplicates = (this.#duplicates ??= new Duplicates(this.#hash, this.#duplicateIdsMax));
    duplicates.takeBytes(id, 0, id.length);
    duplicates.add(sequence, timeUs);
  }

  /** A record from before the checkpoint has a life of its own. */
  restoreTtl(sequence: Sequence, timeUs: number, ttlSeconds: number): void {
    if (this.has(sequence)) (this.#expiry ??= new Expiry()).add(sequence, timeUs + ttlSeconds * 1_000_000);
  }
}
