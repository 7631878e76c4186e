/**
 * Removes records that nobody needs any more, for stations that keep by interest or as a work queue. A work queue's record goes
 * when its one group is done. With interest it goes when the last group that wants it is done; asking that takes the record's subject,
 * which is read back only when some group filters. What no group wants when it comes does not stay in the first place.
 */
import type { Cursor, Sequence } from "../../store/store.ts";
import type { Station } from "./station.ts";

const noSubject = new Uint8Array(0);

/** Records looked at in one turn; then others run. */
const sliceRecords = 2_048;

/** Sequences whose subject is still being read from disk; past it, a sweep asks about all. */
const waitingMax = 65_536;

export class Retention {
  readonly #station: Station;
  /** Goes back to single records. */
  #lookup: Cursor | undefined;
  #lookupLoading = false;
  #waiting: Sequence[] = [];
  /** Walks all records once. */
  #sweep: Cursor | undefined;
  #sweepEnd: Sequence = 0;
  #closed = false;

  constructor(station: Station) {
    this.#station = station;
  }

  /** One group is done with a record. */
  finished(sequence: Sequence): void {
    const station = this.#station;
    if (station.config.retention === "workqueue") {
      if (station.tap !== undefined && station.tap.needs(sequence)) station.tap.retire(sequence);
      else station.log.removeSequence(sequence);
      return;
    }
    if (!station.groups.filtered) {
      if (!station.needs(sequence, noSubject, 0, 0)) station.log.removeSequence(sequence);
      return;
    }
    if (this.#waiting.length > 0 || this.#lookupLoading || !this.#decide(sequence)) this.#wait(sequence);
  }

  /** Asks about every record there is now, in slices between which others run. */
  sweep(): void {
    const log = this.#station.log;
    this.#sweepEnd = log.state.lastSequence;
    this.#sweep?.close();
    this.#sweep = undefined;
    if (this.#closed || log.state.messages === 0) return;
    const cursor = log.cursor(Math.max(1, log.state.firstSequence), undefined);
    this.#sweep = cursor;
    this.#sweepOn(cursor);
  }

  close(): void {
    this.#closed = true;
    this.#lookup?.close();
    this.#sweep?.close();
    this.#waiting = [];
  }

  #sweepOn(cursor: Cursor): void {
    if (this.#closed || this.#sweep !== cursor) return;
    const station = this.#station;
    const { log } = station;
    for (let looked = 0; looked < sliceRecords; looked++) {
      const step = cursor.next();
      if (step === "loading") {
        cursor.onReady = () => this.#sweepOn(cursor);
        return;
      }
      if (step === "damaged") continue;
      const view = cursor.view;
      if (step === "end" || view.sequence > this.#sweepEnd) {
        cursor.close();
        this.#sweep = undefined;
        return;
      }
      if (!station.needs(view.sequence, view.buffer, view.subjectStart, view.subjectEnd)) log.removeSequence(view.sequence);
    }
    this.#station.clock.endOfTurn(() => this.#sweepOn(cursor));
  }

  /** False when the record's subject has to come from disk first. */
  #decide(sequence: Sequence): boolean {
    const station = this.#station;
    const { log } = station;
    this.#lookup ??= log.cursor(sequence, undefined);
    const cursor = this.#lookup;
    cursor.seek(sequence);
    let step = cursor.next();
    while (step === "damaged") step = cursor.next();
    if (step === "loading") {
      this.#lookupLoading = true;
      cursor.onReady = () => {
        this.#lookupLoading = false;
        this.#decideWaiting();
      };
      return false;
    }
    const view = cursor.view;
    if (step === "record" && view.sequence === sequence && !station.needs(sequence, view.buffer, view.subjectStart, view.subjectEnd)) {
      log.removeSequence(sequence);
    }
    return true;
  }

  #wait(sequence: Sequence): void {
    if (this.#waiting.length >= waitingMax) {
      this.#waiting = [];
      this.sweep();
      return;
    }
    this.#waiting.push(sequence);
  }

  #decideWaiting(): void {
    if (this.#closed) return;
    let done = 0;
    for (const sequence of this.#waiting) {
      if (!this.#decide(sequence)) break;
      done++;
    }
    this.#waiting.splice(0, done);
  }
}
