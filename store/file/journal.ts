/**
 * The journal: every change of every log, in batches, in order. Entries are encoded straight into the open batch; while one batch
 * is being written everything that comes meanwhile gathers in the next (group commit). One write is in flight, ever.
 *
 * It owns the journal's files and their memory. It knows batches and bytes, never what an entry means.
 */
import type { Clock, Timer } from "../environment.ts";
import type { Disk, DiskFile, JournalHandle, JournalWriter, WriteMode } from "../disk.ts";
import { isNoSpace } from "../disk.ts";
import { alignBatch, batchHeaderBytes, journalFileName, sealBatch } from "./journal-format.ts";

export interface JournalOptions {
  /** Size of a file once traffic warrants it; files start small and grow fourfold. */
  readonly fileBytes: number;
  readonly firstFileBytes: number;
  /** A batch is closed when it has so many bytes; a larger entry is a batch of its own. */
  readonly batchBytes: number;
}

export const journalDefaults: JournalOptions = { fileBytes: 16 << 20, firstFileBytes: 256 << 10, batchBytes: 1 << 20 };

/** Where writing goes on: made by recovery. */
export interface JournalPosition {
  readonly nextFile: number;
  readonly nextBatch: number;
  readonly nextChange: number;
  readonly previousChecksum: number;
  /** Files that still hold changes no checkpoint contains, ascending. */
  readonly filled: readonly FilledFile[];
}

export interface FilledFile {
  readonly number: number;
  readonly bytes: number;
  /** The number of the last batch in it. */
  readonly lastBatch: number;
}

export interface JournalEvents {
  /** The batch takes no more entries. */
  closing(batch: Batch): void;
  /** The batch is as durable as it asked to be. In order. */
  written(batch: Batch): void;
  /** Nothing more will be written. */
  failed(error: Error): void;
  /** A file was filled, or space came or went. */
  changed(): void;
}

/** Something that wants to know how far it got with a batch. */
export interface BatchParticipant {
  /** The batch's memory is about to be given back: whoever still reads there copies what it needs. */
  moving(): void;
  /** The batch it wrote into is closed, and its memory too: notes how far it got. */
  closing(): void;
  /** That batch is as durable as asked. Called once for each `closing`, in order. */
  committed(): void;
}

/** The end of the journal at some moment: everything before it is written. */
export interface JournalMark {
  readonly batch: number;
  readonly checksum: number;
  readonly change: number;
}

interface Barrier {
  resolve(mark: JournalMark): void;
  reject(error: Error): void;
}

/** Entries on their way to disk. Whoever encodes one advances `length` and calls `Journal.added`. */
export class Batch {
  readonly memory: Buffer;
  readonly view: DataView;
  length: number;
  entries: number;
  firstChange: number;
  /** Assigned when it is written. */
  number: number;
  /** False when everything in it may be lost in a power failure. */
  durable: boolean;
  /** Outcomes up to this ticket settle with it. */
  settles: number;
  /** Who wrote into it. */
  readonly participants: BatchParticipant[];
  barriers: Barrier[] | undefined;

  constructor(memory: Buffer) {
    this.memory = memory;
    this.view = new DataView(memory.buffer, memory.byteOffset, memory.length);
    this.length = batchHeaderBytes;
    this.entries = 0;
    this.firstChange = 0;
    this.number = 0;
    this.durable = false;
    this.settles = 0;
    this.participants = [];
    this.barriers = undefined;
  }

  reset(): void {
    this.length = batchHeaderBytes;
    this.entries = 0;
    this.firstChange = 0;
    this.number = 0;
    this.durable = false;
    this.settles = 0;
    this.participants.length = 0;
    this.barriers = undefined;
  }
}

interface JournalFile {
  readonly number: number;
  readonly handle: JournalHandle;
  bytes: number;
}

/** Idle batches kept for reuse. */
const idleBatchesMax = 3;
const retryMs = 500;

export class Journal {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #options: JournalOptions;
  readonly #events: JournalEvents;
  readonly #writer: JournalWriter;
  readonly #onWritten: (error: Error | undefined) => void;
  readonly #onSynced: (error: Error | undefined) => void;
  readonly #idle: Batch[] = [];
  readonly #queue: Batch[] = [];
  #queuedBytes = 0;
  #open: Batch | undefined;
  #writing: Batch | undefined;
  #syncing = false;
  #syncWaiters: (() => void)[] = [];

