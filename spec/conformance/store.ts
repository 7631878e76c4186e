/**
 * What every store must do. `storeConformance(name, make)` registers the cases with node:test; each gets a fresh fixture. Cases about
 * what a store says it lacks (`abilities`) are left out.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StoreError } from "../../store/store.ts";
import type { Log, LogLimits, Sequence, StoreErrorCode } from "../../store/store.ts";
import { requestOf } from "./log-work.ts";
import { compareWithModel } from "./store-model.ts";
import { definitionOf, eventually, filterOf, nextOf, read, sequences, stateOf, StoreHarness } from "./store-harness.ts";
import type { StoreFixture } from "./store-harness.ts";

export type { StoreFixture } from "./store-harness.ts";

export interface ConformanceOptions {
  /** Seed of the random work. */
  readonly seed?: number;
  /** How many random logs are compared with the naive model. */
  readonly runs?: number;
}

/** Registers the suite for one implementation. */
export function storeConformance(name: string, make: () => Promise<StoreFixture>, options: ConformanceOptions = {}): void {
  const on = (
    title: string,
    run: (harness: StoreHarness) => Promise<void>,
    applies: (fixture: StoreFixture) => boolean = () => true,
  ): void => {
    test(title, async () => {
      const fixture = await make();
      try {
        if (!applies(fixture)) return;
        const harness = await new StoreHarness(fixture).open();
        await run(harness);
        await harness.store.close();
        assert.deepEqual(harness.faults, []);
      } finally {
        await fixture.dispose();
      }
    });
  };
  describe(`store: ${name}`, () => {
    definitions(on);
    submissions(on);
    reading(on);
    decisions(on);
    limits(on);
    removal(on);
    questions(on);
    fleeting(on);
    atomic(on);
    families(on);
    groups(on);
    survival(on);
    on("random work ends as the naive model says", (harness) => compareWithModel(harness, options.seed ?? 21, options.runs ?? 12));
  });
}

type On = (title: string, run: (harness: StoreHarness) => Promise<void>, applies?: (fixture: StoreFixture) => boolean) => void;

const isDurable = (fixture: StoreFixture): boolean => fixture.again !== undefined && fixture.store.abilities.durable;

async function rejectsAs(code: StoreErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => error instanceof StoreError && error.code === code && error.message.length > 10);
}

function families(on: On): void {
  const isAble = (fixture: StoreFixture): boolean => fixture.store.abilities.families === true;
  const family = async (harness: StoreHarness, limits: Partial<LogLimits>): Promise<[Log, Log, Log]> => {
    const one = (name: string): Promise<Log> => harness.define(name, limits, { family: "a/f" });
    return await Promise.all([one("a/f$1"), one("a/f$2"), one("a/f$3")]);
  };
  const add = (harness: StoreHarness, log: Log, body: string, messageId?: string): Promise<string> =>
    harness.append(log, { subject: "s", body, ...(messageId === undefined ? {} : { messageId }) }).then(({ kind }) => kind);

  on(
    "a message id stored in one log of a family is a duplicate in all, until its window is over",
    async (harness) => {
      const logs = await family(harness, { duplicateWindowMs: 1000 });
      const alone = await harness.define("a/alone", { duplicateWindowMs: 1000 });
      assert.equal(await add(harness, logs[0], "1", "x"), "stored");
      for (const log of logs) assert.equal(await add(harness, log, "2", "x"), "duplicate");
      assert.equal(await add(harness, alone, "3", "x"), "stored");
      assert.equal(await add(harness, logs[2], "4", "y"), "stored");
      assert.equal(await add(harness, logs[0], "5", "y"), "duplicate");
      harness.fixture.advance(1001);
      assert.equal(await add(harness, logs[1], "6", "x"), "stored");
    },
    isAble,
  );
  on(
    "the limits of a family take its oldest records, wherever they are",
    async (harness) => {
      const logs = await family(harness, { messagesMax: 4 });
      const order = [0, 0, 1, 2, 0, 2, 1, 1];
      const tickets = order.map((log, index) => logs[log]?.append(requestOf({ subject: "s", body: String(index + 1) })) ?? 0);
      for (const ticket of tickets) assert.equal((await harness.outcome(ticket)).kind, "stored");
      const bodies = await Promise.all(logs.map(async (log) => (await read(log)).map((record) => record.body).join(" ")));
      assert.deepEqual(bodies, ["5", "7 8", "6"]);
      const times = (await Promise.all(logs.map((log) => read(log)))).flat().map((record) => record.timeUs);
      assert.equal(new Set(times).size, 4);
    },
    isAble,
  );
  on(
    "a full family that refuses what is new refuses it in every log, and takes it again when one has room",
    async (harness) => {
      const logs = await family(harness, { bytesMax: 60, discard: "new" });
      for (const log of logs) assert.equal(await add(harness, log, "123"), "stored");
      for (const log of logs) assert.equal(await add(harness, log, "456"), "limit");
      assert.equal(logs[1].removeSequence(1), true);
      assert.equal(await add(harness, logs[2], "456"), "stored");
    },
    isAble,
  );
  on(
    "a family is one after a restart, and its dropped logs leave it",
    async (harness) => {
      const [one, two, three] = await family(harness, { messagesMax: 2, duplicateWindowMs: 60_000 });
      assert.equal(await add(harness, one, "1", "x"), "stored");
      assert.equal(await add(harness, two, "2", "y"), "stored");
      await harness.store.drop(three, three.revision);
      await harness.reopen();
      const [first, second] = ["a/f$1", "a/f$2"].map((name) => harness.recovered.find((log) => log.definition.name === name));
      assert.ok(first !== undefined && second !== undefined);
      assert.equal(await add(harness, first, "3", "y"), "duplicate");
      assert.equal(await add(harness, second, "4", "x"), "duplicate");
      assert.equal(await add(harness, second, "5", "z"), "stored");
      assert.deepEqual([first.state.messages, second.state.messages], [0, 2]);
    },
    (fixture) => isAble(fixture) && isDurable(fixture),
  );
}

