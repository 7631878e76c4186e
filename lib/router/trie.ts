/**
 * Where each filter is kept, and the walk that finds the filters of a subject. Literal tokens are edges, `*` is a word of its node
 * that leads on or straight to a list, `>` is only a list: most filters take one or two nodes of their own.
 *
 * A subscription's place is its node and which of the node's three lists it is in; the node of a list behind `*` is the one before it.
 */
import type { Subscription } from "../subscription.ts";
import { Edges } from "./edges.ts";
import { Lists } from "./lists.ts";
import { LongTokens } from "./long-tokens.ts";
import {
  belowWord,
  hashWord,
  hereWord,
  nodeShift,
  Nodes,
  parentWord,
  restWord,
  rootNode,
  starWord,
  token0Word,
  token1Word,
} from "./nodes.ts";
import { dot, Token } from "./token.ts";

const inHere = 0;
const inStar = 1;
const inRest = 2;

export class Trie {
  readonly lists: Lists = new Lists();
  /** The lists found by the last `walk`; a negative one counts only for members with `parentToo`. */
  found: Int32Array = new Int32Array(64);
  /** Of the last `walk`: any other last token, met by no filter, would have found the same. */
  anyLast = false;
  /** Of the last `walk`: how many tokens decided the answer; of the others it matters only that they are there and not empty. */
  decidedAfter = 0;
  readonly #nodes: Nodes = new Nodes();
  readonly #long: LongTokens = new LongTokens();
  readonly #edges: Edges = new Edges(this.#nodes, this.#long);
  readonly #token: Token;
  #frontier: Int32Array = new Int32Array(64);
  #next: Int32Array = new Int32Array(64);
  #foundCount = 0;

  constructor(seed: number) {
    this.#token = new Token(seed);
  }

  add(subscription: Subscription, filter: Uint8Array, length: number): void {
    const token = this.#token;
    let node = rootNode;
    let where = inHere;
    for (let at = 0; at <= length; at = token.end + 1) {
      token.read(filter, at, length);
      if (token.isRest) {
        where = inRest;
      } else if (!token.isStar) {
        node = this.#descend(node, filter);
      } else if (token.end === length) {
        where = inStar;
      } else {
        node = this.#descendStar(node);
      }
    }
    subscription.place = (node << 2) | where;
    const word = this.#listWord(node, where);
    const list = this.#nodes.words[word]!;
    // Nothing goes on after a final `*`: its list stands in the node before it, negative.
    const sign = where === inStar && word === (node << nodeShift) + starWord ? -1 : 1;
    if (list !== 0) this.lists.add(sign * list, subscription);
    else this.#nodes.words[word] = sign * this.lists.create(subscription);
  }

  remove(subscription: Subscription): void {
    const place = subscription.place;
    subscription.place = -1;
    const node = place >> 2;
    const word = this.#listWord(node, place & 3);
    const list = this.#nodes.words[word]!;
    if (!this.lists.remove(list < 0 ? -list : list, subscription)) return;
    this.#nodes.words[word] = 0;
    this.#prune(word >> nodeShift);
  }

