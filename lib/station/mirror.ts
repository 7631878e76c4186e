/**
 * Keeps a station equal to another one of the tenant: the same records under the same sequences and times, as fast as the origin commits
 * them. Where the origin has gaps, or a filter leaves records out, fleeting appends take the sequences. Nothing but the mirror's own last
 * sequence says how far it has come, so that there is nothing to lose: every append expects the sequence before it.
 */
import type { AppendRequest, Cursor, Expectation, OutcomeKind, RecordView, Sequence } from "../../store/store.ts";
import type { Timer } from "../../store/environment.ts";
import { compileFilters } from "../filter.ts";
import { nothing } from "../message.ts";
import { compileTransform } from "../subject-transform.ts";
import type { SubjectTransform } from "../subject-transform.ts";
import type { OriginConfig } from "./config.ts";
import type { Station, Waiters } from "./station.ts";

/** Appends in one turn, and waiting for their commit at once. */
const sliceRecords = 1_024;
const outstandingMax = 8_192;
/** After a refusal, e.g. by a limit or a full disk, it tries again after this long. */
const retryMs = 1_000;

const gapSubject: Buffer = Buffer.from("$mirror.gap");

export class Mirror {
  readonly config: OriginConfig;
  readonly #station: Station;
  readonly #waiters: Waiters;
  readonly #settled: (kind: OutcomeKind) => void;
  readonly #wake: () => void;
  readonly #expectation: Expectation & { lastSequence: number };
  readonly #request: AppendRequest;
  readonly #transforms: readonly SubjectTransform[];
  #origin: Station | undefined;
  #cursor: Cursor | undefined;
  /** The sequence to be submitted next. */
  #next: Sequence = 0;
  #outstanding = 0;
  #refused = false;
  #scheduled = false;
  #loading = false;
  #retry: Timer | undefined;
  #activeUs = 0;
  /** The origin has been read from. */
  #heard = false;
  #closed = false;

