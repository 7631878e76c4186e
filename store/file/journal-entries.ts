/** Encodes the journal's entries other than records (layout: journal-format.ts), and reads them back for recovery. */
import { StoreError } from "../store.ts";
import type { LogDefinition } from "../store.ts";
import { entry, entryHeaderBytes } from "./journal-format.ts";
import type { Batch, Journal } from "./journal.ts";

export const sequenceEntryBytes: number = entryHeaderBytes + 8;

/** `remove`, `floor`, `reserve`. The batch has room. */
export function writeSequence(journal: Journal, batch: Batch, kind: number, logId: number, sequence: number): void {
  const at = batch.length;
  begin(batch, at, kind, logId, sequenceEntryBytes, 0);
  batch.view.setFloat64(at + entryHeaderBytes, sequence, true);
  journal.added(batch, at + sequenceEntryBytes, 1);
}

/** `pairs`: first, last, first, last… */
export function writeRanges(journal: Journal, batch: Batch, logId: number, pairs: readonly number[]): void {
  const at = batch.length;
  const size = entryHeaderBytes + pairs.length * 8;
  begin(batch, at, entry.removeRanges, logId, size, 0);
  for (let index = 0; index < pairs.length; index++) batch.view.setFloat64(at + entryHeaderBytes + index * 8, pairs[index]!, true);
  journal.added(batch, at + size, 1);
}

export function groupDeltaBytes(name: Uint8Array, delta: Uint8Array): number {
  return entryHeaderBytes + name.length + delta.length;
}

/** `groupDelta`, and with an empty delta `groupDrop`. */
export function writeGroup(journal: Journal, batch: Batch, kind: number, logId: number, name: Uint8Array, delta: Uint8Array): void {
  const at = batch.length;
  const size = groupDeltaBytes(name, delta);
  begin(batch, at, kind, logId, size, name.length);
  batch.memory.set(name, at + entryHeaderBytes);
  batch.memory.set(delta, at + entryHeaderBytes + name.length);
  journal.added(batch, at + size, 1);
}

export function writeGroupDefinition(
  journal: Journal,
  batch: Batch,
  logId: number,
  name: Uint8Array,
  document: Uint8Array,
  snapshot: Uint8Array,
): void {
  const at = batch.length;
  const size = groupDefinitionBytes(name, document, snapshot);
  begin(batch, at, entry.groupDefine, logId, size, name.length);
  let to = at + entryHeaderBytes;
  batch.view.setUint32(to, document.length, true);
  to += 4;
  batch.memory.set(name, to);
  to += name.length;
  batch.memory.set(document, to);
  batch.memory.set(snapshot, to + document.length);
  journal.added(batch, at + size, 1);
}

export function groupDefinitionBytes(name: Uint8Array, document: Uint8Array, snapshot: Uint8Array): number {
  return entryHeaderBytes + 4 + name.length + document.length + snapshot.length;
}

export function definitionBytes(json: Uint8Array): number {
  return entryHeaderBytes + 16 + json.length;
}

export function writeDefinition(
  journal: Journal,
  batch: Batch,
  logId: number,
  createdUs: number,
  revision: number,
  json: Uint8Array,
): void {
  const at = batch.length;
  const size = definitionBytes(json);
  begin(batch, at, entry.define, logId, size, 0);
  batch.view.setFloat64(at + entryHeaderBytes, createdUs, true);
  batch.view.setFloat64(at + entryHeaderBytes + 8, revision, true);
  batch.memory.set(json, at + entryHeaderBytes + 16);
  journal.added(batch, at + size, 1);
}

export function writeDrop(journal: Journal, batch: Batch, logId: number): void {
  const at = batch.length;
  begin(batch, at, entry.drop, logId, entryHeaderBytes, 0);
  journal.added(batch, at + entryHeaderBytes, 1);
}

function begin(batch: Batch, at: number, kind: number, logId: number, size: number, extra: number): void {
  batch.view.setUint32(at, size, true);
  batch.view.setUint32(at + 4, kind | (extra << 16), true);
  batch.view.setUint32(at + 8, logId, true);
}

/** What recovery does with each entry. Offsets are into the batch's bytes, valid during the call. */
export interface EntryVisitor {
  record(logId: number, view: DataView, bytes: Buffer, at: number): void;
  remove(logId: number, first: number, last: number): void;
  floor(logId: number, sequence: number): void;
  groupDelta(logId: number, name: string, delta: Buffer): void;
  groupDefine(logId: number, name: string, document: string, snapshot: Buffer): void;
  groupDrop(logId: number, name: string): void;
  define(logId: number, createdUs: number, revision: number, definition: LogDefinition): void;
  drop(logId: number): void;
  reserve(logId: number, sequence: number): void;
}

/** Visits the entries in `start..end`, which a checksum has vouched for. */
export function visitEntries(view: DataView, bytes: Buffer, start: number, end: number, visitor: EntryVisitor): void {
  for (let at = start; at < end;) {
    const size = view.getUint32(at, true);
    visitEntry(view, bytes, at, at + size, visitor);
    at += size;
  }
}

function visitEntry(view: DataView, bytes: Buffer, at: number, end: number, visitor: EntryVisitor): void {
  const kind = view.getUint8(at + 4);
  const logId = view.getUint32(at + 8, true);
  const content = at + entryHeaderBytes;
  const nameEnd = content + view.getUint16(at + 6, true);
  switch (kind) {
    case entry.record:
      return visitor.record(logId, view, bytes, at);
    case entry.remove: {
      const sequence = view.getFloat64(content, true);
      return visitor.remove(logId, sequence, sequence);
    }
    case entry.floor:
      return visitor.floor(logId, view.getFloat64(content, true));
    case entry.removeRanges:
      for (let pair = content; pair < end; pair += 16) visitor.remove(logId, view.getFloat64(pair, true), view.getFloat64(pair + 8, true));
      return;
    case entry.groupDelta:
      return visitor.groupDelta(logId, bytes.toString("utf8", content, nameEnd), Buffer.from(bytes.subarray(nameEnd, end)));
    case entry.groupDefine: {
      const documentStart = nameEnd + 4;
      const documentEnd = documentStart + view.getUint32(content, true);
      const name = bytes.toString("utf8", content + 4, documentStart);
      return visitor.groupDefine(
        logId,
        name,
        bytes.toString("utf8", documentStart, documentEnd),
        Buffer.from(bytes.subarray(documentEnd, end)),
      );
    }
    case entry.groupDrop:
      return visitor.groupDrop(logId, bytes.toString("utf8", content, nameEnd));
    case entry.define: {
      const definition = JSON.parse(bytes.toString("utf8", content + 16, end)) as LogDefinition;
      return visitor.define(logId, view.getFloat64(content, true), view.getFloat64(content + 8, true), definition);
    }
    case entry.drop:
      return visitor.drop(logId);
    case entry.reserve:
      return visitor.reserve(logId, view.getFloat64(content, true));
    default:
      throw new StoreError(
        "version",
        `the journal has an entry of kind ${kind}, which this version does not know; open the folder with the version that wrote it`,
      );
  }
}
