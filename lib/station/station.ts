/**
 * A station: its configuration, its log, its groups. As a capture it turns a routed message into one append; the outcome finds
 * its way back through the broker's pending ring. It tells its groups what became visible and what left, and removes what they
 * are done with when its retention says so.
 */
import type { Capture } from "../capture.ts";
import type { Message } from "../message.ts";
import type { PublishRefusal, Session } from "../transport.ts";
import type { Clock } from "../../store/environment.ts";
import type { Random } from "../../store/environment.ts";
import type { AppendRequest, Log, OutcomeKind, Sequence, Store, Ticket } from "../../store/store.ts";
import { Batches } from "./batches.ts";
import { Compaction } from "./compaction.ts";
import type { GroupLimits, StationConfig } from "./config.ts";
import { Extras, extrasWanted } from "./extras.ts";
import { FastBatches, refuseFast } from "./fast-batches.ts";
import type { FastBatchVoice } from "./fast-batches.ts";
import { isFastReply } from "./fast-reply.ts";
import type { Mirror } from "./mirror.ts";
import type { SchemaGuard } from "../schema/guard.ts";
import type { NotebookHost } from "./notebook.ts";
import type { Allowance } from "./allowance.ts";
import { countedBytes } from "../../store/record.ts";
import type { PublishReader, Refusal } from "./publish-reader.ts";
import type { Announce } from "./republisher.ts";
import { Retention } from "./retention.ts";
import type { Source } from "./source.ts";
import { StationNotes } from "./station-notes.ts";

/** Where publishes wait for their outcome: the broker's `Pending` of the store the log lives in. */
export interface Waiters {
  add(ticket: Ticket, session: Pick<Session, "published">, token: number, station: string): void;
  staged(session: Session, token: number, station: string): void;
  refuse(session: Session, token: number, station: string, code: PublishRefusal, message: string): void;
  wait(ticket: Ticket, settlement: (kind: OutcomeKind, sequence: Sequence) => void): void;
}

/** What a station asks of its groups. Implemented in `lib/consumer`. */
export interface StationGroups {
  /** How many groups there are. */
  readonly size: number;
  /** After a commit: records became visible or left. */
  committed(): void;
  /**
   * A record left the log, whatever took it; called before the `committed` that follows. Sequence 0 with an empty subject: very
   * many left, count again. The subject's bytes are valid during the call.
   */
  removed(sequence: Sequence, subject: Uint8Array, start: number, end: number): void;
  /** Some group has filters, so that `needs` and `wants` look at the subject. When false they are given an empty one. */
  readonly filtered: boolean;
  /** Some group that the subject passes is not done with this record. Asked by interest retention. */
  needs(sequence: Sequence, subject: Uint8Array, start: number, end: number): boolean;
  /** Some group takes this subject. Asked by interest retention for what is new. */
  wants(subject: Uint8Array, start: number, end: number): boolean;
  /** Those that ask for more than these limits would allow, by name. Absent: none ever does. */
  beyond?(limits: GroupLimits): readonly string[];
  /** The station's configuration has changed. */
  configured(config: StationConfig): void;
  /** Ends pulls, pushes and timers: the station is deleted, or the broker stops. */
  close(reason: "deleted" | "shutdown"): void;
}

/** Somebody who reads along besides the groups and needs each record once, e.g. routes. */
export interface StationTap {
  /** It takes records of this subject. Asked by interest retention for what is new. */
  wants(subject: Uint8Array, start: number, end: number): boolean;
  /** It has not read this record yet. */
  needs(sequence: Sequence): boolean;
  /** A work queue's group is done with a record that `needs` still holds: `station.finished` is to be called again afterwards. */
  retire(sequence: Sequence): void;
}

/** What a station that is not plain needs of the broker besides. */
export interface StationSurroundings extends NotebookHost {
  readonly random: Random;
  readonly announce: Announce;
  /** True when the broker can do what a publisher insists on, in its door's words. */
  meetsLevel(level: string): boolean;
  /** How fast batches are told of; undefined = nobody speaks for them. */
  voice(): FastBatchVoice | undefined;
}

export interface StationOptions {
  readonly clock: Clock;
  readonly config: StationConfig;
  readonly log: Log;
  readonly store: Store;
  readonly pending: Waiters;
  readonly reader: PublishReader;
  readonly surroundings: StationSurroundings;
  readonly allowance: Allowance;
}

