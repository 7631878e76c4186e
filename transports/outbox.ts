/**
 * What one connection has yet to send. Messages are encoded straight into a pooled chunk; a turn ends with one write; a full
 * chunk leaves at once. Chunks go back to the pool when sent, so an idle connection holds none. Bounded: `open` refuses when
 * the connection has too much waiting, and the owner decides what that means.
 *
 *     open(bytes) ─ false: no room ─ true: encode at chunk[at…], then commit(newAt)
 *     admits(bytes) ─ true: open, commit and append up to so many bytes; `append` cuts them where chunks end
 *     chunk: 4 KiB first, promoted to 64 KiB when it fills; more than that in one piece gets a buffer of its own
 */
import type { Connection } from "./carriages/connection.ts";
import type { ChunkPool } from "./chunk-pool.ts";
import { largeChunkBytes, smallChunkBytes } from "./chunk-pool.ts";
import type { FlushList } from "./flush-list.ts";

export interface OutboxOptions {
  readonly connection: Connection;
  readonly pool: ChunkPool;
  readonly flushList: FlushList;
  /** Past this many waiting bytes `open` refuses. */
  readonly pendingBytesMax: number;
  /** `room` counts from here, lower than the maximum, so that who asks first never meets the maximum. */
  readonly roomBytesMax: number;
  /** Called when waiting bytes, having been above `roomBytesMax / 2`, have fallen below it. */
  readonly drained: () => void;
}

/** Who takes nothing for so long while others wait for it is frozen: nobody waits for it any more. */
const frozenMs = 50;

const empty = Buffer.alloc(0);
const emptyView = viewOf(empty);

export class Outbox {
  /** The chunk being filled, once more as a view, and where the next byte goes. */
  chunk: Buffer;
  view: DataView;
  at: number;
  /** Socket writes so far, for budgets in tests and counters. */
  writes: number;
  readonly #connection: Connection;
  readonly #pool: ChunkPool;
  readonly #flushList: FlushList;
  readonly #pendingBytesMax: number;
  readonly #roomBytesMax: number;
  readonly #drained: () => void;
  /** Chunks handed to the connection, oldest first from `#sentHead`, with the bytes used in each. */
  #sent: Buffer[];
  #sentBytes: number[];
  #sentHead: number;
  #sentBytesTotal: number;
  /** Writes finished so far: what the stall check compares. */
  #finished: number;
  #dirty: boolean;
  #filled: boolean;
  #closed: boolean;
  #endWhenSent: boolean;
  #stalledMs: number;
  #finishedAtCheck: number;
  #waitedMs: number;
  #finishedAtWait: number;
  readonly #done: () => void;

  constructor(options: OutboxOptions) {
    this.chunk = empty;
    this.view = emptyView;
    this.at = 0;
    this.writes = 0;
    this.#connection = options.connection;
    this.#pool = options.pool;
    this.#flushList = options.flushList;
    this.#pendingBytesMax = options.pendingBytesMax;
    this.#roomBytesMax = options.roomBytesMax;
    this.#drained = options.drained;
    this.#sent = [];
    this.#sentBytes = [];
    this.#sentHead = 0;
    this.#sentBytesTotal = 0;
    this.#finished = 0;
    this.#dirty = false;
    this.#filled = false;
    this.#closed = false;
    this.#endWhenSent = false;
    this.#stalledMs = 0;
    this.#finishedAtCheck = 0;
    this.#waitedMs = 0;
    this.#finishedAtWait = 0;
    this.#done = () => this.#writeFinished();
  }

  /** Bytes waiting: encoded, or handed over and not yet taken by the system. */
  get pending(): number {
    return this.#sentBytesTotal + this.at;
  }

  /** Much waits, and waiting for it to become less may help; `drained` will tell when it is less. */
  get crowded(): boolean {
    return this.#filled && this.#waitedMs < frozenMs;
  }

  /** A publisher has waited so long, and it is crowded still. */
  waited(ms: number): void {
    this.#waitedMs = this.#finished === this.#finishedAtWait ? this.#waitedMs + ms : 0;
    this.#finishedAtWait = this.#finished;
  }

