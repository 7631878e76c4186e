/**
 * Takes over what another station of the tenant has and gets, among whatever else its own station stores. Each record says in a header
 * where it came from; how far it has come is noted in the station's notebook with the commit after, and what a crash left unnoted is
 * found by those headers: so nothing is taken over twice, and nothing is missed. The origin's gaps and sequences mean nothing here.
 */
import type { AppendRequest, Cursor, OutcomeKind, RecordView, Sequence } from "../../store/store.ts";
import type { Timer } from "../../store/environment.ts";
import { compileFilters } from "../filter.ts";
import { editHeaders, headerValue } from "../header-block.ts";
import { compileTransform } from "../subject-transform.ts";
import type { SubjectTransform } from "../subject-transform.ts";
import type { OriginConfig } from "./config.ts";
import { sourceKey } from "./origin-rules.ts";
import type { Station } from "./station.ts";

export const sourceHeader = "Nats-Stream-Source";

/** Records taken over in one turn, and waiting for their commit at once. */
const sliceRecords = 512;
const outstandingMax = 4_096;
/** After a refusal, e.g. by a limit or a full disk, it tries again after this long. */
const retryMs = 1_000;

interface Part {
  readonly request: AppendRequest;
  readonly sequence: Sequence;
}

export class Source {
  readonly config: OriginConfig;
  readonly key: string;
  readonly #station: Station;
  readonly #wake: () => void;
  readonly #transforms: readonly (SubjectTransform | undefined)[];
  #origin: Station | undefined;
  #cursor: Cursor | undefined;
  /** Everything of the origin up to here is taken over. */
  #done: Sequence;
  #taken: Sequence;
  /** Records submitted together, where one refusal refuses all: one by one after a refusal. */
  #together = sliceRecords;
  /** Records that wait for their outcome. */
  #waiting = 0;
  /** Taken over already, beyond one that was refused. */
  readonly #ahead: Set<Sequence> = new Set();
  /** The cursor has seen everything up to here. */
  #seen: Sequence = 0;
  #refused = false;
  #scheduled = false;
  #loading = false;
  #retry: Timer | undefined;
  #activeUs = 0;
  /** The origin has been read from. */
  #heard = false;
  #closed = false;

  constructor(station: Station, config: OriginConfig) {
    this.config = config;
    this.key = sourceKey(config);
    this.#station = station;
    this.#wake = () => this.wake();
    this.#transforms = config.transforms.map((mapping) => compileTransform({ ...mapping, destination: mapping.destination || ">" }));
    this.#done = 0;
    this.#taken = 0;
  }

