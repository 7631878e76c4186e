/**
 * Delivery of a keyed group: each key is with one member at a time, and one record of a key at a time, so that a key's records are worked on
 * in order, also when one is delivered again. A record that cannot be delivered yet is parked: read, in the group's books, delivered 0 times.
 *
 * A member is there while a pull of his waits, and for a while after his last sign of life: a pull, an ack, a nak, a progress. When he has
 * gone, what he did not acknowledge is due again at once, and his keys are others'.
 */
import type { Cursor, Log, Sequence } from "../../store/store.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import type { InFlight } from "./in-flight.ts";
import { KeyMembers, Member, membersMax } from "./key-members.ts";
import { KeyQueues } from "./key-queues.ts";
import type { KeyQueue } from "./key-queues.ts";
import type { Members } from "./members.ts";
import { due } from "./pending.ts";
import type { Pull } from "./pulls.ts";
import type { GroupReader } from "./reader.ts";
import { keyHash } from "./record-key.ts";

/** Records read ahead and parked, at most: beyond, keys that nobody takes hold up the others. */
export const parkedMax = 16_384;

export interface KeyedHost {
  readonly log: Log;
  readonly inFlight: InFlight;
  readonly reader: GroupReader;
  readonly members: Members;
  readonly deadlines: Deadlines;
  /** Without a sign of life for so long a member has gone. */
  readonly memberTimeoutMs: number;
  /** Deliveries waited for at most. */
  readonly ackPendingMax: number;
  /** Nothing is there any more for those who wait. */
  reachedEnd(nowMs: number): void;
  /** Offers the record in the reader's view; false when it was not taken. */
  offer(pull: Pull, nowMs: number): boolean;
  /** The record in view is not the group's by its content: passes over it. */
  passes(): boolean;
  wake(): void;
  touch(): void;
}

export class Keyed {
  readonly #host: KeyedHost;
  readonly #members: KeyMembers = new KeyMembers();
  readonly #queues: KeyQueues = new KeyQueues();
  readonly #timer: Deadline;
  /** In the books and never delivered. */
  #parked = 0;
  #atEnd = false;

  constructor(host: KeyedHost) {
    this.#host = host;
    this.#timer = host.deadlines.make(() => this.#check());
    host.inFlight.released = (sequence, deliveries) => this.#released(sequence, deliveries);
  }

  /** Read and never delivered: no more waited for than what is not read yet. */
  get parked(): number {
    return this.#parked;
  }