function definitions(on: On): void {
  on("a log is defined once, changed by its revision, and found by nobody under a wrong one", async (harness) => {
    assert.deepEqual(harness.recovered, []);
    const log = await harness.define("a/one", { messagesMax: 5 });
    assert.equal(log.revision, 1);
    assert.equal(log.definition.name, "a/one");
    assert.equal(log.open, true);
    assert.ok(log.createdUs > 0);
    assert.deepEqual(log.recoveredGroups, []);
    await rejectsAs("exists", harness.store.define(definitionOf("a/one"), 0));
    await rejectsAs("revision", harness.store.define(definitionOf("a/one"), 7));
    await rejectsAs("not_found", harness.store.define(definitionOf("a/two"), 1));
    const same = await harness.store.define(definitionOf("a/one", {}, { document: '{"x":1}' }), 1);
    assert.equal(same, log);
    assert.equal(log.revision, 2);
    assert.equal(log.definition.document, '{"x":1}');
  });

  on("a new log counts nothing, and its first sequence is 1 or what its definition says", async (harness) => {
    const plain = await harness.define("plain");
    assert.deepEqual(stateOf(plain), {
      firstSequence: 0,
      lastSequence: 0,
      messages: 0,
      bytes: 0,
      firstTimeUs: 0,
      lastTimeUs: 0,
      lastMessageId: "",
      deletedCount: 0,
    });
    assert.equal((await harness.append(plain, { subject: "s", body: "x" })).sequence, 1);
    const late = await harness.define("late", {}, { firstSequence: 1000 });
    assert.equal(late.state.lastSequence, 999);
    assert.equal((await harness.append(late, { subject: "s", body: "x" })).sequence, 1000);
    assert.equal(late.state.firstSequence, 1000);
  });

  on("a dropped log is gone, refuses, and leaves its name to another", async (harness) => {
    const log = await harness.define("gone");
    await harness.fill(log, ["a", "b"]);
    await rejectsAs("revision", harness.store.drop(log, 3));
    await harness.store.drop(log, 1);
    assert.equal(log.open, false);
    assert.equal((await harness.append(log, { subject: "a", body: "" })).kind, "failed");
    assert.equal(log.removeSequence(1), false);
    const next = await harness.define("gone");
    assert.notEqual(next.id, log.id);
    assert.equal(next.state.messages, 0);
    assert.deepEqual(await sequences(next), []);
    await rejectsAs("not_found", harness.store.drop(log, 1));
  });

  on("a store closes twice, and then takes nothing", async (harness) => {
    const log = await harness.define("log");
    await harness.fill(log, ["a"]);
    assert.equal(harness.store.status().kind, "open");
    assert.equal(harness.store.status().appended, 1);
    await harness.store.close();
    await harness.store.close();
    assert.equal(harness.store.status().kind, "closed");
    await rejectsAs("closed", harness.store.define(definitionOf("other"), 0));
  });
}

