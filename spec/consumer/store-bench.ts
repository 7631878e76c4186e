/** Groups over a real store: what the broker and a station do for them, and nothing else. */
import assert from "node:assert/strict";
import type { Clock } from "../../lib/clock.ts";
import type { Group, GroupObserver } from "../../lib/consumer/group.ts";
import { Groups } from "../../lib/consumer/groups.ts";
import { GroupScheduler } from "../../lib/consumer/scheduler.ts";
import type { Settlements } from "../../lib/consumer/scheduler.ts";
import { Pending } from "../../lib/pending.ts";
import { logDefinition, stationConfig } from "../../lib/station/config.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import type { AppendRequest, Log, Store } from "../../store/store.ts";

const ignore = (): void => {};

export class StoreBench {
  readonly store: Store;
  readonly clock: Clock;
  readonly pending: Pending;
  readonly config: StationConfig;
  /** Where groups learn that their progress is durable: `pending` when they are told the truth. */
  settlements: Settlements;
  /** Told of confirmed acks. */
  onConfirmed: (group: Group, acks: number) => void = ignore;
  #groups: Groups | undefined;
  #log: Log | undefined;
  #dirty: { saveProgress(): void }[] = [];

  constructor(store: Store, clock: Clock, config: Partial<StationConfig>) {
    this.store = store;
    this.clock = clock;
    this.config = stationConfig({ name: "S", ...config });
    this.pending = new Pending((task) => clock.endOfTurn(task));
    this.settlements = this.pending;
  }

  get log(): Log {
    assert.ok(this.#log !== undefined);
    return this.#log;
  }

  get groups(): Groups {
    assert.ok(this.#groups !== undefined);
    return this.#groups;
  }

  /** Opens the store; takes up the log it has, or defines one. False when there is none and `define` forbids it. */
  async open(define: boolean): Promise<boolean> {
    const logs = await this.store.open({
      beforeCommit: () => {
        for (const source of this.#dirty.splice(0)) source.saveProgress();
      },
      settled: (outcome) => this.pending.settled(outcome),
      committed: () => this.#groups?.committed(),
      fault: ignore,
    });
    if (logs[0] === undefined && !define) return false;
    const log = logs[0] ?? (await this.store.define(logDefinition("$G", this.config), 0));
    this.#log = log;
    const observer: GroupObserver = {
      exhausted: ignore,
      nakked: ignore,
      terminated: ignore,
      sampled: ignore,
      pinned: ignore,
      unpinned: ignore,
      confirmed: (group, acks) => this.onConfirmed(group, acks),
    };
    const groups = new Groups(
      { name: "S", log, config: this.config, finished: ignore, interestFell: ignore },
      {
        scheduler: new GroupScheduler({ clock: this.clock, dirty: (source) => this.#dirty.push(source) }),
        settlements: this.settlements,
        observer,
        pushing: ignore,
        deleted: ignore,
        limits: () => ({}),
        report: (message) => assert.fail(message),
      },
    );
    log.removed = (sequence, subject, start, end) => groups.removed(sequence, subject, start, end);
    this.#groups = groups;
    await groups.recover();
    return true;
  }

  /** Submits a record; `stored` is told its sequence once it is acknowledged. A `fleeting` one is never there. */
  publish(subject: string, stored: (sequence: number) => void = ignore, fleeting = false): void {
    const bytes = Buffer.from(subject);
    const request: AppendRequest = {
      subject: bytes,
      body: bytes,
      bodyStart: 0,
      bodyEnd: bytes.length,
      headerBytes: 0,
      timeUs: 0,
      messageId: undefined,
      expect: undefined,
      rollup: "none",
      ttlSeconds: 0,
      fleeting,
    };
    const ticket = this.log.append(request);
    this.pending.wait(ticket, (kind, sequence) => {
      if (kind === "stored") stored(sequence);
    });
  }
}
