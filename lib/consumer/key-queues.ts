/**
 * The records of a keyed group that are read and not done with, by key and in order. Of each key one at most is with a member; the others
 * wait behind it. What is kept is bounded by how far the group reads ahead, however many keys there are.
 */
import type { Sequence } from "../../store/store.ts";
import type { Member } from "./key-members.ts";

export class KeyQueue {
  readonly hash: number;
  /** In order; the first one is with a member, or is the next to be. */
  readonly sequences: Sequence[] = [];
  /** Whom the first one was delivered to, while its ack is waited for. */
  holder: Member | undefined = undefined;
  /** Whom the first one was delivered to last: a late ack is his sign of life. */
  last: Member | undefined = undefined;
  /** The first one is out, with `holder` or, after a restart, with somebody. */
  out = false;
  /** Stands in a member's list of keys to be served. */
  listed = false;

  constructor(hash: number) {
    this.hash = hash;
  }
}

export class KeyQueues {
  readonly #keys: Map<number, KeyQueue> = new Map();
  readonly #bySequence: Map<Sequence, KeyQueue> = new Map();

  /** Records kept. */
  get size(): number {
    return this.#bySequence.size;
  }

  all(): IterableIterator<KeyQueue> {
    return this.#keys.values();
  }

  of(sequence: Sequence): KeyQueue | undefined {
    return this.#bySequence.get(sequence);
  }

  /** True when nothing of this key is kept. */
  free(hash: number): boolean {
    return !this.#keys.has(hash);
  }

  /** Puts a record last in its key. */
  add(hash: number, sequence: Sequence): KeyQueue {
    let queue = this.#keys.get(hash);
    if (queue === undefined) this.#keys.set(hash, (queue = new KeyQueue(hash)));
    queue.sequences.push(sequence);
    this.#bySequence.set(sequence, queue);
    return queue;
  }

  /** The record is done with. Returns its key's queue when something of it is left. */
  remove(sequence: Sequence): KeyQueue | undefined {
    const queue = this.#bySequence.get(sequence);
    if (queue === undefined) return undefined;
    this.#bySequence.delete(sequence);
    const { sequences } = queue;
    if (sequences[0] === sequence) {
      sequences.shift();
      queue.out = false;
      queue.holder = queue.last = undefined;
    } else sequences.splice(sequences.indexOf(sequence), 1);
    if (sequences.length > 0) return queue;
    this.#keys.delete(queue.hash);
    return undefined;
  }

  clear(): void {
    this.#keys.clear();
    this.#bySequence.clear();
  }
}