function submissions(on: On): void {
  on("tickets count from 1 over all logs, settle once, in order, after beforeCommit and before committed", async (harness) => {
    const one = await harness.define("one");
    const two = await harness.define("two", { messagesMax: 1, discard: "new" });
    harness.calls.length = 0;
    const tickets = [one, two, one, two].map((log) => log.append(requestOf({ subject: "s", body: "x" })));
    assert.deepEqual(tickets, [1, 2, 3, 4]);
    assert.equal(harness.calls.length, 0, "nothing is told from within a submission");
    const outcomes = await Promise.all(tickets.map((ticket) => harness.outcome(ticket)));
    assert.deepEqual(
      outcomes.map(({ kind, sequence }) => [kind, sequence]),
      [
        ["stored", 1],
        ["stored", 1],
        ["stored", 2],
        ["limit", 0],
      ],
    );
    await harness.store.flush();
    const told = harness.calls.filter((call) => call.startsWith("settled"));
    assert.deepEqual(told, ["settled 1", "settled 2", "settled 3", "settled 4"]);
    assert.ok(harness.calls.indexOf("before") < harness.calls.indexOf("settled 1"));
    const committed = harness.calls.filter((call) => call.startsWith("committed")).join(" ");
    assert.ok(committed.includes("one") && committed.includes("two"));
    assert.ok(harness.calls.findLastIndex((call) => call.startsWith("committed")) > harness.calls.indexOf("settled 4"));
  });

  on("what beforeCommit submits rides in the same commit", async (harness) => {
    const log = await harness.define("log");
    await log.defineGroup("g", "{}", Buffer.alloc(0));
    let saved = 0;
    harness.onBeforeCommit = () => {
      if (saved === 0) saved = log.saveGroup("g", Buffer.from("delta"), false);
    };
    harness.calls.length = 0;
    const first = log.append(requestOf({ subject: "s", body: "x" }));
    await harness.outcome(first);
    await harness.outcome(saved);
    const befores = harness.calls.slice(0, harness.calls.indexOf(`settled ${saved}`)).filter((call) => call === "before");
    assert.equal(befores.length, 1);
  });

  on("the caller's request and buffers are its own again after append", async (harness) => {
    const log = await harness.define("log");
    const body = Buffer.from("xxHEADpayload");
    const request = { ...requestOf({ subject: "first", body: "" }), body, bodyStart: 2, bodyEnd: 13, headerBytes: 4 };
    const ticket = log.append(request);
    request.subject.fill(0x7a);
    body.fill(0x7a);
    request.headerBytes = 0;
    await harness.outcome(ticket);
    const [record] = await read(log);
    assert.equal(record?.subject, "first");
    assert.equal(record?.body, "HEADpayload");
    assert.equal(record?.headerBytes, 4);
  });

  on("a record is not visible before its outcome", async (harness) => {
    const log = await harness.define("log");
    await harness.fill(log, ["a"]);
    const ticket = log.append(requestOf({ subject: "b", body: "" }));
    assert.equal(log.state.lastSequence, 1);
    assert.equal(log.state.messages, 1);
    assert.equal(log.cursor(2, undefined).next(), "end");
    const count = log.count(filterOf("b"), 1);
    if (typeof count === "number") assert.equal(count, 0);
    await harness.outcome(ticket);
    assert.equal(log.state.lastSequence, 2);
    assert.deepEqual(await sequences(log), [1, 2]);
  });

  on("times never fall within a log, whatever the publisher says", async (harness) => {
    const log = await harness.define("log");
    const nowUs = harness.fixture.nowUs();
    await harness.outcome(log.append({ ...requestOf({ subject: "a", body: "" }), timeUs: nowUs + 5_000_000 }));
    await harness.outcome(log.append({ ...requestOf({ subject: "a", body: "" }), timeUs: nowUs - 5_000_000 }));
    await harness.outcome(log.append(requestOf({ subject: "a", body: "" })));
    const times = (await read(log)).map((record) => record.timeUs);
    assert.deepEqual(times, [nowUs + 5_000_000, nowUs + 5_000_000, nowUs + 5_000_000]);
    assert.equal(log.state.lastTimeUs, nowUs + 5_000_000);
  });
}

function reading(on: On): void {
  on("records come back byte for byte, small and large", async (harness) => {
    const log = await harness.define("log");
    const bodies = ["", "x", "é".repeat(1000), "y".repeat(20_000), "z".repeat(400_000), "w"];
    const tickets = bodies.map((body, index) => log.append(requestOf({ subject: `s.é.${index}`, body, ttlSeconds: index * 1000 }, index)));
    for (const ticket of tickets) await harness.outcome(ticket);
    const records = await read(log);
    assert.deepEqual(
      records.map(({ sequence, subject, body, headerBytes, ttlSeconds }) => ({ sequence, subject, body, headerBytes, ttlSeconds })),
      bodies.map((body, index) => ({
        sequence: index + 1,
        subject: `s.é.${index}`,
        body,
        headerBytes: Math.min(index, Buffer.byteLength(body)),
        ttlSeconds: index * 1000,
      })),
    );
    assert.equal(
      log.state.bytes,
      bodies.reduce((sum, body) => sum + Buffer.byteLength(body) + Buffer.byteLength("s.é.0") + 16, 0),
    );
  });

  on("a cursor goes on when there is more, seeks, filters and tells its position", async (harness) => {
    const log = await harness.define("log");
    await harness.fill(log, ["a.1", "b.1", "a.2", "b.2", "a.3"]);
    const cursor = log.cursor(0, filterOf("a.*"));
    assert.equal(cursor.next(), "record");
    assert.equal(cursor.view.sequence, 1);
    assert.equal(cursor.next(), "record");
    assert.equal(cursor.view.sequence, 3);
    assert.equal(cursor.position, 4);
    cursor.seek(2);
    assert.equal(cursor.next(), "record");
    assert.equal(cursor.view.sequence, 3);
    assert.equal(cursor.next(), "record");
    assert.equal(cursor.next(), "end");
    assert.equal(cursor.next(), "end");
    await harness.fill(log, ["b.3", "a.4"]);
    assert.equal(cursor.next(), "record");
    assert.equal(cursor.view.sequence, 7);
    assert.equal(cursor.view.buffer.toString("utf8", cursor.view.subjectStart, cursor.view.subjectEnd), "a.4");
    cursor.close();
    cursor.close();
    assert.deepEqual(await sequences(log, 4), [4, 5, 6, 7]);
    assert.deepEqual(await sequences(log, 100), []);
    assert.deepEqual(await sequences(log, 1, "none"), []);
  });

  on("a cursor skips what was removed, before it and under it", async (harness) => {
    const log = await harness.define("log");
    await harness.fill(
      log,
      Array.from({ length: 600 }, (_, index) => `s.${index % 3}`),
    );
    const cursor = log.cursor(1, undefined);
    assert.equal(await nextOf(cursor), "record");
    for (let sequence = 2; sequence <= 500; sequence++) if (sequence % 7 !== 0) assert.equal(log.removeSequence(sequence), true);
    await log.remove({ kind: "purge", filter: undefined, upTo: 20, keep: 0 });
    assert.equal(await nextOf(cursor), "record");
    assert.equal(cursor.view.sequence, 21);
    const rest = await sequences(log, 22);
    const expected = Array.from({ length: 600 }, (_, index) => index + 1).filter((at) => at > 21 && (at > 500 || at % 7 === 0));
    assert.deepEqual(rest, expected);
    cursor.close();
  });
}

