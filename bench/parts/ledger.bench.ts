/**
 * What a store's decision costs, beside the cheapest one: an append to a log without any limit. Then the memory store as a whole, and
 * the bytes a subject and a message id take.
 */
import { Bench } from "tinybench";
import { SystemClock } from "../../lib/clock.ts";
import { SystemRandom } from "../../lib/random.ts";
import { Duplicates } from "../../store/ledger/duplicates.ts";
import { KeyedHash } from "../../store/ledger/keyed-hash.ts";
import { Ledger } from "../../store/ledger/ledger.ts";
import type { RecordFacts } from "../../store/ledger/record-source.ts";
import { SubjectIndex } from "../../store/ledger/subject-index.ts";
import { MemoryStore } from "../../store/memory-store.ts";
import type { AppendRequest, LogLimits } from "../../store/store.ts";

const appends = 10_000;
const hash = new KeyedHash(new Uint8Array(16).fill(5));
const body = Buffer.alloc(100);
const ids = Array.from({ length: appends }, (_, index) => `message-id-${index}`);
const noLimits: LogLimits = {
  messagesMax: 0,
  bytesMax: 0,
  ageMaxMs: 0,
  messagesPerSubjectMax: 0,
  messageBytesMax: 0,
  discard: "old",
  discardNewPerSubject: false,
  duplicateWindowMs: 0,
};

function subjectsOf(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.from(`orders.eu.device-${(index * 7919) % count}.temp`));
}

function requestOf(subject: Uint8Array): AppendRequest {
  return {
    subject,
    body,
    bodyStart: 0,
    bodyEnd: body.length,
    headerBytes: 0,
    timeUs: 0,
    messageId: undefined,
    expect: undefined,
    rollup: "none",
    ttlSeconds: 0,
    fleeting: false,
  };
}

/** Ten thousand appends to a ledger that lives on. */
function admitting(limits: Partial<LogLimits>, subjectCount: number, indexed: boolean, withIds = false): () => void {
  const subjects = subjectsOf(subjectCount);
  const look = (sequence: number, facts: RecordFacts): boolean => {
    const subject = subjects[sequence % subjectCount]!;
    facts.bytes = subject.length + body.length + 16;
    facts.timeUs = sequence;
    facts.subject = subject;
    facts.subjectStart = 0;
    facts.subjectEnd = subject.length;
    return true;
  };
  const source = {
    inMemoryFrom: 0,
    look,
    left: (): void => {},
    leftThrough: (): void => {},
    expired: (): void => {},
    want: (): void => {},
  };
  const all = { ...noLimits, ...limits };
  const ledger = new Ledger({ hash, source, limits: all, firstSequence: 0, subjectsLoaded: indexed, duplicateIdsMax: 4_000_000 });
  const request = requestOf(subjects[0]!);
  let sequence = ledger.admitted.lastSequence;
  let round = 0;
  return () => {
    round++;
    for (let index = 0; index < appends; index++) {
      request.subject = subjects[++sequence % subjectCount]!;
      if (withIds) request.messageId = ids[index];
      ledger.admit(request, 1_000_000 + round * 200_000_000);
      ledger.removals.clear();
    }
  };
}

// Memory first, before anything else leaves garbage behind.
function arrayBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().arrayBuffers;
}

const million = 1_000_000;
const beforeSubjects = arrayBytes();
const index = new SubjectIndex(hash);
const name = Buffer.alloc(32);
let textBytes = 0;
let slowest = 0;
for (let at = 0; at < million; at++) {
  const end = name.write(`device.${at}.temperature`);
  const start = performance.now();
  index.add(name, 0, end, at + 1);
  slowest = Math.max(slowest, performance.now() - start);
  textBytes += end;
}
const subjectBytes = (arrayBytes() - beforeSubjects - textBytes) / million;
console.log(`a million subjects: ${subjectBytes.toFixed(1)} bytes each and their text (goal 80), slowest ${slowest.toFixed(1)} ms`);

const beforeIds = arrayBytes();
const duplicates = new Duplicates(hash, million);
for (let at = 0; at < million; at++) {
  duplicates.take(`id-${at}`);
  duplicates.add(at + 1, at);
}
console.log(
  `a million message ids: ${((arrayBytes() - beforeIds) / million).toFixed(1)} bytes each in memory, 24 saved (${index.size} subjects)`,
);

const bench = new Bench({ time: 300, warmupTime: 100 });
bench
  .add("a plain log", admitting({}, 1, false))
  .add("with its subject index, 1 subject", admitting({ messagesMax: 100_000 }, 1, true))
  .add("with its subject index, 1,000 subjects", admitting({ messagesMax: 100_000 }, 1000, true))
  .add("newest of each of 1,000 subjects", admitting({ messagesPerSubjectMax: 1 }, 1000, true))
  .add("newest of each of 100,000 subjects", admitting({ messagesPerSubjectMax: 1 }, 100_000, true))
  .add("with message ids", admitting({ duplicateWindowMs: 120_000 }, 1, false, true));

const clock = new SystemClock();
const store = new MemoryStore({ clock, random: new SystemRandom() });
await store.open({ beforeCommit: () => {}, settled: () => {}, committed: () => {}, fault: () => {} });
const subjects = subjectsOf(1000);
for (const [name, limits] of Object.entries({
  "memory store, last 100,000": { messagesMax: 100_000 },
  "memory store, newest of each": { messagesPerSubjectMax: 1 },
})) {
  const log = await store.define({ name, document: "", limits: { ...noLimits, ...limits }, durability: undefined, firstSequence: 0 }, 0);
  const request = requestOf(subjects[0]!);
  let sequence = 0;
  bench.add(`${name}, commit included`, async () => {
    for (let index = 0; index < appends; index++) {
      request.subject = subjects[++sequence % 1000]!;
      log.append(request);
    }
    await store.flush();
  });
}
await bench.run();

let plain = 0;
for (const task of bench.tasks) {
  if (!("latency" in task.result)) continue;
  const ns = (task.result.latency.p50 * 1_000_000) / appends;
  plain ||= ns;
  console.log(`${task.name.padEnd(50)} ${ns.toFixed(0).padStart(6)} ns an append  ${(ns / plain).toFixed(1).padStart(5)}×`);
}
await store.close();
