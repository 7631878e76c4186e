/**
 * The texts of a subject index: bytes in chunks, given out in multiples of 8 and taken back onto a free list per size, so that
 * subjects that come and go do not grow it. A place is chunk × 2^18 + offset in units of one byte; texts never span chunks.
 */

const chunkShift = 18;
const chunkBytes = 1 << chunkShift;
const chunkMask = chunkBytes - 1;
const unit = 8;

/** Longest text, bytes. */
export const textBytesMax = 65_535;

export class SubjectArena {
  readonly #chunks: Buffer[] = [];
  /** By length in units: the first free place + 1, linked through the free bytes themselves. */
  readonly #free: number[] = [];
  #end = 0;

  /** The chunk a place lies in. */
  chunk(place: number): Buffer {
    return this.#chunks[place >>> chunkShift]!;
  }

  /** The place's offset in its chunk. */
  offset(place: number): number {
    return place & chunkMask;
  }

  /** Copies a text in and returns its place. */
  put(bytes: Uint8Array, start: number, end: number): number {
    const place = this.#take(Math.max(1, Math.ceil((end - start) / unit)));
    const chunk = this.#chunks[place >>> chunkShift]!;
    const at = place & chunkMask;
    for (let index = start, to = at; index < end; index++, to++) chunk[to] = bytes[index]!;
    return place;
  }

  /** Takes the room of a text of `length` bytes back. */
  release(place: number, length: number): void {
    const units = Math.max(1, Math.ceil(length / unit));
    this.#chunks[place >>> chunkShift]!.writeDoubleLE(this.#free[units] ?? 0, place & chunkMask);
    while (this.#free.length <= units) this.#free.push(0);
    this.#free[units] = place + 1;
  }

  equals(place: number, bytes: Uint8Array, start: number, end: number): boolean {
    const chunk = this.#chunks[place >>> chunkShift]!;
    for (let index = start, at = place & chunkMask; index < end; index++, at++) if (chunk[at] !== bytes[index]) return false;
    return true;
  }

  /** What it is, as numbers: with `parts` it can be made again. */
  shape(into: number[]): void {
    into.push(this.#end, this.#free.length, ...this.#free, this.#chunks.length);
    for (const chunk of this.#chunks) into.push(chunk.length);
  }

  /** Takes a shape on, of numbers from `at` on: `parts` are to be filled. Returns where the numbers end. */
  reshape(numbers: readonly number[], at: number): number {
    const freeAt = at + 2;
    const chunksAt = freeAt + numbers[at + 1]!;
    this.clear();
    this.#end = numbers[at]!;
    for (let index = freeAt; index < chunksAt; index++) this.#free.push(numbers[index]!);
    const end = chunksAt + 1 + numbers[chunksAt]!;
    for (let index = chunksAt + 1; index < end; index++) this.#chunks.push(Buffer.alloc(numbers[index]!));
    return end;
  }

  /** Its memory, piece by piece. */
  parts(into: Uint8Array[]): void {
    into.push(...this.#chunks);
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#free.length = 0;
    this.#end = 0;
  }

  #take(units: number): number {
    const free = this.#free[units] ?? 0;
    if (free > 0) {
      const place = free - 1;
      this.#free[units] = this.#chunks[place >>> chunkShift]!.readDoubleLE(place & chunkMask);
      return place;
    }
    const bytes = units * unit;
    const index = this.#end >>> chunkShift;
    if (this.#chunks.length === 0) this.#chunks.push(Buffer.alloc(Math.max(256, bytes)));
    const room = chunkBytes - (this.#end & chunkMask);
    if (index === this.#chunks.length || room < bytes) {
      this.#end = this.#chunks.length * chunkBytes;
      this.#chunks.push(Buffer.alloc(chunkBytes));
    } else if (index === 0 && this.#end + bytes > this.#chunks[0]!.length) {
      this.#growFirst(this.#end + bytes);
    }
    const place = this.#end;
    this.#end += bytes;
    return place;
  }

  /** The first chunk starts small, because most logs have few subjects. */
  #growFirst(needed: number): void {
    const old = this.#chunks[0]!;
    let size = old.length;
    while (size < needed) size *= 2;
    const grown = Buffer.alloc(Math.min(size, chunkBytes));
    old.copy(grown);
    this.#chunks[0] = grown;
  }
}
