/**
 * Publishes again what a station has stored, under other subjects, with its place in headers: for live subscribers that want no group.
 * It follows the commits, so that nobody hears of what could be lost; what is not published when the broker stops never is. The sequence
 * before, of the same subject, is taken down when a record is submitted, because the record itself may take that one away.
 */
import type { Cursor, RecordView, Sequence } from "../../store/store.ts";
import { compileFilter } from "../filter.ts";
import { editHeaders } from "../header-block.ts";
import { compileTransform } from "../subject-transform.ts";
import type { SubjectTransform } from "../subject-transform.ts";
import { timeText } from "../time-text.ts";
import type { RepublishConfig } from "./config.ts";
import type { Station } from "./station.ts";

/** Publishes an announcement of the broker's own. */
export type Announce = (subject: string, body: Buffer, headerBytes: number) => number;

/** Records published in one turn. */
const sliceRecords = 1_024;
/** Subjects whose last sequence is kept at hand; past it they are looked up again. */
const subjectsMax = 65_536;

export class Republisher {
  readonly #station: Station;
  readonly #announce: Announce;
  readonly #transform: SubjectTransform | undefined;
  readonly #headersOnly: boolean;
  /** Of each subject with a record on its way, or seen lately: its last sequence that was published. */
  #last: Map<string, Sequence | Promise<Sequence>> = new Map();
  /** The same of before: what is not asked for while as many others are, is forgotten. */
  #older: Map<string, Sequence | Promise<Sequence>> = new Map();
  #cursor: Cursor | undefined;
  #scheduled = false;
  #waiting = false;

  constructor(station: Station, config: RepublishConfig, announce: Announce) {
    this.#station = station;
    this.#announce = announce;
    this.#transform = compileTransform(config);
    this.#headersOnly = config.headersOnly;
    this.#cursor = station.log.cursor(station.log.state.lastSequence + 1, undefined);
  }

  /** A record of this subject is about to be submitted. */
  before(subject: Uint8Array): void {
    const text = Buffer.from(subject.buffer, subject.byteOffset, subject.length).toString("utf8");
    if (this.#last.has(text)) return;
    this.#set(text, this.#older.get(text) ?? this.#station.log.findLast(compileFilter(text)));
  }

  /** The station has committed. */
  wake(): void {
    if (this.#scheduled || this.#waiting || this.#cursor === undefined) return;
    this.#scheduled = true;
    this.#station.clock.endOfTurn(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  close(): void {
    this.#cursor?.close();
    this.#cursor = undefined;
  }

  #set(subject: string, last: Sequence | Promise<Sequence>): void {
    if (this.#last.size >= subjectsMax) {
      this.#older = this.#last;
      this.#last = new Map();
    }
    this.#last.set(subject, last);
  }

  #pump(): void {
    for (let published = 0; published < sliceRecords; published++) {
      const cursor = this.#cursor;
      if (cursor === undefined || this.#waiting) return;
      const step = cursor.next();
      if (step === "loading") {
        this.#waiting = true;
        cursor.onReady = () => {
          this.#waiting = false;
          this.wake();
        };
        return;
      }
      if (step === "end") return;
      if (step === "record") this.#show(cursor, cursor.view);
    }
    this.wake();
  }

  #show(cursor: Cursor, view: RecordView): void {
    const subject = view.buffer.toString("utf8", view.subjectStart, view.subjectEnd);
    const before = this.#last.get(subject) ?? this.#older.get(subject) ?? 0;
    if (typeof before === "number") {
      this.#set(subject, view.sequence);
      this.#publish(view, subject, before);
      return;
    }
    this.#waiting = true;
    const { sequence } = view;
    const goOn = (last: Sequence): void => {
      this.#set(subject, last < sequence ? last : 0);
      this.#waiting = false;
      if (this.#cursor === cursor) cursor.seek(sequence);
      this.wake();
    };
    before.then(goOn, () => goOn(0));
  }

  #publish(view: RecordView, subject: string, before: Sequence): void {
    const to = this.#transform?.apply(subject);
    if (to === undefined || !isPublishable(to)) return;
    const { buffer, bodyStart, headerBytes, bodyEnd, sequence } = view;
    const payloadStart = bodyStart + headerBytes;
    const size = this.#headersOnly ? `Nats-Msg-Size: ${bodyEnd - payloadStart}\r\n` : "";
    const lines =
      `Nats-Stream: ${this.#station.name}\r\nNats-Subject: ${subject}\r\nNats-Sequence: ${sequence}\r\n` +
      `Nats-Time-Stamp: ${timeText(view.timeUs)}\r\nNats-Last-Sequence: ${before}\r\n${size}`;
    const headers = editHeaders(buffer, bodyStart, payloadStart, () => false, lines);
    const body = this.#headersOnly ? headers : Buffer.concat([headers, buffer.subarray(payloadStart, bodyEnd)]);
    this.#announce(to, body, headers.length);
  }
}

/** A transform may make what nobody can subscribe to. */
function isPublishable(subject: string): boolean {
  return subject !== "" && !subject.startsWith(".") && !subject.endsWith(".") && !subject.includes("..") && !/[*>\s]/.test(subject);
}
