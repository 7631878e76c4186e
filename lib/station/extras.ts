/**
 * What a station does to a publish beyond storing it, when its configuration asks for any of that: other subjects, sums, schedules,
 * markers, batches with few acknowledgements, publishing again. A plain station has no extras, and pays nothing for them.
 */
import { nothing } from "../message.ts";
import { editHeaders } from "../header-block.ts";
import { compileFilter } from "../filter.ts";
import { compileTransform } from "../subject-transform.ts";
import type { SubjectTransform } from "../subject-transform.ts";
import type { PublishOutcome, PublishRefusal, Session } from "../transport.ts";
import type { AppendRequest, OutcomeKind, Sequence } from "../../store/store.ts";
import { agesItself } from "./config.ts";
import type { StationConfig } from "./config.ts";
import { Counters } from "./counters.ts";
import { Expiry } from "./expiry.ts";
import type { PublishReader, Refusal } from "./publish-reader.ts";
import { Republisher } from "./republisher.ts";
import { parseSchedule } from "./schedule-pattern.ts";
import { Schedules } from "./schedules.ts";
import { scheduleEnd } from "./special-headers.ts";
import type { SpecialHeaders } from "./special-headers.ts";
import type { Station, StationSurroundings, Waiters } from "./station.ts";

/** What of the configuration is done here; "" = nothing: the station is plain. */
export function extrasWanted(config: StationConfig): string {
  const { subjectTransform, republish, allowCounter, allowSchedules, allowFastBatch, deleteMarkerTtlMs } = config;
  const ages = agesItself(config) ? config.ageMaxMs : 0;
  const plain =
    ages === 0 &&
    subjectTransform === undefined &&
    republish === undefined &&
    !allowCounter &&
    !allowSchedules &&
    !allowFastBatch &&
    deleteMarkerTtlMs === 0;
  return plain ? "" : JSON.stringify([subjectTransform, republish, allowCounter, allowSchedules, allowFastBatch, deleteMarkerTtlMs, ages]);
}

/** What is still to be done for a request once its outcome is known. */
export interface Aftermath {
  /** The sum it holds; "" = it is no counter's. */
  readonly sum: string;
  /** Its subject, where that is needed afterwards. */
  readonly subject: string;
  readonly hadId: boolean;
  /** When it is due as a schedule; 0 = it is none. */
  readonly dueUs: number;
  /** The schedule that ends with it; "" = none. */
  readonly ends: string;
}

const noAftermath: Aftermath = { sum: "", subject: "", hadId: false, dueUs: 0, ends: "" };

export class Extras {
  readonly #station: Station;
  readonly #waiters: Waiters;
  readonly #transform: SubjectTransform | undefined;
  readonly #republisher: Republisher | undefined;
  readonly counters: Counters | undefined;
  readonly #schedules: Schedules | undefined;
  readonly #expiry: Expiry | undefined;
  readonly #refusal: Refusal = { code: "counter_broken", message: "" };

  constructor(station: Station, waiters: Waiters, surroundings: StationSurroundings) {
    const { config } = station;
    this.#station = station;
    this.#waiters = waiters;
    this.#transform = config.subjectTransform === undefined ? undefined : compileTransform(config.subjectTransform, surroundings.random);
    this.#republisher = config.republish === undefined ? undefined : new Republisher(station, config.republish, surroundings.announce);
    this.counters = config.allowCounter ? new Counters(station) : undefined;
    this.#schedules = config.allowSchedules ? new Schedules(station) : undefined;
    this.#expiry = agesItself(config) || config.deleteMarkerTtlMs > 0 ? new Expiry(station) : undefined;
  }

