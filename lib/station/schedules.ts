/**
 * Records that are to be published later. A record with a schedule stays in the station under its own subject, the only one there; when
 * it is due, a copy of it (or of the last record of another subject) is stored under its target, and a schedule that does not repeat
 * leaves. When it is due is in the station's notes, so that a start reads no records for it. One that was due while a crash came
 * between its copy and its leaving is found to have been published by the copy's header.
 */
import type { AppendRequest, OutcomeKind, RecordView, Sequence } from "../../store/store.ts";
import type { Timer } from "../../store/environment.ts";
import { compileFilter } from "../filter.ts";
import { editHeaders, headerValue } from "../header-block.ts";
import { timeText } from "../time-text.ts";
import { readAt, readNext } from "./read.ts";
import { parseSchedule } from "./schedule-pattern.ts";
import { scheduleEnd } from "./special-headers.ts";
import type { Station } from "./station.ts";
import { parseTtl } from "./ttl.ts";

/** Timers are set at most so far ahead, and no closer together than this. */
const aheadMaxMs = 3_600_000;
const apartMs = 50;
/** Published in one turn. */
const sliceMax = 256;

interface Entry {
  readonly subject: string;
  readonly sequence: Sequence;
  /** Microseconds since the epoch. */
  dueUs: number;
  /** Being published right now. */
  busy: boolean;
}

interface Shown {
  readonly subject: string;
  readonly headers: Buffer;
  readonly payload: Buffer;
}

export class Schedules {
  readonly #station: Station;
  readonly #entries: Map<string, Entry> = new Map();
  readonly #bySequence: Map<Sequence, Entry> = new Map();
  /** By time; entries that were replaced or have gone are skipped when they come up. */
  readonly #heap: { readonly atUs: number; readonly entry: Entry }[] = [];
  #timer: Timer | undefined;
  #timerUs = Infinity;
  #closed = false;

  constructor(station: Station) {
    this.#station = station;
    station.notes.ready.then(
      () => this.#recover(),
      () => {},
    );
  }

  get size(): number {
    return this.#entries.size;
  }

  has(subject: string): boolean {
    return this.#entries.has(subject);
  }

  /** A record with a schedule was stored; an earlier one of its subject left. */
  stored(subject: string, sequence: Sequence, dueUs: number): void {
    const known = this.#entries.get(subject);
    if (known !== undefined && known.sequence > sequence) return;
    this.#enter({ subject, sequence, dueUs, busy: false });
    this.#station.notes.setSchedule(subject, sequence, dueUs);
  }

  /** A record left, whatever took it. Of those that left in a crowd it is noticed when they are due. */
  removed(sequence: Sequence): void {
    const entry = this.#bySequence.get(sequence);
    if (entry !== undefined) this.#forget(entry);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #recover(): void {
    if (this.#closed) return;
    const nowUs = this.#station.clock.nowUs();
    for (const { subject, sequence, dueUs } of this.#station.notes.schedules()) {
      if ((this.#entries.get(subject)?.sequence ?? 0) >= sequence) continue;
      // What was never computed is looked at right away.
      this.#enter({ subject, sequence, dueUs: dueUs === 0 ? nowUs : dueUs, busy: dueUs === 0 });
      if (dueUs === 0) void this.#compute(subject);
    }
  }

  /** Of a record found by looking: when it is due. */
  async #compute(subject: string): Promise<void> {
    const entry = this.#entries.get(subject);
    if (entry === undefined) return;
    const nowUs = this.#station.clock.nowUs();
    const due = await this.#read(entry.sequence, (view) => {
      const value = valueIn(view);
      return parseSchedule(value("Nats-Schedule") ?? "", value("Nats-Schedule-Time-Zone"), view.timeUs, nowUs);
    });
    if (this.#closed || this.#entries.get(subject) !== entry) return;
    if (due === undefined) this.#forget(entry);
    else this.stored(subject, entry.sequence, due.atUs);
  }

  #enter(entry: Entry): void {
    const before = this.#entries.get(entry.subject);
    if (before !== undefined) this.#bySequence.delete(before.sequence);
    this.#entries.set(entry.subject, entry);
    this.#bySequence.set(entry.sequence, entry);
    this.#push(entry);
  }

  #forget(entry: Entry): void {
    if (this.#entries.get(entry.subject) !== entry) return;
    this.#entries.delete(entry.subject);
    this.#bySequence.delete(entry.sequence);
    this.#station.notes.forgetSchedule(entry.subject);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    const item = { atUs: entry.dueUs, entry };
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.atUs <= item.atUs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = item;
    this.#setTimer(apartMs);
  }

