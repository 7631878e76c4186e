/**
 * Many deadlines on one timer: a binary heap per broker, so that ten thousand groups cost one timer of the clock. Moving a deadline
 * later is free: it stays where it is in the heap and is put right when it surfaces. Times are monotonic milliseconds.
 */
import type { Clock, Timer } from "../../store/environment.ts";

/** One thing to do at a time, again and again: made once, set and cleared as needed. */
export class Deadline {
  /** When it is due; Infinity = not set. */
  atMs: number = Infinity;
  /** Under which time it stands in the heap; never later than `atMs`. */
  keyMs: number = Infinity;
  /** Its place in the heap, -1 when not there. */
  place: number = -1;
  readonly #deadlines: Deadlines;
  readonly #task: () => void;

  constructor(deadlines: Deadlines, task: () => void) {
    this.#deadlines = deadlines;
    this.#task = task;
  }

  set(atMs: number): void {
    this.atMs = atMs;
    if (this.place < 0 || atMs < this.keyMs) this.#deadlines.put(this);
  }

  /** Sets it unless it is due earlier already. */
  setBy(atMs: number): void {
    if (atMs < this.atMs) this.set(atMs);
  }

  clear(): void {
    this.atMs = Infinity;
  }

  run(): void {
    this.#task();
  }
}

export class Deadlines {
  readonly clock: Clock;
  readonly #heap: Deadline[] = [];
  #timer: Timer | undefined = undefined;
  #timerMs = Infinity;
  #running = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  make(task: () => void): Deadline {
    return new Deadline(this, task);
  }

  /** Used by Deadline: takes its place by `atMs`. */
  put(deadline: Deadline): void {
    deadline.keyMs = deadline.atMs;
    if (deadline.place < 0) {
      deadline.place = this.#heap.length;
      this.#heap.push(deadline);
    }
    this.#up(deadline);
    if (!this.#running) this.#arm();
  }

  /** Stops the timer; what is in the heap never runs. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#heap.length = 0;
    this.#timerMs = -Infinity;
  }

  #arm(): void {
    const first = this.#heap[0];
    const atMs = first === undefined ? Infinity : first.keyMs;
    if (atMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = atMs;
    this.#timer = this.clock.after(Math.max(0, Math.ceil(atMs - this.nowMs())), () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerMs = Infinity;
    this.#running = true;
    const nowMs = this.nowMs();
    for (let first = this.#heap[0]; first !== undefined && first.keyMs <= nowMs; first = this.#heap[0]) {
      if (first.atMs > first.keyMs) {
        this.#postpone(first);
        continue;
      }
      this.#remove(first);
      first.atMs = Infinity;
      first.run();
    }
    this.#running = false;
    this.#arm();
  }

  /** The first one was moved later, or cleared, since it was put. */
  #postpone(first: Deadline): void {
    if (first.atMs === Infinity) {
      this.#remove(first);
      return;
    }
    first.keyMs = first.atMs;
    this.#down(first);
  }

  #remove(deadline: Deadline): void {
    const last = this.#heap.pop();
    const place = deadline.place;
    deadline.place = -1;
    deadline.keyMs = Infinity;
    if (last === undefined || last === deadline) return;
    this.#heap[place] = last;
    last.place = place;
    this.#down(last);
    this.#up(last);
  }

  #up(deadline: Deadline): void {
    const heap = this.#heap;
    let place = deadline.place;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.keyMs <= deadline.keyMs) break;
      heap[place] = parent;
      parent.place = place;
      place = above;
    }
    heap[place] = deadline;
    deadline.place = place;
  }

  #down(deadline: Deadline): void {
    const heap = this.#heap;
    let place = deadline.place;
    for (;;) {
      const left = heap[place * 2 + 1];
      if (left === undefined) break;
      const right = heap[place * 2 + 2];
      const least = right !== undefined && right.keyMs < left.keyMs ? right : left;
      if (least.keyMs >= deadline.keyMs) break;
      const below = least.place;
      heap[place] = least;
      least.place = place;
      place = below;
    }
    heap[place] = deadline;
    deadline.place = place;
  }
}
