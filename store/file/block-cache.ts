/**
 * Blocks of segments in memory: loaded in chunks of neighbouring blocks, each block's checksum verified as it arrives, the least
 * recently used chunks forgotten past a bound. Damage is told once, by sequence range, and never served.
 */
import type { Disk, DiskFile } from "../disk.ts";
import { Block, readBlockHeader } from "./block.ts";
import type { Run } from "./runs.ts";
import { BlockIndex, readSubjects, segmentFileName } from "./segment-format.ts";
import type { SubjectsVisitor } from "./segment-format.ts";

/** Neighbouring blocks of a run. */
export interface Chunk {
  readonly firstBlock: number;
  /** Exclusive. */
  readonly endBlock: number;
  readonly buffer: Buffer;
  readonly view: DataView;
  /** Offset in the run of the buffer's start. */
  readonly base: number;
  /** Per block of the chunk: true when its bytes are not what was written. */
  readonly damaged: readonly boolean[];
  /** The memory `buffer` is part of; used again when nobody reads in it. */
  readonly memory: Buffer;
  /** Cursors that stand in it, and whether it has left the cache. */
  users: number;
  dropped: boolean;
}

export interface LoadedRun {
  readonly logId: number;
  readonly run: Run;
  readonly index: BlockIndex;
  /** First block of each chunk. */
  readonly starts: readonly number[];
  readonly chunks: Map<number, Chunk>;
}

const chunkBytes = 64 << 10;
const openFilesMax = 512;
/** Blocks whose place is kept in memory, about 100 bytes each. */
const indexedBlocksMax = 16 << 10;
/** Idle memory kept for chunks to come. */
const idleMemoriesMax = 32;

export type DamageReport = (
  logId: number,
  segment: number,
  offset: number,
  length: number,
  first: number,
  last: number,
  why: string,
) => void;

export class BlockCache {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #bytesMax: number;
  readonly #damage: DamageReport;
  readonly #runs: Map<number, Map<number, LoadedRun>> = new Map();
  readonly #runOrder: Set<LoadedRun> = new Set();
  #indexedBlocks = 0;
  /** Least recently used first. */
  readonly #order: Map<Chunk, LoadedRun> = new Map();
  #bytes = 0;
  readonly #idle: Buffer[] = [];
  readonly #files: Map<number, Promise<DiskFile>> = new Map();
  readonly #loading: Map<string, Promise<void>> = new Map();
  readonly #held: Set<Promise<unknown>> = new Set();
  readonly #told: Set<string> = new Set();
  readonly #forgotten: Set<number> = new Set();

