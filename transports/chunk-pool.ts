/**
 * The buffers that outboxes fill, shared by all connections of a broker: two sizes, kept for reuse up to a bound, counted so that
 * all connections together stay under a bound too.
 */

export const smallChunkBytes: number = 4 * 1024;
export const largeChunkBytes: number = 64 * 1024;

/** Kept for reuse at most: 1 MiB of small ones, 4 MiB of large ones. */
const smallKept = 256;
const largeKept = 64;

export class ChunkPool {
  /** Bytes of all chunks taken and not given back. */
  bytesOut: number;
  readonly #bytesOutMax: number;
  readonly #small: Buffer[];
  readonly #large: Buffer[];

  constructor(bytesOutMax: number) {
    this.bytesOut = 0;
    this.#bytesOutMax = bytesOutMax;
    this.#small = [];
    this.#large = [];
  }

  /** A chunk of exactly `bytes`; the two pooled sizes are reused. Undefined when all together have too much out. */
  take(bytes: number): Buffer | undefined {
    if (this.bytesOut + bytes > this.#bytesOutMax) return undefined;
    this.bytesOut += bytes;
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
}
