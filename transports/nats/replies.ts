/**
 * The reply subjects of publishes whose outcome is not known yet, by token. Tokens count up; outcomes come mostly in that order, so
 * the bytes live in a ring and the oldest are freed first. Parallel arrays: no object per publish. It grows as needed; the session
 * stops reading at `full`, so what one chunk of input can add bounds it.
 *
 *     arena:  ··[reply of oldest][reply][reply of newest]······   (an entry never wraps: it starts over at 0 instead)
 */

/** At so many waiting replies, or bytes of them, the session stops reading. */
const waitingMax = 64 * 1024;
const arenaBytesMax = 4 * 1024 * 1024;

export class Replies {
  /** Where the reply that `find` found is. */
  buffer: Buffer;
  start: number;
  end: number;
  /** The oldest token not settled, and the next to be given. */
  #oldest: number;
  #next: number;
  #starts: Int32Array;
  #ends: Int32Array;
  /** Outcomes still to come. */
  #left: Uint16Array;
  #head: number;

  constructor(firstToken: number) {
    this.buffer = Buffer.alloc(0);
    this.start = 0;
    this.end = 0;
    this.#oldest = firstToken;
    this.#next = firstToken;
    this.#starts = new Int32Array(0);
    this.#ends = new Int32Array(0);
    this.#left = new Uint16Array(0);
    this.#head = 0;
  }

  /** The token that the next `remember` will take. */
  get nextToken(): number {
    return this.#next;
  }

  get waiting(): number {
    return this.#next - this.#oldest;
  }

  get full(): boolean {
    return this.waiting >= waitingMax || this.buffer.length > arenaBytesMax;
  }

  /** Copies the reply of `nextToken`, for which `outcomes` will come. */
  remember(source: Buffer, start: number, end: number, outcomes: number): void {
    if (this.waiting >= this.#left.length) this.#growEntries();
    const bytes = end - start;
    const at = this.#place(bytes);
    const arena = this.buffer;
    for (let index = 0; index < bytes; index++) arena[at + index] = source[start + index] as number;
    this.#head = at + bytes;
    const slot = this.#next++ & (this.#left.length - 1);
    this.#starts[slot] = at;
    this.#ends[slot] = at + bytes;
    this.#left[slot] = outcomes;
  }

  /** Shows the reply of a token at `buffer[start, end)`. False when it does not wait. */
  find(token: number): boolean {
    if (token < this.#oldest || token >= this.#next) return false;
    const slot = token & (this.#left.length - 1);
    if (this.#left[slot] === 0) return false;
    this.start = this.#starts[slot] as number;
    this.end = this.#ends[slot] as number;
    return true;
  }

  /** One outcome of the token has come. */
  settle(token: number): void {
    const mask = this.#left.length - 1;
    const slot = token & mask;
    this.#left[slot] = (this.#left[slot] as number) - 1;
    if (token !== this.#oldest) return;
    while (this.#oldest < this.#next && this.#left[this.#oldest & mask] === 0) this.#oldest++;
    if (this.#oldest === this.#next) {
      this.#head = 0;
      // A burst's arena is not kept for the rest of a connection's life.
      if (this.buffer.length > 64 * 1024) this.#release();
    }
  }

  #release(): void {
    this.buffer = Buffer.alloc(0);
    this.#starts = new Int32Array(0);
    this.#ends = new Int32Array(0);
    this.#left = new Uint16Array(0);
  }

  /** Where `bytes` fit in one piece: behind the newest, or at the front when the oldest has left room there. */
  #place(bytes: number): number {
    const size = this.buffer.length;
    const head = this.#head;
    if (this.#oldest === this.#next) {
      if (bytes <= size) return 0;
    } else {
      const tail = this.#starts[this.#oldest & (this.#left.length - 1)] as number;
      if (head > tail) {
        if (head + bytes <= size) return head;
        if (bytes < tail) return 0;
      } else if (head + bytes < tail) {
        return head;
      }
    }
    this.#growArena(bytes);
    return this.#head;
  }

  /** Twice the arena, entries moved to its front in order. */
  #growArena(bytes: number): void {
    const old = this.buffer;
    const arena = Buffer.allocUnsafeSlow(Math.max(4096, old.length * 2, bytes * 2));
    const mask = this.#left.length - 1;
    let at = 0;
    for (let token = this.#oldest; token < this.#next; token++) {
      const slot = token & mask;
      const start = this.#starts[slot] as number;
      const end = this.#ends[slot] as number;
      this.#starts[slot] = at;
      if (this.#left[slot] !== 0) at += old.copy(arena, at, start, end);
      this.#ends[slot] = at;
    }
    this.buffer = arena;
    this.#head = at;
  }

  #growEntries(): void {
    const size = Math.max(64, this.#left.length * 2);
    const starts = new Int32Array(size);
    const ends = new Int32Array(size);
    const left = new Uint16Array(size);
    const mask = this.#left.length - 1;
    for (let token = this.#oldest; token < this.#next; token++) {
      const from = token & mask;
      const to = token & (size - 1);
      starts[to] = this.#starts[from] as number;
      ends[to] = this.#ends[from] as number;
      left[to] = this.#left[from] as number;
    }
    this.#starts = starts;
    this.#ends = ends;
    this.#left = left;
  }
}
