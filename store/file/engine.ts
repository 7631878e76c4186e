/**
 * The file store: submissions become entries of the journal's open batch, batches become outcomes. It decides when to commit and
 * what a submission is refused for (space, poison); what an append means is the ledger's, where bytes go is the journal's, and
 * making segments is the checkpoint's.
 */
import { BatchStage } from "../ledger/batch-stage.ts";
import { Families } from "../ledger/families.ts";
import { KeyedHash, hashKeyBytes } from "../ledger/keyed-hash.ts";
import { RecordFacts } from "../ledger/record-source.ts";
import { errorCode } from "../disk.ts";
import type { Disk, FolderLock } from "../disk.ts";
import type { Clock, Random, Timer } from "../environment.ts";
import { Copier } from "../copier.ts";
import { encodeRecord, recordSize } from "../record.ts";
import { StoreError } from "../store.ts";
import type {
  AppendRequest,
  Durability,
  Log,
  LogDefinition,
  Outcome,
  OutcomeKind,
  Removal,
  Sequence,
  Store,
  StoreAbilities,
  StoreEvents,
  StoreStatus,
  Ticket,
} from "../store.ts";
import { BlockCache } from "./block-cache.ts";
import { Checkpointer } from "./checkpoint.ts";
import { FileLog } from "./file-log.ts";
import type { LogEngine } from "./file-log.ts";
import { Journal, journalDefaults } from "./journal.ts";
import type { Batch, JournalOptions } from "./journal.ts";
import {
  definitionBytes,
  groupDefinitionBytes,
  groupDeltaBytes,
  sequenceEntryBytes,
  writeDefinition,
  writeDrop,
  writeGroup,
  writeGroupDefinition,
  writeRanges,
  writeSequence,
} from "./journal-entries.ts";
import { IdleBlocks } from "./idle-blocks.ts";
import { entry, entryHeaderBytes } from "./journal-format.ts";
import { ManifestFile } from "./manifest-file.ts";
import { recover } from "./recovery.ts";
import type { Recovered } from "./recovery.ts";
import { readSavedSubjects, subjectFileName } from "./subject-file.ts";
import { RunTable } from "./runs.ts";
import { segmentFileName } from "./segment-format.ts";
import { Payments } from "./payments.ts";
import { SpaceWatch } from "./space-watch.ts";
import { WaitingLine, copyOf } from "./waiting-line.ts";
import type { Part } from "./waiting-line.ts";
import { Scrubber } from "./scrub.ts";
import { Settlements } from "./settlements.ts";

/** Bounds of the store; what happens when each is met is told beside it. */
export interface FileStoreLimits {
  /** Records in memory, not yet in a segment. Beyond: `congested`. A flush begins at half. */
  readonly tailBytesMax: number;
  /** Journal not yet contained in a checkpoint. Beyond: `congested`. A flush begins at half. */
  readonly unflushedBytesMax: number;
  /** Blocks of segments kept in memory. */
  readonly cacheBytesMax: number;
  /** Appends are refused (`full`) while less is free; at most a tenth of the disk. */
  readonly freeBytesMin: number;
  /** Message ids remembered per log; beyond, publishes with an id are refused. */
  readonly duplicateIdsMax: number;
  /** Disk set aside, so that what frees space can be written when there is none. */
  readonly ballastBytes: number;
  /** A log with so many subjects has its index saved at a clean close, and need not gather it again. */
  readonly savedSubjectsMin: number;
  /** How much of the segments is read again in the background, to find damage early; 0 = nothing. */
  readonly scrubBytesPerSecond: number;
  readonly journal: JournalOptions;
}

export const fileStoreLimits: FileStoreLimits = {
  tailBytesMax: 64 << 20,
  unflushedBytesMax: 128 << 20,
  cacheBytesMax: 16 << 20,
  freeBytesMin: 64 << 20,
  duplicateIdsMax: 1 << 20,
  ballastBytes: 1 << 20,
  savedSubjectsMin: 4096,
  scrubBytesPerSecond: 1 << 20,
  journal: journalDefaults,
};

export interface FileStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly durability: Durability;
  readonly limits: FileStoreLimits;
}

/** Room kept for what an append takes away beside itself, so that this rarely moves a batch. */
const removalSlack = 256;
/** How far publishers that do not stop when held may go past the bound of memory. */
const overrunBytesMax = 64 << 20;
/** Bytes waiting for the journal beyond which publishers should stop. */
const pendingBytesMax = 8 << 20;
const groupDelayMs = 50;
const nameBytesMax = 300;
const syncEveryMs = 100;
/** How often a store that is paused tries to give disk back. */
const pausedCheckpointMs = 1000;
/** Age is looked at no more often than this. */
const ageEveryMs = 10;
/** A batch of so many bytes is written before its turn ends, when the disk is idle. */
const eagerBytes = 16 * 1024;

/** Sequences reserved at once for logs whose appends are shown before they are synced. */
const reservedAhead = 65_536;

