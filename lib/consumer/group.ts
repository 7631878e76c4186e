/**
 * One consumer group: a durable cursor over a station's log, shared by its members. It reads what is durable, offers each record to
 * whoever's turn it is, keeps what is unacknowledged in flight, and saves its progress as deltas. Records are never copied here.
 */
import type { Log, OutcomeKind, Sequence } from "../../store/store.ts";
import type { GroupConfig } from "./config.ts";
import type { Deadline } from "./deadlines.ts";
import type { Feed } from "./feed.ts";
import { Expression, judgeRecord } from "../condition/condition.ts";
import { InFlight } from "./in-flight.ts";
import { Keyed } from "./keyed.ts";
import type { KeyedHost } from "./keyed.ts";
import { ProgressWriter } from "./progress.ts";
import type { GroupState } from "./progress.ts";
import { Members } from "./members.ts";
import { Pull } from "./pulls.ts";
import type { PullRequest } from "./pulls.ts";
import { checkPriority, Priority } from "./priority.ts";
import type { PriorityRefusal } from "./priority.ts";
import { GroupReader } from "./reader.ts";
import type { ReadStep } from "./reader.ts";
import type { GroupScheduler, Scheduled, Settlements } from "./scheduler.ts";
import { Delivery } from "./sink.ts";
import type { PushSink } from "./sink.ts";

/** What happens in a group that others care about. Synchronous; none may call back into the group. */
export interface GroupObserver {
  /** Given up after so many deliveries. */
  exhausted(group: Group, sequence: Sequence, deliveries: number): void;
  nakked(group: Group, sequence: Sequence, count: number, deliveries: number): void;
  terminated(group: Group, sequence: Sequence, count: number, deliveries: number, reason: string): void;
  /** A sample of an ack: how long it took since the delivery. */
  sampled(group: Group, sequence: Sequence, count: number, deliveries: number, delayMs: number): void;
  /** One member at a time is served, and now it is another, or nobody yet. */
  pinned(group: Group, priorityGroup: string, pin: string): void;
  unpinned(group: Group, priorityGroup: string, reason: "admin" | "timeout"): void;
  /** The oldest `acks` confirmations asked for are durable. */
  confirmed(group: Group, acks: number): void;
}

/** What a group needs around it. */
export interface GroupOwner {
  readonly log: Log;
  readonly feed: Feed;
  readonly scheduler: GroupScheduler;
  readonly settlements: Settlements;
  readonly observer: GroupObserver;
  /** True when the station keeps records only as long as groups want them. */
  readonly retains: boolean;
  /** The group will not need this record again. */
  released(sequence: Sequence): void;
  /** No member for `inactiveMs`: it may go. */
  inactive(group: Group): void;
}

export type PullRefusal =
  | "push"
  | "waitingMax"
  | "batchMax"
  | "expiresMax"
  | "bytesMax"
  | "requestsPending"
  | "membersMax"
  | "closed"
  | PriorityRefusal;

/** Unacknowledged deliveries of a group that sets no limit, about 40 bytes each; then new ones wait. */
const inFlightMax = 1 << 20;
/** Deliveries made at once when a pull arrives; the rest takes its turn. */
const pullBudget = 256;

export class Group implements Scheduled {
  scheduled = false;
  readonly name: string;
  readonly createdUs: number;
  /** Resolves once it delivers: it knows how much is to come. */
  readonly opened: Promise<void>;
  #tellOpened: () => void = () => {};
  readonly #owner: GroupOwner;
  readonly #inFlight: InFlight;
  readonly #reader: GroupReader;
  readonly #members: Members;
  readonly #delivery: Delivery = new Delivery();
  readonly #wakeTimer: Deadline;
  readonly #inactiveTimer: Deadline;
  readonly #confirmations: number[] = [];
  /** Of a keyed group: who gets what. */
  readonly #keyed: Keyed | undefined;
  #condition: Expression | undefined;
  #config: GroupConfig;
  #dirty = false;
  #toConfirm = 0;
  #opened = false;
  #closed = false;
  #touched = false;
  /** One delivery of this turn's has been measured. */
  #measured = false;
  #lastPullMs: number;
  #replayRecordUs = 0;
  #replayMs = 0;
  #samples = 0;
  #lastDeliveryMs = 0;
  /** When something was acknowledged last, microseconds; 0 = never since it opened. */
  ackedUs = 0;

