/**
 * Records that left without the ledger having seen them (a file store evicts what it does not hold in memory): their bytes and
 * their subjects are still counted. A short sorted list of ranges; evictions come in order, so it is nearly always one range.
 */
import type { Sequence } from "../store.ts";

export class Debt {
  readonly #firsts: number[] = [];
  readonly #lasts: number[] = [];

  get empty(): boolean {
    return this.#firsts.length === 0;
  }

  get ranges(): number {
    return this.#firsts.length;
  }

  /** The lowest owed sequence ≥ `from`; 0 when none. */
  next(from: Sequence): Sequence {
    const at = this.#find(from);
    const first = this.#firsts[at];
    return first === undefined ? 0 : Math.max(first, from);
  }

  has(sequence: Sequence): boolean {
    return this.next(sequence) === sequence && !this.empty;
  }

  /** Adds `first … last`, none of which is owed yet. */
  add(first: Sequence, last: Sequence): void {
    const at = this.#find(first);
    const joinsBefore = at > 0 && this.#lasts[at - 1] === first - 1;
    const joinsAfter = this.#firsts[at] === last + 1;
    if (joinsBefore && joinsAfter) {
      this.#lasts[at - 1] = this.#lasts[at]!;
      this.#firsts.splice(at, 1);
      this.#lasts.splice(at, 1);
    } else if (joinsBefore) {
      this.#lasts[at - 1] = last;
    } else if (joinsAfter) {
      this.#firsts[at] = first;
    } else {
      this.#firsts.splice(at, 0, first);
      this.#lasts.splice(at, 0, last);
    }
  }

  /** Takes one away. False when it was not owed. */
  settle(sequence: Sequence): boolean {
    const at = this.#find(sequence);
    const first = this.#firsts[at];
    const last = this.#lasts[at];
    if (first === undefined || last === undefined || first > sequence) return false;
    if (first === last) {
      this.#firsts.splice(at, 1);
      this.#lasts.splice(at, 1);
    } else if (first === sequence) {
      this.#firsts[at] = sequence + 1;
    } else if (last === sequence) {
      this.#lasts[at] = sequence - 1;
    } else {
      this.#lasts[at] = sequence - 1;
      this.#firsts.splice(at + 1, 0, sequence + 1);
      this.#lasts.splice(at + 1, 0, last);
    }
    return true;
  }

  clear(): void {
    this.#firsts.length = 0;
    this.#lasts.length = 0;
  }

  /** Pairs `[first, last …]`, to be saved. */
  export(): number[] {
    return this.#firsts.flatMap((first, index) => [first, this.#lasts[index]!]);
  }

  /** The first range whose last is ≥ `sequence`. */
  #find(sequence: Sequence): number {
    let low = 0;
    let high = this.#lasts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#lasts[middle]! < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
