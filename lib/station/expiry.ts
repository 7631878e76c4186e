/**
 * Takes away what is over age or over its own time to live where that is more than leaving: a record may say that it never is over age,
 * and with markers the last record of a subject leaves one behind, in the same step, that tells readers why it is gone. Source of the
 * rules: ADR-43, subject delete markers of nats-server.
 *
 *     Nats-Marker-Reason: MaxAge   Nats-TTL: 1h0m0s   Nats-Rollup: sub      (no payload)
 */
import type { AppendRequest, Cursor, RecordView, Sequence } from "../../store/store.ts";
import type { Timer } from "../../store/environment.ts";
import { headerValue } from "../header-block.ts";
import { readAt } from "./read.ts";
import type { Station } from "./station.ts";

/** Looks are no closer together than this. */
const apartMs = 50;
const timerMaxMs = 86_400_000;
/** Records looked at in one turn. */
const sliceRecords = 512;
/** After a refusal, e.g. by a full disk. */
const retryMs = 1_000;

interface Over {
  readonly subject: Buffer;
  /** It is a marker itself. */
  readonly marker: boolean;
}

export class Expiry {
  readonly #station: Station;
  readonly #ageMs: number;
  readonly #markerSeconds: number;
  /** Records whose time to live is over, in the order they were told of. */
  #waiting: Sequence[] = [];
  #working = false;
  /** Everything before it has been seen to. */
  #from: Sequence = 1;
  #cursor: Cursor | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(station: Station) {
    const { config, log } = station;
    this.#station = station;
    this.#ageMs = config.ageMaxMs;
    this.#markerSeconds = Math.floor(config.deleteMarkerTtlMs / 1000);
    if (this.#markerSeconds > 0) log.expiring = (sequence) => this.#take(sequence);
    this.#wait(apartMs);
  }

  /** The station has committed: there may be a first record to wait for. */
  committed(): void {
    if (this.#timer === undefined && this.#cursor === undefined && this.#station.log.state.messages > 0) this.#wait(this.#ageMs);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#cursor?.close();
    this.#station.log.expiring = undefined;
  }

  #wait(ms: number): void {
    if (this.#closed || this.#ageMs === 0) return;
    this.#timer?.cancel();
    this.#timer = this.#station.clock.after(Math.min(timerMaxMs, Math.max(apartMs, Math.ceil(ms))), () => {
      this.#timer = undefined;
      const { log } = this.#station;
      this.#cursor = log.cursor(Math.max(this.#from, log.state.firstSequence, 1), undefined);
      this.#look(this.#cursor);
    });
  }

  /** Sees to what is over age, in order of time, until something is not. */
  #look(cursor: Cursor): void {
    for (let looked = 0; looked < sliceRecords; looked++) {
      if (this.#closed || this.#cursor !== cursor) return;
      const step = cursor.next();
      if (step === "damaged") continue;
      if (step === "loading") {
        cursor.onReady = () => this.#look(cursor);
        return;
      }
      const { view } = cursor;
      const leftMs = step === "end" ? 0 : view.timeUs / 1000 + this.#ageMs - this.#station.clock.nowUs() / 1000;
      if (step === "end" || leftMs > 0) {
        cursor.close();
        this.#cursor = undefined;
        if (step === "record") this.#wait(leftMs);
        return;
      }
      this.#from = view.sequence + 1;
      if (!isEverlasting(view)) this.#take(view.sequence);
    }
    this.#station.clock.endOfTurn(() => this.#look(cursor));
  }

  #take(sequence: Sequence): void {
    this.#waiting.push(sequence);
    if (this.#working) return;
    this.#working = true;
    this.#station.clock.endOfTurn(() => this.#work());
  }

  /** In order, so that of several records of a subject the last one is last. */
  async #work(): Promise<void> {
    for (let at = 0; at < this.#waiting.length && !this.#closed; at++) {
      const sequence = this.#waiting[at] ?? 0;
      try {
        if (this.#markerSeconds === 0) this.#station.log.removeSequence(sequence);
        else await this.#replace(sequence);
      } catch {
        this.#again(sequence);
      }
    }
    this.#waiting = [];
    this.#working = false;
  }

  async #replace(sequence: Sequence): Promise<void> {
    const { log } = this.#station;
    const read = readAt(log, sequence, showOver);
    const over = read instanceof Promise ? await read : read;
    if (over === undefined) return;
    if (over.marker) {
      log.removeSequence(sequence);
      return;
    }
    const seconds = this.#markerSeconds;
    const headers = Buffer.from(`NATS/1.0\r\nNats-Marker-Reason: MaxAge\r\nNats-TTL: ${durationText(seconds)}\r\nNats-Rollup: sub\r\n\r\n`);
    const request: AppendRequest = {
      subject: over.subject,
      body: headers,
      bodyStart: 0,
      bodyEnd: headers.length,
      headerBytes: headers.length,
      timeUs: 0,
      messageId: undefined,
      // Only the last record of a subject has a marker: if another one came, it is not to go with it.
      expect: { lastSequence: undefined, lastSubjectSequence: sequence, lastSubjectFilter: undefined, lastMessageId: undefined },
      rollup: "subject",
      ttlSeconds: seconds,
      fleeting: this.#station.unwanted(over.subject),
    };
    this.#station.appendAsIs(request, (kind) => {
      if (kind === "mismatch") log.removeSequence(sequence);
      else if (kind !== "stored") this.#again(sequence);
    });
  }

  #again(sequence: Sequence): void {
    if (!this.#closed) this.#station.clock.after(retryMs, () => this.#closed || this.#take(sequence));
  }
}

function showOver(view: RecordView): Over {
  const { buffer, bodyStart, headerBytes } = view;
  const value = (name: string): string | undefined =>
    headerBytes === 0 ? undefined : headerValue(buffer, bodyStart, bodyStart + headerBytes, name);
  const marker = (value("Nats-Marker-Reason") ?? "") !== "" || value("KV-Operation") === "PURGE";
  return { subject: Buffer.from(buffer.subarray(view.subjectStart, view.subjectEnd)), marker };
}

/** It asked never to be over age. */
function isEverlasting(view: RecordView): boolean {
  const { buffer, bodyStart, headerBytes } = view;
  return headerBytes > 0 && headerValue(buffer, bodyStart, bodyStart + headerBytes, "Nats-TTL")?.toLowerCase() === "never";
}

/** As Go prints a duration of whole seconds. */
function durationText(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ""}${seconds >= 60 ? `${minutes}m` : ""}${seconds % 60}s`;
}
