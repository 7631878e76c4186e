/** Compaction against a model of what should be left, over partitions and restarts, and its index of keys against a map. */
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Message } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import { stationConfig } from "../../lib/station/config.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import { LatestKeys } from "../../lib/station/latest-keys.ts";
import type { Station } from "../../lib/station/station.ts";
import { KeyedHash } from "../../store/keyed-hash.ts";
import { MemoryStore } from "../../store/memory-store.ts";
import { propertyRuns } from "../support/effort.ts";
import type { SimClock } from "../support/sim-clock.ts";
import { SimRandom } from "../support/sim-random.ts";
import { holdStations } from "./hold-station.ts";
import type { Held } from "./hold-station.ts";

const inMemory = (clock: SimClock): MemoryStore => new MemoryStore({ clock, random: new SimRandom(1) });
const tombstoneMs = 60_000;

function compacted(fields: Partial<StationConfig> = {}): StationConfig {
  return stationConfig({ name: "C", subjects: ["c.*"], compaction: { tombstoneMs }, ...fields });
}

/** Runs turns until nothing moves any more. */
async function settle(held: Held): Promise<void> {
  for (let round = 0; round < 8; round++) {
    held.clock.settle();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Publishes under a key of its own, or under the subject alone. */
function publish(held: Held, subject: string, key: string | undefined, text: string): void {
  const headers = key === undefined ? "" : `NATS/1.0\r\nWaystation-Key: ${key}\r\n\r\n`;
  const message = new Message(new Subject(Buffer.from(subject), false));
  message.body = Buffer.from(headers + text);
  message.headerBytes = headers.length;
  message.bodyEnd = message.body.length;
  held.tenant.publish(held.publisher, message, 0);
}

function bodies(stations: readonly Station[]): string[] {
  const found: string[] = [];
  for (const { log } of stations) {
    const cursor = log.cursor(1, undefined);
    while (cursor.next() === "record") {
      const { buffer, bodyStart, headerBytes, bodyEnd, sequence } = cursor.view;
      found.push(buffer.toString("utf8", bodyStart + headerBytes, bodyEnd) || `tombstone ${sequence}`);
    }
    cursor.close();
  }
  return found;
}

interface Act {
  readonly kind: "put" | "delete" | "time" | "settle" | "again";
  readonly key: string;
  readonly headed: boolean;
}

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom("put", "put", "put", "delete", "time", "settle", "again"),
  key: fc.constantFrom("a", "b", "c", "d"),
  headed: fc.boolean(),
});

test("of each key the newest record stays, and of one that is gone a tombstone for its time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (acts, partitions) => {
      const held = await holdStations({ store: inMemory });
      await held.stations.create(compacted({ partitions }));
      const newest = new Map<string, { readonly text: string; readonly atUs: number }>();
      for (const [index, { kind, key, headed }] of acts.entries()) {
        if (kind === "time") held.clock.advance(25_000);
        else if (kind === "settle") await settle(held);
        else if (kind === "again") {
          // As after a start: the log is read anew.
          await held.stations.update(compacted({ partitions, compaction: undefined }));
          await held.stations.update(compacted({ partitions }));
        } else {
          const name = headed ? `key ${key}` : `c.${key}`;
          const text = kind === "put" ? `${name} ${index}` : "";
          publish(held, headed ? `c.x${index}` : name, headed ? `key ${key}` : undefined, text);
          newest.set(name, { text, atUs: held.clock.nowUs() });
        }
      }
      await settle(held);
      // Timers round up to a millisecond.
      held.clock.advance(2);
      await settle(held);
      const found = bodies(held.stations.partitionsOf("C"));
      const wanted = [...newest.values()].filter(({ text }) => text !== "").map(({ text }) => text);
      const tombstones = [...newest.values()].filter(
        ({ text, atUs }) => text === "" && atUs + tombstoneMs * 1000 > held.clock.nowUs() - 1_000,
      );
      assert.deepEqual(found.filter((body) => !body.startsWith("tombstone")).sort(), wanted.sort());
      assert.equal(found.filter((body) => body.startsWith("tombstone")).length, tombstones.length);
    }),
    propertyRuns(5, 40, 1_000),
  );
});

test("without a time for tombstones they stay, and without compaction everything does", async () => {
  const held = await holdStations({ store: inMemory });
  await held.stations.create(compacted({ compaction: { tombstoneMs: 0 } }));
  for (const text of ["1", "2", ""]) publish(held, "c.a", undefined, text);
  await settle(held);
  held.clock.advance(1e9);
  await settle(held);
  assert.deepEqual(bodies(held.stations.partitionsOf("C")), ["tombstone 3"]);
  await held.stations.update(compacted({ compaction: undefined }));
  for (const text of ["4", "5"]) publish(held, "c.a", undefined, text);
  await settle(held);
  assert.deepEqual(bodies(held.stations.partitionsOf("C")), ["tombstone 3", "4", "5"]);
});

test("the index of keys agrees with a map, when it grows, forgets, and is full", () => {
  const keys = new LatestKeys(new KeyedHash(new Uint8Array(16).fill(7)), 900);
  const model = new Map<string, number>();
  const random = new SimRandom(3);
  let [sequence, skipped] = [0, 0];
  for (let round = 0; round < 20_000; round++) {
    const key = Buffer.from(`k${Math.floor(random.fraction() * 1_000)}`);
    const text = key.toString();
    const known = model.get(text) ?? 0;
    if (random.fraction() < 0.1) {
      keys.drop(key, 0, key.length, known);
      model.delete(text);
      continue;
    }
    sequence++;
    const before = keys.count;
    assert.equal(keys.put(key, 0, key.length, sequence, 1), known);
    if (known === 0 && keys.count === before) skipped++;
    else model.set(text, sequence);
    assert.equal(keys.count, model.size);
  }
  assert.ok(skipped > 0, "it was full at times");
  assert.equal(keys.count <= 900, true);
  // What is gone from the log makes room.
  const other = Buffer.from("other");
  assert.equal(keys.put(other, 0, other.length, sequence + 1, sequence + 1), 0);
  const stale = Buffer.from("k1");
  assert.equal(keys.put(stale, 0, stale.length, 1, 1) <= 1, true);
});
