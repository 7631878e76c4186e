/**
 * Gives the groups of a broker their turns: bounded work per turn of the event loop, everybody served in order of asking, and
 * progress gathered so that one save rides each commit. Owns the groups' one timer.
 */
import type { Clock } from "../../store/environment.ts";
import { idMaker, SystemRandom } from "../random.ts";
import type { Random } from "../random.ts";
import { MessageFacts } from "../condition/facts.ts";
import { Histogram, secondsBounds } from "../metrics.ts";
import type { OutcomeKind, Ticket } from "../../store/store.ts";
import { Deadlines } from "./deadlines.ts";
import type { Deadline } from "./deadlines.ts";
import { ProgressWriter } from "./progress.ts";

/** Deliveries in one turn, all groups together, and of one group at a time. */
const turnBudget = 2048;
const groupBudget = 512;
/** Progress that no commit took along is saved after this long. */
const saveAfterMs = 40;

/** A group as the scheduler sees it. */
export interface Scheduled {
  scheduled: boolean;
  /** Delivers at most `budget` records; returns how many it did. As many as allowed means there may be more. */
  run(budget: number, nowMs: number): number;
  /** Its receivers may have room again. */
  drained(): void;
  /** Submits progress. `urgent`: somebody waits for it. */
  save(urgent: boolean): void;
}

/** Where a broker's groups meet the stores. */
export interface SchedulerHost {
  readonly clock: Clock;
  readonly random?: Random;
  /** Asks for `saveProgress` before the next commit. */
  dirty(source: { saveProgress(): void }): void;
}

/** Calls back when a ticket of one store settles. */
export interface Settlements {
  wait(ticket: Ticket, settlement: (kind: OutcomeKind, sequence: number) => void): void;
}

export class GroupScheduler {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly writer: ProgressWriter = new ProgressWriter();
  /** How groups with a condition see a record's content. */
  readonly facts: MessageFacts;
  /** Seconds from a record's time to its first delivery; one of each group's turn is measured. */
  readonly latencies: Histogram = new Histogram(secondsBounds);
  /** Names for members that are pinned. */
  readonly makePin: () => string;
  readonly #host: SchedulerHost;
  #ready: Scheduled[] = [];
  #dirty: Scheduled[] = [];
  #urgent: Scheduled[] = [];
  readonly #refused: Set<Scheduled> = new Set();
  /** Deliveries left in this turn. */
  #budget: number = turnBudget;
  #armed = false;
  #asked = false;
  readonly #saveTimer: Deadline;
  readonly #turn = (): void => this.#run();

  constructor(host: SchedulerHost) {
    this.#host = host;
    this.makePin = idMaker(host.random ?? new SystemRandom(), 22);
    this.clock = host.clock;
    this.deadlines = new Deadlines(host.clock);
    this.facts = new MessageFacts(host.clock);
    this.#saveTimer = this.deadlines.make(() => this.saveProgress());
  }

  /** The group has something to deliver, or may have. */
  ready(group: Scheduled): void {
    if (group.scheduled) return;
    group.scheduled = true;
    this.#ready.push(group);
    this.#arm();
  }

  /** A record was delivered for the first time. */
  measure(recordUs: number): void {
    this.latencies.observe(Math.max(0, this.clock.nowUs() - recordUs) / 1e6);
  }

  /** A receiver of the group has no room: it is told when some receiver has again. */
  refused(group: Scheduled): void {
    this.#refused.add(group);
  }

  /** Some receiver has room again. */
  drained(): void {
    for (const group of this.#refused) {
      this.#refused.delete(group);
      group.drained();
    }
  }

  /** The group has progress to save; once until it has. */
  dirty(group: Scheduled): void {
    this.#dirty.push(group);
    if (this.#asked) return;
    this.#asked = true;
    this.#host.dirty(this);
    this.#saveTimer.setBy(this.deadlines.nowMs() + saveAfterMs);
  }

  /** Somebody waits for the group's progress to be durable: saved at the end of the turn. */
  urgent(group: Scheduled): void {
    this.#urgent.push(group);
    this.#arm();
  }

  /** Before a commit, or when none came: the last moment for progress to ride in it. */
  saveProgress(): void {
    this.#asked = false;
    this.#saveTimer.clear();
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    for (const group of dirty) group.save(false);
  }

  /** Gives turns now instead of at the end of the turn: what a commit has woken leaves with what the commit has answered. */
  serve(): void {
    const ready = this.#ready;
    if (ready.length === 0 || this.#budget <= 0) return;
    this.#ready = [];
    const nowMs = this.deadlines.nowMs();
    for (const group of ready) {
      group.scheduled = false;
      if (this.#budget <= 0) {
        this.ready(group);
        continue;
      }
      const allowed = Math.min(this.#budget, groupBudget);
      const used = group.run(allowed, nowMs);
      this.#budget -= used;
      if (used >= allowed) this.ready(group);
    }
  }

  close(): void {
    this.saveProgress();
    this.deadlines.close();
    this.#ready = [];
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.clock.endOfTurn(this.#turn);
  }

  #run(): void {
    this.#armed = false;
    this.#budget = turnBudget;
    this.serve();
    const urgent = this.#urgent;
    if (urgent.length === 0) return;
    this.#urgent = [];
    for (const group of urgent) group.save(true);
  }
}
