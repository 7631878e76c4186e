/**
 * How many records a group still has to deliver for the first time, kept exactly instead of counted: raised by what a commit made
 * visible, lowered by deliveries and by records that leave undelivered. Receivers take 0 for "you have seen everything".
 */
import type { Log, Sequence, SubjectFilterTest } from "../../store/store.ts";
import type { Feed } from "./feed.ts";

/** A recount that the log changed under is repeated this often before its result is taken as it is. */
const recountsMax = 8;

export class Outstanding {
  count = 0;
  readonly #log: Log;
  readonly #feed: Feed;
  /** Undefined: everything is taken, and the log counts what became visible by its sequences alone; else the feed tells. */
  #filter: SubjectFilterTest | undefined;
  /** Visible records up to here are in `count`; of a filter also those the feed has told since. */
  #countedTo: Sequence = 0;
  /** Raised by everything that changes the answer, to notice changes under an asynchronous count. */
  #version = 0;
  #recounting = false;

  constructor(log: Log, filter: SubjectFilterTest | undefined, feed: Feed) {
    this.#log = log;
    this.#filter = filter;
    this.#feed = feed;
  }

  /** Starts over: everything from `from` on, plus `extra` that was counted elsewhere. */
  async start(filter: SubjectFilterTest | undefined, from: Sequence, extra: number): Promise<void> {
    this.#filter = filter;
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

  /** Takes in what became visible since. `next`: the first sequence not delivered yet. False when only a recount can tell. */
  extend(next: Sequence): boolean {
    if (this.#filter !== undefined) {
      this.#feed.advance();
      return true;
    }
    const last = this.#log.state.lastSequence;
    const counted = this.#countedTo;
    if (last <= counted || this.#recounting) return true;
    // Not simply `last - counted`: records may have left before they became visible.
    const more = this.#log.count(undefined, Math.max(counted + 1, next));
    if (typeof more !== "number") return false;
    this.count += more;
    this.#countedTo = last;
    return true;
  }

  /** The feed tells of a record that passes the filter. */
  arrived(sequence: Sequence): void {
    this.#version++;
    if (sequence > this.#countedTo) this.count++;
  }

  delivered(): void {
    this.#version++;
    if (this.count > 0) this.count--;
  }

  /** A record that was not delivered yet has left. */
  left(sequence: Sequence, subject: Uint8Array, start: number, end: number): void {
    this.#version++;
    // One that was not counted, or that the feed has not met, never will be.
    if (sequence > this.#countedTo && (this.#filter === undefined || sequence > this.#feed.fedTo)) return;
    if (this.count > 0 && (this.#filter === undefined || this.#filter.matches(subject, start, end))) this.count--;
  }

  /** The cursor found nothing more: whatever was believed, it is 0. */
  end(): void {
    const last = this.#log.state.lastSequence;
    if (!this.#recounting && last <= (this.#filter === undefined ? this.#countedTo : this.#feed.fedTo)) this.count = 0;
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
}