  constructor(disk: Disk, folder: string, bytesMax: number, damage: DamageReport) {
    this.#disk = disk;
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    this.#damage = damage;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The run's index when it is in memory. */
  loaded(run: Run): LoadedRun | undefined {
    return this.#runs.get(run.segment)?.get(run.offset);
  }

  chunkOf(loaded: LoadedRun, block: number): Chunk | undefined {
    const chunk = loaded.chunks.get(chunkNumber(loaded, block));
    if (chunk !== undefined) {
      this.#order.delete(chunk);
      this.#order.set(chunk, loaded);
    }
    return chunk;
  }

  /** Loads the chunk with the first block that ends at or after `sequence`. Never rejects: what cannot be read is damaged. */
  load(logId: number, run: Run, sequence: number): Promise<void> {
    const key = `${run.segment}:${run.offset}:${sequence}`;
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = this.#load(logId, run, sequence).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  /** The run's index, loaded when it is not there. */
  async index(logId: number, run: Run): Promise<LoadedRun> {
    const known = this.loaded(run);
    if (known !== undefined) return known;
    let index: BlockIndex | undefined;
    try {
      const bytes = await this.read(run.segment, run.offset + run.blockBytes, run.indexBytes);
      index = BlockIndex.decode(bytes, logId);
    } catch {
      index = undefined;
    }
    if (index === undefined) {
      this.#tell(
        logId,
        run.segment,
        run.offset + run.blockBytes,
        run.indexBytes,
        run.first,
        run.last,
        "the run's index is damaged; its blocks are looked for one by one",
      );
      index = await this.#searchBlocks(logId, run);
    }
    return this.loaded(run) ?? this.#keepIndex(logId, run, index);
  }

  #keepIndex(logId: number, run: Run, index: BlockIndex): LoadedRun {
    const loaded: LoadedRun = { logId, run, index, starts: chunkStarts(index), chunks: new Map() };
    let bySegment = this.#runs.get(run.segment);
    if (bySegment === undefined) {
      bySegment = new Map();
      this.#runs.set(run.segment, bySegment);
    }
    bySegment.set(run.offset, loaded);
    this.#runOrder.add(loaded);
    this.#indexedBlocks += index.length + 1;
    for (const oldest of this.#runOrder) {
      if (this.#indexedBlocks <= indexedBlocksMax || oldest === loaded) break;
      this.#dropIndex(oldest);
    }
    return loaded;
  }

  /** Bytes of a segment. Rejects when they cannot be read. */
  async read(segment: number, position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.from(new ArrayBuffer(length));
    await this.#readInto(bytes, segment, position);
    return bytes;
  }

  async #readInto(bytes: Buffer, segment: number, position: number): Promise<void> {
    const file = await this.#open(segment);
    const count = await file.read(bytes, position);
    if (count < bytes.length) throw new Error(`${segmentFileName(segment)} is shorter than ${position + bytes.length} bytes`);
  }

  /** A block's bytes, past the cache: for copying. Undefined when it is damaged. */
  async block(loaded: LoadedRun, block: number): Promise<Buffer | undefined> {
    const { index, run, logId } = loaded;
    let bytes: Buffer;
    try {
      bytes = await this.read(run.segment, run.offset + index.offset(block), index.size(block));
    } catch {
      bytes = Buffer.alloc(0);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (readBlockHeader(view, bytes, 0, bytes.length, logId) !== undefined) return bytes;
    this.#tell(
      logId,
      run.segment,
      run.offset + index.offset(block),
      index.size(block),
      index.first(block),
      index.last(block),
      "a block is damaged",
    );
    return undefined;
  }

