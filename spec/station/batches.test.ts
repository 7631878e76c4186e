import assert from "node:assert/strict";
import test from "node:test";
import { encodeHeaders } from "../../lib/headers.ts";
import type { HeaderList } from "../../lib/headers.ts";
import { Message } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import { batchesMax, batchPartsMax } from "../../lib/station/batches.ts";
import { stationConfig } from "../../lib/station/config.ts";
import type { Station } from "../../lib/station/station.ts";
import { MemoryStore } from "../../store/memory/memory-store.ts";
import { SimRandom } from "../support/sim-random.ts";
import { holdStations } from "./hold-station.ts";
import type { Held, Told } from "./hold-station.ts";

interface Desk extends Held {
  readonly station: Station;
  part(id: string, sequence: number, more?: HeaderList, payload?: Buffer): Told | undefined;
}

/** A station that takes batches; `part` publishes one part and tells what the publisher hears at the end of the turn. */
async function openDesk(): Promise<Desk> {
  const held = await holdStations({ store: (clock) => new MemoryStore({ clock, random: new SimRandom(1) }) });
  const { station } = await held.stations.create(stationConfig({ name: "S", subjects: ["s"], allowAtomic: true }));
  let token = 0;
  return {
    ...held,
    station,
    part: (id, sequence, more = [], payload = Buffer.from("x")) => {
      const message = new Message(new Subject(Buffer.from("s"), false));
      const block = encodeHeaders([["Nats-Batch-Id", id], ["Nats-Batch-Sequence", String(sequence)], ...more]);
      message.body = Buffer.concat([block, payload]);
      message.headerBytes = block.length;
      message.bodyEnd = message.body.length;
      held.tenant.publish(held.publisher, message, ++token);
      held.clock.settle();
      return held.publisher.told.findLast((told) => told.token === token);
    },
  };
}

const commit: HeaderList = [["Nats-Batch-Commit", "1"]];

test("nothing of a batch is stored before its commit, everything after", async () => {
  const desk = await openDesk();
  assert.equal(desk.part("b", 1)?.kind, "staged");
  assert.equal(desk.part("b", 2)?.kind, "staged");
  assert.equal(desk.station.log.state.messages, 0);
  const answer = desk.part("b", 3, commit);
  assert.deepEqual([answer?.kind, answer?.sequence, desk.station.log.state.messages], ["stored", 3, 3]);
});

test("a batch that is idle too long is forgotten", async () => {
  const desk = await openDesk();
  desk.part("b", 1);
  desk.clock.advance(9_000);
  assert.equal(desk.part("b", 2)?.kind, "staged");
  desk.clock.advance(10_001);
  assert.equal(desk.part("b", 3, commit)?.code, "batch_incomplete");
  assert.equal(desk.station.log.state.messages, 0);
});

test("a batch is bounded in parts, and a station in batches and in their bytes", async () => {
  const desk = await openDesk();
  for (let sequence = 1; sequence <= batchPartsMax; sequence++) desk.part("long", sequence);
  assert.equal(desk.part("long", batchPartsMax + 1, commit)?.code, "batch_too_large");
  for (let index = 0; index < batchesMax; index++) assert.equal(desk.part(`b${index}`, 1)?.kind, "staged");
  assert.equal(desk.part("one too many", 1)?.code, "batches_max");
  assert.equal(desk.part("b0", 2, commit)?.kind, "stored");
  assert.equal(desk.part("room again", 1)?.kind, "staged");
  const large = Buffer.alloc(30 * 1024 * 1024);
  assert.equal(desk.part("b1", 2, [], large)?.kind, "staged");
  assert.equal(desk.part("b1", 3, [], large)?.kind, "staged");
  assert.equal(desk.part("b1", 4, [], large)?.code, "batches_max");
  assert.equal(desk.part("b1", 5, commit)?.code, "batch_incomplete");
  assert.equal(desk.part("b2", 2, commit, large)?.kind, "stored");
});

test("one refused part refuses all", async () => {
  const desk = await openDesk();
  desk.part("b", 1);
  desk.part("b", 2, [["Nats-Expected-Last-Sequence", "9"]]);
  assert.equal(desk.part("b", 3, commit)?.code, "wrong_last_sequence");
  desk.part("c", 1, [["Nats-TTL", "5s"]]);
  assert.equal(desk.part("c", 2, commit)?.code, "ttl_denied");
  assert.equal(desk.station.log.state.messages, 0);
});

test("a batch started again forgets what it had, and a deleted station its batches", async () => {
  const desk = await openDesk();
  desk.part("b", 1);
  desk.part("b", 2);
  desk.part("b", 1);
  assert.deepEqual([desk.part("b", 2, commit)?.kind, desk.station.log.state.messages], ["stored", 2]);
  desk.part("c", 1);
  await desk.stations.delete("S");
  assert.equal(desk.clock.waiting, 0);
});