  #file: JournalFile | undefined;
  #filePosition = 0;
  readonly #spares: JournalFile[] = [];
  readonly #filled: FilledFile[] = [];
  #filledBytes = 0;
  #nextFile = 1;
  #preparing: Promise<void> | undefined;
  #noSpace = false;
  #retry: Timer | undefined;

  #nextBatch = 1;
  #nextChange = 1;
  #previousChecksum = 0;
  /** The last batch known durable, and the last one written at all. */
  #durableBatch = 0;
  #writtenBatch = 0;
  #failure: Error | undefined;
  #closed = false;

  /** No file is made larger than this: a share of what is free. */
  fileBytesMax: number = Number.POSITIVE_INFINITY;
  syncs = 0;
  commits = 0;
  writtenBytes = 0;

  constructor(disk: Disk, folder: string, clock: Clock, options: JournalOptions, events: JournalEvents) {
    this.#disk = disk;
    this.#folder = folder;
    this.#clock = clock;
    this.#options = options;
    this.#events = events;
    this.#writer = disk.journalWriter();
    this.#onWritten = (error): void => this.#afterWrite(error);
    this.#onSynced = (error): void => this.#afterSync(error);
  }

  async start(position: JournalPosition): Promise<void> {
    this.#nextFile = position.nextFile;
    this.#nextBatch = position.nextBatch;
    this.#durableBatch = position.nextBatch - 1;
    this.#writtenBatch = position.nextBatch - 1;
    this.#nextChange = position.nextChange;
    this.#previousChecksum = position.previousChecksum;
    for (const file of position.filled) {
      this.#filled.push(file);
      this.#filledBytes += file.bytes;
    }
    this.#file = await this.#prepare(this.#options.firstFileBytes);
    this.#wantSpares();
  }

  /** The change number the next entry gets. */
  get nextChange(): number {
    return this.#nextChange;
  }

  /** Bytes encoded and not yet written. */
  get pendingBytes(): number {
    return this.#queuedBytes + (this.#open === undefined ? 0 : this.#open.length);
  }

  /** Bytes in files that no checkpoint has freed. */
  get unflushedBytes(): number {
    return this.#filledBytes + this.#filePosition;
  }

