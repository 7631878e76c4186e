/**
 * Pages of a log's subjects in byte order. Ordering many takes long, so it is done in slices: `order` is a generator that yields
 * whenever a slice of work is done, and its result is kept while no subject comes or goes.
 */
import type { Sequence, SubjectCount, SubjectFilterTest, SubjectPage } from "../store.ts";
import type { Ledger } from "./ledger.ts";
import type { SubjectIndex } from "./subject-index.ts";

/** Entries looked at, or comparisons made, between two yields: a millisecond or two. */
const sliceSteps = 4096;

export class SubjectPager {
  readonly #ledger: Ledger;
  #order: Int32Array | undefined = undefined;
  #text = "";
  #index: SubjectIndex | undefined = undefined;
  #generation = -1;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Steps of work that end in the page. Only records up to `upTo` count. When subjects come or go meanwhile it starts again, a few times. */
  *page(filter: SubjectFilterTest | undefined, offset: number, limit: number, upTo: () => Sequence): Generator<void, SubjectPage, void> {
    for (let attempts = 0; ; attempts++) {
      const index = this.#ledger.subjects;
      if (index === undefined) return { total: 0, subjects: [] };
      const generation = index.generation;
      if (!this.#isCurrent(index, filter)) {
        const order = this.#makeOrder(index, filter);
        // The last attempt is not interrupted, so that it ends.
        for (let step = order.next(); ; step = order.next()) {
          if (step.done === true) {
            this.#keep(index, generation, filter, step.value);
            break;
          }
          if (attempts < 3) yield;
        }
      }
      if (this.#isCurrent(index, filter)) return this.#cut(index, offset, limit, upTo());
    }
  }

  #isCurrent(index: SubjectIndex, filter: SubjectFilterTest | undefined): boolean {
    return this.#index === index && this.#generation === index.generation && this.#text === (filter?.text ?? ">");
  }

  #keep(index: SubjectIndex, generation: number, filter: SubjectFilterTest | undefined, order: Int32Array): void {
    this.#index = index;
    this.#generation = generation;
    this.#text = filter?.text ?? ">";
    this.#order = order;
  }

  *#makeOrder(index: SubjectIndex, filter: SubjectFilterTest | undefined): Generator<void, Int32Array, void> {
    if (filter !== undefined && filter.literal) {
      const found: number[] = [];
      this.#ledger.forEachMatching(filter, (entry) => found.push(entry));
      return Int32Array.from(found);
    }
    let entries = new Int32Array(64);
    let count = 0;
    for (let entry = 0; entry < index.entriesEnd; entry++) {
      if (entry % sliceSteps === sliceSteps - 1) yield;
      if (!this.#ledger.passes(entry, filter)) continue;
      if (count === entries.length) {
        const grown = new Int32Array(count * 2);
        grown.set(entries);
        entries = grown;
      }
      entries[count++] = entry;
    }
    return yield* sorted(index, entries.subarray(0, count));
  }

  #cut(index: SubjectIndex, offset: number, limit: number, upTo: Sequence): SubjectPage {
    const order = this.#order ?? new Int32Array(0);
    const subjects: SubjectCount[] = [];
    let total = order.length;
    // Subjects whose only records are not visible yet are few, and only in the batch being written.
    const visible = (entry: number): boolean => index.first(entry) <= upTo;
    let skipped = 0;
    for (const entry of order) {
      if (!visible(entry)) {
        total--;
      } else if (skipped < offset) {
        skipped++;
      } else if (subjects.length < limit) {
        index.showText(entry);
        subjects.push({
          subject: index.textBuffer.toString("utf8", index.textStart, index.textEnd),
          messages: index.countIn(entry, 0, upTo),
          firstSequence: index.first(entry),
          lastSequence: index.lastUpTo(entry, upTo),
        });
      }
    }
    return { total, subjects };
  }
}

/** Merge sort from below, by the bytes of the subjects. */
function* sorted(index: SubjectIndex, entries: Int32Array): Generator<void, Int32Array, void> {
  let from: Int32Array = entries;
  let to: Int32Array = new Int32Array(entries.length);
  let steps = 0;
  for (let width = 1; width < entries.length; width *= 2) {
    for (let start = 0; start < entries.length; start += width * 2) {
      const middle = Math.min(start + width, entries.length);
      const end = Math.min(start + width * 2, entries.length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        if (++steps % sliceSteps === 0) yield;
        const takeLeft = left < middle && (right >= end || isOrdered(index, from[left]!, from[right]!));
        to[at] = takeLeft ? from[left++]! : from[right++]!;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** An entry freed between two slices has no text; the order is thrown away then, so any answer does. */
function isOrdered(index: SubjectIndex, a: number, b: number): boolean {
  return index.count(a) === 0 || index.count(b) === 0 || index.compare(a, b) <= 0;
}
