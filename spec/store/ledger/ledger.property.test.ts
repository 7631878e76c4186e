import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedHash } from "../../../store/ledger/keyed-hash.ts";
import { Ledger } from "../../../store/ledger/ledger.ts";
import type { RecordFacts, RecordSource } from "../../../store/ledger/record-source.ts";
import type { LogLimits, LogState } from "../../../store/store.ts";
import { effort, seedOf } from "../../support/effort.ts";
import { drawLimits, drawWork, filters, noLimits, requestOf } from "../../conformance/log-work.ts";
import type { Work } from "../../conformance/log-work.ts";
import { NaiveLog } from "../../conformance/naive-log.ts";
import { SimRandom } from "../../support/sim-random.ts";

interface Kept {
  readonly subject: Buffer;
  readonly bytes: number;
  readonly timeUs: number;
}

/** Keeps every record ever stored; forgets old ones from "memory" when told to. */
class Shelf implements RecordSource {
  readonly kept: Map<number, Kept> = new Map();
  inMemoryFrom = 0;
  wanted: number[] = [];
  readonly departed: Set<number> = new Set();

  look(sequence: number, facts: RecordFacts): boolean {
    return sequence >= this.inMemoryFrom && this.show(sequence, facts);
  }

  show(sequence: number, facts: RecordFacts): boolean {
    const kept = this.kept.get(sequence);
    if (kept === undefined) return false;
    facts.bytes = kept.bytes;
    facts.timeUs = kept.timeUs;
    facts.subject = kept.subject;
    facts.subjectStart = 0;
    facts.subjectEnd = kept.subject.length;
    return true;
  }

  left(sequence: number): void {
    this.departed.add(sequence);
  }

  expired(): void {}

  leftThrough(sequence: number): void {
    for (const kept of this.kept.keys()) if (kept <= sequence) this.departed.add(kept);
  }

  want(sequence: number): void {
    this.wanted.push(sequence);
  }
}

/** A ledger with its shelf, beside the model, fed the same work. */
class Pair {
  readonly shelf: Shelf = new Shelf();
  readonly model: NaiveLog;
  readonly ledger: Ledger;
  nowUs = 1_700_000_000_000_000;
  readonly #forgetful: boolean;
  readonly #present: Set<number> = new Set();

  constructor(random: SimRandom, forgetful: boolean) {
    const limits = drawPairLimits(random, forgetful);
    const firstSequence = random.chance(0.2) ? random.below(10_000) : 0;
    this.#forgetful = forgetful;
    this.model = new NaiveLog(limits, firstSequence);
    this.ledger = new Ledger({
      hash: new KeyedHash(new Uint8Array(16).map(() => random.below(256))),
      source: this.shelf,
      limits,
      firstSequence,
      subjectsLoaded: true,
      duplicateIdsMax: 1000,
    });
  }

