/**
 * The pulls that wait at a group: a ring served one record each in turn, so that no member starves, and aside from it those whose
 * receiver has no room, so that a frozen member costs nobody anything.
 */
import type { PullSink } from "./sink.ts";

export interface PullRequest {
  readonly sink: PullSink;
  readonly batch: number;
  /** Bytes at most; 0 = no limit. */
  readonly bytesMax: number;
  readonly noWait: boolean;
  /** Relative; 0 = waits as long as its receiver is there. */
  readonly expiresMs: number;
  readonly heartbeatMs: number;
  /** Of a keyed group: which member asks. */
  readonly member?: string | undefined;
  readonly priority?: PullPriority | undefined;
}

/** What a pull says where members have priorities, see `priority.ts`. */
export interface PullPriority {
  readonly group: string;
  /** Records that must be to come, or unacknowledged; 0 = not asked for. */
  readonly minPending: number;
  readonly minAckPending: number;
  /** `""` = it has none. */
  readonly pin: string;
  /** 0 comes first. */
  readonly level: number;
}

export class Pull {
  readonly sink: PullSink;
  /** Records still wanted. */
  left: number;
  delivered = 0;
  /** Bytes still wanted; Infinity = no limit. */
  bytesLeft: number;
  readonly noWait: boolean;
  /** Monotonic; Infinity = never. */
  expiresMs: number;
  readonly heartbeatMs: number;
  nextHeartbeatMs: number;
  priority: PullPriority | undefined;
  /** False once it has ended. */
  waiting = false;
  blocked = false;
  next: Pull = this;
  previous: Pull = this;

  constructor(request: PullRequest, nowMs: number) {
    this.sink = request.sink;
    this.left = request.batch;
    this.bytesLeft = request.bytesMax > 0 ? request.bytesMax : Infinity;
    this.noWait = request.noWait;
    this.expiresMs = request.expiresMs > 0 ? nowMs + request.expiresMs : Infinity;
    this.heartbeatMs = request.heartbeatMs;
    this.nextHeartbeatMs = request.heartbeatMs > 0 ? nowMs + request.heartbeatMs : Infinity;
    this.priority = request.priority;
  }
}

export class PullQueue {
  #head: Pull | undefined = undefined;
  #ready = 0;
  /** Those that end as soon as nothing is there. */
  noWaits = 0;
  readonly #blocked: Set<Pull> = new Set();

  /** All that wait. */
  get size(): number {
    return this.#ready + this.#blocked.size;
  }

  /** Those whose receiver has room. */
  get ready(): number {
    return this.#ready;
  }

  /** Last in the ring. */
  add(pull: Pull): void {
    pull.waiting = true;
    if (pull.noWait) this.noWaits++;
    this.#link(pull);
  }

  /** The one whose turn it is; pulls whose receiver is gone are dropped on the way. */
  peek(): Pull | undefined {
    for (let head = this.#head; head !== undefined; head = this.#head) {
      if (!head.sink.gone) return head;
      this.remove(head);
    }
    return undefined;
  }

  /** The head had its turn. */
  rotate(): void {
    if (this.#head !== undefined) this.#head = this.#head.next;
  }

  /** This one had its turn, wherever it is. */
  last(pull: Pull): void {
    if (!pull.waiting || pull.blocked) return;
    this.#unlink(pull);
    this.#link(pull);
  }

  remove(pull: Pull): void {
    if (!pull.waiting) return;
    pull.waiting = false;
    if (pull.noWait) this.noWaits--;
    if (pull.blocked) this.#blocked.delete(pull);
    else this.#unlink(pull);
  }

  /** Its receiver has no room. */
  block(pull: Pull): void {
    this.#unlink(pull);
    pull.blocked = true;
    this.#blocked.add(pull);
  }

  /** Room may have appeared somewhere. */
  unblock(): void {
    for (const pull of this.#blocked) {
      this.#blocked.delete(pull);
      this.#link(pull);
    }
  }

  /** A copy, in turn, to walk while pulls end. */
  all(): Pull[] {
    const pulls: Pull[] = [];
    let pull = this.#head;
    for (let i = 0; i < this.#ready && pull !== undefined; i++) {
      pulls.push(pull);
      pull = pull.next;
    }
    pulls.push(...this.#blocked);
    return pulls;
  }

  #link(pull: Pull): void {
    pull.blocked = false;
    const head = this.#head;
    if (head === undefined) {
      this.#head = pull.next = pull.previous = pull;
    } else {
      const tail = head.previous;
      pull.next = head;
      pull.previous = tail;
      tail.next = head.previous = pull;
    }
    this.#ready++;
  }

  #unlink(pull: Pull): void {
    if (pull.next === pull) this.#head = undefined;
    else {
      pull.previous.next = pull.next;
      pull.next.previous = pull.previous;
      if (this.#head === pull) this.#head = pull.next;
    }
    pull.next = pull.previous = pull;
    this.#ready--;
  }
}
