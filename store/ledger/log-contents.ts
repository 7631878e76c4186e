/**
 * What one log holds, as far as decisions need it: counters, interior deletions, times to live, the subject index, and what is owed for
 * records that left unseen. It knows how a record comes and how it leaves; why is the ledger's business.
 *
 * Records that are not in memory leave at once too; what they counted for is owed and paid when the store has read them (`debt`, `pay`).
 */
import assert from "node:assert";
import type { LogState, Sequence, SubjectFilterTest } from "../store.ts";
import { Debt } from "./debt.ts";
import { Deletions } from "./deletions.ts";
import { Expiry } from "./expiry.ts";
import type { KeyedHash } from "./keyed-hash.ts";
import { LogCounts } from "./log-counts.ts";
import { RecordFacts } from "./record-source.ts";
import type { RecordSource } from "./record-source.ts";
import { Removals } from "./removals.ts";
import { noSubject, SubjectIndex } from "./subject-index.ts";
import { SubjectLoading } from "./subject-loading.ts";

/** A stretch of records that is not in memory is owed as a whole when it is longer than this. */
const stretchMin = 1024;
/** Of a subject with more records than this, readers are told a rough count while something is owed. */
const prunedMax = 1024;
/** Of a saved index, looked through in one go. */
const prunedEntries = 32_768;

export class LogContents {
  /** What the last operations took away. The store clears it once persisted. */
  readonly removals: Removals = new Removals();
  /** Counts as visible: what a reader sees. */
  readonly visible: LogState;
  protected readonly hash: KeyedHash;
  protected readonly source: RecordSource;
  protected readonly counts: LogCounts = new LogCounts();
  protected readonly facts: RecordFacts = new RecordFacts();
  protected readonly gone: Deletions = new Deletions();
  protected owed: Debt | undefined = undefined;
  protected subjectIndex: SubjectIndex | undefined = undefined;
  protected loading: SubjectLoading | undefined = undefined;
  /** `firstTimeUs` is that of an earlier record: the first one was not in memory. */
  protected firstTimeStale = false;
  readonly #sealed: LogCounts = new LogCounts();
  readonly #visible: LogCounts = new LogCounts();
  readonly #isPresent: (sequence: Sequence) => boolean;
  #expiry: Expiry | undefined = undefined;

  constructor(hash: KeyedHash, source: RecordSource, firstSequence: Sequence, subjectsLoaded: boolean) {
    this.hash = hash;
    this.source = source;
    this.#isPresent = (sequence) => this.has(sequence);
    if (firstSequence > 1) {
      this.counts.firstSequence = firstSequence;
      this.counts.lastSequence = firstSequence - 1;
    }
    if (subjectsLoaded) this.subjectIndex = new SubjectIndex(hash);
    this.visible = this.#visible;
    this.seal();
    this.reveal();
  }

  /** Counts as admitted: what the next decision stands on. */
  get admitted(): LogState {
    return this.counts;
  }

  /** The index of all admitted records; undefined while not loaded. Ask it only up to `visible.lastSequence` for readers. */
  get subjects(): SubjectIndex | undefined {
    return this.subjectIndex;
  }

  /** Sequences whose bytes and subjects are still counted although they left; undefined when there are none. */
  get debt(): Debt | undefined {
    return this.owed === undefined || this.owed.empty ? undefined : this.owed;
  }

  get deletions(): Deletions {
    return this.gone;
  }

  /** True when a record with this sequence is there (as admitted). */
  has(sequence: Sequence): boolean {
    const counts = this.counts;
    return counts.messages > 0 && sequence >= counts.firstSequence && sequence <= counts.lastSequence && !this.gone.has(sequence);
  }

  /** Live records of `first … last` (as admitted). */
  countIn(first: Sequence, last: Sequence): number {
    const from = Math.max(first, this.counts.firstSequence);
    const to = Math.min(last, this.counts.lastSequence);
    return from > to || this.counts.messages === 0 ? 0 : to - from + 1 - this.gone.countIn(from, to);
  }

  /** The batch that holds everything admitted so far is closed. */
  seal(): void {
    const counts = this.counts;
    counts.deletedCount = this.gone.count;
    this.#sealed.copyFrom(counts);
  }

  /** The batch last sealed is durable: its counts become visible. */
  reveal(): void {
    this.#visible.copyFrom(this.#sealed);
  }

