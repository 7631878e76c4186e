import assert from "node:assert/strict";
import { test } from "node:test";
import { groupConfig } from "../../lib/consumer/config.ts";
import type { GroupConfig } from "../../lib/consumer/config.ts";
import type { Group } from "../../lib/consumer/group.ts";
import { Member, Stage } from "./member.ts";

async function make(stage: Stage, fields: Partial<GroupConfig> = {}): Promise<Group> {
  const defined = await stage.groups.define(groupConfig({ name: "G", ...fields }), undefined);
  assert.ok("group" in defined, JSON.stringify(defined));
  stage.clock.turn();
  return defined.group;
}

test("a pull gets what is there, in order, with the exact number still to come", async () => {
  const stage = new Stage();
  stage.publish("a", "b", "c");
  const group = await make(stage);
  const member = new Member();
  assert.equal(group.outstanding, 3);
  member.ask(group, { batch: 2 });
  assert.deepEqual(member.sequences, [1, 2]);
  assert.deepEqual(
    member.seen.map((seen) => seen.outstanding),
    [2, 1],
  );
  assert.equal(group.ackPending, 2);
  assert.equal(group.waiting, 0);
});

test("a waiting pull gets what is published later, after the commit", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 5 });
  stage.log.publish("a");
  stage.clock.turn();
  assert.deepEqual(member.sequences, []);
  stage.settle();
  assert.deepEqual(member.sequences, [1]);
  stage.publish("b");
  assert.deepEqual(member.sequences, [1, 2]);
});

test("waiting pulls are served in turn", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const [one, two] = [new Member(), new Member()];
  one.ask(group, { batch: 10 });
  two.ask(group, { batch: 10 });
  stage.publish("a", "b", "c", "d");
  assert.deepEqual(one.sequences, [1, 3]);
  assert.deepEqual(two.sequences, [2, 4]);
});

test("a member without room stops nobody and gets the rest when it drains", async () => {
  const stage = new Stage();
  const group = await make(stage, { ack: "none" });
  const [frozen, other] = [new Member(), new Member()];
  frozen.room = 0;
  frozen.ask(group, { batch: 10 });
  other.ask(group, { batch: 3 });
  stage.publish("a", "b", "c", "d");
  assert.deepEqual(other.sequences, [1, 2, 3]);
  assert.deepEqual(frozen.sequences, []);
  frozen.room = 10;
  stage.scheduler.drained();
  stage.clock.turn();
  assert.deepEqual(frozen.sequences, [4]);
});

test("a pull whose receiver is gone is dropped and costs no record", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const [gone, here] = [new Member(), new Member()];
  gone.ask(group, { batch: 5 });
  here.ask(group, { batch: 5 });
  gone.gone = true;
  stage.publish("a", "b");
  assert.deepEqual(here.sequences, [1, 2]);
  assert.equal(group.waiting, 1);
});

test("without waiting, what is there comes and then the end is told", async () => {
  const stage = new Stage();
  stage.publish("a", "b");
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 5, noWait: true });
  assert.deepEqual(member.sequences, [1, 2]);
  assert.deepEqual(member.told, ["empty 3"]);
  member.ask(group, { batch: 5, noWait: true });
  assert.deepEqual(member.told, ["empty 3", "empty 5"]);
});

test("a pull shows signs of life and ends when its time is over", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 2, expiresMs: 400, heartbeatMs: 150 });
  stage.clock.advance(500);
  assert.deepEqual(member.told, ["heartbeat 2", "heartbeat 2", "expired 2"]);
  assert.equal(group.waiting, 0);
});

test("bytes bound a pull: it ends before the record that is too large, or with a word when bytes remain", async () => {
  const stage = new Stage();
  stage.publish("aaaa", "aaaa", "aaaa");
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 9, bytesMax: 6 });
  assert.deepEqual(member.sequences, [1]);
  assert.deepEqual(member.told, ["bytesExceeded 8"]);
  member.ask(group, { batch: 1, bytesMax: 100 });
  assert.deepEqual(member.sequences, [1, 2]);
  assert.deepEqual(member.told, ["bytesExceeded 8", "batchCompleted 0"]);
});