  /** Records of the origin that may still be to come. */
  get lag(): number {
    if (!this.#heard) return 0;
    const last = this.#origin?.log.state.lastSequence ?? 0;
    return Math.max(0, last - (this.#waiting === 0 ? Math.max(this.#done, this.#seen) : this.#done));
  }

  /** The origin's last sequence that was taken over; 0 = none. */
  get takenUpTo(): Sequence {
    return this.#taken;
  }

  /** There is no such station. */
  get isMissing(): boolean {
    return this.#origin === undefined;
  }

  /** When it last heard of its origin, microseconds since the epoch; 0 = never. */
  get activeUs(): number {
    return this.#activeUs;
  }

  /** The origin is there: goes on from where the notes say. */
  follow(origin: Station): void {
    this.leave();
    if (this.#closed) return;
    this.#origin = origin;
    this.#activeUs = this.#station.clock.nowUs();
    origin.followers.add(this.#wake);
    this.#start(origin).catch(() => this.#later());
  }

  /** The origin has gone; what was taken over stays. */
  leave(): void {
    this.#origin?.followers.delete(this.#wake);
    this.#origin = undefined;
    this.#cursor?.close();
    this.#cursor = undefined;
    this.#loading = false;
    this.#retry?.cancel();
  }

  /** The station has committed: something may have made room. */
  stationCommitted(): void {
    if (this.#refused) this.#again();
    else this.wake();
  }

  /** The origin has committed, or there is room again. */
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
    const { startSequence, startTimeUs, filter, transforms } = this.config;
    await this.#station.notes.ready;
    const noted = this.#station.notes.sourceAt(this.key, origin.createdUs);
    const first = startTimeUs > 0 ? await origin.log.findTime(startTimeUs) : Math.max(1, startSequence);
    if (this.#origin !== origin || this.#waiting > 0) return;
    this.#done = Math.max(noted, first - 1);
    this.#taken = noted;
    this.#seen = this.#done;
    const filters = transforms.length > 0 ? transforms.map((mapping) => mapping.source || ">") : filter === "" ? [] : [filter];
    this.#cursor = origin.log.cursor(this.#done + 1, compileFilters(filters));
    this.wake();
  }

  #pump(): void {
    const cursor = this.#cursor;
    const origin = this.#origin;
    if (cursor === undefined || origin === undefined || this.#closed || this.#refused || this.#loading) return;
    this.#heard = true;
    // Where a limit refuses, one refusal must hold up all that follows.
    const together = this.#station.config.discard === "new";
    if (together && this.#waiting > 0) return;
    const parts: Part[] = [];
    const most = together ? this.#together : sliceRecords;
    for (let taken = 0; taken < most && this.#waiting < outstandingMax && !this.#station.store.congested; taken++) {
      const step = cursor.next();
      if (step === "damaged") continue;
      if (step === "record") {
        if (!this.#ahead.delete(cursor.view.sequence)) this.#take(cursor.view, together ? parts : undefined);
        continue;
      }
      if (step === "loading") {
        this.#loading = true;
        cursor.onReady = () => {
          this.#loading = false;
          this.wake();
        };
      } else {
        this.#seen = origin.log.state.lastSequence;
        this.#activeUs = this.#station.clock.nowUs();
      }
      this.#submit(parts);
      return;
    }
    this.#submit(parts);
    if (!together && this.#waiting < outstandingMax) this.wake();
  }

  #take(view: RecordView, parts: Part[] | undefined): void {
    const request = this.#requestOf(view);
    const { sequence } = view;
    this.#waiting++;
    if (parts !== undefined) parts.push({ request, sequence });
    else this.#station.appendOwn(request, (kind) => this.#told(kind, sequence));
  }

  #submit(parts: readonly Part[]): void {
    if (parts.length === 0) return;
    let at = 0;
    const requests = parts.map(({ request }) => request);
    this.#station.appendOwnTogether(requests, (kind) => this.#told(kind, parts[at++]?.sequence ?? 0));
  }

  #requestOf(view: RecordView): AppendRequest {
    const { buffer, bodyStart, headerBytes, bodyEnd } = view;
    const { config } = this.#station;
    const from = buffer.toString("utf8", view.subjectStart, view.subjectEnd);
    let subject = from;
    for (const transform of this.#transforms) {
      const made = transform?.apply(from);
      if (made === undefined) continue;
      subject = made;
      break;
    }
    const headersEnd = bodyStart + headerBytes;
    const value = (name: string): string => (headerBytes === 0 ? "" : (headerValue(buffer, bodyStart, headersEnd, name) ?? ""));
    const [origin = "", sources = "", destinations = ""] = this.key.split(" ");
    const line = `${sourceHeader}: ${origin} ${view.sequence} ${sources} ${destinations} ${from} ${identOf(this.#origin)}\r\n`;
    const headers = editHeaders(buffer, bodyStart, headersEnd, isOfItsOrigin, line);
    const body = Buffer.concat([headers, buffer.subarray(headersEnd, bodyEnd)]);
    const id = config.duplicateWindowMs > 0 ? value("Nats-Msg-Id") : "";
    const rollup = config.allowRollup && !config.denyPurge ? value("Nats-Rollup") : "";
    return {
      subject: Buffer.from(subject),
      body,
      bodyStart: 0,
      bodyEnd: body.length,
      headerBytes: headers.length,
      timeUs: 0,
      messageId: id === "" ? undefined : id,
      expect: undefined,
      rollup: rollup === "sub" ? "subject" : rollup === "all" ? "all" : "none",
      ttlSeconds: config.allowTtl ? view.ttlSeconds : 0,
      fleeting: false,
    };
  }

  #told(kind: OutcomeKind, sequence: Sequence): void {
    this.#waiting--;
    const { clock, notes } = this.#station;
    if (kind !== "stored" && kind !== "duplicate") {
      this.#refused = true;
    } else if (this.#refused) {
      this.#ahead.add(sequence);
    } else {
      this.#done = this.#taken = sequence;
      this.#activeUs = clock.nowUs();
      if (this.#origin !== undefined) notes.setSource(this.key, sequence, this.#origin.createdUs);
    }
    if (!this.#refused) {
      this.#together = Math.min(sliceRecords, this.#together * 2);
      if (this.#waiting <= outstandingMax / 2) this.wake();
    } else if (this.#waiting === 0) {
      const alone = this.#together === 1;
      this.#together = 1;
      if (alone) this.#later();
      else this.#station.clock.endOfTurn(() => this.#again());
    }
  }

  /** Starts again from what is stored. */
  #later(): void {
    this.#retry?.cancel();
    this.#retry = this.#station.clock.after(retryMs, () => this.#again());
  }

  #again(): void {
    if (this.#waiting > 0) return;
    this.#refused = false;
    const origin = this.#origin;
    if (origin !== undefined) this.follow(origin);
  }
}

/** Tells an origin from another of the same name: when it was made. */
function identOf(origin: Station | undefined): string {
  return (origin?.createdUs ?? 0).toString(36);
}

/** Headers that spoke to the origin, and mean nothing any more. */
function isOfItsOrigin(name: string): boolean {
  return name === sourceHeader || name.startsWith("Nats-Expected-") || name.startsWith("Nats-Batch-");
}
