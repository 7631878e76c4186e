/** Keyed groups: each key with one member at a time, in order, whoever comes, goes or falls silent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { groupConfig } from "../../lib/consumer/config.ts";
import type { GroupConfig } from "../../lib/consumer/config.ts";
import type { Group } from "../../lib/consumer/group.ts";
import { propertyRuns } from "../support/effort.ts";
import { Member, Stage } from "./member.ts";

const ackWaitMs = 20_000;
const memberTimeoutMs = 4_000;

async function make(stage: Stage, fields: Partial<GroupConfig> = {}): Promise<Group> {
  const defined = await stage.groups.define(groupConfig({ name: "G", mode: "keyed", ackWaitMs, memberTimeoutMs, ...fields }), undefined);
  assert.ok("group" in defined, JSON.stringify(defined));
  stage.clock.turn();
  return defined.group;
}

const keys = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/** Settles, and lets members get what they can. */
function run(stage: Stage): void {
  for (let round = 0; round < 4; round++) stage.settle();
}

test("keys are shared among the members, one record of a key at a time, in order", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const members = [new Member(), new Member(), new Member()];
  for (const [index, member] of members.entries()) member.ask(group, { batch: 100, member: `m${index}` });
  stage.publish(...keys, ...keys, ...keys);
  run(stage);
  const first = members.map((member) => member.seen.map(({ subject }) => subject));
  assert.deepEqual(first.flat().toSorted(), keys);
  assert.ok(
    first.every((those) => those.length > 0),
    JSON.stringify(first),
  );
  assert.equal(group.ackPending, keys.length);
  assert.equal(group.outstanding, 2 * keys.length);
  for (let round = 0; round < 3; round++) {
    for (const member of members) for (const { sequence } of member.seen) group.ack(sequence);
    run(stage);
  }
  for (const [index, member] of members.entries()) {
    const mine = new Set(member.seen.map(({ subject }) => subject));
    assert.deepEqual([...mine].toSorted(), first[index]?.toSorted());
    for (const key of mine) {
      const sequences = member.seen.filter(({ subject }) => subject === key).map(({ sequence }) => sequence);
      assert.deepEqual(
        sequences,
        sequences.toSorted((x, y) => x - y),
      );
      assert.equal(sequences.length, 3);
    }
  }
  assert.equal(group.floorSequence, 3 * keys.length);
});

test("a key with something unacknowledged stays with its member when another one comes, and moves when that is done", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const one = new Member();
  one.ask(group, { batch: 100, member: "one" });
  stage.publish(...keys);
  run(stage);
  assert.equal(one.seen.length, keys.length);
  const two = new Member();
  two.ask(group, { batch: 100, member: "two" });
  stage.publish(...keys);
  run(stage);
  assert.deepEqual(two.seen, []);
  for (const { sequence } of [...one.seen]) group.ack(sequence);
  run(stage);
  assert.ok(two.seen.length > 0);
  assert.equal(one.seen.length + two.seen.length, 2 * keys.length);
});

test("the keys of a member who falls silent move within five seconds, those of one who leaves at once", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const [silent, leaving, here] = [new Member(), new Member(), new Member()];
  silent.ask(group, { batch: 100, member: "silent" });
  leaving.ask(group, { batch: 100, member: "leaving" });
  here.ask(group, { batch: 100, member: "here" });
  stage.publish(...keys);
  run(stage);
  const [hers, theirs] = [silent.seen.length, leaving.seen.length];
  assert.ok(hers > 0 && theirs > 0);
  assert.ok(group.leave("leaving"));
  run(stage);
  const after = here.seen.length + silent.seen.length;
  assert.ok(after >= keys.length - hers);
  silent.gone = true;
  const before = here.seen.length;
  stage.clock.advance(3_500);
  run(stage);
  assert.equal(here.seen.length, before);
  stage.clock.advance(1_500);
  run(stage);
  assert.deepEqual([...new Set(here.seen.map(({ subject }) => subject))].toSorted(), keys);
  assert.deepEqual(group.memberNames, ["here"]);
});

