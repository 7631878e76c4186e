/** The thirty-line store passes the exported suite, and serves a broker. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createBroker } from "waystation";
import { storeConformance } from "waystation/conformance/store";
import { SystemClock } from "../../lib/clock.ts";
import { SystemRandom } from "../../lib/random.ts";
import { SimClock } from "../support/sim-clock.ts";
import { CountingStore } from "./tiny-store.ts";

storeConformance("thirty lines", async () => {
  const clock = new SimClock();
  return {
    store: new CountingStore(clock, new SystemRandom()),
    advance: (byMs) => clock.advance(byMs),
    nowUs: () => clock.nowUs(),
    again: undefined,
    dispose: () => Promise.resolve(),
  };
});

it("a broker keeps its stations in a store of one's own", async () => {
  const store = new CountingStore(new SystemClock(), new SystemRandom());
  await using broker = await createBroker({ store });
  const connection = await broker.connect();
  await broker.createStation({ name: "MINE", subjects: ["mine"] });
  assert.equal((await connection.produce("mine", "x")).sequence, 1);
  assert.ok(store.defined > 0);
});
