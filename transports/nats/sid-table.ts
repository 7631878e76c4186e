/**
 * A session's subscriptions by sid. Clients count sids up from 1, so most are found in a plain array, at a fifth of a map's memory;
 * sids that are words, or run far ahead of how many there are, stand in a map.
 */
import type { Subscription } from "../../lib/subscription.ts";

/** A sid stands in the array up to twice the number of subscriptions and this. */
const headroom = 64;

export class SidTable {
  readonly #dense: (Subscription | undefined)[] = [];
  readonly #sparse: Map<string | number, Subscription> = new Map();
  #denseCount = 0;

  get size(): number {
    return this.#denseCount + this.#sparse.size;
  }

  get(sid: string | number): Subscription | undefined {
    return (typeof sid === "number" ? this.#dense[sid] : undefined) ?? this.#sparse.get(sid);
  }

  /** Enters a subscription whose sid is not there. */
  add(sid: string | number, subscription: Subscription): void {
    if (typeof sid !== "number" || sid > this.size * 2 + headroom) {
      this.#sparse.set(sid, subscription);
      return;
    }
    while (this.#dense.length <= sid) this.#dense.push(undefined);
    this.#dense[sid] = subscription;
    this.#denseCount++;
  }

  delete(sid: string | number): void {
    if (this.#sparse.delete(sid) || typeof sid !== "number" || this.#dense[sid] === undefined) return;
    this.#dense[sid] = undefined;
    this.#denseCount--;
    while (this.#dense.length > 0 && this.#dense[this.#dense.length - 1] === undefined) this.#dense.pop();
  }

  /** All of them, in an array of the caller's own. */
  list(): Subscription[] {
    return [...this.#dense.filter((subscription) => subscription !== undefined), ...this.#sparse.values()];
  }

  clear(): void {
    this.#dense.length = 0;
    this.#denseCount = 0;
    this.#sparse.clear();
  }
}

/** The sid as a number when it is one written plainly, because numbers take no memory; else as Latin-1 text. */
export function sidOf(buffer: Buffer, start: number, end: number): string | number {
  const bytes = end - start;
  if (bytes > 9 || (buffer[start] === 0x30 && bytes > 1)) return buffer.toString("latin1", start, end);
  let value = 0;
  for (let index = start; index < end; index++) {
    const digit = (buffer[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return buffer.toString("latin1", start, end);
    value = value * 10 + digit;
  }
  return value;
}
