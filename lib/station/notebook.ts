/**
 * What a station's own work has to remember across a crash: how far each source has come, which records are schedules and when they are
 * due. Small facts by key, kept in the station's log beside its groups: a change rides in the next commit, so that whatever leaves the
 * log in a later one leaves after it was noted. `upTo` says which records the notes know of; later ones are to be looked at again.
 */
import type { Log, Sequence } from "../../store/store.ts";

/** No group's name: those have no dot. */
export const notebookName = ".notebook";

/** The log's notes are of this many records ago at most before they are brought up to date. */
const behindMax = 10_000;

export interface NotebookHost {
  /** Asks for `saveProgress` before the next commit. */
  dirty(source: { saveProgress(): void }): void;
}

type Change = readonly [key: string, value?: number | string];

export class Notebook {
  /** Records from here on may hold what no note tells of. */
  readonly recoveredUpTo: Sequence;
  readonly #log: Log;
  readonly #host: NotebookHost;
  readonly #notes: Map<string, number | string> = new Map();
  #changes: Change[] = [];
  #savedUpTo: Sequence;
  #isDirty = false;
  /** The log knows the notebook: until then changes wait. */
  #defined: boolean;
  #closed = false;

  constructor(log: Log, host: NotebookHost) {
    this.#log = log;
    this.#host = host;
    const kept = log.recoveredGroups.find(({ name }) => name === notebookName);
    this.#defined = kept !== undefined;
    for (const delta of [kept?.snapshot, ...(kept?.deltas ?? [])]) if (delta !== undefined) this.#apply(delta);
    const upTo = this.#notes.get("");
    // Without notes nothing was there to be noted.
    this.recoveredUpTo = typeof upTo === "number" ? upTo : this.#defined ? 0 : log.state.lastSequence;
    this.#savedUpTo = this.recoveredUpTo;
    const others = log.groupSnapshot;
    log.groupSnapshot = (name) => (name === notebookName ? this.#snapshot() : others?.(name));
  }

  /** Resolves when the log knows the notebook. */
  begin(): Promise<void> {
    return this.#defined ? Promise.resolve() : this.#define();
  }

  get(key: string): number | string | undefined {
    return this.#notes.get(key);
  }

  /** Every note whose key begins so, with the rest of its key. */
  *under(prefix: string): Generator<readonly [rest: string, value: number | string]> {
    for (const [key, value] of this.#notes) if (key.startsWith(prefix)) yield [key.slice(prefix.length), value];
  }

  set(key: string, value: number | string): void {
    if (this.#notes.get(key) === value) return;
    this.#notes.set(key, value);
    this.#changes.push([key, value]);
    this.#touch();
  }

  delete(key: string): void {
    if (!this.#notes.delete(key)) return;
    this.#changes.push([key]);
    this.#touch();
  }

  /** The log has committed: brings the notes up to date now and then though nothing was noted, so that little has to be looked at again. */
  committed(): void {
    if (this.#log.state.lastSequence - this.#savedUpTo > behindMax) this.#touch();
  }

  saveProgress(): void {
    this.#isDirty = false;
    if (this.#closed || !this.#log.open || !this.#defined) return;
    this.#savedUpTo = this.#log.state.lastSequence;
    this.#notes.set("", this.#savedUpTo);
    this.#changes.push(["", this.#savedUpTo]);
    this.#log.saveGroup(notebookName, Buffer.from(JSON.stringify(this.#changes)), false);
    this.#changes = [];
  }

  close(): void {
    this.#closed = true;
  }

  #touch(): void {
    if (this.#closed) return;
    if (!this.#defined || this.#isDirty) return;
    this.#isDirty = true;
    this.#host.dirty(this);
  }

  /** Its first page goes with the definition; what changes meanwhile follows. */
  async #define(): Promise<void> {
    this.#changes = [];
    try {
      await this.#log.defineGroup(notebookName, "", this.#snapshot());
    } catch {
      // The log is gone or the store has failed: there is nothing to keep notes of.
      return;
    }
    this.#defined = true;
    if (this.#changes.length > 0) this.#touch();
  }

  #snapshot(): Buffer {
    this.#notes.set("", this.#savedUpTo);
    return Buffer.from(JSON.stringify([...this.#notes]));
  }

  #apply(bytes: Uint8Array): void {
    const changes: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (!Array.isArray(changes)) return;
    for (const change of changes) {
      if (!Array.isArray(change)) continue;
      const [key, value]: unknown[] = change;
      if (typeof key !== "string") continue;
      if (typeof value === "number" || typeof value === "string") this.#notes.set(key, value);
      else this.#notes.delete(key);
    }
  }
}
