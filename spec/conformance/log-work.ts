/** Random work for one log: limits, appends, removals and steps of time, drawn so that limits are met all the time. */
import { compileFilter } from "../../lib/filter.ts";
import type { AppendRequest, LogLimits, Removal, SubjectFilterTest } from "../../store/store.ts";
import type { NaiveAppend, NaiveLog } from "./naive-log.ts";
import type { SeededRandom } from "./seeded-random.ts";

export const noLimits: LogLimits = {
  messagesMax: 0,
  bytesMax: 0,
  ageMaxMs: 0,
  messagesPerSubjectMax: 0,
  messageBytesMax: 0,
  discard: "old",
  discardNewPerSubject: false,
  duplicateWindowMs: 0,
};

export const subjects: readonly string[] = ["a", "a.b", "a.b.c", "a.c", "b", "b.é", "orders.eu.1", "orders.eu.2", "orders.us.1"];
export const filters: readonly SubjectFilterTest[] = ["a", "a.*", "a.>", ">", "*", "orders.*.1", "orders.eu.>", "none"].map(compileFilter);

export type Work =
  | { readonly kind: "append"; readonly append: NaiveAppend }
  | { readonly kind: "remove"; readonly removal: Removal }
  | { readonly kind: "advance"; readonly byMs: number }
  | { readonly kind: "limits"; readonly limits: LogLimits };

export function drawLimits(random: SeededRandom): LogLimits {
  const some = (chance: number, value: number): number => (random.chance(chance) ? 1 + random.below(value) : 0);
  const discardNew = random.chance(0.3);
  const messagesPerSubjectMax = some(0.4, 4);
  return {
    messagesMax: some(0.4, 20),
    bytesMax: random.chance(0.3) ? 60 + random.below(800) : 0,
    ageMaxMs: some(0.3, 5000),
    messagesPerSubjectMax,
    messageBytesMax: random.chance(0.2) ? 20 : 0,
    discard: discardNew ? "new" : "old",
    discardNewPerSubject: discardNew && messagesPerSubjectMax > 0 && random.chance(0.5),
    duplicateWindowMs: random.chance(0.5) ? 1000 : 0,
  };
}

export function drawAppend(random: SeededRandom, log: NaiveLog): NaiveAppend {
  const subject = random.pick(subjects);
  const near = (sequence: number): number => (random.chance(0.7) ? sequence : random.below(sequence + 3));
  const own = log.records.findLast((record) => record.subject === subject)?.sequence ?? 0;
  const expect = random.chance(0.2)
    ? {
        lastSequence: random.chance(0.3) ? near(log.lastSequence) : undefined,
        lastSubjectSequence: random.chance(0.4) ? near(own) : undefined,
        lastSubjectFilter: random.chance(0.3) ? random.pick(filters) : undefined,
        lastMessageId: random.chance(0.2) ? (random.chance(0.7) ? log.lastMessageId : "other") : undefined,
      }
    : undefined;
  const rolls = random.fraction();
  return {
    subject,
    body: "x".repeat(random.chance(0.1) ? random.below(9000) : random.below(40)),
    messageId: random.chance(0.3) ? `id-${random.below(12)}` : undefined,
    expect,
    rollup: rolls < 0.03 ? "all" : rolls < 0.1 ? "subject" : "none",
    ttlSeconds: random.chance(0.15) ? 1 + random.below(4) : 0,
    fleeting: random.chance(0.05),
  };
}

export function drawRemoval(random: SeededRandom, log: NaiveLog): Removal {
  const span = log.lastSequence - log.firstSequence + 3;
  const near = log.firstSequence - 1 + random.below(Math.max(1, span));
  if (random.chance(0.8)) return { kind: "sequence", sequence: near, erase: false };
  return {
    kind: "purge",
    filter: random.chance(0.7) ? random.pick(filters) : undefined,
    upTo: random.chance(0.5) ? Math.max(0, near) : 0,
    keep: random.chance(0.3) ? 1 + random.below(3) : 0,
  };
}

export function drawWork(random: SeededRandom, log: NaiveLog): Work {
  const choice = random.fraction();
  if (choice < 0.72) return { kind: "append", append: drawAppend(random, log) };
  if (choice < 0.9) return { kind: "remove", removal: drawRemoval(random, log) };
  if (choice < 0.985) return { kind: "advance", byMs: random.below(600) };
  // What is remembered of ids when the window changes is nobody's promise.
  return { kind: "limits", limits: { ...drawLimits(random), duplicateWindowMs: log.limits.duplicateWindowMs } };
}

/** The request a store is given for an append of the model. */
export function requestOf(append: NaiveAppend, headerBytes = 0): AppendRequest {
  const body = Buffer.from(append.body);
  const expect = append.expect;
  return {
    subject: Buffer.from(append.subject),
    body,
    bodyStart: 0,
    bodyEnd: body.length,
    headerBytes: Math.min(headerBytes, body.length),
    timeUs: 0,
    messageId: append.messageId,
    expect:
      expect === undefined
        ? undefined
        : {
            lastSequence: expect.lastSequence,
            lastSubjectSequence: expect.lastSubjectSequence,
            lastSubjectFilter: expect.lastSubjectFilter,
            lastMessageId: expect.lastMessageId,
          },
    rollup: append.rollup ?? "none",
    ttlSeconds: append.ttlSeconds ?? 0,
    fleeting: append.fleeting ?? false,
  };
}
