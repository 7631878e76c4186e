import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { filtersOverlap } from "../../lib/filter.ts";
import type { Matches } from "../../lib/router/matches.ts";
import { Router } from "../../lib/router/router.ts";
import type { Subscription } from "../../lib/subscription.ts";
import { propertyRuns } from "../support/effort.ts";
import { expected, readable, subscriptionOf } from "./reference.ts";

function match(router: Router, subject: string): Matches {
  const bytes = Buffer.from(`--${subject}--`);
  return router.match(router.resolve(bytes, 2, bytes.length - 2));
}

function matchOnce(router: Router, subject: string): Matches {
  const bytes = Buffer.from(`--${subject}--`);
  return router.matchOnce(bytes, 2, bytes.length - 2);
}

const word = fc.constantFrom("a", "b", "c", "$x", "seven77", "eight888", "a-token-of-twenty-one", "größe", "_INBOX", "a*");
const filterTokens = fc.array(fc.oneof({ weight: 3, arbitrary: word }, { weight: 2, arbitrary: fc.constant("*") }), {
  minLength: 1,
  maxLength: 5,
});
const filter = fc.tuple(filterTokens, fc.boolean()).map(([tokens, rest]) => (rest ? [...tokens.slice(1), ">"] : tokens).join("."));
const wish = fc.record({
  filter,
  queue: fc.constantFrom(undefined, undefined, "q1", "q2"),
  captures: fc.constantFrom(false, false, false, true),
  parentToo: fc.boolean(),
  noDollar: fc.boolean(),
});
const subject = fc
  .array(fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.constantFrom("", "*", ">", "zero\0", "other") }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((tokens) => tokens.join("."));

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("add" as const), wish }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("match" as const), subject }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("matchOnce" as const), subject }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("again" as const), which: fc.nat() }) },
);

test("matches are those of the naive rule through any course of subscribing, unsubscribing and publishing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 6 }), (steps, subjectsMax) => {
      const router = new Router({ subjectsMax });
      const live: Subscription[] = [];
      const asked: string[] = [];
      const check = (text: string, ask: typeof match): void => deepEqual(readable(ask(router, text)), expected(live, text));
      for (const each of steps) {
        switch (each.kind) {
          case "add": {
            const subscription = subscriptionOf(each.wish);
            router.add(subscription);
            live.push(subscription);
            break;
          }
          case "remove": {
            const [gone] = live.splice(each.which % (live.length || 1), 1);
            if (gone !== undefined) ok(router.remove(gone));
            break;
          }
          case "match":
            asked.push(each.subject);
            check(each.subject, match);
            break;
          case "matchOnce":
            asked.push(each.subject);
            check(each.subject, matchOnce);
            break;
          case "again": {
            const text = asked[each.which % (asked.length || 1)];
            if (text !== undefined) for (const ask of [match, match, matchOnce, matchOnce, match]) check(text, ask);
            break;
          }
        }
        equal(router.count, live.length);
      }
      for (const text of asked) {
        check(text, match);
        equal(router.hasInterest(text), expected(live, text).length > 0);
      }
      for (const gone of live) router.remove(gone);
      for (const text of asked) deepEqual(readable(match(router, text)), []);
      equal(router.count, 0);
    }),
    propertyRuns(5, 800, 20_000),
  );
});

test("interest in a filter counts the subscriptions that overlap it, and the listing shows each once", () => {
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 30 }), filter, (wishes, asked) => {
      const router = new Router();
      // Flags of other protocols change what a filter means; overlap speaks of filters alone.
      const live = wishes.map((each) => subscriptionOf({ filter: each.filter, queue: each.queue }));
      for (const each of live) router.add(each);
      equal(router.interestIn(asked), live.filter((each) => filtersOverlap(asked, each.filter)).length);
      deepEqual(new Set(router.subscriptions()), new Set(live));
    }),
    propertyRuns(6, 300, 5000),
  );
});

test("a subject met again is the same entry, a one-off is a reused one", () => {
  const router = new Router();
  const bytes = Buffer.from("orders.eu.7");
  router.resolve(bytes, 0, bytes.length);
  const second = router.resolve(bytes, 0, bytes.length);
  equal(router.resolve(Buffer.from("orders.eu.7"), 0, bytes.length), second);
  equal(second.transient, false);
  equal(second.text, "orders.eu.7");
  for (const text of ["_INBOX.abc.1", "_R_.abc.1", "$JS.ACK.s.g.1.2.3.4.5"]) {
    const reply = Buffer.from(text);
    for (let i = 0; i < 3; i++) ok(router.resolve(reply, 0, reply.length).transient);
    equal(router.resolve(reply, 0, reply.length).text, text);
  }
});

