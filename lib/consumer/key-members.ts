/**
 * The members of a keyed group and which keys are whose: keys fall into slots, and each slot belongs to the member with the highest score
 * for it (rendezvous hashing), so that a member who comes or goes moves only the keys that become or were his.
 */
import type { Pull } from "./pulls.ts";
import type { KeyQueue } from "./key-queues.ts";
import { hashOf, mixed } from "./record-key.ts";

/** Keys are shared out by so many parts. */
export const slotCount = 2_048;
/** Members at once; more have to wait until one has gone. */
export const membersMax = 256;

export class Member {
  readonly name: string;
  readonly hash: number;
  /** The last sign of life, monotonic milliseconds. */
  seenMs: number;
  pulls: Pull[] = [];
  /** Keys of his whose next record may be delivered. */
  readonly ready: KeyQueue[] = [];
  readyAt = 0;

  constructor(name: string, nowMs: number) {
    this.name = name;
    const bytes = Buffer.from(name, "utf8");
    this.hash = hashOf(bytes, 0, bytes.length);
    this.seenMs = nowMs;
  }

  /** The pull that is served next; undefined when he can take nothing now. */
  pull(nowMs: number): Pull | undefined {
    for (const pull of this.pulls) {
      if (pull.waiting && !pull.blocked && !pull.sink.gone && pull.expiresMs > nowMs) return pull;
    }
    return undefined;
  }

  /** Waits for records: he is there. */
  present(): boolean {
    if (this.pulls.length > 0) this.pulls = this.pulls.filter((pull) => pull.waiting && !pull.sink.gone);
    return this.pulls.length > 0;
  }

  /** The next key with something to deliver, and how many there are. */
  next(): KeyQueue | undefined {
    return this.ready[this.readyAt];
  }

  get waiting(): number {
    return this.ready.length - this.readyAt;
  }

  shift(): void {
    this.readyAt++;
    if (this.readyAt < 1_024 || this.readyAt * 2 < this.ready.length) return;
    this.ready.splice(0, this.readyAt);
    this.readyAt = 0;
  }

  clearReady(): void {
    this.ready.length = 0;
    this.readyAt = 0;
  }
}

export class KeyMembers {
  readonly #members: Map<string, Member> = new Map();
  readonly #slots: (Member | undefined)[] = new Array<Member | undefined>(slotCount).fill(undefined);

  get size(): number {
    return this.#members.size;
  }

  get(name: string): Member | undefined {
    return this.#members.get(name);
  }

  all(): IterableIterator<Member> {
    return this.#members.values();
  }

  ownerOf(hash: number): Member | undefined {
    return this.#slots[hash % slotCount];
  }

  /** His are from now on the slots he scores highest for. */
  add(member: Member): void {
    this.#members.set(member.name, member);
    for (let slot = 0; slot < slotCount; slot++) {
      const owner = this.#slots[slot];
      if (owner === undefined || beats(member, owner, slot)) this.#slots[slot] = member;
    }
  }

  remove(member: Member): void {
    this.#members.delete(member.name);
    for (let slot = 0; slot < slotCount; slot++) {
      if (this.#slots[slot] !== member) continue;
      let owner: Member | undefined;
      for (const other of this.#members.values()) if (owner === undefined || beats(other, owner, slot)) owner = other;
      this.#slots[slot] = owner;
    }
  }
}

function beats(member: Member, other: Member, slot: number): boolean {
  const score = mixed(member.hash ^ Math.imul(slot + 1, 0x9e3779b1));
  const rival = mixed(other.hash ^ Math.imul(slot + 1, 0x9e3779b1));
  return score === rival ? member.name < other.name : score > rival;
}
