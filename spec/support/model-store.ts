/**
 * The store as a naive model: arrays and maps, nothing clever, everything recomputed. It says what is right where the real stores are
 * compared with it, and stands in for them where a spec needs a station and no durability.
 */
import { StoreError } from "../../store/store.ts";
import type {
  AppendRequest,
  Cursor,
  CursorStep,
  GroupSnapshot,
  Log,
  LogDefinition,
  LogState,
  Outcome,
  RecordView,
  Removal,
  Store,
  StoreEvents,
  StoreStatus,
  SubjectCount,
  SubjectFilterTest,
  SubjectPage,
  Ticket,
} from "../../store/store.ts";
import type { Clock } from "../../store/environment.ts";

interface ModelRecord {
  readonly sequence: number;
  readonly timeUs: number;
  readonly bytes: Buffer;
  readonly subjectBytes: number;
  readonly headerBytes: number;
  readonly ttlSeconds: number;
}

export class ModelStore implements Store {
  readonly abilities = { durable: false, atomicAcrossLogs: true };
  readonly congested = false;
  readonly clock: Clock;
  events: StoreEvents | undefined;
  readonly #logs: ModelLog[] = [];
  readonly #outcomes: Outcome[] = [];
  readonly #changed: Set<ModelLog> = new Set();
  #waiting: (() => void)[] = [];
  #nextTicket = 1;
  #scheduled = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  open(events: StoreEvents): Promise<readonly Log[]> {
    this.events = events;
    return Promise.resolve(this.#logs);
  }

  define(definition: LogDefinition, expectedRevision: number): Promise<Log> {
    const known = this.#logs.find((log) => log.definition.name === definition.name && log.open);
    if ((known?.revision ?? 0) !== expectedRevision) return Promise.reject(new StoreError("revision", "it changed meanwhile: look again"));
    const log = known ?? new ModelLog(this, this.#logs.length + 1, definition);
    if (known === undefined) this.#logs.push(log);
    log.definition = definition;
    log.revision++;
    log.enforce();
    return this.commit(() => log);
  }

  drop(log: Log): Promise<void> {
    const at = this.#logs.findIndex((one) => one === log);
    const [dropped] = at < 0 ? [] : this.#logs.splice(at, 1);
    if (dropped !== undefined) dropped.open = false;
    return this.commit(() => undefined);
  }

  appendAtomic(parts: readonly { readonly log: Log; readonly request: AppendRequest }[]): Ticket {
    const [first] = parts.map(({ log, request }) => log.append(request));
    return first ?? 0;
  }

  ticket(outcome: Omit<Outcome, "ticket">): Ticket {
    const ticket = this.#nextTicket++;
    this.#outcomes.push({ ...outcome, ticket });
    this.#schedule();
    return ticket;
  }

  change(log: ModelLog): void {
    this.#changed.add(log);
    this.#schedule();
  }

  commit<T>(result: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(result()));
      this.#schedule();
    });
  }

  flush(): Promise<void> {
    return this.commit(() => undefined);
  }

  status(): StoreStatus {
    const none = { bytesOnDisk: 0, journalBytes: 0, tailBytes: 0, commits: 0, syncs: 0, writtenBytes: 0, appended: 0 };
    return { kind: "open", reason: "", logs: this.#logs.length, ...none };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.clock.endOfTurn(() => {
      this.events?.beforeCommit();
      this.#scheduled = false;
      const outcomes = this.#outcomes.splice(0);
      const waiting = this.#waiting;
      this.#waiting = [];
      const changed = [...this.#changed];
      this.#changed.clear();
      for (const log of changed) log.show();
      for (const outcome of outcomes) this.events?.settled(outcome);
      for (const resolve of waiting) resolve();
      if (changed.length > 0) this.events?.committed(changed);
    });
  }
}

interface ModelGroup {
  document: string;
  snapshot: Uint8Array;
  readonly deltas: Uint8Array[];
}

const stored = { kind: "stored", detail: "", lastMessageId: "" } as const;