  /** Finds the lists of a subject: how many of `found` are valid. A subject with an empty token finds nothing. */
  walk(bytes: Uint8Array, start: number, limit: number): number {
    const token = this.#token;
    const words = this.#nodes.words;
    let frontier = this.#frontier;
    let next = this.#next;
    let count = 1;
    frontier[0] = rootNode;
    this.#foundCount = 0;
    this.anyLast = true;
    this.decidedAfter = 0;
    let tokens = 0;
    for (let at = start; ; at = token.end + 1) {
      if (count === 0) return this.#foundCount === 0 || hasEmptyToken(bytes, at, limit) ? 0 : this.#foundCount;
      token.read(bytes, at, limit);
      if (token.empty) return 0;
      tokens++;
      const last = token.end === limit;
      let reached = 0;
      if (count * 2 > next.length) next = this.#next = new Int32Array(count * 4);
      for (let i = 0; i < count; i++) {
        const node = frontier[i]!;
        const base = node << nodeShift;
        const rest = words[base + restWord]!;
        if (rest !== 0) this.#find(rest);
        const star = words[base + starWord]!;
        if (star > 0) next[reached++] = star;
        else if (star < 0 && last) this.#find(-star);
        if (star !== 0) this.decidedAfter = tokens;
        if (words[base + belowWord] !== 0) {
          this.decidedAfter = tokens;
          if (last) this.anyLast = false;
          const child = this.#edges.find(node, token, bytes);
          if (child !== 0) next[reached++] = child;
        }
      }
      const swap = frontier;
      frontier = this.#frontier = next;
      next = this.#next = swap;
      count = reached;
      if (last) break;
    }
    for (let i = 0; i < count; i++) {
      const base = frontier[i]! << nodeShift;
      const here = words[base + hereWord]!;
      if (here !== 0) this.#find(here);
      const rest = words[base + restWord]!;
      if (rest !== 0) this.#find(-rest);
    }
    return this.#foundCount;
  }

  get nodeCount(): number {
    return this.#nodes.count;
  }

  /** What the arrays take, subscriptions and lists apart. */
  get memoryBytes(): number {
    return this.#nodes.memoryBytes + this.#edges.memoryBytes + this.#long.memoryBytes;
  }

  #find(list: number): void {
    if (this.#foundCount === this.found.length) {
      const grown = new Int32Array(this.found.length * 2);
      grown.set(this.found);
      this.found = grown;
    }
    this.found[this.#foundCount++] = list;
  }

  /** The index of the word that holds the list. */
  #listWord(node: number, where: number): number {
    const base = node << nodeShift;
    if (where === inRest) return base + restWord;
    if (where === inHere) return base + hereWord;
    const star = this.#nodes.words[base + starWord]!;
    return star > 0 ? (star << nodeShift) + hereWord : base + starWord;
  }

  /** The child of `node` by the token just read; made when it is not there. */
  #descend(node: number, bytes: Uint8Array): number {
    const token = this.#token;
    let child = this.#edges.find(node, token, bytes);
    if (child !== 0) return child;
    child = this.#nodes.add(node);
    const words = this.#nodes.words;
    const base = child << nodeShift;
    words[base + token0Word] = token.word1 > 0 ? token.word0 : this.#long.add(bytes, token.start, token.end);
    words[base + token1Word] = token.word1;
    words[base + hashWord] = token.hash;
    words[(node << nodeShift) + belowWord]!++;
    this.#edges.add(child);
    return child;
  }

  /** The node of `node`'s `*`; a list that stood in its place moves into it. */
  #descendStar(node: number): number {
    const star = this.#nodes.words[(node << nodeShift) + starWord]!;
    if (star > 0) return star;
    const child = this.#nodes.add(node);
    const words = this.#nodes.words;
    words[(child << nodeShift) + hereWord] = -star;
    words[(node << nodeShift) + starWord] = child;
    return child;
  }

  /** Frees the node, and those above it, as long as nothing is left in them. */
  #prune(from: number): void {
    let node = from;
    while (node !== rootNode && this.#nodes.isBare(node)) {
      const words = this.#nodes.words;
      const base = node << nodeShift;
      const parent = words[base + parentWord]!;
      const parentBase = parent << nodeShift;
      if (words[parentBase + starWord] === node) {
        words[parentBase + starWord] = 0;
      } else {
        this.#edges.remove(node);
        if (words[base + token1Word]! < 0) this.#long.remove(words[base + token0Word]!);
        words[parentBase + belowWord]!--;
      }
      this.#nodes.remove(node);
      node = parent;
    }
  }
}

/** Also when nothing is between `start` and `limit`: a token is missing there. */
export function hasEmptyToken(bytes: Uint8Array, start: number, limit: number): boolean {
  let before = dot;
  for (let at = start; at < limit; at++) {
    const byte = bytes[at]!;
    if (byte === dot && before === dot) return true;
    before = byte;
  }
  return before === dot;
}
