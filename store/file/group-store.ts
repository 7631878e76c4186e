/**
 * The progress of one log's groups, as bytes nobody here understands: the last snapshot of each, and the deltas since. Deltas are
 * kept until a checkpoint has the core's snapshot, for the core may refuse to give one.
 */
import type { GroupSnapshot } from "../store.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { ManifestEncoder, StoredGroup } from "./manifest.ts";

export class GroupState {
  readonly name: string;
  readonly nameBytes: Buffer;
  document: string;
  snapshot: Buffer | undefined;
  /** varint length and bytes, again and again. */
  deltas: ByteWriter | undefined = undefined;
  /** Bytes of `deltas` that the manifest has. */
  deltasStored = 0;
  /** The document or snapshot is not in the manifest. */
  unstored: boolean;

  constructor(name: string, document: string, snapshot: Buffer | undefined, unstored: boolean) {
    this.name = name;
    this.nameBytes = Buffer.from(name);
    this.document = document;
    this.snapshot = snapshot;
    this.unstored = unstored;
  }

  add(delta: Uint8Array): void {
    this.deltas ??= new ByteWriter();
    this.deltas.varint(delta.length);
    this.deltas.bytes(delta);
  }

  each(from: number, visit: (delta: Buffer) => void): void {
    if (this.deltas === undefined) return;
    const reader = new ByteReader(this.deltas.done(), from);
    while (reader.more) visit(reader.bytes(reader.varint()));
  }
}

export class GroupStore {
  readonly groups: Map<string, GroupState> = new Map();
  /** Dropped since the last checkpoint. */
  readonly #dropped: Set<string> = new Set();

  restore(stored: ReadonlyMap<string, StoredGroup>): void {
    for (const [name, group] of stored) {
      const state = new GroupState(name, group.document, group.snapshot, false);
      for (const delta of group.deltas) state.add(delta);
      state.deltasStored = state.deltas?.length ?? 0;
      this.groups.set(name, state);
    }
  }

  define(name: string, document: string, snapshot: Uint8Array): void {
    this.groups.set(name, new GroupState(name, document, Buffer.from(snapshot), true));
    this.#dropped.delete(name);
  }

  drop(name: string): boolean {
    if (!this.groups.delete(name)) return false;
    this.#dropped.add(name);
    return true;
  }

  recovered(): GroupSnapshot[] {
    const groups: GroupSnapshot[] = [];
    for (const group of this.groups.values()) {
      const deltas: Buffer[] = [];
      group.each(0, (delta) => deltas.push(Buffer.from(delta)));
      groups.push({ name: group.name, document: group.document, snapshot: group.snapshot, deltas });
    }
    return groups;
  }

  /** Writes what the manifest does not have, or with `whole` everything. Returns what to do once that is durable. */
  capture(
    logId: number,
    encoder: ManifestEncoder,
    whole: boolean,
    take: ((name: string) => Uint8Array | undefined) | undefined,
  ): () => void {
    const done: (() => void)[] = [];
    for (const name of this.#dropped) {
      encoder.groupDrop(logId, name);
      done.push(() => this.#dropped.delete(name));
    }
    for (const group of this.groups.values()) {
      const length = group.deltas?.length ?? 0;
      const fresh = length > group.deltasStored;
      if (!whole && !group.unstored && !fresh) continue;
      const snapshot = length > 0 ? take?.(group.name) : undefined;
      if (snapshot !== undefined) {
        const copy = Buffer.from(snapshot);
        encoder.group(logId, group.name, group.document, copy);
        done.push(() => this.#stored(group, copy, length));
        continue;
      }
      const all = whole || group.unstored;
      if (all) encoder.group(logId, group.name, group.document, group.snapshot ?? Buffer.alloc(0));
      group.each(all ? 0 : group.deltasStored, (delta) => encoder.groupDelta(logId, group.name, delta));
      done.push(() => {
        group.unstored = false;
        group.deltasStored = length;
      });
    }
    return () => {
      for (const task of done) task();
    };
  }

  /** The snapshot contains the first `length` bytes of deltas; those that came meanwhile stay. */
  #stored(group: GroupState, snapshot: Buffer, length: number): void {
    const later = group.deltas === undefined ? undefined : Buffer.from(group.deltas.buffer.subarray(length, group.deltas.length));
    group.snapshot = snapshot;
    group.unstored = false;
    group.deltasStored = 0;
    group.deltas = undefined;
    if (later === undefined || later.length === 0) return;
    group.deltas = new ByteWriter();
    group.deltas.bytes(later);
  }
}
