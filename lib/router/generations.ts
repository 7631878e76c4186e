/**
 * When a cached answer is still right. Interest counts its changes in three places: for all subjects, for those with the same first
 * token, for those with the same first two. A filter counts in the narrowest place that covers what it could match, so that the
 * coming and going of inboxes leaves the answers for everything else in place. Counts only rise; their sum tells whether any did.
 */
import { mix, Token } from "./token.ts";

const firstBuckets = 256;
const pairBuckets = 4096;

export class Generations {
  /** Changes of any kind, ever. */
  changes = 0;
  #all = 0;
  readonly #first: Uint32Array = new Uint32Array(firstBuckets);
  readonly #pair: Uint32Array = new Uint32Array(pairBuckets);
  readonly #token: Token;

  constructor(seed: number) {
    this.#token = new Token(seed);
  }

  /** Interest in what the filter matches has changed. */
  change(filter: Uint8Array, length: number): void {
    this.changes++;
    const token = this.#token;
    const end = token.read(filter, 0, length);
    if (token.isStar || token.isRest) {
      this.#all++;
      return;
    }
    const first = token.hash;
    if (end === length) {
      this.#pair[mix(first, 0) & (pairBuckets - 1)]!++;
      return;
    }
    token.read(filter, end + 1, length);
    if (token.isStar || token.isRest) this.#first[first & (firstBuckets - 1)]!++;
    else this.#pair[mix(first, token.hash) & (pairBuckets - 1)]!++;
  }

  /** The family of a subject: which counts its answer depends on. */
  family(bytes: Uint8Array, start: number, limit: number): number {
    const token = this.#token;
    const end = token.read(bytes, start, limit);
    const first = token.hash;
    let pair = mix(first, 0);
    if (end < limit) {
      token.read(bytes, end + 1, limit);
      pair = mix(first, token.hash);
    }
    return ((first & (firstBuckets - 1)) << 12) | (pair & (pairBuckets - 1));
  }

  /** Rises when an answer for the family may have changed. */
  of(family: number): number {
    return this.#all + this.#first[family >> 12]! + this.#pair[family & (pairBuckets - 1)]!;
  }
}
