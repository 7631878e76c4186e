/**
 * A disk in memory that knows what a power failure does: bytes not synced are lost, kept or torn, names not synced by their
 * folder are lost, and any operation can be made to fail. Every state a crash could leave is shown to `onOperation`, in the middle
 * of each operation.
 */
import { createHash } from "node:crypto";
import type {
  Disk,
  DiskFile,
  FolderEntry,
  FolderLock,
  FreeSpace,
  JournalHandle,
  JournalWriter,
  OpenMode,
  WriteDone,
  WriteMode,
} from "../../store/disk.ts";

/** What a crash leaves of unsynced bytes, and of unsynced names. */
export interface CrashKind {
  readonly bytes: "dropped" | "kept" | "torn" | "last";
  readonly names: "dropped" | "kept" | "half";
}

export const crashKinds: readonly CrashKind[] = [
  { bytes: "dropped", names: "dropped" },
  { bytes: "dropped", names: "kept" },
  { bytes: "kept", names: "kept" },
  { bytes: "kept", names: "half" },
  { bytes: "torn", names: "kept" },
  { bytes: "torn", names: "half" },
  { bytes: "last", names: "kept" },
];

interface PendingWrite {
  readonly position: number;
  readonly bytes: Buffer;
}

/** The content of a file: what survives, and what was written since. */
class Inode {
  durable: Buffer = Buffer.alloc(0);
  current: Buffer = Buffer.alloc(0);
  pending: PendingWrite[] = [];

  write(position: number, bytes: Uint8Array): void {
    const copy = Buffer.from(bytes);
    this.current = overlaid(this.current, position, copy);
    this.pending.push({ position, bytes: copy });
  }

  truncate(size: number): void {
    this.current = Buffer.from(this.current.subarray(0, size));
    // A cut is metadata: it is taken to survive with whatever survives of the bytes before it.
    this.durable = Buffer.from(this.durable.subarray(0, size));
    this.pending = this.pending.filter((write) => write.position < size);
  }

  sync(): void {
    this.durable = this.current;
    this.pending = [];
  }

  crashed(kind: CrashKind["bytes"]): Buffer {
    if (kind === "dropped") return this.durable;
    if (kind === "kept") return this.current;
    let content = this.durable;
    for (const [index, write] of this.pending.entries()) {
      const isLast = index === this.pending.length - 1;
      // "last": the system wrote back in another order, and only the newest write came through.
      if (kind === "last" && !isLast) continue;
      content = overlaid(content, write.position, isLast && kind === "torn" ? torn(write.bytes) : write.bytes);
    }
    return content;
  }
}

function torn(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}

function overlaid(content: Buffer, position: number, bytes: Buffer): Buffer {
  const result = Buffer.alloc(Math.max(content.length, position + bytes.length));
  content.copy(result);
  bytes.copy(result, position);
  return result;
}

type NameChange =
  | { readonly kind: "create"; readonly path: string; readonly inode: Inode }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink"; readonly path: string };

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === "create") names.set(change.path, change.inode);
  else if (change.kind === "unlink") names.delete(change.path);
  else {
    const inode = names.get(change.from);
    names.delete(change.from);
    if (inode !== undefined) names.set(change.to, inode);
  }
}

export interface FakeDiskOptions {
  /** Bytes of all files together. */
  readonly capacityBytes?: number;
  /** How completions come: at once (a microtask), or on a later turn. */
  readonly later?: (task: () => void) => void;
}

export class FakeDisk implements Disk {
  #names: Map<string, Inode> = new Map();
  #durableNames: Map<string, Inode> = new Map();
  #pendingNames: NameChange[] = [];
  readonly #locked: Set<string> = new Set();
  readonly later: (task: () => void) => void;
  capacityBytes: number;
  /** Operations so far. */
  operations = 0;
  syncs = 0;
  /** The operation that fails, counting from 1, with `failCode`; `failFor` in a row. 0 = none. */
  failAt = 0;
  failFor = 1;
  failCode = "EIO";
  /** Called in the middle of each operation: bytes are written but not synced, names changed but not synced. */
  onOperation: ((what: string) => void) | undefined;
  /** A lying disk: says a journal write is synced when it is only handed over. For canaries. */
  lies = false;

  constructor(options: FakeDiskOptions = {}) {
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
    this.later = options.later ?? queueMicrotask;
  }

