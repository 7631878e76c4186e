import { equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ContentCondition, Expression } from "../../lib/condition/condition.ts";
import { MessageFacts } from "../../lib/condition/facts.ts";
import { ConditionError } from "../../lib/condition/syntax-error.ts";
import { encodeHeaders } from "../../lib/headers.ts";
import { Message } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import { SimClock } from "../support/sim-clock.ts";
import { propertyRuns } from "../support/effort.ts";

const body = {
  temperature: 31.5,
  unit: "C",
  ok: true,
  none: null,
  site: { name: "größe 😀", id: 7, "odd name": 1 },
  tags: ["a", "b", 3, null],
  points: [{ x: 1 }, { x: 2 }],
};
const headers: readonly (readonly [string, string])[] = [
  ["Region", "eu"],
  ["Retries", "3"],
  ["Region", "us"],
  ["Empty", ""],
];

function messageOf(payload: string, subject = "orders.eu.7", list = headers): Message {
  const message = new Message(new Subject(Buffer.from(subject), false));
  const block = list.length === 0 ? Buffer.alloc(0) : encodeHeaders(list);
  message.body = Buffer.concat([Buffer.from("xx"), block, Buffer.from(payload), Buffer.from("yy")]);
  message.bodyStart = 2;
  message.headerBytes = block.length;
  message.bodyEnd = message.body.length - 2;
  return message;
}

function judged(text: string, message = messageOf(JSON.stringify(body))): string {
  const facts = new MessageFacts(new SimClock());
  facts.look(message);
  return new Expression(text).judge(facts);
}

const verdicts: Readonly<Record<"match" | "noMatch" | "missing" | "failed", readonly string[]>> = {
  match: [
    "true",
    "msg.temperature > 30",
    "msg.temperature >= 31.5 && msg.temperature <= 31.5",
    "msg.ok",
    "!false",
    "msg.none == null",
    'msg.unit == "C" && msg.unit != "F"',
    "'C' == msg.unit",
    'msg["unit"] == "C"',
    'msg.site["odd name"] == 1',
    "msg.site.id in [1, 7]",
    "'a' in msg.tags && 3 in msg.tags && null in msg.tags && !('z' in msg.tags)",
    "'id' in msg.site && !('toString' in msg.site)",
    "msg.tags[0] == 'a' && msg.points[1].x == 2",
    "msg.points[1].x in [msg.points[0].x + 1]",
    "msg.points == [msg.points[0], msg.points[1]]",
    "size(msg.tags) == 4 && msg.tags.size() == 4 && size(msg.site) == 3",
    "msg.site.name.size() == 7",
    "msg.site.name == 'gr\\u00f6\\xdfe \\U0001F600'",
    "msg.site.name.startsWith('grö') && msg.site.name.endsWith('😀') && msg.site.name.contains('ße')",
    "startsWith(subject, 'orders.')",
    "subject == 'orders.eu.7' && key == subject",
    "headers.Region == 'eu' && headers.region == 'eu' && headers[\"REGION\"] == 'eu'",
    "headers.Empty == ''",
    "'Region' in headers && !('Other' in headers)",
    "has(headers.Region) && !has(headers.Other)",
    "double(headers.Retries) > 2",
    "string(msg.site.id) == '7' && string(true) == 'true'",
    "has(msg.site.id) && has(msg.none) && !has(msg.site.nothing) && !has(msg.nothing.at.all)",
    "has(msg.tags[3]) && !has(msg.tags[4])",
    "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 % 4 == 3 && 7 / 2 == 3.5 && -2 - -3 == 1",
    "10 - 3 - 2 == 5",
    "'a' + 'b' == 'ab' && [1] + [2] == [1, 2]",
    "'abc' < 'abd' && 0x10 == 16 && 1e3 == 1000 && .5 == 0.5",
    "true || false && false",
    "msg.ok ? msg.temperature > 30 : false",
    "false ? true : true ? true : false",
    "msg.unit != 5",
    "msg.tags != msg.site",
    "r'a\\b' == 'a\\\\b'",
    "'AbC'.lowerAscii() == 'abc'",
    "time == timestamp('1970-01-01T00:00:00Z') + time",
    "duration('1h30m') == 5400000 && duration('-1.5s') == -1500",
    "timestamp('2026-01-31T12:00:00+01:00') == timestamp('2026-01-31T11:00:00Z')",
    "true // a comment\n && true",
    // The side that decides wins, whatever the other is.
    "msg.nothing == 1 || true",
    "true || msg.nothing == 1",
    "!(msg.nothing == 1 && false)",
    "size(headers) == 4",
  ],
  noMatch: [
    "false",
    "msg.temperature > 40",
    "msg.none != null",
    "msg.site.id == '7'",
    "msg.nothing == 1 && false",
    "headers.Region == 'us'",
    "has(msg.constructor)",
    "has(msg.__proto__)",
    "has(msg.tags.length)",
    "has(msg.unit.length)",
    "'Regio' in headers",
  ],
  missing: [
    "msg.nothing == 1",
    "msg.nothing != 1",
    "!(msg.nothing == 1)",
    "msg.nothing.deeper > 1",
    "msg.constructor != null",
    "msg.unit.length == 1",
    "msg.tags[9] == 1",
    "headers.Other == 'x'",
    "msg.nothing",
    "msg.nothing == 1 || false",
    "msg.nothing ? true : true",
    "msg.nothing in [1]",
    "size(msg.nothing) == 0",
    "msg.nothing + 1 == 2",
    "[msg.nothing] == [1]",
  ],
  failed: [
    "msg.unit",
    "msg.unit > 5",
    "msg.temperature / (msg.site.id - 7) > 0",
    "msg.temperature % 0 == 0",
    "!msg.unit",
    "msg.unit && true",
    "msg.unit ? true : false",
    "msg.ok - 1 == 0",
    "msg.unit in msg.unit",
    "msg.temperature.startsWith('3')",
    "double(msg.unit) == 1",
    "msg.ok[0] == 1",
    "-msg.unit == 1",
    "size(msg.ok) == 1",
  ],
};

