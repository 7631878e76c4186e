/** Members with priorities: overflow, one pinned member at a time, and levels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupConfig } from "../../lib/consumer/config.ts";
import type { Group } from "../../lib/consumer/group.ts";
import type { PriorityPolicy } from "../../lib/consumer/priority.ts";
import type { PullPriority } from "../../lib/consumer/pulls.ts";
import { Member, Stage } from "./member.ts";

async function make(stage: Stage, policy: PriorityPolicy | undefined): Promise<Group> {
  const priority = policy === undefined ? undefined : { policy, groups: ["p"], pinTimeoutMs: 1000 };
  const defined = await stage.groups.define(groupConfig({ name: "G", priority }), undefined);
  assert.ok("group" in defined, JSON.stringify(defined));
  stage.clock.turn();
  return defined.group;
}

const asking = (fields: Partial<PullPriority> = {}): PullPriority => ({
  ...{ group: "p", minPending: 0, minAckPending: 0, pin: "", level: 0 },
  ...fields,
});

test("a pull that waits for an overflow is served once enough is to come or unacknowledged, and not before", async () => {
  const stage = new Stage();
  const group = await make(stage, "overflow");
  const [pending, unacked, plain] = [new Member(), new Member(), new Member()];
  pending.ask(group, { batch: 5, priority: asking({ minPending: 3 }) });
  unacked.ask(group, { batch: 5, priority: asking({ minAckPending: 2 }) });
  stage.publish("a", "b");
  assert.deepEqual([pending.sequences, unacked.sequences], [[], []]);
  plain.ask(group, { batch: 2, priority: asking() });
  assert.deepEqual(plain.sequences, [1, 2]);
  stage.publish("c");
  assert.deepEqual([pending.sequences, unacked.sequences], [[], [3]]);
});

test("the lowest level is served first, and equals in turn", async () => {
  const stage = new Stage();
  const group = await make(stage, "prioritized");
  const [low, one, two] = [new Member(), new Member(), new Member()];
  low.ask(group, { batch: 10, priority: asking({ level: 5 }) });
  one.ask(group, { batch: 2, priority: asking({ level: 1 }) });
  two.ask(group, { batch: 2, priority: asking({ level: 1 }) });
  stage.publish("a", "b", "c", "d", "e");
  assert.deepEqual([one.sequences, two.sequences, low.sequences], [[1, 3], [2, 4], [5]]);
});

test("the first member served is pinned, others wait until it has been silent for a while", async () => {
  const stage = new Stage();
  const group = await make(stage, "pinned");
  const [first, second] = [new Member(), new Member()];
  first.ask(group, { batch: 1, priority: asking() });
  second.ask(group, { batch: 10, priority: asking() });
  stage.publish("a", "b");
  assert.deepEqual([first.sequences, second.sequences], [[1], []]);
  const { id } = group.pin;
  assert.notEqual(id, "");
  first.ask(group, { batch: 1, priority: asking({ pin: id }) });
  assert.deepEqual(first.sequences, [1, 2]);
  assert.equal(second.ask(group, { priority: asking({ pin: "other" }) }), "pinMismatch");
  stage.publish("c");
  assert.deepEqual(second.sequences, []);
  stage.clock.advance(1100);
  stage.clock.turn();
  assert.deepEqual(second.sequences, [3]);
  assert.deepEqual(stage.events, ["pinned G p", "unpinned G p timeout", "pinned G p"]);
  assert.notEqual(group.pin.id, id);
});

test("an operator takes the pin away, and who shows it afterwards is told", async () => {
  const stage = new Stage();
  const group = await make(stage, "pinned");
  const [first, second] = [new Member(), new Member()];
  first.ask(group, { priority: asking() });
  stage.publish("a");
  first.ask(group, { batch: 2, priority: asking({ pin: group.pin.id }) });
  group.unpin("p");
  second.ask(group, { batch: 2, priority: asking() });
  stage.publish("b");
  assert.deepEqual([first.told, second.sequences], [["wrongPin 2"], [2]]);
});

test("what a pull says of priorities must fit the group", async () => {
  const group = await make(new Stage(), "overflow");
  const member = new Member();
  assert.equal(member.ask(group, { priority: asking({ group: "" }) }), "groupMissing");
  assert.equal(member.ask(group, { priority: asking({ group: "q" }) }), "groupUnknown");
  assert.equal(member.ask(group, { priority: asking({ pin: "x" }) }), "notPinned");
  const plain = await make(new Stage(), undefined);
  assert.equal(member.ask(plain, { priority: asking({ minPending: 1 }) }), "notOverflow");
  assert.equal(member.ask(plain, { priority: asking({ level: 10 }) }), "levelInvalid");
});
