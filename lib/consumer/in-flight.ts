/**
 * What a group has delivered and waits for: acks, naks, deadlines, repeats, the floor below which everything is done. It never reads
 * records and knows no receivers. `group.ts` delivers; this keeps the books, and writes their changes as progress.
 */
import type { Sequence } from "../../store/store.ts";
import type { GroupConfig } from "./config.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { due, out, PendingRing } from "./pending.ts";
import type { GroupState, ProgressWriter } from "./progress.ts";

/** After a restart receivers get this long to come back and acknowledge what they still work on, before it is repeated. */
const recoveredGraceMs = 3_000;
/** Deadlines are looked through at most this often for each thousand deliveries waited for. */
const scanPauseMs = 1;

export interface InFlightListener {
  /** Something is to be delivered again. */
  dueAgain(): void;
  /** A record was delivered `deliveries` times without success and is given up. */
  exhausted(sequence: Sequence, deliveries: number): void;
}

export class InFlight {
  deliveredSequence: Sequence = 0;
  deliveredCount = 0;
  floorSequence: Sequence = 0;
  floorCount = 0;
  /** Of those waited for: how many were delivered more than once. */
  redelivered = 0;
  /** Told of what is done with, for whatever reason, and how often it was delivered. */
  released: ((sequence: Sequence, deliveries: number) => void) | undefined = undefined;
  readonly ring: PendingRing = new PendingRing();
  #config: GroupConfig;
  readonly #listener: InFlightListener;
  readonly #deadlines: Deadlines;
  readonly #timer: Deadline;
  #due: Sequence[] = [];
  #dueAt = 0;
  #released: Sequence[] = [];
  #recounted: Sequence[] = [];

  constructor(config: GroupConfig, deadlines: Deadlines, listener: InFlightListener) {
    this.#config = config;
    this.#listener = listener;
    this.#deadlines = deadlines;
    this.#timer = deadlines.make(() => this.#scan());
  }

  configure(config: GroupConfig): void {
    this.#config = config;
  }

  get live(): number {
    return this.ring.live;
  }

  /** First delivery of a record, the highest so far. */
  sent(sequence: Sequence, nowMs: number): void {
    this.deliveredSequence = sequence;
    const count = ++this.deliveredCount;
    if (this.#config.ack === "none") {
      this.floorSequence = sequence;
      this.floorCount = count;
      return;
    }
    const deadlineMs = nowMs + this.#waitMs(1);
    this.ring.push(sequence, count, 1, deadlineMs, nowMs);
    this.#timer.setBy(deadlineMs);
  }

  /** A record above all others is not delivered, and done with. */
  passed(sequence: Sequence): void {
    if (this.ring.live > 0 || this.floorSequence < this.deliveredSequence) return;
    this.deliveredSequence = this.floorSequence = sequence;
  }