export class FileStoreEngine implements Store, LogEngine {
  readonly abilities: StoreAbilities = { durable: true, atomicAcrossLogs: true, families: true };
  readonly #options: FileStoreOptions;
  readonly #clock: Clock;
  readonly #disk: Disk;
  readonly #settlements: Settlements = new Settlements();
  readonly #logs: Map<number, FileLog> = new Map();
  readonly #names: Map<string, FileLog> = new Map();
  readonly #families: Families<FileLog> = new Families();
  readonly #hash: KeyedHash;
  readonly #copier: Copier = new Copier();
  readonly #facts: RecordFacts = new RecordFacts();
  readonly #onTurnEnd: () => void;
  readonly #deferred: WaitingLine = new WaitingLine(
    (part) => this.#prepare(part.log, part.request),
    () => this.#wake(),
  );
  readonly #payments: Payments;
  readonly #space: SpaceWatch;
  readonly cache: BlockCache;
  readonly idleBlocks: IdleBlocks;
  readonly #journal: Journal;
  readonly #manifest: ManifestFile;
  readonly #checkpointer: Checkpointer;
  /** Reads segments again in the background; its counters are for metrics. */
  readonly scrubber: Scrubber;
  #events: StoreEvents | undefined;
  #lock: FolderLock | undefined;
  #kind: StoreStatus["kind"] = "closed";
  #reason = "not opened";
  #scheduled = false;
  #turnUs = 0;
  #decided: Ticket = 0;
  #committing = false;
  #together: Promise<void> | undefined;
  #groupTimer: Timer | undefined;
  #syncTimer: Timer | undefined;
  #deadlineTimer: Timer | undefined;
  #deadlineUs = Number.POSITIVE_INFINITY;
  #lowSpace = false;
  #pausedCheckpointMs = 0;
  #wasCongested = false;
  #nextLogId = 1;
  #appended = 0;
  #closing: Promise<void> | undefined;
  #changed: Set<FileLog> = new Set();

  constructor(options: FileStoreOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#disk = options.disk;
    const key = new Uint8Array(hashKeyBytes);
    options.random.fill(key);
    this.#hash = new KeyedHash(key);
    const { folder, limits } = options;
    this.idleBlocks = new IdleBlocks(options.clock, limits.tailBytesMax / 2);
    this.cache = new BlockCache(options.disk, folder, limits.cacheBytesMax, (logId, segment, offset, length, first, last, why) => {
      const name = this.#logs.get(logId)?.definition.name ?? `log ${logId}`;
      this.#fault(
        `${segmentFileName(segment)} at ${offset}..${offset + length}: ${why}; records ${first}..${last} of '${name}' are not served. Restore the file from a copy`,
        false,
      );
    });
    this.#journal = new Journal(options.disk, folder, options.clock, limits.journal, {
      closing: (batch) => {
        batch.settles = this.#decided;
        this.#turnUs = 0;
      },
      written: (batch) => this.#written(batch),
      failed: (error) => this.#poison(error),
      changed: () => this.#spaceChanged(),
    });
    this.#manifest = new ManifestFile(options.disk, folder);
    this.#checkpointer = new Checkpointer(options.disk, folder, this.#journal, this.#manifest, this.cache, this.#logs, {
      savedSubjectsMin: limits.savedSubjectsMin,
      fault: (message) => this.#fault(message, false),
      failed: (error) => this.#poison(error),
      nowUs: () => options.clock.nowUs(),
      nextLogId: () => this.#nextLogId,
      changed: () => void this.#space.look(),
    });
    this.scrubber = new Scrubber(this.#logs, this.cache, options.clock, limits.scrubBytesPerSecond);
    this.#payments = new Payments(this.cache, { usable: () => this.#usable(), enforce: (log) => this.#enforce(log) });
    this.#space = new SpaceWatch(options.disk, folder, options.clock, () => this.#spaceLooked());
    this.#onTurnEnd = (): void => {
      this.#scheduled = false;
      this.#turnUs = 0;
      if (!this.#journal.writing) this.#commit();
    };
  }

  // ── Opening and closing ────────────────────────────────────────────────────────────────────────────────────────────────

  async open(events: StoreEvents): Promise<readonly Log[]> {
    if (this.#events !== undefined) throw new StoreError("closed", "a store is opened once; make another one");
    this.#events = events;
    const { folder } = this.#options;
    try {
      await this.#disk.makeFolder(folder);
      this.#lock = await this.#disk.lock(folder);
      if (this.#lock === undefined) {
        throw new StoreError("in_use", `another broker has the folder ${folder} open; stop it, or choose another folder with --data`);
      }
      const recovered = await recover({
        disk: this.#disk,
        folder,
        manifestFile: this.#manifest,
        cache: this.cache,
        nowUs: this.#clock.nowUs(),
        makeLog: (stored, loaded) => this.#makeLog(stored.definition, stored.id, stored.revision, stored.createdUs, stored.runs, loaded),
      });
      await this.#start(recovered);
    } catch (error) {
      await this.#lock?.release();
      this.#lock = undefined;
      this.#kind = "failed";
      throw asStoreError(error, folder);
    }
    return [...this.#names.values()];
  }

  async #start(recovered: Recovered): Promise<void> {
    for (const log of recovered.logs) {
      this.#logs.set(log.id, log);
      this.#names.set(log.definition.name, log);
      this.#families.join(log, log.definition.family);
    }
    this.#nextLogId = recovered.nextLogId;
    for (const message of recovered.faults) this.#fault(message, false);
    await this.#checkpointer.start(recovered, this.#options.limits.ballastBytes);
    await this.#journal.start(recovered.position);
    await this.#checkpointer.unseal(recovered.orphans);
    this.#kind = "open";
    this.#reason = "";
    for (const log of recovered.logs) {
      if (log.definition.limits.messagesPerSubjectMax > 0) await this.loadSubjects(log);
    }
    const nowUs = this.#clock.nowUs();
    for (const log of recovered.logs) {
      log.showAll();
      log.ledger.enforce(nowUs);
      this.#persistRemovals(log);
    }
    await this.#space.look();
    this.scrubber.start();
    this.#watchDeadline(this.#names.values());
    this.#maybeCheckpoint();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.scrubber.stop();
    this.#space.stop();
    this.idleBlocks.close();
    for (const timer of [this.#groupTimer, this.#syncTimer, this.#deadlineTimer]) timer?.cancel();
    if (this.#kind === "open" || this.#kind === "paused") {
      try {
        await this.flush();
        this.#kind = "closed";
        this.#reason = "closed";
        await this.#checkpointer.seal();
        await this.#journal.close(true);
      } catch (error) {
        this.#fault(`the store did not close cleanly (${String(error)}); it recovers from its journal when opened again`, false);
        await this.#journal.close(false);
      }
    } else {
      await this.#checkpointer.idle();
      await this.#journal.close(false);
    }
    this.#kind = "closed";
    await this.cache.close();
    await this.#manifest.close();
    await this.#lock?.release();
    this.#lock = undefined;
  }

  #makeLog(definition: LogDefinition, id: number, revision: number, createdUs: number, runs: RunTable, subjectsLoaded: boolean): FileLog {
    const durability = definition.durability ?? this.#options.durability;
    const { duplicateIdsMax } = this.#options.limits;
    return new FileLog({ id, definition, revision, createdUs, durability, hash: this.#hash, duplicateIdsMax, runs, subjectsLoaded }, this);
  }

  // ── Appends ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  append(log: FileLog, request: AppendRequest): Ticket {
    if (this.#deferred.length > 0 || !this.#isReady(log, request)) return this.#defer(log, request);
    const ticket = this.#settlements.reserve();
    this.#decide(ticket, log, request);
    return ticket;
  }

  /** True when all that the decision may ask for is in memory. */
  #isReady(log: FileLog, request: AppendRequest): boolean {
    const { ledger } = log;
    if (ledger.subjects === undefined) return !ledger.needsSubjects(request);
    const { limits } = ledger;
    if (limits.discard === "old" || limits.bytesMax === 0 || limits.messagesPerSubjectMax === 0) return true;
    // Whether a full subject makes room for the new record depends on how large its oldest is.
    const oldest = log.oldestOf(request.subject);
    return oldest === 0 || log.look(oldest, this.#facts);
  }

  /** Brings into memory what `#isReady` misses. */
  async #prepare(log: FileLog, request: AppendRequest): Promise<void> {
    if (log.ledger.subjects === undefined && log.ledger.needsSubjects(request)) await this.loadSubjects(log);
    if (this.#isReady(log, request)) return;
    const oldest = log.oldestOf(request.subject);
    const index = log.storage.runs.find(oldest);
    if (index < log.storage.runs.length) await this.cache.load(log.id, log.storage.runs.at(index), oldest);
  }

  #defer(log: FileLog, request: AppendRequest): Ticket {
    const ticket = this.#settlements.reserve();
    const copy = copyOf({ log, request });
    this.#deferred.add([copy], () => this.#decide(ticket, log, copy.request));
    return ticket;
  }

  #decide(ticket: Ticket, log: FileLog, request: AppendRequest): void {
    const idBytes = request.messageId === undefined || request.messageId.length === 0 ? undefined : Buffer.from(request.messageId);
    const size = recordSize(request, idBytes?.length ?? 0);
    const refused = this.#refusal(log, size + removalSlack);
    if (refused !== undefined) return this.#outcome(ticket, refused, 0, "", "");
    const batch = this.#journal.batch(size + removalSlack);
    const decision = log.ledger.admit(request, (this.#turnUs ||= this.#clock.nowUs()));
    if (decision.kind !== "stored") {
      return this.#outcome(ticket, decision.kind, decision.sequence, decision.detail, decision.lastMessageId);
    }
    this.#store(batch, log, request, decision.sequence, decision.timeUs, idBytes);
    this.#outcome(ticket, "stored", decision.sequence, "", "");
    // In a long turn the disk need not wait for the end of it: the first records are synced while the others are decoded.
    if (!this.#journal.writing && batch.length >= eagerBytes) this.#journal.commit();
  }

  /** Encodes a record, and what it took away, into the open batch. */
  #store(open: Batch, log: FileLog, request: AppendRequest, sequence: Sequence, timeUs: number, idBytes: Buffer | undefined): void {
    let batch = open;
    const at = batch.length;
    const end = encodeRecord(batch.view, batch.memory, at, log.id, sequence, timeUs, request, idBytes, this.#copier);
    this.#journal.added(batch, end, 1);
    this.#checkpointer.tailBytes += log.storage.note(batch.view, batch.memory, at, end);
    this.#appended++;
    this.#touch(batch, log);
    if (request.fleeting) log.ledger.removeSequence(sequence);
    if (!log.ledger.removals.empty) batch = this.#writeRemovals(batch, log);
    if (log.siblings.length > 0) batch = this.#writeBeside(batch, log);
    if (log.durability !== "always" && sequence > log.reserved) {
      log.reserved = sequence + reservedAhead;
      batch = this.#journal.enlarge(batch, sequenceEntryBytes);
      writeSequence(this.#journal, batch, entry.reserve, log.id, log.reserved);
      batch.durable = true;
    }
    if (batch !== open) this.#touch(batch, log);
  }

  #touch(batch: Batch, log: FileLog): void {
    log.dirty = true;
    if (log.durability === "always") batch.durable = true;
    else if (log.durability === "interval") this.#syncTimer ??= this.#clock.after(syncEveryMs, () => this.#syncInterval());
    if (log.batch === batch) return;
    if (log.batch === undefined || !batch.participants.includes(log)) batch.participants.push(log);
    log.batch = batch;
  }

  #outcome(ticket: Ticket, kind: OutcomeKind, sequence: Sequence, detail: Outcome["detail"], lastMessageId: string): void {
    this.#settlements.set(ticket, kind, sequence, detail, lastMessageId);
    this.#decided = ticket;
    this.#wake();
  }

  #refusal(log: FileLog, size: number): OutcomeKind | undefined {
    if (this.#kind !== "open" && this.#kind !== "paused") return "failed";
    if (!log.open) return "failed";
    // Publishers that do not stop when they should: memory is bounded all the same.
    if (this.#checkpointer.tailBytes > this.#options.limits.tailBytesMax + overrunBytesMax) return "full";
    if (this.#lowSpace || size * 2 > this.#space.freeBytes || !this.#journal.admits(size)) return "full";
    return undefined;
  }

  appendAtomic(parts: readonly { readonly log: Log; readonly request: AppendRequest }[]): Ticket {
    const first = this.#settlements.last + 1;
    const owned: Part[] = [];
    let waits = this.#deferred.length > 0;
    for (const { log, request } of parts) {
      const own = this.#own(log);
      this.#settlements.reserve();
      owned.push({ log: own, request });
      if (!this.#isReady(own, request)) waits = true;
    }
    if (!waits) {
      this.#decideAtomic(first, owned);
      return first;
    }
    const copies = owned.map(copyOf);
    this.#deferred.add(copies, () => this.#decideAtomic(first, copies));
    return first;
  }

  #decideAtomic(first: Ticket, parts: readonly Part[]): void {
    let size = 0;
    let refused: OutcomeKind | undefined;
    for (const { log, request } of parts) {
      size += recordSize(request, request.messageId === undefined ? 0 : Buffer.byteLength(request.messageId)) + removalSlack;
      refused ??= this.#refusal(log, size);
    }
    const nowUs = (this.#turnUs ||= this.#clock.nowUs());
    const stages = new Map<FileLog, BatchStage>();
    let failed = -1;
    if (refused === undefined) {
      for (const [index, { log, request }] of parts.entries()) {
        let stage = stages.get(log);
        if (stage === undefined) stages.set(log, (stage = new BatchStage()));
        const decision = log.ledger.judge(request, nowUs, stage);
        if (decision.kind === "stored") continue;
        failed = index;
        refused = decision.kind;
        for (const other of parts.keys()) {
          this.#outcome(first + other, decision.kind, decision.sequence, decision.detail, decision.lastMessageId);
        }
        break;
      }
    }
    if (refused !== undefined) {
      if (failed < 0) for (const index of parts.keys()) this.#outcome(first + index, refused, 0, "", "");
      return;
    }
    // One batch holds them all: a batch is whole or not there.
    this.#journal.batch(size);
    for (const [index, { log, request }] of parts.entries()) {
      const idBytes = request.messageId === undefined || request.messageId.length === 0 ? undefined : Buffer.from(request.messageId);
      const decision = log.ledger.accept(request, nowUs);
      const batch = this.#journal.enlarge(this.#journal.batch(0), recordSize(request, idBytes?.length ?? 0) + removalSlack);
      this.#store(batch, log, request, decision.sequence, decision.timeUs, idBytes);
      this.#outcome(first + index, "stored", decision.sequence, "", "");
    }
  }

  // ── Removals ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  removeSequence(log: FileLog, sequence: Sequence): boolean {
    if (!log.open || this.#kind === "failed" || this.#kind === "closed") return false;
    this.#journal.batch(removalSlack);
    if (!log.ledger.removeSequence(sequence)) return false;
    this.#persistRemovals(log);
    return true;
  }

  async remove(log: FileLog, removal: Removal): Promise<number> {
    if (removal.kind === "purge" && removal.filter !== undefined && removal.filter.text !== ">" && log.ledger.subjects === undefined) {
      await this.loadSubjects(log);
    }
    this.#assertUsable(log);
    this.#journal.batch(removalSlack);
    const removed = log.ledger.remove(removal);
    this.#persistRemovals(log);
    await this.flush();
    this.#maybeCheckpoint();
    return removed;
  }

  /** Puts what the ledger took away into the open batch. */
  #persistRemovals(log: FileLog): void {
    for (const sibling of log.siblings) {
      if (sibling.ledger.removals.empty) continue;
      this.#touch(this.#writeRemovals(this.#journal.batch(removalSlack), sibling), sibling);
      this.#wake();
    }
    if (log.ledger.removals.empty) return;
    this.#touch(this.#writeRemovals(this.#journal.batch(removalSlack), log), log);
    this.#wake();
  }

  /** Applies the log's limits as of now. */
  #enforce(log: FileLog): void {
    this.#journal.batch(removalSlack);
    log.ledger.enforce(this.#clock.nowUs());
    this.#persistRemovals(log);
  }

  /** What a family's limits took from the others, in the batch of the append that broke them. */
  #writeBeside(open: Batch, log: FileLog): Batch {
    let batch = open;
    for (const sibling of log.siblings) {
      if (sibling.ledger.removals.empty) continue;
      batch = this.#writeRemovals(batch, sibling);
      this.#touch(batch, sibling);
    }
    return batch;
  }

  #writeRemovals(open: Batch, log: FileLog): Batch {
    const { removals } = log.ledger;
    const batch = this.#journal.enlarge(open, sequenceEntryBytes * 2 + entryHeaderBytes + removals.ranges * 16);
    if (removals.floor > 0) writeSequence(this.#journal, batch, entry.floor, log.id, removals.floor);
    if (removals.ranges === 1 && removals.first(0) === removals.last(0)) {
      writeSequence(this.#journal, batch, entry.remove, log.id, removals.first(0));
      log.noteGone(removals.first(0), removals.first(0));
    } else if (removals.ranges > 0) {
      const pairs: number[] = [];
      for (let range = 0; range < removals.ranges; range++) {
        pairs.push(removals.first(range), removals.last(range));
        log.noteGone(removals.first(range), removals.last(range));
      }
      writeRanges(this.#journal, batch, log.id, pairs);
    }
    removals.clear();
    return batch;
  }

  /** A limit waits for records that are not in memory, or something is owed for records that left. */
  want(log: FileLog, sequence: Sequence): void {
    this.#payments.want(log, sequence);
  }

  // ── Definitions and groups ─────────────────────────────────────────────────────────────────────────────────────────────

  async define(definition: LogDefinition, expectedRevision: number): Promise<Log> {
    this.#assertWritable();
    const known = this.#names.get(definition.name);
    if (known !== undefined && expectedRevision === 0)
      throw new StoreError("exists", `there is already a log '${definition.name}'; change it with its revision ${known.revision}`);
    if (Buffer.byteLength(definition.name) > nameBytesMax)
      throw new StoreError("not_found", `a log's name has at most ${nameBytesMax} bytes; choose a shorter one`);
    if (known === undefined && expectedRevision !== 0)
      throw new StoreError("not_found", `there is no log '${definition.name}'; create it first`);
    if (known !== undefined && known.revision !== expectedRevision) {
      throw new StoreError("revision", `'${definition.name}' is at revision ${known.revision}, not ${expectedRevision}; read it again`);
    }
    const log = known ?? this.#makeLog(definition, this.#nextLogId++, 0, this.#clock.nowUs(), new RunTable(), true);
    log.redefine(definition, log.revision + 1);
    log.unstored = true;
    log.durability = definition.durability ?? this.#options.durability;
    this.#logs.set(log.id, log);
    this.#names.set(definition.name, log);
    this.#families.join(log, definition.family);
    const json = Buffer.from(JSON.stringify(definition));
    const batch = this.#journal.batch(definitionBytes(json) + removalSlack);
    writeDefinition(this.#journal, batch, log.id, log.createdUs, log.revision, json);
    batch.durable = true;
    this.#touch(batch, log);
    if (definition.limits.messagesPerSubjectMax > 0 && log.ledger.subjects === undefined) await this.loadSubjects(log);
    log.ledger.enforce(this.#clock.nowUs());
    this.#persistRemovals(log);
    await this.#flushTogether();
    this.#watchDeadline(this.#names.values());
    return log;
  }

  async drop(log: Log, expectedRevision: number): Promise<void> {
    this.#assertWritable();
    const own = this.#own(log);
    if (!own.open) throw new StoreError("not_found", `the log '${own.definition.name}' is dropped already`);
    if (own.revision !== expectedRevision) {
      throw new StoreError("revision", `'${own.definition.name}' is at revision ${own.revision}, not ${expectedRevision}; read it again`);
    }
    const batch = this.#journal.batch(removalSlack);
    writeDrop(this.#journal, batch, own.id);
    batch.durable = true;
    own.open = false;
    this.#names.delete(own.definition.name);
    this.#families.leave(own, own.definition.family);
    this.#checkpointer.dropped(own);
    await this.#flushTogether();
    this.#maybeCheckpoint();
  }

  async defineGroup(log: FileLog, name: string, document: string, snapshot: Uint8Array): Promise<void> {
    this.#assertUsable(log);
    const nameBytes = Buffer.from(name);
    const documentBytes = Buffer.from(document);
    const batch = this.#journal.batch(groupDefinitionBytes(nameBytes, documentBytes, snapshot));
    writeGroupDefinition(this.#journal, batch, log.id, nameBytes, documentBytes, snapshot);
    batch.durable = true;
    log.groups.define(name, document, snapshot);
    this.#touch(batch, log);
    await this.#flushTogether();
  }

  async dropGroup(log: FileLog, name: string): Promise<void> {
    this.#assertUsable(log);
    if (!log.groups.drop(name)) throw new StoreError("not_found", `the log '${log.definition.name}' has no group '${name}'`);
    const nameBytes = Buffer.from(name);
    const batch = this.#journal.batch(groupDeltaBytes(nameBytes, nameBytes.subarray(0, 0)));
    writeGroup(this.#journal, batch, entry.groupDrop, log.id, nameBytes, nameBytes.subarray(0, 0));
    batch.durable = true;
    this.#touch(batch, log);
    await this.#flushTogether();
  }

  /** Definitions of one turn share a batch and its sync. */
  #flushTogether(): Promise<void> {
    this.#together ??= new Promise<void>((resolve) => this.#clock.endOfTurn(resolve)).then(() => {
      this.#together = undefined;
      return this.flush();
    });
    return this.#together;
  }

  saveGroup(log: FileLog, name: string, delta: Uint8Array, urgent: boolean): Ticket {
    const ticket = this.#settlements.reserve();
    if (this.#deferred.length === 0) {
      this.#saveGroup(ticket, log, name, delta, urgent);
    } else {
      const copy = Buffer.from(delta);
      this.#deferred.add([], () => this.#saveGroup(ticket, log, name, copy, urgent));
    }
    return ticket;
  }

  #saveGroup(ticket: Ticket, log: FileLog, name: string, delta: Uint8Array, urgent: boolean): void {
    const group = log.groups.groups.get(name);
    const usable = (this.#kind === "open" || this.#kind === "paused") && log.open && group !== undefined;
    this.#settlements.set(ticket, usable ? "stored" : "failed", 0, "", "");
    this.#decided = ticket;
    if (!usable) return this.#wake();
    const batch = this.#journal.batch(groupDeltaBytes(group.nameBytes, delta));
    writeGroup(this.#journal, batch, entry.groupDelta, log.id, group.nameBytes, delta);
    group.add(delta);
    this.#touch(batch, log);
    if (urgent) this.#wake();
    else this.#groupTimer ??= this.#clock.after(groupDelayMs, () => this.#wake());
  }

  // ── Subjects ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  loadSubjects(log: FileLog): Promise<void> {
    if (log.ledger.subjects !== undefined) return Promise.resolve();
    log.loadingSubjects ??= this.cache.hold(this.#loadSubjects(log)).finally(() => (log.loadingSubjects = undefined));
    return log.loadingSubjects;
  }

  async #loadSubjects(log: FileLog): Promise<void> {
    const { ledger, storage } = log;
    const upTo = ledger.beginSubjects();
    // Memory first: a flush may move these blocks into a run meanwhile, and runs are read as they were now.
    const blocks = [...storage.flushing, ...storage.tail];
    const runs = [];
    for (let index = 0; index < storage.runs.length; index++) runs.push(storage.runs.at(index));
    for (const block of blocks) {
      block.forEach((sequence, start, end) => {
        if (sequence <= upTo) ledger.feedSubject(block.buffer, start, end, sequence);
      });
    }
    const known = await this.#adoptSaved(log);
    for (const run of runs) {
      if (run.last <= known) continue;
      await this.cache.subjects(log.id, run, {
        subjects: (count) => ledger.expectSubjects(count),
        subject: (bytes, start, end, sequences, count) => {
          for (let index = 0; index < count; index++) ledger.feedSubject(bytes, start, end, sequences[index]!);
        },
        messageId: () => undefined,
        timeToLive: () => undefined,
      });
    }
    ledger.finishSubjects();
  }

  /** Goes on from the index of the last clean close. Returns the sequence it knows everything up to, 0 when there is none. */
  async #adoptSaved(log: FileLog): Promise<Sequence> {
    const { ledger, savedSubjects: saved } = log;
    if (saved === undefined) return 0;
    const index = await readSavedSubjects(this.#disk, this.#options.folder, saved, log.id);
    if (index === undefined || saved.through > ledger.admitted.lastSequence) {
      // Once: the next clean close saves it again.
      log.savedSubjects = undefined;
      this.#fault(
        `the saved subjects of '${log.definition.name}' (${subjectFileName(saved.file)}) are damaged; they are gathered again`,
        false,
      );
      return 0;
    }
    ledger.adoptSubjects(index);
    if (ledger.countIn(1, saved.through) === saved.messages) return saved.through;
    for (let at = ledger.pruneAdopted(0); at >= 0; at = ledger.pruneAdopted(at)) await new Promise<void>((resolve) => this.later(resolve));
    return saved.through;
  }

  // ── Committing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(this.#onTurnEnd);
  }

  #commit(): void {
    if (this.#committing) return;
    this.#committing = true;
    this.#groupTimer?.cancel();
    this.#groupTimer = undefined;
    this.#events?.beforeCommit();
    this.#committing = false;
    this.#journal.commit();
    if (this.#journal.lastClosed === undefined) this.#settle(this.#decided);
  }

  #written(batch: Batch): void {
    // What gathered meanwhile goes out before the outcomes of this one are told: the disk never waits for the broker.
    const upTo = batch.settles;
    for (const participant of batch.participants) {
      participant.committed();
      if (participant instanceof FileLog) this.#changed.add(participant);
    }
    if (this.#journal.gathering && !this.#committing) {
      this.#committing = true;
      this.#events?.beforeCommit();
      this.#committing = false;
      this.#journal.commit();
    }
    this.#settle(this.#journal.lastClosed === undefined && !this.#journal.gathering ? this.#decided : upTo);
    this.#space.wrote(this.#journal.writtenBytes + this.#checkpointer.writtenBytes);
    this.#maybeCheckpoint();
  }

  #settle(ticket: Ticket): void {
    const events = this.#events;
    if (events === undefined) return;
    this.#settlements.settle(ticket, events);
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const log of changed) {
      if (log.ledger.debt !== undefined) this.#payments.want(log, log.ledger.debt.next(0));
    }
    const congested = this.congested;
    if (changed.length > 0 || (this.#wasCongested && !congested)) events.committed(changed.filter((log) => log.open));
    this.#wasCongested = congested;
    this.#watchDeadline(changed);
  }

  #syncInterval(): void {
    this.#syncTimer = undefined;
    if (this.#kind === "open" || this.#kind === "paused") void this.#journal.sync();
  }

  get congested(): boolean {
    const { limits } = this.#options;
    const congested =
      this.#checkpointer.tailBytes > limits.tailBytesMax ||
      this.#journal.unflushedBytes > limits.unflushedBytesMax ||
      this.#journal.pendingBytes > pendingBytesMax ||
      this.#deferred.length > 1024;
    if (congested) this.#wasCongested = true;
    return congested;
  }

  async flush(): Promise<void> {
    if (this.#kind === "failed") throw new StoreError("failed", this.#reason);
    while (this.#deferred.length > 0) await new Promise<void>((resolve) => this.#clock.endOfTurn(resolve));
    if (!this.#committing) {
      this.#committing = true;
      this.#events?.beforeCommit();
      this.#committing = false;
    }
    try {
      await this.#journal.barrier();
      if (this.#journal.hasUnsynced) await this.#journal.sync();
    } catch (error) {
      throw new StoreError("failed", this.#reason, { cause: error });
    }
    if (this.#settlements.waiting > 0 && this.#journal.lastClosed === undefined && !this.#journal.gathering) this.#settle(this.#decided);
  }

  status(): StoreStatus {
    return {
      kind: this.#kind,
      reason: this.#reason,
      logs: this.#names.size,
      bytesOnDisk: this.#checkpointer.segmentBytes + this.#manifest.bytes + this.#journal.fileBytesTotal,
      journalBytes: this.#journal.unflushedBytes,
      tailBytes: this.#checkpointer.tailBytes,
      commits: this.#journal.commits,
      syncs: this.#journal.syncs,
      writtenBytes: this.#journal.writtenBytes + this.#checkpointer.writtenBytes,
      appended: this.#appended,
    };
  }

  // ── Space, age and faults ──────────────────────────────────────────────────────────────────────────────────────────────

  #maybeCheckpoint(): void {
    if (!this.#usable()) return;
    const nowMs = this.#clock.monotonicMs();
    if (!this.#checkpointer.ready(nowMs)) return;
    const { limits } = this.#options;
    // On a disk that fills up, segments are made early: one that holds all of the tail must still fit.
    const tailBytesDue = Math.min(limits.tailBytesMax / 2, Math.max(this.#space.freeBytes / 4, limits.journal.firstFileBytes));
    const due =
      this.#checkpointer.tailBytes > tailBytesDue ||
      this.#journal.unflushedBytes > limits.unflushedBytesMax / 2 ||
      this.#checkpointer.deadBytes > limits.tailBytesMax ||
      (this.#kind === "paused" && nowMs >= this.#pausedCheckpointMs && this.#anyDirty());
    if (!due) return;
    if (this.#kind === "paused") this.#pausedCheckpointMs = nowMs + pausedCheckpointMs;
    // A full disk is waited for; any other failure has poisoned the store, which says so.
    void this.checkpoint().catch(() => undefined);
  }

  #anyDirty(): boolean {
    for (const log of this.#logs.values()) if (log.dirty || !log.open) return true;
    return false;
  }

  /** Moves everything appended so far into a segment and frees the journal. */
  async checkpoint(): Promise<void> {
    await this.#checkpointer.run(this.#clock.monotonicMs());
    this.#settle(0);
    this.#maybeCheckpoint();
  }

  #spaceLooked(): void {
    const { freeBytesMin, journal } = this.#options.limits;
    const { freeBytes, totalBytes } = this.#space;
    this.#journal.fileBytesMax = Math.max(journal.firstFileBytes, freeBytes / 8);
    this.#lowSpace = freeBytes < Math.min(freeBytesMin, totalBytes / 10) + this.#checkpointer.tailBytes;
    this.#spaceChanged();
    this.#maybeCheckpoint();
  }

  #spaceChanged(): void {
    const paused = this.#lowSpace || this.#journal.noSpace;
    if (this.#kind === "open" && paused) {
      this.#kind = "paused";
      this.#reason = `the disk of ${this.#options.folder} is full; free space, or purge stations: reads, acks and deletes go on`;
      this.#fault(this.#reason, false);
    } else if (this.#kind === "paused" && !paused) {
      this.#kind = "open";
      this.#reason = "";
    }
  }

  /** One timer for the next record that comes of age. */
  #watchDeadline(logs: Iterable<FileLog>): void {
    let nextUs = this.#deadlineUs;
    for (const log of logs) nextUs = Math.min(nextUs, log.ledger.nextDeadlineUs());
    if (nextUs === this.#deadlineUs) return;
    this.#deadlineTimer?.cancel();
    this.#deadlineUs = nextUs;
    if (!Number.isFinite(nextUs)) return;
    this.#deadlineTimer = this.#clock.after(Math.max(ageEveryMs, (nextUs - this.#clock.nowUs()) / 1000), () => this.#age());
  }

  #age(): void {
    this.#deadlineUs = Number.POSITIVE_INFINITY;
    if (this.#kind !== "open" && this.#kind !== "paused") return;
    const nowUs = this.#clock.nowUs();
    for (const log of this.#names.values()) {
      if (!log.paying && log.ledger.nextDeadlineUs() <= nowUs) this.#enforce(log);
    }
    this.#watchDeadline(this.#names.values());
  }

  #poison(error: Error): void {
    if (this.#kind === "failed") return;
    this.#kind = "failed";
    this.#reason = `writing the journal failed (${errorCode(error) || error.message}); nothing more is taken: repair the disk and start again`;
    this.#settlements.failAll();
    this.#decided = this.#settlements.last;
    this.later(() => {
      this.#settle(this.#decided);
      this.#fault(this.#reason, true);
    });
  }

  #fault(message: string, fatal: boolean): void {
    this.#events?.fault(message, fatal);
  }

  later(task: () => void): void {
    this.#clock.endOfTurn(task);
  }

  #usable(): boolean {
    return this.#kind === "open" || this.#kind === "paused";
  }

  #own(log: Log): FileLog {
    if (!(log instanceof FileLog)) throw new StoreError("not_found", "this log belongs to another store");
    return log;
  }

  #assertWritable(): void {
    if (this.#kind === "failed") throw new StoreError("failed", this.#reason);
    if (this.#kind === "closed") throw new StoreError("closed", "the store is closed");
  }

  #assertUsable(log: FileLog): void {
    this.#assertWritable();
    if (!log.open) throw new StoreError("not_found", `the log '${log.definition.name}' is dropped`);
  }
}

function asStoreError(error: unknown, folder: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = errorCode(error);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new StoreError("no_access", `${folder} cannot be written (${code}); make it writable, or choose another folder with --data`, {
      cause: error,
    });
  }
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new StoreError("no_space", `the disk of ${folder} is full (${code}); free some space and start again`, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError("failed", `${folder} could not be opened (${message}); see what is wrong with 'waystation fsck'`, { cause: error });
}
