/**
 * The real journal writer: memory shared with a thread, one request in flight, the answer awaited by `Atomics.waitAsync`.
 *
 * On Linux a synced write goes through a descriptor opened `O_DSYNC` (one trip instead of write and fdatasync; measured 10–20 %
 * faster); elsewhere, where that flag is missing or does less, it is a write and a sync.
 */
import fs from "node:fs";
import { getSystemErrorName } from "node:util";
import { MessageChannel, Worker } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { JournalHandle, JournalWriter, WriteDone, WriteMode } from "../disk.ts";
import { control, operation } from "./journal-control.ts";
import type { JournalWorkerData, MemoryMessage } from "./journal-worker.ts";

interface Descriptors {
  readonly plain: number;
  /** Opened `O_DSYNC`; undefined where a synced write is a write and a sync. */
  readonly synced: number | undefined;
}

export class ThreadJournalWriter implements JournalWriter {
  readonly #words: Int32Array = new Int32Array(new SharedArrayBuffer(control.words * 4));
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #memories: Map<ArrayBufferLike, number> = new Map();
  readonly #files: Map<JournalHandle, Descriptors> = new Map();
  readonly #answered: () => void;
  #memoryLast = 0;
  #turn = 0;
  #done: WriteDone | undefined;
  #stopped: Promise<void> | undefined;
  #broken: Error | undefined;

  constructor() {
    const channel = new MessageChannel();
    this.#port = channel.port1;
    this.#port.unref();
    const data: JournalWorkerData = { words: this.#words, port: channel.port2 };
    // The thread only writes: small stacks and heaps keep its share of memory low.
    this.#worker = new Worker(new URL("./journal-worker.js", import.meta.url), {
      name: "journal",
      workerData: data,
      transferList: [channel.port2],
      stdin: false,
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    });
    this.#worker.unref();
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => {
      if (this.#stopped === undefined) this.#fail(new Error("the journal's thread ended"));
    });
    this.#answered = (): void => this.#answer();
  }

  allocate(size: number): Buffer {
    const memory = new SharedArrayBuffer(size);
    const id = ++this.#memoryLast;
    this.#memories.set(memory, id);
    this.#announce({ id, memory });
    return Buffer.from(memory);
  }

  release(memory: Buffer): void {
    const id = this.#memories.get(memory.buffer);
    if (id === undefined) return;
    this.#memories.delete(memory.buffer);
    this.#announce({ id, memory: undefined });
  }

  async open(path: string): Promise<JournalHandle> {
    const plain = await openDescriptor(path, fs.constants.O_RDWR);
    const dsync = process.platform === "linux" ? fs.constants.O_DSYNC : undefined;
    const synced = dsync === undefined ? undefined : await openDescriptor(path, fs.constants.O_RDWR | dsync);
    this.#files.set(plain, { plain, synced });
    return plain;
  }

  async close(handle: JournalHandle): Promise<void> {
    const file = this.#files.get(handle);
    if (file === undefined) return;
    this.#files.delete(handle);
    await closeDescriptor(file.plain);
    if (file.synced !== undefined) await closeDescriptor(file.synced);
  }

  write(handle: JournalHandle, position: number, memory: Buffer, length: number, mode: WriteMode, done: WriteDone): void {
    const file = this.#files.get(handle);
    const id = this.#memories.get(memory.buffer);
    if (file === undefined || id === undefined) throw new Error("a journal write names a file or memory that is not open");
    const words = this.#words;
    words[control.memory] = id;
    words[control.length] = length;
    words[control.positionLow] = position | 0;
    words[control.positionHigh] = Math.floor(position / 0x1_0000_0000);
    if (mode === "synced" && file.synced !== undefined) this.#request(operation.write, file.synced, done);
    else this.#request(mode === "plain" ? operation.write : operation.writeThenSync, file.plain, done);
  }

  sync(handle: JournalHandle, done: WriteDone): void {
    const file = this.#files.get(handle);
    if (file === undefined) throw new Error("a journal sync names a file that is not open");
    this.#request(operation.sync, file.plain, done);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    this.#words[control.operation] = operation.stop;
    Atomics.store(this.#words, control.request, (this.#turn = (this.#turn + 1) | 0));
    this.#worker.ref();
    Atomics.notify(this.#words, control.request);
    if (this.#broken === undefined) await ended;
    this.#port.close();
    for (const handle of [...this.#files.keys()]) await this.close(handle);
  }

  #announce(message: MemoryMessage): void {
    this.#port.postMessage(message);
    Atomics.add(this.#words, control.messages, 1);
  }

  #request(what: number, descriptor: number, done: WriteDone): void {
    if (this.#done !== undefined) throw new Error("one journal write at a time");
    this.#done = done;
    if (this.#broken !== undefined) {
      queueMicrotask(this.#answered);
      return;
    }
    const words = this.#words;
    words[control.operation] = what;
    words[control.descriptor] = descriptor;
    const before = this.#turn;
    this.#turn = (before + 1) | 0;
    // A write under way keeps the process alive, an idle journal does not.
    this.#worker.ref();
    Atomics.store(words, control.request, this.#turn);
    Atomics.notify(words, control.request);
    const answer = Atomics.waitAsync(words, control.answer, before);
    if (answer.async) void answer.value.then(this.#answered);
    else queueMicrotask(this.#answered);
  }

  #answer(): void {
    const done = this.#done;
    if (done === undefined) return;
    this.#done = undefined;
    this.#worker.unref();
    if (this.#broken !== undefined) return done(this.#broken);
    const errno = this.#words[control.errno] ?? 0;
    if (errno === 0) return done(undefined);
    const code = getSystemErrorName(errno);
    done(Object.assign(new Error(`${code}: a journal write failed`), { code }));
  }

  #fail(error: Error): void {
    this.#broken ??= error;
    this.#answer();
  }
}

function openDescriptor(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => fs.open(path, flags, (error, fd) => (error === null ? resolve(fd) : reject(error))));
}

function closeDescriptor(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fs.close(fd, (error) => (error === null || error === undefined ? resolve() : reject(error))));
}
