import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { parseStationDocument, sameStation, stationConfig, stationDocument } from "../../lib/station/config.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import { StationError } from "../../lib/station/station-error.ts";
import type { StationRefusal } from "../../lib/station/station-error.ts";
import { checkStation, checkStationChange } from "../../lib/station/station-rules.ts";
import { decodeRequest, encodeAnswer, inner } from "../../transports/nats/jetstream/json.ts";
import { stationOf, streamConfig, streamConfigRequestFields } from "../../transports/nats/jetstream/stream-config.ts";

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const count = fc.nat({ max: 1_000_000 });
const nanoseconds = fc.integer({ min: 100_000_000, max: 100_000_000_000 });

/** Any configuration that a NATS client can ask for. */
const config: fc.Arbitrary<StationConfig> = fc
  .record({
    name,
    description: fc.string({ maxLength: 40 }),
    subjects: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    retention: fc.constantFrom("limits", "interest", "workqueue"),
    storage: fc.constantFrom("file", "memory"),
    groupsMax: count,
    messagesMax: count,
    bytesMax: count,
    ageMaxMs: fc.constantFrom(0, 200_000, 86_400_000),
    messagesPerSubjectMax: count,
    messageBytesMax: count,
    discard: fc.constantFrom("old", "new"),
    duplicateWindowMs: nanoseconds.map((ns) => ns / 1e6),
    noAck: fc.boolean(),
    denyDelete: fc.boolean(),
    denyPurge: fc.boolean(),
    allowDirect: fc.boolean(),
    allowTtl: fc.boolean(),
    compression: fc.constantFrom("none", "s2"),
    firstSequence: count,
    groupLimits: fc.record({ inactiveMs: count, ackPendingMax: count }, { noNullPrototype: true }),
    metadata: fc.dictionary(name, fc.string({ maxLength: 10 }), { maxKeys: 4, noNullPrototype: true }),
  })
  .map((fields) => stationConfig(fields as Partial<StationConfig> & { name: string }));

test("a configuration survives the store's document and the JSON of NATS clients", () => {
  fc.assert(
    fc.property(config, (station) => {
      checkStation(station);
      const kept = parseStationDocument(stationDocument(station));
      assert.ok(kept !== undefined && sameStation(kept, station));
      const json = Buffer.from(encodeAnswer(streamConfig(station)));
      const read = stationOf(decodeRequest(json, streamConfigRequestFields, "StreamConfigRequest"), undefined);
      assert.deepEqual(read, station);
    }),
    { seed: 7, numRuns: 300 },
  );
});

test("a document that is not a station's is left alone", () => {
  assert.equal(parseStationDocument(""), undefined);
  assert.equal(parseStationDocument('{"kind":"else"}'), undefined);
});

test("metadata in another order is the same configuration, another value is not", () => {
  const base = stationConfig({ name: "S", metadata: { a: "1", b: "2" } });
  assert.ok(sameStation(base, stationConfig({ name: "S", metadata: { b: "2", a: "1" } })));
  assert.ok(!sameStation(base, stationConfig({ name: "S", metadata: { b: "2", a: "3" } })));
});

test("the duplicate window follows a shorter age, and sealing closes everything", () => {
  assert.equal(stationConfig({ name: "S", ageMaxMs: 5_000 }).duplicateWindowMs, 5_000);
  assert.equal(stationConfig({ name: "S" }).duplicateWindowMs, 120_000);
  const sealed = stationConfig({ name: "S", sealed: true, ageMaxMs: 5_000 });
  assert.deepEqual([sealed.ageMaxMs, sealed.discard, sealed.denyDelete, sealed.denyPurge], [0, "new", true, true]);
});

function codeOf(act: () => void): StationRefusal | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof StationError);
    return error.code;
  }
}

