/**
 * Records with a life of their own: a binary heap of deadlines and sequences in typed arrays, 16 bytes each. A record that leaves
 * earlier stays in the heap until its deadline or until half of the heap is such leftovers.
 */
import type { Sequence } from "../store.ts";

export class Expiry {
  #deadlines: Float64Array = new Float64Array(0);
  #sequences: Float64Array = new Float64Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The earliest deadline, microseconds; Infinity when there is none. */
  get nextUs(): number {
    return this.#size === 0 ? Infinity : this.#deadlines[0]!;
  }

  add(sequence: Sequence, deadlineUs: number): void {
    if (this.#size === this.#deadlines.length) this.#resize(Math.max(16, this.#size * 2));
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#deadlines[parent]! <= deadlineUs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#deadlines[at] = deadlineUs;
    this.#sequences[at] = sequence;
  }

  /** Takes the earliest one whose deadline has come; 0 when none has. */
  take(nowUs: number): Sequence {
    if (this.#size === 0 || this.#deadlines[0]! > nowUs) return 0;
    const taken = this.#sequences[0]!;
    this.#size--;
    this.#sink(0, this.#deadlines[this.#size]!, this.#sequences[this.#size]!);
    return taken;
  }

  /** Drops all that `present` denies, when at least half of them may be gone. */
  tidy(present: (sequence: Sequence) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.#size; at++) if (present(this.#sequences[at]!)) this.#move(at, kept++);
    this.#size = kept;
    for (let at = (kept >> 1) - 1; at >= 0; at--) this.#sink(at, this.#deadlines[at]!, this.#sequences[at]!);
    if (this.#deadlines.length > Math.max(16, kept * 4)) this.#resize(Math.max(16, kept * 2));
  }

  clear(): void {
    this.#size = 0;
  }

  #sink(from: number, deadlineUs: number, sequence: Sequence): void {
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#deadlines[child + 1]! < this.#deadlines[child]!) child++;
      if (this.#deadlines[child]! >= deadlineUs) break;
      this.#move(child, at);
      at = child;
    }
    if (this.#size === 0) return;
    this.#deadlines[at] = deadlineUs;
    this.#sequences[at] = sequence;
  }

  #move(from: number, to: number): void {
    this.#deadlines[to] = this.#deadlines[from]!;
    this.#sequences[to] = this.#sequences[from]!;
  }

  #resize(capacity: number): void {
    const deadlines = new Float64Array(capacity);
    const sequences = new Float64Array(capacity);
    deadlines.set(this.#deadlines.subarray(0, this.#size));
    sequences.set(this.#sequences.subarray(0, this.#size));
    this.#deadlines = deadlines;
    this.#sequences = sequences;
  }
}