  get fileBytesTotal(): number {
    let total = this.#filledBytes + (this.#file?.bytes ?? 0);
    for (const spare of this.#spares) total += spare.bytes;
    return total;
  }

  get noSpace(): boolean {
    return this.#noSpace;
  }

  get writing(): boolean {
    return this.#writing !== undefined;
  }

  get lastBatch(): number {
    return this.#writtenBatch;
  }

  get previousChecksum(): number {
    return this.#previousChecksum;
  }

  /** False when a record of `size` bytes could find no room on the disk. The last spare file is kept for what frees space. */
  admits(size: number): boolean {
    if (!this.#noSpace) return true;
    let room = (this.#file?.bytes ?? 0) - this.#filePosition;
    for (let index = 0; index < this.#spares.length - 1; index++) room += this.#spares[index]!.bytes;
    return this.pendingBytes + size + 4096 <= room;
  }

  /** The batch in which the next `size` bytes of entries go, all of them together. */
  batch(size: number): Batch {
    let open = this.#open;
    if (open !== undefined && open.length + size > open.memory.length) {
      this.#enqueue(open);
      open = undefined;
    }
    if (open === undefined) {
      open = this.#take(size);
      open.firstChange = this.#nextChange;
      this.#open = open;
    }
    return open;
  }

  /** The open batch with `size` more bytes of room: what belongs together stays together. */
  enlarge(batch: Batch, size: number): Batch {
    if (batch.length + size <= batch.memory.length) return batch;
    const larger = new Batch(this.#writer.allocate(alignBatch(batch.length + size)));
    batch.memory.copy(larger.memory, 0, 0, batch.length);
    larger.length = batch.length;
    larger.entries = batch.entries;
    larger.firstChange = batch.firstChange;
    larger.durable = batch.durable;
    for (const participant of batch.participants) participant.moving();
    larger.participants.push(...batch.participants);
    this.#recycleBatch(batch);
    this.#open = larger;
    return larger;
  }

  /** True when entries wait in the open batch. */
  get gathering(): boolean {
    return this.#open !== undefined && this.#open.entries > 0;
  }

  /** The newest batch that is closed and not yet written. */
  get lastClosed(): Batch | undefined {
    return this.#queue.at(-1) ?? this.#writing;
  }

  /** `count` entries were encoded into the open batch, which now ends at `length`. */
  added(batch: Batch, length: number, count: number): void {
    batch.length = length;
    batch.entries += count;
    this.#nextChange += count;
  }

  /** Closes the open batch and writes it as soon as the writer is free. */
  commit(): void {
    if (this.#open !== undefined) this.#enqueue(this.#open);
    this.#kick();
  }

  /** Commits. Resolves, when all of it is written, with the place where it ended. Rejects when the journal fails. */
  barrier(): Promise<JournalMark> {
    this.commit();
    const last = this.#queue.at(-1) ?? this.#writing;
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (last === undefined)
      return Promise.resolve({ batch: this.#writtenBatch, checksum: this.#previousChecksum, change: this.#nextChange - 1 });
    return new Promise((resolve, reject) => {
      last.barriers ??= [];
      last.barriers.push({ resolve, reject });
    });
  }

  /** Makes everything written so far durable, batches that did not ask for it included. */
  sync(): Promise<void> {
    return new Promise((resolve) => {
      this.#syncWaiters.push(resolve);
      this.#kick();
    });
  }

  get hasUnsynced(): boolean {
    return this.#durableBatch < this.#writtenBatch;
  }

  /** Files whose batches are all ≤ `batch` are not needed any more: recycled or removed. */
  async free(batch: number): Promise<void> {
    while (this.#filled.length > 0 && this.#filled[0]!.lastBatch <= batch) {
      const file = this.#filled.shift()!;
      this.#filledBytes -= file.bytes;
      const path = `${this.#folder}/${journalFileName(file.number)}`;
      if (file.bytes === this.#options.fileBytes && this.#spares.length < 3 && this.#preparing === undefined && !this.#closed) {
        this.#preparing = this.#recycle(path, file.bytes).finally(() => (this.#preparing = undefined));
        await this.#preparing;
        this.#kick();
      } else {
        await this.#disk.unlink(path);
      }
    }
    if (this.#noSpace) this.#wantSpares();
  }

  /** Ends the file being written, so that `free` can take it. Nothing is pending. */
  async endFile(): Promise<void> {
    const file = this.#file;
    if (file === undefined || this.#filePosition === 0) return;
    this.#file = undefined;
    await this.#fill(file);
  }

  /** Nothing is pending. The files stay unless `remove`: after a clean close there is nothing in them. */
  async close(remove: boolean): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#preparing;
    const names: string[] = [];
    if (this.#file !== undefined) names.push(journalFileName(this.#file.number));
    for (const spare of this.#spares) names.push(journalFileName(spare.number));
    for (const filled of this.#filled) names.push(journalFileName(filled.number));
    await this.#writer.stop();
    if (!remove) return;
    for (const name of names) await this.#disk.unlink(`${this.#folder}/${name}`);
    await this.#disk.syncFolder(this.#folder);
  }

  #take(size: number): Batch {
    const needed = batchHeaderBytes + size;
    if (needed > this.#options.batchBytes) return new Batch(this.#writer.allocate(alignBatch(needed)));
    return this.#idle.pop() ?? new Batch(this.#writer.allocate(this.#options.batchBytes));
  }

  #recycleBatch(batch: Batch): void {
    if (batch.memory.length === this.#options.batchBytes && this.#idle.length < idleBatchesMax) {
      batch.reset();
      this.#idle.push(batch);
    } else {
      this.#writer.release(batch.memory);
    }
  }

  #enqueue(batch: Batch): void {
    this.#open = undefined;
    if (batch.entries === 0) return this.#recycleBatch(batch);
    for (const participant of batch.participants) participant.closing();
    this.#events.closing(batch);
    this.#queue.push(batch);
    this.#queuedBytes += batch.length;
    this.#kick();
  }

  #kick(): void {
    if (this.#writing !== undefined || this.#syncing || this.#failure !== undefined) return;
    const batch = this.#queue[0];
    if (batch === undefined) {
      if (this.#syncWaiters.length > 0) this.#startSync();
      return;
    }
    let file = this.#file;
    if (file === undefined || this.#filePosition + batch.length > file.bytes) {
      const next = file !== undefined && this.#filePosition === 0 ? file : this.#spares[0];
      if (next === undefined) return this.#wantSpares();
      if (next.bytes < batch.length) return this.#extend(next, batch.length);
      this.#spares.shift();
      if (file !== undefined) void this.#fill(file).catch((error: unknown) => this.#fail(error));
      file = next;
      this.#file = next;
      this.#wantSpares();
      this.#events.changed();
      // The old file is being synced first.
      if (this.#syncing) return;
    }
    this.#queue.shift();
    this.#queuedBytes -= batch.length;
    this.#writing = batch;
    batch.number = this.#nextBatch++;
    const mode: WriteMode = !batch.durable ? "plain" : this.hasUnsynced ? "through" : "synced";
    this.#previousChecksum = sealBatch(batch.view, batch.memory, {
      length: batch.length,
      previous: this.#previousChecksum,
      epoch: file.number,
      number: batch.number,
      firstChange: batch.firstChange,
      durable: this.#durableBatch,
      entries: batch.entries,
    });
    const position = this.#filePosition;
    this.#filePosition = alignBatch(position + batch.length);
    if (this.#spares.length < 2 && this.#filePosition > file.bytes / 2) this.#wantSpares();
    this.#writer.write(file.handle, position, batch.memory, batch.length, mode, this.#onWritten);
  }

  #afterWrite(error: Error | undefined): void {
    const batch = this.#writing;
    if (batch === undefined) return;
    if (error !== undefined) return this.#fail(error);
    this.#writing = undefined;
    this.commits++;
    this.writtenBytes += batch.length;
    this.#writtenBatch = batch.number;
    if (batch.durable) {
      this.syncs++;
      this.#durableBatch = batch.number;
    }
    if (batch.barriers !== undefined) {
      const mark = { batch: batch.number, checksum: this.#previousChecksum, change: batch.firstChange + batch.entries - 1 };
      for (const barrier of batch.barriers) barrier.resolve(mark);
    }
    // The next batch goes out before the outcomes of this one are told: the disk never waits for the broker.
    this.#kick();
    this.#events.written(batch);
    this.#recycleBatch(batch);
  }

  #startSync(): void {
    const file = this.#file;
    if (file === undefined || !this.hasUnsynced) return this.#wakeSyncWaiters();
    this.#syncing = true;
    this.#writer.sync(file.handle, this.#onSynced);
  }

  #afterSync(error: Error | undefined): void {
    this.#syncing = false;
    if (error !== undefined) return this.#fail(error);
    this.syncs++;
    this.#durableBatch = this.#writtenBatch;
    this.#wakeSyncWaiters();
    this.#kick();
  }

  #wakeSyncWaiters(): void {
    for (const wake of this.#syncWaiters.splice(0)) wake();
  }

  /** The file is full. What was written to it without a sync is synced before a later file's batch may claim it is durable. */
  async #fill(file: JournalFile): Promise<void> {
    this.#filled.push({ number: file.number, bytes: file.bytes, lastBatch: this.#nextBatch - 1 });
    this.#filledBytes += file.bytes;
    this.#filePosition = 0;
    if (this.hasUnsynced) {
      this.#syncing = true;
      await new Promise<void>((resolve) =>
        this.#writer.sync(file.handle, (error) => {
          this.#afterSync(error);
          resolve();
        }),
      );
    }
    await this.#writer.close(file.handle);
  }

  #fail(reason: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason instanceof Error ? reason : new Error(String(reason));
    this.#wakeSyncWaiters();
    for (const batch of [this.#writing, ...this.#queue]) {
      for (const barrier of batch?.barriers ?? []) barrier.reject(this.#failure);
    }
    this.#events.failed(this.#failure);
  }

  /** Keeps a spare file ahead, two when the current one is half full: the last is the reserve for what frees space. */
  #wantSpares(): void {
    if (this.#preparing !== undefined || this.#closed || this.#failure !== undefined) return;
    const file = this.#file;
    const wanted = file !== undefined && this.#filePosition <= file.bytes / 2 ? 1 : 2;
    if (this.#spares.length >= wanted) return;
    const last = this.#spares.at(-1) ?? file;
    const grown = Math.min(this.#options.fileBytes, this.fileBytesMax, (last?.bytes ?? this.#options.firstFileBytes) * 4);
    const bytes = Math.max(this.#options.firstFileBytes, Math.floor(grown / 4096) * 4096);
    this.#preparing = this.#prepareSpare(bytes);
  }

  async #prepareSpare(wanted: number): Promise<void> {
    const least = this.#options.firstFileBytes;
    for (let bytes = wanted; ; bytes = Math.max(least, Math.floor(bytes / 4))) {
      try {
        this.#spares.push(await this.#prepare(bytes));
        this.#setNoSpace(false);
        break;
      } catch (error) {
        if (!isNoSpace(error)) this.#fail(error);
        else if (bytes > least) continue;
        else {
          this.#setNoSpace(true);
          if (!this.#closed) this.#retry = this.#clock.after(retryMs, () => this.#wantSpares());
        }
        break;
      }
    }
    this.#preparing = undefined;
    if (!this.#noSpace) this.#wantSpares();
    this.#kick();
  }

  /** A batch larger than the next file: makes room for it first, so that the write itself cannot run out of space. */
  #extend(file: JournalFile, bytes: number): void {
    if (this.#preparing !== undefined || this.#closed) return;
    this.#preparing = this.#extendFile(file, alignBatch(bytes));
  }

  async #extendFile(file: JournalFile, bytes: number): Promise<void> {
    try {
      const opened = await this.#disk.open(`${this.#folder}/${journalFileName(file.number)}`, "update");
      try {
        await fillWithZeroes(opened, file.bytes, bytes);
        await opened.sync();
        file.bytes = bytes;
        this.#setNoSpace(false);
      } finally {
        await opened.close();
      }
    } catch (error) {
      if (isNoSpace(error)) {
        this.#setNoSpace(true);
        if (!this.#closed) this.#retry = this.#clock.after(retryMs, () => this.#kick());
      } else this.#fail(error);
    }
    this.#preparing = undefined;
    if (!this.#noSpace) this.#kick();
  }

  #setNoSpace(value: boolean): void {
    if (this.#noSpace === value) return;
    this.#noSpace = value;
    this.#events.changed();
  }

  /** Creates a file filled with zeroes, so that writing to it changes no metadata. */
  async #prepare(bytes: number): Promise<JournalFile> {
    const number = this.#nextFile++;
    const path = `${this.#folder}/${journalFileName(number)}`;
    const file = await this.#disk.open(path, "create");
    try {
      await fillWithZeroes(file, 0, bytes);
      await file.sync();
      await file.close();
      await this.#disk.syncFolder(this.#folder);
      return { number, bytes, handle: await this.#writer.open(path) };
    } catch (error) {
      await file.close().catch(() => undefined);
      await this.#disk.unlink(path).catch(() => undefined);
      throw error;
    }
  }

  /** A file of full size serves again under the next number; what it holds is of an old epoch, and ignored. */
  async #recycle(path: string, bytes: number): Promise<void> {
    const number = this.#nextFile++;
    const renamed = `${this.#folder}/${journalFileName(number)}`;
    try {
      await this.#disk.rename(path, renamed);
      await this.#disk.syncFolder(this.#folder);
      this.#spares.push({ number, bytes, handle: await this.#writer.open(renamed) });
    } catch (error) {
      this.#fail(error);
    }
  }
}

const zeroes = Buffer.alloc(1 << 20);

async function fillWithZeroes(file: DiskFile, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += zeroes.length) {
    await file.write(to - at < zeroes.length ? zeroes.subarray(0, to - at) : zeroes, at);
  }
}