  constructor(owner: GroupOwner, config: GroupConfig, createdUs: number, state: GroupState) {
    this.name = config.name;
    this.createdUs = createdUs;
    this.opened = new Promise((resolve) => (this.#tellOpened = resolve));
    this.#owner = owner;
    this.#config = config;
    const deadlines = owner.scheduler.deadlines;
    this.#inFlight = new InFlight(config, deadlines, {
      dueAgain: () => this.wake(),
      exhausted: (sequence, deliveries) => {
        this.#touch();
        owner.observer.exhausted(this, sequence, deliveries);
      },
    });
    this.#inFlight.restore(state);
    this.#reader = new GroupReader(owner.log, owner.feed, config, state, this.#inFlight, {
      ready: () => this.wake(),
      moved: () => this.#touch(),
    });
    this.#members = new Members(this, deadlines);
    this.#condition = compiled(config);
    this.#prioritize(config);
    this.#keyed = config.mode === "keyed" ? new Keyed(this.#keyedHost(owner)) : undefined;
    this.#wakeTimer = deadlines.make(() => this.wake());
    this.#inactiveTimer = deadlines.make(() => this.#checkActive());
    this.#lastPullMs = deadlines.nowMs();
  }

  /** Which of the last records of each subject were still to be delivered when it was saved; `before` 0 = none. */
  get skipRange(): { readonly after: Sequence; readonly before: Sequence } {
    return { after: this.#inFlight.deliveredSequence, before: this.#reader.resume };
  }

  /** Delivers from now on: `skips` first, the last record of each subject. Call once. */
  async open(skips: Float64Array | undefined): Promise<void> {
    await this.#keyed?.restore();
    await this.#reader.begin(skips);
    this.#opened = true;
    this.#tellOpened();
    this.wake();
    this.#restartInactive();
  }

  get config(): GroupConfig {
    return this.#config;
  }

  get deliveredCount(): number {
    return this.#inFlight.deliveredCount;
  }

  get deliveredSequence(): Sequence {
    return this.#inFlight.deliveredSequence;
  }

  /** When something was delivered last, microseconds; 0 = never since it opened. */
  get deliveredUs(): number {
    if (this.#lastDeliveryMs === 0) return 0;
    return Math.round(this.#owner.scheduler.clock.nowUs() - (this.#nowMs() - this.#lastDeliveryMs) * 1000);
  }

  get floorCount(): number {
    return this.#inFlight.floorCount;
  }

  get floorSequence(): Sequence {
    return this.#inFlight.floorSequence;
  }

  get ackPending(): number {
    return this.#keyed === undefined ? this.#inFlight.live : this.#inFlight.live - this.#keyed.parked;
  }

  /** Of a keyed group: who is there now. */
  get memberNames(): readonly string[] {
    return this.#keyed?.memberNames ?? [];
  }

  get redelivered(): number {
    return this.#inFlight.redelivered;
  }

  /** Pulls whose receiver is still there. */
  get waiting(): number {
    this.#members.dropGone();
    return this.#members.waiting;
  }

  /** Records still to be delivered for the first time, exactly. */
  get outstanding(): number {
    this.#reader.extend();
    return this.#reader.outstanding + (this.#keyed?.parked ?? 0);
  }

  /** Of a push group: somebody receives. */
  get pushActive(): boolean {
    return this.#members.push?.active ?? false;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Delivered and not acknowledged. */
  waitsFor(sequence: Sequence): boolean {
    return this.#inFlight.ring.find(sequence) >= 0;
  }

  /** Whether the group still needs a record that it would deliver, or has delivered, under this subject. */
  needs(sequence: Sequence, subject: Uint8Array, start: number, end: number): boolean {
    return sequence < this.#reader.next ? this.waitsFor(sequence) : this.takes(subject, start, end);
  }

  takes(subject: Uint8Array, start: number, end: number): boolean {
    return this.#reader.takes(subject, start, end);
  }

  /** Where a push group's deliveries go. */
  pushTo(sink: PushSink): void {
    const push = this.#config.push;
    if (push === undefined) return;
    this.#members.pushTo(push, sink);
    this.wake();
  }

  /** Somebody new receives at the push subject: it owes nothing for what others got. */
  receiverCame(): void {
    this.#members.push?.forget();
    this.wake();
  }

  /** The receiver confirms a flow request. */
  confirmFlow(id: number): void {
    if (this.#members.push?.confirm(id) === true) this.wake();
  }

  /** A member asks for records. Undefined = accepted; what it gets goes to its sink, at once as far as it is there. */
  pull(request: PullRequest): PullRefusal | undefined {
    const config = this.#config;
    if (this.#closed) return "closed";
    if (config.push !== undefined) return "push";
    if (config.batchMax > 0 && request.batch > config.batchMax) return "batchMax";
    if (config.expiresMaxMs > 0 && request.expiresMs > config.expiresMaxMs) return "expiresMax";
    if (config.bytesMax > 0 && request.bytesMax > config.bytesMax) return "bytesMax";
    const nowMs = this.#nowMs();
    this.#lastPullMs = nowMs;
    if (request.priority !== undefined) {
      const { priority } = this.#members;
      const refusal = priority === undefined ? checkPriority(request.priority, undefined) : priority.admit(request.priority);
      if (refusal !== undefined) return refusal;
    }
    const pull = new Pull(request, nowMs);
    if (request.noWait) {
      const there = this.outstanding + (this.#inFlight.nextDue() > 0 ? this.#inFlight.live : 0);
      if (there === 0 && pull.expiresMs === Infinity) {
        request.sink.status("empty", pull, this);
        return undefined;
      }
      const others = this.#keyed === undefined && this.#members.waiting > 0;
      if (there > 0 && others && there < this.#members.wanted()) return "requestsPending";
    }
    if (this.#members.waiting >= config.waitingMax) {
      this.#members.check();
      if (this.#members.waiting >= config.waitingMax) return "waitingMax";
    }
    if (this.#keyed !== undefined && !this.#keyed.join(request.member ?? "", pull, nowMs)) return "membersMax";
    this.#members.add(pull);
    if (this.run(pullBudget, nowMs) >= pullBudget) this.#owner.scheduler.ready(this);
    return undefined;
  }

  /** A member of a keyed group goes. False when he is none. */
  leave(member: string): boolean {
    return this.#keyed?.leave(member) ?? false;
  }

  /** Room appeared at some receiver. */
  drained(): void {
    this.#members.drained();
    this.wake();
  }

  /** True when new records are told by the feed: nothing else has to wake it. */
  get fed(): boolean {
    return this.#reader.fed;
  }

  /** Somebody could take a record now. */
  get hungry(): boolean {
    return this.#members.hungry;
  }

  /** The log has committed. */
  committed(): void {
    if (this.#reader.stale) this.#reader.extend();
    this.wake();
  }

  wake(): void {
    if (this.#members.hungry && !this.#closed) this.#owner.scheduler.ready(this);
  }

  /** Done with one record, or with all up to it, as the policy says. False when it is not in flight. */
  ack(sequence: Sequence): boolean {
    const inFlight = this.#inFlight;
    if (this.#keyed !== undefined) this.#keyed.alive(sequence, this.#nowMs());
    const full = this.#full();
    if (this.#config.ack === "all") {
      if (sequence > inFlight.deliveredSequence || sequence <= inFlight.floorSequence) return false;
      this.#ackAll(sequence);
    } else {
      const position = inFlight.ring.find(sequence);
      if (position < 0) return false;
      if (this.#config.samplePercent > 0) this.#sample(sequence, position);
      inFlight.release(sequence);
      if (this.#owner.retains) this.#owner.released(sequence);
    }
    this.#acked(full);
    return true;
  }

  /** Not processed: again at once, or after a delay. */
  nak(sequence: Sequence, delayMs: number): boolean {
    const position = this.#inFlight.ring.find(sequence);
    if (position < 0) return false;
    const ring = this.#inFlight.ring;
    this.#owner.observer.nakked(this, sequence, ring.first(position), ring.deliveries(position));
    this.#keyed?.alive(sequence, this.#nowMs());
    this.#touched = true;
    return this.#inFlight.nak(sequence, delayMs);
  }

  /** Still working on it: the wait starts over. */
  progress(sequence: Sequence): boolean {
    this.#keyed?.alive(sequence, this.#nowMs());
    this.#touched = true;
    return this.#inFlight.progress(sequence);
  }

  /** Never again, whatever the reason. */
  term(sequence: Sequence, reason: string): boolean {
    const full = this.#full();
    const ring = this.#inFlight.ring;
    const position = ring.find(sequence);
    if (position < 0) return false;
    this.#owner.observer.terminated(this, sequence, ring.first(position), ring.deliveries(position), reason);
    this.#inFlight.release(sequence);
    if (this.#owner.retains) this.#owner.released(sequence);
    this.#acked(full);
    return true;
  }

  /** Asks for `observer.confirmed` once everything acknowledged so far is durable. */
  confirm(): void {
    if (this.#config.memory) {
      this.#owner.observer.confirmed(this, 1);
      return;
    }
    if (this.#toConfirm++ === 0) this.#owner.scheduler.urgent(this);
  }

  /** A record left the log. */
  left(sequence: Sequence, subject: Uint8Array, start: number, end: number): void {
    if (this.#reader.left(sequence, subject, start, end)) return;
    const full = this.#full();
    if (this.#inFlight.live === 0 || !this.#inFlight.release(sequence)) return;
    this.#touch();
    if (full) this.wake();
  }

  /** Starts over at a sequence, or at the floor for 0. Returns where. */
  async reset(sequence: Sequence): Promise<Sequence> {
    const next = sequence === 0 ? this.floorSequence + 1 : sequence;
    this.#inFlight.reset(next);
    this.#keyed?.clear();
    this.#lastDeliveryMs = this.ackedUs = 0;
    await this.#reader.reset(next);
    this.wake();
    return next;
  }

  /** Works by another configuration from now on; `checkGroupChange` has allowed it. */
  async configure(config: GroupConfig): Promise<void> {
    const filtersChanged = config.filters.join(" ") !== this.#config.filters.join(" ");
    this.#config = config;
    this.#condition = compiled(config);
    this.#prioritize(config);
    this.#inFlight.configure(config);
    if (filtersChanged) await this.#reader.refilter(config);
    this.#restartInactive();
    this.wake();
  }

  /** Who is pinned now, of a group that serves one member at a time. */
  get pin(): { readonly id: string; readonly givenUs: number } {
    const { priority } = this.#members;
    return { id: priority?.pin ?? "", givenUs: priority?.pinnedUs ?? 0 };
  }

  /** The pinned member is so no more: the next one to be served is. */
  unpin(priorityGroup: string): void {
    this.#members.priority?.unpin("admin", priorityGroup);
    this.wake();
  }

  #prioritize({ priority }: GroupConfig): void {
    const members = this.#members;
    if (priority === undefined) {
      members.priority?.close();
      members.priority = undefined;
      return;
    }
    if (members.priority !== undefined) {
      members.priority.configure(priority);
      return;
    }
    const { observer, scheduler } = this.#owner;
    const [outstanding, ackPending] = [(): number => this.outstanding, (): number => this.ackPending];
    members.priority = new Priority(priority, scheduler.deadlines, {
      get outstanding() {
        return outstanding();
      },
      get ackPending() {
        return ackPending();
      },
      makePin: scheduler.makePin,
      pinned: (group, pin) => observer.pinned(this, group, pin),
      unpinned: (group, reason) => {
        observer.unpinned(this, group, reason);
        this.wake();
      },
      nowUs: () => scheduler.clock.nowUs(),
    });
  }

  /** Ends it: waiting members are told. */
  close(why: "deleted" | "shutdown"): void {
    if (this.#closed) return;
    if (why === "shutdown") this.save(false);
    this.#closed = true;
    this.#members.close(why);
    this.#tellOpened();
    this.#inFlight.close();
    this.#keyed?.close();
    this.#members.priority?.close();
    this.#wakeTimer.clear();
    this.#inactiveTimer.clear();
    this.#reader.close();
  }

  /** Submits what changed since the last save. */
  save(urgent: boolean): void {
    if (this.#closed || this.#config.memory || (!this.#dirty && this.#toConfirm === 0)) return;
    this.#dirty = false;
    const writer = this.#owner.scheduler.writer;
    this.#inFlight.write(writer, this.#reader.next, this.#reader.resume, false);
    const ticket = this.#owner.log.saveGroup(this.name, writer.done(), urgent);
    if (this.#toConfirm === 0) return;
    this.#confirmations.push(this.#toConfirm);
    this.#toConfirm = 0;
    this.#owner.settlements.wait(ticket, this.#settled);
  }

  /** All of the progress, for the store's checkpoint. */
  snapshot(): Buffer {
    const writer = new ProgressWriter();
    this.#inFlight.write(writer, this.#reader.next, this.#reader.resume, true);
    return writer.done();
  }

  /** Delivers what it can. */
  run(budget: number, nowMs: number): number {
    if (this.#closed || !this.#opened || !this.#members.hungry || this.#paused()) return 0;
    const reader = this.#reader;
    reader.extend();
    let used = 0;
    this.#measured = false;
    if (this.#keyed !== undefined) return this.#keyed.run(budget, nowMs);
    while (used < budget) {
      const pull = this.#members.next(nowMs);
      if (pull === undefined) break;
      const step = reader.view === undefined ? this.#find(nowMs) : "record";
      if (step === "record") {
        if (!this.#passes() || this.#offer(pull, nowMs)) used++;
        continue;
      }
      if (step === "end") this.#members.reachedEnd(this.#config.lingerMs, nowMs);
      break;
    }
    reader.letGo();
    this.#waitForRate(nowMs);
    return used;
  }

  /** False when the new record in view is not the group's by its content: then it is passed over, and the group is done with it. */
  #passes(): boolean {
    const reader = this.#reader;
    const { view, repeating } = reader;
    const condition = this.#condition;
    if (condition === undefined || view === undefined || repeating > 0) return true;
    if (judgeRecord(condition, this.#owner.scheduler.facts, view) === "match") return true;
    const { sequence } = view;
    reader.taken(sequence);
    reader.view = undefined;
    this.#inFlight.passed(sequence);
    if (this.#owner.retains) this.#owner.released(sequence);
    this.#touch();
    return false;
  }

  #keyedHost(owner: GroupOwner): KeyedHost {
    const config = (): GroupConfig => this.#config;
    return {
      log: owner.log,
      inFlight: this.#inFlight,
      reader: this.#reader,
      members: this.#members,
      deadlines: owner.scheduler.deadlines,
      get memberTimeoutMs() {
        return config().memberTimeoutMs;
      },
      get ackPendingMax() {
        return config().ackPendingMax || inFlightMax;
      },
      reachedEnd: (nowMs) => this.#members.reachedEnd(config().lingerMs, nowMs),
      offer: (pull, nowMs) => this.#offer(pull, nowMs),
      passes: () => this.#passes(),
      wake: () => this.wake(),
      touch: () => this.#touch(),
    };
  }

  readonly #isFull = (): boolean => this.#full();

  readonly #settled = (kind: OutcomeKind): void => {
    const acks = this.#confirmations.shift() ?? 0;
    if (kind === "stored") this.#owner.observer.confirmed(this, acks);
  };

  /** Comes back when the rate of a push group allows the next one. */
  #waitForRate(nowMs: number): void {
    const waitMs = this.#members.push?.rateWaitMs(nowMs) ?? 0;
    if (waitMs > 0) this.#wakeTimer.setBy(nowMs + waitMs);
  }

  #find(nowMs: number): ReadStep | "later" {
    const step = this.#reader.find(this.#isFull);
    if (step !== "record" || this.#reader.repeating > 0 || this.#config.replay === "instant") return step;
    return this.#timely(nowMs) ? step : "later";
  }

  /** Replaying as published: false when the record's time has not come. */
  #timely(nowMs: number): boolean {
    const timeUs = this.#reader.view?.timeUs ?? 0;
    const waitMs = this.#replayRecordUs === 0 ? 0 : (timeUs - this.#replayRecordUs) / 1000 - (nowMs - this.#replayMs);
    if (waitMs > 1) {
      this.#wakeTimer.setBy(nowMs + waitMs);
      return false;
    }
    this.#replayRecordUs = timeUs;
    this.#replayMs = nowMs;
    return true;
  }

  /** Offers the record in view; false when the receiver did not take it. */
  #offer(pull: Pull, nowMs: number): boolean {
    const reader = this.#reader;
    const { view, repeating } = reader;
    if (view === undefined) return false;
    const delivery = this.#delivery;
    delivery.sequence = view.sequence;
    delivery.count = this.#inFlight.deliveredCount + 1;
    delivery.deliveries = repeating === 0 ? 1 : this.#inFlight.deliveries(repeating) + 1;
    delivery.timeUs = view.timeUs;
    delivery.outstanding = repeating === 0 ? Math.max(0, reader.outstanding - 1) : reader.outstanding;
    const { priority } = this.#members;
    delivery.pin = priority === undefined ? "" : priority.pin;
    const bounded = pull.bytesLeft !== Infinity;
    const counted = bounded || this.#members.push !== undefined;
    const size = counted ? pull.sink.size(view, delivery) : 0;
    if (bounded && size > pull.bytesLeft) {
      this.#members.priority?.release(pull);
      this.#members.end(pull, "bytesExceeded");
      return false;
    }
    if (!pull.sink.deliver(view, delivery)) {
      if (this.#members.refused(pull)) this.#owner.scheduler.refused(this);
      return false;
    }
    reader.view = undefined;
    if (repeating === 0) {
      if (!this.#measured) {
        this.#measured = true;
        this.#owner.scheduler.measure(view.timeUs);
      }
      this.#delivered(view.sequence, nowMs);
    } else this.#inFlight.sentAgain(repeating, nowMs);
    this.#touch();
    this.#lastDeliveryMs = nowMs;
    this.#members.took(pull, size, nowMs);
    return true;
  }

  #delivered(sequence: Sequence, nowMs: number): void {
    this.#reader.taken(sequence);
    this.#inFlight.sent(sequence, nowMs);
    if (this.#config.ack === "none" && this.#owner.retains) this.#owner.released(sequence);
  }

  #ackAll(sequence: Sequence): void {
    const ring = this.#inFlight.ring;
    for (let lowest = ring.lowest; lowest > 0 && lowest <= sequence; lowest = ring.lowest) {
      if (this.#config.samplePercent > 0 && lowest === sequence) this.#sample(sequence, ring.find(sequence));
      this.#inFlight.release(lowest);
      if (this.#owner.retains) this.#owner.released(lowest);
    }
  }

  #acked(wasFull: boolean): void {
    // As exact as progress is saved: not per ack.
    if (!this.#dirty || this.ackedUs === 0) this.ackedUs = this.#owner.scheduler.clock.nowUs();
    this.#touched = true;
    this.#touch();
    if (wasFull) this.wake();
  }

  #full(): boolean {
    return this.#config.ack !== "none" && this.#inFlight.live >= (this.#config.ackPendingMax || inFlightMax);
  }

  #sample(sequence: Sequence, position: number): void {
    this.#samples += this.#config.samplePercent;
    if (this.#samples < 100) return;
    this.#samples -= 100;
    const ring = this.#inFlight.ring;
    const delayMs = this.#nowMs() - ring.sentMs(position);
    this.#owner.observer.sampled(this, sequence, ring.first(position), ring.deliveries(position), delayMs);
  }

  #touch(): void {
    if (this.#dirty || this.#config.memory) return;
    this.#dirty = true;
    this.#owner.scheduler.dirty(this);
  }

  #paused(): boolean {
    const untilUs = this.#config.pausedUntilUs;
    if (untilUs === 0) return false;
    const leftMs = (untilUs - this.#owner.scheduler.clock.nowUs()) / 1000;
    if (leftMs <= 0) return false;
    this.#wakeTimer.setBy(this.#nowMs() + leftMs);
    return true;
  }

  #checkActive(): void {
    const inactiveMs = this.#config.inactiveMs;
    if (inactiveMs === 0 || this.#closed) return;
    const nowMs = this.#nowMs();
    if (this.#touched || this.#members.present) {
      this.#touched = false;
      this.#lastPullMs = nowMs;
    }
    const leftMs = this.#lastPullMs + inactiveMs - nowMs;
    if (leftMs > 0) this.#inactiveTimer.setBy(nowMs + leftMs);
    else this.#owner.inactive(this);
  }

  #restartInactive(): void {
    this.#inactiveTimer.clear();
    if (this.#config.inactiveMs > 0) this.#inactiveTimer.set(this.#nowMs() + this.#config.inactiveMs);
  }

  #nowMs(): number {
    return this.#owner.scheduler.deadlines.nowMs();
  }
}

function compiled(config: GroupConfig): Expression | undefined {
  return config.condition === "" ? undefined : new Expression(config.condition);
}
