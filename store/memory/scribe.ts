/** Who writes down what a memory store decides, so that it survives the process. Told of decisions, never of inputs; writes once per commit. */
import type { Removals } from "../ledger/removals.ts";
import type { AppendRequest, LogDefinition, Sequence } from "../store.ts";
import type { MemoryLog } from "./memory-log.ts";

export interface Scribe {
  /** Makes everything so again, in the order it was told. */
  recall(into: Recalling): Promise<void>;
  defined(log: MemoryLog): void;
  dropped(log: MemoryLog): void;
  /** The request is the caller's again afterwards. */
  stored(log: MemoryLog, request: AppendRequest, sequence: Sequence, timeUs: number): void;
  removed(log: MemoryLog, removals: Removals): void;
  groupDefined(log: MemoryLog, name: string, document: string, snapshot: Uint8Array): void;
  groupSaved(log: MemoryLog, name: string, delta: Uint8Array): void;
  groupDropped(log: MemoryLog, name: string): void;
  /** Writes everything told since the last call, all or nothing. Resolves when it is durable; undefined when there is nothing to write. */
  write(): Promise<void> | undefined;
}

/** A store that is being recalled. */
export interface Recalling {
  /** A log, or its new definition. */
  define(id: number, definition: LogDefinition, revision: number, createdUs: number): MemoryLog;
  drop(log: MemoryLog): void;
}
