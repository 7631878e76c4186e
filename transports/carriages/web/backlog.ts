/**
 * What a peer went on sending while its connection was paused, because the engine cannot stop reading. Frames are of no matter to the
 * protocols above, so their bytes are kept one after the other in chunks. Bounded for one connection and for all of an engine together.
 */
const chunkBytes: number = 64 * 1024;

/** Shared by the connections of one engine. */
export class BacklogBudget {
  readonly connectionBytesMax: number;
  readonly bytesMax: number;
  bytes = 0;

  constructor(connectionBytesMax: number, bytesMax: number) {
    this.connectionBytesMax = connectionBytesMax;
    this.bytesMax = bytesMax;
  }
}

export class Backlog {
  readonly #budget: BacklogBudget;
  #chunks: Buffer[] = [];
  /** Of the last chunk; the others are full. */
  #used = 0;
  /** Of all chunks, used or not. */
  #bytes = 0;

  constructor(budget: BacklogBudget) {
    this.#budget = budget;
  }

  get empty(): boolean {
    return this.#chunks.length === 0;
  }

  /** At most half of what may be kept is. */
  get roomy(): boolean {
    return this.#bytes * 2 <= this.#budget.connectionBytesMax && this.#budget.bytes * 2 <= this.#budget.bytesMax;
  }

  /** Copies. False: there is no room; nothing of it is kept. */
  add(bytes: Buffer): boolean {
    const last = this.#chunks.at(-1);
    const room = last === undefined ? 0 : last.length - this.#used;
    const first = Math.min(room, bytes.length);
    const rest = bytes.length - first;
    if (rest > 0) {
      const size = Math.max(chunkBytes, rest);
      const { bytes: all, bytesMax, connectionBytesMax } = this.#budget;
      if (this.#bytes + size > connectionBytesMax || all + size > bytesMax) return false;
      const chunk = Buffer.allocUnsafeSlow(size);
      if (last !== undefined) bytes.copy(last, this.#used, 0, first);
      bytes.copy(chunk, 0, first);
      this.#chunks.push(chunk);
      this.#used = rest;
      this.#bytes += size;
      this.#budget.bytes += size;
    } else if (last !== undefined) {
      this.#used += bytes.copy(last, this.#used);
    }
    return true;
  }

  /** The oldest chunk, which is the caller's now. */
  take(): Buffer | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return undefined;
    this.#bytes -= chunk.length;
    this.#budget.bytes -= chunk.length;
    return this.#chunks.length === 0 ? chunk.subarray(0, this.#used) : chunk;
  }

  clear(): void {
    this.#budget.bytes -= this.#bytes;
    this.#bytes = 0;
    this.#chunks = [];
  }
}