  /**
   * Takes what left unseen out of an entry: all of it, or (`roughly`) as far as that is quick; what remains is counted until it is paid.
   * False when nothing of the entry is left.
   */
  protected isLive(entry: number, roughly: boolean): boolean {
    const index = this.index();
    if (this.owed !== undefined) index.prune(entry, this.#isPresent, roughly && index.count(entry) > prunedMax);
    return index.count(entry) > 0;
  }

  // ── Coming and leaving ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Counts a new record in. */
  protected countNew(sequence: Sequence, timeUs: number, bytes: number, ttlSeconds: number): void {
    const counts = this.counts;
    if (counts.messages === 0) {
      counts.firstSequence = sequence;
      counts.firstTimeUs = timeUs;
      this.firstTimeStale = false;
    }
    counts.lastSequence = sequence;
    counts.lastTimeUs = timeUs;
    counts.messages++;
    counts.bytes += bytes;
    if (ttlSeconds > 0) (this.#expiry ??= new Expiry()).add(sequence, timeUs + ttlSeconds * 1_000_000);
  }

  /** The earliest end of a record's own time to live; Infinity when there is none. */
  protected get nextExpiryUs(): number {
    return this.#expiry?.nextUs ?? Infinity;
  }

  /** `told`: what is over stays, and somebody hears of it. */
  protected expire(nowUs: number, told: boolean): void {
    const expiry = this.#expiry;
    if (expiry === undefined) return;
    for (let sequence = expiry.take(nowUs); sequence > 0; sequence = expiry.take(nowUs)) {
      if (!told) this.drop(sequence);
      else if (this.has(sequence)) this.source.expired(sequence);
    }
    if (expiry.size > 64 && expiry.size > this.counts.messages * 2) expiry.tidy((sequence) => this.has(sequence));
  }

  /** The sequence of the n-th live record. */
  protected nth(n: number): Sequence {
    const counts = this.counts;
    let low = counts.firstSequence;
    let high = counts.lastSequence;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.countIn(counts.firstSequence, middle) < n) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes one record away, wherever it is. `entry` when the caller knows its subject's. */
  protected drop(sequence: Sequence, entry: number = noSubject): boolean {
    if (!this.has(sequence)) return false;
    const counts = this.counts;
    if (sequence === counts.firstSequence) {
      this.#account(sequence, entry);
      this.#moveFirst(sequence + 1);
    } else {
      this.gone.add(sequence);
      this.removals.add(sequence, sequence);
      this.#account(sequence, entry);
      if (counts.messages === 0) this.#moveFirst(counts.lastSequence + 1);
    }
    return true;
  }

  /** Takes away everything up to and including `last`. */
  protected dropThrough(last: Sequence): void {
    const counts = this.counts;
    if (counts.messages === 0 || last < counts.firstSequence) return;
    if (last >= counts.lastSequence) return this.#dropAll();
    if (last === counts.firstSequence) {
      this.#account(last, noSubject);
      return this.#moveFirst(last + 1);
    }
    let at = counts.firstSequence;
    const unknownUpTo = Math.min(last, this.source.inMemoryFrom - 1);
    if (unknownUpTo - at >= stretchMin) {
      this.#oweRange(at, unknownUpTo);
      at = unknownUpTo + 1;
    }
    for (at = this.gone.nextLive(at); at <= last; at = this.gone.nextLive(at + 1)) this.#account(at, noSubject);
    this.#moveFirst(last + 1);
  }

  #dropAll(): void {
    const counts = this.counts;
    this.removals.messages += counts.messages;
    if (counts.messages > stretchMin) this.source.leftThrough(counts.lastSequence);
    else this.#tellEach(counts.firstSequence, counts.lastSequence);
    this.#forgive();
    counts.messages = 0;
    counts.bytes = 0;
    this.#expiry = undefined;
    this.subjectIndex?.clear();
    if (this.loading !== undefined) {
      this.loading = undefined;
      this.subjectIndex = new SubjectIndex(this.hash);
    }
    this.#moveFirst(counts.lastSequence + 1);
  }

  #tellEach(first: Sequence, last: Sequence): void {
    for (let at = this.gone.nextLive(first); at <= last; at = this.gone.nextLive(at + 1)) {
      const known = this.source.look(at, this.facts);
      this.source.left(at, known ? this.facts : undefined);
      if (!known) (this.owed ??= new Debt()).add(at, at);
    }
  }