function decisions(on: On): void {
  on("a message id is stored once inside the window, and again after it", async (harness) => {
    const log = await harness.define("log", { duplicateWindowMs: 2000 });
    assert.equal((await harness.append(log, { subject: "a", body: "1", messageId: "id" })).sequence, 1);
    await harness.append(log, { subject: "a", body: "2" });
    harness.fixture.advance(1000);
    const again = await harness.append(log, { subject: "b", body: "3", messageId: "id" });
    assert.deepEqual([again.kind, again.sequence], ["duplicate", 1]);
    assert.equal((await harness.append(log, { subject: "a", body: "", messageId: "ïd" })).kind, "stored");
    harness.fixture.advance(1001);
    assert.deepEqual((await harness.append(log, { subject: "b", body: "3", messageId: "id" })).sequence, 4);
    assert.equal(log.state.lastMessageId, "id");
    const other = await harness.define("other");
    await harness.append(other, { subject: "a", body: "", messageId: "id" });
    assert.equal((await harness.append(other, { subject: "a", body: "", messageId: "id" })).sequence, 2, "no window, no memory");
  });

  on("an expectation that does not hold refuses and says what is", async (harness) => {
    const log = await harness.define("log", { duplicateWindowMs: 60_000 });
    await harness.append(log, { subject: "a.1", body: "", messageId: "first" });
    await harness.append(log, { subject: "b", body: "", messageId: "second" });
    const expecting = async (expect: object, subject = "a.1", messageId?: string): Promise<unknown[]> => {
      const { kind, detail, sequence, lastMessageId } = await harness.append(log, { subject, body: "", expect, messageId });
      return [kind, detail, sequence, lastMessageId];
    };
    assert.deepEqual(await expecting({ lastSequence: 9 }), ["mismatch", "lastSequence", 2, ""]);
    assert.deepEqual(await expecting({ lastSubjectSequence: 2 }), ["mismatch", "lastSubjectSequence", 1, ""]);
    assert.deepEqual(await expecting({ lastSubjectSequence: 3 }, "c"), ["mismatch", "lastSubjectSequence", 0, ""]);
    assert.deepEqual(await expecting({ lastMessageId: "first" }), ["mismatch", "lastMessageId", 0, "second"]);
    assert.deepEqual(await expecting({ lastSubjectSequence: 2, lastSubjectFilter: filterOf("a.*") }, "b"), [
      "mismatch",
      "lastSubjectSequence",
      1,
      "",
    ]);
    // The order of the checks: subject, log, id known, last id.
    assert.deepEqual((await expecting({ lastSequence: 9, lastSubjectSequence: 9 })).slice(1, 2), ["lastSubjectSequence"]);
    assert.deepEqual((await expecting({ lastSequence: 9 }, "a.1", "first")).slice(0, 2), ["mismatch", "lastSequence"]);
    assert.deepEqual((await expecting({ lastMessageId: "x" }, "a.1", "first")).slice(0, 3), ["duplicate", "", 1]);
    assert.equal(log.state.messages, 2);
    assert.deepEqual(await expecting({ lastSequence: 2, lastSubjectSequence: 1, lastMessageId: "second" }), ["stored", "", 3, ""]);
    assert.deepEqual(await expecting({ lastSubjectSequence: 0 }, "new"), ["stored", "", 4, ""]);
    assert.deepEqual(await expecting({ lastSubjectSequence: 3, lastSubjectFilter: filterOf("a.>") }, "a.2"), ["stored", "", 5, ""]);
  });

  on("a roll-up takes the subject's earlier records away, or all", async (harness) => {
    const log = await harness.define("log");
    await harness.fill(log, ["a", "b", "a", "c"]);
    await harness.append(log, { subject: "a", body: "", rollup: "subject" });
    assert.deepEqual(await sequences(log), [2, 4, 5]);
    await harness.append(log, { subject: "c", body: "", rollup: "all" });
    assert.deepEqual(await sequences(log), [6]);
    assert.equal(log.state.firstSequence, 6);
    assert.equal(log.state.messages, 1);
  });
}

