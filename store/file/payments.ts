/**
 * Records that left without having been in memory: their bytes and subjects are still counted until somebody has read them. Brings
 * in the chunk a ledger waits for, pays what is owed there, and lets the ledger go on, until nothing is wanted any more.
 */
import { recordLength, recordSequence } from "../record.ts";
import { RecordFacts } from "../ledger/record-source.ts";
import type { Sequence } from "../store.ts";
import { blockHeaderBytes } from "./block.ts";
import type { BlockCache } from "./block-cache.ts";
import { fillFacts } from "./file-log.ts";
import type { FileLog } from "./file-log.ts";

export interface PaymentHooks {
  /** False once the store has failed or is closed. */
  usable(): boolean;
  /** Applies the log's limits, and puts what they take away into the journal. */
  enforce(log: FileLog): void;
}

/** Of a record that cannot be read: it counts for nothing. */
const unknownFacts = new RecordFacts();

/** Logs that read at the same time: the thread pool has other work too. */
const activeMax = 2;

export class Payments {
  readonly #cache: BlockCache;
  readonly #hooks: PaymentHooks;
  readonly #facts: RecordFacts = new RecordFacts();
  readonly #waiting: Map<FileLog, Sequence> = new Map();
  #active = 0;

  constructor(cache: BlockCache, hooks: PaymentHooks) {
    this.#cache = cache;
    this.#hooks = hooks;
  }

  /** Starts with the record `wanted`, unless this log is at it already. The longer a log waits, the more one chunk pays. */
  want(log: FileLog, wanted: Sequence): void {
    if (log.paying || this.#waiting.has(log)) return;
    this.#waiting.set(log, wanted);
    this.#startNext();
  }

  #startNext(): void {
    for (const [log, wanted] of this.#waiting) {
      if (this.#active >= activeMax) return;
      this.#waiting.delete(log);
      this.#active++;
      void this.#pay(log, wanted).finally(() => {
        this.#active--;
        this.#startNext();
      });
    }
  }

  async #pay(log: FileLog, wanted: Sequence): Promise<void> {
    log.paying = true;
    try {
      let next = wanted;
      while (next > 0 && log.open && this.#hooks.usable()) {
        const index = log.storage.runs.find(next);
        const run = index < log.storage.runs.length ? log.storage.runs.at(index) : undefined;
        const through = run === undefined ? 0 : await this.#payChunk(log, run.segment, run.offset, next);
        if (!log.open || !this.#hooks.usable()) return;
        // Copied to another segment while it was read: once more, from there.
        if (through < next && run !== undefined && log.storage.runs.indexOf(run.segment, run.offset) < 0) continue;
        if (through < next) log.pay(next, unknownFacts);
        this.#hooks.enforce(log);
        // The same again: it cannot be read now, and will be wanted once more.
        next = log.ledger.wanted === next ? 0 : log.ledger.wanted;
      }
    } finally {
      log.paying = false;
      log.giveUp();
      log.showSettled();
    }
  }

  /** Reads the chunk around `sequence` and pays what is owed in it. Returns how far it read; 0 when it could not. */
  async #payChunk(log: FileLog, segment: number, offset: number, sequence: Sequence): Promise<Sequence> {
    const { runs } = log.storage;
    const at = runs.indexOf(segment, offset);
    if (at < 0) return 0;
    const run = runs.at(at);
    await this.#cache.load(log.id, run, sequence);
    const loaded = this.#cache.loaded(run);
    const block = loaded?.index.find(sequence) ?? 0;
    if (loaded === undefined || block >= loaded.index.length) return 0;
    const chunk = this.#cache.chunkOf(loaded, block);
    if (chunk === undefined || chunk.damaged[block - chunk.firstBlock] === true) return 0;
    let last = 0;
    for (let each = block; each < chunk.endBlock && chunk.damaged[each - chunk.firstBlock] !== true; each++) {
      const start = loaded.index.offset(each) - chunk.base;
      const end = start + loaded.index.size(each);
      for (let record = start + blockHeaderBytes; record < end; record += recordLength(chunk.view, record)) {
        last = recordSequence(chunk.view, record);
        fillFacts(chunk.view, chunk.buffer, record, this.#facts);
        log.pay(last, this.#facts);
      }
    }
    return last;
  }
}
