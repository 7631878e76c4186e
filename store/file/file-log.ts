/**
 * One log of the file store: the ledger's decisions, the groups' progress, the records' whereabouts, tied together. It is what
 * the core holds; everything that takes a turn of the journal goes through its engine.
 */
import { recordHeaderBytes, recordLength, recordSequence, recordSubjectBytes, recordTimeUs, recordMessageIdBytes } from "../record.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { FamilyLog } from "../ledger/families.ts";
import { noSubject } from "../ledger/subject-index.ts";
import { Deletions } from "../ledger/deletions.ts";
import type { KeyedHash } from "../ledger/keyed-hash.ts";
import { LogCounts } from "../ledger/log-counts.ts";
import { countedBytes } from "../ledger/record-source.ts";
import type { RecordFacts, RecordSource } from "../ledger/record-source.ts";
import type {
  AppendRequest,
  Cursor,
  Durability,
  GroupSnapshot,
  Log,
  LogDefinition,
  LogState,
  Removal,
  Sequence,
  SubjectFilterTest,
  SubjectPage,
  Ticket,
} from "../store.ts";
import { blockHeaderBytes } from "./block.ts";
import type { Block } from "./block.ts";
import type { BlockCache } from "./block-cache.ts";
import { FileCursor } from "./file-cursor.ts";
import type { CursorLog } from "./file-cursor.ts";
import { GroupStore } from "./group-store.ts";
import type { IdleBlocks } from "./idle-blocks.ts";
import type { Batch, BatchParticipant } from "./journal.ts";
import { LogStorage } from "./log-storage.ts";
import type { SavedSubjects } from "./manifest.ts";
import type { Run, RunTable } from "./runs.ts";

/** What a log asks of the store it belongs to. */
export interface LogEngine {
  readonly cache: BlockCache;
  readonly idleBlocks: IdleBlocks;
  append(log: FileLog, request: AppendRequest): Ticket;
  removeSequence(log: FileLog, sequence: Sequence): boolean;
  remove(log: FileLog, removal: Removal): Promise<number>;
  defineGroup(log: FileLog, name: string, document: string, snapshot: Uint8Array): Promise<void>;
  dropGroup(log: FileLog, name: string): Promise<void>;
  saveGroup(log: FileLog, name: string, delta: Uint8Array, urgent: boolean): Ticket;
  /** Resolves when the log's subject index is in memory. */
  loadSubjects(log: FileLog): Promise<void>;
  /** A limit waits for this record to come into memory. */
  want(log: FileLog, sequence: Sequence): void;
  later(task: () => void): void;
}

export interface FileLogOptions {
  readonly id: number;
  readonly definition: LogDefinition;
  readonly revision: number;
  readonly createdUs: number;
  readonly durability: Durability;
  readonly hash: KeyedHash;
  readonly duplicateIdsMax: number;
  readonly runs: RunTable;
  /** False when older records may be in segments whose subjects are not loaded. */
  readonly subjectsLoaded: boolean;
}

const nothing = Buffer.alloc(0);
/** Untold removals beyond which readers are asked to count again. */
const untoldMax = 8192;

export class FileLog implements Log, CursorLog, RecordSource, BatchParticipant, FamilyLog {
  readonly id: number;
  readonly createdUs: number;
  readonly ledger: Ledger;
  siblings: readonly FileLog[] = [];
  readonly storage: LogStorage;
  readonly groups: GroupStore = new GroupStore();
  definition: LogDefinition;
  revision: number;
  /** False once dropped. */
  open = true;
  /** Its own, or the store's. */
  durability: Durability;
  /** Sequences up to here are known, durably, to be used or skipped. */
  reserved: Sequence = 0;
  groupSnapshot: ((name: string) => Uint8Array | undefined) | undefined = undefined;
  removed: ((sequence: Sequence, subject: Uint8Array, start: number, end: number) => void) | undefined = undefined;
  #expiring: ((sequence: Sequence) => void) | undefined = undefined;
  /** Over before anybody wanted to hear of it. */
  #expired: Sequence[] = [];
  recoveredGroups: readonly GroupSnapshot[] = [];
  /** The batch it last wrote into, to be entered there once. */
  batch: Batch | undefined = undefined;
  /** Something changed since the last checkpoint. */
  dirty = false;
  /** The definition is not in the manifest. */
  unstored = false;
  /** The manifest knows it. */
  stored = false;
  /** Runs that are wholly gone and still in the manifest. */
  goneRuns: Run[] = [];
  /** Interior ranges deleted since the last checkpoint: first, last, … */
  deletedSince: number[] = [];
  /** While a flush is under way: what has gone since it began, which it must still write. */
  goneDuringFlush: Deletions | undefined = undefined;
  flushFloor: Sequence = 0;
  /** Its subject index as it was at the last clean close, when the manifest names one. */
  savedSubjects: SavedSubjects | undefined = undefined;
  loadingSubjects: Promise<void> | undefined = undefined;
  paying = false;
  readonly #engine: LogEngine;
  readonly #visible: LogCounts = new LogCounts();
  #settledLate = false;
  /** Counts at the close of each batch that is not durable yet, oldest first; and idle ones. */
  readonly #closing: LogCounts[] = [];
  readonly #idle: LogCounts[] = [];
  readonly #untold: Set<Sequence> = new Set();
  /** Where `look` looked last. */
  #lookBlock: Block | undefined = undefined;
  #lookGeneration = 0;
  #lookAt = 0;