function limits(on: On): void {
  on("the oldest make room where old is discarded", async (harness) => {
    const log = await harness.define("log", { messagesMax: 3 });
    await harness.fill(log, ["a", "b", "c", "d", "e"]);
    assert.deepEqual(await sequences(log), [3, 4, 5]);
    assert.equal(log.state.firstSequence, 3);
    const bytes = await harness.define("bytes", { bytesMax: 60 });
    for (let n = 0; n < 5; n++) await harness.append(bytes, { subject: "s", body: "123" });
    assert.deepEqual(await sequences(bytes), [3, 4, 5]);
    assert.equal(bytes.state.bytes, 60);
    await harness.append(bytes, { subject: "s", body: "1".repeat(43) });
    assert.deepEqual(await sequences(bytes), [6]);
    const tooLarge = await harness.append(bytes, { subject: "s", body: "1".repeat(44) });
    assert.deepEqual([tooLarge.kind, tooLarge.detail], ["limit", "bytes"]);
    assert.deepEqual(await sequences(bytes), [6]);
  });

  on("new records are refused where new is discarded", async (harness) => {
    const log = await harness.define("log", { messagesMax: 2, discard: "new" });
    await harness.fill(log, ["a", "b"]);
    const refused = await harness.append(log, { subject: "c", body: "" });
    assert.deepEqual([refused.kind, refused.detail, refused.sequence], ["limit", "messages", 0]);
    assert.equal(log.removeSequence(1), true);
    assert.equal((await harness.append(log, { subject: "c", body: "" })).sequence, 3);
    const bytes = await harness.define("bytes", { bytesMax: 40, discard: "new" });
    assert.equal((await harness.append(bytes, { subject: "s", body: "123" })).kind, "stored");
    assert.equal((await harness.append(bytes, { subject: "s", body: "123" })).kind, "stored");
    assert.equal((await harness.append(bytes, { subject: "s", body: "" })).detail, "bytes");
    const size = await harness.define("size", { messageBytesMax: 4 });
    assert.equal((await harness.append(size, { subject: "long.subject", body: "1234" })).kind, "stored");
    assert.equal((await harness.append(size, { subject: "s", body: "12345" })).detail, "messageBytes");
  });

  on("a subject keeps its newest, or refuses, as the limits say", async (harness) => {
    const keep = await harness.define("keep", { messagesPerSubjectMax: 2 });
    await harness.fill(keep, ["a", "a", "b", "a", "b", "a"]);
    assert.deepEqual(await sequences(keep), [3, 4, 5, 6]);
    assert.deepEqual(await sequences(keep, 1, "a"), [4, 6]);
    const replace = await harness.define("replace", { messagesPerSubjectMax: 1, messagesMax: 2, discard: "new" });
    await harness.fill(replace, ["a", "b", "a"]);
    assert.deepEqual(await sequences(replace), [2, 3]);
    assert.equal((await harness.append(replace, { subject: "c", body: "" })).detail, "messages");
    const refuse = await harness.define("refuse", { messagesPerSubjectMax: 1, discard: "new", discardNewPerSubject: true });
    await harness.fill(refuse, ["a", "b"]);
    assert.equal((await harness.append(refuse, { subject: "a", body: "" })).detail, "messagesPerSubject");
    assert.deepEqual(await sequences(refuse), [1, 2]);
  });

  on("lowered limits are enforced at once", async (harness) => {
    const log = await harness.define("log");
    await harness.fill(log, ["a", "b", "a", "b", "a"]);
    await harness.store.define(definitionOf("log", { messagesMax: 4 }), 1);
    assert.deepEqual(await sequences(log), [2, 3, 4, 5]);
    await harness.store.define(definitionOf("log", { messagesPerSubjectMax: 1 }), 2);
    await eventually(() => log.state.messages === 2, "one record a subject");
    assert.deepEqual(await sequences(log), [4, 5]);
  });

  on("records leave by age and by their own time to live", async (harness) => {
    const log = await harness.define("log", { ageMaxMs: 10_000 });
    await harness.append(log, { subject: "a", body: "" });
    harness.fixture.advance(4000);
    await harness.append(log, { subject: "b", body: "", ttlSeconds: 2 });
    await harness.append(log, { subject: "c", body: "" });
    harness.fixture.advance(1900);
    await harness.store.flush();
    assert.deepEqual(await sequences(log), [1, 2, 3]);
    harness.fixture.advance(200);
    await eventually(() => log.state.messages === 2, "the short-lived record is gone");
    assert.deepEqual(await sequences(log), [1, 3]);
    harness.fixture.advance(4000);
    await eventually(() => log.state.messages === 1, "the oldest record is gone");
    assert.deepEqual(await sequences(log), [3]);
    harness.fixture.advance(4000);
    await eventually(() => log.state.messages === 0, "all are gone");
    assert.equal(log.state.firstSequence, 4);
    assert.equal((await harness.append(log, { subject: "d", body: "" })).sequence, 4);
  });
}