for (const [verdict, texts] of Object.entries(verdicts)) {
  test(`these conditions come to ${verdict}`, () => {
    for (const text of texts) equal(judged(text), verdict, text);
  });
}

test("a body that is no JSON cannot be judged by what reads it, and can by what does not", () => {
  for (const payload of ["", "{", "\u0000\u0001", "nope"]) {
    equal(judged("msg.a == 1", messageOf(payload)), "failed");
    equal(judged("has(msg.a)", messageOf(payload)), "failed");
    equal(judged("headers.region == 'eu'", messageOf(payload)), "match");
    equal(judged("msg.a == 1 || subject.startsWith('orders.')", messageOf(payload)), "match");
  }
  equal(judged("msg == 5", messageOf("5")), "match");
  equal(judged("msg == null", messageOf("null")), "match");
});

test("a message without headers has none", () => {
  const bare = messageOf("{}", "a.b", []);
  equal(judged("has(headers.region) || size(headers) > 0", bare), "noMatch");
  equal(judged("headers.region == 'eu'", bare), "missing");
});

test("the key is the header's, or else the subject", () => {
  equal(judged("key == 'k1'", messageOf("", "a.b", [["Waystation-Key", "k1"]])), "match");
  equal(judged("key == 'a.b'", messageOf("", "a.b", [])), "match");
});

test("the time is now, or when the message was stored", () => {
  const clock = new SimClock();
  const facts = new MessageFacts(clock);
  facts.show("a", Buffer.from("{}"), 0, 0, 2, 1_700_000_000_000_000);
  equal(new Expression("time == timestamp('2023-11-14T22:13:20Z')").judge(facts), "match");
  facts.show("a", Buffer.from("{}"), 0, 0, 2, 0);
  equal(facts.timeMs, clock.nowUs() / 1000);
});

const mistakes: readonly (readonly [text: string, position: number, hint: RegExp])[] = [
  ["", 1, /ends too early/],
  ["msg.a ==", 9, /ends too early/],
  ["msg.a = 1", 7, /write '=='/],
  ["msg.a & msg.b", 7, /write '&&'/],
  ["msg.a == 1 msg.b == 2", 12, /'msg' is unexpected/],
  ["(msg.a == 1", 12, /close the parenthesis/],
  ["msg.a == 'x", 10, /does not end/],
  ["msg.a == '\\q'", 11, /no escape/],
  ["mgs.a == 1", 1, /did you mean 'msg'/],
  ["temperature > 1", 1, /unknown/],
  ["msg.a.startWith('x')", 7, /did you mean 'startsWith'/],
  ["msg.a.startsWith()", 7, /2 values/],
  ["msg.a.matches('(a+)+$')", 7, /not offered/],
  ["subject > 5", 9, /compares a text with a number/],
  ["subject && true", 1, /'&&' does not work on a text/],
  ["subject", 1, /compare it/],
  ["headers", 1, /compare it/],
  ["headers[5] == 'x'", 9, /named by a text/],
  ["1 in headers", 1, /'in headers'/],
  ["subject.length > 3", 9, /has no fields/],
  ["has(subject)", 1, /asks for a field/],
  ["has(msg)", 1, /asks for a field/],
  ["time > timestamp('yesterday')", 18, /for example timestamp/],
  ["time > timestamp(msg.at)", 22, /constant/],
  ["time - duration('1 day') > 0", 17, /for example duration/],
  ["msg.a == 12abc", 12, /follows a number/],
  ["msg.5 == 1", 4, /unexpected|follows/],
  ["in == 1", 1, /unexpected/],
  ["[1, 2", 6, /close with/],
  ["msg.a ? 1 : 2", 1, /condition is a number/],
];

