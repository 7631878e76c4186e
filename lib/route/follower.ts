/**
 * Follows one station for all routes of the tenant: reads what is durable, once, asks the routes, and publishes the copies. How far it has
 * come is kept with the station and never runs ahead of what is durable at the targets, so that a crash loses nothing; what a target
 * stored before the crash is not copied again. A copy that a target refuses is tried again beside the others, and in the end handed
 * to `givenUp`.
 */
import type { Timer } from "../../store/environment.ts";
import type { Cursor, GroupSnapshot, RecordView, Sequence } from "../../store/store.ts";
import type { MessageFacts } from "../condition/facts.ts";
import { Message, nothing } from "../message.ts";
import { Subject } from "../router/subject.ts";
import { readAt } from "../station/read.ts";
import type { Station, StationTap } from "../station/station.ts";
import type { Subscription } from "../subscription.ts";
import type { CloseReason, PublishOutcome, PublishRefusal, Session } from "../transport.ts";
import { Copies } from "./copies.ts";
import { copyId, CopyWriter, hopsMax, isSourced, routesOf } from "./copy.ts";
import { copiesSince } from "./in-doubt.ts";
import { decodeProgress, encodeFloor, encodeProgress, progressName } from "./progress.ts";
import type { RouteProgress } from "./progress.ts";
import type { Route } from "./route.ts";
import type { RouteIndex } from "./route-index.ts";
import { Retries } from "./retries.ts";

/** Records looked at in one turn; then others run. */
const sliceRecords = 1_024;

/** Why a copy was not made. */
export type CopyRefusal = PublishRefusal | "target" | "loop" | "denied";

/** What a follower needs around it. */
export interface FollowerHost {
  readonly tenant: {
    readonly router: { resolve(bytes: Buffer, start: number, end: number): Subject };
    readonly captured: number;
    publish(from: Session, message: Message, token: number): number;
  };
  readonly facts: MessageFacts;
  /** The routes in force. */
  readonly index: RouteIndex;
  /** Some store is at a bound. */
  readonly congested: boolean;
  /** The stations of the tenant that capture subjects of this filter. */
  capturing(filter: string): readonly Station[];
  mayPublish(owner: string, subject: Subject): boolean;
  dirty(source: { saveProgress(): void }): void;
  /** A target has refused a copy for good. Resolves once that is kept elsewhere; false = it is not, try again. The view is valid during the call. */
  givenUp(route: Route, station: Station, view: RecordView, code: CopyRefusal, message: string): Promise<boolean>;
  report(message: string): void;
}

export class Follower implements Session, StationTap {
  readonly id = 0;
  readonly echo = true;
  readonly room = 0;
  readonly station: Station;
  readonly #host: FollowerHost;
  readonly #message: Message = new Message(new Subject(nothing, true));
  readonly #source = { subject: "", buffer: nothing, bodyStart: 0, headerBytes: 0, bodyEnd: 0 };
  readonly #writer: CopyWriter = new CopyWriter();
  readonly #copies: Copies = new Copies();
  readonly #retries: Retries;
  readonly #wake = (): void => this.wake();
  readonly #retired: Set<Sequence> = new Set();
  #cursor: Cursor | undefined;
  /** Everything up to here was looked at. */
  #scanned: Sequence;
  /** Everything up to here is done with, and the station was told. */
  #floor: Sequence;
  #savedFloor = -1;
  #defined = false;
  #dirty = false;
  #scheduled = false;
  #loading = false;
  #closed = false;
  #pause: Timer | undefined;
  /** Copies that were found at their targets after a crash; of records up to `#doubtTo`, and of refused ones. */
  #copied: Set<string> = new Set();
  #doubtTo: Sequence = 0;

