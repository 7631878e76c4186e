/**
 * Random lives of a group against a naive model: two maps and a high mark. The model is copied at each commit; a crash goes back to
 * the copy, and so must the group.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { groupConfig } from "../../lib/consumer/config.ts";
import type { GroupConfig } from "../../lib/consumer/config.ts";
import type { Group } from "../../lib/consumer/group.ts";
import { Member, Stage } from "./member.ts";
import type { Seen } from "./member.ts";

type Step = readonly [kind: string, a: number, b: number];

const kinds = [
  ..."publish publish publish commit commit pull pull pull ack ack ack ack nak term progress".split(" "),
  ..."advance advance remove purge crash checkpoint slow drain".split(" "),
];
const subjects = ["a.1", "a.2", "b.1", "c"];

class Life {
  stage = new Stage();
  group: Group;
  member = new Member();
  high = 0;
  pending: Map<number, number> = new Map();
  done: Set<number> = new Set();
  durable: { high: number; pending: Map<number, number>; done: Set<number> } = { high: 0, pending: new Map(), done: new Set() };
  readonly config: GroupConfig;

  constructor(config: GroupConfig, stage: Stage, group: Group) {
    this.config = config;
    this.stage = stage;
    this.group = group;
    this.join();
  }

  static async begin(fields: Partial<GroupConfig>): Promise<Life> {
    const stage = new Stage();
    const config = groupConfig({ name: "G", ackWaitMs: 500, ...fields });
    const defined = await stage.groups.define(config, "create");
    assert.ok("group" in defined);
    return new Life(config, stage, defined.group);
  }

  join(): void {
    this.member = new Member();
    this.member.onSeen = (seen) => this.saw(seen);
  }

  matches(sequence: number): boolean {
    const subject = this.stage.log.records.get(sequence)?.subject;
    if (subject === undefined || sequence > this.stage.log.visible) return false;
    return this.config.filters.length === 0 || this.config.filters.some((filter) => subject.startsWith(filter.slice(0, -1)));
  }

  toCome(): number[] {
    const sequences: number[] = [];
    for (let sequence = this.high + 1; sequence <= this.stage.log.visible; sequence++) {
      if (this.matches(sequence)) sequences.push(sequence);
    }
    return sequences;
  }

  saw(seen: Seen): void {
    this.hear();
    if (seen.deliveries === 1) {
      const [next, ...rest] = this.toCome();
      assert.equal(seen.sequence, next, "new records come in order, none twice, none left out");
      assert.equal(seen.outstanding, rest.length, "the number still to come is exact");
      this.high = seen.sequence;
      if (this.config.ack === "none") this.done.add(seen.sequence);
      else this.pending.set(seen.sequence, 1);
    } else {
      assert.equal(seen.deliveries, (this.pending.get(seen.sequence) ?? -1) + 1, "only what is unacknowledged comes again");
      this.pending.set(seen.sequence, seen.deliveries);
    }
    const max = this.config.ackPendingMax;
    assert.ok(max === 0 || this.pending.size <= max, "never more unacknowledged than allowed");
  }

  pick(n: number): number {
    const all = [...this.pending.keys()];
    return all[n % Math.max(1, all.length)] ?? 0;
  }

  finish(sequence: number): void {
    if (this.config.ack === "all") {
      for (const other of this.pending.keys()) if (other <= sequence) this.done.add(other);
      for (const other of this.done) this.pending.delete(other);
    } else if (this.pending.delete(sequence)) this.done.add(sequence);
  }

  remember(): void {
    this.durable = { high: this.high, pending: new Map(this.pending), done: new Set(this.done) };
  }

  commit(): void {
    // Committing delivers nothing by itself: what the model knows now is what becomes durable.
    this.remember();
    this.stage.log.commit();
    this.settle();
  }

  settle(): void {
    for (let i = 0; i < 100; i++) {
      this.stage.clock.turn();
      this.stage.log.loaded();
    }
    this.hear();
  }

  /** What was given up. */
  hear(): void {
    for (const event of this.stage.events.splice(0)) {
      const [what, , sequence, deliveries] = event.split(" ");
      if (what !== "exhausted") continue;
      assert.equal(this.pending.get(Number(sequence)), Number(deliveries));
      assert.equal(Number(deliveries), this.config.deliveriesMax);
      this.pending.delete(Number(sequence));
      this.done.add(Number(sequence));
    }
  }

  async crash(): Promise<void> {
    this.member.gone = true;
    this.member.onSeen = () => {};
    this.stage = await this.stage.crash();
    const group = this.stage.groups.get("G");
    assert.ok(group, "a durable group survives");
    this.group = group;
    this.high = this.durable.high;
    this.pending = new Map(this.durable.pending);
    this.done = new Set(this.durable.done);
    this.join();
  }

  async step([kind, a, b]: Step): Promise<void> {
    const { stage, group } = this;
    switch (kind) {
      case "publish":
        for (let i = 0; i <= a % 4; i++) stage.log.publish(subjects[(b + i) % subjects.length] ?? "a.1");
        break;
      case "commit":
        this.commit();
        break;
      case "pull":
        this.member.ask(group, { batch: 1 + (a % 7), noWait: b % 3 === 0, expiresMs: b % 2 === 0 ? 700 : 0 });
        break;
      case "ack":
      case "term": {
        const sequence = this.pick(a);
        if (sequence === 0) break;
        assert.equal(kind === "ack" ? group.ack(sequence) : group.term(sequence, ""), true);
        if (kind === "ack") this.finish(sequence);
        else if (this.pending.delete(sequence)) this.done.add(sequence);
        if (this.config.ack === "explicit") assert.equal(group.ack(sequence), false, "a second ack says that it is none");
        break;
      }
      case "nak":
        group.nak(this.pick(a), b % 2 === 0 ? 0 : 300);
        break;
      case "progress":
        group.progress(this.pick(a));
        break;
      case "advance":
        stage.clock.advance((a % 10) * 100);
        break;
      case "remove": {
        const sequence = 1 + (a % Math.max(1, stage.log.visible));
        if (stage.log.removeSequence(sequence)) this.pending.delete(sequence);
        this.commit();
        break;
      }
      case "purge": {
        if (stage.log.visible === 0) break;
        const upTo = 1 + (a % stage.log.visible);
        stage.log.purge(upTo);
        for (const sequence of this.pending.keys()) if (sequence <= upTo) this.pending.delete(sequence);
        this.commit();
        // What a purge takes from the pending set is saved with the commit after it.
        this.commit();
        break;
      }
      case "crash":
        await this.crash();
        break;
      case "checkpoint":
        if (a % 2 === 0) {
          // In the middle of everything: it holds what no delta has said yet.
          if (stage.log.checkpoint(0)) this.remember();
          break;
        }
        this.commit();
        stage.log.commit();
        this.remember();
        stage.log.checkpoint(b % 3);
        break;
      case "slow":
        stage.log.loadEvery = a % 4;
        break;
      case "drain":
        this.member.room = a % 3 === 0 ? 0 : Infinity;
        stage.scheduler.drained();
        break;
      default:
        break;
    }
    this.settle();
    this.check();
  }

  check(): void {
    assert.equal(this.group.ackPending, this.pending.size, "as many unacknowledged as the model has");
    assert.equal(this.group.outstanding, this.toCome().length, "as many to come as the model counts");
    const lowest = Math.min(...this.pending.keys());
    if (this.pending.size > 0) assert.ok(this.group.floorSequence < lowest, "the floor is below what is unacknowledged");
    let again = 0;
    for (const deliveries of this.pending.values()) if (deliveries > 1) again++;
    assert.equal(this.group.redelivered, again);
  }

  /** Everybody behaves: in the end all there is was delivered and acknowledged. */
  async end(): Promise<void> {
    this.stage.log.loadEvery = 0;
    this.member.room = Infinity;
    this.stage.scheduler.drained();
    for (let round = 0; round < 400 && (this.toCome().length > 0 || this.pending.size > 0 || round === 0); round++) {
      this.commit();
      this.member.ask(this.group, { batch: 10, expiresMs: 1000 });
      this.settle();
      for (const sequence of this.pending.keys()) {
        this.group.ack(sequence);
        this.finish(sequence);
      }
      this.stage.clock.advance(4000);
      this.settle();
      this.check();
    }
    assert.deepEqual(this.toCome(), []);
    assert.equal(this.pending.size, 0);
    for (const sequence of this.stage.log.records.keys()) {
      if (this.matches(sequence)) assert.ok(this.done.has(sequence), `${sequence} was delivered and acknowledged`);
    }
  }
}

const steps = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(1000), fc.nat(1000)), { minLength: 20, maxLength: 120 });
const configs: fc.Arbitrary<Partial<GroupConfig>> = fc.record({
  ack: fc.constantFrom("explicit" as const, "explicit" as const, "all" as const, "none" as const),
  filters: fc.constantFrom([], ["a.>"], ["a.>", "c>"].slice(0, 1), ["a.>", "b.>"]),
  deliveriesMax: fc.constantFrom(0, 0, 3),
});

test("any life of a group is the model's life, crashes included", async () => {
  await fc.assert(
    fc.asyncProperty(configs, fc.constantFrom(1, 3, 1000), steps, async (config, ackPendingMax, life) => {
      const one = await Life.begin({ ...config, ackPendingMax: config.ack === "none" ? 0 : ackPendingMax });
      for (const step of life) await one.step(step);
      await one.end();
    }),
    { seed: 20261121, numRuns: 300, includeErrorInReport: true },
  );
});
