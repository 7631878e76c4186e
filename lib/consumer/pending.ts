/**
 * The deliveries a group waits for, oldest first: a ring of parallel arrays in order of sequence, no object per message.
 *
 *     position   head ──────────────► tail          (slot = position & mask)
 *     sequence     17   18   21   22   30            ascending: first deliveries go forward only
 *     state        out  gone out  due  out           gone slots inside are dropped when the head passes, or on compaction
 *
 * A sequence is found by guessing: acks mostly come in order, so the slot after the last hit is tried first, then the slot a
 * gapless ring would have, then the ring is bisected. Memory is bounded by the group's `ackPendingMax` (twice it, at most).
 */

/** Waiting for its ack until the deadline. */
export const out = 1;
/** In the queue of redeliveries, or about to be. */
export const due = 2;
const gone = 0;
/** Slots of a new group; most have little in flight. */
const slotsMin = 16;

export class PendingRing {
  #mask = slotsMin - 1;
  #head = 0;
  #tail = 0;
  #live = 0;
  #hint = 0;
  #sequences: Float64Array = new Float64Array(slotsMin);
  #firsts: Float64Array = new Float64Array(slotsMin);
  #deadlines: Float64Array = new Float64Array(slotsMin);
  #sentMs: Float64Array = new Float64Array(slotsMin);
  #deliveries: Uint32Array = new Uint32Array(slotsMin);
  #states: Uint8Array = new Uint8Array(slotsMin);
  /** Positions from here on were added since the last delta. */
  unsavedFrom = 0;
  /** Positions below this one stand in a delta or a snapshot: that they are released has to be said. */
  knownTo = 0;

  /** Deliveries waited for. */
  get live(): number {
    return this.#live;
  }

  /** First position that may be live, and the one after the last. */
  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return this.#tail;
  }

  /** The lowest sequence waited for; 0 when none. */
  get lowest(): number {
    return this.#live === 0 ? 0 : (this.#sequences[this.#head & this.#mask] ?? 0);
  }

  isLive(position: number): boolean {
    return this.#states[position & this.#mask] !== gone;
  }

  sequence(position: number): number {
    return this.#sequences[position & this.#mask] ?? 0;
  }

  /** The number of its first delivery, counted over the group. */
  first(position: number): number {
    return this.#firsts[position & this.#mask] ?? 0;
  }

  deliveries(position: number): number {
    return this.#deliveries[position & this.#mask] ?? 0;
  }

  state(position: number): number {
    return this.#states[position & this.#mask] ?? gone;
  }

  deadlineMs(position: number): number {
    return this.#deadlines[position & this.#mask] ?? Infinity;
  }

  /** When it was last sent out, monotonic milliseconds. */
  sentMs(position: number): number {
    return this.#sentMs[position & this.#mask] ?? 0;
  }

  setDeadline(position: number, deadlineMs: number): void {
    this.#deadlines[position & this.#mask] = deadlineMs;
  }

  setState(position: number, state: number): void {
    this.#states[position & this.#mask] = state;
  }

  /** Adds the delivery of a sequence above all others. */
  push(sequence: number, first: number, deliveries: number, deadlineMs: number, nowMs: number): void {
    if (this.#tail - this.#head > this.#mask) this.#makeRoom();
    const slot = this.#tail & this.#mask;
    this.#sequences[slot] = sequence;
    this.#firsts[slot] = first;
    this.#deliveries[slot] = deliveries;
    this.#deadlines[slot] = deadlineMs;
    this.#sentMs[slot] = nowMs;
    this.#states[slot] = out;
    this.#tail++;
    this.#live++;
  }

  /** It was sent once more. */
  repeat(position: number, deadlineMs: number, nowMs: number): void {
    const slot = position & this.#mask;
    this.#deliveries[slot] = (this.#deliveries[slot] ?? 0) + 1;
    this.#deadlines[slot] = deadlineMs;
    this.#sentMs[slot] = nowMs;
    this.#states[slot] = out;
  }

  /** Where the sequence is; -1 when it is not waited for. */
  find(sequence: number): number {
    if (this.#live === 0) return -1;
    const guess = this.#hint;
    let position = -1;
    if (guess >= this.#head && guess < this.#tail && this.#sequences[guess & this.#mask] === sequence) position = guess;
    else {
      const dense = this.#head + (sequence - (this.#sequences[this.#head & this.#mask] ?? 0));
      if (dense >= this.#head && dense < this.#tail && this.#sequences[dense & this.#mask] === sequence) position = dense;
      else position = this.#bisect(sequence);
    }
    if (position < 0) return -1;
    this.#hint = position + 1;
    return this.#states[position & this.#mask] === gone ? -1 : position;
  }

  /** Forgets one; the head moves over what is gone. True when it was the oldest. */
  release(position: number): boolean {
    const slot = position & this.#mask;
    if (this.#states[slot] === gone) return false;
    this.#states[slot] = gone;
    this.#live--;
    if (position !== this.#head) return false;
    let head = this.#head + 1;
    while (head < this.#tail && this.#states[head & this.#mask] === gone) head++;
    this.#head = head;
    return true;
  }

  clear(): void {
    this.#head = this.#tail;
    this.#live = 0;
    this.unsavedFrom = this.knownTo = this.#tail;
    this.#states.fill(gone);
  }

  /** The first position whose sequence is at least `sequence`; the tail when none. */
  from(sequence: number): number {
    let low = this.#head;
    let high = this.#tail;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#sequences[middle & this.#mask] ?? 0) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #bisect(sequence: number): number {
    const position = this.from(sequence);
    return position < this.#tail && this.#sequences[position & this.#mask] === sequence ? position : -1;
  }

  /** Full: drops what is gone when that is half of it, else doubles. Positions change, so callers hold none across a push. */
  #makeRoom(): void {
    const size = this.#mask + 1;
    const grown = this.#live > size / 2 ? size * 2 : size;
    const sequences = new Float64Array(grown);
    const firsts = new Float64Array(grown);
    const deadlines = new Float64Array(grown);
    const sentMs = new Float64Array(grown);
    const deliveries = new Uint32Array(grown);
    const states = new Uint8Array(grown);
    let count = 0;
    let unsaved = 0;
    let known = 0;
    for (let position = this.#head; position < this.#tail; position++) {
      const slot = position & this.#mask;
      if (position === this.unsavedFrom) unsaved = count;
      if (position === this.knownTo) known = count;
      const state = this.#states[slot] ?? gone;
      if (state === gone) continue;
      sequences[count] = this.#sequences[slot] ?? 0;
      firsts[count] = this.#firsts[slot] ?? 0;
      deadlines[count] = this.#deadlines[slot] ?? 0;
      sentMs[count] = this.#sentMs[slot] ?? 0;
      deliveries[count] = this.#deliveries[slot] ?? 0;
      states[count] = state;
      count++;
    }
    if (this.unsavedFrom >= this.#tail) unsaved = count;
    if (this.knownTo >= this.#tail) known = count;
    this.unsavedFrom = unsaved;
    this.knownTo = known;
    this.#mask = grown - 1;
    this.#head = 0;
    this.#tail = count;
    this.#hint = 0;
    this.#sequences = sequences;
    this.#firsts = firsts;
    this.#deadlines = deadlines;
    this.#sentMs = sentMs;
    this.#deliveries = deliveries;
    this.#states = states;
  }
}