test("a record delivered again comes before the rest of its key", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 100, member: "m" });
  stage.publish("a", "a", "a");
  run(stage);
  group.nak(1, 0);
  run(stage);
  group.nak(1, 1_000);
  run(stage);
  assert.deepEqual(
    member.seen.map(({ sequence, deliveries }) => [sequence, deliveries]),
    [
      [1, 1],
      [1, 2],
    ],
  );
  stage.clock.advance(1_100);
  run(stage);
  group.ack(1);
  run(stage);
  group.term(2, "no");
  run(stage);
  assert.deepEqual(
    member.seen.map(({ sequence, deliveries }) => [sequence, deliveries]),
    [
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
      [3, 1],
    ],
  );
});

test("what was parked when the broker stopped is delivered for the first time afterwards, in order", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 100, member: "m" });
  stage.publish("a", "a", "b", "a", "b");
  run(stage);
  group.ack(3);
  run(stage);
  const after = await stage.crash();
  const again = after.groups.get("G");
  assert.ok(again !== undefined);
  assert.deepEqual([again.ackPending, again.outstanding], [2, 2]);
  const next = new Member();
  next.ask(again, { batch: 100, member: "m" });
  run(after);
  assert.deepEqual(next.seen, []);
  after.clock.advance(3_100);
  run(after);
  for (const { sequence } of [...next.seen]) again.ack(sequence);
  run(after);
  assert.deepEqual(
    next.seen.map(({ sequence, deliveries }) => [sequence, deliveries]),
    [
      [1, 2],
      [5, 2],
      [2, 1],
    ],
  );
});

test("a keyed group is refused what it cannot be, and keeps its mode", async () => {
  const stage = new Stage();
  const refused = async (fields: Partial<GroupConfig>): Promise<string> => {
    const defined = await stage.groups.define(groupConfig({ name: "X", mode: "keyed", ...fields }), undefined);
    return defined.kind === "refused" ? defined.problem.code : defined.kind;
  };
  assert.equal(await refused({ ack: "all" }), "keyed_needs_explicit_ack");
  assert.equal(
    await refused({ push: { subject: "p", queue: undefined, heartbeatMs: 0, flowControl: false, rateLimitBits: 0 } }),
    "keyed_needs_pull",
  );
  assert.equal(await refused({ memberTimeoutMs: 1 }), "member_timeout_invalid");
  assert.equal(await refused({ condition: "msg.a +" }), "condition_invalid");
  await make(stage);
  assert.equal(await refused({ name: "G", mode: "shared" }), "cannot_change");
});

type Act =
  | { readonly kind: "publish"; readonly key: number }
  | { readonly kind: "ask" | "ack" | "nak" | "leave" | "vanish"; readonly member: number; readonly which: number }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "crash" };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("publish" as const), key: fc.nat({ max: 4 }) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "ask" as const,
        "ask" as const,
        "ack" as const,
        "ack" as const,
        "ack" as const,
        "nak" as const,
        "leave" as const,
        "vanish" as const,
      ),
      member: fc.nat({ max: 3 }),
      which: fc.nat({ max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.constantFrom(10, 1_000, 3_000, 6_000, 21_000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) },
);

/** What a member holds, as the model sees it. */
class World {
  stage = new Stage();
  group: Group | undefined;
  members: (Member | undefined)[] = [undefined, undefined, undefined, undefined];
  /** By record: who has it, since when, and when its holder last showed that he lives. */
  readonly held: Map<number, { member: number; sinceMs: number }> = new Map();
  readonly seenMs: number[] = [0, 0, 0, 0];
  /** Records his waiting pulls still want: while there are any he is there. */
  readonly wanted: number[] = [0, 0, 0, 0];
  readonly acked: Set<number> = new Set();
  readonly keyOf: Map<number, string> = new Map();
  published = 0;

  get live(): Group {
    assert.ok(this.group !== undefined);
    return this.group;
  }

  /** Somebody got a record: nobody else may have one of its key, and what came before it is done. */
  delivered(to: number, sequence: number, key: string): void {
    const nowMs = this.stage.clock.ms;
    for (const [other, { member, sinceMs }] of this.held) {
      if (this.keyOf.get(other) !== key) continue;
      const over = nowMs - sinceMs >= ackWaitMs || this.silent(member);
      assert.ok(over, `record ${sequence} of ${key} goes to m${to} while m${member} has ${other}`);
      this.held.delete(other);
    }
    for (const [other, otherKey] of this.keyOf) {
      if (other < sequence && otherKey === key)
        assert.ok(this.acked.has(other), `record ${sequence} of ${key} comes before ${other} is done`);
    }
    assert.ok(!this.acked.has(sequence), `record ${sequence} comes after it was acknowledged`);
    this.held.set(sequence, { member: to, sinceMs: nowMs });
    this.seenMs[to] = nowMs;
    this.wanted[to] = (this.wanted[to] ?? 0) - 1;
  }