test("a mistake is named with its place and what to write instead", () => {
  for (const [text, position, hint] of mistakes) {
    throws(
      () => new Expression(text),
      (error) => {
        ok(error instanceof ConditionError, text);
        equal(error.code, "invalid");
        ok(hint.test(error.message), `${text} → ${error.message}`);
        equal(error.position, position, `${text} → ${error.message}`);
        return true;
      },
    );
  }
});

test("length, depth and number of parts are bounded", () => {
  const refused = [
    "(".repeat(4000),
    "!".repeat(4000) + "true",
    "[".repeat(1000),
    `${"true && ".repeat(600)}true`.slice(0, 4094) + "ue",
    `true${" ".repeat(5000)}`,
    `${"-".repeat(2000)}1 == 1`,
    `${"true ? ".repeat(100)}true`,
    `msg${".a".repeat(1500)} == 1`,
  ];
  for (const text of refused) throws(() => new Expression(text), ConditionError, text.slice(0, 40));
  equal(judged(`${"true && ".repeat(200)}true`), "match");
  equal(judged(`${"1 + ".repeat(200)}1 == 201`), "match");
});

test("no message makes a result grow past its bound or the stack overflow", () => {
  const large = messageOf(JSON.stringify({ text: "x".repeat(300_000), list: Array.from({ length: 6000 }, () => 1) }));
  equal(judged("size(msg.text + msg.text + msg.text) == 900000", large), "match");
  equal(judged(`size(${"msg.text + ".repeat(9)}msg.text) > 0`, large), "failed");
  equal(judged("size(msg.list + msg.list) > 0", large), "failed");
  const depth = 50_000;
  const deep = messageOf(`{"a":${"[".repeat(depth)}${"]".repeat(depth)},"b":${"[".repeat(depth)}${"]".repeat(depth)}}`);
  ok(["failed", "match"].includes(judged("msg.a == msg.b", deep)));
});

test("random text is a condition or a ConditionError", () => {
  const words = [
    "msg",
    ".",
    "a",
    "headers",
    "==",
    "&&",
    "||",
    "!",
    "(",
    ")",
    "[",
    "]",
    "1",
    "'x'",
    "in",
    "+",
    "-",
    "?",
    ":",
    ",",
    "has",
    "size",
    "<",
    "subject",
  ];
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 40 }),
        fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((each) => each.join(" ")),
      ),
      (text) => {
        try {
          ok(["match", "noMatch", "missing", "failed"].includes(judged(text)));
        } catch (error) {
          ok(error instanceof ConditionError, String(error));
        }
      },
    ),
    propertyRuns(21, 3000, 200_000),
  );
});

test("the body is parsed once for all conditions of a dispatch, and anew for the next message in the same object", () => {
  const facts = new MessageFacts(new SimClock());
  const hot = new ContentCondition(new Expression("msg.temperature > 30"), facts);
  const cold = new ContentCondition(new Expression("msg.temperature < 30"), facts);
  const message = messageOf('{"temperature":31}');
  ok(hot.holds(message));
  message.body.write("29", message.body.indexOf("31"));
  ok(hot.holds(message), "still the answer of before: nobody dispatched it anew");
  ok(!cold.holds(message));
  message.examined = undefined;
  ok(!hot.holds(message));
  ok(cold.holds(message));
  const other = messageOf('{"temperature":50}');
  ok(hot.holds(other));
  ok(cold.holds(message), "back from a dispatch within the dispatch");
});

test("what could not be judged is counted", () => {
  const condition = new ContentCondition(new Expression("msg.a > 1"), new MessageFacts(new SimClock()));
  for (const payload of ['{"a":2}', '{"a":1}', '{"b":2}', '{"a":"x"}', "no json"]) condition.holds(messageOf(payload));
  equal(condition.missing, 1);
  equal(condition.failed, 2);
});