  /** The one `nextDue` named was delivered once more. */
  sentAgain(sequence: Sequence, nowMs: number): void {
    if (this.#due[this.#dueAt] === sequence) this.#dueAt++;
    this.deliveredCount++;
    const position = this.ring.find(sequence);
    if (position < 0) return;
    const deliveries = this.ring.deliveries(position) + 1;
    if (deliveries === 2) this.redelivered++;
    const deadlineMs = nowMs + this.#waitMs(deliveries);
    this.ring.repeat(position, deadlineMs, nowMs);
    this.#recounted.push(sequence);
    this.#timer.setBy(deadlineMs);
  }

  /** Puts a record above all others into the books that was delivered to nobody yet. */
  park(sequence: Sequence, nowMs: number): void {
    this.deliveredSequence = sequence;
    this.ring.push(sequence, ++this.deliveredCount, 0, Infinity, nowMs);
    this.ring.setState(this.ring.tail - 1, due);
    this.#recounted.push(sequence);
  }

  /** As `nextDue`, but leaves it to the caller to deliver it, or not; 0 when none. */
  takeDue(): Sequence {
    const sequence = this.nextDue();
    if (sequence > 0) this.#dueAt++;
    return sequence;
  }

  /** How often it was delivered; 0 when it is not waited for. */
  deliveries(sequence: Sequence): number {
    const position = this.ring.find(sequence);
    return position < 0 ? 0 : this.ring.deliveries(position);
  }

  /** The next to deliver again, which stays next until `sentAgain` or `release`; 0 when none. */
  nextDue(): Sequence {
    while (this.#dueAt < this.#due.length) {
      const sequence = this.#due[this.#dueAt] ?? 0;
      const position = this.ring.find(sequence);
      if (position >= 0 && this.ring.state(position) === due) return sequence;
      this.#dueAt++;
    }
    if (this.#due.length > 0) {
      this.#due = [];
      this.#dueAt = 0;
    }
    return 0;
  }

  /** It is done with, for whatever reason. False when it was not waited for. */
  release(sequence: Sequence): boolean {
    const position = this.ring.find(sequence);
    if (position < 0) return false;
    this.#releaseAt(position);
    return true;
  }

  /** Ends its wait now, or after a delay. False when it is not waited for. */
  nak(sequence: Sequence, delayMs: number): boolean {
    const position = this.ring.find(sequence);
    if (position < 0) return false;
    if (delayMs > 0) {
      const deadlineMs = this.#deadlines.nowMs() + delayMs;
      this.ring.setState(position, out);
      this.ring.setDeadline(position, deadlineMs);
      this.#timer.setBy(deadlineMs);
    } else if (this.ring.state(position) === out) {
      this.#makeDue(position);
      this.#listener.dueAgain();
    }
    return true;
  }

  /** Its wait starts over. */
  progress(sequence: Sequence): boolean {
    const position = this.ring.find(sequence);
    if (position < 0 || this.ring.state(position) !== out) return false;
    const deadlineMs = this.#deadlines.nowMs() + this.#waitMs(this.ring.deliveries(position));
    this.ring.setDeadline(position, deadlineMs);
    this.#timer.setBy(deadlineMs);
    return true;
  }

  /** Starts over at `next`; deliveries are counted from 1 again. */
  reset(next: Sequence): void {
    this.ring.clear();
    this.#due = [];
    this.#dueAt = 0;
    this.#released = [];
    this.#recounted = [];
    this.redelivered = 0;
    this.deliveredCount = this.floorCount = 0;
    this.deliveredSequence = this.floorSequence = next - 1;
  }

  /** Takes over what was recovered; everything pending gets a grace before it is repeated. */
  restore(state: GroupState): void {
    this.deliveredSequence = state.deliveredSequence;
    this.deliveredCount = state.deliveredCount;
    this.floorSequence = state.floorSequence;
    this.floorCount = state.floorCount;
    const nowMs = this.#deadlines.nowMs();
    const deadlineMs = nowMs + Math.min(this.#config.ackWaitMs, recoveredGraceMs);
    for (const sequence of state.sorted()) {
      const deliveries = state.deliveries.get(sequence) ?? 1;
      if (deliveries > 1) this.redelivered++;
      this.ring.push(sequence, state.pending.get(sequence) ?? 0, deliveries, deadlineMs, nowMs);
    }
    this.ring.unsavedFrom = this.ring.knownTo = this.ring.tail;
    if (this.ring.live > 0) this.#timer.setBy(deadlineMs);
  }

  close(): void {
    this.#timer.clear();
  }

  /** Writes positions and pending set: all of it, or what changed since the last `write` of changes, which is then forgotten. */
  write(writer: ProgressWriter, next: Sequence, resume: Sequence, snapshot: boolean): void {
    writer.begin(snapshot);
    writer.number(next);
    writer.number(resume);
    writer.number(this.deliveredSequence);
    writer.number(this.deliveredCount);
    writer.number(this.floorSequence);
    writer.number(this.floorCount);
    this.#writePending(writer, snapshot ? this.ring.head : Math.max(this.ring.head, this.ring.unsavedFrom));
    this.#writeCounts(writer, snapshot);
    this.ring.knownTo = this.ring.tail;
    if (snapshot) {
      writer.number(0);
      return;
    }
    this.#writeReleased(writer);
    this.ring.unsavedFrom = this.ring.tail;
    this.#released = [];
    this.#recounted = [];
  }

  #waitMs(deliveries: number): number {
    const backoff = this.#config.backoffMs;
    if (backoff.length === 0) return this.#config.ackWaitMs;
    return backoff[Math.min(deliveries, backoff.length) - 1] ?? this.#config.ackWaitMs;
  }

  #releaseAt(position: number): void {
    const ring = this.ring;
    const deliveries = ring.deliveries(position);
    const sequence = ring.sequence(position);
    if (deliveries > 1) this.redelivered--;
    if (position < ring.knownTo) this.#released.push(sequence);
    if (ring.release(position)) {
      if (ring.live === 0) {
        this.floorSequence = this.deliveredSequence;
        this.floorCount = this.deliveredCount;
      } else {
        this.floorSequence = ring.sequence(ring.head) - 1;
        this.floorCount = ring.first(ring.head) - 1;
      }
    }
    if (this.released !== undefined) this.released(sequence, deliveries);
  }