export class Station implements Capture {
  /** Defined while it is a copy of another one. */
  mirror: Mirror | undefined;
  /** Records it has not read stay, whatever the retention. */
  tap: StationTap | undefined;
  /** Whole progress of those who keep some with the log besides the groups, by name. */
  readonly snapshots: Map<string, () => Uint8Array | undefined> = new Map();
  /** What it takes over from others. */
  sources: readonly Source[] = [];
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  /** When it was created, and when the broker began with it, microseconds since the epoch. */
  readonly createdUs: number;
  readonly startedUs: number;
  #config: StationConfig;
  #groups: StationGroups;
  #open = true;
  /** Called after each commit that touched the station, and when it closes: for who follows it without a group, e.g. mirrors. */
  readonly followers: Set<() => void> = new Set();
  readonly #pending: Waiters;
  readonly #reader: PublishReader;
  readonly #retention: Retention;
  readonly #surroundings: StationSurroundings;
  readonly #allowance: Allowance;
  #batches: Batches | undefined;
  #fastBatches: FastBatches | undefined;
  #notes: StationNotes | undefined;
  /** Undefined = it is plain. */
  #extras: Extras | undefined;
  #compaction: Compaction | undefined;
  /** What of the configuration the extras were made for. */
  #equipped = "";
  /** The schema in force; set by `Stations` and by the schemas themselves. */
  guard: SchemaGuard | undefined = undefined;
  readonly #violation: Refusal = { code: "schema", message: "" };

  constructor(options: StationOptions, makeGroups: (station: Station) => StationGroups) {
    this.clock = options.clock;
    this.#config = options.config;
    this.log = options.log;
    this.store = options.store;
    this.createdUs = options.log.createdUs;
    this.#pending = options.pending;
    this.#reader = options.reader;
    this.#retention = new Retention(this);
    this.#surroundings = options.surroundings;
    this.#allowance = options.allowance;
    this.startedUs = options.clock.nowUs();
    this.#batches = undefined;
    this.#fastBatches = undefined;
    this.#notes = undefined;
    this.#extras = undefined;
    this.#compaction = undefined;
    this.mirror = undefined;
    this.tap = undefined;
    this.#groups = makeGroups(this);
    const groupSnapshot = this.log.groupSnapshot;
    this.log.groupSnapshot = (name) => (this.snapshots.get(name) ?? groupSnapshot)?.(name);
    this.log.removed = (sequence, subject, start, end) => {
      this.#groups.removed(sequence, subject, start, end);
      this.#extras?.removed(sequence, subject, start, end);
    };
    this.#equip();
  }

  get name(): string {
    return this.#config.name;
  }

  get config(): StationConfig {
    return this.#config;
  }

  get groups(): StationGroups {
    return this.#groups;
  }

  get extras(): Extras | undefined {
    return this.#extras;
  }