test("a transient subject stays valid while a call within a call resolves another", () => {
  const router = new Router();
  const outer = router.resolve(Buffer.from("_INBOX.outer.1"), 0, 14);
  const inner = router.resolve(Buffer.from("_INBOX.inner.22"), 0, 15);
  equal(outer.text, "_INBOX.outer.1");
  equal(inner.text, "_INBOX.inner.22");
  equal(outer.bytes.toString(), "_INBOX.outer.1");
});

test("an answer is kept until interest in its family changes", () => {
  const router = new Router();
  router.add(subscriptionOf({ filter: "sensors.kitchen.*" }));
  match(router, "sensors.kitchen.heat");
  const answer = match(router, "sensors.kitchen.heat");
  for (let i = 0; i < 100; i++) {
    const inbox = subscriptionOf({ filter: `_INBOX.${i}.*` });
    router.add(inbox);
    router.remove(inbox);
  }
  equal(match(router, "sensors.kitchen.heat"), answer);
  for (const text of ["sensors.kitchen.heat", "sensors.>", ">", "*.kitchen.heat", "sensors.kitchen.>"]) {
    const before = match(router, "sensors.kitchen.heat");
    router.add(subscriptionOf({ filter: text }));
    notEqual(match(router, "sensors.kitchen.heat"), before, text);
    equal(before.plain.length + 1, match(router, "sensors.kitchen.heat").plain.length, text);
  }
});

test("replies of two inboxes in turn are told apart, whatever was answered last", () => {
  const router = new Router();
  const first = subscriptionOf({ filter: "_INBOX.one.*" });
  const second = subscriptionOf({ filter: "_INBOX.two.*" });
  router.add(first);
  router.add(second);
  const matched = (text: string): readonly Subscription[] => router.matchOnce(Buffer.from(text), 0, text.length).plain;
  for (let i = 0; i < 5; i++) {
    deepEqual(matched(`_INBOX.one.${i}`), [first]);
    deepEqual(matched(`_INBOX.one.${i}.more`), []);
    deepEqual(matched("_INBOX.one."), []);
    deepEqual(matched(`_INBOX.two.${i}`), [second]);
    deepEqual(matched(`_INBOX.twofold.${i}`), []);
  }
  router.remove(second);
  deepEqual(matched("_INBOX.two.9"), []);
  deepEqual(matched("_INBOX.one.9"), [first]);
});

test("replies below one inbox share one answer", () => {
  const router = new Router();
  router.add(subscriptionOf({ filter: "_INBOX.client.*" }));
  for (let i = 0; i < 3; i++) matchOnce(router, `_INBOX.client.${i}`);
  const answer = matchOnce(router, "_INBOX.client.again");
  equal(answer.plain.length, 1);
  equal(matchOnce(router, "_INBOX.client.other"), answer);
  router.add(subscriptionOf({ filter: "_INBOX.client.other" }));
  equal(matchOnce(router, "_INBOX.client.other").plain.length, 2);
  equal(matchOnce(router, "_INBOX.client.again").plain.length, 1);
  deepEqual(matchOnce(router, "_INBOX.client.").plain, []);
  deepEqual(match(router, "_INBOX.client.").plain, []);
});

test("a subject with a final dot is not taken for the prefix it looks like", () => {
  const router = new Router();
  router.add(subscriptionOf({ filter: "orders.eu.*" }));
  for (let i = 0; i < 3; i++) equal(matchOnce(router, `orders.eu.${i}`).plain.length, 1);
  for (let i = 0; i < 3; i++) deepEqual(match(router, "orders.eu.").plain, []);
  equal(matchOnce(router, "orders.eu.9").plain.length, 1);
});