test("what is not acknowledged in time comes again, with the number of its delivery and of the group's", async () => {
  const stage = new Stage();
  stage.publish("a", "b");
  const group = await make(stage, { ackWaitMs: 1000 });
  const member = new Member();
  member.ask(group, { batch: 10 });
  assert.equal(group.ack(1), true);
  stage.clock.advance(1001);
  assert.deepEqual(member.seen.slice(2), [{ subject: "b", text: "", sequence: 2, count: 3, deliveries: 2, outstanding: 0 }]);
  assert.equal(group.redelivered, 1);
  assert.equal(group.ack(2), true);
  assert.equal(group.ack(2), false);
  assert.equal(group.floorSequence, 2);
  assert.equal(group.floorCount, 3);
  stage.clock.advance(5000);
  assert.equal(member.seen.length, 3);
});

test("backoff replaces the ack wait delivery by delivery, and the last one repeats", async () => {
  const stage = new Stage();
  stage.publish("a");
  const group = await make(stage, { backoffMs: [100, 300], deliveriesMax: 4 });
  const member = new Member();
  member.ask(group, { batch: 10 });
  const at: number[] = [];
  for (let ms = 0; ms < 1200; ms += 50) {
    if (member.seen.length > at.length) at.push(ms);
    stage.clock.advance(50);
  }
  assert.deepEqual(at, [0, 100, 400, 700]);
  assert.deepEqual(stage.events, ["exhausted G 1 4"]);
  assert.equal(group.ackPending, 0);
});

test("a nak repeats at once or after its delay, progress starts the wait over, term ends it for good", async () => {
  const stage = new Stage();
  stage.publish("a", "b", "c");
  const group = await make(stage, { ackWaitMs: 1000 });
  const member = new Member();
  member.ask(group, { batch: 20 });
  group.nak(1, 0);
  stage.clock.turn();
  assert.deepEqual(member.sequences, [1, 2, 3, 1]);
  group.nak(2, 400);
  group.term(3, "bad");
  stage.clock.advance(399);
  assert.equal(member.seen.length, 4);
  stage.clock.advance(10);
  assert.deepEqual(member.sequences, [1, 2, 3, 1, 2]);
  group.ack(2);
  stage.clock.advance(500);
  group.progress(1);
  stage.clock.advance(900);
  assert.equal(member.seen.length, 5);
  stage.clock.advance(200);
  assert.deepEqual(member.sequences, [1, 2, 3, 1, 2, 1]);
  assert.deepEqual(stage.events, ["nak G 1 1 1", "nak G 2 2 1", "term G 3 bad"]);
});

test("deliveries stop at the maximum of unacknowledged ones and go on with an ack", async () => {
  const stage = new Stage();
  stage.publish("a", "b", "c", "d");
  const group = await make(stage, { ackPendingMax: 2 });
  const member = new Member();
  member.ask(group, { batch: 10 });
  assert.deepEqual(member.sequences, [1, 2]);
  group.ack(2);
  stage.clock.turn();
  assert.deepEqual(member.sequences, [1, 2, 3]);
  assert.equal(group.floorSequence, 0);
  group.ack(1);
  stage.clock.turn();
  assert.equal(group.floorSequence, 2);
  assert.deepEqual(member.sequences, [1, 2, 3, 4]);
});

test("an ack of all covers everything before it", async () => {
  const stage = new Stage();
  stage.publish("a", "b", "c");
  const group = await make(stage, { ack: "all" });
  const member = new Member();
  member.ask(group, { batch: 10 });
  assert.equal(group.ack(2), true);
  assert.equal(group.ackPending, 1);
  assert.equal(group.floorSequence, 2);
});

test("groups start where they are asked to", async () => {
  const stage = new Stage();
  stage.publish("a", "b", "a", "c", "a");
  const starts: [Partial<GroupConfig>, number[]][] = [
    [{ deliver: { kind: "all" } }, [1, 2, 3, 4, 5, 6]],
    [{ deliver: { kind: "new" } }, [6]],
    [{ deliver: { kind: "last" } }, [5, 6]],
    [{ deliver: { kind: "last" }, filters: ["b"] }, [2]],
    [{ deliver: { kind: "sequence", sequence: 4 } }, [4, 5, 6]],
    [{ deliver: { kind: "time", timeUs: 1_000_003 } }, [3, 4, 5, 6]],
    [{ deliver: { kind: "lastPerSubject" }, filters: [">"] }, [2, 4, 5, 6]],
    [{ deliver: { kind: "lastPerSubject" }, filters: ["a", "b"] }, [2, 5, 6]],
  ];
  const members: Member[] = [];
  for (const [index, [fields]] of starts.entries()) {
    const group = await make(stage, { name: `G${index}`, ...fields });
    const member = new Member();
    members.push(member);
    member.ask(group, { batch: 20 });
  }
  stage.publish("a");
  for (const [index, [, expected]] of starts.entries()) {
    const member = members[index];
    assert.deepEqual(member?.sequences, expected, `start ${index}`);
    const total = expected.length - 1;
    if (index > 0 && index !== 1 && index !== 3) {
      assert.deepEqual(
        member?.seen.map((seen) => seen.outstanding),
        [...expected.keys()].map((at) => (at < total ? total - 1 - at : 0)),
      );
    }
  }
});

