import assert from "node:assert/strict";
import { test } from "node:test";
import { KeptStore, StoreError } from "waystation";
import { requestOf } from "../conformance/log-work.ts";
import { definitionOf, StoreHarness } from "../conformance/store-harness.ts";
import type { StoreFixture } from "../conformance/store-harness.ts";
import { storeConformance } from "../conformance/store.ts";
import { effort, seedOf } from "../support/effort.ts";
import { SimClock } from "../support/sim-clock.ts";
import { SimRandom } from "../support/sim-random.ts";
import { storeIn, Table } from "./thirty-line-store.ts";

function fixture(): StoreFixture {
  const clock = new SimClock();
  const table = new Table();
  const again = (): ReturnType<typeof storeIn> => storeIn(table, clock, new SimRandom(1));
  return { store: again(), advance: (byMs) => clock.advance(byMs), nowUs: () => clock.nowUs(), again, dispose: () => Promise.resolve() };
}

storeConformance("thirty lines of a third party", () => Promise.resolve(fixture()), { seed: seedOf(24), runs: effort(8, 60) });

test("a keeper that fails ends the store: nothing is acknowledged that was not kept", async () => {
  const clock = new SimClock();
  const rows: Uint8Array[] = [];
  let broken = false;
  const keeper = {
    load: () => rows,
    keep: (batch: Uint8Array): Promise<void> => {
      if (broken) return Promise.reject(new Error("the table is locked"));
      rows.push(Uint8Array.from(batch));
      return Promise.resolve();
    },
  };
  const faults: string[] = [];
  const store = new KeptStore({ clock, random: new SimRandom(1), keeper });
  const harness = new StoreHarness({ ...fixture(), store });
  harness.fault = (message) => faults.push(message);
  await harness.open();
  const log = await harness.define("log");
  assert.equal((await harness.append(log, { subject: "a", body: "kept" })).kind, "stored");
  broken = true;
  const lost = [log.append(requestOf({ subject: "a", body: "1" })), log.append(requestOf({ subject: "a", body: "2" }))];
  for (const ticket of lost) assert.equal((await harness.outcome(ticket)).kind, "failed");
  assert.equal(log.state.lastSequence, 1, "what was not kept does not show");
  assert.equal(faults.length, 1);
  assert.match(faults[0] ?? "", /the table is locked/);
  assert.equal(store.status().kind, "failed");
  assert.equal((await harness.append(log, { subject: "a", body: "3" })).kind, "failed");
  await assert.rejects(store.define(definitionOf("other"), 0), (error) => error instanceof StoreError);
  await store.close();
});

test("what a keeper gives back damaged is not served", async () => {
  const store = new KeptStore({
    clock: new SimClock(),
    random: new SimRandom(1),
    keeper: { load: () => [Buffer.from('{"kind":"drop","log":7}')], keep: () => Promise.resolve() },
  });
  await assert.rejects(store.open(new StoreHarness(fixture())), (error) => error instanceof StoreError && error.code === "damaged");
});