test("acks are matched as any other subject, whatever filters there are for them", () => {
  const acks = fc.array(fc.constantFrom("s", "g", "1", ""), { maxLength: 4 }).map((tokens) => ["$JS.ACK", ...tokens].join("."));
  const forAcks = fc
    .array(fc.constantFrom("s", "g", "*"), { maxLength: 3 })
    .chain((tokens) =>
      fc.constantFrom(["$JS.ACK", ...tokens, ">"].join("."), ["$JS.ACK", ...tokens].join("."), "$JS.>", ">", "$JS.*.s", "$JS.ACK.>"),
    );
  fc.assert(
    fc.property(fc.array(fc.oneof(acks, fc.record({ filter: forAcks }), fc.nat()), { maxLength: 40 }), (steps) => {
      const router = new Router();
      const live: Subscription[] = [];
      for (const each of steps) {
        if (typeof each === "string") {
          for (let i = 0; i < 2; i++) deepEqual(readable(match(router, each)), expected(live, each), each);
        } else if (typeof each === "number") {
          const [gone] = live.splice(each % (live.length || 1), 1);
          if (gone !== undefined) router.remove(gone);
        } else {
          const subscription = subscriptionOf(each);
          live.push(subscription);
          router.add(subscription);
        }
      }
    }),
    propertyRuns(7, 1000, 20_000),
  );
});

test("two routers never share an answer through a subject", () => {
  const one = new Router();
  const other = new Router();
  one.add(subscriptionOf({ filter: "a.b" }));
  const bytes = Buffer.from("a.b");
  one.resolve(bytes, 0, 3);
  const subjectOfOne = one.resolve(bytes, 0, 3);
  equal(one.match(subjectOfOne).plain.length, 1);
  equal(other.match(subjectOfOne).plain.length, 0);
  equal(one.match(subjectOfOne).plain.length, 1);
});

test("a subscription is active from add to remove, and adding or removing twice is one", () => {
  const router = new Router();
  const subscription = subscriptionOf({ filter: "a.*" });
  equal(subscription.active, false);
  router.add(subscription);
  router.add(subscription);
  equal(subscription.active, true);
  equal(match(router, "a.b").plain.length, 1);
  ok(router.remove(subscription));
  equal(subscription.active, false);
  ok(!router.remove(subscription));
  equal(router.count, 0);
});

test("many subscribers of one subject leave as quickly as they came, and many groups stay apart", () => {
  const router = new Router();
  const plain = Array.from({ length: 20_000 }, () => subscriptionOf({ filter: "news" }));
  const members = Array.from({ length: 300 }, (_, i) => subscriptionOf({ filter: i % 2 ? "news" : "*", queue: `q${i % 50}` }));
  for (const each of [...plain, ...members]) router.add(each);
  equal(match(router, "news").plain.length, plain.length);
  equal(match(router, "news").queues.length, 50);
  for (const group of match(router, "news").queues) equal(group.length, 6);
  for (const each of plain) router.remove(each);
  equal(match(router, "news").plain.length, 0);
  for (const each of members) router.remove(each);
  equal(router.hasInterest("news"), false);
});

test("the nodes of filters that have gone are used again", () => {
  const router = new Router();
  let first = 0;
  for (let round = 0; round < 30; round++) {
    const batch = Array.from({ length: 2000 }, (_, i) => subscriptionOf({ filter: `fleet-of-vehicles.${round}-${i}.*.speed` }));
    for (const each of batch) router.add(each);
    if (round === 0) first = router.memoryBytes;
    ok(router.memoryBytes <= first * 1.6, `${router.memoryBytes} after ${first}`);
    // One stays, so that nothing is simply thrown away.
    for (const each of batch.slice(1)) router.remove(each);
  }
  equal(router.count, 30);
});

test("streams of subjects met once do not fill the table of subjects", () => {
  const router = new Router();
  for (let i = 0; i < 50_000; i++) match(router, `one.off.${i}`);
  ok(router.subjectCount < 1000, `${router.subjectCount}`);
  for (let round = 0; round < 8; round++) for (let i = 0; i < 5000; i++) match(router, `hot.one.${i}`);
  ok(router.subjectCount > 4500, `${router.subjectCount}`);
});

test("remembered subjects are bounded in number and in bytes", () => {
  const router = new Router({ subjectsMax: 100, subjectBytesMax: 4000 });
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 500; i++) {
      const text = `subject.${i}.${"x".repeat(i % 90)}`;
      match(router, text);
      match(router, text);
      ok(router.subjectCount <= 100);
    }
  }
  const long = Buffer.from("y".repeat(600));
  for (let i = 0; i < 3; i++) ok(router.resolve(long, 0, long.length).transient);
});