  run(work: Work, random: SimRandom): void {
    const { ledger, model, shelf } = this;
    ledger.removals.clear();
    if (work.kind === "append") {
      const expected = model.append(work.append, this.nowUs);
      const request = requestOf(work.append);
      const decision = ledger.admit(request, this.nowUs);
      const { kind, sequence, detail, lastMessageId } = decision;
      assert.deepEqual({ kind, sequence, detail, lastMessageId }, expected);
      if (kind === "stored") {
        shelf.kept.set(sequence, { subject: Buffer.from(work.append.subject), bytes: decision.bytes, timeUs: decision.timeUs });
        this.#present.add(sequence);
        if (request.fleeting) ledger.removeSequence(sequence);
      }
    } else if (work.kind === "remove") {
      const expected = model.remove(work.removal);
      if (work.removal.kind === "sequence" && random.chance(0.5))
        assert.equal(ledger.removeSequence(work.removal.sequence), expected === 1);
      else assert.equal(ledger.remove(work.removal), expected);
    } else if (work.kind === "advance") {
      this.nowUs += work.byMs * 1000;
      model.enforce(this.nowUs);
      ledger.enforce(this.nowUs);
    } else {
      const limits = drawPairLimits(random, this.#forgetful);
      model.setLimits(limits, this.nowUs);
      ledger.setLimits(limits);
      ledger.enforce(this.nowUs);
    }
    this.#checkRemovals();
    if (this.#forgetful && random.chance(0.3)) this.recall();
  }

  /** What the ledger reports as removed is what has left, so that a store which persists the report loses nothing. */
  #checkRemovals(): void {
    const { removals } = this.ledger;
    const before = this.#present.size;
    for (let range = 0; range < removals.ranges; range++)
      for (let sequence = removals.first(range); sequence <= removals.last(range); sequence++) this.#present.delete(sequence);
    for (const sequence of this.#present) if (sequence < removals.floor) this.#present.delete(sequence);
    assert.equal(before - this.#present.size, removals.messages);
    assert.equal(this.shelf.departed.size + this.#present.size, this.shelf.kept.size);
  }

  /** Reads what is wanted or owed, as a file store does a little later. */
  recall(): void {
    const { ledger, shelf } = this;
    const facts = factsOf();
    const from = shelf.inMemoryFrom;
    for (let rounds = 0; rounds < 100 && (ledger.debt !== undefined || shelf.wanted.length > 0); rounds++) {
      shelf.inMemoryFrom = 0;
      shelf.wanted = [];
      for (let owed = ledger.debt?.next(0) ?? 0; owed > 0; owed = ledger.debt?.next(owed + 1) ?? 0) {
        assert.ok(shelf.show(owed, facts));
        assert.ok(ledger.pay(owed, facts));
      }
      ledger.removals.clear();
      ledger.enforce(this.nowUs);
      this.#checkRemovals();
    }
    shelf.inMemoryFrom = from;
    assert.equal(ledger.debt, undefined);
  }

  check(): void {
    const { ledger, model } = this;
    assert.deepEqual(stateOf(ledger), model.state);
    assert.deepEqual(
      [...this.#present],
      model.records.map((record) => record.sequence),
    );
    const gone: number[] = [];
    const runs = ledger.deletions.runs(model.firstSequence, model.lastSequence, Infinity);
    for (let at = 0; at < runs.length; at += 2) for (let sequence = runs[at]!; sequence <= runs[at + 1]!; sequence++) gone.push(sequence);
    assert.deepEqual(gone, model.deleted);
    const index = ledger.subjects;
    assert.ok(index !== undefined);
    for (const filter of filters) {
      const seen: unknown[] = [];
      ledger.forEachMatching(filter, (entry) => {
        index.showText(entry);
        seen.push({
          subject: index.textBuffer.toString("utf8", index.textStart, index.textEnd),
          messages: index.count(entry),
          firstSequence: index.first(entry),
          lastSequence: index.last(entry),
        });
      });
      const bySubject = (a: unknown, b: unknown): number => JSON.stringify(a).localeCompare(JSON.stringify(b));
      assert.deepEqual(seen.sort(bySubject), model.subjects(filter).sort(bySubject));
      assert.equal(ledger.lastMatching(filter, Infinity), model.read(0, filter).at(-1)?.sequence ?? 0);
      const from = model.firstSequence + 3;
      assert.equal(ledger.countMatching(filter, from, model.lastSequence), model.read(from, filter).length);
    }
    assert.equal(index.size, model.subjects(undefined).length);
  }
}

/** How large and how old records are that are not in memory is known a little later, so no limit of bytes or age. */
function drawPairLimits(random: SimRandom, forgetful: boolean): LogLimits {
  const limits = drawLimits(random);
  return forgetful ? { ...limits, bytesMax: 0, ageMaxMs: 0 } : limits;
}

function factsOf(): RecordFacts {
  return { bytes: 0, timeUs: 0, subject: new Uint8Array(0), subjectStart: 0, subjectEnd: 0 };
}

function stateOf(ledger: Ledger): LogState {
  ledger.seal();
  ledger.reveal();
  const { firstSequence, lastSequence, messages, bytes, firstTimeUs, lastTimeUs, lastMessageId, deletedCount } = ledger.visible;
  return { firstSequence, lastSequence, messages, bytes, firstTimeUs, lastTimeUs, lastMessageId, deletedCount };
}

test("a ledger decides, evicts, counts and finds as the naive model does", () => {
  const seed = seedOf(11);
  for (let run = 0; run < effort(150, 3000); run++) {
    const random = new SimRandom(seed + run);
    const pair = new Pair(random, false);
    for (let step = 0; step < 150; step++) {
      pair.run(drawWork(random, pair.model), random);
      if (step % 10 === 9) pair.check();
    }
    pair.check();
  }
});

test("a ledger whose old records are not in memory arrives at the same once they have been read", () => {
  const seed = seedOf(12);
  for (let run = 0; run < effort(150, 3000); run++) {
    const random = new SimRandom(seed + run);
    const pair = new Pair(random, true);
    for (let step = 0; step < 150; step++) {
      if (random.chance(0.2)) pair.shelf.inMemoryFrom = Math.max(0, pair.model.lastSequence - random.below(10));
      pair.run(drawWork(random, pair.model), random);
      if (step % 10 !== 9) continue;
      pair.recall();
      pair.check();
    }
  }
});

test("a limit per subject that was lowered and lifted before it was enforced takes nothing away", () => {
  const pair = new Pair(new SimRandom(1), false);
  const { ledger, model } = pair;
  ledger.setLimits(noLimits);
  model.setLimits(noLimits, pair.nowUs);
  for (const subject of ["a", "a", "b"]) pair.run({ kind: "append", append: { subject, body: "" } }, new SimRandom(1));
  ledger.setLimits({ ...noLimits, messagesPerSubjectMax: 1 });
  ledger.setLimits(noLimits);
  ledger.enforce(pair.nowUs);
  pair.check();
  assert.equal(ledger.admitted.messages, 3);
});
