/**
 * Decisions as batches of bytes, for a keeper that knows nothing of them. A batch is JSON lines, an entry each, subjects and bodies in
 * Latin-1: simple to look at, good for logs of a device or a browser, not for a hundred thousand messages a second.
 */
import type { Removals } from "../ledger/removals.ts";
import type { MemoryLog } from "../memory/memory-log.ts";
import type { Recalling, Scribe } from "../memory/scribe.ts";
import { StoreError } from "../store.ts";
import type { AppendRequest, GroupSnapshot, LogDefinition, Sequence } from "../store.ts";
import type { Keeper } from "./kept-store.ts";

type Entry =
  | {
      readonly kind: "define";
      readonly log: number;
      readonly definition: LogDefinition;
      readonly revision: number;
      readonly createdUs: number;
    }
  | { readonly kind: "drop"; readonly log: number }
  | {
      readonly kind: "record";
      readonly log: number;
      readonly sequence: Sequence;
      readonly timeUs: number;
      readonly subject: string;
      readonly body: string;
      readonly headerBytes: number;
      readonly ttlSeconds: number;
      readonly messageId: string | undefined;
    }
  | { readonly kind: "removed"; readonly log: number; readonly first: Sequence; readonly last: Sequence }
  | { readonly kind: "group"; readonly log: number; readonly name: string; readonly document: string; readonly snapshot: string }
  | { readonly kind: "groupDelta"; readonly log: number; readonly name: string; readonly delta: string }
  | { readonly kind: "groupDrop"; readonly log: number; readonly name: string };

interface RecalledGroup extends GroupSnapshot {
  readonly deltas: Uint8Array[];
}

interface RecalledLog {
  readonly log: MemoryLog;
  readonly groups: Map<string, RecalledGroup>;
}

export class BatchScribe implements Scribe {
  readonly #keeper: Keeper;
  #lines: string[] = [];

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  async recall(into: Recalling): Promise<void> {
    const logs = new Map<number, RecalledLog>();
    for await (const batch of this.#keeper.load()) {
      for (const line of Buffer.from(batch).toString("utf8").split("\n")) if (line !== "") replay(parse(line), logs, into);
    }
    for (const { log, groups } of logs.values()) log.recoveredGroups = [...groups.values()];
  }

  defined(log: MemoryLog): void {
    this.#add({ kind: "define", log: log.id, definition: log.definition, revision: log.revision, createdUs: log.createdUs });
  }

  dropped(log: MemoryLog): void {
    this.#add({ kind: "drop", log: log.id });
  }

  stored(log: MemoryLog, request: AppendRequest, sequence: Sequence, timeUs: number): void {
    const body = request.body.subarray(request.bodyStart, request.bodyEnd);
    this.#add({
      kind: "record",
      log: log.id,
      sequence,
      timeUs,
      subject: text(request.subject),
      body: text(body),
      headerBytes: request.headerBytes,
      ttlSeconds: request.ttlSeconds,
      messageId: request.messageId,
    });
  }

  removed(log: MemoryLog, removals: Removals): void {
    if (removals.floor > 0) this.#add({ kind: "removed", log: log.id, first: 0, last: removals.floor - 1 });
    for (let range = 0; range < removals.ranges; range++)
      this.#add({ kind: "removed", log: log.id, first: removals.first(range), last: removals.last(range) });
  }

  groupDefined(log: MemoryLog, name: string, document: string, snapshot: Uint8Array): void {
    this.#add({ kind: "group", log: log.id, name, document, snapshot: text(snapshot) });
  }

  groupSaved(log: MemoryLog, name: string, delta: Uint8Array): void {
    this.#add({ kind: "groupDelta", log: log.id, name, delta: text(delta) });
  }

  groupDropped(log: MemoryLog, name: string): void {
    this.#add({ kind: "groupDrop", log: log.id, name });
  }

  write(): Promise<void> | undefined {
    if (this.#lines.length === 0) return undefined;
    const batch = Buffer.from(this.#lines.join("\n"));
    this.#lines = [];
    return this.#keeper.keep(batch);
  }

  #add(entry: Entry): void {
    this.#lines.push(JSON.stringify(entry));
  }
}

function replay(entry: Entry, logs: Map<number, RecalledLog>, into: Recalling): void {
  if (entry.kind === "define") {
    const log = into.define(entry.log, entry.definition, entry.revision, entry.createdUs);
    if (!logs.has(entry.log)) logs.set(entry.log, { log, groups: new Map() });
    return;
  }
  const recalled = logs.get(entry.log);
  if (recalled === undefined) throw damaged(`an entry names log ${entry.log}, which was never defined`);
  const { log, groups } = recalled;
  switch (entry.kind) {
    case "drop":
      logs.delete(entry.log);
      return into.drop(log);
    case "record":
      return log.replay(requestOf(entry), entry.sequence, entry.timeUs);
    case "removed":
      return log.replayRemoval(entry.first, entry.last);
    case "group": {
      const { name, document } = entry;
      groups.set(name, { name, document, snapshot: bytes(entry.snapshot), deltas: [] });
      return;
    }
    case "groupDelta":
      groups.get(entry.name)?.deltas.push(bytes(entry.delta));
      return;
    case "groupDrop":
      groups.delete(entry.name);
      return;
  }
}

function requestOf(entry: Extract<Entry, { kind: "record" }>): AppendRequest {
  const body = bytes(entry.body);
  return {
    subject: bytes(entry.subject),
    body,
    bodyStart: 0,
    bodyEnd: body.length,
    headerBytes: entry.headerBytes,
    timeUs: entry.timeUs,
    messageId: entry.messageId,
    expect: undefined,
    rollup: "none",
    fleeting: false,
    ttlSeconds: entry.ttlSeconds,
  };
}

function parse(line: string): Entry {
  try {
    return JSON.parse(line) as Entry;
  } catch (error) {
    throw damaged(`a line of a batch is no JSON (${String(error)})`);
  }
}

function damaged(what: string): StoreError {
  return new StoreError("damaged", `the keeper gave back what was never kept: ${what}; restore it from a copy`);
}

function text(from: Uint8Array): string {
  return Buffer.from(from.buffer, from.byteOffset, from.length).toString("latin1");
}

function bytes(from: string): Buffer {
  return Buffer.from(from, "latin1");
}
