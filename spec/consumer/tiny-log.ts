/**
 * The smallest log that groups can stand on: an array, a commit when the test says so, and what would survive a crash kept apart
 * from what would not. Readers can be made to wait for the disk, and records to vanish.
 */
import type {
  AppendRequest,
  Cursor,
  CursorStep,
  GroupSnapshot,
  Log,
  LogDefinition,
  LogState,
  OutcomeKind,
  RecordView,
  Removal,
  Sequence,
  SubjectFilterTest,
  SubjectPage,
  Ticket,
} from "../../store/store.ts";

interface Kept {
  readonly subject: string;
  readonly body: Buffer;
  readonly timeUs: number;
}

interface KeptGroup {
  document: string;
  snapshot: Uint8Array;
  deltas: Uint8Array[];
}

export class TinyLog implements Log {
  readonly id = 1;
  readonly definition: LogDefinition;
  readonly revision = 1;
  readonly createdUs = 1;
  readonly open = true;
  readonly records: Map<Sequence, Kept> = new Map();
  visible = 0;
  groupSnapshot: ((name: string) => Uint8Array | undefined) | undefined;
  removed: ((sequence: Sequence, subject: Uint8Array, start: number, end: number) => void) | undefined;
  /** Every n-th step of a cursor waits for the disk; 0 = none. */
  loadEvery = 0;
  /** How often some cursor was asked for its next record. */
  steps = 0;
  beforeCommit: () => void = () => {};
  committed: () => void = () => {};
  #durable: Map<string, KeptGroup>;
  #staged: { name: string; delta: Uint8Array; ticket: Ticket }[] = [];
  #waiting: Map<Ticket, (kind: OutcomeKind, sequence: number) => void> = new Map();
  #tickets = 0;
  #last = 0;
  #steps = 0;
  #loading: (() => void)[] = [];
  urgent = false;

  constructor(name: string, before?: TinyLog) {
    this.definition = {
      name,
      document: "",
      limits: {
        messagesMax: 0,
        bytesMax: 0,
        ageMaxMs: 0,
        messagesPerSubjectMax: 0,
        messageBytesMax: 0,
        discard: "old",
        discardNewPerSubject: false,
        duplicateWindowMs: 0,
      },
      durability: undefined,
      firstSequence: 1,
    };
    this.#durable = before === undefined ? new Map() : before.#durable;
    if (before === undefined) return;
    for (const [sequence, record] of before.records) if (sequence <= before.visible) this.records.set(sequence, record);
    this.visible = this.#last = before.visible;
  }

  get state(): LogState {
    let first = 0;
    let messages = 0;
    for (const sequence of this.records.keys()) {
      if (sequence > this.visible) continue;
      messages++;
      if (first === 0 || sequence < first) first = sequence;
    }
    return {
      firstSequence: first === 0 && this.visible > 0 ? this.visible + 1 : first,
      lastSequence: this.visible,
      messages,
      bytes: 0,
      firstTimeUs: 0,
      lastTimeUs: 0,
      lastMessageId: "",
      deletedCount: 0,
    };
  }

