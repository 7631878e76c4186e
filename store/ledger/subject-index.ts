/**
 * Every subject of one log: how many records, the first, the last and all in between. Open addressing over 40-byte entries in
 * typed arrays and a byte arena: about 50 bytes a subject and its text. The table grows by moving a few slots with each call, so
 * that no call stalls at a million subjects.
 *
 *   entry, 40 bytes: f64 first · f64 last · u32 hash · u32 text place · u32 text length · u32 count · i32 head · i32 tail
 *   head and tail: oldest and newest node of the records between first and last
 */
import type { Sequence } from "../store.ts";
import type { KeyedHash } from "./keyed-hash.ts";
import { noNode, SequenceLists } from "./sequence-lists.ts";
import { SubjectArena, textBytesMax } from "./subject-arena.ts";

const chunkShift = 12;
const chunkEntries = 1 << chunkShift;
const chunkMask = chunkEntries - 1;
const entryDoubles = 5;
const entryWords = 10;

const firstAt = 0;
const lastAt = 1;
const hashAt = 4;
const placeAt = 5;
const lengthAt = 6;
const countAt = 7;
const headAt = 8;
const tailAt = 9;

/** Slots moved from the old table to the new one by each call. */
const slotsMoved = 32;
const moved = -1;

interface Chunk {
  readonly doubles: Float64Array;
  readonly words: Int32Array;
}

export const noSubject = -1;

export class SubjectIndex {
  /** Where `showText` found the text. */
  textBuffer: Buffer = Buffer.alloc(0);
  textStart = 0;
  textEnd = 0;
  readonly #hash: KeyedHash;
  readonly #arena: SubjectArena = new SubjectArena();
  readonly #lists: SequenceLists = new SequenceLists();
  #chunks: Chunk[] = [];
  #used = 0;
  #free = noSubject;
  #size = 0;
  /** Grows with each subject that comes or goes: an order made of the entries is good while it stays. */
  #generation = 0;
  /** Entries + 1; 0 = empty. */
  #slots: Int32Array = new Int32Array(8);
  /** The table before it grew, while it is moved; `moved` marks what has gone. */
  #oldSlots: Int32Array | undefined = undefined;
  #oldAt = 0;
  #recent = noSubject;

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  /** The key its hashes were made with. */
  get hashKey(): Uint8Array {
    return this.#hash.key;
  }

