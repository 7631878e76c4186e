/**
 * The nodes of the index: records of eight 32-bit words in one array, addressed by number, freed and reused. Half a cache line each.
 *
 *     word  0, 1      the token that leads here from the parent (see token.ts); 0 for the root and for the node of a `*`
 *           2 parent  node number
 *           3 star    0 none · n the node of `*` · -n the list of filters that end with this `*`, when nothing goes on after it
 *           4 rest    list of the filters that end with a `>` here
 *           5 here    list of the filters that end here
 *           6 below   how many children by literal tokens
 *           7 hash    of the token
 *     free  word 0 is the next free node
 */
export const token0Word = 0;
export const token1Word = 1;
export const parentWord = 2;
export const starWord = 3;
export const restWord = 4;
export const hereWord = 5;
export const belowWord = 6;
export const hashWord = 7;

/** A node's words begin at its number shifted by this. */
export const nodeShift = 3;
export const rootNode = 1;

const initialNodes = 64;

export class Nodes {
  words: Int32Array = new Int32Array(initialNodes << nodeShift);
  #used: number = rootNode + 1;
  #free = 0;
  #live = 0;

  /** A cleared node below `parent`. */
  add(parent: number): number {
    let node = this.#free;
    if (node !== 0) {
      this.#free = this.words[node << nodeShift]!;
    } else {
      node = this.#used++;
      if (this.#used << nodeShift > this.words.length) this.#grow();
    }
    const base = node << nodeShift;
    this.words.fill(0, base, base + (1 << nodeShift));
    this.words[base + parentWord] = parent;
    this.#live++;
    return node;
  }

  remove(node: number): void {
    if (--this.#live === 0) {
      const root = this.words.slice(rootNode << nodeShift, (rootNode + 1) << nodeShift);
      this.words = new Int32Array(initialNodes << nodeShift);
      this.words.set(root, rootNode << nodeShift);
      this.#used = rootNode + 1;
      this.#free = 0;
      return;
    }
    this.words[node << nodeShift] = this.#free;
    this.#free = node;
  }

  /** True when nothing is left in it or below it. */
  isBare(node: number): boolean {
    const words = this.words;
    const base = node << nodeShift;
    return words[base + starWord] === 0 && words[base + restWord] === 0 && words[base + hereWord] === 0 && words[base + belowWord] === 0;
  }

  /** Nodes in use, the root apart. */
  get count(): number {
    return this.#live;
  }

  get memoryBytes(): number {
    return this.words.byteLength;
  }

  #grow(): void {
    const grown = new Int32Array(Math.ceil(this.#used * 1.25) << nodeShift);
    grown.set(this.words);
    this.words = grown;
  }
}
