/**
 * Buffers for frames cut by the end of a chunk: lent for one frame, reused for the next, bounded for all connections of a door
 * together, so that announcing large messages takes no memory that others need.
 */

/** What the decoder asks for. */
export interface FrameMemory {
  /** A buffer of at least so many bytes; undefined: no room now. */
  take(bytes: number): Buffer | undefined;
  /** Nobody uses it any more. */
  give(buffer: Buffer): void;
}

const smallestBytes = 8 * 1024;
const stepBytes = 64 * 1024;
/** Kept for reuse at most. */
const keptBytesMax = 4 * 1024 * 1024;

export class FramePool implements FrameMemory {
  #bytesLeft: number;
  #keptBytes: number;
  readonly #kept: Map<number, Buffer[]>;

  constructor(bytesMax: number) {
    this.#bytesLeft = bytesMax;
    this.#keptBytes = 0;
    this.#kept = new Map();
  }

  take(bytes: number): Buffer | undefined {
    const size = sizeFor(bytes);
    if (size > this.#bytesLeft) return undefined;
    this.#bytesLeft -= size;
    const kept = this.#kept.get(size)?.pop();
    if (kept === undefined) return Buffer.allocUnsafeSlow(size);
    this.#keptBytes -= size;
    return kept;
  }

  give(buffer: Buffer): void {
    const size = buffer.length;
    this.#bytesLeft += size;
    if (this.#keptBytes + size > keptBytesMax) return;
    this.#keptBytes += size;
    const kept = this.#kept.get(size);
    if (kept === undefined) this.#kept.set(size, [buffer]);
    else kept.push(buffer);
  }
}

/** Powers of two, then steps: few sizes, so that what is kept fits again, and not much more than asked for. */
function sizeFor(bytes: number): number {
  if (bytes > stepBytes) return Math.ceil(bytes / stepBytes) * stepBytes;
  let size = smallestBytes;
  while (size < bytes) size *= 2;
  return size;
}
