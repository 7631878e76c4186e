/**
 * The newest sequence of each key of a log: 128-bit keyed hashes in open addressing, 24 bytes a slot. It consists of many small tables,
 * so that growing one of them is short.
 */
import type { KeyedHash } from "../../store/keyed-hash.ts";
import type { Sequence } from "../../store/store.ts";

const tableCount = 256;
const slotsMin = 16;

/** Slots are hash words, four each, and sequences; 0 = free. */
interface Table {
  words: Uint32Array;
  sequences: Float64Array;
  count: number;
  /** There was nothing of records below this sequence when it was rebuilt. */
  clean: Sequence;
}

export class LatestKeys {
  readonly #hash: KeyedHash;
  readonly #tables: Table[];
  readonly #keysMax: number;
  #count = 0;

  constructor(hash: KeyedHash, keysMax: number) {
    this.#hash = hash;
    this.#keysMax = keysMax;
    this.#tables = Array.from({ length: tableCount }, () => tableOf(slotsMin));
  }

  get count(): number {
    return this.#count;
  }

  /**
   * The sequence is one of this key. Returns the one that is not the key's newest: the one before, or this one itself; 0 when it is the
   * only one. Where there is no room for another key, it is not remembered. Entries below `firstSequence` are of records that are gone.
   */
  put(bytes: Uint8Array, start: number, end: number, sequence: Sequence, firstSequence: Sequence): Sequence {
    const table = this.#tableOf(bytes, start, end);
    const slot = this.#find(table);
    const known = table.sequences[slot] ?? 0;
    if (known >= sequence) return known === sequence ? 0 : sequence;
    if (known === 0 && !this.#claim(table, slot, firstSequence)) return 0;
    table.sequences[known === 0 ? this.#find(table) : slot] = sequence;
    return known;
  }

  /** Forgets the key if this is its newest sequence. */
  drop(bytes: Uint8Array, start: number, end: number, sequence: Sequence): void {
    const table = this.#tableOf(bytes, start, end);
    const slot = this.#find(table);
    if (sequence === 0 || table.sequences[slot] !== sequence) return;
    table.count--;
    this.#count--;
    fill(table, slot);
  }

  #tableOf(bytes: Uint8Array, start: number, end: number): Table {
    this.#hash.hash128(bytes, start, end);
    return this.#tables[this.#hash.word3 % tableCount] ?? tableOf(slotsMin);
  }

  /** The slot of the hash, or the free one where it belongs. */
  #find({ words, sequences }: Table): number {
    const { word0, word1, word2, word3 } = this.#hash;
    const mask = sequences.length - 1;
    let slot = word0 & mask;
    while (sequences[slot] !== 0) {
      const at = slot * 4;
      if (words[at] === word0 && words[at + 1] === word1 && words[at + 2] === word2 && words[at + 3] === word3) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Takes a slot for the hash; the table may become another one. False when there is no room. */
  #claim(table: Table, slot: number, firstSequence: Sequence): boolean {
    const full = this.#count >= this.#keysMax;
    if (full && table.clean === firstSequence) return false;
    if (full || (table.count + 1) * 4 > table.sequences.length * 3) {
      this.#rebuild(table, firstSequence);
      if (this.#count >= this.#keysMax) return false;
      this.#claim(table, this.#find(table), firstSequence);
      return true;
    }
    const { word0, word1, word2, word3 } = this.#hash;
    table.words.set([word0, word1, word2, word3], slot * 4);
    // So that it is found by who asks next; the caller writes the sequence that counts.
    table.sequences[slot] = -1;
    table.count++;
    this.#count++;
    return true;
  }

  /** Without those of records that are gone, at most half full. */
  #rebuild(table: Table, firstSequence: Sequence): void {
    const { words, sequences } = table;
    let live = 0;
    for (const sequence of sequences) if (sequence >= firstSequence && sequence > 0) live++;
    let slots = slotsMin;
    while (slots < (live + 1) * 2) slots *= 2;
    const fresh = tableOf(slots);
    for (let slot = 0; slot < sequences.length; slot++) {
      const sequence = sequences[slot] ?? 0;
      if (sequence < firstSequence || sequence <= 0) continue;
      let to = (words[slot * 4] ?? 0) & (slots - 1);
      while (fresh.sequences[to] !== 0) to = (to + 1) & (slots - 1);
      fresh.sequences[to] = sequence;
      fresh.words.set(words.subarray(slot * 4, slot * 4 + 4), to * 4);
    }
    this.#count += live - table.count;
    table.words = fresh.words;
    table.sequences = fresh.sequences;
    table.count = live;
    table.clean = firstSequence;
  }
}

function tableOf(slots: number): Table {
  return { words: new Uint32Array(slots * 4), sequences: new Float64Array(slots), count: 0, clean: 0 };
}

/** Frees a slot: those behind it that would not be found any more move up. */
function fill({ words, sequences }: Table, freed: number): void {
  const mask = sequences.length - 1;
  let hole = freed;
  for (let slot = (hole + 1) & mask; sequences[slot] !== 0; slot = (slot + 1) & mask) {
    const home = (words[slot * 4] ?? 0) & mask;
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    sequences[hole] = sequences[slot] ?? 0;
    words.copyWithin(hole * 4, slot * 4, slot * 4 + 4);
    hole = slot;
  }
  sequences[hole] = 0;
}