  /** Stores a routed message that is no part of a batch. Returns whether an outcome follows. */
  capture(reader: PublishReader, from: Session, token: number): boolean {
    const { request, special } = reader;
    const { counters } = this;
    if (counters === undefined) {
      this.#submit(request, special, from, token);
      return token !== 0;
    }
    const subject = this.subjectOf(request);
    if (counters.ready([subject])) {
      this.#submit(request, special, from, token);
    } else if (counters.full) {
      if (token !== 0)
        this.#waiters.refuse(from, token, this.#station.config.name, "counters_busy", "too many publishes wait for a sum: try again");
    } else {
      const copy = copyOf(request);
      counters.withSums([subject], () => this.#submit(copy, special, from, token));
    }
    return token !== 0;
  }

  /** Makes the request what is to be stored. A refusal, or what is to be done when it is; the request is changed. */
  prepare(request: AppendRequest, special: SpecialHeaders | undefined): Refusal | Aftermath {
    if (this.#transform !== undefined) this.#rename(request, this.#transform);
    if (this.#station.config.deleteMarkerTtlMs > 0) this.#lengthen(request);
    let aftermath = noAftermath;
    if (this.counters !== undefined) {
      const sum = this.counters.apply(request, special?.increment ?? "");
      if (sum === undefined) return this.#refuse("counter_broken", "the subject's last record is no counter's");
      const tooLarge = this.#tooLarge(request);
      aftermath = { ...noAftermath, sum, subject: Buffer.from(request.subject).toString("utf8"), hadId: request.messageId !== undefined };
      if (tooLarge !== undefined) {
        this.settled(aftermath, "limit", 0);
        return tooLarge;
      }
    } else if (special !== undefined && this.#schedules !== undefined) {
      if (special.next === scheduleEnd && this.#isOther(special.scheduler)) {
        return this.#refuse("schedule_scheduler_invalid", `the last record of '${special.scheduler}' is no schedule`);
      }
      aftermath = this.#schedule(request, special);
    }
    this.#republisher?.before(request.subject);
    return aftermath;
  }

  /** A record of the broker's own is about to be submitted as it is. */
  before(subject: Uint8Array): void {
    this.#republisher?.before(subject);
  }

  /** What became of a prepared request. */
  settled(aftermath: Aftermath, kind: OutcomeKind, sequence: Sequence): void {
    if (aftermath.sum !== "") this.counters?.settled(aftermath.subject, aftermath.hadId, kind);
    if (kind !== "stored") return;
    if (aftermath.dueUs > 0) this.#schedules?.stored(aftermath.subject, sequence, aftermath.dueUs);
  }

  /** The prepared request has been submitted: what it ends leaves with the same commit. */
  submitted(aftermath: Aftermath): void {
    if (aftermath.ends === "") return;
    const filter = compileFilter(aftermath.ends);
    this.#station.log.remove({ kind: "purge", filter, upTo: 0, keep: 0 }).catch(() => {});
  }

  committed(): void {
    this.#republisher?.wake();
    this.#expiry?.committed();
  }

  removed(sequence: Sequence, subject: Uint8Array, start: number, end: number): void {
    if (this.counters !== undefined) this.counters.removed(sequence, Buffer.from(subject).toString("utf8", start, end));
    this.#schedules?.removed(sequence);
  }

  close(): void {
    this.#republisher?.close();
    this.counters?.close();
    this.#schedules?.close();
    this.#expiry?.close();
  }

  #submit(request: AppendRequest, special: SpecialHeaders | undefined, from: Session, token: number): void {
    const prepared = this.prepare(request, special);
    if ("code" in prepared) {
      if (token !== 0) this.#waiters.refuse(from, token, this.#station.config.name, prepared.code, prepared.message);
      return;
    }
    request.fleeting = this.#station.unwanted(request.subject);
    const ticket = this.#station.log.append(request);
    this.submitted(prepared);
    if (prepared === noAftermath) {
      if (token !== 0) this.#waiters.add(ticket, from, token, this.#station.config.name);
    } else if (token === 0) {
      this.#waiters.wait(ticket, (kind, sequence) => this.settled(prepared, kind, sequence));
    } else {
      this.#waiters.add(ticket, new Answer(this, prepared, from), token, this.#station.config.name);
    }
  }

  /** Under which subject the request will be stored. */
  subjectOf(request: AppendRequest): string {
    const subject = Buffer.from(request.subject).toString("utf8");
    return this.#transform?.apply(subject) ?? subject;
  }

  #rename(request: AppendRequest, transform: SubjectTransform): void {
    const subject = transform.apply(Buffer.from(request.subject).toString("utf8"));
    if (subject !== undefined) request.subject = Buffer.from(subject);
  }

  /** With markers, a life of its own is as long as a marker's at least: else a marker would outlive what it tells of. */
  #lengthen(request: AppendRequest): void {
    const least = Math.floor(this.#station.config.deleteMarkerTtlMs / 1000);
    if (request.ttlSeconds === 0 || request.ttlSeconds >= least || this.#station.config.messagesPerSubjectMax === 1) return;
    request.ttlSeconds = least;
    rewrite(request, (name) => name === "Nats-TTL", `Nats-TTL: ${least}\r\n`);
  }

  /** The subject has records, but no schedule. As long as nobody knows, it may have one. */
  #isOther(subject: string): boolean {
    if (this.#schedules?.has(subject) === true) return false;
    const last = this.#station.log.findLast(compileFilter(subject));
    return typeof last === "number" && last > 0;
  }

  #schedule(request: AppendRequest, special: SpecialHeaders): Aftermath {
    const ends = special.next === scheduleEnd ? special.scheduler : "";
    if (special.schedule === "") return ends === "" ? noAftermath : { ...noAftermath, ends };
    const nowUs = this.#station.clock.nowUs();
    const due = parseSchedule(special.schedule, special.zone, nowUs, nowUs);
    if (request.rollup !== "subject") {
      request.rollup = "subject";
      rewrite(request, (name) => name === "Nats-Rollup", "Nats-Rollup: sub\r\n");
    }
    return { ...noAftermath, subject: Buffer.from(request.subject).toString("utf8"), dueUs: due?.atUs ?? 0, ends };
  }

  /** A sum may outgrow what a message may be. */
  #tooLarge(request: AppendRequest): Refusal | undefined {
    const { messageBytesMax } = this.#station.config;
    if (messageBytesMax === 0 || request.bodyEnd - request.bodyStart <= messageBytesMax) return undefined;
    return this.#refuse("message_bytes_max", "the sum is larger than the station allows messages to be");
  }

