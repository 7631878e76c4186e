/** The same random work on a log of the store and on the naive model; everything visible is compared, with reopening in between where that is possible. */
import assert from "node:assert/strict";
import type { Log, LogLimits } from "../../store/store.ts";
import { drawLimits, drawWork, filters } from "./log-work.ts";
import { NaiveLog } from "./naive-log.ts";
import type { NaiveAppend, NaiveOutcome } from "./naive-log.ts";
import { SeededRandom } from "./seeded-random.ts";
import { definitionOf, eventually, read, stateOf } from "./store-harness.ts";
import type { StoreHarness } from "./store-harness.ts";

const steps = 120;

/** Runs `runs` random logs beside their models. */
export async function compareWithModel(harness: StoreHarness, seed: number, runs: number): Promise<void> {
  for (let run = 0; run < runs; run++) await new ModelledLog(harness, seed + run).run();
}

class ModelledLog {
  readonly #harness: StoreHarness;
  readonly #random: SeededRandom;
  readonly #model: NaiveLog;
  readonly #name: string;
  #log: Log | undefined = undefined;
  /** Sequences whose leaving has not been told of. */
  readonly #untold: Set<number> = new Set();
  #countAgain = false;

  constructor(harness: StoreHarness, seed: number) {
    this.#harness = harness;
    this.#random = new SeededRandom(seed);
    this.#name = `model-${seed}`;
    this.#model = new NaiveLog(this.#decided(drawLimits(this.#random)));
  }

