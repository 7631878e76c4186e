/**
 * How many records a group still has to deliver for the first time, kept exactly instead of counted: raised by what a commit made
 * visible, lowered by deliveries and by records that leave undelivered. Receivers take 0 for "you have seen everything".
 */
import type { Cursor, Log, Sequence, SubjectFilterTest } from "../../store/store.ts";

/** A recount that the log changed under is repeated this often before its result is taken as it is. */
const recountsMax = 8;
/** So many new records are looked at one by one; for more, the log is asked, which may go through all of its subjects. */
const walkMax = 8192;

export class Outstanding {
  count = 0;
  readonly #log: Log;
  #filter: SubjectFilterTest | undefined;
  /** Visible records up to here are in `count`. */
  #countedTo: Sequence = 0;
  /** Highest sequence beyond `#countedTo` that left before it was counted. */
  #goneAhead: Sequence = 0;
  /** Raised by everything that changes the answer, to notice changes under an asynchronous count. */
  #version = 0;
  #recounting = false;
  #cursor: Cursor | undefined = undefined;

  constructor(log: Log, filter: SubjectFilterTest | undefined) {
    this.#log = log;
    this.#filter = filter;
  }

  /** Starts over: everything from `from` on, plus `extra` that was counted elsewhere. */
  async start(filter: SubjectFilterTest | undefined, from: Sequence, extra: number): Promise<void> {
    this.#filter = filter;
    this.close();
    for (let attempt = 1; ; attempt++) {
      const version = this.#version;
      const last = this.#log.state.lastSequence;
      const counted = this.#log.count(filter, from);
      const count = typeof counted === "number" ? counted : await counted;
      const still = version === this.#version && last === this.#log.state.lastSequence;
      if (still || attempt === recountsMax) {
        this.count = count + extra;
        this.#countedTo = this.#log.state.lastSequence;
        return;
      }
    }
  }

  /** Takes in what became visible since. `next`: the first sequence not delivered yet. */
  extend(next: Sequence): void {
    const last = this.#log.state.lastSequence;
    const counted = this.#countedTo;
    if (last <= counted || this.#recounting) return;
    if (this.#filter === undefined && this.#goneAhead <= counted && next <= counted + 1) {
      this.count += last - counted;
      this.#countedTo = last;
      return;
    }
    const more = this.#countFrom(Math.max(counted + 1, next), last);
    if (typeof more !== "number") {
      void this.recount(
        () => next,
        () => 0,
      );
      return;
    }
    this.count += more;
    this.#countedTo = last;
  }

  close(): void {
    this.#cursor?.close();
    this.#cursor = undefined;
  }

  delivered(): void {
    this.#version++;
    if (this.count > 0) this.count--;
  }

  /** A record that was not delivered yet has left. */
  left(sequence: Sequence, subject: Uint8Array, start: number, end: number): void {
    this.#version++;
    if (sequence > this.#countedTo) {
      if (sequence > this.#goneAhead) this.#goneAhead = sequence;
      return;
    }
    if (this.count > 0 && (this.#filter === undefined || this.#filter.matches(subject, start, end))) this.count--;
  }

  /** The cursor found nothing more: whatever was believed, it is 0. */
  end(): void {
    if (!this.#recounting && this.#log.state.lastSequence <= this.#countedTo) this.count = 0;
  }

  /** Counts again in the background; `next` and `extra` are asked when the answer is there. */
  async recount(next: () => Sequence, extra: () => number): Promise<void> {
    this.#version++;
    if (this.#recounting) return;
    this.#recounting = true;
    try {
      for (let attempt = 1; attempt <= recountsMax; attempt++) {
        const version = this.#version;
        const from = next();
        const counted = from > this.#log.state.lastSequence ? 0 : this.#log.count(this.#filter, from);
        const count = typeof counted === "number" ? counted : await counted;
        if (version !== this.#version && attempt < recountsMax) continue;
        this.count = count + extra();
        this.#countedTo = this.#log.state.lastSequence;
        return;
      }
    } finally {
      this.#recounting = false;
    }
  }

  /** Those that pass from `from` to `last`, both included. */
  #countFrom(from: Sequence, last: Sequence): number | Promise<number> {
    if (this.#filter === undefined || this.#filter.literal || last - from > walkMax) return this.#log.count(this.#filter, from);
    this.#cursor ??= this.#log.cursor(from, this.#filter);
    this.#cursor.seek(from);
    for (let count = 0; ;) {
      const step = this.#cursor.next();
      if (step === "record") count++;
      else if (step === "end") return count;
      else if (step === "loading") return this.#log.count(this.#filter, from);
    }
  }
}
