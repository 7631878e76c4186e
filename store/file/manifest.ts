/**
 * What the manifest says: which logs there are, where their records lie, how far the journal is contained. An edit is a list of
 * items; reading all edits in order gives the state of the last checkpoint.
 *
 *   Item:  u32 length · u8 kind · u8 0 · u16 (by kind) · u32 log id · …
 *      1 checkpoint    num last batch contained · u32 its crc32 · u32 sealed · num last change contained · num next log id · num next segment
 *      2 define        num created (µs) · num revision · JSON of the definition
 *      3 drop
 *      4 runs          twelve numbers a run, see runs.ts
 *      5 runGone       num segment · num offset
 *      6 state         bytes of the ledger, replacing those before
 *      7 deleted       pairs of num: first, last
 *      8 group         u16 = name length; u32 document length; name, document, snapshot (deltas before it are forgotten)
 *      9 groupDelta    u16 = name length; name, delta
 *     10 groupDrop     u16 = name length; name
 *     11 subjects      the saved subject index, replacing the one before: num file · num through · num messages · num bytes · u32 checksum
 */
import { StoreError } from "../store.ts";
import type { LogDefinition } from "../store.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { RunTable, runFields } from "./runs.ts";
import type { Run } from "./runs.ts";

const item = {
  checkpoint: 1,
  define: 2,
  drop: 3,
  run: 4,
  runGone: 5,
  state: 6,
  deleted: 7,
  group: 8,
  groupDelta: 9,
  groupDrop: 10,
  subjects: 11,
} as const;
const itemHeaderBytes = 12;

export interface Checkpoint {
  readonly batch: number;
  readonly checksum: number;
  readonly change: number;
  /** Closed cleanly: the journal was empty. */
  readonly sealed: boolean;
  readonly nextLogId: number;
  readonly nextSegment: number;
}

export interface StoredGroup {
  document: string;
  snapshot: Buffer | undefined;
  deltas: Buffer[];
}

/** A log's subject index in a file of its own, see subject-file.ts. */
export interface SavedSubjects {
  readonly file: number;
  /** The last sequence when it was saved. */
  readonly through: number;
  /** Records that were there then, and are in it; -1: others as well, which had left and were still owed for. */
  readonly messages: number;
  readonly bytes: number;
  /** As the file's header says. */
  readonly checksum: number;
}

export interface StoredLog {
  readonly id: number;
  createdUs: number;
  revision: number;
  definition: LogDefinition;
  readonly runs: RunTable;
  /** The ledger's own bytes. */
  state: Buffer | undefined;
  /** Pairs of first and last, in the order they were deleted. */
  readonly deleted: number[];
  readonly groups: Map<string, StoredGroup>;
  saved: SavedSubjects | undefined;
}

/** The manifest as read. */
export class Manifest {
  checkpoint: Checkpoint = { batch: 0, checksum: 0, change: 0, sealed: true, nextLogId: 1, nextSegment: 1 };
  readonly logs: Map<number, StoredLog> = new Map();

  /** Applies the items of one edit. */
  apply(bytes: Buffer, start: number, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = start; at < end;) {
      const length = view.getUint32(at, true);
      if (length < itemHeaderBytes || length > end - at) throw unknownManifest();
      this.#item(view, bytes, at, at + length);
      at += length;
    }
  }

  #item(view: DataView, bytes: Buffer, at: number, end: number): void {
    const kind = view.getUint8(at + 4);
    const nameBytes = view.getUint16(at + 6, true);
    const logId = view.getUint32(at + 8, true);
    if (kind === item.run) return this.#runs(view, at + itemHeaderBytes, end, logId);
    const reader = new ByteReader(bytes, at + itemHeaderBytes, end);
    if (kind === item.checkpoint) {
      const batch = reader.num();
      const checksum = reader.u32();
      const sealed = reader.u32() === 1;
      this.checkpoint = { batch, checksum, sealed, change: reader.num(), nextLogId: reader.num(), nextSegment: reader.num() };
      return;
    }
    if (kind === item.define) return this.#define(logId, reader);
    const log = this.logs.get(logId);
    if (log === undefined) throw unknownManifest();
    switch (kind) {
      case item.drop:
        this.logs.delete(logId);
        return;
      case item.runGone: {
        const index = log.runs.indexOf(reader.num(), reader.num());
        if (index >= 0) log.runs.replace(index, undefined);
        return;
      }
      case item.state:
        log.state = reader.bytes(end - reader.position);
        return;
      case item.deleted:
        while (reader.more) log.deleted.push(reader.num());
        return;
      case item.group: {
        const documentBytes = reader.u32();
        const name = reader.bytes(nameBytes).toString();
        const document = reader.bytes(documentBytes).toString();
        log.groups.set(name, { document, snapshot: Buffer.from(reader.bytes(end - reader.position)), deltas: [] });
        return;
      }
      case item.groupDelta: {
        const name = reader.bytes(nameBytes).toString();
        log.groups.get(name)?.deltas.push(Buffer.from(reader.bytes(end - reader.position)));
        return;
      }
      case item.groupDrop:
        log.groups.delete(reader.bytes(nameBytes).toString());
        return;
      case item.subjects:
        log.saved = {
          file: reader.num(),
          through: reader.num(),
          messages: reader.num(),
          bytes: reader.num(),
          checksum: reader.u32(),
        };
        return;
      default:
        throw unknownManifest();
    }
  }

  /** The most of a manifest: read without an object for each. */
  #runs(view: DataView, start: number, end: number, logId: number): void {
    const log = this.logs.get(logId);
    if (log === undefined || (end - start) % (runFields * 8) !== 0) throw unknownManifest();
    for (let at = start; at < end; at += runFields * 8) log.runs.readFrom(view, at);
  }

  #define(logId: number, reader: ByteReader): void {
    const createdUs = reader.num();
    const revision = reader.num();
    const definition = JSON.parse(reader.bytes(reader.end - reader.position).toString()) as LogDefinition;
    const log = this.logs.get(logId);
    if (log === undefined) {
      const runs = new RunTable();
      this.logs.set(logId, {
        id: logId,
        createdUs,
        revision,
        definition,
        runs,
        state: undefined,
        deleted: [],
        groups: new Map(),
        saved: undefined,
      });
    } else {
      log.revision = revision;
      log.definition = definition;
    }
  }
}

