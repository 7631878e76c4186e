/**
 * From a node by a literal token to its child: one hash table for the whole index. It stores child numbers only; what a child hangs
 * on is in its node. The table is a directory of small open-addressed segments that split one by one, so no subscription ever waits
 * for a table of millions to be rebuilt.
 *
 *     directory[top bits of the hash] → segment → slots[low bits, then the next…] → child, 0 = free
 */
import type { LongTokens } from "./long-tokens.ts";
import { hashWord, nodeShift, parentWord, token0Word, token1Word } from "./nodes.ts";
import type { Nodes } from "./nodes.ts";
import { spread } from "./token.ts";
import type { Token } from "./token.ts";

const segmentSlotsMin = 8;
const segmentSlotsMax = 4096;
/** Past so many shared bits a segment grows instead of splitting: only colliding hashes could get there. */
const depthMax = 16;

class Segment {
  slots: Int32Array;
  count = 0;
  /** How many top bits of the hash its entries share. */
  readonly depth: number;

  constructor(depth: number, slots: number) {
    this.depth = depth;
    this.slots = new Int32Array(slots);
  }
}

export class Edges {
  readonly #nodes: Nodes;
  readonly #long: LongTokens;
  /** Always at least two entries, so that the shift below is less than 32. */
  #directory: Segment[] = [];
  #shift = 31;
  #count = 0;

  constructor(nodes: Nodes, long: LongTokens) {
    this.#nodes = nodes;
    this.#long = long;
    this.#reset();
  }

  /** The child of `parent` by the token, 0 when there is none. `bytes` are those the token was read from. */
  find(parent: number, token: Token, bytes: Uint8Array): number {
    const hash = edgeHash(parent, token.hash);
    const slots = this.#directory[hash >>> this.#shift]!.slots;
    const words = this.#nodes.words;
    const mask = slots.length - 1;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const child = slots[i]!;
      if (child === 0) return 0;
      const base = child << nodeShift;
      if (words[base + parentWord] !== parent || words[base + token1Word] !== token.word1) continue;
      if (token.word1 > 0) {
        if (words[base + token0Word] === token.word0) return child;
      } else if (this.#long.equals(words[base + token0Word]!, bytes, token.start, token.end)) {
        return child;
      }
    }
  }

  /** Enters a child whose node tells its parent and token. It is not in the table yet. */
  add(child: number): void {
    const hash = this.#hashOf(child);
    let segment = this.#directory[hash >>> this.#shift]!;
    while (segment.count + 1 > (segment.slots.length * 3) >> 2) {
      if (segment.slots.length < segmentSlotsMax || segment.depth === depthMax) this.#resize(segment, segment.slots.length * 2);
      else this.#split(segment, hash);
      segment = this.#directory[hash >>> this.#shift]!;
    }
    this.#place(segment.slots, child, hash);
    segment.count++;
    this.#count++;
  }

  remove(child: number): void {
    const hash = this.#hashOf(child);
    const segment = this.#directory[hash >>> this.#shift]!;
    const slots = segment.slots;
    const mask = slots.length - 1;
    let hole = hash & mask;
    while (slots[hole] !== child) hole = (hole + 1) & mask;
    // Entries after the hole move back unless they would come before where their probe begins.
    for (let i = (hole + 1) & mask; slots[i] !== 0; i = (i + 1) & mask) {
      const home = this.#hashOf(slots[i]!) & mask;
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        slots[hole] = slots[i]!;
        hole = i;
      }
    }
    slots[hole] = 0;
    segment.count--;
    if (--this.#count === 0) this.#reset();
    else if (slots.length > segmentSlotsMin && segment.count < slots.length >> 3) this.#resize(segment, slots.length >> 1);
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const segment of new Set(this.#directory)) bytes += segment.slots.byteLength;
    return bytes;
  }

  #reset(): void {
    this.#directory = [new Segment(1, segmentSlotsMin), new Segment(1, segmentSlotsMin)];
    this.#shift = 31;
  }

  #hashOf(child: number): number {
    const words = this.#nodes.words;
    const base = child << nodeShift;
    return edgeHash(words[base + parentWord]!, words[base + hashWord]!);
  }

  #place(slots: Int32Array, child: number, hash: number): void {
    const mask = slots.length - 1;
    let i = hash & mask;
    while (slots[i] !== 0) i = (i + 1) & mask;
    slots[i] = child;
  }

  #resize(segment: Segment, size: number): void {
    const old = segment.slots;
    segment.slots = new Int32Array(size);
    for (const child of old) if (child !== 0) this.#place(segment.slots, child, this.#hashOf(child));
  }

  /** Replaces a full segment by two that share one more bit. */
  #split(segment: Segment, hash: number): void {
    const depth = segment.depth + 1;
    if (depth > 32 - this.#shift) {
      this.#directory = this.#directory.flatMap((each) => [each, each]);
      this.#shift--;
    }
    const low = new Segment(depth, segmentSlotsMax);
    const high = new Segment(depth, segmentSlotsMax);
    for (const child of segment.slots) {
      if (child === 0) continue;
      const childHash = this.#hashOf(child);
      const half = (childHash >>> (32 - depth)) & 1 ? high : low;
      this.#place(half.slots, child, childHash);
      half.count++;
    }
    const span = 1 << (32 - this.#shift - depth);
    const first = (hash >>> this.#shift) & ~(span * 2 - 1);
    for (let i = 0; i < span; i++) {
      this.#directory[first + i] = low;
      this.#directory[first + span + i] = high;
    }
  }
}

function edgeHash(parent: number, tokenHash: number): number {
  return spread(Math.imul(parent, 0x9e37_79b1) ^ tokenHash);
}