  constructor(station: Station, host: FollowerHost, from: Sequence) {
    this.station = station;
    this.#host = host;
    this.#scanned = this.#floor = from - 1;
    this.#retries = new Retries(station.clock, (retry) => {
      this.#tryAgain(retry.route, retry.sequence, retry.number).catch((error: unknown) => {
        host.report(`a copy of record ${retry.sequence} of station '${station.name}' waits: ${String(error)}`);
        this.#retries.later(retry.number, "store_failed");
      });
    });
  }

  /** Everything up to here is copied, or refused and kept to be tried again. */
  get position(): Sequence {
    return this.#floor;
  }

  get lag(): number {
    return Math.max(0, this.station.log.state.lastSequence - this.#floor);
  }

  /** Copies that wait to be tried again. */
  get retrying(): number {
    return this.#retries.size;
  }

  /** Follows from now on. Resolves when it is durable that the station is followed from here. */
  async begin(recovered: GroupSnapshot | undefined): Promise<void> {
    const { station } = this;
    station.tap = this;
    station.snapshots.set(progressName, () => encodeProgress(this.#progress()));
    if (recovered === undefined) this.#follow();
    else await this.#recover(recovered);
    if (recovered === undefined && !this.#closed) {
      await station.log.defineGroup(progressName, JSON.stringify({ internal: "routes" }), encodeProgress(this.#progress()));
    }
    this.#defined = true;
    this.#touch();
  }

  /** The routes have changed: what is waiting may go now. */
  changed(): void {
    this.#retries.keep((name) => this.#host.index.get(name) !== undefined);
    this.#touch();
    this.wake();
  }

  /** The station has committed. */
  wake(): void {
    if (this.#scheduled || this.#loading || this.#closed || this.#cursor === undefined || !this.station.open) return;
    this.#scheduled = true;
    this.station.clock.endOfTurn(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** `forget`: it is not followed any more, and what is kept about it goes. */
  async end(forget: boolean): Promise<void> {
    if (this.#closed) return;
    if (!forget) this.saveProgress();
    this.#closed = true;
    this.station.followers.delete(this.#wake);
    this.station.snapshots.delete(progressName);
    if (this.station.tap === this) this.station.tap = undefined;
    this.#cursor?.close();
    this.#pause?.cancel();
    this.#retries.close();
    if (!forget || !this.station.open) return;
    this.#release(this.station.log.state.lastSequence);
    if (this.#defined) await this.station.log.dropGroup(progressName);
  }

  wants(subject: Uint8Array, start: number, end: number): boolean {
    return this.#host.index.takes(subject, start, end);
  }

  needs(sequence: Sequence): boolean {
    return sequence > this.#floor || this.#retries.has(sequence);
  }

  retire(sequence: Sequence): void {
    this.#retired.add(sequence);
  }

  saveProgress(): void {
    this.#dirty = false;
    if (this.#closed || !this.#defined) return;
    const changed = this.#retries.takeChanged();
    if (this.#floor === this.#savedFloor && !changed) return;
    this.#savedFloor = this.#floor;
    this.station.log.saveGroup(progressName, changed ? encodeProgress(this.#progress()) : encodeFloor(this.#floor), false);
  }

  published(token: number, outcome: PublishOutcome): void {
    if (this.#closed) return;
    const stored = outcome.kind === "stored" || outcome.kind === "duplicate";
    if (token < 0) {
      this.#retried(-token, stored ? undefined : (outcome.code ?? "store_failed"), outcome.message);
      return;
    }
    const route = this.#copies.routeOf(token);
    const sequence = this.#copies.sequenceOf(token);
    if (route !== undefined && stored) route.copied++;
    if (route !== undefined && !stored) this.#refused(route, sequence, outcome.code ?? "store_failed", outcome.message);
    this.#copies.settle(token);
    this.#advance();
    if (this.#copies.count <= sliceRecords) this.wake();
  }

  deliver(_subscription: Subscription, _message: Message): boolean {
    return false;
  }
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {}

  #follow(): void {
    const { station } = this;
    this.#cursor = station.log.cursor(this.#scanned + 1, undefined);
    station.followers.add(this.#wake);
    this.wake();
  }

  /** Goes on where it was, after it has looked which copies of what follows were made already. */
  async #recover(recovered: GroupSnapshot): Promise<void> {
    let progress: RouteProgress = { floor: this.#floor, refused: [] };
    for (const bytes of [recovered.snapshot, ...recovered.deltas]) if (bytes !== undefined) progress = decodeProgress(bytes, progress);
    this.#scanned = this.#floor = this.#savedFloor = progress.floor;
    const { station } = this;
    this.#doubtTo = station.log.state.lastSequence;
    let first = progress.floor + 1;
    for (const { sequence } of progress.refused) first = Math.min(first, sequence);
    const { index } = this.#host;
    if (first <= this.#doubtTo) {
      const targets = new Set(index.all.flatMap((route) => this.#host.capturing(route.template.reach)));
      this.#copied = await copiesSince(station.clock, station, first, targets);
    }
    if (this.#closed) return;
    for (const { route: name, sequence, attempts } of progress.refused) {
      const route = index.get(name);
      if (route === undefined || this.#copied.has(copyId(name, station.name, sequence))) continue;
      this.#retries.add(route, sequence, "store_failed", attempts);
    }
    this.#follow();
  }

  #pump(): void {
    const cursor = this.#cursor;
    if (cursor === undefined || this.#closed || this.#loading || !this.station.open) return;
    const { index, facts } = this.#host;
    for (let looked = 0; looked < sliceRecords; looked++) {
      if (this.#blocked()) {
        this.#advance();
        return;
      }
      const step = cursor.next();
      if (step === "loading") {
        this.#loading = true;
        cursor.onReady = () => {
          this.#loading = false;
          this.wake();
        };
        this.#advance();
        return;
      }
      if (step === "end") {
        this.#scanned = Math.max(this.#scanned, this.station.log.state.lastSequence);
        this.#advance();
        return;
      }
      if (step === "damaged") continue;
      const { view } = cursor;
      if (view.sequence <= this.#doubtTo) this.#doubt(view);
      const count = this.#taken(view) ? 0 : index.find(view, facts);
      for (let found = 0; found < count; found++) {
        const route = index.found[found];
        if (route !== undefined) this.#copy(route, view);
      }
      this.#scanned = view.sequence;
    }
    this.#advance();
    this.wake();
  }

  /** It was taken over from another station, which is followed itself. */
  #taken(view: RecordView): boolean {
    return this.station.config.sources.length > 0 && isSourced(view.buffer, view.bodyStart, view.headerBytes);
  }

  /** A work queue's record that its group was done with before the crash: nobody will say so again. */
  #doubt(view: RecordView): void {
    const { config, groups } = this.station;
    const { sequence, buffer, subjectStart, subjectEnd } = view;
    if (config.retention !== "workqueue" || !groups.wants(buffer, subjectStart, subjectEnd)) return;
    if (!groups.needs(sequence, buffer, subjectStart, subjectEnd)) this.#retired.add(sequence);
  }

  /** At a bound: outcomes, a commit or a moment's time go on. */
  #blocked(): boolean {
    // A record may be of interest to every route there is.
    if (this.#copies.room < this.#host.index.routes.length) return true;
    if (!this.#host.congested && !this.#retries.full) return false;
    this.#pause ??= this.station.clock.after(50, () => {
      this.#pause = undefined;
      this.wake();
    });
    return true;
  }

  #copy(route: Route, view: RecordView): void {
    const { sequence } = view;
    const done = sequence <= this.#doubtTo && this.#copied.has(copyId(route.name, this.station.name, sequence));
    if (done) return;
    const refusal = this.#send(route, view, this.#copies.next);
    if (refusal !== undefined) this.#refused(route, sequence, refusal, "");
    else this.#copies.add(route, sequence, this.#host.tenant.captured);
    if (refusal === undefined && this.#host.tenant.captured === 0) route.copied++;
  }

  /** Publishes the copy; undefined = it is under way. */
  #send(route: Route, view: RecordView, token: number): CopyRefusal | undefined {
    const { facts, tenant } = this.#host;
    const { buffer, bodyStart, headerBytes, bodyEnd } = view;
    const text = route.template.render(facts);
    if (text === undefined) return "target";
    const passed = routesOf(buffer, bodyStart, headerBytes);
    if (passed.length >= hopsMax || passed.includes(route.name)) return "loop";
    const bytes = Buffer.from(text, "utf8");
    const subject = tenant.router.resolve(bytes, 0, bytes.length);
    if (!this.#host.mayPublish(route.config.owner, subject)) return "denied";
    const source = this.#source;
    source.subject = facts.subject;
    source.buffer = buffer;
    source.bodyStart = bodyStart;
    source.headerBytes = headerBytes;
    source.bodyEnd = bodyEnd;
    const message = this.#message;
    message.subject = subject;
    this.#writer.write(message, source, route.name, passed, this.station.name, view.sequence);
    tenant.publish(this, message, token);
    return undefined;
  }

  #refused(route: Route, sequence: Sequence, code: CopyRefusal, message: string): void {
    route.refused++;
    this.#retries.add(route, sequence, code, 1, message);
    this.#touch();
  }

  async #tryAgain(route: Route, sequence: Sequence, number: number): Promise<void> {
    const current = this.#host.index.get(route.name);
    const last = this.#retries.lastRefusal(number);
    let keeping: Promise<boolean> | undefined;
    let gone = true;
    await readAt(this.station.log, sequence, (view) => {
      if (this.#closed || current === undefined) return;
      gone = false;
      const { buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd, timeUs } = view;
      this.#host.facts.show(buffer.toString("utf8", subjectStart, subjectEnd), buffer, bodyStart, headerBytes, bodyEnd, timeUs);
      if (last.final) {
        keeping = this.#host.givenUp(current, this.station, view, last.code, last.message);
        return;
      }
      const refusal = this.#send(current, view, -number);
      if (refusal !== undefined) this.#retried(number, refusal, "");
      else if (this.#host.tenant.captured === 0) this.#retried(number, undefined, "");
    });
    if (this.#closed) return;
    if (gone) this.#done(number);
    if (keeping === undefined) return;
    if (await keeping) {
      route.lost++;
      this.#done(number);
    } else this.#retries.later(number, last.code);
  }

  #retried(number: number, refusal: CopyRefusal | undefined, message: string): void {
    const route = this.#retries.routeOf(number);
    if (refusal === undefined) {
      if (route !== undefined) route.copied++;
      this.#done(number);
      return;
    }
    if (route !== undefined) route.refused++;
    this.#retries.later(number, refusal, message);
    this.#touch();
  }

  #done(number: number): void {
    const sequence = this.#retries.remove(number);
    this.#touch();
    if (sequence > 0 && sequence <= this.#floor && !this.#retries.has(sequence)) this.#finish(sequence);
    this.wake();
  }

  /** Moves the floor up to what is settled. */
  #advance(): void {
    const { lowest } = this.#copies;
    const floor = lowest === 0 ? this.#scanned : lowest - 1;
    if (floor <= this.#floor) return;
    this.#release(floor);
    this.#touch();
  }

  #release(floor: Sequence): void {
    const from = this.#floor;
    this.#floor = floor;
    if (this.station.config.retention === "limits") return;
    for (let sequence = from + 1; sequence <= floor; sequence++) if (!this.#retries.has(sequence)) this.#finish(sequence);
  }

  /** Records that only the routes still needed may leave now. */
  #finish(sequence: Sequence): void {
    const { retention } = this.station.config;
    if (retention === "interest" || (retention === "workqueue" && this.#retired.delete(sequence))) this.station.finished(sequence);
  }

  #touch(): void {
    if (this.#dirty || this.#closed) return;
    this.#dirty = true;
    this.#host.dirty(this);
  }

  #progress(): RouteProgress {
    return { floor: this.#floor, refused: this.#retries.list() };
  }
}