  /** Visits the subjects (and ids, and times to live) of a run; when that part is damaged, its blocks one by one. */
  async subjects(logId: number, run: Run, visit: SubjectsVisitor): Promise<void> {
    const reading = this.#subjects(logId, run, visit);
    const key = `subjects ${run.segment}:${run.offset}`;
    this.#loading.set(key, reading);
    await reading.finally(() => this.#loading.delete(key));
  }

  async #subjects(logId: number, run: Run, visit: SubjectsVisitor): Promise<void> {
    const offset = run.offset + run.blockBytes + run.indexBytes;
    try {
      const bytes = await this.read(run.segment, offset, run.subjectsBytes);
      if (readSubjects(bytes, logId, run.first, run.firstTimeUs, visit)) return;
    } catch {
      // Told below.
    }
    this.#tell(
      logId,
      run.segment,
      offset,
      run.subjectsBytes,
      run.first,
      run.last,
      "the run's subjects are damaged; its blocks are read instead",
    );
    const loaded = await this.index(logId, run);
    const sequences = new Float64Array(1);
    for (let block = 0; block < loaded.index.length; block++) {
      const bytes = await this.block(loaded, block);
      if (bytes === undefined) continue;
      const whole = Block.of(bytes);
      whole.forEach((sequence, start, end) => {
        sequences[0] = sequence;
        visit.subject(whole.buffer, start, end, sequences, 1);
      });
    }
  }

  /** Segments that are there now stay until the work is done. */
  hold<Result>(work: Promise<Result>): Promise<Result> {
    const held = work.finally(() => this.#held.delete(held));
    this.#held.add(held);
    return held;
  }

  /** The segment is gone: what cannot be read of it is no damage. */
  isForgotten(segment: number): boolean {
    return this.#forgotten.has(segment);
  }

  /** The segment is gone: whoever reads in it now has read it when this resolves. */
  async forget(segment: number): Promise<void> {
    this.#forgotten.add(segment);
    await Promise.allSettled([...this.#loading.values(), ...this.#held]);
    for (const loaded of this.#runs.get(segment)?.values() ?? []) this.#dropIndex(loaded);
    this.#runs.delete(segment);
    const file = this.#files.get(segment);
    this.#files.delete(segment);
    void file?.then((open) => open.close()).catch(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#loading.values(), ...this.#held]);
    for (const segment of [...this.#files.keys()]) {
      const file = await this.#files.get(segment)?.catch(() => undefined);
      await file?.close();
    }
    this.#files.clear();
    this.#runs.clear();
    this.#order.clear();
    this.#runOrder.clear();
  }

  async #load(logId: number, run: Run, sequence: number): Promise<void> {
    const known = this.loaded(run);
    if (known === undefined && run.blockBytes > 0 && run.blockBytes + run.indexBytes <= chunkBytes && (await this.#loadSmall(logId, run)))
      return;
    const loaded = known ?? (await this.index(logId, run));
    const block = loaded.index.find(sequence);
    if (block >= loaded.index.length) return;
    const number = chunkNumber(loaded, block);
    if (loaded.chunks.has(number)) return;
    const firstBlock = loaded.starts[number]!;
    const endBlock = loaded.starts[number + 1] ?? loaded.index.length;
    const base = loaded.index.offset(firstBlock);
    const end = loaded.index.offset(endBlock - 1) + loaded.index.size(endBlock - 1);
    const memory =
      (end - base <= chunkBytes ? this.#idle.pop() : undefined) ?? Buffer.from(new ArrayBuffer(Math.max(end - base, chunkBytes)));
    const buffer = memory.subarray(0, end - base);
    try {
      await this.#readInto(buffer, run.segment, run.offset + base);
    } catch {
      buffer.fill(0);
    }
    // Another load may have been quicker, or the segment may be gone.
    if (loaded.chunks.has(number) || !this.#runOrder.has(loaded)) return this.#recycle(memory);
    this.#keepChunk(loaded, number, this.#verify(loaded, firstBlock, endBlock, base, buffer, memory));
  }

  /** A run that is one chunk is read with its index at once. False when that did not go well, and damage is to be told apart. */
  async #loadSmall(logId: number, run: Run): Promise<boolean> {
    const memory = this.#idle.pop() ?? Buffer.from(new ArrayBuffer(chunkBytes));
    const bytes = memory.subarray(0, run.blockBytes + run.indexBytes);
    let index: BlockIndex | undefined;
    try {
      await this.#readInto(bytes, run.segment, run.offset);
      index = BlockIndex.decode(bytes.subarray(run.blockBytes), logId);
    } catch {
      index = undefined;
    }
    if (index === undefined || this.loaded(run) !== undefined || this.#forgotten.has(run.segment)) {
      this.#recycle(memory);
      return false;
    }
    const loaded = this.#keepIndex(logId, run, index);
    this.#keepChunk(loaded, 0, this.#verify(loaded, 0, index.length, 0, memory.subarray(0, run.blockBytes), memory));
    return true;
  }

  #keepChunk(loaded: LoadedRun, number: number, chunk: Chunk): void {
    loaded.chunks.set(number, chunk);
    this.#order.set(chunk, loaded);
    this.#bytes += chunk.memory.length;
    for (const [oldest, owner] of this.#order) {
      if (this.#bytes <= this.#bytesMax || oldest === chunk) break;
      this.#dropChunk(oldest, owner);
    }
  }

  /** A cursor stands in the chunk, until it releases it. */
  retain(chunk: Chunk): void {
    chunk.users++;
  }

  release(chunk: Chunk): void {
    if (--chunk.users === 0 && chunk.dropped) this.#recycle(chunk.memory);
  }

  #recycle(memory: Buffer): void {
    if (memory.length === chunkBytes && this.#idle.length < idleMemoriesMax) this.#idle.push(memory);
  }

  #verify(loaded: LoadedRun, firstBlock: number, endBlock: number, base: number, buffer: Buffer, memory: Buffer): Chunk {
    const { index, run, logId } = loaded;
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    const damaged: boolean[] = [];
    for (let block = firstBlock; block < endBlock; block++) {
      const at = index.offset(block) - base;
      const length = index.size(block);
      const header = readBlockHeader(view, buffer, at, buffer.length, logId);
      const sound =
        header !== undefined && header.length === length && header.first === index.first(block) && header.last === index.last(block);
      damaged.push(!sound);
      if (!sound) {
        this.#tell(
          logId,
          run.segment,
          run.offset + index.offset(block),
          length,
          index.first(block),
          index.last(block),
          "a block is damaged",
        );
      }
    }
    return { firstBlock, endBlock, buffer, view, base, damaged, memory, users: 0, dropped: false };
  }

  /** The index is lost: finds sound blocks by their magic. */
  async #searchBlocks(logId: number, run: Run): Promise<BlockIndex> {
    const index = new BlockIndex();
    let bytes: Buffer;
    try {
      bytes = await this.read(run.segment, run.offset, run.blockBytes);
    } catch {
      return index;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at >= 0 && at < bytes.length;) {
      const header = readBlockHeader(view, bytes, at, bytes.length, logId);
      if (header === undefined) {
        at = bytes.indexOf("WSB1", at + 1, "latin1");
        continue;
      }
      index.add(header.first, header.last, header.firstTimeUs, at, header.length, header.count);
      at += header.length;
    }
    return index;
  }

  #tell(logId: number, segment: number, offset: number, length: number, first: number, last: number, why: string): void {
    const key = `${segment}:${offset}`;
    if (this.#told.has(key) || this.#forgotten.has(segment)) return;
    this.#told.add(key);
    this.#damage(logId, segment, offset, length, first, last, why);
  }

  #open(segment: number): Promise<DiskFile> {
    const known = this.#files.get(segment);
    if (known !== undefined) {
      this.#files.delete(segment);
      this.#files.set(segment, known);
      return known;
    }
    const opening = this.#disk.open(`${this.#folder}/${segmentFileName(segment)}`, "read");
    opening.catch(() => this.#files.delete(segment));
    this.#files.set(segment, opening);
    if (this.#files.size > openFilesMax && this.#loading.size + this.#held.size <= 1) {
      const [oldest, file] = this.#files.entries().next().value!;
      this.#files.delete(oldest);
      void file.then((open) => open.close()).catch(() => undefined);
    }
    return opening;
  }

  #dropChunk(chunk: Chunk, owner: LoadedRun): void {
    if (!this.#order.delete(chunk)) return;
    this.#bytes -= chunk.memory.length;
    chunk.dropped = true;
    if (chunk.users === 0) this.#recycle(chunk.memory);
    owner.chunks.delete(chunkNumber(owner, chunk.firstBlock));
  }

  #dropIndex(loaded: LoadedRun): void {
    if (!this.#runOrder.delete(loaded)) return;
    this.#indexedBlocks -= loaded.index.length + 1;
    for (const chunk of [...loaded.chunks.values()]) this.#dropChunk(chunk, loaded);
    this.#runs.get(loaded.run.segment)?.delete(loaded.run.offset);
  }
}

function chunkStarts(index: BlockIndex): number[] {
  const starts: number[] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (let block = 0; block < index.length; block++) {
    const length = index.size(block);
    if (bytes + length > chunkBytes) {
      starts.push(block);
      bytes = 0;
    }
    bytes += length;
  }
  return starts;
}

/** The chunk that holds a block. */
function chunkNumber(loaded: LoadedRun, block: number): number {
  const starts = loaded.starts;
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= block) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