  async run(): Promise<void> {
    this.#log = await this.#harness.define(this.#name, this.#model.limits);
    this.#watch();
    for (let step = 0; step < steps; step++) {
      if (this.#random.chance(0.1) && !this.#countsLater()) await this.#burst();
      else await this.#step();
      if (step % 12 === 11) {
        if (this.#harness.fixture.again !== undefined && this.#random.chance(0.3)) await this.#reopen();
        await this.#compare();
      }
    }
    await this.#compare();
    await this.#harness.store.drop(this.#own, this.#own.revision);
  }

  get #own(): Log {
    assert.ok(this.#log !== undefined);
    return this.#log;
  }

  async #step(): Promise<void> {
    const { fixture } = this.#harness;
    const model = this.#model;
    const work = drawWork(this.#random, model);
    if (work.kind === "append") {
      const expected = this.#appendToModel(work.append);
      const { kind, sequence, detail, lastMessageId } = await this.#harness.append(this.#own, work.append);
      assert.deepEqual({ kind, sequence, detail, lastMessageId }, expected, this.#name);
    } else if (work.kind === "remove") {
      assert.equal(await this.#own.remove(work.removal), model.remove(work.removal), this.#name);
    } else if (work.kind === "advance") {
      fixture.advance(work.byMs);
      model.enforce(fixture.nowUs());
    } else {
      const limits = this.#decided(work.limits);
      model.setLimits(limits, fixture.nowUs());
      await this.#harness.store.define(definitionOf(this.#name, limits), this.#own.revision);
    }
    await this.#settled();
  }

  /** Much at once, without waiting: outcomes must be what they would be one after the other. */
  async #burst(): Promise<void> {
    const model = this.#model;
    const checks: Promise<void>[] = [];
    for (let left = 2 + this.#random.below(20); left > 0; left--) {
      const work = drawWork(this.#random, model);
      if (work.kind === "append") {
        const expected = this.#appendToModel(work.append);
        const told = this.#harness.append(this.#own, work.append);
        checks.push(
          told.then(({ kind, sequence, detail, lastMessageId }) =>
            assert.deepEqual({ kind, sequence, detail, lastMessageId }, expected, `${this.#name}, in a burst`),
          ),
        );
      } else if (work.kind === "remove") {
        const expected = model.remove(work.removal);
        const told = this.#own.remove(work.removal);
        checks.push(told.then((count) => assert.equal(count, expected, `${this.#name}, in a burst`)));
      }
    }
    await Promise.all(checks);
    await this.#settled();
  }

  /** A store that must read how large a record was counts it out a little later, which what comes at once would see. */
  #countsLater(): boolean {
    return this.#harness.fixture.again !== undefined && this.#model.limits.bytesMax > 0;
  }

  /**
   * Where new records are refused but a subject's newest replaces its oldest, a store that would have to read how large that one is may
   * go over the bytes by one record. So the two are not drawn together, except for stores in memory.
   */
  #decided(limits: LogLimits): LogLimits {
    const unsure = this.#harness.fixture.again !== undefined && limits.discard === "new" && limits.messagesPerSubjectMax > 0;
    return unsure ? { ...limits, bytesMax: 0 } : limits;
  }

  /** A store may take away, or count out, what is not in memory a little later: time goes on for both until they agree. */
  async #settled(): Promise<void> {
    const { fixture } = this.#harness;
    const agree = (): boolean => {
      if (JSON.stringify(stateOf(this.#own)) === JSON.stringify(this.#model.state)) return true;
      fixture.advance(1);
      this.#model.enforce(fixture.nowUs());
      return false;
    };
    const what = (): string => `${this.#name} comes to ${JSON.stringify(this.#model.state)}, is ${JSON.stringify(stateOf(this.#own))}`;
    if (!agree()) await eventually(agree, what);
  }

  async #reopen(): Promise<void> {
    await this.#harness.reopen();
    this.#log = this.#harness.recovered.find((log) => log.definition.name === this.#name);
    this.#watch();
  }

  /** Listens to what leaves: each record once, or "count again". */
  #watch(): void {
    this.#untold.clear();
    for (const record of this.#model.records) this.#untold.add(record.sequence);
    this.#countAgain = false;
    this.#own.removed = (sequence) => {
      if (sequence === 0) this.#countAgain = true;
      else assert.ok(this.#untold.delete(sequence) || this.#countAgain, `${this.#name}: record ${sequence} left twice`);
    };
  }

  /** What the model does with an append, with its record expected to be told of when it leaves. */
  #appendToModel(append: NaiveAppend): NaiveOutcome {
    const outcome = this.#model.append(append, this.#harness.fixture.nowUs());
    if (outcome.kind === "stored") this.#untold.add(outcome.sequence);
    return outcome;
  }

  async #compare(): Promise<void> {
    const log = this.#own;
    const model = this.#model;
    await this.#harness.store.flush();
    await this.#settled();
    assert.deepEqual(stateOf(log), model.state, this.#name);
    if (this.#countAgain) this.#watch();
    assert.deepEqual(
      [...this.#untold],
      model.records.map((record) => record.sequence),
      `${this.#name}: what left was told of`,
    );
    const records = (await read(log)).map(({ sequence, subject, body, timeUs }) => ({ sequence, subject, body, timeUs }));
    assert.deepEqual(
      records,
      model.records.map(({ sequence, subject, body, timeUs }) => ({ sequence, subject, body, timeUs })),
      this.#name,
    );
    assert.deepEqual([...log.deleted(10_000)], model.deleted, this.#name);
    const from = Math.max(1, model.firstSequence + this.#random.below(5));
    for (const filter of filters) {
      const expected = model.read(from, filter).map((record) => record.sequence);
      assert.deepEqual(
        (await read(log, from, filter)).map((record) => record.sequence),
        expected,
        this.#name,
      );
      assert.equal(await log.count(filter, from), expected.length, this.#name);
      assert.equal(await log.findLast(filter), model.read(0, filter).at(-1)?.sequence ?? 0, this.#name);
      const all = model.subjects(filter);
      assert.deepEqual(await log.subjects(filter, 1, 3), { total: all.length, subjects: all.slice(1, 4) }, this.#name);
    }
    const timeUs = (model.records[this.#random.below(model.records.length + 1)]?.timeUs ?? model.lastTimeUs) + this.#random.below(2);
    assert.equal(await log.findTime(timeUs), model.findTime(timeUs), this.#name);
  }
}