  get recoveredGroups(): readonly GroupSnapshot[] {
    return [...this.#durable].map(([name, group]) => ({ name, document: group.document, snapshot: group.snapshot, deltas: group.deltas }));
  }

  publish(subject: string, text = ""): Sequence {
    this.records.set(++this.#last, { subject, body: Buffer.from(text), timeUs: 1_000_000 + this.#last });
    return this.#last;
  }

  /** Makes everything submitted durable and visible. */
  commit(): void {
    this.beforeCommit();
    this.visible = this.#last;
    this.urgent = false;
    const staged = this.#staged;
    this.#staged = [];
    for (const { name, delta, ticket } of staged) {
      this.#durable.get(name)?.deltas.push(delta);
      const settlement = this.#waiting.get(ticket);
      this.#waiting.delete(ticket);
      settlement?.("stored", 0);
    }
    this.committed();
  }

  /** Replaces the deltas by a snapshot, as a checkpoint would; `keep` leaves the newest deltas in, to be applied twice. */
  checkpoint(keep: number): boolean {
    if (this.#staged.length > 0) return false;
    for (const [name, group] of this.#durable) {
      const snapshot = this.groupSnapshot?.(name);
      if (snapshot === undefined) continue;
      group.snapshot = Buffer.from(snapshot);
      group.deltas = keep === 0 ? [] : group.deltas.slice(-keep);
    }
    return true;
  }

  /** Whoever waited for the disk goes on. */
  loaded(): void {
    const loading = this.#loading;
    this.#loading = [];
    for (const ready of loading) ready();
  }

  load(ready: () => void): boolean {
    if (this.loadEvery === 0 || ++this.#steps % this.loadEvery !== 0) return false;
    this.#loading.push(ready);
    return true;
  }

  wait(ticket: Ticket, settlement: (kind: OutcomeKind, sequence: number) => void): void {
    this.#waiting.set(ticket, settlement);
  }

  append(_request: AppendRequest): Ticket {
    throw new Error("publish instead");
  }

  removeSequence(sequence: Sequence): boolean {
    const record = this.records.get(sequence);
    if (record === undefined) return false;
    this.records.delete(sequence);
    const subject = Buffer.from(record.subject);
    this.removed?.(sequence, subject, 0, subject.length);
    return true;
  }

  /** Everything up to `upTo` leaves; that it does is said once, in the middle of it. */
  purge(upTo: Sequence): void {
    let said = false;
    for (const sequence of this.records.keys()) {
      if (sequence > upTo) continue;
      this.records.delete(sequence);
      if (!said) this.removed?.(0, new Uint8Array(0), 0, 0);
      said = true;
    }
  }

  remove(_removal: Removal): Promise<number> {
    throw new Error("removeSequence instead");
  }

  cursor(from: Sequence, filter: SubjectFilterTest | undefined): Cursor {
    return new TinyCursor(this, from, filter);
  }

  findTime(timeUs: number): Sequence {
    for (const [sequence, record] of this.records) if (sequence <= this.visible && record.timeUs >= timeUs) return sequence;
    return this.visible + 1;
  }

  findLast(filter: SubjectFilterTest): Sequence {
    let found = 0;
    for (const [sequence, record] of this.records) if (sequence <= this.visible && passes(filter, record.subject)) found = sequence;
    return found;
  }

  count(filter: SubjectFilterTest | undefined, from: Sequence): number {
    let count = 0;
    for (const [sequence, record] of this.records) {
      if (sequence >= from && sequence <= this.visible && passes(filter, record.subject)) count++;
    }
    return count;
  }

  subjects(filter: SubjectFilterTest | undefined, offset: number, limit: number): SubjectPage {
    const last: Map<string, number> = new Map();
    for (const [sequence, record] of this.records) {
      if (sequence <= this.visible && passes(filter, record.subject)) last.set(record.subject, sequence);
    }
    const all = [...last].sort(([a], [b]) => (a < b ? -1 : 1));
    const subjects = all.map(([subject, lastSequence]) => ({ subject, messages: 1, firstSequence: lastSequence, lastSequence }));
    return { total: all.length, subjects: subjects.slice(offset, offset + limit) };
  }

  deleted(): readonly Sequence[] {
    return [];
  }

  defineGroup(name: string, document: string, snapshot: Uint8Array): Promise<void> {
    this.#durable.set(name, { document, snapshot: Buffer.from(snapshot), deltas: [] });
    this.#staged = this.#staged.filter((staged) => staged.name !== name);
    return Promise.resolve();
  }

  dropGroup(name: string): Promise<void> {
    this.#durable.delete(name);
    return Promise.resolve();
  }

  saveGroup(name: string, delta: Uint8Array, urgent: boolean): Ticket {
    this.urgent ||= urgent;
    this.#staged.push({ name, delta: Buffer.from(delta), ticket: ++this.#tickets });
    return this.#tickets;
  }
}

function passes(filter: SubjectFilterTest | undefined, subject: string): boolean {
  const bytes = Buffer.from(subject);
  return filter === undefined || filter.matches(bytes, 0, bytes.length);
}

class TinyCursor implements Cursor {
  readonly view: RecordView = {
    sequence: 0,
    timeUs: 0,
    buffer: Buffer.alloc(0),
    subjectStart: 0,
    subjectEnd: 0,
    bodyStart: 0,
    headerBytes: 0,
    bodyEnd: 0,
    ttlSeconds: 0,
  };
  position: Sequence;
  onReady: (() => void) | undefined;
  readonly #log: TinyLog;
  readonly #filter: SubjectFilterTest | undefined;

  constructor(log: TinyLog, from: Sequence, filter: SubjectFilterTest | undefined) {
    this.#log = log;
    this.position = from;
    this.#filter = filter;
  }

  seek(sequence: Sequence): void {
    this.position = sequence;
  }

  next(): CursorStep {
    this.#log.steps++;
    if (this.#log.load(() => this.onReady?.())) return "loading";
    for (; this.position <= this.#log.visible; this.position++) {
      const record = this.#log.records.get(this.position);
      if (record === undefined || !passes(this.#filter, record.subject)) continue;
      const view = this.view;
      view.sequence = this.position++;
      view.timeUs = record.timeUs;
      view.buffer = Buffer.concat([Buffer.from(record.subject), record.body]);
      view.subjectStart = 0;
      view.subjectEnd = view.bodyStart = Buffer.byteLength(record.subject);
      view.bodyEnd = view.buffer.length;
      return "record";
    }
    return "end";
  }

  close(): void {}
}
