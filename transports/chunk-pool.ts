/**
 * The buffers that outboxes fill, shared by all connections of a broker: two sizes, kept for reuse up to a bound, counted so that
 * all connections together stay under a bound too: past it, the one with most waiting is cut.
 */
import { getHeapStatistics } from "node:v8";
import type { Clock } from "../lib/clock.ts";
import type { Limits } from "../lib/limits.ts";

export const smallChunkBytes: number = 4 * 1024;
export const largeChunkBytes: number = 64 * 1024;

/** Kept for reuse at most: 4 MiB of each. */
const smallKept = 1024;
const largeKept = 64;

/** A connection with bytes waiting. */
export interface Heavy {
  readonly pendingBytes: number;
  /** Ends it, as a slow consumer; its chunks come back at the end of the turn. */
  cut(): void;
}

/** Whoever has connections that take chunks. */
export interface PoolUser {
  heaviest(): Heavy | undefined;
}

export function poolBytesMax(limits: Limits): number {
  return Math.floor(getHeapStatistics().heap_size_limit * limits.pendingOutHeapShare);
}

export class ChunkPool {
  /** Bytes of all chunks taken and not given back. */
  bytesOut: number;
  readonly users: Set<PoolUser>;
  readonly #clock: Clock;
  readonly #bytesOutMax: number;
  #cutting: boolean;
  readonly #small: Buffer[];
  readonly #large: Buffer[];

  constructor(clock: Clock, bytesOutMax: number) {
    this.bytesOut = 0;
    this.users = new Set();
    this.#clock = clock;
    this.#cutting = false;
    this.#bytesOutMax = bytesOutMax;
    this.#small = [];
    this.#large = [];
  }

  /** A chunk of exactly `bytes`; the two pooled sizes are reused. */
  take(bytes: number): Buffer {
    this.bytesOut += bytes;
    if (this.bytesOut > this.#bytesOutMax) this.#cutHeaviest();
    if (bytes === smallChunkBytes) return this.#small.pop() ?? Buffer.allocUnsafeSlow(bytes);
    if (bytes === largeChunkBytes) return this.#large.pop() ?? Buffer.allocUnsafeSlow(bytes);
    return Buffer.allocUnsafeSlow(bytes);
  }

  give(chunk: Buffer): void {
    this.bytesOut -= chunk.length;
    if (chunk.length === smallChunkBytes) {
      if (this.#small.length < smallKept) this.#small.push(chunk);
    } else if (chunk.length === largeChunkBytes && this.#large.length < largeKept) {
      this.#large.push(chunk);
    }
  }

  /** As `give`, for a chunk that somebody may still read. */
  forget(chunk: Buffer): void {
    this.bytesOut -= chunk.length;
  }

  /** One a turn, because what it held comes back only then. */
  #cutHeaviest(): void {
    if (this.#cutting) return;
    this.#cutting = true;
    let heaviest: Heavy | undefined;
    for (const user of this.users) {
      const heavy = user.heaviest();
      if (heavy !== undefined && (heaviest === undefined || heavy.pendingBytes > heaviest.pendingBytes)) heaviest = heavy;
    }
    heaviest?.cut();
    this.#clock.endOfTurn(() => (this.#cutting = false));
  }
}