  silent(index: number): boolean {
    const present = this.members[index] !== undefined && (this.wanted[index] ?? 0) > 0;
    return !present && this.stage.clock.ms - (this.seenMs[index] ?? 0) >= memberTimeoutMs;
  }

  ask(index: number, batch: number): void {
    let member = this.members[index];
    if (member === undefined) {
      member = new Member();
      member.onSeen = ({ sequence, subject }) => this.delivered(index, sequence, subject);
      this.members[index] = member;
      this.wanted[index] = 0;
    }
    this.beginAnew(index);
    this.wanted[index] = (this.wanted[index] ?? 0) + batch;
    this.seenMs[index] = this.stage.clock.ms;
    member.ask(this.live, { batch, member: `m${index}` });
  }

  mine(index: number): number[] {
    return [...this.held].filter(([, { member }]) => member === index).map(([sequence]) => sequence);
  }

  /** Nothing of his counts any more. */
  drop(index: number): void {
    for (const sequence of this.mine(index)) this.held.delete(sequence);
    this.members[index] = undefined;
  }

  /** Whom the broker may have thought gone begins anew: what he had is not his any more. */
  beginAnew(index: number): void {
    if (this.silent(index)) for (const sequence of this.mine(index)) this.held.delete(sequence);
  }

  ack(sequence: number): void {
    const holder = this.held.get(sequence);
    if (holder !== undefined) this.beginAnew(holder.member);
    if (holder !== undefined) this.seenMs[holder.member] = this.stage.clock.ms;
    this.held.delete(sequence);
    if (this.live.ack(sequence)) this.acked.add(sequence);
  }
}

async function play(world: World, one: Act): Promise<void> {
  const { stage } = world;
  switch (one.kind) {
    case "publish":
      world.published++;
      world.keyOf.set(world.published, keys[one.key] ?? "");
      stage.publish(keys[one.key] ?? "");
      break;
    case "ask":
      world.ask(one.member, one.which + 1);
      break;
    case "ack": {
      const mine = world.mine(one.member);
      const sequence = mine[one.which % Math.max(1, mine.length)];
      if (sequence !== undefined) world.ack(sequence);
      break;
    }
    case "nak": {
      const mine = world.mine(one.member);
      const sequence = mine[one.which % Math.max(1, mine.length)];
      if (sequence === undefined) break;
      world.beginAnew(one.member);
      world.held.delete(sequence);
      world.seenMs[one.member] = stage.clock.ms;
      world.live.nak(sequence, 0);
      break;
    }
    case "leave":
      if (world.members[one.member] === undefined) break;
      world.drop(one.member);
      world.live.leave(`m${one.member}`);
      break;
    case "vanish": {
      // Falls silent: what it has stays with it until the broker may think it gone.
      const member = world.members[one.member];
      if (member === undefined) break;
      member.gone = true;
      world.members[one.member] = undefined;
      break;
    }
    case "time":
      stage.clock.advance(one.ms);
      break;
    case "crash":
      stage.settle();
      world.held.clear();
      world.members = [undefined, undefined, undefined, undefined];
      world.stage = await stage.crash();
      world.group = world.stage.groups.get("G");
      break;
  }
  run(world.stage);
}

test("whatever members and brokers do, no key is ever with two members, and its records come in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 120 }), async (acts) => {
      const world = new World();
      world.group = await make(world.stage);
      for (const one of acts) await play(world, one);
      // In the end one member gets everything that is left.
      world.stage.clock.advance(30_000);
      for (const [index, member] of world.members.entries()) if (member !== undefined) world.live.leave(`m${index}`);
      world.held.clear();
      world.members = [undefined, undefined, undefined, undefined];
      for (let round = 0; round < world.published * 2 + 2; round++) {
        world.ask(0, 50);
        run(world.stage);
        for (const sequence of world.mine(0)) world.ack(sequence);
        run(world.stage);
      }
      assert.equal(world.acked.size, world.published);
      assert.deepEqual([world.live.ackPending, world.live.outstanding], [0, 0]);
    }),
    propertyRuns(11, 150, 3_000),
  );
});
