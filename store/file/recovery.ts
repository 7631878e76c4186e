/**
 * Opening a folder: the manifest says what there was at the last checkpoint (no segment is opened for that), the journal says
 * what came after. Reports what it cut, refuses what is damaged, and removes what nothing refers to.
 */
import type { Disk } from "../disk.ts";
import { recordHeaderBytes, recordMessageIdBytes, recordSequence, recordSubjectBytes, recordTimeUs, recordTtlSeconds } from "../record.ts";
import { StoreError } from "../store.ts";
import type { BlockCache } from "./block-cache.ts";
import { FileLog, recordCountedBytes } from "./file-log.ts";
import { visitEntries } from "./journal-entries.ts";
import type { EntryVisitor } from "./journal-entries.ts";
import { journalFilePattern } from "./journal-format.ts";
import { readJournal } from "./journal-reader.ts";
import type { JournalPosition } from "./journal.ts";
import { decodeState } from "./log-state.ts";
import { Manifest } from "./manifest.ts";
import type { Checkpoint, StoredLog } from "./manifest.ts";
import { ballastName, isManifestExtra, manifestName } from "./manifest-file.ts";
import type { ManifestFile } from "./manifest-file.ts";
import { RunTable } from "./runs.ts";
import { segmentFileName, segmentFilePattern } from "./segment-format.ts";
import { subjectFileName, subjectFilePattern } from "./subject-file.ts";

export interface Recovered {
  readonly logs: readonly FileLog[];
  /** Dropped in the journal, still in the manifest. */
  readonly dropped: readonly FileLog[];
  readonly checkpoint: Checkpoint;
  readonly position: JournalPosition;
  readonly nextLogId: number;
  readonly nextSegment: number;
  readonly tailBytes: number;
  readonly manifestCut: boolean;
  readonly hasBallast: boolean;
  /** Files nothing refers to. */
  readonly orphans: readonly string[];
  /** Sentences for the operator. */
  readonly faults: readonly string[];
}

/** `loaded`: the log has no older records, so its subject index is complete from the start. */
export type MakeLog = (stored: Pick<StoredLog, "definition" | "id" | "revision" | "createdUs" | "runs">, loaded: boolean) => FileLog;

export interface RecoveryOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly manifestFile: ManifestFile;
  readonly cache: BlockCache;
  readonly nowUs: number;
  readonly makeLog: MakeLog;
}

export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { disk, folder, manifestFile } = options;
  const entries = await disk.list(folder);
  const sizes = new Map(entries.map((each) => [each.name, each.size]));
  const manifest = new Manifest();
  const faults: string[] = [];
  const manifestSize = sizes.get(manifestName);
  const hasJournal = entries.some((each) => journalFilePattern.test(each.name));
  let cut = "";
  if (manifestSize !== undefined) {
    cut = await manifestFile.read(manifestSize, (bytes, start, end) => manifest.apply(bytes, start, end));
    if (cut !== "") faults.push(cut);
  } else if (entries.some((each) => segmentFilePattern.test(each.name)) || hasJournal) {
    throw new StoreError(
      "damaged",
      `${folder} has journal or segment files but no ${manifestName}; restore it from a copy, or choose an empty folder`,
    );
  }
  const { checkpoint } = manifest;
  if (!checkpoint.sealed && !hasJournal) {
    throw new StoreError("damaged", `${folder} was not closed and its journal files are gone; restore them from a copy`);
  }
  const replay = new Replay(options, checkpoint.nextLogId);
  for (const stored of manifest.logs.values()) await replay.restore(stored);
  const journal = await readJournal(
    disk,
    folder,
    checkpoint,
    (view, bytes, start, end) => visitEntries(view, bytes, start, end, replay),
    true,
  );
  if (journal.cut !== "") faults.push(journal.cut);
  for (const log of replay.logs.values()) replay.finish(log);
  faults.push(...missingSegments(replay.logs.values(), sizes));
  return {
    logs: [...replay.logs.values()],
    dropped: replay.dropped,
    checkpoint,
    position: {
      nextFile: journal.lastFile + 1,
      nextBatch: journal.lastBatch + 1,
      nextChange: journal.lastChange + 1,
      previousChecksum: journal.lastChecksum,
      filled: journal.filled,
    },
    nextLogId: replay.nextLogId,
    nextSegment: nextSegment(entries, checkpoint.nextSegment),
    tailBytes: replay.tailBytes,
    manifestCut: cut !== "",
    hasBallast: sizes.has(ballastName),
    orphans: [...journal.spent, ...orphans(entries, [...replay.logs.values(), ...replay.dropped])],
    faults,
  };
}

