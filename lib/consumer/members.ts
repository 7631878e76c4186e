/**
 * Who receives of a group now: the waiting pulls, or the receiver of a push group. Says whose turn it is, keeps those aside who have
 * no room, ends pulls that are over and gives signs of life. It never looks at records.
 */
import type { Deadline, Deadlines } from "./deadlines.ts";
import { PullQueue } from "./pulls.ts";
import type { Pull } from "./pulls.ts";
import type { Priority } from "./priority.ts";
import { PushFlow } from "./push-flow.ts";
import type { PushConfig } from "./config.ts";
import type { GroupPosition, PushSink } from "./sink.ts";

export class Members {
  readonly #group: GroupPosition;
  readonly #deadlines: Deadlines;
  readonly #pulls: PullQueue = new PullQueue();
  readonly #timer: Deadline;
  #push: PushFlow | undefined = undefined;
  /** Chooses among the pulls where members have priorities; else they are served in turn. */
  priority: Priority | undefined = undefined;
  #lastSentMs: number;

  constructor(group: GroupPosition, deadlines: Deadlines) {
    this.#group = group;
    this.#deadlines = deadlines;
    this.#timer = deadlines.make(() => this.check());
    this.#lastSentMs = deadlines.nowMs();
  }

  /** Pulls that wait. */
  get waiting(): number {
    return this.#pulls.size;
  }

  /** The receiver of a push group, once there is one. */
  get push(): PushFlow | undefined {
    return this.#push;
  }

  /** True when a delivery could be made if there were a record. */
  get hungry(): boolean {
    return this.#push === undefined ? this.#pulls.ready > 0 : !this.#push.blocked && this.#push.active;
  }

  /** Somebody could receive: nothing is unused. */
  get present(): boolean {
    this.dropGone();
    return this.#pulls.size > 0 || (this.#push?.active ?? false);
  }

  add(pull: Pull): void {
    this.#pulls.add(pull);
    this.#timer.setBy(Math.min(pull.expiresMs, pull.nextHeartbeatMs));
  }

  /** From now on deliveries go to this receiver. */
  pushTo(config: PushConfig, sink: PushSink): void {
    const nowMs = this.#deadlines.nowMs();
    this.#push = new PushFlow(config, sink, nowMs);
    if (config.heartbeatMs > 0) this.#timer.setBy(nowMs + config.heartbeatMs);
  }

