/**
 * Where a group is in its log: which record comes next, new or once more, and how many are still to come. Reads in place; what is
 * shown in `view` is taken or let go within the same turn.
 */
import type { Cursor, CursorStep, Log, RecordView, Sequence, SubjectFilterTest } from "../../store/store.ts";
import type { GroupConfig } from "./config.ts";
import type { Fed, Feed } from "./feed.ts";
import { compileFilters } from "./filters.ts";
import type { InFlight } from "./in-flight.ts";
import { Outstanding } from "./outstanding.ts";
import type { GroupState } from "./progress.ts";

/** `full`: nothing new may be delivered before something is acknowledged. */
export type ReadStep = CursorStep | "full";

export interface ReaderListener {
  /** There is something to read: a new record, or what had to be loaded. */
  ready(): void;
  /** Something to save has changed. */
  moved(): void;
}

export class GroupReader implements Fed {
  /** The record found, until it is taken or let go. */
  view: RecordView | undefined = undefined;
  /** Its sequence when it is delivered once more; 0 = for the first time. */
  repeating: Sequence = 0;
  /** The count is not to be believed: `extend` counts again. */
  stale = false;
  readonly #log: Log;
  readonly #inFlight: InFlight;
  readonly #listener: ReaderListener;
  readonly #outstanding: Outstanding;
  readonly #feed: Feed;
  #filter: SubjectFilterTest | undefined;
  #cursor: Cursor;
  #again: Cursor | undefined = undefined;
  /** The first sequence not delivered yet; below it everything is in flight, done or passed over. */
  #next: Sequence;
  /** The last records of each subject, while those are delivered, and where it goes on after them. */
  #skips: Float64Array | undefined = undefined;
  #skipAt = 0;
  #resume: Sequence;
  /** With a filter: everything the feed has told of is delivered, so that there is nothing to look for. */
  #atEnd = false;