  /** Begun when first asked for: by what has to remember something. */
  get notes(): StationNotes {
    return (this.#notes ??= new StationNotes(this, this.#surroundings));
  }

  /** False once deleted or the broker has stopped. */
  get open(): boolean {
    return this.#open;
  }

  capture(message: Message, from: Session, token: number): boolean {
    let refusal = this.#reader.read(message, this.#config);
    if (this.#allowance.limited && refusal === undefined) refusal = this.#judgeRoom();
    if (this.guard !== undefined && refusal === undefined) refusal = this.#examine(message);
    const told = token !== 0 && !this.#config.noAck;
    if (told && isFastReply(message.replyBuffer, message.replyStart, message.replyEnd) && this.#takeFast(message, refusal)) return false;
    if (this.#reader.batchId !== "") {
      this.#batches ??= new Batches(this, this.#pending);
      this.#batches.take(this.#reader, refusal, from, told ? token : 0);
      return told;
    }
    if (refusal !== undefined) {
      if (told) this.#pending.refuse(from, token, this.#config.name, refusal.code, refusal.message);
      return told;
    }
    if (this.#extras !== undefined) return this.#extras.capture(this.#reader, from, told ? token : 0);
    const { request } = this.#reader;
    request.fleeting = this.unwanted(request.subject);
    const ticket = this.log.append(request);
    if (told) this.#pending.add(ticket, from, token, this.#config.name);
    return told;
  }

  /** The tenant's stations together may hold only so much. */
  #judgeRoom(): Refusal | undefined {
    const { subject, bodyStart, bodyEnd } = this.#reader.request;
    if (!this.#allowance.refuses(this.#config.storage, countedBytes(subject.length, bodyEnd - bodyStart))) return undefined;
    return { code: "tenant_full", message: "the tenant's stations hold as much as they may: purge some, or raise its limits" };
  }

  /** A message of a fast batch, or of what would be one. False when nobody could be told of it. */
  #takeFast(message: Message, refusal: Refusal | undefined): boolean {
    const voice = this.#surroundings.voice();
    if (voice === undefined) return false;
    if (!this.#config.allowFastBatch || this.#extras === undefined) {
      const { replyBuffer, replyStart, replyEnd } = message;
      refuseFast(voice, replyBuffer.toString("utf8", replyStart, replyEnd), this.#config.name);
      return true;
    }
    this.#fastBatches ??= new FastBatches(this, this.#pending, voice);
    this.#fastBatches.take(message, this.#reader, refusal);
    return true;
  }

  /** True when a publisher that insists on this is understood. */
  meetsLevel(level: string): boolean {
    return this.#surroundings.meetsLevel(level);
  }

  /** Refuses a publish before anything looked at it; tells the publisher where that is wanted. */
  refuse(from: Session, token: number, code: PublishRefusal, message: string): boolean {
    if (token === 0 || this.#config.noAck) return false;
    this.#pending.refuse(from, token, this.#config.name, code, message);
    return true;
  }

  /** Stores what the broker itself has for the station, e.g. from a source; `settled` is told. */
  appendOwn(request: AppendRequest, settled: (kind: OutcomeKind, sequence: Sequence) => void): void {
    const counters = this.#extras?.counters;
    if (counters === undefined) this.#appendOwn(request, settled);
    else counters.withSums([this.#extras?.subjectOf(request) ?? ""], () => this.#appendOwn(request, settled));
  }

  /** As `appendOwn`, all or none; `settled` is told of each, in order. No station with counters does this. */
  appendOwnTogether(requests: readonly AppendRequest[], settled: (kind: OutcomeKind, sequence: Sequence) => void): void {
    for (const request of requests) {
      this.#extras?.prepare(request, undefined);
      request.fleeting = this.unwanted(request.subject);
    }
    const first = this.store.appendAtomic(requests.map((request) => ({ log: this.log, request })));
    for (let index = 0; index < requests.length; index++) this.#pending.wait(first + index, settled);
  }

  /** As `appendOwn`, of what is stored as it is: no transform, no sum. */
  appendAsIs(request: AppendRequest, settled: (kind: OutcomeKind, sequence: Sequence) => void): void {
    this.#extras?.before(request.subject);
    this.#pending.wait(this.log.append(request), settled);
  }

  #appendOwn(request: AppendRequest, settled: (kind: OutcomeKind, sequence: Sequence) => void): void {
    const prepared = this.#extras?.prepare(request, undefined);
    if (prepared !== undefined && "code" in prepared) {
      this.clock.endOfTurn(() => settled("limit", 0));
      return;
    }
    request.fleeting = this.unwanted(request.subject);
    const ticket = this.log.append(request);
    this.#pending.wait(ticket, (kind, sequence) => {
      if (prepared !== undefined) this.#extras?.settled(prepared, kind, sequence);
      settled(kind, sequence);
    });
  }

  /** Looks into the message: a schema may refuse it. */
  #examine(message: Message): Refusal | undefined {
    const reason = this.guard?.refusal(message.body, message.bodyStart + message.headerBytes, message.bodyEnd);
    if (reason === undefined) return undefined;
    this.#violation.message = reason;
    return this.#violation;
  }

  /** With interest retention: nobody takes this subject, so that a record of it need not stay. */
  unwanted(subject: Uint8Array): boolean {
    if (this.#config.retention !== "interest" || this.#groups.wants(subject, 0, subject.length)) return false;
    return this.tap === undefined || !this.tap.wants(subject, 0, subject.length);
  }

  /** With interest retention: somebody is not done with this record. */
  needs(sequence: Sequence, subject: Uint8Array, start: number, end: number): boolean {
    return this.#groups.needs(sequence, subject, start, end) || (this.tap !== undefined && this.tap.needs(sequence));
  }

  /** The log has committed. Called by the broker once per commit that touched it. */
  committed(): void {
    if (!this.#open) return;
    this.#groups.committed();
    if (this.followers.size > 0) for (const follower of this.followers) follower();
    this.mirror?.wake();
    this.#notes?.committed();
    this.#extras?.committed();
    for (const source of this.sources) source.stationCommitted();
  }

  /** A group is done with a record for good: acknowledged, terminated, or delivered without acks. Hot. */
  finished(sequence: Sequence): void {
    if (this.#config.retention === "limits") return;
    this.#retention.finished(sequence);
  }

  /** A group has gone or takes less than before: records that nobody needs any more may leave. */
  interestFell(): void {
    if (this.#config.retention === "interest") this.#retention.sweep();
  }

  /** Called by `Stations` once a change is durable. */
  reconfigure(config: StationConfig): void {
    const before = this.#config.retention;
    this.#config = config;
    this.#equip();
    if (before !== "interest" && config.retention === "interest") this.#retention.sweep();
    this.#groups.configured(config);
  }

  /** Gets what the configuration asks for. */
  #equip(): void {
    this.#equipCompaction();
    const wanted = extrasWanted(this.#config);
    if (wanted === this.#equipped) return;
    this.#equipped = wanted;
    this.#extras?.close();
    this.#extras = wanted === "" ? undefined : new Extras(this, this.#pending, this.#surroundings);
  }

  #equipCompaction(): void {
    const { compaction, sealed } = this.#config;
    const tombstoneMs = compaction === undefined || sealed ? undefined : compaction.tombstoneMs;
    if (tombstoneMs === this.#compaction?.tombstoneMs) return;
    this.#compaction?.close();
    this.#compaction = tombstoneMs === undefined ? undefined : new Compaction(this, this.#surroundings.random, tombstoneMs);
  }

  close(reason: "deleted" | "shutdown"): void {
    if (!this.#open) return;
    this.#open = false;
    this.#compaction?.close();
    this.log.removed = undefined;
    this.#retention.close();
    this.#batches?.close();
    this.#fastBatches?.close();
    this.mirror?.close();
    for (const source of this.sources) source.close();
    this.#extras?.close();
    this.#notes?.close();
    this.#groups.close(reason);
    for (const follower of this.followers) follower();
  }
}
