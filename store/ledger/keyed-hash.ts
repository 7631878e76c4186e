/**
 * HalfSipHash-1-3 over bytes: a keyed hash, so that nobody outside can choose subjects or message ids that collide. One key per
 * store, drawn from the injected Random (and kept with what it hashed, when that is saved).
 */

/** Bytes of a key. */
export const hashKeyBytes = 16;

export class KeyedHash {
  /** The key, to be saved beside hashes that outlive the process. */
  readonly key: Uint8Array;
  /** The last `hash128`, as four unsigned words. */
  word0 = 0;
  word1 = 0;
  word2 = 0;
  word3 = 0;
  readonly #k0: number;
  readonly #k1: number;
  readonly #k2: number;
  readonly #k3: number;
  #high = 0;

  constructor(key: Uint8Array) {
    if (key.length !== hashKeyBytes) throw new RangeError(`a hash key has ${hashKeyBytes} bytes`);
    this.key = Uint8Array.from(key);
    const view = new DataView(this.key.buffer);
    this.#k0 = view.getInt32(0, true);
    this.#k1 = view.getInt32(4, true);
    this.#k2 = view.getInt32(8, true);
    this.#k3 = view.getInt32(12, true);
  }

  /** 32 bits, unsigned. */
  hash32(bytes: Uint8Array, start: number, end: number): number {
    return this.#run(bytes, start, end, this.#k0, this.#k1, false);
  }

  /** 128 bits, left in `word0` … `word3`. */
  hash128(bytes: Uint8Array, start: number, end: number): void {
    this.word0 = this.#run(bytes, start, end, this.#k0, this.#k1, true);
    this.word1 = this.#high;
    this.word2 = this.#run(bytes, start, end, this.#k2, this.#k3, true);
    this.word3 = this.#high;
  }

  #run(bytes: Uint8Array, start: number, end: number, k0: number, k1: number, wide: boolean): number {
    let v0 = k0;
    let v1 = k1 ^ (wide ? 0xee : 0);
    let v2 = 0x6c796765 ^ k0;
    let v3 = 0x74656462 ^ k1;
    let at = start;
    const whole = start + ((end - start) & ~3);
    for (;;) {
      let word: number;
      const last = at >= whole;
      if (last) {
        word = (end - start) << 24;
        if (at < end) word |= bytes[at]!;
        if (at + 1 < end) word |= bytes[at + 1]! << 8;
        if (at + 2 < end) word |= bytes[at + 2]! << 16;
      } else {
        word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
      if (last) break;
      at += 4;
    }
    v2 ^= wide ? 0xee : 0xff;
    let result = 0;
    for (let round = 0; round < (wide ? 6 : 3); round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      if (round === 2) {
        result = (v1 ^ v3) >>> 0;
        if (wide) v1 ^= 0xdd;
      }
    }
    if (wide) this.#high = (v1 ^ v3) >>> 0;
    return result;
  }
}
