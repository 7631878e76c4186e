/**
 * A reader's position in a log of the file store. Reads in place: from the tail's blocks while a record is in memory, else from
 * chunks of segments, which it asks for ahead of need. Shows only what is visible, present and whole.
 */
import { recordHeaderBytes, recordLength, recordSequence, recordSubjectBytes, showRecord } from "../record.ts";
import type { Cursor, CursorStep, RecordView, Sequence, SubjectFilterTest } from "../store.ts";
import { blockHeaderBytes } from "./block.ts";
import type { Block } from "./block.ts";
import type { BlockCache, Chunk, LoadedRun } from "./block-cache.ts";
import type { LogStorage } from "./log-storage.ts";

/** What a cursor asks of its log. */
export interface CursorLog {
  readonly storage: LogStorage;
  readonly cache: BlockCache;
  readonly open: boolean;
  /** Highest sequence readers may see. */
  readonly visible: Sequence;
  /** Nothing lies below. */
  readonly floor: Sequence;
  isGone(sequence: Sequence): boolean;
  /** Runs `task` on a later turn. */
  later(task: () => void): void;
}

/** Records looked at in one call before it yields with `loading`. */
const scanMax = 4096;
/** Chunks asked for ahead of the one being read. */
const readAhead = 3;
const nothing = Buffer.alloc(0);

export class FileCursor implements Cursor {
  readonly view: RecordView = {
    sequence: 0,
    timeUs: 0,
    buffer: nothing,
    subjectStart: 0,
    subjectEnd: 0,
    bodyStart: 0,
    headerBytes: 0,
    bodyEnd: 0,
    ttlSeconds: 0,
  };
  position: Sequence;
  onReady: (() => void) | undefined = undefined;
  readonly #log: CursorLog;
  readonly #filter: SubjectFilterTest | undefined;
  /** In memory: the block. Else the chunk, and where its current block ends. */
  #block: Block | undefined = undefined;
  #chunk: Chunk | undefined = undefined;
  #loaded: LoadedRun | undefined = undefined;
  #chunkBlock = 0;
  #at = 0;
  #end = 0;
  #waiting = false;
  #closed = false;

  constructor(log: CursorLog, from: Sequence, filter: SubjectFilterTest | undefined) {
    this.#log = log;
    this.#filter = filter;
    this.position = Math.max(1, from);
  }