test("filters pass over the rest, and the count stays exact when records leave", async () => {
  const stage = new Stage();
  stage.publish("a.1", "b.1", "a.2", "c.1", "b.2", "a.3");
  const group = await make(stage, { filters: ["a.*", "c.>"] });
  assert.equal(group.outstanding, 4);
  const member = new Member();
  member.ask(group, { batch: 2 });
  assert.deepEqual(member.sequences, [1, 3]);
  assert.equal(group.outstanding, 2);
  stage.log.removeSequence(5);
  assert.equal(group.outstanding, 2);
  stage.log.removeSequence(4);
  assert.equal(group.outstanding, 1);
  stage.log.publish("a.4");
  stage.log.publish("c.2");
  stage.log.removeSequence(7);
  stage.settle();
  assert.equal(group.outstanding, 2);
  member.ask(group, { batch: 9 });
  assert.deepEqual(
    member.seen.slice(2).map((seen) => [seen.sequence, seen.outstanding]),
    [
      [6, 1],
      [8, 0],
    ],
  );
});

test("a paused group delivers nothing until its time comes, and keeps its members", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 5 });
  await stage.groups.pause(group, stage.clock.nowUs() + 2_000_000);
  stage.publish("a");
  stage.clock.advance(1900);
  assert.deepEqual(member.sequences, []);
  stage.clock.advance(200);
  assert.deepEqual(member.sequences, [1]);
});

test("a group that is not durable goes when nobody used it for its time", async () => {
  const stage = new Stage();
  const group = await make(stage, { durable: false, inactiveMs: 1000 });
  const member = new Member();
  stage.clock.advance(800);
  member.ask(group, { batch: 1, expiresMs: 500 });
  stage.clock.advance(900);
  assert.equal(stage.groups.size, 1);
  stage.clock.advance(2000);
  assert.equal(stage.groups.size, 0);
  assert.deepEqual(stage.events, ["deleted G"]);
});

test("waiting members are told when their group is deleted", async () => {
  const stage = new Stage();
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 3 });
  assert.equal(await stage.groups.delete("G"), true);
  assert.deepEqual(member.told, ["deleted 3"]);
  assert.equal(await stage.groups.delete("G"), false);
});

test("a confirmed ack is answered when it is durable, not before", async () => {
  const stage = new Stage();
  stage.publish("a");
  const group = await make(stage);
  const member = new Member();
  member.ask(group);
  group.ack(1);
  group.confirm();
  stage.clock.turn();
  assert.equal(stage.log.urgent, true);
  assert.deepEqual(stage.events, []);
  stage.settle();
  assert.deepEqual(stage.events, ["confirmed G 1"]);
});

test("plain progress rides the next commit, or goes by itself after a short while", async () => {
  const stage = new Stage();
  stage.publish("a", "b");
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 2 });
  group.ack(1);
  stage.clock.advance(50);
  stage.log.beforeCommit = () => {};
  stage.log.commit();
  const after = await stage.crash();
  assert.equal(after.groups.get("G")?.floorSequence, 1);
});

test("a push group delivers while somebody is there, with heartbeats and flow control", async () => {
  const stage = new Stage();
  const group = await make(stage, {
    ack: "none",
    push: { subject: "to", queue: undefined, heartbeatMs: 200, flowControl: true, rateLimitBits: 0 },
  });
  const member = new Member();
  member.gone = true;
  group.pushTo(member);
  stage.publish("a");
  assert.deepEqual(member.sequences, []);
  member.gone = false;
  group.receiverCame();
  stage.clock.turn();
  assert.deepEqual(member.sequences, [1]);
  stage.clock.advance(450);
  assert.deepEqual(member.told, ["heartbeat 1 1 0", "heartbeat 1 1 0"]);
  const large = "x".repeat(700_000);
  for (let i = 0; i < 5; i++) stage.log.publish("b", large);
  stage.settle();
  assert.equal(member.told.at(-1), "flow 1");
  assert.equal(member.seen.length, 4);
  group.confirmFlow(1);
  stage.clock.turn();
  assert.equal(member.seen.length, 6);
});

