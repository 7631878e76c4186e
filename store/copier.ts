/**
 * Copies short stretches of bytes out of a memory that mostly stays the same: a chunk that was read, a block of records. Word by
 * word, through a view that is kept: for some hundred bytes that takes a third of what a call out of JavaScript does, which makes
 * a new view each time. Longer ones are copied by that call.
 */

/** Up to so many bytes single words are quicker. */
const wordsBytesMax = 384;
const nowhere = new Uint8Array(0);

export class Copier {
  #source: Uint8Array = nowhere;
  #view: DataView = new DataView(nowhere.buffer);

  /** Copies `source[start, end)` to `target[at…]`, which `view` shows too: other memory, with room for it. */
  copy(source: Uint8Array, start: number, end: number, target: Uint8Array, view: DataView, at: number): void {
    if (end - start > wordsBytesMax) {
      target.set(source.subarray(start, end), at);
      return;
    }
    if (source !== this.#source) {
      this.#source = source;
      this.#view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    }
    const from = this.#view;
    let index = start;
    for (const last = end - 8; index <= last; index += 8, at += 8) {
      view.setInt32(at, from.getInt32(index, true), true);
      view.setInt32(at + 4, from.getInt32(index + 4, true), true);
    }
    for (; index < end; index++, at++) target[at] = source[index] as number;
  }
}