  #makeDue(position: number): void {
    const max = this.#config.deliveriesMax;
    const deliveries = this.ring.deliveries(position);
    const sequence = this.ring.sequence(position);
    if (max > 0 && deliveries >= max) {
      this.#releaseAt(position);
      this.#listener.exhausted(sequence, deliveries);
      return;
    }
    this.ring.setState(position, due);
    this.#due.push(sequence);
  }

  /** Looks for what was not acknowledged in time, in order of sequence. */
  #scan(): void {
    const ring = this.ring;
    const nowMs = this.#deadlines.nowMs();
    let earliest = Infinity;
    let found = false;
    for (let position = ring.head; position < ring.tail; position++) {
      if (ring.state(position) !== out) continue;
      const deadlineMs = ring.deadlineMs(position);
      if (deadlineMs <= nowMs) {
        this.#makeDue(position);
        found = true;
      } else if (deadlineMs < earliest) earliest = deadlineMs;
    }
    if (earliest !== Infinity) this.#timer.setBy(Math.max(earliest, nowMs + scanPauseMs * (1 + ring.live / 1024)));
    if (found) this.#listener.dueAgain();
  }

  #writePending(writer: ProgressWriter, from: number): void {
    const ring = this.ring;
    const runs: number[] = [];
    let length = 0;
    let sequence = 0;
    let first = 0;
    for (let position = from; position < ring.tail; position++) {
      if (!ring.isLive(position)) continue;
      if (length > 0 && ring.sequence(position) === sequence && ring.first(position) === first) length++;
      else {
        if (length > 0) runs.push(length);
        const gap = ring.sequence(position) - sequence;
        runs.push(gap, ring.first(position) - first);
        sequence = ring.sequence(position);
        first = ring.first(position);
        length = 1;
      }
      sequence++;
      first++;
    }
    if (length > 0) runs.push(length);
    writer.number(runs.length / 3);
    for (let i = 0; i < runs.length; i += 3) {
      writer.number(runs[i] ?? 0);
      writer.number(runs[i + 2] ?? 0);
      writer.number(runs[i + 1] ?? 0);
    }
  }

  #writeCounts(writer: ProgressWriter, snapshot: boolean): void {
    const ring = this.ring;
    const changed: Sequence[] = [];
    if (snapshot) {
      for (let position = ring.head; position < ring.tail; position++) {
        if (ring.isLive(position) && ring.deliveries(position) !== 1) changed.push(ring.sequence(position));
      }
    } else {
      this.#recounted.sort((a, b) => a - b);
      for (const sequence of this.#recounted) {
        if (sequence !== changed.at(-1) && ring.find(sequence) >= 0) changed.push(sequence);
      }
    }
    writer.number(changed.length);
    let last = 0;
    for (const sequence of changed) {
      writer.number(sequence - last);
      writer.number(this.deliveries(sequence));
      last = sequence;
    }
  }

  #writeReleased(writer: ProgressWriter): void {
    const released = this.#released;
    const runs: number[] = [];
    if (released.length > 1) released.sort((a, b) => a - b);
    let end = 0;
    for (const sequence of released) {
      if (sequence <= this.floorSequence) continue;
      if (runs.length > 0 && sequence === end) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
      else runs.push(sequence - end, 1);
      end = sequence + 1;
    }
    writer.number(runs.length / 2);
    for (const number of runs) writer.number(number);
  }
}