  /** Number of subjects. */
  get size(): number {
    return this.#size;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Entries are numbered below this; some may be free. */
  get entriesEnd(): number {
    return this.#used;
  }

  /** The subject's entry, `noSubject` when it has no record. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (this.#size === 0) return noSubject;
    if (this.#recent !== noSubject && this.#is(this.#recent, bytes, start, end)) return this.#recent;
    const hash = this.#hash.hash32(bytes, start, end) | 0;
    return this.#lookUp(hash, bytes, start, end);
  }

  /** Records of the entry; 0 when the entry is free. */
  count(entry: number): number {
    return this.#chunks[entry >>> chunkShift]!.words[(entry & chunkMask) * entryWords + countAt]!;
  }

  first(entry: number): Sequence {
    return this.#chunks[entry >>> chunkShift]!.doubles[(entry & chunkMask) * entryDoubles + firstAt]!;
  }

  last(entry: number): Sequence {
    return this.#chunks[entry >>> chunkShift]!.doubles[(entry & chunkMask) * entryDoubles + lastAt]!;
  }

  /** Points `textBuffer`, `textStart`, `textEnd` at the entry's subject. */
  showText(entry: number): void {
    const chunk = this.#chunks[entry >>> chunkShift]!;
    const words = (entry & chunkMask) * entryWords;
    const place = chunk.words[words + placeAt]! >>> 0;
    this.textBuffer = this.#arena.chunk(place);
    this.textStart = this.#arena.offset(place);
    this.textEnd = this.textStart + chunk.words[words + lengthAt]!;
  }

  /** The entry's highest sequence ≤ `upTo`; 0 when none. */
  lastUpTo(entry: number, upTo: Sequence): Sequence {
    const last = this.last(entry);
    if (last <= upTo) return last;
    const chunk = this.#chunks[entry >>> chunkShift]!;
    let node = chunk.words[(entry & chunkMask) * entryWords + tailAt]!;
    while (node !== noNode) {
      const sequence = this.#lists.sequence(node);
      if (sequence <= upTo) return sequence;
      node = this.#lists.older(node);
    }
    const first = this.first(entry);
    return first <= upTo ? first : 0;
  }

  /** How many of the entry's sequences lie in `from … to`. Quick when nearly all or nearly none do. */
  countIn(entry: number, from: Sequence, to: Sequence): number {
    const count = this.count(entry);
    const first = this.first(entry);
    const last = this.last(entry);
    if (count === 0 || last < from || first > to || from > to) return 0;
    if (count === 1) return 1;
    let without = 0;
    const words = this.#chunks[entry >>> chunkShift]!.words;
    if (first < from) {
      without++;
      let node = words[(entry & chunkMask) * entryWords + headAt]!;
      for (; node !== noNode && this.#lists.sequence(node) < from; node = this.#lists.newer(node)) without++;
    }
    if (last > to) {
      without++;
      let node = words[(entry & chunkMask) * entryWords + tailAt]!;
      for (; node !== noNode && this.#lists.sequence(node) > to; node = this.#lists.older(node)) without++;
    }
    return count - without;
  }

  /** Appends the entry's sequences below `before` to `into`, ascending, at most `max` of them. */
  collect(entry: number, before: Sequence, max: number, into: number[]): void {
    const first = this.first(entry);
    let left = max;
    if (left <= 0 || first >= before) return;
    into.push(first);
    left--;
    if (this.count(entry) === 1) return;
    let node = this.#chunks[entry >>> chunkShift]!.words[(entry & chunkMask) * entryWords + headAt]!;
    for (; node !== noNode && left > 0; node = this.#lists.newer(node), left--) {
      const sequence = this.#lists.sequence(node);
      if (sequence >= before) return;
      into.push(sequence);
    }
    const last = this.last(entry);
    if (left > 0 && last < before) into.push(last);
  }

  /**
   * Makes room for so many subjects more, of `most` in all: in few large steps, each at once, which is twice as quick as to grow on the
   * way. For loading, where nobody waits for a single call.
   */
  reserve(more: number, most: number): void {
    if ((this.#size + more) * 4 <= this.#slots.length * 3) return;
    let length = this.#slots.length;
    while (length < (this.#size + more) * 8 && length < most * 2) length *= 2;
    if (length === this.#slots.length) return;
    this.#oldSlots = undefined;
    this.#slots = new Int32Array(length);
    // In the order of the entries: reading along the memory is quicker than along the table.
    for (let entry = 0; entry < this.#used; entry++) if (this.count(entry) > 0) this.#enter(entry, this.#hashOf(entry));
  }

  /** Adds a record. Cheap as the subject's newest or oldest. Returns its entry. Adding what is there already changes nothing. */
  add(bytes: Uint8Array, start: number, end: number, sequence: Sequence): number {
    if (end - start > textBytesMax) throw new RangeError(`a subject has at most ${textBytesMax} bytes`);
    if (this.#oldSlots !== undefined) this.#moveSome();
    let entry = this.#recent;
    if (entry === noSubject || !this.#is(entry, bytes, start, end)) {
      const hash = this.#hash.hash32(bytes, start, end) | 0;
      entry = this.#size === 0 ? noSubject : this.#lookUp(hash, bytes, start, end);
      if (entry === noSubject) {
        entry = this.#create(hash, bytes, start, end, sequence);
        this.#recent = entry;
        return entry;
      }
      this.#recent = entry;
    }
    this.#include(entry, sequence);
    return entry;
  }

  /** Takes a record away. False when the subject does not have it. */
  remove(bytes: Uint8Array, start: number, end: number, sequence: Sequence): boolean {
    const entry = this.find(bytes, start, end);
    return entry !== noSubject && this.removeFrom(entry, sequence);
  }

  /** Takes a record of the entry away; the entry becomes free with its last one. */
  removeFrom(entry: number, sequence: Sequence): boolean {
    const chunk = this.#chunks[entry >>> chunkShift]!;
    const doubles = (entry & chunkMask) * entryDoubles;
    const words = (entry & chunkMask) * entryWords;
    const count = chunk.words[words + countAt]!;
    const first = chunk.doubles[doubles + firstAt]!;
    const last = chunk.doubles[doubles + lastAt]!;
    if (count === 0 || sequence < first || sequence > last) return false;
    if (count === 1) {
      this.#release(entry);
      return true;
    }
    if (sequence === first) {
      const node = chunk.words[words + headAt]!;
      chunk.doubles[doubles + firstAt] = node === noNode ? last : this.#lists.sequence(node);
      if (node !== noNode) this.#unlink(chunk, words, node);
    } else if (sequence === last) {
      const node = chunk.words[words + tailAt]!;
      chunk.doubles[doubles + lastAt] = node === noNode ? first : this.#lists.sequence(node);
      if (node !== noNode) this.#unlink(chunk, words, node);
    } else {
      const node = this.#nodeOf(chunk, words, sequence, first, last);
      if (node === noNode) return false;
      this.#unlink(chunk, words, node);
    }
    chunk.words[words + countAt] = count - 1;
    return true;
  }

  /** Takes away every record of the entry that `isLive` denies. With `endsOnly` it stops at the first live one from either end. */
  prune(entry: number, isLive: (sequence: Sequence) => boolean, endsOnly: boolean): void {
    while (this.count(entry) > 0 && !isLive(this.first(entry))) this.removeFrom(entry, this.first(entry));
    while (this.count(entry) > 0 && !isLive(this.last(entry))) this.removeFrom(entry, this.last(entry));
    if (endsOnly || this.count(entry) < 3) return;
    const chunk = this.#chunks[entry >>> chunkShift]!;
    const words = (entry & chunkMask) * entryWords;
    for (let node = chunk.words[words + headAt]!; node !== noNode;) {
      const newer = this.#lists.newer(node);
      if (!isLive(this.#lists.sequence(node))) {
        this.#unlink(chunk, words, node);
        chunk.words[words + countAt]!--;
      }
      node = newer;
    }
  }

  /**
   * What it is, as numbers: an index made of them (`reshape`), of the same key, whose `parts` are filled with the bytes of this one's,
   * is the same index.
   */
  shape(): number[] {
    while (this.#oldSlots !== undefined) this.#moveSome();
    const chunk = this.#chunks[0];
    const numbers = [this.#size, this.#used, this.#free, this.#slots.length, this.#chunks.length];
    numbers.push(chunk === undefined ? 0 : chunk.doubles.length / entryDoubles);
    this.#arena.shape(numbers);
    this.#lists.shape(numbers);
    return numbers;
  }

  /** Takes on the shape of another index: its `parts` are to be filled next. */
  reshape(numbers: readonly number[]): void {
    this.clear();
    this.#size = numbers[0]!;
    this.#used = numbers[1]!;
    this.#free = numbers[2]!;
    this.#slots = new Int32Array(numbers[3]!);
    for (let index = 0; index < numbers[4]!; index++) this.#chunks.push(newChunk(index === 0 ? numbers[5]! : chunkEntries));
    this.#lists.reshape(numbers, this.#arena.reshape(numbers, 6));
  }

  /** Its memory, piece by piece, in a fixed order. */
  parts(): Uint8Array[] {
    const parts = [new Uint8Array(this.#slots.buffer)];
    for (const { words } of this.#chunks) parts.push(new Uint8Array(words.buffer));
    this.#arena.parts(parts);
    this.#lists.parts(parts);
    return parts;
  }

  clear(): void {
    this.#arena.clear();
    this.#lists.clear();
    this.#chunks = [];
    this.#used = this.#size = this.#oldAt = 0;
    this.#free = this.#recent = noSubject;
    this.#slots = new Int32Array(8);
    this.#oldSlots = undefined;
    this.#generation++;
  }

  /** Compares the texts of two entries by bytes. */
  compare(a: number, b: number): number {
    this.showText(a);
    const buffer = this.textBuffer;
    const start = this.textStart;
    const end = this.textEnd;
    this.showText(b);
    return buffer.compare(this.textBuffer, this.textStart, this.textEnd, start, end);
  }

  #include(entry: number, sequence: Sequence): void {
    const chunk = this.#chunks[entry >>> chunkShift]!;
    const doubles = (entry & chunkMask) * entryDoubles;
    const words = (entry & chunkMask) * entryWords;
    const count = chunk.words[words + countAt]!;
    const first = chunk.doubles[doubles + firstAt]!;
    const last = chunk.doubles[doubles + lastAt]!;
    if (sequence > last) {
      chunk.doubles[doubles + lastAt] = sequence;
      if (count > 1) this.#link(chunk, words, last, chunk.words[words + tailAt]!, noNode);
    } else if (sequence < first) {
      chunk.doubles[doubles + firstAt] = sequence;
      if (count > 1) this.#link(chunk, words, first, noNode, chunk.words[words + headAt]!);
    } else {
      if (sequence === first || sequence === last) return;
      let newer = noNode;
      let older = chunk.words[words + tailAt]!;
      while (older !== noNode && this.#lists.sequence(older) > sequence) {
        newer = older;
        older = this.#lists.older(older);
      }
      if (older !== noNode && this.#lists.sequence(older) === sequence) return;
      this.#link(chunk, words, sequence, older, newer);
    }
    chunk.words[words + countAt] = count + 1;
  }

  #link(chunk: Chunk, words: number, sequence: Sequence, older: number, newer: number): void {
    const node = this.#lists.insert(sequence, older, newer);
    if (older === noNode) chunk.words[words + headAt] = node;
    if (newer === noNode) chunk.words[words + tailAt] = node;
  }

  #unlink(chunk: Chunk, words: number, node: number): void {
    if (chunk.words[words + headAt] === node) chunk.words[words + headAt] = this.#lists.newer(node);
    if (chunk.words[words + tailAt] === node) chunk.words[words + tailAt] = this.#lists.older(node);
    this.#lists.remove(node);
  }

  /** The node of a sequence, looked for from the nearer end. */
  #nodeOf(chunk: Chunk, words: number, sequence: Sequence, first: Sequence, last: Sequence): number {
    const lists = this.#lists;
    let node: number;
    if (sequence - first <= last - sequence) {
      node = chunk.words[words + headAt]!;
      while (node !== noNode && lists.sequence(node) < sequence) node = lists.newer(node);
    } else {
      node = chunk.words[words + tailAt]!;
      while (node !== noNode && lists.sequence(node) > sequence) node = lists.older(node);
    }
    return node !== noNode && lists.sequence(node) === sequence ? node : noNode;
  }

  #is(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const words = this.#chunks[entry >>> chunkShift]!.words;
    const at = (entry & chunkMask) * entryWords;
    return words[at + lengthAt] === end - start && this.#arena.equals(words[at + placeAt]! >>> 0, bytes, start, end);
  }

  #lookUp(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const found = this.#lookIn(this.#slots, hash, bytes, start, end);
    if (found !== noSubject || this.#oldSlots === undefined) return found;
    return this.#lookIn(this.#oldSlots, hash, bytes, start, end);
  }

  #lookIn(slots: Int32Array, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const value = slots[slot]!;
      if (value === 0) return noSubject;
      if (value === moved) continue;
      const entry = value - 1;
      if (this.#hashOf(entry) === hash && this.#is(entry, bytes, start, end)) return entry;
    }
  }

  #hashOf(entry: number): number {
    return this.#chunks[entry >>> chunkShift]!.words[(entry & chunkMask) * entryWords + hashAt]!;
  }

  #create(hash: number, bytes: Uint8Array, start: number, end: number, sequence: Sequence): number {
    if ((this.#size + 1) * 4 > this.#slots.length * 3) this.#growTable();
    const entry = this.#allocate();
    const chunk = this.#chunks[entry >>> chunkShift]!;
    const doubles = (entry & chunkMask) * entryDoubles;
    const words = (entry & chunkMask) * entryWords;
    chunk.doubles[doubles + firstAt] = sequence;
    chunk.doubles[doubles + lastAt] = sequence;
    chunk.words[words + hashAt] = hash;
    chunk.words[words + placeAt] = this.#arena.put(bytes, start, end) | 0;
    chunk.words[words + lengthAt] = end - start;
    chunk.words[words + countAt] = 1;
    chunk.words[words + headAt] = noNode;
    chunk.words[words + tailAt] = noNode;
    this.#enter(entry, hash);
    this.#size++;
    this.#generation++;
    return entry;
  }

  #enter(entry: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entry + 1;
  }

  /** Frees an entry that has lost its last record. */
  #release(entry: number): void {
    const hash = this.#hashOf(entry);
    if (!this.#leave(this.#slots, entry, hash) && this.#oldSlots !== undefined) this.#leaveOld(this.#oldSlots, entry, hash);
    const chunk = this.#chunks[entry >>> chunkShift]!;
    const words = (entry & chunkMask) * entryWords;
    this.#arena.release(chunk.words[words + placeAt]! >>> 0, chunk.words[words + lengthAt]!);
    chunk.words[words + countAt] = 0;
    chunk.words[words + lengthAt] = -1;
    chunk.words[words + headAt] = this.#free;
    this.#free = entry;
    this.#size--;
    this.#generation++;
    if (this.#recent === entry) this.#recent = noSubject;
    // Giving back what a crowd of subjects took; a few are kept for the next ones.
    if (this.#size === 0 && this.#used > 1024) this.clear();
  }

  #leave(slots: Int32Array, entry: number, hash: number): boolean {
    const mask = slots.length - 1;
    let hole = hash & mask;
    while (slots[hole] !== entry + 1) {
      if (slots[hole] === 0) return false;
      hole = (hole + 1) & mask;
    }
    for (let at = (hole + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hashOf(slots[at]! - 1) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        slots[hole] = slots[at]!;
        hole = at;
      }
    }
    slots[hole] = 0;
    return true;
  }

  #leaveOld(slots: Int32Array, entry: number, hash: number): void {
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== entry + 1) slot = (slot + 1) & mask;
    slots[slot] = moved;
  }

  #growTable(): void {
    while (this.#oldSlots !== undefined) this.#moveSome();
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    this.#oldSlots = old;
    this.#oldAt = 0;
    if (old.length <= 1024) while (this.#oldSlots !== undefined) this.#moveSome();
  }

  #moveSome(): void {
    const old = this.#oldSlots;
    if (old === undefined) return;
    const end = Math.min(this.#oldAt + slotsMoved, old.length);
    for (; this.#oldAt < end; this.#oldAt++) {
      const value = old[this.#oldAt]!;
      if (value > 0) {
        this.#enter(value - 1, this.#hashOf(value - 1));
        old[this.#oldAt] = moved;
      }
    }
    if (this.#oldAt === old.length) this.#oldSlots = undefined;
  }

  #allocate(): number {
    if (this.#free !== noSubject) {
      const entry = this.#free;
      this.#free = this.#chunks[entry >>> chunkShift]!.words[(entry & chunkMask) * entryWords + headAt]!;
      return entry;
    }
    const entry = this.#used++;
    const chunk = this.#chunks[entry >>> chunkShift];
    if (chunk === undefined) this.#chunks.push(newChunk(entry === 0 ? 4 : chunkEntries));
    else if ((entry & chunkMask) * entryDoubles === chunk.doubles.length) this.#chunks[entry >>> chunkShift] = grown(chunk);
    return entry;
  }
}

function newChunk(entries: number): Chunk {
  const memory = new ArrayBuffer(entries * entryWords * 4);
  return { doubles: new Float64Array(memory), words: new Int32Array(memory) };
}

/** The first chunk starts small, because most logs have few subjects. */
function grown(chunk: Chunk): Chunk {
  const larger = newChunk((chunk.doubles.length / entryDoubles) * 2);
  larger.words.set(chunk.words);
  return larger;
}