  #refuse(code: PublishRefusal, message: string): Refusal {
    this.#refusal.code = code;
    this.#refusal.message = message;
    return this.#refusal;
  }
}

/** Tells a publisher what became of a publish, after the station's extras have heard of it. */
class Answer {
  readonly #extras: Extras;
  readonly #aftermath: Aftermath;
  readonly #session: Pick<Session, "published">;

  constructor(extras: Extras, aftermath: Aftermath, session: Pick<Session, "published">) {
    this.#extras = extras;
    this.#aftermath = aftermath;
    this.#session = session;
  }

  published(token: number, outcome: PublishOutcome): void {
    const kind = outcome.kind === "stored" || outcome.kind === "duplicate" ? outcome.kind : "failed";
    this.#extras.settled(this.#aftermath, kind, outcome.sequence);
    if (kind === "stored") outcome.sum = this.#aftermath.sum;
    this.#session.published(token, outcome);
  }
}

/** Gives the request other headers: without those whose name `drops`, with `line` at the end. */
export function rewrite(request: AppendRequest, drops: (name: string) => boolean, line: string): void {
  const { body, bodyStart, headerBytes, bodyEnd } = request;
  const block = Buffer.from(body.buffer, body.byteOffset, body.length);
  const headers = editHeaders(block, bodyStart, bodyStart + headerBytes, drops, line);
  request.body = Buffer.concat([headers, block.subarray(bodyStart + headerBytes, bodyEnd)]);
  request.bodyStart = 0;
  request.headerBytes = headers.length;
  request.bodyEnd = request.body.length;
}

/** A request that outlives the message it was read from. */
export function copyOf(request: AppendRequest): AppendRequest {
  const body = Buffer.from(request.body.subarray(request.bodyStart, request.bodyEnd));
  return {
    ...request,
    subject: Buffer.from(request.subject),
    body: body.length === 0 ? nothing : body,
    bodyStart: 0,
    bodyEnd: body.length,
    expect: request.expect === undefined ? undefined : { ...request.expect },
  };
}