  seek(sequence: Sequence): void {
    const to = Math.max(1, sequence);
    // Forward within what it holds needs no looking up; anything else does.
    if (to < this.position || this.#block === undefined || to > this.#block.last) this.#leave();
    this.position = to;
  }

  close(): void {
    this.#closed = true;
    this.onReady = undefined;
    this.#leave();
  }

  next(): CursorStep {
    const log = this.#log;
    if (this.#closed || !log.open) return "end";
    if (this.#waiting) return "loading";
    const visible = log.visible;
    if (this.position < log.floor) this.position = log.floor;
    for (let looked = 0; ; looked++) {
      if (this.position > visible) return "end";
      const view = this.#source();
      if (view === undefined) {
        const step = this.#locate();
        if (step !== "record") return step;
        continue;
      }
      const at = this.#at;
      const sequence = recordSequence(view, at);
      if (sequence > visible) return "end";
      this.#at = at + recordLength(view, at);
      if (sequence < this.position) continue;
      this.position = sequence + 1;
      if (log.isGone(sequence) || !this.#passes(view, at)) {
        if (looked >= scanMax) return this.#yield();
        continue;
      }
      showRecord(view, this.#block === undefined ? this.#chunk!.buffer : this.#block.buffer, at, this.view);
      return "record";
    }
  }

  /** The bytes the next record lies in; undefined when it must be looked up. */
  #source(): DataView | undefined {
    const block = this.#block;
    if (block !== undefined) return this.#at < block.length ? block.view : undefined;
    return this.#chunk !== undefined && this.#at < this.#end ? this.#chunk.view : undefined;
  }

  #passes(view: DataView, at: number): boolean {
    const filter = this.#filter;
    if (filter === undefined) return true;
    const start = at + recordHeaderBytes;
    const buffer = this.#block === undefined ? this.#chunk!.buffer : this.#block.buffer;
    return filter.matches(buffer, start, start + recordSubjectBytes(view, at));
  }

  /** Finds where the record at `position` lies. */
  #locate(): CursorStep {
    const chunk = this.#chunk;
    if (chunk !== undefined && this.#chunkBlock + 1 < chunk.endBlock && this.#loaded!.index.first(this.#chunkBlock + 1) >= this.position) {
      return this.#enterBlock(chunk, this.#loaded!, this.#chunkBlock + 1);
    }
    this.#leave();
    const { storage, cache } = this.#log;
    for (let index = storage.runs.find(this.position); index < storage.runs.length; index++) {
      const run = storage.runs.at(index);
      const loaded = cache.loaded(run);
      if (loaded === undefined) return this.#load(index);
      const block = loaded.index.find(this.position);
      if (block >= loaded.index.length) {
        // Its last records are gone, or were never written.
        this.position = Math.max(this.position, run.last + 1);
        continue;
      }
      const found = cache.chunkOf(loaded, block);
      if (found === undefined) return this.#load(index);
      this.#prefetch(index, loaded, found);
      return this.#enterBlock(found, loaded, block);
    }
    const block = storage.blockAt(this.position);
    if (block === undefined) return "end";
    block.users++;
    this.#block = block;
    this.#at = blockHeaderBytes;
    return "record";
  }

  #enterBlock(chunk: Chunk, loaded: LoadedRun, block: number): CursorStep {
    if (chunk.damaged[block - chunk.firstBlock] === true) {
      this.position = loaded.index.last(block) + 1;
      this.#leave();
      return "damaged";
    }
    if (this.#chunk !== chunk) {
      this.#leave();
      this.#log.cache.retain(chunk);
      this.#chunk = chunk;
    }
    this.#loaded = loaded;
    this.#chunkBlock = block;
    this.#at = loaded.index.offset(block) - chunk.base + blockHeaderBytes;
    this.#end = this.#at - blockHeaderBytes + loaded.index.size(block);
    return "record";
  }

  #load(index: number): CursorStep {
    const { storage, cache } = this.#log;
    this.#waiting = true;
    void cache.load(storage.id, storage.runs.at(index), this.position).then(() => this.#ready());
    return "loading";
  }

  /** Asks for what will be read next, in this run and the ones after it. */
  #prefetch(index: number, loaded: LoadedRun, chunk: Chunk): void {
    const { storage, cache } = this.#log;
    let wanted = readAhead;
    for (let block = chunk.endBlock; wanted > 0 && block < loaded.index.length; wanted--) {
      const ahead = cache.chunkOf(loaded, block);
      if (ahead === undefined) {
        void cache.load(storage.id, loaded.run, loaded.index.first(block));
        return;
      }
      block = ahead.endBlock;
    }
    for (let next = index + 1; wanted > 0 && next < storage.runs.length; wanted--, next++) {
      const run = storage.runs.at(next);
      const known = cache.loaded(run);
      if (known === undefined || (known.index.length > 0 && cache.chunkOf(known, 0) === undefined)) {
        void cache.load(storage.id, run, run.first);
        return;
      }
    }
  }

  #yield(): CursorStep {
    this.#waiting = true;
    this.#log.later(() => this.#ready());
    return "loading";
  }

  #ready(): void {
    this.#waiting = false;
    if (!this.#closed) this.onReady?.();
  }

  #leave(): void {
    if (this.#block !== undefined) this.#block.users--;
    this.#block = undefined;
    if (this.#chunk !== undefined) this.#log.cache.release(this.#chunk);
    this.#chunk = undefined;
    this.#loaded = undefined;
    this.#at = 0;
    this.#end = 0;
  }
}
