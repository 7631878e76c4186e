/**
 * The interior sequences of one log that are gone, between its first and its last record: a bitmap in chunks of 4,096 sequences,
 * where a chunk that is wholly gone takes no bitmap. A log without holes owns one empty map.
 */
import type { Sequence } from "../store.ts";

const chunkBits = 4096;
const chunkWords = chunkBits / 32;

interface Chunk {
  /** Undefined: every sequence of the chunk is gone. */
  bits: Uint32Array | undefined;
  count: number;
}

export class Deletions {
  #count = 0;
  readonly #chunks: Map<number, Chunk> = new Map();
  /** Everything below is forgotten. */
  #floor = 0;

  /** How many are gone. */
  get count(): number {
    return this.#count;
  }

  has(sequence: Sequence): boolean {
    if (this.#count === 0) return false;
    const chunk = this.#chunks.get(Math.floor(sequence / chunkBits));
    if (chunk === undefined) return false;
    const bit = sequence % chunkBits;
    return chunk.bits === undefined || (chunk.bits[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }

  /** False when it was gone already. */
  add(sequence: Sequence): boolean {
    const key = Math.floor(sequence / chunkBits);
    let chunk = this.#chunks.get(key);
    if (chunk === undefined) {
      chunk = { bits: new Uint32Array(chunkWords), count: 0 };
      this.#chunks.set(key, chunk);
    }
    if (chunk.bits === undefined) return false;
    const bit = sequence % chunkBits;
    const word = bit >>> 5;
    const mask = 1 << (bit & 31);
    const before = chunk.bits[word]!;
    if ((before & mask) !== 0) return false;
    chunk.bits[word] = before | mask;
    this.#count++;
    if (++chunk.count === chunkBits) chunk.bits = undefined;
    return true;
  }

  /** Adds all of `first … last`. */
  addRange(first: Sequence, last: Sequence): void {
    let at = first;
    while (at <= last) {
      const key = Math.floor(at / chunkBits);
      const chunkLast = (key + 1) * chunkBits - 1;
      if (at === key * chunkBits && last >= chunkLast) {
        const chunk = this.#chunks.get(key);
        this.#count += chunkBits - (chunk?.count ?? 0);
        this.#chunks.set(key, { bits: undefined, count: chunkBits });
        at = chunkLast + 1;
      } else {
        const end = Math.min(last, chunkLast);
        for (; at <= end; at++) this.add(at);
      }
    }
  }

  /** The lowest sequence ≥ `sequence` that is not gone. */
  nextLive(sequence: Sequence): Sequence {
    let at = sequence;
    while (this.#count > 0) {
      const key = Math.floor(at / chunkBits);
      const chunk = this.#chunks.get(key);
      if (chunk === undefined) return at;
      if (chunk.bits !== undefined) {
        const bit = firstBit(chunk.bits, at % chunkBits, true);
        if (bit < chunkBits) return key * chunkBits + bit;
      }
      at = (key + 1) * chunkBits;
    }
    return at;
  }

  /** The lowest sequence in `sequence … last` that is gone; `last + 1` when none is. */
  nextGone(sequence: Sequence, last: Sequence): Sequence {
    if (this.#count === 0) return last + 1;
    let at = sequence;
    while (at <= last) {
      const key = Math.floor(at / chunkBits);
      const chunk = this.#chunks.get(key);
      if (chunk !== undefined) {
        const bit = chunk.bits === undefined ? at % chunkBits : firstBit(chunk.bits, at % chunkBits, false);
        if (bit < chunkBits) return Math.min(key * chunkBits + bit, last + 1);
      }
      at = (key + 1) * chunkBits;
    }
    return last + 1;
  }

  /** How many of `first … last` are gone. */
  countIn(first: Sequence, last: Sequence): number {
    if (this.#count === 0 || last < first) return 0;
    const from = Math.floor(first / chunkBits);
    const to = Math.floor(last / chunkBits);
    let count = 0;
    if (to - from > this.#chunks.size) {
      for (const key of this.#chunks.keys()) if (key >= from && key <= to) count += this.#countInChunk(key, first, last);
    } else {
      for (let key = from; key <= to; key++) count += this.#countInChunk(key, first, last);
    }
    return count;
  }

  /** Forgets everything below `floor`, which only rises. */
  trim(floor: Sequence): void {
    if (floor <= this.#floor) return;
    const old = this.#floor;
    this.#floor = floor;
    if (this.#count === 0) {
      if (this.#chunks.size > 0) this.#chunks.clear();
      return;
    }
    const boundary = Math.floor(floor / chunkBits);
    const from = Math.floor(old / chunkBits);
    if (boundary - from > this.#chunks.size) {
      for (const key of this.#chunks.keys()) if (key < boundary) this.#forget(key);
    } else {
      for (let key = from; key < boundary; key++) this.#forget(key);
    }
    const chunk = this.#chunks.get(boundary);
    if (chunk === undefined) return;
    const end = floor % chunkBits;
    if (chunk.bits === undefined) {
      if (end === 0) return;
      chunk.bits = new Uint32Array(chunkWords).fill(0xffffffff);
    }
    const start = from === boundary ? old % chunkBits : 0;
    const cleared = clearBits(chunk.bits, start, end);
    chunk.count -= cleared;
    this.#count -= cleared;
    if (chunk.count === 0) this.#chunks.delete(boundary);
  }

  /** Forgets everything. */
  clear(): void {
    this.#chunks.clear();
    this.#count = 0;
  }

  /** Ascending runs `[first, last, first, last …]` within `from … to`, at most `runsMax` runs. */
  runs(from: Sequence, to: Sequence, runsMax: number): number[] {
    const runs: number[] = [];
    let at = this.nextGone(from, to);
    while (at <= to && runs.length < runsMax * 2) {
      const end = Math.min(this.nextLive(at) - 1, to);
      runs.push(at, end);
      at = this.nextGone(end + 1, to);
    }
    return runs;
  }

  #countInChunk(key: number, first: Sequence, last: Sequence): number {
    const chunk = this.#chunks.get(key);
    if (chunk === undefined) return 0;
    const base = key * chunkBits;
    const start = Math.max(first - base, 0);
    const end = Math.min(last - base + 1, chunkBits);
    if (chunk.bits === undefined) return end - start;
    return start === 0 && end === chunkBits ? chunk.count : countBits(chunk.bits, start, end);
  }

  #forget(key: number): void {
    const chunk = this.#chunks.get(key);
    if (chunk === undefined) return;
    this.#count -= chunk.count;
    this.#chunks.delete(key);
  }
}

/** The lowest bit ≥ `from` that is set (or, with `inverted`, clear); `chunkBits` when none. */
function firstBit(bits: Uint32Array, from: number, inverted: boolean): number {
  let word = from >>> 5;
  let value = (inverted ? ~bits[word]! : bits[word]!) & (-1 << (from & 31));
  for (;;) {
    if (value !== 0) return word * 32 + (31 - Math.clz32(value & -value));
    if (++word === chunkWords) return chunkBits;
    value = inverted ? ~bits[word]! : bits[word]!;
  }
}

function countBits(bits: Uint32Array, start: number, end: number): number {
  let count = 0;
  for (let word = start >>> 5; word * 32 < end; word++) count += ones(bits[word]! & maskOf(word, start, end));
  return count;
}

/** Clears `start … end - 1` and returns how many were set. */
function clearBits(bits: Uint32Array, start: number, end: number): number {
  let cleared = 0;
  for (let word = start >>> 5; word * 32 < end; word++) {
    const mask = maskOf(word, start, end);
    cleared += ones(bits[word]! & mask);
    bits[word] = bits[word]! & ~mask;
  }
  return cleared;
}

/** The bits of `word` that lie in `start … end - 1`. */
function maskOf(word: number, start: number, end: number): number {
  let mask = -1;
  if (start > word * 32) mask &= -1 << (start - word * 32);
  if (end < word * 32 + 32) mask &= ~(-1 << (end - word * 32));
  return mask;
}

function ones(value: number): number {
  let x = value - ((value >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
