/**
 * The door to files. Everything the file store keeps passes through a `Disk`, so that a test can put a disk there which loses
 * unsynced bytes, tears the last write, forgets a rename or fails at operation k (`spec/support/fake-disk.ts`).
 *
 * Journal writes have a seam of their own, `JournalWriter`: the real one is a thread (`file/journal-thread.ts`), because the four
 * threads of libuv are shared with segment syncs and password hashes, and an acknowledgement must not wait for those.
 */
import fs from "node:fs";
import { FolderSocketLock } from "./file/folder-lock.ts";
import { ThreadJournalWriter } from "./file/journal-thread.ts";

/** An open file. Calls may overlap; reads and writes are continued until they are whole. */
export interface DiskFile {
  /** Fills `into` from `position`; fewer bytes only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  write(from: Uint8Array, position: number): Promise<void>;
  /** Resolves when content and length survive a power failure. */
  sync(): Promise<void>;
  size(): Promise<number>;
  /** Cuts the file to `size` bytes. Not durable before `sync`. */
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** `read`: must exist. `create`: must not exist. `update`: must exist, read and written. */
export type OpenMode = "read" | "create" | "update";

/** How much a journal write promises when it is done. `plain`: handed to the system. `synced`: durable. `through`: it and all before it in the file. */
export type WriteMode = "plain" | "synced" | "through";

export type WriteDone = (error: Error | undefined) => void;

/** A journal file as its writer knows it. */
export type JournalHandle = number;

/** Writes batches of the journal, one at a time, in order. */
export interface JournalWriter {
  /** Memory that `write` takes without a copy. `size` bytes, zeroed. */
  allocate(size: number): Buffer;
  /** Gives memory of `allocate` back. */
  release(memory: Buffer): void;
  /** Opens a file that exists. */
  open(path: string): Promise<JournalHandle>;
  close(handle: JournalHandle): Promise<void>;
  /** Writes `memory[0..length]` at `position`. `done` is called once, on a later turn or microtask; until then no other write or sync. */
  write(handle: JournalHandle, position: number, memory: Buffer, length: number, mode: WriteMode, done: WriteDone): void;
  /** Makes all `plain` writes of the file durable. */
  sync(handle: JournalHandle, done: WriteDone): void;
  /** No write is in flight. Callable twice. */
  stop(): Promise<void>;
}

export interface FolderEntry {
  readonly name: string;
  readonly size: number;
}

export interface FreeSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface FolderLock {
  release(): Promise<void>;
}

export interface Disk {
  /** Creates the folder with its parents when it is not there. */
  makeFolder(folder: string): Promise<void>;
  /** Files of the folder; no order. */
  list(folder: string): Promise<readonly FolderEntry[]>;
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes creations, renames and unlinks in the folder durable. */
  syncFolder(folder: string): Promise<void>;
  freeSpace(folder: string): Promise<FreeSpace>;
  /** Undefined when another living owner has it. Ends with the process, however that ends. */
  lock(folder: string): Promise<FolderLock | undefined>;
  /** Each call gives a writer of its own. */
  journalWriter(): JournalWriter;
}

/** True for errors that say there is no room, now: quota, full, or the file size limit of the process. */
export function isNoSpace(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}

/** The system's code of an error (`ENOENT`…), "" when it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The real disk. */
export class NodeDisk implements Disk {
  async makeFolder(folder: string): Promise<void> {
    await fs.promises.mkdir(folder, { recursive: true });
  }

  async list(folder: string): Promise<readonly FolderEntry[]> {
    const entries: FolderEntry[] = [];
    for (const entry of await fs.promises.readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const { size } = await fs.promises.stat(`${folder}/${entry.name}`);
      entries.push({ name: entry.name, size });
    }
    return entries;
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    return new NodeFile(await openFile(path, mode === "read" ? "r" : mode === "create" ? "wx+" : "r+"));
  }

  async rename(from: string, to: string): Promise<void> {
    await fs.promises.rename(from, to);
  }

  async unlink(path: string): Promise<void> {
    await fs.promises.unlink(path);
  }

  async syncFolder(folder: string): Promise<void> {
    // Windows cannot open a folder; its file systems order metadata by themselves.
    if (process.platform === "win32") return;
    const fd = await openFile(folder, "r");
    try {
      await new Promise<void>((resolve, reject) => fs.fsync(fd, (error) => (error === null ? resolve() : reject(error))));
    } finally {
      await closeFile(fd);
    }
  }

  async freeSpace(folder: string): Promise<FreeSpace> {
    const stat = await fs.promises.statfs(folder);
    return { freeBytes: stat.bavail * stat.bsize, totalBytes: stat.blocks * stat.bsize };
  }

  lock(folder: string): Promise<FolderLock | undefined> {
    return FolderSocketLock.take(folder);
  }

  journalWriter(): JournalWriter {
    return new ThreadJournalWriter();
  }
}

class NodeFile implements DiskFile {
  readonly #fd: number;
  #closed: Promise<void> | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const count = await this.#readSome(into, done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async write(from: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < from.length) {
      const count = await this.#writeSome(from, done, position + done);
      // A write of nothing that is no error cannot be continued for ever.
      if (count === 0) throw Object.assign(new Error("the disk took no bytes"), { code: "EIO" });
      done += count;
    }
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => fs.fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error))));
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => fs.fstat(this.#fd, (error, stat) => (error === null ? resolve(stat.size) : reject(error))));
  }

  truncate(size: number): Promise<void> {
    return new Promise((resolve, reject) => fs.ftruncate(this.#fd, size, (error) => (error === null ? resolve() : reject(error))));
  }

  /** Callable twice: by then the number may belong to another file. */
  close(): Promise<void> {
    this.#closed ??= closeFile(this.#fd);
    return this.#closed;
  }

  #readSome(into: Uint8Array, offset: number, position: number): Promise<number> {
    return new Promise((resolve, reject) =>
      fs.read(this.#fd, into, offset, into.length - offset, position, (error, count) => (error === null ? resolve(count) : reject(error))),
    );
  }

  #writeSome(from: Uint8Array, offset: number, position: number): Promise<number> {
    return new Promise((resolve, reject) =>
      fs.write(this.#fd, from, offset, from.length - offset, position, (error, count) => (error === null ? resolve(count) : reject(error))),
    );
  }
}

function openFile(path: string, flags: string): Promise<number> {
  return new Promise((resolve, reject) => fs.open(path, flags, 0o600, (error, fd) => (error === null ? resolve(fd) : reject(error))));
}

function closeFile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fs.close(fd, (error) => (error === null || error === undefined ? resolve() : reject(error))));
}
