/**
 * How often one address may make the broker hash: a bucket of attempts that refills by one a second. An attempt that turns out right
 * is given back, so only guessing is slowed down. The number of addresses remembered is bounded; the one unseen for longest is forgotten.
 */
import type { Clock } from "../../store/environment.ts";

interface Bucket {
  left: number;
  sinceMs: number;
}

const addressesMax = 10_000;
const refillMs = 1000;

export class Attempts {
  /** What an address may spend at once. */
  max: number;
  readonly #clock: Clock;
  readonly #buckets: Map<string, Bucket> = new Map();

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.max = max;
  }

  /** Number of addresses remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one attempt; false when there is none left now. */
  take(address: string): boolean {
    const bucket = this.#bucket(address);
    if (bucket.left < 1) return false;
    bucket.left--;
    return true;
  }

  giveBack(address: string): void {
    const bucket = this.#buckets.get(address);
    if (bucket === undefined) return;
    bucket.left++;
    if (bucket.left >= this.max) this.#buckets.delete(address);
  }

  #bucket(address: string): Bucket {
    const now = this.#clock.monotonicMs();
    const known = this.#buckets.get(address);
    if (known === undefined) {
      if (this.#buckets.size >= addressesMax) this.#forgetOldest();
      const made = { left: this.max, sinceMs: now };
      this.#buckets.set(address, made);
      return made;
    }
    const gained = Math.floor((now - known.sinceMs) / refillMs);
    known.left = Math.min(this.max, known.left + gained);
    known.sinceMs += gained * refillMs;
    this.#buckets.delete(address);
    this.#buckets.set(address, known);
    return known;
  }

  #forgetOldest(): void {
    for (const address of this.#buckets.keys()) {
      this.#buckets.delete(address);
      return;
    }
  }
}