function removal(on: On): void {
  on("one record is removed, the others stay where they are", async (harness) => {
    const log = await harness.define("log");
    await harness.fill(log, ["a", "b", "c", "d", "e"]);
    assert.equal(log.removeSequence(3), true);
    assert.equal(log.removeSequence(3), false);
    assert.equal(log.removeSequence(9), false);
    assert.equal(await log.remove({ kind: "sequence", sequence: 4, erase: true }), 1);
    assert.equal(await log.remove({ kind: "sequence", sequence: 4, erase: true }), 0);
    assert.deepEqual(await sequences(log), [1, 2, 5]);
    assert.deepEqual([...log.deleted(10)], [3, 4]);
    assert.deepEqual([...log.deleted(1)], [3]);
    assert.equal(log.state.deletedCount, 2);
    assert.equal(log.state.messages, 3);
    log.removeSequence(1);
    log.removeSequence(2);
    await harness.store.flush();
    assert.equal(log.state.firstSequence, 5);
    assert.equal(log.state.deletedCount, 0);
    log.removeSequence(5);
    await harness.store.flush();
    assert.deepEqual([log.state.firstSequence, log.state.lastSequence, log.state.messages, log.state.bytes], [6, 5, 0, 0]);
    assert.equal((await harness.append(log, { subject: "a", body: "" })).sequence, 6);
  });

  on("a purge takes all, up to a sequence, all but some, or one subject's", async (harness) => {
    const subjects = ["a.1", "b", "a.2", "b", "a.1", "b", "a.2", "b"];
    const purge = async (filter: string | undefined, upTo: number, keep: number): Promise<[number, number[]]> => {
      const name = `log-${filter}-${upTo}-${keep}`;
      const log = await harness.define(name);
      await harness.fill(log, subjects);
      const compiled = filter === undefined ? undefined : filterOf(filter);
      const count = await log.remove({ kind: "purge", filter: compiled, upTo, keep });
      return [count, await sequences(log)];
    };
    assert.deepEqual(await purge(undefined, 0, 0), [8, []]);
    assert.deepEqual(await purge(undefined, 4, 0), [3, [4, 5, 6, 7, 8]]);
    assert.deepEqual(await purge(undefined, 0, 3), [5, [6, 7, 8]]);
    assert.deepEqual(await purge(undefined, 100, 0), [8, []]);
    assert.deepEqual(await purge("b", 0, 0), [4, [1, 3, 5, 7]]);
    assert.deepEqual(await purge("a.*", 0, 1), [3, [2, 4, 6, 7, 8]]);
    assert.deepEqual(await purge("b", 5, 0), [2, [1, 3, 5, 6, 7, 8]]);
    assert.deepEqual(await purge("none", 0, 0), [0, [1, 2, 3, 4, 5, 6, 7, 8]]);
  });

  on("every record that leaves is told of with its subject, before the committed that follows", async (harness) => {
    const log = await harness.define("log", { messagesMax: 4 });
    const told: string[] = [];
    log.removed = (sequence, subject, start, end) => {
      told.push(`${sequence} ${Buffer.from(subject).toString("utf8", start, end)}`);
    };
    await harness.fill(log, ["a", "b", "c", "d", "e"]);
    assert.deepEqual(told, ["1 a"]);
    log.removeSequence(3);
    await log.remove({ kind: "purge", filter: filterOf("b"), upTo: 0, keep: 0 });
    await harness.append(log, { subject: "e", body: "", rollup: "subject" });
    assert.deepEqual(told, ["1 a", "3 c", "2 b", "5 e"]);
    harness.calls.length = 0;
    await log.remove({ kind: "purge", filter: undefined, upTo: 0, keep: 0 });
    assert.ok(harness.calls.some((call) => call.startsWith("committed") && call.includes("log")));
    const rest = told.slice(4);
    assert.ok(rest.includes("0 ") || (rest.includes("4 d") && rest.includes("6 e")));
  });
}

