import { MemoryStore } from "../../../store/memory-store.ts";
import { storeConformance } from "../../conformance/store.ts";
import { effort, seedOf } from "../../support/effort.ts";
import { SimClock } from "../../support/sim-clock.ts";
import { SimRandom } from "../../support/sim-random.ts";

storeConformance(
  "memory",
  () => {
    const clock = new SimClock();
    return Promise.resolve({
      store: new MemoryStore({ clock, random: new SimRandom(1) }),
      advance: (byMs: number) => clock.advance(byMs),
      nowUs: () => clock.nowUs(),
      again: undefined,
      dispose: () => Promise.resolve(),
    });
  },
  { seed: seedOf(21), runs: effort(40, 1000) },
);
