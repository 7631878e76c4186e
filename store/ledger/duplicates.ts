/**
 * The message ids a log remembers inside its window: keyed 128-bit hashes in a ring in order of sequence, 24 bytes an id (hash 16,
 * sequence and time as 32-bit offsets), and an open-addressing table of ring places beside it. Ids leave at the old end only: after
 * the window, and in any case 2^32 milliseconds (49 days) or 2^32 records later.
 * The whole can be saved as bytes and read back; it carries its key.
 */
import type { Sequence } from "../store.ts";
import { hashKeyBytes, KeyedHash } from "./keyed-hash.ts";

const wordsPerId = 6;
const offsetMax = 0xffffffff;
const exportMagic = 0x31494457;
const exportHeaderBytes = 40;

export class Duplicates {
  /** The sequence found by the last `find` that returned true. */
  sequence: Sequence = 0;
  #hash: KeyedHash;
  #ring: Uint32Array = new Uint32Array(0);
  /** Ring places + 1 by hash; twice the ring's capacity. */
  #table: Int32Array = new Int32Array(0);
  #capacity = 0;
  #head = 0;
  #count = 0;
  #baseSequence = 0;
  #baseMs = 0;
  #scratch: Buffer = Buffer.alloc(0);
  /** Ids are refused beyond so many. */
  readonly #idsMax: number;

  constructor(hash: KeyedHash, idsMax: number) {
    this.#hash = hash;
    this.#idsMax = idsMax;
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count >= this.#idsMax;
  }

