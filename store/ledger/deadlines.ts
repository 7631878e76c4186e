/**
 * When each log wants to be looked at next (age, time to live): a binary heap, so that a store needs one timer for all its logs and
 * nothing per message. A log that moves its deadline leaves its old entry behind, which is skipped when it comes up.
 */

/** What a log keeps of itself here: the deadline it is entered with, Infinity when with none. */
export interface Deadline {
  deadlineUs: number;
}

interface Entry<T> {
  readonly atUs: number;
  readonly log: T;
}

export class Deadlines<T extends Deadline> {
  #entries: Entry<T>[] = [];

  /** The earliest deadline; may be one that has been left behind. Infinity when there is none. */
  get nextUs(): number {
    return this.#entries[0]?.atUs ?? Infinity;
  }

  /** The log is due at `atUs`, or never. Cheap when it is entered for then, or earlier, already. */
  enter(log: T, atUs: number): void {
    if (atUs === Infinity || log.deadlineUs <= atUs) return;
    log.deadlineUs = atUs;
    const entries = this.#entries;
    const entry = { atUs, log };
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent]!;
      if (above.atUs <= atUs) break;
      entries[at] = above;
      at = parent;
    }
    entries[at] = entry;
  }

  /** Takes a log that is due out; it is entered again with its next deadline. Undefined when none is. */
  take(nowUs: number): T | undefined {
    for (;;) {
      const top = this.#entries[0];
      if (top === undefined || top.atUs > nowUs) return undefined;
      this.#removeTop();
      if (top.log.deadlineUs !== top.atUs) continue;
      top.log.deadlineUs = Infinity;
      return top.log;
    }
  }

  clear(): void {
    this.#entries = [];
  }

  #removeTop(): void {
    const entries = this.#entries;
    const moved = entries.pop()!;
    if (entries.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && entries[child + 1]!.atUs < entries[child]!.atUs) child++;
      if (entries[child]!.atUs >= moved.atUs) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = moved;
  }
}
