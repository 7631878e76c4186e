/** Topics as subjects and back: total, without loss, and matching as MQTT says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileFilter, parseSubject } from "../../lib/filter.ts";
import { mapFilter, parseShare, subjectOfTopic, topicOfSubject } from "../../transports/mqtt/topic.ts";
import { propertyRuns } from "../support/effort.ts";

const table: readonly (readonly [string, string])[] = [
  ["a//b", "a./.b"],
  ["*", "/a"],
  ["/a", "/.a"],
  ["a/", "a./"],
  [">", "/g"],
  ["/", "/./"],
  ["//", "/././"],
  ["x*y", "x*y"],
  ["a>", "a>"],
  [".", "//"],
  ["a.b", "a//b"],
  ["Living Room/temp", "Living/sRoom.temp"],
  ["$SYS/broker/uptime", "$MQTT.$SYS.broker.uptime"],
];

for (const [topic, subject] of table) {
  test(`topic ${topic} is subject ${subject}`, () => {
    assert.equal(subjectOfTopic(topic), subject);
    assert.equal(topicOfSubject(Buffer.from(subject)).toString(), topic);
  });
}

const hard = ["a", "b", "/", ".", "*", ">", " ", "\t", "$", "x", "ä", "s", "g"];

test("every short topic of hard characters comes back, alone on its subject", () => {
  const taken = new Map<string, string>();
  const grow = (topic: string, left: number): void => {
    if (topic !== "") {
      const subject = subjectOfTopic(topic);
      assert.ok(parseSubject(subject) !== undefined, `${JSON.stringify(topic)} → ${JSON.stringify(subject)}`);
      assert.equal(topicOfSubject(Buffer.from(subject)).toString(), topic);
      assert.equal(taken.get(subject) ?? topic, topic);
      taken.set(subject, topic);
    }
    if (left > 0) for (const next of hard) grow(topic + next, left - 1);
  };
  grow("", 4);
});

/** MQTT's own rule, level by level. */
function mqttMatches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && (filter.startsWith("+") || filter.startsWith("#"))) return false;
  const wanted = filter.split("/");
  const levels = topic.split("/");
  for (const [index, want] of wanted.entries()) {
    if (want === "#") return true;
    if (index >= levels.length) return false;
    if (want !== "+" && want !== levels[index]) return false;
  }
  return wanted.length === levels.length;
}

test("filters match through the mapping exactly what they match as MQTT", () => {
  const level = fc.constantFrom("a", "b", "", ".", "*", ">", "$x", "x y", "$SYS");
  const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join("/"));
  const filters = fc
    .tuple(fc.array(fc.oneof(level, fc.constant("+")), { minLength: 0, maxLength: 4 }), fc.boolean())
    .map(([levels, rest]) => [...levels, ...(rest ? ["#"] : [])].join("/"))
    .filter((filter) => filter !== "");
  fc.assert(
    fc.property(
      filters,
      topics.filter((topic) => topic !== ""),
      (filter, topic) => {
        const mapped = mapFilter(filter);
        assert.ok(mapped !== undefined);
        const subject = Buffer.from(subjectOfTopic(topic));
        const parent = mapped.parentToo && compileFilter(mapped.filter.slice(0, -2)).matches(subject, 0, subject.length);
        const dollar = mapped.noDollar && subject[0] === 0x24;
        const matched = !dollar && (parent || compileFilter(mapped.filter).matches(subject, 0, subject.length));
        assert.equal(matched, mqttMatches(filter, topic), `${filter} on ${topic}`);
      },
    ),
    propertyRuns(20261121, 3_000, 3_000 * 20),
  );
});

test("broken filters and shares are told apart", () => {
  for (const filter of ["", "a/#/b", "a#", "a+/b", "#/a"]) assert.equal(mapFilter(filter), undefined, filter);
  assert.equal(parseShare("a/b"), undefined);
  for (const share of ["$share/g", "$share//a", "$share/g/", "$share/+/a"]) assert.equal(parseShare(share), "invalid");
  assert.deepEqual(parseShare("$share/g/a/#"), { group: "g", filter: "a/#" });
});
