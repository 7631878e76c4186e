import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { stationConfig } from "../../lib/station/config.ts";
import type { Sequence } from "../../store/store.ts";
import { holdStations } from "./hold-station.ts";
import type { HandGroup } from "./hold-station.ts";

type Act =
  | { readonly kind: "publish"; readonly subject: string }
  | { readonly kind: "commit" }
  | { readonly kind: "join"; readonly filter: string }
  | { readonly kind: "leave"; readonly which: number }
  | { readonly kind: "finish"; readonly which: number; readonly back: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("publish"), subject: fc.constantFrom("s.a", "s.b", "s.c") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("commit") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("join"), filter: fc.constantFrom("*", "a", "b") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave"), which: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("finish"), which: fc.nat(3), back: fc.nat(6) }) },
);

test("with interest, exactly what some group still needs stays", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
      const { stations, publish, clock, groups } = await holdStations();
      const { station } = await stations.create(stationConfig({ name: "S", subjects: ["s.*"], retention: "interest" }));
      const hand = groups(station);
      const subjects: string[] = [];
      const unwanted: Set<Sequence> = new Set();
      const settle = (): void => clock.settle();
      for (const one of acts) {
        if (one.kind === "publish") {
          publish(one.subject);
          subjects.push(one.subject);
          if (!hand.groups.some((group) => group.takes(one.subject))) unwanted.add(subjects.length);
        } else if (one.kind === "commit") {
          settle();
        } else if (one.kind === "join") {
          settle();
          const done: Set<Sequence> = new Set(subjects.map((_subject, index) => index + 1));
          hand.groups.push({ takes: (subject) => one.filter === "*" || subject === `s.${one.filter}`, done });
        } else if (one.kind === "leave") {
          settle();
          const [left] = hand.groups.splice(one.which, 1);
          if (left !== undefined) station.interestFell();
        } else {
          settle();
          const group: HandGroup | undefined = hand.groups[one.which];
          const sequence = station.log.state.lastSequence - one.back;
          if (group === undefined || sequence < 1 || !group.takes(subjects[sequence - 1] ?? "")) continue;
          group.done.add(sequence);
          station.finished(sequence);
        }
      }
      settle();
      settle();
      const expected = subjects
        .map((subject, index) => ({ subject, sequence: index + 1 }))
        .filter(({ sequence }) => !unwanted.has(sequence))
        .filter(({ subject, sequence }) => hand.groups.some((group) => group.takes(subject) && !group.done.has(sequence)))
        .map(({ sequence }) => sequence);
      const kept: Sequence[] = [];
      const cursor = station.log.cursor(1, undefined);
      while (cursor.next() === "record") kept.push(cursor.view.sequence);
      assert.deepEqual(kept, expected);
    }),
    { seed: 3, numRuns: 150 },
  );
});

test("a work queue loses a record when its group is done with it, and keeps what nobody takes", async () => {
  const { stations, publish, clock, groups } = await holdStations();
  const { station } = await stations.create(stationConfig({ name: "W", subjects: ["w.*"], retention: "workqueue" }));
  for (const subject of ["w.a", "w.b", "w.a"]) publish(subject);
  clock.settle();
  station.finished(1);
  clock.settle();
  assert.deepEqual(groups(station).left, [1]);
  assert.deepEqual([station.log.state.messages, station.log.state.firstSequence], [2, 2]);
});

test("a station kept by limits loses nothing when groups are done", async () => {
  const { stations, publish, clock } = await holdStations();
  const { station } = await stations.create(stationConfig({ name: "L" }));
  publish("L");
  clock.settle();
  station.finished(1);
  station.interestFell();
  clock.settle();
  assert.equal(station.log.state.messages, 1);
});

test("a station that turns to interest loses what nobody needs", async () => {
  const { stations, publish, clock, groups } = await holdStations();
  const { station } = await stations.create(stationConfig({ name: "S", subjects: ["s.*"] }));
  for (const subject of ["s.a", "s.b", "s.a"]) publish(subject);
  clock.settle();
  groups(station).groups.push({ takes: (subject) => subject === "s.a", done: new Set([1]) });
  await stations.update(stationConfig({ name: "S", subjects: ["s.*"], retention: "interest" }));
  clock.settle();
  assert.deepEqual([station.log.state.messages, station.log.state.firstSequence], [1, 3]);
});