  /** The disk as a machine that lost power now would find it. */
  crashed(kind: CrashKind): FakeDisk {
    const disk = new FakeDisk({ capacityBytes: this.capacityBytes, later: this.later });
    const names = new Map(this.#durableNames);
    const kept =
      kind.names === "dropped" ? 0 : kind.names === "kept" ? this.#pendingNames.length : Math.floor(this.#pendingNames.length / 2);
    for (const change of this.#pendingNames.slice(0, kept)) applyName(names, change);
    for (const [path, inode] of names) disk.put(path, inode.crashed(kind.bytes));
    return disk;
  }

  /** The disk as it is after the process was killed, all handed to the system being there. */
  copy(): FakeDisk {
    return this.crashed({ bytes: "kept", names: "kept" });
  }

  put(path: string, content: Buffer): void {
    const inode = new Inode();
    inode.current = Buffer.from(content);
    inode.durable = inode.current;
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  content(path: string): Buffer {
    return this.#inode(path).current;
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  /** Equal for disks that hold the same. */
  fingerprint(): string {
    const hash = createHash("sha1");
    for (const path of this.paths()) hash.update(path).update(this.content(path));
    return hash.digest("base64");
  }

  usedBytes(): number {
    let used = 0;
    for (const inode of this.#names.values()) used += inode.current.length;
    return used;
  }

  makeFolder(_folder: string): Promise<void> {
    return Promise.resolve();
  }

  list(folder: string): Promise<readonly FolderEntry[]> {
    const entries: FolderEntry[] = [];
    for (const [path, inode] of this.#names) {
      if (path.startsWith(`${folder}/`)) entries.push({ name: path.slice(folder.length + 1), size: inode.current.length });
    }
    return Promise.resolve(entries);
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    if (mode === "create") {
      if (this.#names.has(path)) throw failure("EEXIST", path);
      const inode = new Inode();
      this.#change({ kind: "create", path, inode });
      this.step(`create ${path}`);
    }
    return new FakeFile(this, path, this.#inode(path));
  }

  async rename(from: string, to: string): Promise<void> {
    this.#inode(from);
    this.#change({ kind: "rename", from, to });
    this.step(`rename ${from} ${to}`);
  }

  async unlink(path: string): Promise<void> {
    this.#inode(path);
    this.#change({ kind: "unlink", path });
    this.step(`unlink ${path}`);
  }

  async syncFolder(folder: string): Promise<void> {
    this.step(`syncFolder ${folder}`);
    this.#durableNames = new Map(this.#names);
    this.#pendingNames = [];
  }

  freeSpace(_folder: string): Promise<FreeSpace> {
    const total = Number.isFinite(this.capacityBytes) ? this.capacityBytes : 1e12;
    return Promise.resolve({ freeBytes: Math.max(0, total - this.usedBytes()), totalBytes: total });
  }

  lock(folder: string): Promise<FolderLock | undefined> {
    if (this.#locked.has(folder)) return Promise.resolve(undefined);
    this.#locked.add(folder);
    const release = (): Promise<void> => {
      this.#locked.delete(folder);
      return Promise.resolve();
    };
    return Promise.resolve({ release });
  }

  journalWriter(): JournalWriter {
    return new FakeJournalWriter(this);
  }

  /** Counts an operation, shows the moment, and throws when it is the one to fail. */
  step(what: string): void {
    this.operations++;
    this.onOperation?.(what);
    if (this.failAt > 0 && this.operations >= this.failAt && this.operations < this.failAt + this.failFor)
      throw failure(this.failCode, what);
  }

  write(path: string, inode: Inode, position: number, bytes: Uint8Array): void {
    const growth = Math.max(0, position + bytes.length - inode.current.length);
    if (this.usedBytes() + growth > this.capacityBytes) {
      this.operations++;
      throw failure("ENOSPC", path);
    }
    inode.write(position, bytes);
    this.step(`write ${path} ${position} ${bytes.length}`);
  }

  sync(path: string, inode: Inode): void {
    this.step(`sync ${path}`);
    this.syncs++;
    inode.sync();
  }

  #change(change: NameChange): void {
    applyName(this.#names, change);
    this.#pendingNames.push(change);
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw failure("ENOENT", path);
    return inode;
  }

  inodeOf(path: string): Inode {
    return this.#inode(path);
  }
}

class FakeFile implements DiskFile {
  readonly #disk: FakeDisk;
  readonly #path: string;
  readonly #inode: Inode;

  constructor(disk: FakeDisk, path: string, inode: Inode) {
    this.#disk = disk;
    this.#path = path;
    this.#inode = inode;
  }

  read(into: Uint8Array, position: number): Promise<number> {
    const bytes = this.#inode.current.subarray(position, position + into.length);
    into.set(bytes);
    return Promise.resolve(bytes.length);
  }

  async write(from: Uint8Array, position: number): Promise<void> {
    this.#disk.write(this.#path, this.#inode, position, from);
  }

  async sync(): Promise<void> {
    this.#disk.sync(this.#path, this.#inode);
  }

  size(): Promise<number> {
    return Promise.resolve(this.#inode.current.length);
  }

  async truncate(size: number): Promise<void> {
    this.#disk.step(`truncate ${this.#path} ${size}`);
    this.#inode.truncate(size);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class FakeJournalWriter implements JournalWriter {
  readonly #disk: FakeDisk;
  readonly #files: Map<JournalHandle, { path: string; inode: Inode }> = new Map();
  #last = 0;

  constructor(disk: FakeDisk) {
    this.#disk = disk;
  }

  allocate(size: number): Buffer {
    return Buffer.alloc(size);
  }

  release(_memory: Buffer): void {
    // Nothing is shared.
  }

  open(path: string): Promise<JournalHandle> {
    this.#files.set(++this.#last, { path, inode: this.#disk.inodeOf(path) });
    return Promise.resolve(this.#last);
  }

  close(handle: JournalHandle): Promise<void> {
    this.#files.delete(handle);
    return Promise.resolve();
  }

  write(handle: JournalHandle, position: number, memory: Buffer, length: number, mode: WriteMode, done: WriteDone): void {
    const file = this.#files.get(handle);
    this.#disk.later(() => {
      if (file === undefined) return done(failure("EBADF", "journal"));
      try {
        this.#disk.write(file.path, file.inode, position, memory.subarray(0, length));
        if (mode !== "plain" && !this.#disk.lies) this.#disk.sync(file.path, file.inode);
      } catch (error) {
        return done(error as Error);
      }
      done(undefined);
    });
  }

  sync(handle: JournalHandle, done: WriteDone): void {
    const file = this.#files.get(handle);
    this.#disk.later(() => {
      if (file === undefined) return done(failure("EBADF", "journal"));
      try {
        if (!this.#disk.lies) this.#disk.sync(file.path, file.inode);
      } catch (error) {
        return done(error as Error);
      }
      done(undefined);
    });
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