  constructor(options: FileLogOptions, engine: LogEngine) {
    this.id = options.id;
    this.definition = options.definition;
    this.revision = options.revision;
    this.createdUs = options.createdUs;
    this.durability = options.durability;
    this.#engine = engine;
    this.storage = new LogStorage(options.id, options.runs, engine.idleBlocks);
    this.ledger = new Ledger({
      hash: options.hash,
      source: this,
      limits: options.definition.limits,
      firstSequence: options.definition.firstSequence,
      subjectsLoaded: options.subjectsLoaded,
      duplicateIdsMax: options.duplicateIdsMax,
    });
    this.showAll();
  }

  redefine(definition: LogDefinition, revision: number): void {
    this.definition = definition;
    this.revision = revision;
    this.ledger.setLimits(definition.limits);
  }

  get state(): LogState {
    return this.#visible;
  }

  get cache(): BlockCache {
    return this.#engine.cache;
  }

  get visible(): Sequence {
    return this.#visible.lastSequence;
  }

  get floor(): Sequence {
    return this.ledger.admitted.firstSequence;
  }

  isGone(sequence: Sequence): boolean {
    return this.ledger.deletions.has(sequence);
  }

  later(task: () => void): void {
    this.#engine.later(task);
  }

  // ── Submissions ────────────────────────────────────────────────────────────────────────────────────────────────────────

  append(request: AppendRequest): Ticket {
    return this.#engine.append(this, request);
  }

  removeSequence(sequence: Sequence): boolean {
    return this.#engine.removeSequence(this, sequence);
  }

  remove(removal: Removal): Promise<number> {
    return this.#engine.remove(this, removal);
  }

  defineGroup(name: string, document: string, snapshot: Uint8Array): Promise<void> {
    return this.#engine.defineGroup(this, name, document, snapshot);
  }

  dropGroup(name: string): Promise<void> {
    return this.#engine.dropGroup(this, name);
  }

  saveGroup(name: string, delta: Uint8Array, urgent: boolean): Ticket {
    return this.#engine.saveGroup(this, name, delta, urgent);
  }