test("every rule of a configuration is named when it is broken", () => {
  const cases: readonly (readonly [Partial<StationConfig>, StationRefusal])[] = [
    [{ name: "" }, "name_invalid"],
    [{ name: "a.b" }, "name_invalid"],
    [{ name: "a/b" }, "name_invalid"],
    [{ name: "x".repeat(256) }, "name_too_long"],
    [{ description: "x".repeat(4097) }, "description_too_long"],
    [{ metadata: { a: "x".repeat(140_000) } }, "metadata_too_long"],
    [{ subjects: ["a..b"] }, "subject_invalid"],
    [{ subjects: ["a", "a"] }, "subjects_overlap_within"],
    [{ subjects: ["a.>", "a.b"] }, "subjects_overlap_within"],
    [{ subjects: [">"] }, "everything_needs_no_ack"],
    [{ subjects: ["$JS.>"] }, "subject_reserved"],
    [{ subjects: ["$SYS.>"] }, "subject_reserved_system"],
    [{ replicas: 3 }, "replicas_unavailable"],
    [{ replicas: 9 }, "replicas_too_many"],
    [{ replicas: -1 }, "replicas_invalid"],
    [{ partitions: 0 }, "partitions_invalid"],
    [{ partitions: 2, allowAtomic: true }, "partitions_invalid"],
    [{ tags: ["a b"] }, "tags_invalid"],
    [{ factory: "A" }, "factory_invalid"],
    [{ compaction: { tombstoneMs: 0 }, retention: "workqueue" }, "compaction_needs_limits"],
    [{ messagesMax: -1 }, "number_invalid"],
    [{ firstSequence: 1.5 }, "first_sequence_invalid"],
    [{ ageMaxMs: 1 }, "age_too_small"],
    [{ ageMaxMs: -1 }, "age_negative"],
    [{ duplicateWindowMs: 1 }, "duplicate_window_too_small"],
    [{ duplicateWindowMs: -1 }, "duplicate_window_negative"],
    [{ ageMaxMs: 1_000, duplicateWindowMs: 2_000 }, "duplicate_window_exceeds_age"],
    [{ discardNewPerSubject: true }, "discard_per_subject_needs_discard_new"],
    [{ discardNewPerSubject: true, discard: "new" }, "discard_per_subject_needs_limit"],
    [{ denyPurge: true, allowRollup: true }, "rollup_needs_purge"],
    [{ storage: "memory", durability: "interval" }, "durability_needs_file"],
  ];
  for (const [fields, code] of cases)
    assert.equal(
      codeOf(() => checkStation(stationConfig({ name: "S", ...fields }))),
      code,
    );
  for (const subjects of [["$JS.EVENT.>"], ["$SYS.ACCOUNT.>"], ["a", "b.*"]]) checkStation(stationConfig({ name: "S", subjects }));
  checkStation(stationConfig({ name: "S", subjects: [">"], noAck: true }));
});

test("what a station may not become is refused", () => {
  const cases: readonly (readonly [Partial<StationConfig>, Partial<StationConfig>])[] = [
    [{ storage: "file" }, { storage: "memory" }],
    [{ retention: "limits" }, { retention: "workqueue" }],
    [{ retention: "workqueue" }, { retention: "interest" }],
    [{ denyDelete: true }, {}],
    [{ denyPurge: true }, {}],
    [{ sealed: true }, { denyDelete: true, denyPurge: true }],
    [{ durability: "interval" }, {}],
  ];
  for (const [before, after] of cases) {
    const [old, wanted] = [stationConfig({ name: "S", ...before }), stationConfig({ name: "S", ...after })];
    assert.equal(
      codeOf(() => checkStationChange(old, wanted)),
      "cannot_change",
    );
  }
  const [limits, interest] = [stationConfig({ name: "S" }), stationConfig({ name: "S", retention: "interest", sealed: true })];
  assert.equal(
    codeOf(() => checkStationChange(limits, interest)),
    undefined,
  );
  assert.equal(
    codeOf(() => checkStationChange(stationConfig({ name: "S", allowTtl: true }), stationConfig({ name: "S" }))),
    "settings_conflict",
  );
});

test("what the server wrote into metadata is not the client's when it comes back", () => {
  const answer: object = streamConfig(stationConfig({ name: "S", metadata: { own: "1" } }));
  const values = decodeRequest(Buffer.from(encodeAnswer(answer)), streamConfigRequestFields, "StreamConfigRequest");
  assert.ok(Object.hasOwn(inner(values, "metadata") ?? {}, "_nats.ver"));
  assert.deepEqual(stationOf(values, undefined).metadata, { own: "1" });
});
