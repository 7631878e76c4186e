/**
 * The thread that writes the journal. It sleeps on a word of shared memory, writes the batch it is told of, and answers by
 * another word: no message is passed per batch and nothing is copied. Descriptors are opened by the main thread; they belong to
 * the process. It must never do anything but write and sync, so that an acknowledgement waits for nothing else.
 */
import fs from "node:fs";
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { control, operation } from "./journal-control.ts";

/** What the main thread posts: memory to write from, or to forget (`memory` undefined). */
export interface MemoryMessage {
  readonly id: number;
  readonly memory: SharedArrayBuffer | undefined;
}

export interface JournalWorkerData {
  readonly words: Int32Array;
  readonly port: MessagePort;
}

function run(words: Int32Array, port: MessagePort): void {
  const memories = new Map<number, Uint8Array>();
  let received = 0;
  let turn = 0;
  for (;;) {
    Atomics.wait(words, control.request, turn);
    turn = Atomics.load(words, control.request);
    const announced = Atomics.load(words, control.messages);
    for (; received !== announced; received = (received + 1) | 0) {
      const message = receiveMessageOnPort(port)?.message as MemoryMessage | undefined;
      if (message?.memory === undefined) memories.delete(message?.id ?? -1);
      else memories.set(message.id, new Uint8Array(message.memory));
    }
    if (words[control.operation] === operation.stop) break;
    words[control.errno] = perform(words, memories);
    Atomics.store(words, control.answer, turn);
    Atomics.notify(words, control.answer);
  }
  port.close();
}

/** Returns 0 or the system's error number, negative. */
function perform(words: Int32Array, memories: Map<number, Uint8Array>): number {
  const fd = words[control.descriptor]!;
  try {
    if (words[control.operation] !== operation.sync) {
      const memory = memories.get(words[control.memory]!);
      if (memory === undefined) return -14; // EFAULT: the main thread never announced it
      const length = words[control.length]!;
      let position = words[control.positionHigh]! * 0x1_0000_0000 + (words[control.positionLow]! >>> 0);
      for (let done = 0; done < length;) {
        const count = fs.writeSync(fd, memory, done, length - done, position);
        if (count === 0) return -5; // EIO: a disk that takes nothing
        done += count;
        position += count;
      }
    }
    if (words[control.operation] !== operation.write) fs.fdatasyncSync(fd);
    return 0;
  } catch (error) {
    return error instanceof Error && "errno" in error && typeof error.errno === "number" ? error.errno : -5;
  }
}

const { words, port } = workerData as JournalWorkerData;
run(words, port);