  // ── Questions ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  cursor(from: Sequence, filter: SubjectFilterTest | undefined): Cursor {
    return new FileCursor(this, from, filter);
  }

  findTime(timeUs: number): Sequence | Promise<Sequence> {
    const state = this.#visible;
    if (state.messages === 0 || timeUs > state.lastTimeUs) return state.lastSequence + 1;
    if (timeUs <= state.firstTimeUs) return state.firstSequence;
    return this.#findTime(timeUs);
  }

  findLast(filter: SubjectFilterTest): Sequence | Promise<Sequence> {
    const ask = (): Sequence => this.ledger.lastMatching(filter, this.visible);
    return this.ledger.subjects === undefined ? this.#engine.loadSubjects(this).then(ask) : ask();
  }

  lastOfEach(filter: SubjectFilterTest | undefined): Float64Array | Promise<Float64Array> {
    const ask = (): Float64Array => this.ledger.lastOfEach(filter, this.visible);
    return this.ledger.subjects === undefined ? this.#engine.loadSubjects(this).then(ask) : ask();
  }

  count(filter: SubjectFilterTest | undefined, from: Sequence): number | Promise<number> {
    const ask = (): number => this.ledger.countMatching(filter, from, this.visible);
    return filter !== undefined && filter.text !== ">" && this.ledger.subjects === undefined
      ? this.#engine.loadSubjects(this).then(ask)
      : ask();
  }

  subjects(filter: SubjectFilterTest | undefined, offset: number, limit: number): SubjectPage | Promise<SubjectPage> {
    const ask = (): SubjectPage => this.#subjectPage(filter, offset, limit);
    return this.ledger.subjects === undefined ? this.#engine.loadSubjects(this).then(ask) : ask();
  }

  deleted(limit: number): readonly Sequence[] {
    const { firstSequence, lastSequence } = this.#visible;
    const runs = this.ledger.deletions.runs(firstSequence, lastSequence, limit);
    const sequences: Sequence[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      for (let sequence = runs[at]!; sequence <= runs[at + 1]! && sequences.length < limit; sequence++) sequences.push(sequence);
    }
    return sequences;
  }

  #subjectPage(filter: SubjectFilterTest | undefined, offset: number, limit: number): SubjectPage {
    const index = this.ledger.subjects;
    if (index === undefined) return { total: 0, subjects: [] };
    // Their number alone is asked for all the time. Those of the batch being written are in it already.
    if (filter === undefined && limit === 0) return { total: index.size, subjects: [] };
    const found: { text: Buffer; entry: number }[] = [];
    const visible = this.visible;
    this.ledger.forEachMatching(filter, (entry) => {
      if (index.first(entry) > visible) return;
      index.showText(entry);
      found.push({ entry, text: index.textBuffer.subarray(index.textStart, index.textEnd) });
    });
    found.sort((a, b) => Buffer.compare(a.text, b.text));
    const subjects = found.slice(offset, offset + limit).map(({ entry, text }) => ({
      subject: text.toString(),
      messages: index.countIn(entry, 0, visible),
      firstSequence: index.first(entry),
      lastSequence: index.lastUpTo(entry, visible),
    }));
    return { total: found.length, subjects };
  }

  /** By runs, then by the blocks of the one run or of memory, then record by record. */
  async #findTime(timeUs: number): Promise<Sequence> {
    const { runs } = this.storage;
    let from = this.floor;
    for (let index = 0; index < runs.length; index++) {
      const run = runs.at(index);
      if (run.lastTimeUs < timeUs) {
        from = Math.max(from, run.last + 1);
        continue;
      }
      const loaded = await this.cache.index(this.id, run);
      for (let block = 0; block + 1 < loaded.index.length && loaded.index.timeUs(block + 1) < timeUs; block++) {
        from = Math.max(from, loaded.index.last(block) + 1);
      }
      break;
    }
    const cursor = this.cursor(from, undefined);
    try {
      for (;;) {
        const step = cursor.next();
        if (step === "end") return this.visible + 1;
        if (step === "record" && cursor.view.timeUs >= timeUs) return cursor.view.sequence;
        if (step === "loading") await new Promise<void>((resolve) => (cursor.onReady = resolve));
      }
    } finally {
      cursor.close();
    }
  }

  // ── What becomes visible ───────────────────────────────────────────────────────────────────────────────────────────────

  moving(): void {
    this.storage.settle();
  }

  closing(): void {
    this.storage.settle();
    const counts = this.#idle.pop() ?? new LogCounts();
    this.#copy(counts);
    this.#closing.push(counts);
    this.batch = undefined;
  }

  committed(): void {
    const counts = this.#closing.shift();
    if (counts === undefined) return;
    this.#visible.copyFrom(counts);
    this.#idle.push(counts);
    if (this.#settledLate) this.showSettled();
  }

  /** Everything admitted is visible: after recovery. */
  showAll(): void {
    this.#copy(this.#visible);
  }

  /** Counts have changed without an entry in the journal: shows them, unless a batch will. */
  showSettled(): void {
    // A batch that is being written was counted when it closed: what was settled since is shown after it.
    this.#settledLate = this.#closing.length > 0;
    if (this.batch === undefined && this.#closing.length === 0) this.showAll();
  }

  #copy(counts: LogCounts): void {
    const admitted = this.ledger.admitted;
    counts.firstSequence = admitted.firstSequence;
    counts.lastSequence = admitted.lastSequence;
    counts.messages = admitted.messages;
    counts.bytes = admitted.bytes;
    counts.firstTimeUs = admitted.firstTimeUs;
    counts.lastTimeUs = admitted.lastTimeUs;
    counts.lastMessageId = admitted.lastMessageId;
    counts.deletedCount = this.ledger.deletions.count;
  }

  // ── What the ledger asks ───────────────────────────────────────────────────────────────────────────────────────────────

  get inMemoryFrom(): Sequence {
    const { flushing, tail } = this.storage;
    return flushing[0]?.first ?? tail[0]?.first ?? this.ledger.admitted.lastSequence + 1;
  }

  look(sequence: Sequence, facts: RecordFacts): boolean {
    const { storage } = this;
    if (storage.isNoted(sequence)) storage.settle();
    let block = this.#lookGeneration === storage.generation ? this.#lookBlock : undefined;
    if (block === undefined || sequence < block.first || sequence > block.last) {
      block = storage.blockAt(sequence);
      if (block === undefined || sequence < block.first) return this.#lookInCache(sequence, facts);
      this.#lookBlock = block;
      this.#lookGeneration = storage.generation;
      this.#lookAt = blockHeaderBytes;
    }
    let at = this.#lookAt;
    if (at >= block.length || recordSequence(block.view, at) > sequence) at = blockHeaderBytes;
    at = seekRecord(block.view, at, block.length, sequence);
    if (at < 0) return false;
    this.#lookAt = at;
    fillFacts(block.view, block.buffer, at, facts);
    return true;
  }

  #lookInCache(sequence: Sequence, facts: RecordFacts): boolean {
    const { runs } = this.storage;
    const index = runs.find(sequence);
    if (index >= runs.length) return false;
    const loaded = this.cache.loaded(runs.at(index));
    if (loaded === undefined) return false;
    const block = loaded.index.find(sequence);
    if (block >= loaded.index.length || loaded.index.first(block) > sequence) return false;
    const chunk = this.cache.chunkOf(loaded, block);
    if (chunk === undefined || chunk.damaged[block - chunk.firstBlock] === true) return false;
    const start = loaded.index.offset(block) - chunk.base;
    const at = seekRecord(chunk.view, start + blockHeaderBytes, start + loaded.index.size(block), sequence);
    if (at < 0) return false;
    fillFacts(chunk.view, chunk.buffer, at, facts);
    return true;
  }

  /** The subject's oldest record, 0 when it has none. */
  oldestOf(subject: Uint8Array): Sequence {
    const index = this.ledger.subjects;
    const entry = index?.find(subject, 0, subject.length) ?? noSubject;
    return index === undefined || entry === noSubject ? 0 : index.first(entry);
  }

  left(sequence: Sequence, facts: RecordFacts | undefined): void {
    if (this.removed === undefined) return;
    if (facts !== undefined) this.removed(sequence, facts.subject, facts.subjectStart, facts.subjectEnd);
    else if (this.#untold.size < untoldMax) this.#untold.add(sequence);
    else this.leftThrough(Number.POSITIVE_INFINITY);
  }

  get expiring(): ((sequence: Sequence) => void) | undefined {
    return this.#expiring;
  }

  set expiring(told: ((sequence: Sequence) => void) | undefined) {
    this.#expiring = told;
    if (told === undefined) return;
    const expired = this.#expired;
    this.#expired = [];
    for (const sequence of expired) told(sequence);
  }

  expired(sequence: Sequence): void {
    if (this.#expiring === undefined) this.#expired.push(sequence);
    else this.#expiring(sequence);
  }

  leftThrough(sequence: Sequence): void {
    for (const untold of this.#untold) if (untold <= sequence) this.#untold.delete(untold);
    this.removed?.(0, nothing, 0, 0);
  }

  /** An interior range has gone, by a decision that the journal has. */
  noteGone(first: Sequence, last: Sequence): void {
    const pairs = this.deletedSince;
    if (pairs.length > 0 && pairs[pairs.length - 1] === first - 1) pairs[pairs.length - 1] = last;
    else pairs.push(first, last);
    this.goneDuringFlush?.addRange(first, last);
  }

  want(sequence: Sequence): void {
    this.#engine.want(this, sequence);
  }

  /** A record that left unseen has been read: it is counted out, and told of. */
  pay(sequence: Sequence, facts: RecordFacts): void {
    if (!this.ledger.pay(sequence, facts)) return;
    if (this.#untold.delete(sequence)) this.removed?.(sequence, facts.subject, facts.subjectStart, facts.subjectEnd);
  }

  /** What is owed cannot be read: those concerned count again. */
  giveUp(): void {
    if (this.#untold.size > 0) this.leftThrough(Number.POSITIVE_INFINITY);
  }
}

/** The record with this sequence in `at..end`, -1 when it is not there. */
function seekRecord(view: DataView, at: number, end: number, sequence: Sequence): number {
  let position = at;
  while (position < end) {
    const found = recordSequence(view, position);
    if (found >= sequence) return found === sequence ? position : -1;
    position += recordLength(view, position);
  }
  return -1;
}

/** Fills what a ledger wants to know of the record at `at`. */
export function fillFacts(view: DataView, buffer: Buffer, at: number, facts: RecordFacts): void {
  const subjectBytes = recordSubjectBytes(view, at);
  facts.bytes = recordCountedBytes(view, at);
  facts.timeUs = recordTimeUs(view, at);
  facts.subject = buffer;
  facts.subjectStart = at + recordHeaderBytes;
  facts.subjectEnd = facts.subjectStart + subjectBytes;
}

/** As limits count it. */
export function recordCountedBytes(view: DataView, at: number): number {
  const subjectBytes = recordSubjectBytes(view, at);
  return countedBytes(subjectBytes, recordLength(view, at) - recordHeaderBytes - subjectBytes - recordMessageIdBytes(view, at));
}
