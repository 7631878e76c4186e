/** One log in memory: a ledger that decides, blocks that keep. Everything it is told to do takes effect at once and shows at the end of the turn. */
import { BatchStage } from "../ledger/batch-stage.ts";
import type { Decision } from "../ledger/decision.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { KeyedHash } from "../ledger/keyed-hash.ts";
import { countedBytes } from "../ledger/record-source.ts";
import type { RecordFacts, RecordSource } from "../ledger/record-source.ts";
import type { FamilyLog } from "../ledger/families.ts";
import { SubjectPager } from "../ledger/subject-page.ts";
import { StoreError } from "../store.ts";
import type {
  AppendRequest,
  Cursor,
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
import { MemoryCursor } from "./memory-cursor.ts";
import type { MemoryStore } from "./memory-store.ts";
import { RecordBlocks } from "./record-blocks.ts";

/** When more records leave in one step, `removed` is called once, to count again. */
const removedEachMax = 1024;
const duplicateIdsMax = 4_000_000;

export class MemoryLog implements Log, RecordSource, FamilyLog {
  readonly id: number;
  readonly createdUs: number;
  readonly state: LogState;
  recoveredGroups: readonly GroupSnapshot[] = [];
  readonly inMemoryFrom: Sequence = 0;
  definition: LogDefinition;
  revision = 1;
  open = true;
  groupSnapshot: ((name: string) => Uint8Array | undefined) | undefined = undefined;
  removed: ((sequence: Sequence, subject: Uint8Array, start: number, end: number) => void) | undefined = undefined;
  #expiring: ((sequence: Sequence) => void) | undefined = undefined;
  /** Over before anybody wanted to hear of it. */
  #expired: Sequence[] = [];
  /** For the store: entered in its deadlines with this. */
  deadlineUs: number = Infinity;
  /** For the store: among the logs the next commit changes. */
  changed = false;
  /** For the store: the part of its sum that is this log's. */
  bytesCounted = 0;
  readonly ledger: Ledger;
  siblings: readonly MemoryLog[] = [];
  readonly #store: MemoryStore;
  readonly #blocks: RecordBlocks = new RecordBlocks();
  readonly #isLive: (sequence: Sequence) => boolean;
  #pager: SubjectPager | undefined = undefined;
  #leftInStep = 0;

  constructor(store: MemoryStore, id: number, definition: LogDefinition, createdUs: number, hash: KeyedHash) {
    this.#store = store;
    this.id = id;
    this.definition = definition;
    this.createdUs = createdUs;
    this.ledger = new Ledger({
      hash,
      source: this,
      limits: definition.limits,
      firstSequence: definition.firstSequence,
      subjectsLoaded: true,
      duplicateIdsMax,
    });
    this.state = this.ledger.visible;
    this.#isLive = (sequence) => this.ledger.has(sequence);
  }

  /** Memory of the records. */
  get bytes(): number {
    return this.#blocks.bytes;
  }

  append(request: AppendRequest): Ticket {
    return this.#store.append(this, request);
  }

  /** For the store: decides and, when stored, keeps. */
  admit(request: AppendRequest, nowUs: number): Decision {
    this.#leftInStep = 0;
    const decision = this.ledger.admit(request, nowUs);
    if (decision.kind === "stored") this.#keep(request, decision);
    return decision;
  }

  /** For the store: an atomic part that was judged to be stored. */
  accept(request: AppendRequest, nowUs: number): Decision {
    this.#leftInStep = 0;
    const decision = this.ledger.accept(request, nowUs);
    this.#keep(request, decision);
    return decision;
  }

  stage(): BatchStage {
    return new BatchStage();
  }

  removeSequence(sequence: Sequence): boolean {
    this.#leftInStep = 0;
    if (!this.open || !this.ledger.removeSequence(sequence)) return false;
    this.#changed();
    return true;
  }

  async remove(removal: Removal): Promise<number> {
    this.#requireOpen();
    this.#leftInStep = 0;
    const count = this.ledger.remove(removal);
    this.#changed();
    await this.#store.flush();
    return count;
  }

  /** For the store: takes away what is over age or over lowered limits. */
  enforce(nowUs: number): void {
    this.#leftInStep = 0;
    this.ledger.enforce(nowUs);
    if (!this.ledger.removals.empty) this.#changed();
    this.#changedBeside();
  }

  /** For a scribe that recalls: a record as it was decided. */
  replay(request: AppendRequest, sequence: Sequence, timeUs: number): void {
    const { subject } = request;
    const bytes = countedBytes(subject.length, request.bodyEnd - request.bodyStart);
    this.ledger.applyAppend(sequence, timeUs, subject, 0, subject.length, bytes, request.ttlSeconds, request.messageId);
    this.#blocks.append(request, sequence, timeUs);
  }

  /** For a scribe that recalls: `first … last` have left. */
  replayRemoval(first: Sequence, last: Sequence): void {
    this.ledger.applyRemove(first, last);
    this.ledger.removals.clear();
  }

  /** For the store, after a scribe has recalled everything. */
  show(): void {
    this.ledger.seal();
    this.ledger.reveal();
  }

  cursor(from: Sequence, filter: SubjectFilterTest | undefined): Cursor {
    return new MemoryCursor(this.ledger, this.#blocks, this.#store.clock, from, filter);
  }

  findTime(timeUs: number): Sequence {
    const last = this.state.lastSequence;
    const blocks = this.#blocks;
    let low = 0;
    let high = blocks.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const block = blocks.block(middle);
      if (block !== undefined && block.timeUs(block.count - 1) < timeUs) low = middle + 1;
      else high = middle;
    }
    const block = blocks.block(low);
    if (block === undefined) return last + 1;
    let record = 0;
    for (let end = block.count; record < end;) {
      const middle = (record + end) >> 1;
      if (block.timeUs(middle) < timeUs) record = middle + 1;
      else end = middle;
    }
    const found = this.ledger.deletions.nextLive(Math.max(block.sequence(record), this.ledger.admitted.firstSequence));
    return Math.min(found, last + 1);
  }

  findLast(filter: SubjectFilterTest): Sequence {
    return this.ledger.lastMatching(filter, this.state.lastSequence);
  }

  count(filter: SubjectFilterTest | undefined, from: Sequence): number {
    return this.ledger.countMatching(filter, from, this.state.lastSequence);
  }

  lastOfEach(filter: SubjectFilterTest | undefined): Float64Array {
    return this.ledger.lastOfEach(filter, this.state.lastSequence);
  }

  subjects(filter: SubjectFilterTest | undefined, offset: number, limit: number): SubjectPage | Promise<SubjectPage> {
    // Their number alone is asked for all the time. Those of the batch being written are in it already.
    if (filter === undefined && limit === 0) return { total: this.ledger.subjects?.size ?? 0, subjects: [] };
    this.#pager ??= new SubjectPager(this.ledger);
    const work = this.#pager.page(filter, offset, limit, () => this.state.lastSequence);
    const step = work.next();
    return step.done === true ? step.value : this.#inSlices(work);
  }

  deleted(limit: number): readonly Sequence[] {
    const deleted: Sequence[] = [];
    const { firstSequence, lastSequence } = this.state;
    const runs = this.ledger.deletions.runs(firstSequence, lastSequence, limit);
    for (let at = 0; at + 1 < runs.length; at += 2) {
      const end = runs[at + 1] ?? 0;
      for (let sequence = runs[at] ?? 0; sequence <= end; sequence++) {
        if (deleted.length === limit) return deleted;
        deleted.push(sequence);
      }
    }
    return deleted;
  }

  // Without a scribe groups die with the process as the records do, and nothing is kept of them.

  async defineGroup(name: string, document: string, snapshot: Uint8Array): Promise<void> {
    this.#requireOpen();
    this.#store.scribe?.groupDefined(this, name, document, snapshot);
    await this.#store.flush();
  }

  async dropGroup(name: string): Promise<void> {
    this.#requireOpen();
    this.#store.scribe?.groupDropped(this, name);
    await this.#store.flush();
  }

  saveGroup(name: string, delta: Uint8Array): Ticket {
    if (this.open) this.#store.scribe?.groupSaved(this, name, delta);
    return this.#store.saveGroup(this);
  }

  // ── What the ledger asks and tells ─────────────────────────────────────────────────────────────────────────────────────

  look(sequence: Sequence, facts: RecordFacts): boolean {
    return this.#blocks.look(sequence, facts);
  }

  left(sequence: Sequence, facts: RecordFacts | undefined): void {
    if (facts === undefined) return;
    this.#leftInStep++;
    if (this.removed !== undefined) {
      if (this.#leftInStep <= removedEachMax) this.removed(sequence, facts.subject, facts.subjectStart, facts.subjectEnd);
      else if (this.#leftInStep === removedEachMax + 1) this.removed(0, nothing, 0, 0);
    }
    this.#blocks.left(sequence, facts, this.#isLive);
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
    this.#blocks.leftThrough(sequence);
    this.removed?.(0, nothing, 0, 0);
  }

  want(): void {
    // Every record is in memory.
  }

  /** Forgets everything: the log is dropped or the store closed. */
  shut(): void {
    this.open = false;
    this.deadlineUs = Infinity;
    this.#blocks.clear();
  }

  #keep(request: AppendRequest, decision: Decision): void {
    this.#blocks.append(request, decision.sequence, decision.timeUs);
    this.#store.scribe?.stored(this, request, decision.sequence, decision.timeUs);
    if (request.fleeting) this.ledger.removeSequence(decision.sequence);
    this.#changed();
    if (this.siblings.length > 0) this.#changedBeside();
  }

  /** The family's limits may have taken something from others. */
  #changedBeside(): void {
    for (const sibling of this.siblings) if (!sibling.ledger.removals.empty) sibling.#changed();
  }

  /** Has the removals of this step written down, and the log shown anew. */
  #changed(): void {
    this.#leftInStep = 0;
    const { removals } = this.ledger;
    if (!removals.empty) {
      this.#store.scribe?.removed(this, removals);
      removals.clear();
    }
    this.#store.touch(this);
  }

  async #inSlices(work: Generator<void, SubjectPage, void>): Promise<SubjectPage> {
    for (;;) {
      await new Promise<void>((resolve) => this.#store.clock.endOfTurn(resolve));
      const step = work.next();
      if (step.done === true) return step.value;
    }
  }

  #requireOpen(): void {
    if (!this.open) throw new StoreError("not_found", `the log ${this.definition.name} is gone: look it up again`);
  }
}

const nothing = Buffer.alloc(0);
