/**
 * The subscriptions that share one place in the index, by list number. Nearly every list has one member and costs one slot of an
 * array; a long one knows its members' positions, so that ten thousand subscribers of one subject can leave in linear time.
 */
import { Subscription } from "../subscription.ts";

/** Below so many members looking through them is cheaper than a map of positions. */
const searchMax = 16;

export class Several {
  readonly members: Subscription[];
  #positions: Map<Subscription, number> | undefined = undefined;

  constructor(first: Subscription, second: Subscription) {
    this.members = [first, second];
  }

  add(subscription: Subscription): void {
    this.members.push(subscription);
    if (this.#positions !== undefined) this.#positions.set(subscription, this.members.length - 1);
    else if (this.members.length > searchMax) this.#positions = new Map(this.members.map((member, index) => [member, index]));
  }

  remove(subscription: Subscription): void {
    const position = this.#positions === undefined ? this.members.indexOf(subscription) : this.#positions.get(subscription);
    const last = this.members.pop();
    if (last === undefined || position === undefined) return;
    if (position < this.members.length) {
      this.members[position] = last;
      this.#positions?.set(last, position);
    }
    this.#positions?.delete(subscription);
  }
}

export class Lists {
  /** By list number; a number is the next free list. List 0 is none. */
  #entries: (Subscription | Several | number)[] = [0];
  #free = 0;
  #lists = 0;

  /** A new list with one member. */
  create(subscription: Subscription): number {
    this.#lists++;
    const list = this.#free;
    if (list === 0) return this.#entries.push(subscription) - 1;
    const next = this.#entries[list];
    this.#free = typeof next === "number" ? next : 0;
    this.#entries[list] = subscription;
    return list;
  }

  add(list: number, subscription: Subscription): void {
    const entry = this.at(list);
    if (entry instanceof Several) entry.add(subscription);
    else this.#entries[list] = new Several(entry, subscription);
  }

  /** True when the list is empty now, and gone. */
  remove(list: number, subscription: Subscription): boolean {
    const entry = this.at(list);
    if (entry instanceof Several) {
      entry.remove(subscription);
      const [only, more] = entry.members;
      if (only !== undefined && more === undefined) this.#entries[list] = only;
      return false;
    }
    if (--this.#lists === 0) {
      this.#entries = [0];
      this.#free = 0;
    } else {
      this.#entries[list] = this.#free;
      this.#free = list;
    }
    return true;
  }

  /** The list's only member, or its several. */
  at(list: number): Subscription | Several {
    const entry = this.#entries[list]!;
    if (typeof entry === "number") throw new Error(`list ${list} of the index is free`);
    return entry;
  }

  /** Every subscription, in no order. */
  *all(): Generator<Subscription, void, undefined> {
    for (const entry of this.#entries) {
      if (entry instanceof Several) yield* entry.members;
      else if (entry instanceof Subscription) yield entry;
    }
  }
}
