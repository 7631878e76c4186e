import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { originConfig, stationConfig } from "../../lib/station/config.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import { StationError } from "../../lib/station/station-error.ts";
import type { Station } from "../../lib/station/station.ts";
import { MemoryStore } from "../../store/memory/memory-store.ts";
import type { SimClock } from "../support/sim-clock.ts";
import { SimRandom } from "../support/sim-random.ts";
import { holdStations } from "./hold-station.ts";
import type { Held } from "./hold-station.ts";

const inMemory = (clock: SimClock): MemoryStore => new MemoryStore({ clock, random: new SimRandom(1) });

function mirrorOf(origin: string, fields: Partial<StationConfig> = {}, from: Partial<StationConfig["mirror"]> = {}): StationConfig {
  return stationConfig({ name: "M", ...fields, mirror: { ...originConfig({ origin }), ...from } });
}

/** Runs turns until nothing moves any more. */
async function settle(held: Held): Promise<void> {
  for (let round = 0; round < 8; round++) {
    held.clock.settle();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function contents(station: Station): string[] {
  const cursor = station.log.cursor(1, undefined);
  const found: string[] = [];
  while (cursor.next() === "record") {
    const { sequence, timeUs, buffer, subjectStart, bodyEnd } = cursor.view;
    found.push(`${sequence} ${timeUs} ${buffer.toString("utf8", subjectStart, bodyEnd)}`);
  }
  cursor.close();
  return found;
}

type Act = "publish" | "other" | "delete" | "purge" | "time" | "settle";

test("a mirror has its origin's records, sequences and times, whatever the origin loses before it gets there", async () => {
  const act: fc.Arbitrary<Act> = fc.constantFrom("publish", "publish", "publish", "other", "delete", "purge", "time", "settle");
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const held = await holdStations({ store: inMemory });
      const { station: origin } = await held.stations.create(stationConfig({ name: "O", subjects: ["o.*"] }));
      const { station: mirror } = await held.stations.create(mirrorOf("O"));
      const removed = new Set<string>();
      for (const [index, one] of acts.entries()) {
        if (one === "publish") held.publish("o.a", 0, String(index));
        else if (one === "other") held.publish("o.b", 0, String(index));
        else if (one === "time") held.clock.advance(10);
        else if (one === "settle") await settle(held);
        else {
          held.clock.settle();
          for (const line of contents(origin)) removed.add(line);
          if (one === "purge") origin.log.remove({ kind: "purge", filter: undefined, upTo: 0, keep: 1 }).catch(() => {});
          else origin.log.removeSequence(Math.ceil(origin.log.state.lastSequence / 2));
        }
      }
      await settle(held);
      const [ours, theirs] = [contents(mirror), contents(origin)];
      assert.deepEqual([mirror.log.state.lastSequence, mirror.mirror?.lag], [origin.log.state.lastSequence, 0]);
      for (const line of theirs) assert.ok(ours.includes(line), line);
      for (const line of ours) assert.ok(theirs.includes(line) || removed.has(line), line);
    }),
    { seed: 17, numRuns: 120 },
  );
});

test("a mirror made late, or before its origin, catches up; one with a filter keeps the sequences", async () => {
  const held = await holdStations({ store: inMemory });
  const { station: early } = await held.stations.create(mirrorOf("O", { name: "EARLY" }));
  const { station: origin } = await held.stations.create(stationConfig({ name: "O", subjects: ["o.*"], firstSequence: 5 }));
  for (let index = 0; index < 3_000; index++) held.publish(`o.${index % 3}`, 0, String(index));
  await settle(held);
  const { station: late } = await held.stations.create(mirrorOf("O", { name: "LATE" }));
  const { station: part } = await held.stations.create(mirrorOf("O", { name: "PART" }, { filter: "o.1", startSequence: 100 }));
  await settle(held);
  await settle(held);
  assert.deepEqual(contents(early), contents(origin));
  assert.deepEqual(contents(late), contents(origin));
  const filtered = contents(origin).filter((line) => line.includes("o.1") && Number(line.split(" ")[0]) >= 100);
  assert.deepEqual(contents(part), filtered);
  assert.equal(part.log.state.lastSequence, origin.log.state.lastSequence);
});

test("a mirror that is full goes on where it stopped", async () => {
  const held = await holdStations({ store: inMemory });
  const { station: origin } = await held.stations.create(stationConfig({ name: "O", subjects: ["o"] }));
  const { station: mirror } = await held.stations.create(mirrorOf("O", { messagesMax: 3, discard: "new" }));
  for (let index = 0; index < 5; index++) held.publish("o", 0, String(index));
  await settle(held);
  assert.deepEqual([mirror.log.state.messages, mirror.mirror?.lag], [3, 2]);
  await held.stations.purge("M", { filter: undefined, upTo: 0, keep: 0 });
  held.clock.advance(2_000);
  await settle(held);
  assert.deepEqual(contents(mirror), contents(origin).slice(3));
});

test("a mirror without its origin keeps what it has, and becomes a station of its own when told so", async () => {
  const held = await holdStations({ store: inMemory });
  await held.stations.create(stationConfig({ name: "O", subjects: ["o"] }));
  const { station: mirror } = await held.stations.create(mirrorOf("O"));
  held.publish("o");
  await settle(held);
  await held.stations.delete("O");
  assert.equal(mirror.log.state.messages, 1);
  await held.stations.update(stationConfig({ name: "M", subjects: ["o"], duplicateWindowMs: 0 }));
  assert.equal(held.publish("o"), 1);
  await settle(held);
  assert.equal(mirror.log.state.messages, 2);
});

test("what a mirror cannot be is refused", async () => {
  const held = await holdStations({ store: inMemory });
  const code = async (config: StationConfig, change = false): Promise<string> => {
    try {
      await (change ? held.stations.update(config) : held.stations.create(config));
      return "accepted";
    } catch (error) {
      assert.ok(error instanceof StationError);
      return error.code;
    }
  };
  assert.equal(await code(mirrorOf("M")), "origin_cycle");
  assert.equal(await code(mirrorOf("")), "mirror_origin_invalid");
  assert.equal(await code(mirrorOf("O", { subjects: ["x"] })), "mirror_with_subjects");
  assert.equal(await code(mirrorOf("O", { firstSequence: 3 })), "mirror_first_sequence");
  assert.equal(await code(mirrorOf("O", { allowAtomic: true })), "mirror_atomic");
  assert.equal(await code(mirrorOf("O", {}, { filter: "a..b" })), "mirror_filter_invalid");
  assert.equal(await code(mirrorOf("O")), "accepted");
  assert.equal(await code(mirrorOf("M", { name: "O" })), "origin_cycle");
  assert.equal(await code(mirrorOf("P"), true), "mirror_fixed");
});