  /** Forgets ids whose age has reached the window. */
  expire(nowUs: number, windowMs: number): void {
    if (this.#count === 0) return;
    const limit = nowUs / 1000 - windowMs;
    while (this.#count > 0 && this.#baseMs + this.#ring[this.#head * wordsPerId + 5]! <= limit) this.#dropOldest();
  }

  /** Hashes an id given as text; `find` and `add` speak of it from then on. */
  take(id: string): void {
    const length = id.length * 3;
    if (this.#scratch.length < length) this.#scratch = Buffer.allocUnsafe(Math.max(128, length));
    const scratch = this.#scratch;
    let at = 0;
    for (; at < id.length; at++) {
      const code = id.charCodeAt(at);
      if (code >= 0x80) break;
      scratch[at] = code;
    }
    const end = at === id.length ? at : scratch.write(id, 0);
    this.#hash.hash128(scratch, 0, end);
  }

  /** The same for an id given as bytes of UTF-8. */
  takeBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#hash.hash128(bytes, start, end);
  }

  /** True when the taken id is remembered; `sequence` says as what. */
  find(): boolean {
    if (this.#count === 0) return false;
    const hash = this.#hash;
    const mask = this.#table.length - 1;
    for (let slot = hash.word0 & mask; ; slot = (slot + 1) & mask) {
      const place = this.#table[slot]! - 1;
      if (place < 0) return false;
      const at = place * wordsPerId;
      const ring = this.#ring;
      if (ring[at] === hash.word0 && ring[at + 1] === hash.word1 && ring[at + 2] === hash.word2 && ring[at + 3] === hash.word3) {
        this.sequence = this.#baseSequence + ring[at + 4]!;
        return true;
      }
    }
  }

  /** Remembers the taken id, whose sequence and time are not below those added before. */
  add(sequence: Sequence, timeUs: number): void {
    const hash = this.#hash;
    this.#push(hash.word0, hash.word1, hash.word2, hash.word3, sequence, Math.floor(timeUs / 1000));
  }

  clear(): void {
    this.#ring = new Uint32Array(0);
    this.#table = new Int32Array(0);
    this.#capacity = this.#head = this.#count = 0;
  }

  /**
   * Bytes, little-endian: u32 magic, u32 count, key 16, f64 base sequence, f64 base time (ms), then 6 u32 an id.
   */
  export(): Buffer {
    const bytes = Buffer.alloc(exportHeaderBytes + this.#count * wordsPerId * 4);
    bytes.writeUInt32LE(exportMagic, 0);
    bytes.writeUInt32LE(this.#count, 4);
    bytes.set(this.#hash.key, 8);
    bytes.writeDoubleLE(this.#baseSequence, 24);
    bytes.writeDoubleLE(this.#baseMs, 32);
    let to = exportHeaderBytes;
    for (let index = 0; index < this.#count; index++) {
      const at = ((this.#head + index) % this.#capacity) * wordsPerId;
      for (let word = 0; word < wordsPerId; word++, to += 4) bytes.writeUInt32LE(this.#ring[at + word]!, to);
    }
    return bytes;
  }

  /** Replaces everything by what was exported. False when the bytes are no export. */
  import(bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < exportHeaderBytes || view.getUint32(0, true) !== exportMagic) return false;
    const count = view.getUint32(4, true);
    if (bytes.length !== exportHeaderBytes + count * wordsPerId * 4) return false;
    this.clear();
    this.#hash = new KeyedHash(bytes.subarray(8, 8 + hashKeyBytes));
    const baseSequence = view.getFloat64(24, true);
    const baseMs = view.getFloat64(32, true);
    for (let index = 0, at = exportHeaderBytes; index < count; index++, at += wordsPerId * 4) {
      this.#push(
        view.getUint32(at, true),
        view.getUint32(at + 4, true),
        view.getUint32(at + 8, true),
        view.getUint32(at + 12, true),
        baseSequence + view.getUint32(at + 16, true),
        baseMs + view.getUint32(at + 20, true),
      );
    }
    return true;
  }

  #push(word0: number, word1: number, word2: number, word3: number, sequence: Sequence, timeMs: number): void {
    if (sequence - this.#baseSequence > offsetMax || timeMs - this.#baseMs > offsetMax) this.#makeReach(sequence, timeMs);
    if (this.#count === 0) {
      this.#baseSequence = sequence;
      this.#baseMs = timeMs;
    }
    if (this.#count === this.#capacity) this.#grow();
    const place = (this.#head + this.#count) % this.#capacity;
    const at = place * wordsPerId;
    this.#ring[at] = word0;
    this.#ring[at + 1] = word1;
    this.#ring[at + 2] = word2;
    this.#ring[at + 3] = word3;
    this.#ring[at + 4] = sequence - this.#baseSequence;
    this.#ring[at + 5] = Math.max(timeMs - this.#baseMs, 0);
    this.#count++;
    this.#enter(place, word0);
  }

  #enter(place: number, word0: number): void {
    const mask = this.#table.length - 1;
    let slot = word0 & mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
    this.#table[slot] = place + 1;
  }

  #dropOldest(): void {
    const place = this.#head;
    const mask = this.#table.length - 1;
    let slot = this.#ring[place * wordsPerId]! & mask;
    while (this.#table[slot] !== place + 1) slot = (slot + 1) & mask;
    this.#vacate(slot);
    this.#head = (place + 1) % this.#capacity;
    if (--this.#count === 0) {
      if (this.#capacity > 1024) this.clear();
      else this.#head = 0;
    }
  }

  /** Empties a slot and moves those behind it up, so that no search ends too early. */
  #vacate(slot: number): void {
    const mask = this.#table.length - 1;
    let hole = slot;
    let at = slot;
    for (;;) {
      at = (at + 1) & mask;
      const entry = this.#table[at]!;
      if (entry === 0) break;
      const home = this.#ring[(entry - 1) * wordsPerId]! & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        this.#table[hole] = entry;
        hole = at;
      }
    }
    this.#table[hole] = 0;
  }

  /** Makes the oldest id from which the new one can be reached the base of all offsets. */
  #makeReach(sequence: Sequence, timeMs: number): void {
    while (this.#count > 0) {
      const oldest = this.#head * wordsPerId;
      const tooFar = sequence - this.#baseSequence - this.#ring[oldest + 4]! > offsetMax;
      if (!tooFar && timeMs - this.#baseMs - this.#ring[oldest + 5]! <= offsetMax) break;
      this.#dropOldest();
    }
    if (this.#count === 0) return;
    const sequenceBy = this.#ring[this.#head * wordsPerId + 4]!;
    const timeBy = this.#ring[this.#head * wordsPerId + 5]!;
    for (let index = 0; index < this.#count; index++) {
      const at = ((this.#head + index) % this.#capacity) * wordsPerId;
      this.#ring[at + 4] = this.#ring[at + 4]! - sequenceBy;
      this.#ring[at + 5] = this.#ring[at + 5]! - timeBy;
    }
    this.#baseSequence += sequenceBy;
    this.#baseMs += timeBy;
  }

  #grow(): void {
    const capacity = Math.max(16, this.#capacity * 2);
    const ring = new Uint32Array(capacity * wordsPerId);
    const split = this.#ring.subarray(this.#head * wordsPerId);
    ring.set(split);
    ring.set(this.#ring.subarray(0, this.#head * wordsPerId), split.length);
    this.#ring = ring;
    this.#head = 0;
    this.#capacity = capacity;
    this.#table = new Int32Array(capacity * 2);
    for (let place = 0; place < this.#count; place++) this.#enter(place, ring[place * wordsPerId]!);
  }
}
