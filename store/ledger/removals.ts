/**
 * What one decision took away: the floor, when the log's first sequence moved, and ranges of interior sequences. A store persists
 * exactly this beside the append that caused it, then clears it. Ranges are merged with the one before when they touch.
 */
import type { Sequence } from "../store.ts";

export class Removals {
  /** The log's new first sequence: everything below is gone. 0 = it did not move. */
  floor: Sequence = 0;
  /** How many records left, by floor and ranges. */
  messages = 0;
  #pairs: Float64Array = new Float64Array(8);
  #used = 0;

  get empty(): boolean {
    return this.floor === 0 && this.#used === 0;
  }

  /** How many ranges. */
  get ranges(): number {
    return this.#used >> 1;
  }

  first(range: number): Sequence {
    return this.#pairs[range * 2]!;
  }

  last(range: number): Sequence {
    return this.#pairs[range * 2 + 1]!;
  }

  add(first: Sequence, last: Sequence): void {
    if (this.#used > 0 && this.#pairs[this.#used - 1] === first - 1) {
      this.#pairs[this.#used - 1] = last;
      return;
    }
    if (this.#used === this.#pairs.length) {
      const grown = new Float64Array(this.#used * 2);
      grown.set(this.#pairs);
      this.#pairs = grown;
    }
    this.#pairs[this.#used++] = first;
    this.#pairs[this.#used++] = last;
  }

  clear(): void {
    this.floor = 0;
    this.messages = 0;
    this.#used = 0;
    if (this.#pairs.length > 4096) this.#pairs = new Float64Array(8);
  }
}