  #pop(): void {
    const heap = this.#heap;
    const moved = heap.pop();
    if (moved === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      const left = heap[child];
      const right = heap[child + 1];
      if (left === undefined) break;
      if (right !== undefined && right.atUs < left.atUs) child++;
      const smaller = heap[child];
      if (smaller === undefined || smaller.atUs >= moved.atUs) break;
      heap[at] = smaller;
      at = child;
    }
    heap[at] = moved;
  }

  #setTimer(leastMs: number): void {
    const first = this.#heap[0];
    if (first === undefined || this.#closed || first.atUs >= this.#timerUs) return;
    this.#timer?.cancel();
    this.#timerUs = first.atUs;
    const waitMs = (first.atUs - this.#station.clock.nowUs()) / 1000;
    this.#timer = this.#station.clock.after(Math.min(aheadMaxMs, Math.max(leastMs, Math.ceil(waitMs))), () => this.#run());
  }

  #run(): void {
    this.#timerUs = Infinity;
    if (this.#closed) return;
    const nowUs = this.#station.clock.nowUs();
    for (let taken = 0; taken < sliceMax; taken++) {
      const first = this.#heap[0];
      if (first === undefined || first.atUs > nowUs) break;
      this.#pop();
      const { entry } = first;
      if (this.#entries.get(entry.subject) !== entry || entry.busy || entry.dueUs !== first.atUs) continue;
      entry.busy = true;
      this.#publish(entry).catch(() => this.#again(entry));
    }
    this.#setTimer(apartMs);
  }

  async #publish(entry: Entry): Promise<void> {
    const { clock, log, config } = this.#station;
    const shown = await this.#read(entry.sequence, showRecord);
    if (this.#closed || this.#entries.get(entry.subject) !== entry) return;
    const own = shown === undefined ? undefined : valueIn(shown);
    const target = own?.("Nats-Schedule-Target") ?? "";
    const nowUs = clock.nowUs();
    const due = parseSchedule(own?.("Nats-Schedule") ?? "", own?.("Nats-Schedule-Time-Zone"), entry.dueUs, nowUs);
    if (shown === undefined || own === undefined || target === "" || due === undefined) return this.#forget(entry);
    if (!due.repeats && (await this.#wasPublished(entry, target))) return this.#leave(entry);
    const source = own("Nats-Schedule-Source") ?? "";
    const last = source === "" ? 0 : await log.findLast(compileFilter(source));
    const content = (last === 0 ? undefined : await this.#read(last, showRecord)) ?? shown;
    if (this.#closed || this.#entries.get(entry.subject) !== entry) return;
    const ttl = own("Nats-Schedule-TTL") ?? "";
    const rollup = own("Nats-Schedule-Rollup") ?? "";
    const lines =
      `Nats-Scheduler: ${entry.subject}\r\nNats-Schedule-Next: ${due.repeats ? timeText(due.atUs) : scheduleEnd}\r\n` +
      (ttl === "" ? "" : `Nats-TTL: ${ttl}\r\n`) +
      (rollup === "" ? "" : `Nats-Rollup: ${rollup}\r\n`);
    const headers = editHeaders(content.headers, 0, content.headers.length, speaksOfSchedules, lines);
    const body = Buffer.concat([headers, content.payload]);
    const seconds = ttl === "" || !config.allowTtl ? 0 : parseTtl(ttl);
    const request: AppendRequest = {
      subject: Buffer.from(target),
      body,
      bodyStart: 0,
      bodyEnd: body.length,
      headerBytes: headers.length,
      timeUs: 0,
      messageId: undefined,
      expect: undefined,
      rollup: rollup === "sub" && config.allowRollup ? "subject" : "none",
      ttlSeconds: Number.isNaN(seconds) ? 0 : seconds,
      fleeting: false,
    };
    this.#station.appendOwn(request, (kind) => this.#published(entry, kind, due.repeats ? due.atUs : 0));
  }

  #published(entry: Entry, kind: OutcomeKind, nextUs: number): void {
    if (kind !== "stored") return this.#again(entry);
    if (nextUs === 0) return this.#leave(entry);
    entry.busy = false;
    entry.dueUs = nextUs;
    if (this.#entries.get(entry.subject) !== entry) return;
    this.#station.notes.setSchedule(entry.subject, entry.sequence, nextUs);
    this.#push(entry);
  }

  #leave(entry: Entry): void {
    this.#forget(entry);
    this.#station.log.removeSequence(entry.sequence);
  }

  /** It could not be stored, e.g. for want of space: it stays due. */
  #again(entry: Entry): void {
    if (this.#closed) return;
    entry.busy = false;
    this.#station.clock.after(1_000, () => {
      if (this.#closed || this.#entries.get(entry.subject) !== entry || entry.busy) return;
      this.#push(entry);
    });
  }

  /** A crash came after its copy was stored: only looked for when it is overdue since before this start. */
  async #wasPublished(entry: Entry, target: string): Promise<boolean> {
    const { log, startedUs } = this.#station;
    if (entry.dueUs > startedUs) return false;
    const from = Math.max(entry.sequence + 1, await log.findTime(entry.dueUs));
    const filter = compileFilter(target);
    for (let next = from; ;) {
      const found = await readNext(log, next, filter, (view) => ({
        sequence: view.sequence,
        mine: valueIn(view)("Nats-Scheduler") === entry.subject,
      }));
      if (found === undefined || found.mine) return found !== undefined;
      next = found.sequence + 1;
    }
  }

  async #read<T>(sequence: Sequence, take: (view: RecordView) => T): Promise<T | undefined> {
    return await readAt(this.#station.log, sequence, take);
  }
}

function showRecord(view: RecordView): Shown {
  const payloadStart = view.bodyStart + view.headerBytes;
  return {
    subject: view.buffer.toString("utf8", view.subjectStart, view.subjectEnd),
    headers: Buffer.from(view.buffer.subarray(view.bodyStart, payloadStart)),
    payload: Buffer.from(view.buffer.subarray(payloadStart, view.bodyEnd)),
  };
}

/** Looks up headers of a record. */
function valueIn(of: RecordView | Shown): (name: string) => string | undefined {
  if ("headers" in of) return (name) => headerValue(of.headers, 0, of.headers.length, name);
  return (name) => headerValue(of.buffer, of.bodyStart, of.bodyStart + of.headerBytes, name);
}

/** Headers that were for the schedule alone, or would keep its copy from being stored. */
function speaksOfSchedules(name: string): boolean {
  return (
    name.startsWith("Nats-Schedule") ||
    name.startsWith("Nats-Expected-") ||
    name === "Nats-Msg-Id" ||
    name === "Nats-TTL" ||
    name === "Nats-Rollup"
  );
}
