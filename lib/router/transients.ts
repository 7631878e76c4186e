/**
 * Subjects that are met once: a ring of reused entries over memory of their own, so that an answer to a reply allocates nothing and
 * a call within a call does not overwrite the subject of the outer one.
 */
import { Subject } from "./subject.ts";

/** How many may be in use at once, in calls within calls. */
const ringSize = 16;
/** A longer one is shown where it is, by a view made for it. */
const copiedBytesMax = 512;
/** Up to so many bytes a loop is quicker than a call out of JavaScript. */
const loopBytesMax = 48;

export class Transients {
  readonly #ring: { readonly subject: Subject; readonly memory: Buffer; readonly views: (Buffer | undefined)[] }[] = [];
  #turn = 0;

  next(bytes: Buffer, start: number, end: number): Subject {
    const turn = this.#turn;
    this.#turn = (turn + 1) % ringSize;
    const entry = (this.#ring[turn] ??= { subject: new Subject(bytes, true), memory: Buffer.alloc(copiedBytesMax), views: [] });
    const length = end - start;
    if (length > copiedBytesMax) {
      entry.subject.become(bytes.subarray(start, end));
      return entry.subject;
    }
    const view = (entry.views[length] ??= entry.memory.subarray(0, length));
    if (length > loopBytesMax) bytes.copy(view, 0, start, end);
    else for (let i = 0; i < length; i++) view[i] = bytes[start + i]!;
    entry.subject.become(view);
    return entry.subject;
  }
}
