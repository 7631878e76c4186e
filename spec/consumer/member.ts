/** A station of one tiny log with its groups on a manual clock, and members that remember what they were told. */
import { stationConfig } from "../../lib/station/config.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import type { Group, GroupObserver } from "../../lib/consumer/group.ts";
import { Groups } from "../../lib/consumer/groups.ts";
import { GroupScheduler } from "../../lib/consumer/scheduler.ts";
import type { Delivery, GroupPosition, PullStatus, PushSink } from "../../lib/consumer/sink.ts";
import type { Pull, PullRequest } from "../../lib/consumer/pulls.ts";
import type { RecordView } from "../../store/store.ts";
import { ManualClock } from "./manual-clock.ts";
import { TinyLog } from "./tiny-log.ts";

export interface Seen {
  readonly subject: string;
  readonly text: string;
  readonly sequence: number;
  readonly count: number;
  readonly deliveries: number;
  readonly outstanding: number;
}

export class Member implements PushSink {
  readonly seen: Seen[] = [];
  readonly told: string[] = [];
  /** Deliveries it has room for. */
  room: number = Infinity;
  gone = false;
  onSeen: (seen: Seen) => void = () => {};

  deliver(record: RecordView, delivery: Delivery): boolean {
    if (this.room <= 0) return false;
    this.room--;
    const { sequence, count, deliveries, outstanding } = delivery;
    const seen: Seen = {
      subject: record.buffer.toString("utf8", record.subjectStart, record.subjectEnd),
      text: record.buffer.toString("utf8", record.bodyStart, record.bodyEnd),
      sequence,
      count,
      deliveries,
      outstanding,
    };
    this.seen.push(seen);
    this.onSeen(seen);
    return true;
  }

  size(record: RecordView): number {
    return record.bodyEnd - record.subjectStart;
  }

  status(status: PullStatus, pull: Pull, _group: GroupPosition): void {
    this.told.push(`${status} ${pull.left}`);
  }

  heartbeat(count: number, sequence: number, stalled: number): void {
    this.told.push(`heartbeat ${count} ${sequence} ${stalled}`);
  }

  flowRequest(id: number): void {
    this.told.push(`flow ${id}`);
  }

  get sequences(): number[] {
    return this.seen.map((seen) => seen.sequence);
  }

  ask(group: Group, request: Partial<PullRequest> = {}): string | undefined {
    return group.pull({ sink: this, batch: 1, bytesMax: 0, noWait: false, expiresMs: 0, heartbeatMs: 0, ...request });
  }
}

export class Stage {
  readonly clock: ManualClock;
  readonly log: TinyLog;
  readonly scheduler: GroupScheduler;
  readonly groups: Groups;
  readonly events: string[] = [];
  readonly config: StationConfig;

  constructor(config: Partial<StationConfig> = {}, before?: Stage) {
    this.clock = before?.clock ?? new ManualClock();
    this.config = stationConfig({ name: "S", ...config });
    this.log = new TinyLog("$G/S", before?.log);
    const sources: { saveProgress(): void }[] = [];
    this.log.beforeCommit = () => {
      for (const source of sources.splice(0)) source.saveProgress();
    };
    this.log.committed = () => this.groups.committed();
    this.scheduler = new GroupScheduler({ clock: this.clock, dirty: (source) => sources.push(source) });
    const observer: GroupObserver = {
      exhausted: (group, sequence, deliveries) => this.events.push(`exhausted ${group.name} ${sequence} ${deliveries}`),
      nakked: (group, sequence, count, deliveries) => this.events.push(`nak ${group.name} ${sequence} ${count} ${deliveries}`),
      terminated: (group, sequence, _count, _deliveries, reason) => this.events.push(`term ${group.name} ${sequence} ${reason}`),
      sampled: (group, sequence, _count, deliveries, delayMs) =>
        this.events.push(`sample ${group.name} ${sequence} ${deliveries} ${delayMs}`),
      pinned: (group, priorityGroup) => this.events.push(`pinned ${group.name} ${priorityGroup}`),
      unpinned: (group, priorityGroup, reason) => this.events.push(`unpinned ${group.name} ${priorityGroup} ${reason}`),
      confirmed: (group, acks) => this.events.push(`confirmed ${group.name} ${acks}`),
    };
    const log = this.log;
    this.groups = new Groups(
      {
        name: "S",
        log,
        config: this.config,
        finished: (sequence) => void (this.config.retention === "workqueue" && log.removeSequence(sequence)),
        interestFell: () => {},
      },
      {
        scheduler: this.scheduler,
        settlements: log,
        observer,
        pushing: () => {},
        deleted: (group) => this.events.push(`deleted ${group.name}`),
        limits: () => ({}),
        report: (message) => this.events.push(message),
      },
    );
    log.removed = (sequence, subject, start, end) => this.groups.removed(sequence, subject, start, end);
  }

  publish(...subjects: string[]): void {
    for (const subject of subjects) this.log.publish(subject);
    this.log.commit();
    this.clock.turn();
  }

  settle(): void {
    this.log.commit();
    this.clock.turn();
  }

  /** The process dies: a new one opens what was durable. */
  async crash(): Promise<Stage> {
    this.scheduler.deadlines.close();
    const next = new Stage(this.config, this);
    await next.groups.recover();
    return next;
  }
}