  constructor(log: Log, feed: Feed, config: GroupConfig, state: GroupState, inFlight: InFlight, listener: ReaderListener) {
    this.#log = log;
    this.#feed = feed;
    this.#inFlight = inFlight;
    this.#listener = listener;
    this.#filter = compileFilters(config.filters);
    this.#next = state.next;
    this.#resume = state.resume;
    this.#outstanding = new Outstanding(log, this.#filter, feed);
    this.#cursor = log.cursor(this.#next, this.#filter);
    if (this.#filter !== undefined) feed.add(this, config.filters);
  }

  get next(): Sequence {
    return this.#next;
  }

  get resume(): Sequence {
    return this.#resume;
  }

  /** The feed tells it of new records. */
  get fed(): boolean {
    return this.#filter !== undefined;
  }

  /** Records still to be delivered for the first time, exactly, as of the last `extend`. */
  get outstanding(): number {
    return this.#outstanding.count;
  }

  takes(subject: Uint8Array, start: number, end: number): boolean {
    return this.#filter === undefined || this.#filter.matches(subject, start, end);
  }

  /** Begins with these, the last record of each subject. */
  begin(skips: Float64Array | undefined): Promise<void> {
    this.#skips = skips;
    if (skips !== undefined) this.#next = skips[0] ?? this.#resume;
    return this.count();
  }

  /** Counts what is to come from scratch. */
  count(): Promise<void> {
    return this.#outstanding.start(this.#filter, this.#position(), this.#skipsLeft());
  }

  /** Takes what was committed since into the count. */
  extend(): void {
    if (!this.stale && !this.#outstanding.extend(this.#position())) this.stale = true;
    if (this.stale) this.#recount();
  }

  arrived(sequence: Sequence): void {
    this.#outstanding.arrived(sequence);
    // Between the end and here is nothing of its own: those records need not be passed one by one.
    if (this.#atEnd) this.#cursor.seek(sequence);
    this.#atEnd = false;
    this.#listener.ready();
  }

  lost(): void {
    this.#atEnd = false;
    this.stale = true;
    this.#listener.ready();
  }

  /** Starts over at a sequence. */
  reset(next: Sequence): Promise<void> {
    this.#atEnd = false;
    this.#next = next;
    this.#skips = undefined;
    this.#resume = 0;
    this.view = undefined;
    this.#cursor.seek(next);
    return this.count();
  }

  /** Reads by other filters from where it is. */
  refilter(config: GroupConfig): Promise<void> {
    this.#filter = compileFilters(config.filters);
    this.#atEnd = false;
    if (this.#filter === undefined) this.#feed.remove(this);
    else this.#feed.add(this, config.filters);
    this.#cursor.close();
    this.#again?.close();
    this.#again = undefined;
    this.view = undefined;
    this.#cursor = this.#log.cursor(this.#next, this.#filter);
    return this.count();
  }

  close(): void {
    this.#feed.remove(this);
    this.#cursor.close();
    this.#again?.close();
  }

  /** Finds the next record to deliver and shows it in `view`: first what is due again, then, unless `full`, what is new. */
  find(full: () => boolean): ReadStep {
    for (let sequence = this.#inFlight.nextDue(); sequence > 0; sequence = this.#inFlight.nextDue()) {
      const step = this.#findAgain(sequence);
      if (step === "record" || step === "loading") return step;
      // It left the log: nobody can be given it any more.
      this.#inFlight.release(sequence);
      this.#listener.moved();
    }
    return full() ? "full" : this.findNew();
  }

  /** Finds the next record to deliver for the first time. */
  findNew(): ReadStep {
    this.repeating = 0;
    if (this.#atEnd) return "end";
    const step = this.#skips === undefined ? this.#advance() : this.#skip();
    if (step === "loading") this.#cursor.onReady = () => this.#listener.ready();
    if (step === "record") this.view = this.#cursor.view;
    if (step === "end") {
      this.#outstanding.end();
      this.#atEnd = this.#filter !== undefined && this.#feed.fedTo >= this.#log.state.lastSequence;
    }
    return step;
  }

  /** Shows a record that was read before, to be delivered now; `end`: it left the log. */
  show(sequence: Sequence): CursorStep {
    return this.#findAgain(sequence);
  }

  /** The new record in view was delivered. */
  taken(sequence: Sequence): void {
    this.#outstanding.delivered();
    if (this.#skips === undefined) this.#next = sequence + 1;
    else {
      this.#skipAt++;
      this.#next = this.#skips[this.#skipAt] ?? this.#resume;
    }
  }

  /** The record in view stays undelivered: views do not outlive the turn. */
  letGo(): void {
    if (this.view !== undefined && this.repeating === 0 && this.#skips === undefined) this.#cursor.seek(this.view.sequence);
    this.view = undefined;
  }

  /** A record left the log. True when it was to be delivered for the first time. */
  left(sequence: Sequence, subject: Uint8Array, start: number, end: number): boolean {
    if (sequence === 0) {
      // Very many leave just now: they are counted once that is over.
      this.stale = true;
      return true;
    }
    if (sequence < this.#next) return false;
    if (this.#skips === undefined || sequence >= this.#resume) this.#outstanding.left(sequence, subject, start, end);
    else if (this.#isSkip(sequence)) this.#outstanding.delivered();
    return true;
  }

  #findAgain(sequence: Sequence): CursorStep {
    this.#again ??= this.#log.cursor(sequence, undefined);
    const again = this.#again;
    again.seek(sequence);
    const step = again.next();
    if (step === "loading") again.onReady = () => this.#listener.ready();
    if (step !== "record") return step;
    if (again.view.sequence !== sequence) return "end";
    this.view = again.view;
    this.repeating = sequence;
    return step;
  }

  #advance(): CursorStep {
    for (;;) {
      const step = this.#cursor.next();
      if (step !== "damaged") return step;
      this.stale = true;
    }
  }

  /** The last record of each subject, one after the other. */
  #skip(): CursorStep {
    const skips = this.#skips ?? new Float64Array(0);
    for (; this.#skipAt < skips.length; this.#skipAt++) {
      const sequence = skips[this.#skipAt] ?? 0;
      this.#cursor.seek(sequence);
      const step = this.#cursor.next();
      if (step === "loading" || (step === "record" && this.#cursor.view.sequence === sequence)) return step;
    }
    this.#skips = undefined;
    this.#next = this.#resume;
    this.#resume = 0;
    this.#cursor.seek(this.#next);
    this.#listener.moved();
    return this.#advance();
  }

  #recount(): void {
    this.stale = false;
    const first = this.#log.state.firstSequence;
    const { ring } = this.#inFlight;
    while (ring.live > 0 && ring.lowest < first) this.#inFlight.release(ring.lowest);
    this.#listener.moved();
    const counted = this.#outstanding.recount(
      () => this.#position(),
      () => this.#skipsLeft(),
    );
    counted.catch(() => {
      // The store cannot answer now; it says why by itself. Asked again with the next commit.
      this.stale = true;
    });
  }

  #isSkip(sequence: Sequence): boolean {
    const skips = this.#skips;
    if (skips === undefined) return false;
    let low = this.#skipAt;
    let high = skips.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((skips[middle] ?? 0) < sequence) low = middle + 1;
      else high = middle;
    }
    return skips[low] === sequence;
  }

  #skipsLeft(): number {
    return this.#skips === undefined ? 0 : this.#skips.length - this.#skipAt;
  }

  /** From where on `#outstanding` counts by itself. */
  #position(): Sequence {
    return this.#skips === undefined ? this.#next : this.#resume;
  }
}
