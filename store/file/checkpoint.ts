/**
 * Checkpoints: moves what the journal holds into a segment and the manifest, then lets the journal's files go. One at a time, in
 * slices, through the thread pool. Also gives back the disk of segments whose records are gone: unlinks dead ones, copies what is
 * left of half-dead ones.
 *
 * Nothing is forgotten before what replaces it is durable: segment, its folder, the manifest, then the journal.
 */
import { Deletions } from "../ledger/deletions.ts";
import type { Disk } from "../disk.ts";
import { errorCode, isNoSpace } from "../disk.ts";
import type { BlockCache } from "./block-cache.ts";
import { Block } from "./block.ts";
import type { ByteWriter } from "./bytes.ts";
import type { FileLog } from "./file-log.ts";
import type { Journal, JournalMark } from "./journal.ts";
import { encodeState } from "./log-state.ts";
import { ManifestEncoder } from "./manifest.ts";
import type { Checkpoint, SavedSubjects } from "./manifest.ts";
import { newEdit } from "./manifest-file.ts";
import type { ManifestFile } from "./manifest-file.ts";
import type { Recovered } from "./recovery.ts";
import { runBytes } from "./runs.ts";
import type { Run } from "./runs.ts";
import { segmentFileName } from "./segment-format.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { Survivors } from "./segment-writer.ts";
import { subjectFileName, writeSubjects } from "./subject-file.ts";

export interface CheckpointHooks {
  /** As `FileStoreLimits`. */
  readonly savedSubjectsMin: number;
  fault(message: string): void;
  /** What is on disk is not known any more. */
  failed(error: Error): void;
  nowUs(): number;
  nextLogId(): number;
  /** Disk was given back. */
  changed(): void;
}

interface Segment {
  runs: number;
  bytes: number;
  /** Written into it, and of those in runs that are gone. */
  records: number;
  goneRecords: number;
}

/** What a flush took from a log, to be put back when it fails. */
interface Taken {
  readonly log: FileLog;
  readonly blocks: readonly Block[];
  readonly deleted: number[];
  readonly goneRuns: readonly Run[];
  readonly stored: () => void;
  readonly revision: number;
}

/** The manifest is rewritten when it is so long, and three times as long as after the last rewrite. */
const rewriteBytes = 1 << 20;
const retryAfterMs = 1000;
const runBytesMax = 2 << 20;

export class Checkpointer {
  /** Memory of records that are not in a segment. */
  tailBytes = 0;
  /** Bytes of runs that are wholly gone and still on disk, roughly. */
  deadBytes = 0;
  segmentBytes = 0;
  writtenBytes = 0;
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #journal: Journal;
  readonly #manifest: ManifestFile;
  readonly #cache: BlockCache;
  readonly #logs: ReadonlyMap<number, FileLog>;
  readonly #forgetLog: (log: FileLog) => void;
  readonly #hooks: CheckpointHooks;
  readonly #segments: Map<number, Segment> = new Map();
  #droppedLogs: FileLog[] = [];
  #nextSegment = 1;
  #checkpoint: Checkpoint = { batch: 0, checksum: 0, change: 0, sealed: true, nextLogId: 1, nextSegment: 1 };
  #rewrittenBytes = 0;
  #running: Promise<void> | undefined;
  #retryAtMs = 0;

  constructor(
    disk: Disk,
    folder: string,
    journal: Journal,
    manifest: ManifestFile,
    cache: BlockCache,
    logs: Map<number, FileLog>,
    hooks: CheckpointHooks,
  ) {
    this.#disk = disk;
    this.#folder = folder;
    this.#journal = journal;
    this.#manifest = manifest;
    this.#cache = cache;
    this.#logs = logs;
    this.#forgetLog = (log): void => void logs.delete(log.id);
    this.#hooks = hooks;
  }