  get memberNames(): string[] {
    return [...this.#members.all()].map(({ name }) => name);
  }

  /** Finds the keys of what was in the books when the broker stopped. */
  async restore(): Promise<void> {
    const { log, inFlight } = this.#host;
    const { ring } = inFlight;
    const cursor = log.cursor(ring.lowest || 1, undefined);
    const pending: Sequence[] = [];
    for (let position = ring.head; position < ring.tail; position++) if (ring.isLive(position)) pending.push(ring.sequence(position));
    for (const sequence of pending) {
      if (!(await show(cursor, sequence))) {
        inFlight.release(sequence);
        continue;
      }
      const position = ring.find(sequence);
      if (position < 0) continue;
      const queue = this.#queues.add(keyHash(cursor.view), sequence);
      const parked = ring.deliveries(position) === 0;
      if (parked) {
        this.#parked++;
        ring.setState(position, due);
      } else if (queue.sequences[0] === sequence) queue.out = true;
    }
    cursor.close();
  }

  /** A member asks: he is there from now on. False when there are too many. */
  join(name: string, pull: Pull, nowMs: number): boolean {
    let member = this.#members.get(name);
    if (member === undefined) {
      if (this.#members.size >= membersMax) return false;
      member = new Member(name, nowMs);
      this.#members.add(member);
      this.#listAll();
    }
    member.seenMs = nowMs;
    member.present();
    member.pulls.push(pull);
    this.#timer.setBy(nowMs + this.#host.memberTimeoutMs);
    return true;
  }

  /** Goes now, without waiting for his silence. False when he is not a member. */
  leave(name: string): boolean {
    const member = this.#members.get(name);
    if (member === undefined) return false;
    this.#members.remove(member);
    for (const queue of [...this.#queues.all()]) {
      const first = queue.sequences[0];
      // Due at once: the group hands it on when it runs.
      if (queue.holder === member && first !== undefined) this.#host.inFlight.nak(first, 0);
    }
    for (const pull of member.pulls) if (pull.waiting) this.#host.members.end(pull, "expired");
    this.#listAll();
    this.#host.wake();
    return true;
  }

  /** Whoever holds the record has shown that he lives. */
  alive(sequence: Sequence, nowMs: number): void {
    const queue = this.#queues.of(sequence);
    if (queue?.last !== undefined && queue.sequences[0] === sequence) queue.last.seenMs = nowMs;
  }

  /** Everything starts over. */
  clear(): void {
    this.#queues.clear();
    this.#parked = 0;
    for (const member of this.#members.all()) member.clearReady();
  }

  close(): void {
    this.#timer.clear();
  }

  /** Delivers what it can; returns how much work it was. */
  run(budget: number, nowMs: number): number {
    this.#takeDue();
    this.#atEnd = false;
    let used = 0;
    while (used < budget) {
      const before = used;
      for (const member of this.#members.all()) {
        if (used >= budget) break;
        const step = this.#serve(member, nowMs);
        if (step === "loading") return used;
        if (step === "served") used++;
      }
      if (used > before) continue;
      if (!this.#hungry(nowMs)) break;
      const read = this.#readOn(budget - used, nowMs);
      if (read === 0) break;
      used += read;
    }
    if (this.#atEnd) this.#host.reachedEnd(nowMs);
    return used;
  }

  /** Gives a member the next record of one of his keys. */
  #serve(member: Member, nowMs: number): "served" | "nothing" | "loading" {
    const { inFlight, reader } = this.#host;
    for (let queue = member.next(); queue !== undefined; queue = member.next()) {
      const sequence = queue.sequences[0];
      if (sequence === undefined || queue.out || !queue.listed || this.#members.ownerOf(queue.hash) !== member) {
        member.shift();
        continue;
      }
      const first = inFlight.deliveries(sequence) === 0;
      if (first && this.#full()) return "nothing";
      const pull = member.pull(nowMs);
      if (pull === undefined) return "nothing";
      const step = reader.show(sequence);
      if (step === "loading") return "loading";
      if (step !== "record") {
        // It left the log: nobody can be given it any more.
        member.shift();
        queue.listed = false;
        inFlight.release(sequence);
        continue;
      }
      if (!this.#host.offer(pull, nowMs)) {
        reader.letGo();
        return "nothing";
      }
      if (first) this.#parked--;
      member.shift();
      queue.listed = false;
      queue.out = true;
      queue.holder = queue.last = member;
      member.seenMs = nowMs;
      return "served";
    }
    return "nothing";
  }

  /** Reads new records until one is for a member who can take it; the others are parked. Returns how many it looked at. */
  #readOn(budget: number, nowMs: number): number {
    const { reader, inFlight } = this.#host;
    let read = 0;
    for (; read < budget; read++) {
      if (this.#parked >= parkedMax || this.#full()) break;
      const step = reader.findNew();
      if (step !== "record" || reader.view === undefined) {
        this.#atEnd = step === "end";
        break;
      }
      if (!this.#host.passes()) continue;
      const { sequence } = reader.view;
      const hash = keyHash(reader.view);
      const owner = this.#members.ownerOf(hash);
      const free = this.#queues.free(hash);
      const pull = free && owner !== undefined ? owner.pull(nowMs) : undefined;
      if (owner !== undefined && pull !== undefined && this.#host.offer(pull, nowMs)) {
        const queue = this.#queues.add(hash, sequence);
        queue.out = true;
        queue.holder = queue.last = owner;
        owner.seenMs = nowMs;
        return read + 1;
      }
      reader.taken(sequence);
      reader.view = undefined;
      inFlight.park(sequence, nowMs);
      this.#parked++;
      this.#host.touch();
      const queue = this.#queues.add(hash, sequence);
      if (free) this.#list(queue);
    }
    return read;
  }

  /** What is due again may go to whoever has its key now. */
  #takeDue(): void {
    const { inFlight } = this.#host;
    for (let sequence = inFlight.takeDue(); sequence > 0; sequence = inFlight.takeDue()) {
      const queue = this.#queues.of(sequence);
      if (queue === undefined || queue.sequences[0] !== sequence) continue;
      queue.out = false;
      queue.holder = undefined;
      this.#list(queue);
    }
  }

  #released(sequence: Sequence, deliveries: number): void {
    if (deliveries === 0 && this.#queues.of(sequence) !== undefined) this.#parked--;
    const queue = this.#queues.remove(sequence);
    if (queue === undefined || queue.out) return;
    this.#list(queue);
    this.#host.wake();
  }

  #list(queue: KeyQueue): void {
    if (queue.listed || queue.out) return;
    const owner = this.#members.ownerOf(queue.hash);
    if (owner === undefined) return;
    queue.listed = true;
    owner.ready.push(queue);
  }

  /** The members are others: every key that waits goes to whom it belongs to now. */
  #listAll(): void {
    for (const member of this.#members.all()) member.clearReady();
    for (const queue of this.#queues.all()) {
      queue.listed = false;
      this.#list(queue);
    }
  }

  /** Some member could take a record of a key of his, and has none waiting. */
  #hungry(nowMs: number): boolean {
    for (const member of this.#members.all()) if (member.pull(nowMs) !== undefined) return true;
    return false;
  }

  #full(): boolean {
    return this.#host.inFlight.live - this.#parked >= this.#host.ackPendingMax;
  }

  /** Ends the membership of who has been silent for too long. */
  #check(): void {
    const nowMs = this.#host.deadlines.nowMs();
    const { memberTimeoutMs } = this.#host;
    let next = Infinity;
    for (const member of [...this.#members.all()]) {
      if (member.present()) member.seenMs = nowMs;
      if (member.seenMs + memberTimeoutMs <= nowMs) this.leave(member.name);
      else next = Math.min(next, member.seenMs + memberTimeoutMs);
    }
    // A waiting pull may end without a word at any time: it is looked at more often than it may last.
    if (next !== Infinity) this.#timer.setBy(Math.min(next, nowMs + memberTimeoutMs / 4));
  }
}

/** Shows exactly this record; false when it is gone. */
async function show(cursor: Cursor, sequence: Sequence): Promise<boolean> {
  cursor.seek(sequence);
  for (let step = cursor.next(); ; step = cursor.next()) {
    if (step === "record") return cursor.view.sequence === sequence;
    if (step === "end") return false;
    if (step === "loading") await new Promise<void>((resolve) => (cursor.onReady = resolve));
  }
}
