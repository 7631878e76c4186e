/**
 * A subject index on its way into memory. Old records are fed (in any order), new ones are kept in a young index, removals wait;
 * `finish` puts the three together. Until then nobody asks the index anything.
 */
import type { Sequence } from "../store.ts";
import { SubjectIndex } from "./subject-index.ts";

interface WaitingRemoval {
  readonly sequence: Sequence;
  readonly subject: Uint8Array;
}

export class SubjectLoading {
  /** Records up to here are fed; later ones come by `append`. */
  readonly upTo: Sequence;
  #index: SubjectIndex;
  readonly #young: SubjectIndex;
  readonly #waiting: Map<Sequence, WaitingRemoval> = new Map();

  constructor(upTo: Sequence, make: () => SubjectIndex) {
    this.upTo = upTo;
    this.#index = make();
    this.#young = make();
  }

  feed(bytes: Uint8Array, start: number, end: number, sequence: Sequence): void {
    this.#index.add(bytes, start, end, sequence);
  }

  /** Goes on with an index that was saved; what was fed before is put into it. */
  adopt(index: SubjectIndex): void {
    const fed = this.#index;
    this.#index = index;
    this.#merge(fed);
  }

  /** Takes what `isLive` denies out of up to `count` entries from `at` on. Returns where to go on, -1 when all are done. */
  prune(at: number, count: number, isLive: (sequence: Sequence) => boolean): number {
    let entry = at;
    for (; entry < at + count && entry < this.#index.entriesEnd; entry++) this.#index.prune(entry, isLive, false);
    return entry < this.#index.entriesEnd ? entry : -1;
  }

  /** So many subjects are about to be fed, `most` in all. */
  expect(subjects: number, most: number): void {
    this.#index.reserve(subjects, most);
  }

  append(bytes: Uint8Array, start: number, end: number, sequence: Sequence): void {
    this.#young.add(bytes, start, end, sequence);
  }

  /** True when a removed record must still be fed, because its removal waits. */
  awaits(sequence: Sequence): boolean {
    return this.#waiting.has(sequence);
  }

  remove(bytes: Uint8Array, start: number, end: number, sequence: Sequence): void {
    if (sequence > this.upTo) this.#young.remove(bytes, start, end, sequence);
    else this.#waiting.set(sequence, { sequence, subject: Uint8Array.prototype.slice.call(bytes, start, end) });
  }

  finish(): SubjectIndex {
    this.#merge(this.#young);
    for (const { sequence, subject } of this.#waiting.values()) this.#index.remove(subject, 0, subject.length, sequence);
    return this.#index;
  }

  #merge(other: SubjectIndex): void {
    const sequences: number[] = [];
    for (let entry = 0; entry < other.entriesEnd; entry++) {
      if (other.count(entry) === 0) continue;
      sequences.length = 0;
      other.collect(entry, Infinity, Infinity, sequences);
      other.showText(entry);
      for (const sequence of sequences) this.#index.add(other.textBuffer, other.textStart, other.textEnd, sequence);
    }
  }
}