  /** Bytes a polite sender may add now. All of the maximum when nothing waits, so that no allowed message is too large for ever. */
  get room(): number {
    const pending = this.#sentBytesTotal + this.at;
    if (this.#closed) return 0;
    if (pending === 0) return this.#pendingBytesMax;
    return pending >= this.#roomBytesMax ? 0 : this.#roomBytesMax - pending;
  }

  /** Makes sure that `bytes` fit at `chunk[at…]`. False: no room, nothing changed. */
  open(bytes: number): boolean {
    return this.at + bytes <= this.chunk.length || this.#grow(bytes);
  }

  /** True when a message of so many bytes, in several pieces, may begin. */
  admits(bytes: number): boolean {
    if (this.#closed || this.#endWhenSent) return false;
    const pending = this.#sentBytesTotal + this.at;
    return pending === 0 || pending + bytes + largeChunkBytes <= this.#pendingBytesMax;
  }

  /** Adds bytes of an admitted message that has begun. Full chunks leave at once. */
  append(source: Buffer, start: number, end: number): void {
    while (start < end && !this.#closed) {
      if (this.at === this.chunk.length) {
        const next = this.#pool.take(largeChunkBytes);
        this.#send();
        this.#fill(next);
      }
      const stop = Math.min(end, start + this.chunk.length - this.at);
      source.copy(this.chunk, this.at, start, stop);
      this.at += stop - start;
      start = stop;
    }
    this.commit(this.at);
  }

  /** The bytes up to `at` are part of the stream now; they leave at the end of the turn. */
  commit(at: number): void {
    this.at = at;
    if (!this.#dirty) {
      this.#dirty = true;
      this.#flushList.add(this);
    }
  }

  /** Called by the flush list at the end of a turn. While a write is under way the rest waits for it, so that it leaves in one. */
  flush(): void {
    this.#dirty = false;
    if (this.#sentHead === this.#sent.length) this.#send();
  }

  /** Sends what there is, whatever is under way, and closes the connection once it is sent. */
  end(): void {
    if (this.#closed || this.#endWhenSent) return;
    this.#endWhenSent = true;
    this.#send();
    this.#connection.end();
  }

  /** Gives every chunk back. Nothing is sent any more. Callable twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pool.give(this.chunk);
    // What the system may still be reading is not given to others: it is left to the collector.
    for (let index = this.#sentHead; index < this.#sent.length; index++) this.#pool.forget(this.#sent[index] ?? empty);
    this.chunk = empty;
    this.view = emptyView;
    this.at = 0;
    this.#sent = [];
    this.#sentBytes = [];
    this.#sentHead = 0;
    this.#sentBytesTotal = 0;
  }

  /** Asked now and then with the time since it was last asked: how long no write has finished although one is under way. */
  stalledFor(elapsedMs: number): number {
    if (this.#sentHead === this.#sent.length || this.#finished !== this.#finishedAtCheck) this.#stalledMs = 0;
    else this.#stalledMs += elapsedMs;
    this.#finishedAtCheck = this.#finished;
    return this.#stalledMs;
  }

  #grow(bytes: number): boolean {
    if (this.#closed || this.#endWhenSent) return false;
    const pending = this.#sentBytesTotal + this.at;
    // A chunk is filled without asking again: all of it counts.
    if (pending > 0 && pending + Math.max(bytes, largeChunkBytes) > this.#pendingBytesMax) return false;
    const old = this.chunk;
    if (old.length === smallChunkBytes && this.at + bytes <= largeChunkBytes) {
      const large = this.#pool.take(largeChunkBytes);
      old.copy(large, 0, 0, this.at);
      this.#pool.give(old);
      this.#fill(large);
      return true;
    }
    const size = bytes > largeChunkBytes ? bytes : old.length === 0 && bytes <= smallChunkBytes ? smallChunkBytes : largeChunkBytes;
    const next = this.#pool.take(size);
    this.#send();
    this.#pool.give(this.chunk);
    this.#fill(next);
    this.at = 0;
    return true;
  }

  #fill(chunk: Buffer): void {
    this.chunk = chunk;
    this.view = viewOf(chunk);
  }

  #send(): void {
    const bytes = this.at;
    if (bytes === 0 || this.#closed) return;
    const chunk = this.chunk;
    this.chunk = empty;
    this.view = emptyView;
    this.at = 0;
    this.#sent.push(chunk);
    this.#sentBytes.push(bytes);
    this.#sentBytesTotal += bytes;
    if (this.#sentBytesTotal * 2 > this.#roomBytesMax) this.#filled = true;
    this.writes++;
    this.#connection.write(bytes === chunk.length ? chunk : chunk.subarray(0, bytes), this.#done);
  }

  #writeFinished(): void {
    if (this.#closed) return;
    const head = this.#sentHead;
    const chunk = this.#sent[head];
    if (chunk === undefined) return;
    this.#sentBytesTotal -= this.#sentBytes[head] ?? 0;
    this.#finished++;
    this.#waitedMs = 0;
    this.#sentHead = head + 1;
    this.#pool.give(chunk);
    if (this.#sentHead === this.#sent.length) {
      this.#sent.length = 0;
      this.#sentBytes.length = 0;
      this.#sentHead = 0;
      // Written now only if the turn's flush has already passed: else it leaves with the rest of this turn.
      if (!this.#dirty) this.#send();
    } else if (this.#sentHead === 64) {
      this.#sent.splice(0, 64);
      this.#sentBytes.splice(0, 64);
      this.#sentHead = 0;
    } else {
      this.#sent[head] = empty;
    }
    if (this.#filled && (this.#sentBytesTotal + this.at) * 2 <= this.#roomBytesMax) {
      this.#filled = false;
      this.#drained();
    }
  }
}

function viewOf(chunk: Buffer): DataView {
  return new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
}
