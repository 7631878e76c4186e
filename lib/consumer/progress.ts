/**
 * A group's progress as bytes. A delta carries absolute positions and the *changes* of the pending set since the last one; a
 * snapshot carries the whole set. All numbers are LEB128 varints.
 *
 *     kind(0 delta, 1 snapshot) next resume deliveredSequence deliveredCount floorSequence floorCount
 *     runs   × { gap length firstGap }      newly pending: sequences and delivery numbers rising together
 *     counts × { gap deliveries }           delivered more than once, or, of a keyed group, not yet
 *     acked  × { gap length }               no longer pending (delta only)
 *
 * Gaps count from the end of the one before. Applied in that order; in the end `settleProgress` drops what the positions exclude. Applying a suffix of
 * deltas again is harmless: what a later delta took away is taken away again.
 */
import type { Sequence } from "../../store/store.ts";

export class GroupState {
  /** The first sequence not looked at yet. */
  next: Sequence = 1;
  /** While the last record of each subject is delivered: where it goes on afterwards; 0 = not, or no longer. */
  resume: Sequence = 0;
  deliveredSequence: Sequence = 0;
  deliveredCount = 0;
  floorSequence: Sequence = 0;
  floorCount = 0;
  /** Sequence → number of its first delivery. */
  readonly pending: Map<Sequence, number> = new Map();
  /** Sequence → deliveries, where not one. */
  readonly deliveries: Map<Sequence, number> = new Map();

  /** Pending sequences in order. */
  sorted(): Sequence[] {
    return [...this.pending.keys()].sort((a, b) => a - b);
  }
}

/** Writes varints into a buffer that grows; reused between saves. */
export class ProgressWriter {
  #bytes: Buffer = Buffer.alloc(512);
  #length = 0;

  begin(snapshot: boolean): void {
    this.#length = 0;
    this.number(snapshot ? 1 : 0);
  }

  number(value: number): void {
    if (this.#length + 10 > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    let at = this.#length;
    let rest = value;
    while (rest >= 0x80) {
      bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[at++] = rest;
    this.#length = at;
  }

  /** Valid until the next `begin`. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(): void {
    const grown = Buffer.alloc(this.#bytes.length * 2);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error("a group's progress ends in the middle: run `waystation fsck` on the folder");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }
}

/** Brings `state` forward by one delta, or replaces it by a snapshot. */
export function applyProgress(state: GroupState, bytes: Uint8Array): void {
  const reader = new Reader(bytes);
  if (reader.number() === 1) {
    state.pending.clear();
    state.deliveries.clear();
  }
  state.next = reader.number();
  state.resume = reader.number();
  state.deliveredSequence = reader.number();
  state.deliveredCount = reader.number();
  state.floorSequence = reader.number();
  state.floorCount = reader.number();
  readRuns(reader, state);
  readCounts(reader, state);
  let sequence = 0;
  for (let runs = reader.number(); runs > 0; runs--) {
    sequence += reader.number();
    for (let length = reader.number(); length > 0; length--) {
      state.pending.delete(sequence);
      state.deliveries.delete(sequence);
      sequence++;
    }
  }
}

/**
 * Once, after all deltas: what is at or below the floor is no longer pending, and what is at `next` or beyond will be delivered as
 * new: that is so when a snapshot was ahead of the deltas applied to it.
 */
export function settleProgress(state: GroupState): void {
  for (const sequence of state.pending.keys()) {
    if (sequence > state.floorSequence && sequence < state.next) continue;
    state.pending.delete(sequence);
    state.deliveries.delete(sequence);
  }
}

function readRuns(reader: Reader, state: GroupState): void {
  let sequence = 0;
  let first = 0;
  for (let runs = reader.number(); runs > 0; runs--) {
    sequence += reader.number();
    const length = reader.number();
    first += reader.number();
    for (let i = 0; i < length; i++) {
      if (sequence > state.floorSequence) state.pending.set(sequence, first);
      sequence++;
      first++;
    }
  }
}

function readCounts(reader: Reader, state: GroupState): void {
  let sequence = 0;
  for (let counts = reader.number(); counts > 0; counts--) {
    sequence += reader.number();
    const deliveries = reader.number();
    if (state.pending.has(sequence)) state.deliveries.set(sequence, deliveries);
  }
}