test("a rate limit spreads the deliveries of a push group", async () => {
  const stage = new Stage();
  const group = await make(stage, {
    ack: "none",
    push: { subject: "to", queue: undefined, heartbeatMs: 0, flowControl: false, rateLimitBits: 80_000 },
  });
  const member = new Member();
  group.pushTo(member);
  for (let i = 0; i < 10; i++) stage.log.publish("b", "x".repeat(9_999));
  stage.settle();
  const atOnce = member.seen.length;
  stage.clock.advance(3_000);
  assert.equal(member.seen.length, atOnce + 3);
});

test("records replay with their own pauses when asked to", async () => {
  const stage = new Stage();
  for (let i = 0; i < 3; i++) {
    const sequence = stage.log.publish("a");
    const record = stage.log.records.get(sequence);
    assert.ok(record);
    stage.log.records.set(sequence, { ...record, timeUs: 1_000_000 * (i + 1) });
  }
  stage.settle();
  const group = await make(stage, { replay: "original" });
  const member = new Member();
  member.ask(group, { batch: 5 });
  assert.deepEqual(member.sequences, [1]);
  stage.clock.advance(1001);
  assert.deepEqual(member.sequences, [1, 2]);
  stage.clock.advance(1001);
  assert.deepEqual(member.sequences, [1, 2, 3]);
});

test("samples of acks tell how long they took", async () => {
  const stage = new Stage();
  stage.publish("a", "b");
  const group = await make(stage, { samplePercent: 50 });
  new Member().ask(group, { batch: 2 });
  stage.clock.advance(25);
  group.ack(1);
  group.ack(2);
  assert.deepEqual(stage.events, ["sample G 2 1 25"]);
});

test("a work queue's record leaves with its ack, and the group's books stay right", async () => {
  const stage = new Stage({ retention: "workqueue" });
  stage.publish("a", "b", "c");
  const group = await make(stage);
  const member = new Member();
  member.ask(group, { batch: 2 });
  group.ack(1);
  assert.equal(stage.log.records.has(1), false);
  assert.equal(group.outstanding, 1);
  assert.equal(group.floorSequence, 1);
});

test("after a crash everything unacknowledged comes again and nothing acknowledged does", async () => {
  let stage = new Stage();
  stage.publish("a", "b", "c", "d", "e");
  const group = await make(stage, { ackWaitMs: 60_000 });
  const member = new Member();
  member.ask(group, { batch: 4 });
  group.ack(1);
  group.ack(3);
  stage.settle();
  stage = await stage.crash();
  const again = stage.groups.get("G");
  assert.ok(again);
  assert.equal(again.ackPending, 2);
  assert.equal(again.outstanding, 1);
  const next = new Member();
  next.ask(again, { batch: 10 });
  stage.clock.advance(10_000);
  assert.deepEqual(next.sequences, [5, 2, 4]);
  assert.deepEqual(
    next.seen.map((seen) => seen.deliveries),
    [1, 2, 2],
  );
});

test("a record costs the groups it is not for nothing", async () => {
  const stage = new Stage();
  const members: Member[] = [];
  for (let i = 0; i < 300; i++) {
    const group = await make(stage, { name: `G${i}`, filters: [`a.${i}`, `b.${i}.*`] });
    const member = new Member();
    member.ask(group, { batch: 10 });
    members.push(member);
  }
  stage.publish("a.0", "c");
  stage.log.steps = 0;
  stage.publish("a.7");
  stage.publish("b.9.x");
  assert.ok(stage.log.steps <= 10, `${stage.log.steps} steps`);
  assert.deepEqual(
    [0, 7, 9, 10].map((index) => members[index]?.sequences),
    [[1], [3], [4], []],
  );
});

test("a group that was away long counts anew what is to come and misses nothing", async () => {
  const stage = new Stage();
  const group = await make(stage, { filters: ["a"] });
  for (let i = 0; i < 20_000; i++) stage.log.publish(i % 2 === 0 ? "a" : "b");
  stage.settle();
  assert.equal(group.outstanding, 10_000);
  const member = new Member();
  member.ask(group, { batch: 3 });
  assert.deepEqual(member.sequences, [1, 3, 5]);
});