function nextSegment(entries: readonly { readonly name: string }[], known: number): number {
  let next = known;
  for (const { name } of entries) next = Math.max(next, Number(segmentFilePattern.exec(name)?.[1] ?? 0) + 1);
  return next;
}

function isFileOfLogs(name: string): boolean {
  return segmentFilePattern.test(name) || subjectFilePattern.test(name);
}

/** Segments that no run lies in, subjects nobody has: a flush that did not get as far as the manifest, or one whose unlinking was lost. */
function orphans(entries: readonly { readonly name: string }[], logs: readonly FileLog[]): string[] {
  const used = new Set<string>();
  const segments = new Set<number>();
  for (const { storage, goneRuns, savedSubjects } of logs) {
    if (savedSubjects !== undefined) used.add(subjectFileName(savedSubjects.file));
    for (const run of goneRuns) segments.add(run.segment);
    for (let index = 0; index < storage.runs.length; index++) segments.add(storage.runs.segment(index));
  }
  for (const segment of segments) used.add(segmentFileName(segment));
  return entries
    .map((each) => each.name)
    .filter((name) => (isFileOfLogs(name) && !used.has(name)) || (isManifestExtra(name) && name !== ballastName));
}

/** A segment that is gone or too short is damage of what lay there, and of nothing else. */
function missingSegments(logs: Iterable<FileLog>, sizes: ReadonlyMap<string, number>): string[] {
  const ends = new Map<number, number>();
  for (const { storage } of logs) {
    const { runs } = storage;
    for (let index = 0; index < runs.length; index++) {
      const segment = runs.segment(index);
      const end = runs.end(index);
      if ((ends.get(segment) ?? 0) < end) ends.set(segment, end);
    }
  }
  const faults: string[] = [];
  for (const [segment, end] of ends) {
    const name = segmentFileName(segment);
    const size = sizes.get(name);
    if (size !== undefined && size >= end) continue;
    faults.push(`${name} is ${size === undefined ? "missing" : "too short"}; what lay there is not served. Restore the file from a copy`);
  }
  return faults;
}

/** Applies the journal to what the manifest gave. */
class Replay implements EntryVisitor {
  readonly logs: Map<number, FileLog> = new Map();
  readonly dropped: FileLog[] = [];
  nextLogId: number;
  tailBytes = 0;
  readonly #options: RecoveryOptions;

  constructor(options: RecoveryOptions, nextLogId: number) {
    this.#options = options;
    this.nextLogId = nextLogId;
  }

  async restore(stored: StoredLog): Promise<void> {
    const state = stored.state === undefined ? undefined : decodeState(stored.state);
    const log = this.#options.makeLog(stored, (state?.counts.messages ?? 0) === 0 && (state?.debt.length ?? 0) === 0);
    log.stored = true;
    log.savedSubjects = stored.saved;
    log.groups.restore(stored.groups);
    this.logs.set(log.id, log);
    if (state === undefined) return;
    const { counts } = state;
    log.ledger.restore(counts, interior(stored.deleted, counts.firstSequence, counts.lastSequence), state.debt);
    log.reserved = state.reserved;
    log.goneRuns = stored.runs.takeBelow(Math.min(counts.firstSequence, state.debt[0] ?? counts.firstSequence));
    await this.#restoreExtras(log, stored, state.duplicates);
  }

