/**
 * The bytes of tokens too long to stand in a node's own words: one growing array, cut into blocks that are freed and reused by size.
 *
 *     block   length (4 bytes, little endian) · bytes · padding to a multiple of 4
 *     free    place of the next free block of that size (4 bytes)
 */
const initialBytes = 1024;
const headerBytes = 4;

export class LongTokens {
  #bytes: Uint8Array = new Uint8Array(0);
  #used = 0;
  #live = 0;
  /** First free block by block size. */
  readonly #free: Map<number, number> = new Map();

  /** Copies a token in; returns its place. */
  add(from: Uint8Array, start: number, end: number): number {
    const place = this.#allocate(blockBytes(end - start));
    this.#write(place, end - start);
    this.#bytes.set(from.subarray(start, end), place + headerBytes);
    this.#live++;
    return place;
  }

  remove(place: number): void {
    if (--this.#live === 0) {
      this.#bytes = new Uint8Array(0);
      this.#used = 0;
      this.#free.clear();
      return;
    }
    const size = blockBytes(this.#read(place));
    this.#write(place, this.#free.get(size) ?? -1);
    this.#free.set(size, place);
  }

  equals(place: number, other: Uint8Array, start: number, end: number): boolean {
    const bytes = this.#bytes;
    const length = end - start;
    if (this.#read(place) !== length) return false;
    const base = place + headerBytes;
    for (let i = 0; i < length; i++) if (bytes[base + i] !== other[start + i]) return false;
    return true;
  }

  get memoryBytes(): number {
    return this.#bytes.length;
  }

  #allocate(size: number): number {
    const free = this.#free.get(size);
    if (free !== undefined) {
      const next = this.#read(free);
      if (next < 0) this.#free.delete(size);
      else this.#free.set(size, next);
      return free;
    }
    const place = this.#used;
    if (place + size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(initialBytes, place + size, Math.ceil(this.#bytes.length * 1.25)));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#used = place + size;
    return place;
  }

  #read(place: number): number {
    const bytes = this.#bytes;
    return bytes[place]! | (bytes[place + 1]! << 8) | (bytes[place + 2]! << 16) | (bytes[place + 3]! << 24);
  }

  #write(place: number, value: number): void {
    const bytes = this.#bytes;
    bytes[place] = value;
    bytes[place + 1] = value >> 8;
    bytes[place + 2] = value >> 16;
    bytes[place + 3] = value >> 24;
  }
}

function blockBytes(length: number): number {
  return (headerBytes + length + 3) & ~3;
}
