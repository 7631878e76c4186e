/**
 * A durable store made of anything that keeps batches of bytes in order: a database table, an object of the browser, a file somewhere
 * else. Records live in memory, decisions are the ledger's; the keeper makes them last. The smallest way to a store of one's own.
 */
import type { Clock, Random } from "../environment.ts";
import { MemoryStore } from "../memory-store.ts";
import { BatchScribe } from "./batch-scribe.ts";

/** What a store of one's own must be able to do. */
export interface Keeper {
  /** Every batch ever kept, in order. Called once, before the first `keep`. */
  load(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /**
   * Keeps a batch behind those before it: all of it or nothing, durable when resolved. One call at a time. A rejection ends the store:
   * what it was for is answered as failed and nothing more is taken.
   */
  keep(batch: Uint8Array): Promise<void>;
}

export interface KeptStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly keeper: Keeper;
  /** Memory for records of all logs; beyond it appends are refused as `full`. Default 1 GiB. */
  readonly bytesMax?: number;
}

export class KeptStore extends MemoryStore {
  constructor(options: KeptStoreOptions) {
    super({ ...options, scribe: new BatchScribe(options.keeper) });
  }
}