  /** Whose turn it is; undefined when nobody can take anything now. */
  next(nowMs: number): Pull | undefined {
    if (this.#push !== undefined) return this.#push.mayDeliver(nowMs) ? this.#push.pull : undefined;
    for (let pull = this.#pulls.peek(); pull !== undefined; pull = this.#pulls.peek()) {
      if (pull.expiresMs <= nowMs) this.end(pull, "expired");
      else return this.priority === undefined ? pull : this.#choose(this.priority, nowMs);
    }
    return undefined;
  }

  #choose(priority: Priority, nowMs: number): Pull | undefined {
    for (;;) {
      const pull = priority.choose(this.#pulls, (wrong) => this.end(wrong, "wrongPin"));
      if (pull === undefined || pull.expiresMs > nowMs) return pull;
      this.end(pull, "expired");
    }
  }

  /** It took a record. */
  took(pull: Pull, bytes: number, nowMs: number): void {
    this.#lastSentMs = nowMs;
    if (this.#push !== undefined) {
      this.#push.sent(bytes);
      return;
    }
    pull.delivered++;
    pull.left--;
    const bounded = pull.bytesLeft !== Infinity;
    if (bounded) pull.bytesLeft -= bytes;
    if (pull.left <= 0 || pull.bytesLeft === 0) {
      this.#pulls.remove(pull);
      if (bounded && pull.bytesLeft > 0) pull.sink.status("batchCompleted", pull, this.#group);
      return;
    }
    if (pull.heartbeatMs > 0) pull.nextHeartbeatMs = nowMs + pull.heartbeatMs;
    if (this.priority === undefined) this.#pulls.rotate();
    else this.#pulls.last(pull);
  }

  /** It did not take a record. False when it is gone; else it is kept aside until `drained`. */
  refused(pull: Pull): boolean {
    if (this.#push !== undefined) {
      this.#push.blocked = !pull.sink.gone;
      return this.#push.blocked;
    }
    if (pull.sink.gone) {
      this.#pulls.remove(pull);
      return false;
    }
    this.#pulls.block(pull);
    return true;
  }

  /** Room appeared at some receiver. */
  drained(): void {
    if (this.#push !== undefined) this.#push.blocked = false;
    else this.#pulls.unblock();
  }

  /** Nothing is there any more: those who do not wait for more end. */
  reachedEnd(lingerMs: number, nowMs: number): void {
    if (lingerMs > 0) this.#linger(nowMs + lingerMs);
    if (this.#pulls.noWaits === 0) return;
    for (const pull of this.#pulls.all()) {
      if (pull.noWait && (pull.expiresMs === Infinity || pull.delivered > 0)) this.end(pull, "empty");
    }
  }

  /** Those who got something wait no longer than this for more. */
  #linger(untilMs: number): void {
    for (const pull of this.#pulls.all()) {
      if (pull.delivered === 0 || pull.expiresMs <= untilMs) continue;
      pull.expiresMs = untilMs;
      this.#timer.setBy(untilMs);
    }
  }

  end(pull: Pull, status: "empty" | "expired" | "bytesExceeded" | "wrongPin" | "deleted" | "shutdown"): void {
    this.#pulls.remove(pull);
    pull.sink.status(status, pull, this.#group);
  }

  /** Drops the waiting pulls whose receiver is gone. */
  dropGone(): void {
    for (const pull of this.#pulls.all()) {
      if (pull.sink.gone) this.#pulls.remove(pull);
    }
  }

  /** How many records all waiting pulls want together. */
  wanted(): number {
    let wanted = 0;
    for (const pull of this.#pulls.all()) wanted += pull.left;
    return wanted;
  }

  close(why: "deleted" | "shutdown"): void {
    this.#timer.clear();
    this.dropGone();
    for (const pull of this.#pulls.all()) this.end(pull, why);
  }

  /** Ends what has expired, sends signs of life, and finds out when to look again. */
  check(): void {
    const nowMs = this.#deadlines.nowMs();
    if (this.#push !== undefined) {
      this.#checkPush(this.#push, nowMs);
      return;
    }
    let next = Infinity;
    for (const pull of this.#pulls.all()) {
      if (pull.sink.gone) this.#pulls.remove(pull);
      else if (pull.expiresMs <= nowMs) this.end(pull, "expired");
      else {
        if (pull.nextHeartbeatMs <= nowMs) {
          pull.sink.status("heartbeat", pull, this.#group);
          // In step with its beginning, late as it may be, unless a whole beat was missed.
          pull.nextHeartbeatMs += pull.heartbeatMs;
          if (pull.nextHeartbeatMs <= nowMs) pull.nextHeartbeatMs = nowMs + pull.heartbeatMs;
        }
        next = Math.min(next, pull.expiresMs, pull.nextHeartbeatMs);
      }
    }
    if (next !== Infinity) this.#timer.setBy(next);
  }

  /** A sign of life, when nothing was sent for that long. */
  #checkPush(push: PushFlow, nowMs: number): void {
    const beatMs = push.config.heartbeatMs;
    if (beatMs === 0) return;
    if (push.active && nowMs - this.#lastSentMs >= beatMs) {
      push.sink.heartbeat(this.#group.deliveredCount, this.#group.deliveredSequence, push.stalled);
      this.#lastSentMs = nowMs;
    }
    this.#timer.setBy(push.active ? Math.max(nowMs + 1, this.#lastSentMs + beatMs) : nowMs + beatMs);
  }
}
