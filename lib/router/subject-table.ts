/**
 * The subjects worth remembering, found by their bytes. Bounded in number and in bytes. A subject is let in when it is met for the
 * second time soon after the first, so that streams of one-off subjects pass by without costing memory, and at the bound an
 * entry that was not used for a round leaves.
 */
import { Subject } from "./subject.ts";
import { mix, spread } from "./token.ts";

const entriesMin = 1024;
/** First meetings are remembered by 16 bits of their hash in a table of this size; so many of them make it grow. */
const meetingsMin = 4096;
const meetingsMax: number = 256 * 1024;
/** A longer subject is never interned. */
const internedBytesMax = 512;

export class SubjectTable {
  readonly #entriesMax: number;
  readonly #bytesMax: number;
  readonly #seed: number;
  /** Entry numbers plus one, open addressing by hash, 0 = free. At least twice as many as entries. */
  #slots: Int32Array;
  /** By entry number. */
  readonly #subjects: (Subject | undefined)[] = [];
  #hashes: Int32Array;
  #used: Uint8Array;
  readonly #free: number[] = [];
  #count = 0;
  #bytes = 0;
  #hand = 0;
  #tidy = 0;
  #meetings: Uint16Array = new Uint16Array(meetingsMin);
  #firstMeetings = 0;

  constructor(entriesMax: number, bytesMax: number, seed: number) {
    this.#entriesMax = Math.max(1, entriesMax);
    this.#bytesMax = bytesMax;
    this.#seed = seed;
    const capacity = Math.min(entriesMin, this.#entriesMax);
    this.#slots = new Int32Array(slotsFor(capacity));
    this.#hashes = new Int32Array(capacity);
    this.#used = new Uint8Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Finds the entry, or makes it when the subject has been met before; undefined says: treat it as a one-off. */
  intern(bytes: Buffer, start: number, end: number): Subject | undefined {
    if (end - start > internedBytesMax) return undefined;
    const hash = this.#hash(bytes, start, end);
    return this.#find(hash, bytes, start, end) ?? (this.#metBefore(hash) ? this.#enter(hash, bytes, start, end) : undefined);
  }

  /** Some entry, another each time: for its owner to tidy a little now and then. */
  next(): Subject | undefined {
    if (this.#tidy >= this.#subjects.length) this.#tidy = 0;
    return this.#subjects[this.#tidy++];
  }

  /** Every entry, in no order. None may be added meanwhile. */
  *all(): Generator<Subject, void, undefined> {
    for (const subject of this.#subjects) if (subject !== undefined) yield subject;
  }

  #hash(bytes: Buffer, start: number, end: number): number {
    let hash = this.#seed ^ (end - start);
    let at = start;
    for (; at + 4 <= end; at += 4) {
      hash = mix(hash, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    }
    for (; at < end; at++) hash = mix(hash, bytes[at]!);
    return spread(hash);
  }

  #find(hash: number, bytes: Buffer, start: number, end: number): Subject | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const length = end - start;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const entry = slots[i]! - 1;
      if (entry < 0) return undefined;
      if (this.#hashes[entry] !== hash) continue;
      const subject = this.#subjects[entry]!;
      const own = subject.bytes;
      if (own.length !== length) continue;
      let at = 0;
      while (at < length && own[at] === bytes[start + at]) at++;
      if (at < length) continue;
      this.#used[entry] = 1;
      return subject;
    }
  }

  #metBefore(hash: number): boolean {
    const mark = hash >>> 16 || 1;
    const place = (Math.imul(hash, 0x9e37_79b1) >>> 8) & (this.#meetings.length - 1);
    if (this.#meetings[place] === mark) return true;
    // Two that share a place and alternate would never be met twice there, if each always replaced the other.
    if (this.#meetings[place] === 0 || (this.#firstMeetings & 1) === 0) this.#meetings[place] = mark;
    if (++this.#firstMeetings > this.#meetings.length * 2 && this.#meetings.length < meetingsMax) {
      this.#meetings = new Uint16Array(this.#meetings.length * 8);
      this.#firstMeetings = 0;
    }
    return false;
  }

  #enter(hash: number, bytes: Buffer, start: number, end: number): Subject {
    const subject = new Subject(Buffer.from(bytes.subarray(start, end)), false);
    while (this.#bytes + subject.bytes.length > this.#bytesMax && this.#count > 0) this.#evict();
    if (this.#count === this.#entriesMax) this.#evict();
    const entry = this.#free.pop() ?? this.#subjects.length;
    if (entry === this.#hashes.length) this.#grow();
    this.#subjects[entry] = subject;
    this.#hashes[entry] = hash;
    this.#used[entry] = 1;
    this.#place(entry);
    this.#count++;
    this.#bytes += subject.bytes.length;
    return subject;
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let i = this.#hashes[entry]! & mask;
    while (this.#slots[i] !== 0) i = (i + 1) & mask;
    this.#slots[i] = entry + 1;
  }

  #grow(): void {
    const capacity = Math.min(this.#hashes.length * 2, this.#entriesMax);
    const hashes = new Int32Array(capacity);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const used = new Uint8Array(capacity);
    used.set(this.#used);
    this.#used = used;
    this.#slots = new Int32Array(slotsFor(capacity));
    for (let entry = 0; entry < this.#subjects.length; entry++) if (this.#subjects[entry] !== undefined) this.#place(entry);
  }

  /** Sends away the first entry, from the hand on, that was not used since the hand last passed. */
  #evict(): void {
    for (;;) {
      const entry = this.#hand < this.#subjects.length ? this.#hand : 0;
      this.#hand = entry + 1;
      const subject = this.#subjects[entry];
      if (subject === undefined) continue;
      if (this.#used[entry] === 1) {
        this.#used[entry] = 0;
        continue;
      }
      this.#unplace(entry);
      this.#subjects[entry] = undefined;
      this.#free.push(entry);
      this.#count--;
      this.#bytes -= subject.bytes.length;
      return;
    }
  }

  /** Frees the entry's slot; those after it move back unless they would come before where their probe begins. */
  #unplace(entry: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#hashes[entry]! & mask;
    while (slots[hole] !== entry + 1) hole = (hole + 1) & mask;
    for (let i = (hole + 1) & mask; slots[i] !== 0; i = (i + 1) & mask) {
      const home = this.#hashes[slots[i]! - 1]! & mask;
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        slots[hole] = slots[i]!;
        hole = i;
      }
    }
    slots[hole] = 0;
  }
}

function slotsFor(entries: number): number {
  let slots = 16;
  while (slots < entries * 2) slots *= 2;
  return slots;
}