function questions(on: On): void {
  on("first by time, last by subject and counts are exact", async (harness) => {
    const log = await harness.define("log");
    const startUs = harness.fixture.nowUs();
    for (const subject of ["a.1", "b", "a.2", "b"]) {
      await harness.append(log, { subject, body: "" });
      harness.fixture.advance(1000);
    }
    const times = (await read(log)).map((record) => record.timeUs);
    assert.equal(await log.findTime(0), 1);
    assert.equal(await log.findTime(startUs), 1);
    assert.equal(await log.findTime(times[1] ?? 0), 2);
    assert.equal(await log.findTime((times[1] ?? 0) + 1), 3);
    assert.equal(await log.findTime((times[3] ?? 0) + 1), 5);
    assert.equal(await log.findLast(filterOf("a.*")), 3);
    assert.equal(await log.findLast(filterOf("b")), 4);
    assert.equal(await log.findLast(filterOf("c")), 0);
    assert.equal(await log.count(undefined, 1), 4);
    assert.equal(await log.count(undefined, 3), 2);
    assert.equal(await log.count(filterOf(">"), 2), 3);
    assert.equal(await log.count(filterOf("b"), 1), 2);
    assert.equal(await log.count(filterOf("a.*"), 2), 1);
    assert.equal(await log.count(filterOf("b"), 5), 0);
    log.removeSequence(4);
    await harness.store.flush();
    assert.equal(await log.findLast(filterOf("b")), 2);
    assert.equal(await log.count(filterOf("b"), 1), 1);
    assert.equal(await log.findTime(times[3] ?? 0), 5);
  });

  on("subjects come in byte order, page by page, with their counts", async (harness) => {
    const log = await harness.define("log");
    await harness.fill(log, ["b", "a.2", "é", "a.1", "b", "B", "b"]);
    log.removeSequence(1);
    await harness.store.flush();
    const all = await log.subjects(undefined, 0, 100);
    assert.deepEqual(all, {
      total: 5,
      subjects: [
        { subject: "B", messages: 1, firstSequence: 6, lastSequence: 6 },
        { subject: "a.1", messages: 1, firstSequence: 4, lastSequence: 4 },
        { subject: "a.2", messages: 1, firstSequence: 2, lastSequence: 2 },
        { subject: "b", messages: 2, firstSequence: 5, lastSequence: 7 },
        { subject: "é", messages: 1, firstSequence: 3, lastSequence: 3 },
      ],
    });
    if (log.lastOfEach !== undefined) {
      assert.deepEqual([...(await log.lastOfEach(undefined)).sort()], [2, 3, 4, 6, 7]);
      assert.deepEqual([...(await log.lastOfEach(filterOf("a.*"))).sort()], [2, 4]);
      assert.deepEqual([...(await log.lastOfEach(filterOf("none")))], []);
    }
    const page = await log.subjects(filterOf("a.*"), 1, 5);
    assert.deepEqual([page.total, page.subjects.map((count) => count.subject)], [2, ["a.2"]]);
    assert.deepEqual(
      (await log.subjects(undefined, 3, 1)).subjects.map((count) => count.subject),
      ["b"],
    );
    assert.deepEqual(await log.subjects(filterOf("none"), 0, 10), { total: 0, subjects: [] });
    await log.remove({ kind: "purge", filter: undefined, upTo: 0, keep: 0 });
    assert.deepEqual(await log.subjects(undefined, 0, 10), { total: 0, subjects: [] });
  });

  on("many subjects are ordered too", async (harness) => {
    const log = await harness.define("log");
    const names = Array.from({ length: 6000 }, (_, index) => `s.${(index * 7919) % 6000}`);
    await harness.fill(log, names);
    const page = await log.subjects(filterOf("s.*"), 100, 50);
    assert.equal(page.total, 6000);
    assert.deepEqual(
      page.subjects.map((count) => count.subject),
      [...names].sort().slice(100, 150),
    );
  });
}

function fleeting(on: On): void {
  on("a fleeting append takes a sequence and a message id, and is never seen", async (harness) => {
    const log = await harness.define("log", { duplicateWindowMs: 60_000 });
    const left: Sequence[] = [];
    log.removed = (sequence) => void left.push(sequence);
    const request = { ...requestOf({ subject: "s", body: "x", messageId: "id" }), fleeting: true };
    const outcomes = [await harness.outcome(log.append(request)), await harness.outcome(log.append(request))];
    assert.deepEqual(
      outcomes.map(({ kind, sequence }) => [kind, sequence]),
      [
        ["stored", 1],
        ["duplicate", 1],
      ],
    );
    assert.deepEqual(await sequences(log), []);
    assert.deepEqual([log.state.messages, log.state.lastSequence, left], [0, 1, [1]]);
    await harness.append(log, { subject: "s", body: "kept" });
    assert.deepEqual(await sequences(log), [2]);
  });
}

