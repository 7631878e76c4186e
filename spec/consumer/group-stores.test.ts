/** Groups over the real stores: limits, purges and deletes take records away while groups read, and the number to come stays exact. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { SystemClock } from "../../lib/clock.ts";
import { groupConfig } from "../../lib/consumer/config.ts";
import { compileFilters } from "../../lib/consumer/filters.ts";
import { compileFilter } from "../../lib/filter.ts";
import { SystemRandom } from "../../lib/random.ts";
import { FileStore } from "../../store/file-store.ts";
import { MemoryStore } from "../../store/memory/memory-store.ts";
import type { Store } from "../../store/store.ts";
import { Member } from "./member.ts";
import { StoreBench } from "./store-bench.ts";

const filters = [[], ["a.>"], ["a.1", "b.*"], [">"]];
const kinds = "publish publish publish flush pull pull ack purge purge remove burst fleeting".split(" ");

async function live(store: Store, perSubject: number, most: number, steps: readonly (readonly [string, number, number])[]): Promise<void> {
  const bench = new StoreBench(store, new SystemClock(), { messagesPerSubjectMax: perSubject, messagesMax: most, storage: "memory" });
  await bench.open(true);
  const { groups, log } = bench;
  const member = new Member();
  for (const [index, list] of filters.entries()) {
    await groups.define(groupConfig({ name: `G${index}`, filters: list, ack: index === 0 ? "none" : "explicit" }), "create");
  }
  const subjects = ["a.1", "a.2", "b.1", "b.2", "c"];
  for (const [kind, a, b] of steps) {
    const group = groups.get(`G${b % filters.length}`);
    assert.ok(group !== undefined);
    if (kind === "publish") bench.publish(subjects[a % subjects.length] ?? "c");
    if (kind === "burst") for (let i = 0; i < 1500; i++) bench.publish(subjects[(a + i) % subjects.length] ?? "c");
    if (kind === "fleeting") bench.publish("a.1", undefined, true);
    if (kind === "flush") await store.flush();
    if (kind === "pull") member.ask(group, { batch: 1 + (a % 9), noWait: true });
    if (kind === "ack") group.ack(member.seen.at(-1 - (a % 5))?.sequence ?? 0);
    if (kind === "remove") log.removeSequence(1 + (a % Math.max(1, log.state.lastSequence)));
    if (kind === "purge") {
      const filter = a % 2 === 0 ? undefined : compileFilter("a.*");
      await log.remove({ kind: "purge", filter, upTo: b % 3 === 0 ? a : 0, keep: a % 4 });
    }
  }
  await store.flush();
  for (const [index, list] of filters.entries()) {
    const group = groups.get(`G${index}`);
    assert.ok(group !== undefined);
    const counted = await log.count(compileFilters(list), group.deliveredSequence + 1);
    assert.equal(group.outstanding, counted, `to come in group ${index} with ${list.join()}`);
  }
}

const steps = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(3000), fc.nat(60)), { minLength: 5, maxLength: 60 });
const limits = [fc.constantFrom(0, 0, 1, 2), fc.constantFrom(0, 0, 3, 40)] as const;

test("over logs in memory, what is to come stays exact", async () => {
  await fc.assert(
    fc.asyncProperty(...limits, steps, async (perSubject, most, life) => {
      await live(new MemoryStore({ clock: new SystemClock(), random: new SystemRandom() }), perSubject, most, life);
    }),
    { seed: 20261121, numRuns: 60, includeErrorInReport: true },
  );
});

test("over logs in files, what is to come stays exact", async () => {
  const folder = await mkdtemp(join(tmpdir(), "groups-"));
  let lives = 0;
  await fc.assert(
    fc.asyncProperty(...limits, steps, async (perSubject, most, life) => {
      const clock = new SystemClock();
      const store = new FileStore({ folder: join(folder, `${lives++}`), clock, random: new SystemRandom(), durability: "always" });
      await live(store, perSubject, most, life);
      await store.close();
    }),
    { seed: 20261121, numRuns: 12, includeErrorInReport: true },
  );
  await rm(folder, { recursive: true, force: true });
});