  /** The log is empty, so nothing is owed any more; what left unseen will not be told of one by one. */
  #forgive(): void {
    if (this.owed !== undefined && !this.owed.empty) this.source.leftThrough(this.counts.lastSequence);
    this.owed = undefined;
  }

  /** Counts a leaving record out, or owes it. */
  #account(sequence: Sequence, entry: number): void {
    const counts = this.counts;
    const facts = this.facts;
    counts.messages--;
    this.removals.messages++;
    const known = this.source.look(sequence, facts);
    if (known) {
      counts.bytes -= facts.bytes;
      this.#forgetSubject(facts, sequence, entry);
    } else {
      if (entry !== noSubject) this.subjectIndex?.removeFrom(entry, sequence);
      (this.owed ??= new Debt()).add(sequence, sequence);
    }
    this.source.left(sequence, known ? facts : undefined);
  }

  #forgetSubject(facts: RecordFacts, sequence: Sequence, entry: number): void {
    if (this.subjectIndex === undefined) this.loading?.remove(facts.subject, facts.subjectStart, facts.subjectEnd, sequence);
    else if (entry !== noSubject) this.subjectIndex.removeFrom(entry, sequence);
    else this.subjectIndex.remove(facts.subject, facts.subjectStart, facts.subjectEnd, sequence);
  }

  /** Owes all live records of a long stretch that is not in memory. */
  #oweRange(first: Sequence, last: Sequence): void {
    const counts = this.counts;
    const debt = (this.owed ??= new Debt());
    for (let at = this.gone.nextLive(first); at <= last;) {
      const end = this.gone.nextGone(at, last) - 1;
      debt.add(at, end);
      counts.messages -= end - at + 1;
      this.removals.messages += end - at + 1;
      at = this.gone.nextLive(end + 1);
    }
    this.source.leftThrough(last);
  }

  /** The first sequence becomes the lowest live one ≥ `from`. */
  #moveFirst(from: Sequence): void {
    const counts = this.counts;
    if (counts.messages === 0) {
      counts.firstSequence = counts.lastSequence + 1;
      counts.firstTimeUs = 0;
      counts.bytes = 0;
      this.#forgive();
      this.gone.clear();
      this.subjectIndex?.clear();
    } else {
      counts.firstSequence = this.gone.nextLive(from);
      this.firstTimeStale = true;
      this.learnFirstTime();
      if (this.firstTimeStale) this.source.want(counts.firstSequence);
    }
    this.gone.trim(counts.firstSequence);
    this.removals.floor = counts.firstSequence;
  }

  protected learnFirstTime(): void {
    const counts = this.counts;
    if (counts.firstSequence === counts.lastSequence) counts.firstTimeUs = counts.lastTimeUs;
    else if (this.source.look(counts.firstSequence, this.facts)) counts.firstTimeUs = this.facts.timeUs;
    else return;
    this.firstTimeStale = false;
  }

  // ── What was not in memory ──────────────────────────────────────────────────────────────────────────────────────────────

  /** The record `want` was last asked for, as far as it is still needed; 0 when none is. */
  get wanted(): Sequence {
    if (this.owed !== undefined && !this.owed.empty) return this.owed.next(0);
    return this.firstTimeStale && this.counts.messages > 0 ? this.counts.firstSequence : 0;
  }

  /** Counts a record out that left unseen. False when nothing is owed for it. */
  pay(sequence: Sequence, facts: RecordFacts): boolean {
    const debt = this.owed;
    if (debt === undefined || !debt.settle(sequence)) return false;
    this.counts.bytes -= facts.bytes;
    this.#forgetSubject(facts, sequence, noSubject);
    if (debt.empty) this.owed = undefined;
    return true;
  }

  /**
   * Starts loading the subject index: the store feeds every record up to the returned sequence (those `has` or `debt` knows; others
   * are ignored), in any order, over as many turns as it likes, then calls `finishSubjects`.
   */
  beginSubjects(): Sequence {
    this.loading ??= new SubjectLoading(this.counts.lastSequence, () => new SubjectIndex(this.hash));
    return this.loading.upTo;
  }

  /** So many subjects are fed next, each once or more. */
  expectSubjects(subjects: number): void {
    this.loading?.expect(subjects, this.counts.messages);
  }

  /** While loading: an index that was saved, of all records up to some sequence; those that have left since may be in it. */
  adoptSubjects(index: SubjectIndex): void {
    this.loading?.adopt(index);
  }

  /** Takes what has left out of some of its entries, from `at` on. Returns where to go on, -1 when all are done. */
  pruneAdopted(at: number): number {
    const { loading } = this;
    if (loading === undefined) return -1;
    return loading.prune(
      at,
      prunedEntries,
      (sequence) => this.has(sequence) || loading.awaits(sequence) || this.owed?.has(sequence) === true,
    );
  }

  feedSubject(subject: Uint8Array, start: number, end: number, sequence: Sequence): void {
    const loading = this.loading;
    if (loading === undefined) return;
    if (this.has(sequence) || loading.awaits(sequence) || this.owed?.has(sequence) === true) loading.feed(subject, start, end, sequence);
  }

  finishSubjects(): void {
    if (this.loading === undefined) return;
    this.subjectIndex = this.loading.finish();
    this.loading = undefined;
  }

  // ── Questions to the index ──────────────────────────────────────────────────────────────────────────────────────────────

  /** True when the entry has records, and its subject passes. */
  passes(entry: number, filter: SubjectFilterTest | undefined): boolean {
    if (!this.isLive(entry, true)) return false;
    if (filter === undefined) return true;
    const index = this.index();
    index.showText(entry);
    return filter.matches(index.textBuffer, index.textStart, index.textEnd);
  }

  /** Calls `visit` with the entry of every subject that passes. */
  forEachMatching(filter: SubjectFilterTest | undefined, visit: (entry: number) => void): void {
    const index = this.index();
    if (filter !== undefined && filter.literal) {
      const bytes = Buffer.from(filter.text);
      const entry = index.find(bytes, 0, bytes.length);
      if (entry !== noSubject && this.isLive(entry, true)) visit(entry);
      return;
    }
    for (let entry = 0; entry < index.entriesEnd; entry++) {
      if (this.passes(entry, filter)) visit(entry);
    }
  }

  /** The highest sequence ≤ `upTo` of the subjects that pass; 0 when none. */
  lastMatching(filter: SubjectFilterTest, upTo: Sequence): Sequence {
    const index = this.index();
    let last = 0;
    this.forEachMatching(filter, (entry) => {
      if (index.last(entry) > last) last = Math.max(last, index.lastUpTo(entry, upTo));
    });
    return last;
  }

  /** The highest sequence ≤ `upTo` of each subject that passes, in no order. */
  lastOfEach(filter: SubjectFilterTest | undefined, upTo: Sequence): Float64Array {
    const index = this.index();
    const found = new Float64Array(index.size);
    let count = 0;
    this.forEachMatching(filter, (entry) => {
      const last = index.lastUpTo(entry, upTo);
      if (last > 0) found[count++] = last;
    });
    return found.subarray(0, count);
  }

  /** How many records of `from … to` pass. */
  countMatching(filter: SubjectFilterTest | undefined, from: Sequence, to: Sequence): number {
    if (filter === undefined || filter.text === ">") return this.countIn(from, to);
    const index = this.index();
    let count = 0;
    this.forEachMatching(filter, (entry) => (count += index.countIn(entry, from, to)));
    return count;
  }

  protected index(): SubjectIndex {
    assert(this.subjectIndex !== undefined, "the subject index is loaded before it is asked");
    return this.subjectIndex;
  }

  // ── State that outlives the process ─────────────────────────────────────────────────────────────────────────────────────

  /** Sets the counters a checkpoint kept, and the interior runs and debts `[first, last …]` that belong to them. Then replay what came later. */
  restore(counts: LogState, gone: readonly number[], debt: readonly number[]): void {
    const own = this.counts;
    own.firstSequence = counts.firstSequence;
    own.lastSequence = counts.lastSequence;
    own.messages = counts.messages;
    own.bytes = counts.bytes;
    own.firstTimeUs = counts.firstTimeUs;
    own.lastTimeUs = counts.lastTimeUs;
    own.lastMessageId = counts.lastMessageId;
    this.gone.clear();
    for (let at = 0; at + 1 < gone.length; at += 2) this.gone.addRange(gone[at]!, gone[at + 1]!);
    this.owed = undefined;
    for (let at = 0; at + 1 < debt.length; at += 2) (this.owed ??= new Debt()).add(debt[at]!, debt[at + 1]!);
  }

  /** Sequences up to `last` may have been shown before a crash and lost: they are not given again. */
  skipTo(last: Sequence): void {
    const counts = this.counts;
    if (last <= counts.lastSequence) return;
    if (counts.messages > 0) this.gone.addRange(counts.lastSequence + 1, last);
    else counts.firstSequence = last + 1;
    counts.lastSequence = last;
  }

  /** A record from before the checkpoint has a life of its own. */
  restoreTtl(sequence: Sequence, timeUs: number, ttlSeconds: number): void {
    if (this.has(sequence)) (this.#expiry ??= new Expiry()).add(sequence, timeUs + ttlSeconds * 1_000_000);
  }
}