  async start(recovered: Recovered, ballastBytes: number): Promise<void> {
    this.#nextSegment = recovered.nextSegment;
    this.#checkpoint = recovered.checkpoint;
    this.tailBytes = recovered.tailBytes;
    for (const { storage, goneRuns } of [...recovered.logs, ...recovered.dropped]) {
      const { runs } = storage;
      for (let index = 0; index < runs.length; index++) this.#add(runs.segment(index), runs.bytes(index), runs.count(index));
      for (const run of goneRuns) this.#addRun(run);
    }
    this.#droppedLogs = [...recovered.dropped];
    await this.#manifest.start(recovered.manifestCut);
    if (this.#manifest.bytes === 0) {
      // A new folder has a manifest before it has a journal: a journal without one is damage.
      const edit = newEdit();
      new ManifestEncoder(edit).checkpoint(this.#checkpoint);
      await this.#manifest.rewrite(edit);
    }
    this.#rewrittenBytes = this.#manifest.bytes;
    await this.#manifest.keepBallast(ballastBytes, recovered.hasBallast);
  }

  /** The new journal is there: says that from now on one is expected, then removes what nothing refers to. */
  async unseal(orphans: readonly string[]): Promise<void> {
    const edit = newEdit();
    this.#checkpoint = { ...this.#checkpoint, sealed: false };
    new ManifestEncoder(edit).checkpoint(this.#checkpoint);
    await this.#manifest.append(edit);
    for (const name of orphans) {
      await this.#disk.unlink(`${this.#folder}/${name}`).catch((error: unknown) => {
        if (errorCode(error) !== "ENOENT") throw error;
      });
    }
  }

  /** False while one runs, and for a moment after one failed. */
  ready(nowMs: number): boolean {
    return this.#running === undefined && nowMs >= this.#retryAtMs;
  }

  dropped(log: FileLog): void {
    this.#droppedLogs.push(log);
    for (let index = 0; index < log.storage.runs.length; index++) this.deadBytes += runBytes(log.storage.runs.at(index));
  }

  run(nowMs: number): Promise<void> {
    return this.#exclusive(() => this.#run(false), nowMs);
  }

  /** The last one: afterwards the journal holds nothing that is needed. */
  seal(): Promise<void> {
    return this.#exclusive(() => this.#run(true), 0);
  }

  async idle(): Promise<void> {
    await this.#running?.catch(() => undefined);
  }