export class ModelLog implements Log {
  readonly id: number;
  definition: LogDefinition;
  revision = 0;
  readonly createdUs: number;
  open = true;
  records: ModelRecord[] = [];
  visible = 0;
  last = 0;
  groupSnapshot: ((name: string) => Uint8Array | undefined) | undefined = undefined;
  removed: ((sequence: number, subject: Uint8Array, start: number, end: number) => void) | undefined = undefined;
  readonly #store: ModelStore;
  readonly #ids: Map<string, { sequence: number; timeUs: number }> = new Map();
  readonly #groups: Map<string, ModelGroup> = new Map();
  #lastTimeUs = 0;
  #lastMessageId = "";

  constructor(store: ModelStore, id: number, definition: LogDefinition) {
    this.#store = store;
    this.id = id;
    this.definition = definition;
    this.createdUs = store.clock.nowUs();
    this.last = Math.max(1, definition.firstSequence) - 1;
    this.visible = this.last;
  }

  get state(): LogState {
    const records = this.records.filter((record) => record.sequence <= this.visible);
    const first = records[0];
    const count = records.length;
    return {
      firstSequence: first?.sequence ?? (this.last === 0 ? 0 : this.visible + 1),
      lastSequence: this.visible,
      messages: count,
      bytes: records.reduce((sum, record) => sum + sizeOf(record), 0),
      firstTimeUs: first?.timeUs ?? 0,
      lastTimeUs: this.#lastTimeUs,
      lastMessageId: this.#lastMessageId,
      deletedCount: first === undefined ? 0 : this.visible - first.sequence + 1 - count,
    };
  }