function atomic(on: On): void {
  const spans = (fixture: StoreFixture): boolean => fixture.store.abilities.atomicAcrossLogs;
  on(
    "an atomic append stores all of its parts, over logs, or none",
    async (harness) => {
      const one = await harness.define("one", { messagesMax: 3, discard: "new" });
      const two = await harness.define("two", { messagesPerSubjectMax: 1 });
      const part = (
        log: Log,
        subject: string,
        expect?: { lastSubjectSequence: number },
      ): { log: Log; request: ReturnType<typeof requestOf> } => ({
        log,
        request: requestOf({ subject, body: "", expect }),
      });
      const first = harness.store.appendAtomic([part(one, "a"), part(two, "x"), part(one, "b")]);
      const outcomes = [await harness.outcome(first), await harness.outcome(first + 1), await harness.outcome(first + 2)];
      assert.deepEqual(
        outcomes.map(({ kind, sequence }) => [kind, sequence]),
        [
          ["stored", 1],
          ["stored", 1],
          ["stored", 2],
        ],
      );
      const refused = harness.store.appendAtomic([part(two, "x"), part(one, "c"), part(one, "d")]);
      for (let index = 0; index < 3; index++) assert.notEqual((await harness.outcome(refused + index)).kind, "stored");
      assert.deepEqual(await sequences(one), [1, 2]);
      assert.deepEqual(await sequences(two), [1]);
      // A later part sees what an earlier one did.
      const chained = harness.store.appendAtomic([
        part(two, "y", { lastSubjectSequence: 0 }),
        part(two, "y", { lastSubjectSequence: 2 }),
        part(one, "c"),
      ]);
      assert.equal((await harness.outcome(chained + 2)).kind, "stored");
      assert.deepEqual(await sequences(two), [1, 3]);
      assert.deepEqual(await sequences(one), [1, 2, 3]);
      // All were judged before the first was stored: what it evicts does not refuse the second.
      const last = await harness.define("last", { messagesMax: 1 });
      await harness.append(last, { subject: "a", body: "" });
      const evicting = harness.store.appendAtomic([part(last, "b"), part(last, "a", { lastSubjectSequence: 1 })]);
      assert.equal((await harness.outcome(evicting + 1)).kind, "stored");
      assert.deepEqual(await sequences(last), [3]);
    },
    spans,
  );
}

function groups(on: On): void {
  on("a group is defined, saved and dropped, and its deltas settle like appends", async (harness) => {
    const log = await harness.define("log");
    log.groupSnapshot = () => Buffer.from("snapshot");
    await log.defineGroup("g", '{"a":1}', Buffer.from("start"));
    const ticket = log.saveGroup("g", Buffer.from("delta"), true);
    assert.equal((await harness.outcome(ticket)).kind, "stored");
    await log.dropGroup("g");
  });

  on(
    "a group comes back with its document, its snapshot and the deltas after it",
    async (harness) => {
      const log = await harness.define("log");
      await log.defineGroup("kept", '{"a":1}', Buffer.from("start"));
      await log.defineGroup("dropped", "{}", Buffer.alloc(0));
      const deltas = ["one", "two", "three"].map((delta) => log.saveGroup("kept", Buffer.from(delta), true));
      for (const ticket of deltas) await harness.outcome(ticket);
      await log.dropGroup("dropped");
      await harness.reopen();
      const again = logNamed(harness, "log");
      assert.deepEqual(
        again.recoveredGroups.map((group) => group.name),
        ["kept"],
      );
      const group = again.recoveredGroups[0];
      assert.equal(group?.document, '{"a":1}');
      assert.equal(Buffer.from(group?.snapshot ?? []).toString(), "start");
      assert.deepEqual(
        group?.deltas.map((delta) => Buffer.from(delta).toString()),
        ["one", "two", "three"],
      );
    },
    isDurable,
  );
}

function logNamed(harness: StoreHarness, name: string): Log {
  const log = harness.recovered.find((other) => other.definition.name === name);
  assert.ok(log !== undefined, `${name} was recovered`);
  return log;
}

function survival(on: On): void {
  on(
    "everything is there again after a close: logs, records, counts, removals, ids",
    async (harness) => {
      const log = await harness.define("log", { duplicateWindowMs: 60_000, messagesPerSubjectMax: 3 }, { document: '{"d":1}' });
      await harness.store.define(definitionOf("log", { duplicateWindowMs: 60_000, messagesPerSubjectMax: 2 }, { document: '{"d":2}' }), 1);
      await harness.fill(log, ["a", "b", "a", "c", "a", "d"]);
      await harness.append(log, { subject: "e", body: "with id", messageId: "id" });
      log.removeSequence(4);
      const dropped = await harness.define("dropped");
      await harness.fill(dropped, ["a"]);
      await harness.store.drop(dropped, 1);
      await harness.store.flush();
      const before = stateOf(log);
      const records = await read(log);
      const subjects = await log.subjects(undefined, 0, 10);
      const { id, createdUs } = log;
      for (let round = 0; round < 2; round++) {
        await harness.reopen();
        assert.deepEqual(
          harness.recovered.map((other) => other.definition.name),
          ["log"],
        );
        const again = logNamed(harness, "log");
        assert.deepEqual([again.id, again.createdUs, again.revision, again.definition.document], [id, createdUs, 2, '{"d":2}']);
        assert.deepEqual(stateOf(again), before);
        assert.deepEqual(await read(again), records);
        assert.deepEqual(await again.subjects(undefined, 0, 10), subjects);
        assert.deepEqual([...again.deleted(10)], [3, 4].slice(1));
        const duplicate = await harness.append(again, { subject: "e", body: "", messageId: "id" });
        assert.deepEqual([duplicate.kind, duplicate.sequence], ["duplicate", 7]);
      }
      const last = logNamed(harness, "log");
      assert.equal((await harness.append(last, { subject: "a", body: "" })).sequence, 8);
      assert.deepEqual(await sequences(last, 1, "a"), [5, 8]);
      const fresh = await harness.define("fresh");
      assert.ok(fresh.id > Math.max(id, dropped.id), "an id is never given out twice");
    },
    isDurable,
  );
}