  constructor(station: Station, config: OriginConfig, waiters: Waiters) {
    this.config = config;
    this.#station = station;
    this.#waiters = waiters;
    this.#transforms = config.transforms.flatMap((mapping) => compileTransform(mapping) ?? []);
    this.#settled = (kind) => this.#told(kind);
    this.#wake = () => this.wake();
    this.#expectation = { lastSequence: 0, lastSubjectSequence: undefined, lastSubjectFilter: undefined, lastMessageId: undefined };
    this.#request = {
      subject: nothing,
      body: nothing,
      bodyStart: 0,
      bodyEnd: 0,
      headerBytes: 0,
      timeUs: 0,
      messageId: undefined,
      expect: this.#expectation,
      rollup: "none",
      ttlSeconds: 0,
      fleeting: false,
    };
  }

  /** Records the origin has and the mirror has not. */
  get lag(): number {
    if (!this.#heard) return 0;
    const last = this.#origin?.log.state.lastSequence ?? 0;
    return Math.max(0, last - this.#station.log.state.lastSequence);
  }

  /** There is no such station. */
  get isMissing(): boolean {
    return this.#origin === undefined;
  }

  /** When something was last taken over, microseconds since the epoch; 0 = never. */
  get activeUs(): number {
    return this.#activeUs;
  }

  /** The origin is there: follows it from where the mirror stands. */
  follow(origin: Station): void {
    this.leave();
    if (this.#closed) return;
    this.#origin = origin;
    origin.followers.add(this.#wake);
    this.#start(origin).catch(() => this.#later());
  }

  /** The origin has gone; what was taken over stays. */
  leave(): void {
    this.#origin?.followers.delete(this.#wake);
    this.#origin = undefined;
    this.#cursor?.close();
    this.#cursor = undefined;
    this.#retry?.cancel();
  }

  /** The origin has committed. */
  wake(): void {
    if (this.#scheduled || this.#loading || this.#refused || this.#closed || this.#cursor === undefined) return;
    this.#scheduled = true;
    this.#station.clock.endOfTurn(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  close(): void {
    this.leave();
    this.#closed = true;
  }

  async #start(origin: Station): Promise<void> {
    const { startSequence, startTimeUs } = this.config;
    let from = this.#station.log.state.lastSequence + 1;
    if (from === 1) {
      from = startTimeUs > 0 ? await origin.log.findTime(startTimeUs) : Math.max(1, startSequence);
    }
    if (this.#origin !== origin) return;
    this.#next = this.#station.log.state.lastSequence + 1;
    const { filter, transforms } = this.config;
    const filters = transforms.length > 0 ? transforms.map((mapping) => mapping.source || ">") : filter === "" ? [] : [filter];
    this.#cursor = origin.log.cursor(Math.max(from, this.#next), compileFilters(filters));
    this.wake();
  }

  #pump(): void {
    const cursor = this.#cursor;
    const origin = this.#origin;
    if (cursor === undefined || origin === undefined || this.#closed || this.#refused || this.#loading) return;
    this.#heard = true;
    for (let appended = 0; appended < sliceRecords && this.#outstanding < outstandingMax && !this.#station.store.congested; appended++) {
      const position = cursor.position;
      const step = cursor.next();
      if (step === "loading") {
        this.#loading = true;
        cursor.onReady = () => {
          this.#loading = false;
          this.wake();
        };
        return;
      }
      if (step === "damaged") continue;
      if (step === "end") {
        const { lastSequence, lastTimeUs } = origin.log.state;
        if (this.#next > lastSequence) return;
        this.#skip(lastTimeUs);
        cursor.seek(Math.max(position, this.#next));
      } else if (this.#next < cursor.view.sequence) {
        this.#skip(cursor.view.timeUs);
        cursor.seek(cursor.view.sequence);
      } else {
        this.#copy(cursor.view);
      }
    }
    // At a bound of the store, the next commit of either station goes on; else the next turn does.
    if (this.#outstanding < outstandingMax) this.wake();
  }

  /** Takes the next sequence without a record. */
  #skip(timeUs: number): void {
    const request = this.#request;
    request.subject = gapSubject;
    request.body = nothing;
    request.bodyStart = request.bodyEnd = request.headerBytes = request.ttlSeconds = 0;
    request.timeUs = timeUs;
    request.fleeting = true;
    this.#append();
  }

  #copy(view: RecordView): void {
    const request = this.#request;
    request.subject = this.#renamed(view.buffer.subarray(view.subjectStart, view.subjectEnd));
    request.body = view.buffer;
    request.bodyStart = view.bodyStart;
    request.bodyEnd = view.bodyEnd;
    request.headerBytes = view.headerBytes;
    request.ttlSeconds = view.ttlSeconds;
    request.timeUs = view.timeUs;
    request.fleeting = this.#station.unwanted(request.subject);
    this.#append();
  }

  #renamed(subject: Buffer): Buffer {
    for (const transform of this.#transforms) {
      const made = transform.apply(subject.toString("utf8"));
      if (made !== undefined) return Buffer.from(made);
    }
    return subject;
  }

  #append(): void {
    this.#expectation.lastSequence = this.#next - 1;
    this.#next++;
    this.#outstanding++;
    this.#waiters.wait(this.#station.log.append(this.#request), this.#settled);
  }

  #told(kind: OutcomeKind): void {
    this.#outstanding--;
    if (kind === "stored") this.#activeUs = this.#station.clock.nowUs();
    else this.#refused = true;
    if (this.#outstanding > outstandingMax / 2) return;
    if (!this.#refused) this.wake();
    else if (this.#outstanding === 0) this.#later();
  }

  /** Starts again from what is stored. */
  #later(): void {
    this.#retry?.cancel();
    this.#retry = this.#station.clock.after(retryMs, () => {
      this.#refused = false;
      const origin = this.#origin;
      if (origin !== undefined) this.follow(origin);
    });
  }
}
