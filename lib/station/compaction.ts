/**
 * Keeps of each key the newest record: follows what is durable, and takes away a key's record once there is a newer one. A record without
 * payload says that its key is gone; it takes the earlier one away like any other, so that who follows hears of it, and leaves by itself
 * some time later. Nothing is kept of this beside the log: after a start it is read once, and what a crash left in between leaves then.
 */
import type { Random, Timer } from "../../store/environment.ts";
import { hashKeyBytes, KeyedHash } from "../../store/keyed-hash.ts";
import type { Cursor, RecordView, Sequence } from "../../store/store.ts";
import { LatestKeys } from "./latest-keys.ts";
import { readAt } from "./read.ts";
import { KeyFinder } from "./record-key.ts";
import type { Station } from "./station.ts";

/** Keys of one log that are followed; records of others stay until there is room for them. */
export const keysFollowedMax = 4_000_000;
/** Tombstones waited for at once; the rest is looked for again when these are gone. */
const tombstonesMax = 100_000;
/** Records looked at in one turn. */
const sliceRecords = 1_024;
const timerMaxMs = 86_400_000;

interface Tombstone {
  readonly sequence: Sequence;
  readonly dueUs: number;
}

export class Compaction {
  /** What it was made for. */
  readonly tombstoneMs: number;
  readonly #station: Station;
  readonly #tombstoneUs: number;
  readonly #keys: LatestKeys;
  readonly #finder: KeyFinder = new KeyFinder();
  readonly #cursor: Cursor;
  readonly #wake = (): void => this.#read();
  #reading = false;
  #tombstones: Tombstone[] = [];
  /** Tombstones from this sequence on have not been noted; 0 = all are. */
  #missedFrom: Sequence = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(station: Station, random: Random, tombstoneMs: number) {
    const key = new Uint8Array(hashKeyBytes);
    random.fill(key);
    this.#station = station;
    this.tombstoneMs = tombstoneMs;
    this.#tombstoneUs = tombstoneMs * 1000;
    this.#keys = new LatestKeys(new KeyedHash(key), keysFollowedMax);
    this.#cursor = station.log.cursor(Math.max(1, station.log.state.firstSequence), undefined);
    station.followers.add(this.#wake);
    station.clock.endOfTurn(this.#wake);
  }

  /** Keys it knows. */
  get keys(): number {
    return this.#keys.count;
  }

  close(): void {
    this.#closed = true;
    this.#station.followers.delete(this.#wake);
    this.#timer?.cancel();
    this.#cursor.close();
  }

  #read(): void {
    if (this.#reading || this.#closed || !this.#station.open) return;
    this.#reading = true;
    this.#readOn();
  }

  #readOn(): void {
    const cursor = this.#cursor;
    for (let looked = 0; looked < sliceRecords; looked++) {
      if (this.#closed || !this.#station.open) return;
      const step = cursor.next();
      if (step === "damaged") continue;
      if (step === "loading") {
        cursor.onReady = () => this.#readOn();
        return;
      }
      if (step === "end") {
        if (this.#looksAgain()) continue;
        this.#reading = false;
        return;
      }
      this.#take(cursor.view);
    }
    this.#station.clock.endOfTurn(() => this.#readOn());
  }

  #take(view: RecordView): void {
    const { log } = this.#station;
    const { bytes, start, end } = this.#keyOf(view);
    const superseded = this.#keys.put(bytes, start, end, view.sequence, log.state.firstSequence);
    if (superseded > 0) log.removeSequence(superseded);
    if (superseded === view.sequence || this.#tombstoneUs === 0 || !isTombstone(view)) return;
    if (this.#tombstones.length >= tombstonesMax) {
      if (this.#missedFrom === 0) this.#missedFrom = view.sequence;
      return;
    }
    this.#tombstones.push({ sequence: view.sequence, dueUs: view.timeUs + this.#tombstoneUs });
    if (this.#tombstones.length === 1) this.#wait();
  }

  #keyOf(view: RecordView): KeyFinder {
    this.#finder.find(view.buffer, view.bodyStart, view.headerBytes, view.buffer, view.subjectStart, view.subjectEnd);
    return this.#finder;
  }

  /** Times ascend with the sequences: the first tombstone is the first one due. */
  #wait(): void {
    const [first] = this.#tombstones;
    if (first === undefined || this.#closed) return;
    const ms = Math.max(1, Math.ceil((first.dueUs - this.#station.clock.nowUs()) / 1000));
    this.#timer = this.#station.clock.after(Math.min(timerMaxMs, ms), () => void this.#bury());
  }

  async #bury(): Promise<void> {
    const { clock } = this.#station;
    let gone = 0;
    for (const { sequence, dueUs } of this.#tombstones) {
      if (dueUs > clock.nowUs() || this.#closed) break;
      gone++;
      // One that cannot be read is damaged: there is nothing to keep of it.
      await this.#remove(sequence).catch(() => {});
    }
    this.#tombstones.splice(0, gone);
    if (this.#tombstones.length > 0) this.#wait();
    else this.#read();
  }

  async #remove(sequence: Sequence): Promise<void> {
    const { log } = this.#station;
    const found = await readAt(log, sequence, (view) => {
      const { bytes, start, end } = this.#keyOf(view);
      this.#keys.drop(bytes, start, end, sequence);
      return true;
    });
    if (found === true && !this.#closed) log.removeSequence(sequence);
  }

  /** Records seen a second time change nothing; tombstones that were too many are noted now. False when there were none. */
  #looksAgain(): boolean {
    if (this.#missedFrom === 0 || this.#tombstones.length > 0) return false;
    this.#cursor.seek(this.#missedFrom);
    this.#missedFrom = 0;
    return true;
  }
}

function isTombstone({ bodyStart, headerBytes, bodyEnd }: RecordView): boolean {
  return bodyStart + headerBytes === bodyEnd;
}