  async #exclusive(task: () => Promise<void>, nowMs: number): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
    this.#running = task();
    try {
      await this.#running;
    } catch (error) {
      this.#retryAtMs = nowMs + retryAfterMs;
      if (!isNoSpace(error)) this.#hooks.failed(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  async #run(sealed: boolean): Promise<void> {
    const whole = this.#manifest.bytes > Math.max(rewriteBytes, this.#rewrittenBytes * 3);
    // In one turn: the place in the journal, and everything as it is at that place.
    const reached = this.#journal.barrier();
    reached.catch(() => undefined);
    const edit = newEdit();
    const encoder = new ManifestEncoder(edit);
    const dropped = this.#droppedLogs.splice(0);
    const tailBytes = this.tailBytes;
    const taken = this.#capture(encoder, whole, sealed, dropped);
    const writer = new SegmentWriter(this.#disk, this.#folder, this.#nextSegment);
    const written: { log: FileLog; run: Run }[] = [];
    const spent: SavedSubjects[] = [];
    try {
      const mark = await reached;
      if (taken.some((each) => each.blocks.length > 0)) await this.#writeRuns(writer, taken, written);
      for (const { log, run } of written) encoder.run(log.id, run);
      if (sealed) await this.#saveSubjects(encoder, spent);
      await this.#append(edit, encoder, mark, whole, sealed);
    } catch (error) {
      // After an error of the disk the manifest may name the segment.
      if (isNoSpace(error)) await writer.abandon();
      this.#droppedLogs.unshift(...dropped);
      for (const each of taken) putBack(each);
      throw error;
    }
    this.tailBytes -= tailBytes;
    this.#installed(taken, written, dropped);
    for (const { savedSubjects } of dropped) if (savedSubjects !== undefined) spent.push(savedSubjects);
    for (const { file } of spent) await this.#disk.unlink(`${this.#folder}/${subjectFileName(file)}`).catch(() => undefined);
    await this.#journal.free(this.#checkpoint.batch);
    await this.#removeDeadSegments();
    if (!sealed) await this.#compact();
  }

  /** Notes what each log has to say to the manifest, and takes its tail. Synchronous: nothing changes meanwhile. */
  #capture(encoder: ManifestEncoder, whole: boolean, sealed: boolean, dropped: readonly FileLog[]): Taken[] {
    const taken: Taken[] = [];
    if (!whole) for (const log of dropped) if (log.stored) encoder.drop(log.id);
    for (const log of this.#logs.values()) {
      if (!log.open || (!log.dirty && !whole && !sealed)) continue;
      taken.push(this.#captureLog(encoder, log, whole, sealed));
    }
    return taken;
  }

  #captureLog(encoder: ManifestEncoder, log: FileLog, whole: boolean, sealed: boolean): Taken {
    const { ledger, storage } = log;
    const floor = ledger.admitted.firstSequence;
    if (log.unstored || whole) encoder.define(log.id, log.createdUs, log.revision, log.definition);
    if (whole && log.savedSubjects !== undefined) encoder.subjects(log.id, log.savedSubjects);
    const debt = ledger.debt?.export() ?? [];
    // What is owed is still to be read.
    const gone = storage.runs.takeBelow(Math.min(floor, debt[0] ?? floor));
    for (const run of gone) this.deadBytes += runBytes(run);
    log.goneRuns.push(...gone);
    const goneRuns = log.goneRuns;
    log.goneRuns = [];
    const deleted = log.deletedSince;
    log.deletedSince = [];
    if (whole) {
      encoder.runs(log.id, storage.runs);
      encoder.deleted(log.id, ledger.deletions.runs(floor, ledger.admitted.lastSequence, Number.POSITIVE_INFINITY));
    } else {
      for (const run of goneRuns) encoder.runGone(log.id, run);
      encoder.deleted(log.id, aboveFloor(deleted, floor));
    }
    const duplicates = sealed ? (ledger.exportDuplicates(this.#hooks.nowUs()) ?? Buffer.alloc(0)) : undefined;
    const reserved = sealed ? 0 : log.reserved;
    encoder.state(log.id, encodeState({ counts: ledger.admitted, reserved, debt, duplicates }));
    const stored = log.groups.capture(log.id, encoder, whole, log.groupSnapshot);
    storage.beginFlush();
    log.flushFloor = floor;
    log.goneDuringFlush = new Deletions();
    log.dirty = false;
    log.unstored = false;
    return { log, blocks: storage.flushing, deleted, goneRuns, stored, revision: log.revision };
  }

  async #writeRuns(writer: SegmentWriter, taken: readonly Taken[], written: { log: FileLog; run: Run }[]): Promise<void> {
    this.#nextSegment++;
    await writer.open();
    for (const { log, blocks } of taken) {
      if (blocks.length === 0 || !log.open) continue;
      for (const part of parts(blocks)) {
        const run = await writer.run(log.id, part, new AsTaken(log), log.definition.limits.duplicateWindowMs > 0);
        if (run !== undefined) written.push({ log, run });
      }
    }
    if (written.length === 0) return writer.abandon();
    await writer.finish();
    this.writtenBytes += writer.bytes;
  }

  /** At a clean close, when nothing changes any more: large subject indexes. They are a help and no more: without room there are none. */
  async #saveSubjects(encoder: ManifestEncoder, spent: SavedSubjects[]): Promise<void> {
    let any = false;
    for (const log of this.#logs.values()) {
      const { ledger, savedSubjects } = log;
      const { subjects, admitted } = ledger;
      if (!log.open || subjects === undefined || subjects.size < this.#hooks.savedSubjectsMin) continue;
      const messages = ledger.debt === undefined ? admitted.messages : -1;
      const through = admitted.lastSequence;
      if (savedSubjects?.through === through && savedSubjects.messages === messages && messages >= 0) continue;
      const file = this.#nextSegment++;
      try {
        const saved = await writeSubjects(this.#disk, this.#folder, { file, through, messages }, log.id, subjects);
        encoder.subjects(log.id, saved);
        this.writtenBytes += saved.bytes;
      } catch (error) {
        if (isNoSpace(error)) return;
        throw error;
      }
      if (savedSubjects !== undefined) spent.push(savedSubjects);
      any = true;
    }
    if (any) await this.#disk.syncFolder(this.#folder);
  }

  async #append(edit: ByteWriter, encoder: ManifestEncoder, mark: JournalMark, whole: boolean, sealed: boolean): Promise<void> {
    const checkpoint = { ...mark, sealed, nextLogId: this.#hooks.nextLogId(), nextSegment: this.#nextSegment };
    encoder.checkpoint(checkpoint);
    if (whole) {
      await this.#manifest.rewrite(edit);
      this.#rewrittenBytes = this.#manifest.bytes;
    } else {
      await this.#manifest.append(edit);
    }
    this.#checkpoint = checkpoint;
  }

  /** The manifest names the runs: readers find them there from now on. */
  #installed(taken: readonly Taken[], written: readonly { log: FileLog; run: Run }[], dropped: readonly FileLog[]): void {
    for (const { log, run } of written) {
      log.storage.runs.push(run);
      this.#addRun(run);
    }
    for (const each of taken) {
      each.log.stored = true;
      each.log.storage.endFlush(each.blocks.length);
      each.log.goneDuringFlush = undefined;
      each.stored();
      for (const run of each.goneRuns) this.#dropRun(run);
    }
    for (const log of dropped) {
      for (let index = 0; index < log.storage.runs.length; index++) this.#dropRun(log.storage.runs.at(index));
      for (const run of log.goneRuns) this.#dropRun(run);
      log.storage.clear();
      this.#forgetLog(log);
    }
  }

  // ── Giving disk back ───────────────────────────────────────────────────────────────────────────────────────────────────

  #addRun(run: Run): void {
    this.#add(run.segment, runBytes(run), run.count);
  }