  /** Message ids inside the window, and records with a life of their own. */
  async #restoreExtras(log: FileLog, stored: StoredLog, duplicates: Buffer | undefined): Promise<void> {
    const windowMs = stored.definition.limits.duplicateWindowMs;
    const sinceUs = this.#options.nowUs - windowMs * 1000;
    if (duplicates !== undefined && duplicates.length > 0) log.ledger.importDuplicates(duplicates);
    const wantIds = windowMs > 0 && duplicates === undefined;
    const { runs } = stored;
    for (let index = 0; index < runs.length; index++) {
      const withIds = wantIds && runs.ids(index) > 0 && runs.lastTimeUs(index) > sinceUs;
      if (!withIds && runs.ttls(index) === 0) continue;
      await this.#options.cache.subjects(log.id, runs.at(index), {
        subject: () => undefined,
        messageId: (sequence, timeUs, id) => {
          if (withIds && timeUs > sinceUs) log.ledger.restoreMessageId(id, sequence, timeUs);
        },
        timeToLive: (sequence, timeUs, ttlSeconds) => log.ledger.restoreTtl(sequence, timeUs, ttlSeconds),
      });
    }
  }

  /** After the journal: what was shown and lost is skipped, and groups are told what there is. */
  finish(log: FileLog): void {
    if (log.reserved > log.ledger.admitted.lastSequence) {
      log.ledger.skipTo(log.reserved);
      log.dirty = true;
    }
    log.recoveredGroups = log.groups.recovered();
  }

  record(logId: number, view: DataView, bytes: Buffer, at: number): void {
    const log = this.#log(logId);
    const subjectStart = at + recordHeaderBytes;
    const subjectEnd = subjectStart + recordSubjectBytes(view, at);
    const idBytes = recordMessageIdBytes(view, at);
    log.ledger.applyAppend(
      recordSequence(view, at),
      recordTimeUs(view, at),
      bytes,
      subjectStart,
      subjectEnd,
      recordCountedBytes(view, at),
      recordTtlSeconds(view, at),
      idBytes === 0 ? undefined : bytes.toString("utf8", subjectEnd, subjectEnd + idBytes),
    );
    this.tailBytes += log.storage.append(view, bytes, at);
    log.dirty = true;
  }

  remove(logId: number, first: number, last: number): void {
    const log = this.#log(logId);
    log.ledger.applyRemove(first, last);
    this.#note(log);
  }

  floor(logId: number, sequence: number): void {
    const log = this.#log(logId);
    log.ledger.applyRemove(0, sequence - 1);
    this.#note(log);
  }

  #note(log: FileLog): void {
    const { removals } = log.ledger;
    for (let range = 0; range < removals.ranges; range++) log.noteGone(removals.first(range), removals.last(range));
    removals.clear();
    log.dirty = true;
  }

  groupDelta(logId: number, name: string, delta: Buffer): void {
    const log = this.#log(logId);
    log.groups.groups.get(name)?.add(delta);
    log.dirty = true;
  }

  groupDefine(logId: number, name: string, document: string, snapshot: Buffer): void {
    const log = this.#log(logId);
    log.groups.define(name, document, snapshot);
    log.dirty = true;
  }

  groupDrop(logId: number, name: string): void {
    const log = this.#log(logId);
    log.groups.drop(name);
    log.dirty = true;
  }

  define(logId: number, createdUs: number, revision: number, definition: StoredLog["definition"]): void {
    let log = this.logs.get(logId);
    if (log === undefined) {
      log = this.#options.makeLog({ definition, id: logId, revision, createdUs, runs: new RunTable() }, true);
      this.logs.set(logId, log);
    } else {
      log.redefine(definition, revision);
    }
    log.unstored = true;
    log.dirty = true;
    this.nextLogId = Math.max(this.nextLogId, logId + 1);
  }

  drop(logId: number): void {
    const log = this.#log(logId);
    log.open = false;
    this.tailBytes -= log.storage.memory();
    this.logs.delete(logId);
    this.dropped.push(log);
  }

  reserve(logId: number, sequence: number): void {
    const log = this.#log(logId);
    log.reserved = sequence;
    log.dirty = true;
  }

  #log(logId: number): FileLog {
    const log = this.logs.get(logId);
    if (log === undefined)
      throw new StoreError("damaged", `the journal speaks of log ${logId}, which nothing defines; restore the folder from a copy`);
    return log;
  }
}

/** The parts of ranges that lie between the first and the last sequence. */
function interior(pairs: readonly number[], first: number, last: number): number[] {
  const kept: number[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    const from = Math.max(pairs[at]!, first);
    const to = Math.min(pairs[at + 1]!, last);
    if (from <= to) kept.push(from, to);
  }
  return kept;
}