  get recoveredGroups(): readonly GroupSnapshot[] {
    return [...this.#groups].map(([name, group]) => ({ name, document: group.document, snapshot: group.snapshot, deltas: group.deltas }));
  }

  append(request: AppendRequest): Ticket {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return this.#store.ticket(refusal);
    const subject = Buffer.from(request.subject);
    const body = Buffer.from(request.body.subarray(request.bodyStart, request.bodyEnd));
    const timeUs = Math.max(this.#lastTimeUs, request.timeUs === 0 ? this.#store.clock.nowUs() : request.timeUs);
    const sequence = ++this.last;
    if (request.rollup === "all") this.#take(this.records);
    if (request.rollup === "subject") this.#take(this.records.filter((record) => subjectOf(record) === subject.toString()));
    this.records.push({
      sequence,
      timeUs,
      bytes: Buffer.concat([subject, body]),
      subjectBytes: subject.length,
      headerBytes: request.headerBytes,
      ttlSeconds: request.ttlSeconds,
    });
    this.#lastTimeUs = timeUs;
    if (request.messageId !== undefined) {
      this.#ids.set(request.messageId, { sequence, timeUs });
      this.#lastMessageId = request.messageId;
    }
    if (request.fleeting) this.#take(this.records.slice(-1));
    this.enforce();
    this.#store.change(this);
    return this.#store.ticket({ ...stored, sequence });
  }

  #refusal(request: AppendRequest): Omit<Outcome, "ticket"> | undefined {
    const { limits } = this.definition;
    const { expect } = request;
    const subject = Buffer.from(request.subject).toString();
    const mismatch = (detail: Outcome["detail"], sequence: number): Omit<Outcome, "ticket"> => ({
      kind: "mismatch",
      detail,
      sequence,
      lastMessageId: this.#lastMessageId,
    });
    if (expect?.lastSubjectSequence !== undefined) {
      const filter = expect.lastSubjectFilter;
      const last = this.records.findLast((record) => (filter === undefined ? subjectOf(record) === subject : passes(record, filter)));
      if ((last?.sequence ?? 0) !== expect.lastSubjectSequence) return mismatch("lastSubjectSequence", last?.sequence ?? 0);
    }
    if (expect?.lastSequence !== undefined && expect.lastSequence !== this.last) return mismatch("lastSequence", this.last);
    const known = request.messageId === undefined ? undefined : this.#ids.get(request.messageId);
    if (known !== undefined && this.#store.clock.nowUs() - known.timeUs < limits.duplicateWindowMs * 1000) {
      return { kind: "duplicate", detail: "", sequence: known.sequence, lastMessageId: "" };
    }
    if (expect?.lastMessageId !== undefined && expect.lastMessageId !== this.#lastMessageId) return mismatch("lastMessageId", 0);
    const limit = (detail: Outcome["detail"]): Omit<Outcome, "ticket"> => ({ kind: "limit", detail, sequence: 0, lastMessageId: "" });
    const bytes = request.bodyEnd - request.bodyStart;
    if (limits.messageBytesMax > 0 && bytes > limits.messageBytesMax) return limit("messageBytes");
    if (limits.discard === "old") return undefined;
    const ofSubject = this.records.filter((record) => subjectOf(record) === subject).length;
    const perSubject = limits.messagesPerSubjectMax;
    const replaces = perSubject > 0 && ofSubject >= perSubject && !limits.discardNewPerSubject;
    if (perSubject > 0 && ofSubject >= perSubject && limits.discardNewPerSubject) return limit("messagesPerSubject");
    if (limits.messagesMax > 0 && this.records.length >= limits.messagesMax && !replaces) return limit("messages");
    const total = this.records.reduce((sum, record) => sum + sizeOf(record), 0) + bytes + request.subject.length + 16;
    if (limits.bytesMax > 0 && total > limits.bytesMax) return limit("bytes");
    return undefined;
  }

  enforce(): void {
    const { limits } = this.definition;
    const now = this.#store.clock.nowUs();
    if (limits.messagesPerSubjectMax > 0) {
      const counts: Map<string, number> = new Map();
      for (const record of this.records.toReversed()) {
        const count = (counts.get(subjectOf(record)) ?? 0) + 1;
        counts.set(subjectOf(record), count);
        if (count > limits.messagesPerSubjectMax) this.#take([record]);
      }
    }
    if (limits.messagesMax > 0) this.#take(this.records.slice(0, Math.max(0, this.records.length - limits.messagesMax)));
    if (limits.bytesMax > 0) {
      let total = this.records.reduce((sum, record) => sum + sizeOf(record), 0);
      while (total > limits.bytesMax && this.records[0] !== undefined) {
        total -= sizeOf(this.records[0]);
        this.#take([this.records[0]]);
      }
    }
    if (limits.ageMaxMs > 0) this.#take(this.records.filter((record) => now - record.timeUs >= limits.ageMaxMs * 1000));
  }

  show(): void {
    this.visible = this.last;
  }

  #take(gone: readonly ModelRecord[]): void {
    if (gone.length === 0) return;
    const all = new Set(gone);
    this.records = this.records.filter((record) => !all.has(record));
    for (const record of all) this.removed?.(record.sequence, record.bytes, 0, record.subjectBytes);
    this.#store.change(this);
  }

  removeSequence(sequence: number): boolean {
    const record = this.records.find((one) => one.sequence === sequence);
    if (record === undefined) return false;
    this.#take([record]);
    return true;
  }

  remove(removal: Removal): Promise<number> {
    let gone: ModelRecord[];
    if (removal.kind === "sequence") gone = this.records.filter((record) => record.sequence === removal.sequence);
    else {
      const { filter, upTo, keep } = removal;
      gone = this.records.filter((record) => (filter === undefined || passes(record, filter)) && (upTo === 0 || record.sequence < upTo));
      if (keep > 0) gone = gone.slice(0, Math.max(0, gone.length - keep));
    }
    this.#take(gone);
    return this.#store.commit(() => gone.length);
  }

  cursor(from: number, filter: SubjectFilterTest | undefined): Cursor {
    return new ModelCursor(this, from, filter);
  }

  findTime(timeUs: number): number {
    return this.records.find((record) => record.timeUs >= timeUs)?.sequence ?? this.visible + 1;
  }

  findLast(filter: SubjectFilterTest): number {
    return this.records.findLast((record) => record.sequence <= this.visible && passes(record, filter))?.sequence ?? 0;
  }

  count(filter: SubjectFilterTest | undefined, from: number): number {
    const counted = (record: ModelRecord): boolean =>
      record.sequence >= from && record.sequence <= this.visible && (filter === undefined || passes(record, filter));
    return this.records.filter(counted).length;
  }

  subjects(filter: SubjectFilterTest | undefined, offset: number, limit: number): SubjectPage {
    const counts: Map<string, { messages: number; firstSequence: number; lastSequence: number }> = new Map();
    for (const record of this.records) {
      if (filter !== undefined && !passes(record, filter)) continue;
      const known = counts.get(subjectOf(record)) ?? { messages: 0, firstSequence: record.sequence, lastSequence: 0 };
      known.messages++;
      known.lastSequence = record.sequence;
      counts.set(subjectOf(record), known);
    }
    const all: SubjectCount[] = [...counts].map(([subject, count]) => ({ subject, ...count }));
    all.sort((a, b) => Buffer.compare(Buffer.from(a.subject), Buffer.from(b.subject)));
    return { total: all.length, subjects: all.slice(offset, offset + limit) };
  }

  deleted(limit: number): readonly number[] {
    const { firstSequence } = this.state;
    const present = new Set(this.records.map((record) => record.sequence));
    const gone: number[] = [];
    for (let sequence = firstSequence; sequence <= this.visible && gone.length < limit; sequence++)
      if (!present.has(sequence)) gone.push(sequence);
    return gone;
  }

  defineGroup(name: string, document: string, snapshot: Uint8Array): Promise<void> {
    this.#groups.set(name, { document, snapshot: Buffer.from(snapshot), deltas: [] });
    return this.#store.commit(() => undefined);
  }

  dropGroup(name: string): Promise<void> {
    this.#groups.delete(name);
    return this.#store.commit(() => undefined);
  }

  saveGroup(name: string, delta: Uint8Array, _urgent: boolean): Ticket {
    this.#groups.get(name)?.deltas.push(Buffer.from(delta));
    return this.#store.ticket({ ...stored, sequence: 0 });
  }
}

class ModelCursor implements Cursor {
  readonly view: RecordView;
  position: number;
  onReady: (() => void) | undefined = undefined;
  readonly #log: ModelLog;
  readonly #filter: SubjectFilterTest | undefined;