  #add(number: number, bytes: number, records: number): void {
    const segment = this.#segments.get(number);
    if (segment === undefined) {
      this.#segments.set(number, { runs: 1, bytes, records, goneRecords: 0 });
    } else {
      segment.runs++;
      segment.bytes += bytes;
      segment.records += records;
    }
    this.segmentBytes += bytes;
  }

  #dropRun(run: Run): void {
    const segment = this.#segments.get(run.segment);
    if (segment === undefined) return;
    segment.runs--;
    segment.goneRecords += run.count;
  }

  /** Unlinks segments the manifest has no run in. */
  async #removeDeadSegments(): Promise<void> {
    let removed = false;
    for (const [number, segment] of this.#segments) {
      if (segment.runs > 0) continue;
      await this.#cache.forget(number);
      await this.#disk.unlink(`${this.#folder}/${segmentFileName(number)}`);
      this.#segments.delete(number);
      this.segmentBytes -= segment.bytes;
      removed = true;
    }
    this.deadBytes = 0;
    if (removed) this.#hooks.changed();
  }

  /** Copies what is left of the emptiest segment, when less than half of it is alive. */
  async #compact(): Promise<void> {
    const candidate = this.#emptiest();
    if (candidate === undefined) return;
    const writer = new SegmentWriter(this.#disk, this.#folder, this.#nextSegment++);
    const moved: { log: FileLog; from: Run; to: Run | undefined }[] = [];
    try {
      await writer.open();
      for (const { log, run } of candidate) {
        const blocks = readBlocks(this.#cache, log.id, run);
        moved.push({ log, from: run, to: await writer.run(log.id, blocks, new AsNow(log), log.definition.limits.duplicateWindowMs > 0) });
      }
      if (moved.some((each) => each.to !== undefined)) await writer.finish();
      else await writer.abandon();
      // What was left out must be known, durably, to be gone.
      await this.#journal.barrier();
      if (this.#journal.hasUnsynced) await this.#journal.sync();
      const edit = newEdit();
      const encoder = new ManifestEncoder(edit);
      for (const { log, from, to } of moved) {
        if (!log.stored) continue;
        encoder.runGone(log.id, from);
        if (to !== undefined) encoder.run(log.id, to);
      }
      this.#checkpoint = { ...this.#checkpoint, nextSegment: this.#nextSegment };
      encoder.checkpoint(this.#checkpoint);
      await this.#manifest.append(edit);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      await writer.abandon();
      return;
    }
    this.writtenBytes += writer.bytes;
    for (const { log, from, to } of moved) {
      this.#dropRun(from);
      if (to !== undefined) this.#addRun(to);
      const index = log.storage.runs.indexOf(from.segment, from.offset);
      if (index >= 0) log.storage.runs.replace(index, to);
    }
    await this.#removeDeadSegments();
  }

  /** The runs of the segment with the least alive in it, when that is under half. */
  #emptiest(): { log: FileLog; run: Run }[] | undefined {
    const dead = new Map<number, number>();
    for (const log of this.#logs.values()) if (log.open) countDead(log, dead);
    let best = 0;
    let bestShare = 0.5;
    for (const [number, count] of dead) {
      const segment = this.#segments.get(number);
      if (segment === undefined) continue;
      const share = 1 - (count + segment.goneRecords) / segment.records;
      if (share < bestShare) {
        best = number;
        bestShare = share;
      }
    }
    if (best === 0) return undefined;
    const runs: { log: FileLog; run: Run }[] = [];
    for (const log of this.#logs.values()) {
      for (let index = 0; index < log.storage.runs.length; index++) {
        if (log.storage.runs.segment(index) === best) runs.push({ log, run: log.storage.runs.at(index) });
      }
    }
    return runs;
  }
}

/** Adds, per segment, the records of a log that are gone from its runs. What is owed counts as there. */
function countDead(log: FileLog, dead: Map<number, number>): void {
  const { ledger, storage } = log;
  const { runs } = storage;
  const floor = ledger.admitted.firstSequence;
  const interior = ledger.deletions.count > 0;
  const { debt } = ledger;
  for (let index = 0; index < runs.length; index++) {
    const first = runs.first(index);
    if (!interior && first >= floor) return;
    const last = runs.last(index);
    const owed = debt?.next(first) ?? 0;
    if (owed > 0 && owed <= last) continue;
    const gone = runs.count(index) - ledger.countIn(first, last);
    if (gone > 0) dead.set(runs.segment(index), (dead.get(runs.segment(index)) ?? 0) + gone);
  }
}

/** Blocks of one run each: its index and subjects are made in one go, which must not take long. */
function* parts(blocks: readonly Block[]): Generator<readonly Block[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, block] of blocks.entries()) {
    bytes += block.length;
    if (bytes < runBytesMax) continue;
    yield blocks.slice(start, index + 1);
    start = index + 1;
    bytes = 0;
  }
  if (start < blocks.length) yield blocks.slice(start);
}