function unknownManifest(): StoreError {
  return new StoreError(
    "version",
    "the manifest is sound but says what this version does not understand; open it with the version that wrote it",
  );
}

/** Writes items into an edit. */
export class ManifestEncoder {
  readonly #edit: ByteWriter;

  constructor(edit: ByteWriter) {
    this.#edit = edit;
  }

  checkpoint(value: Checkpoint): void {
    const at = this.#begin(item.checkpoint, 0, 0);
    this.#edit.num(value.batch);
    this.#edit.u32(value.checksum);
    this.#edit.u32(value.sealed ? 1 : 0);
    this.#edit.num(value.change);
    this.#edit.num(value.nextLogId);
    this.#edit.num(value.nextSegment);
    this.#end(at);
  }

  define(logId: number, createdUs: number, revision: number, definition: LogDefinition): void {
    const at = this.#begin(item.define, logId, 0);
    this.#edit.num(createdUs);
    this.#edit.num(revision);
    this.#edit.bytes(Buffer.from(JSON.stringify(definition)));
    this.#end(at);
  }

  drop(logId: number): void {
    this.#end(this.#begin(item.drop, logId, 0));
  }

  /** All runs of a log. */
  runs(logId: number, runs: RunTable): void {
    if (runs.length === 0) return;
    const at = this.#begin(item.run, logId, 0);
    const numbers = this.#edit.skip(runs.length * runFields * 8);
    runs.writeTo(this.#edit.view, numbers);
    this.#end(at);
  }

  run(logId: number, run: Run): void {
    const edit = this.#edit;
    const at = this.#begin(item.run, logId, 0);
    edit.num(run.segment);
    edit.num(run.offset);
    edit.num(run.blockBytes);
    edit.num(run.indexBytes);
    edit.num(run.subjectsBytes);
    edit.num(run.first);
    edit.num(run.last);
    edit.num(run.count);
    edit.num(run.firstTimeUs);
    edit.num(run.lastTimeUs);
    edit.num(run.ids);
    edit.num(run.ttls);
    this.#end(at);
  }

  runGone(logId: number, run: Run): void {
    const at = this.#begin(item.runGone, logId, 0);
    this.#edit.num(run.segment);
    this.#edit.num(run.offset);
    this.#end(at);
  }

  state(logId: number, state: Uint8Array): void {
    const at = this.#begin(item.state, logId, 0);
    this.#edit.bytes(state);
    this.#end(at);
  }

  deleted(logId: number, pairs: readonly number[]): void {
    if (pairs.length === 0) return;
    const at = this.#begin(item.deleted, logId, 0);
    for (const value of pairs) this.#edit.num(value);
    this.#end(at);
  }

  group(logId: number, name: string, document: string, snapshot: Uint8Array): void {
    const nameBytes = Buffer.from(name);
    const documentBytes = Buffer.from(document);
    const at = this.#begin(item.group, logId, nameBytes.length);
    this.#edit.u32(documentBytes.length);
    this.#edit.bytes(nameBytes);
    this.#edit.bytes(documentBytes);
    this.#edit.bytes(snapshot);
    this.#end(at);
  }

  groupDelta(logId: number, name: string, delta: Uint8Array): void {
    const nameBytes = Buffer.from(name);
    const at = this.#begin(item.groupDelta, logId, nameBytes.length);
    this.#edit.bytes(nameBytes);
    this.#edit.bytes(delta);
    this.#end(at);
  }

  groupDrop(logId: number, name: string): void {
    const nameBytes = Buffer.from(name);
    const at = this.#begin(item.groupDrop, logId, nameBytes.length);
    this.#edit.bytes(nameBytes);
    this.#end(at);
  }

  subjects(logId: number, saved: SavedSubjects): void {
    const at = this.#begin(item.subjects, logId, 0);
    this.#edit.num(saved.file);
    this.#edit.num(saved.through);
    this.#edit.num(saved.messages);
    this.#edit.num(saved.bytes);
    this.#edit.u32(saved.checksum);
    this.#end(at);
  }

  #begin(kind: number, logId: number, extra: number): number {
    const at = this.#edit.skip(4);
    this.#edit.u8(kind);
    this.#edit.u8(0);
    this.#edit.u16(extra);
    this.#edit.u32(logId);
    return at;
  }

  #end(at: number): void {
    this.#edit.view.setUint32(at, this.#edit.length - at, true);
  }
}
