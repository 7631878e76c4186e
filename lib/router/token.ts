/**
 * One token of a subject or filter, in the form the index stores and compares. A short token is its own two words, so equality is
 * two comparisons; a long one is known by its hash, and its bytes are compared in `LongTokens`.
 *
 *     short, 1..7 bytes   word0 = bytes 0..3, word1 = bytes 4..6 and the length in the top byte (so word1 > 0)
 *     long                word0 = unused here, a place in LongTokens inside the index; word1 = hash with the top bit set (so word1 < 0)
 */
export const dot = 0x2e;
const shortBytesMax = 7;

/** A reused reader: its fields describe the token read last. */
export class Token {
  word0 = 0;
  word1 = 0;
  hash = 0;
  start = 0;
  end = 0;
  readonly #seed: number;

  /** `seed` makes collisions unpredictable for those who choose the subjects. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** Reads the token that begins at `start`, up to the next dot or `limit`. Returns its end; equal to `start` when it is empty. */
  read(bytes: Uint8Array, start: number, limit: number): number {
    let end = start;
    while (end < limit && bytes[end] !== dot) end++;
    this.start = start;
    this.end = end;
    if (end - start <= shortBytesMax) this.#readShort(bytes, start, end);
    else this.#readLong(bytes, start, end);
    return end;
  }

  get empty(): boolean {
    return this.end === this.start;
  }

  get isStar(): boolean {
    return this.word0 === 0x2a && this.word1 === 1 << 24;
  }

  get isRest(): boolean {
    return this.word0 === 0x3e && this.word1 === 1 << 24;
  }

  #readShort(bytes: Uint8Array, start: number, end: number): void {
    const middle = start + 4;
    let word1 = end - start;
    for (let i = start + 6; i >= middle; i--) word1 = (word1 << 8) | (i < end ? bytes[i]! : 0);
    let word0 = 0;
    for (let i = (end < middle ? end : middle) - 1; i >= start; i--) word0 = (word0 << 8) | bytes[i]!;
    this.word0 = word0;
    this.word1 = word1;
    this.hash = mix(mix(this.#seed, word0), word1);
  }

  #readLong(bytes: Uint8Array, start: number, end: number): void {
    let hash = this.#seed ^ (end - start);
    let at = start;
    for (; at + 4 <= end; at += 4) {
      hash = mix(hash, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    }
    for (; at < end; at++) hash = mix(hash, bytes[at]!);
    this.word0 = 0;
    this.word1 = hash | 0x8000_0000;
    this.hash = hash;
  }
}

/** Folds a word into a hash. */
export function mix(hash: number, word: number): number {
  const folded = Math.imul(hash ^ word, 0x9e37_79b1);
  return folded ^ (folded >>> 15);
}

/** Spreads a hash so that its top bits and its low bits are both usable. */
export function spread(hash: number): number {
  let spreading = hash;
  spreading = Math.imul(spreading ^ (spreading >>> 16), 0x85eb_ca6b);
  spreading = Math.imul(spreading ^ (spreading >>> 13), 0xc2b2_ae35);
  return spreading ^ (spreading >>> 16);
}