  constructor(log: ModelLog, from: number, filter: SubjectFilterTest | undefined) {
    this.#log = log;
    this.position = Math.max(1, from);
    this.#filter = filter;
    const none = { sequence: 0, timeUs: 0, subjectStart: 0, subjectEnd: 0, bodyStart: 0, headerBytes: 0, bodyEnd: 0, ttlSeconds: 0 };
    this.view = { ...none, buffer: Buffer.alloc(0) };
  }

  seek(sequence: number): void {
    this.position = Math.max(1, sequence);
  }

  next(): CursorStep {
    const { records, visible } = this.#log;
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((records[middle]?.sequence ?? 0) < this.position) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < records.length; index++) {
      const record = records[index];
      if (record === undefined || record.sequence > visible) break;
      this.position = record.sequence + 1;
      if (this.#filter !== undefined && !passes(record, this.#filter)) continue;
      const { view } = this;
      view.sequence = record.sequence;
      view.timeUs = record.timeUs;
      view.buffer = record.bytes;
      view.subjectStart = 0;
      view.subjectEnd = record.subjectBytes;
      view.bodyStart = record.subjectBytes;
      view.headerBytes = record.headerBytes;
      view.bodyEnd = record.bytes.length;
      view.ttlSeconds = record.ttlSeconds;
      return "record";
    }
    this.position = Math.max(this.position, visible + 1);
    return "end";
  }

  close(): void {}
}

function subjectOf(record: ModelRecord): string {
  return record.bytes.toString("utf8", 0, record.subjectBytes);
}

function passes(record: ModelRecord, filter: SubjectFilterTest): boolean {
  return filter.matches(record.bytes, 0, record.subjectBytes);
}

function sizeOf(record: ModelRecord): number {
  return record.bytes.length + 16;
}