/** Pairs that end above the floor: what lies below is gone anyway. */
function aboveFloor(pairs: readonly number[], floor: number): number[] {
  const kept: number[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    if (pairs[at + 1]! >= floor) kept.push(Math.max(pairs[at]!, floor), pairs[at + 1]!);
  }
  return kept;
}

function putBack(taken: Taken): void {
  const { log } = taken;
  log.deletedSince = taken.deleted.concat(log.deletedSince);
  log.goneRuns = taken.goneRuns.concat(log.goneRuns);
  log.goneDuringFlush = undefined;
  log.dirty = true;
  // Says everything again: what of the edit was lost is not known here.
  log.unstored = true;
}

/** Gone when the flush began: what has left since is still in the journal, whose replay must find the record. */
class AsTaken implements Survivors {
  readonly #log: FileLog;

  constructor(log: FileLog) {
    this.#log = log;
  }

  anyGone(first: number, last: number): boolean {
    return first < this.#log.flushFloor || this.#log.ledger.deletions.countIn(first, last) > 0;
  }

  isGone(sequence: number): boolean {
    const log = this.#log;
    return sequence < log.flushFloor || (log.ledger.deletions.has(sequence) && log.goneDuringFlush?.has(sequence) !== true);
  }
}

/** Gone now, and nothing is owed for it. */
class AsNow implements Survivors {
  readonly #log: FileLog;

  constructor(log: FileLog) {
    this.#log = log;
  }

  anyGone(): boolean {
    return true;
  }

  isGone(sequence: number): boolean {
    const { ledger } = this.#log;
    return !ledger.has(sequence) && ledger.debt?.has(sequence) !== true;
  }
}

/** The sound blocks of a run. Damaged ones have been told of by the cache, and are left behind. */
async function* readBlocks(cache: BlockCache, logId: number, run: Run): AsyncGenerator<Block> {
  const loaded = await cache.index(logId, run);
  for (let block = 0; block < loaded.index.length; block++) {
    const bytes = await cache.block(loaded, block);
    if (bytes !== undefined) yield Block.of(bytes);
  }
}
