import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConnectionPermissions } from "../../lib/auth/connection-permissions.ts";
import { PermissionSet, permissionProblem } from "../../lib/auth/permission-set.ts";
import type { PermissionRules } from "../../lib/auth/permissions.ts";
import { compileFilter, hasWildcard } from "../../lib/filter.ts";
import { Message } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import { SimClock } from "../support/sim-clock.ts";

const everything: PermissionRules = { publish: undefined, subscribe: undefined, allowResponses: undefined };
const fixed = { seed: 23, numRuns: 5000 };

function subject(text: string): Subject {
  return new Subject(Buffer.from(text), false);
}

function publishSet(allow: string[] | undefined, deny: string[] = []): PermissionSet {
  return new PermissionSet({ ...everything, publish: { allow, deny } });
}

function subscribeSet(allow: string[] | undefined, deny: string[] = []): PermissionSet {
  return new PermissionSet({ ...everything, subscribe: { allow, deny } });
}

function matches(filter: string, text: string): boolean {
  const bytes = Buffer.from(text);
  return compileFilter(filter).matches(bytes, 0, bytes.length);
}

const publishCases: [string[] | undefined, string[], string, boolean][] = [
  [undefined, [], "a.b", true],
  [[], [], "a", false],
  [["a.*"], [], "a.b", true],
  [["a.*"], [], "a.b.c", false],
  [["a.>"], [], "a.b.c", true],
  [["a.>"], [], "a", false],
  [undefined, ["a.>"], "a.b", false],
  [undefined, ["a.>"], "b", true],
  [["a.>"], ["a.secret", "a.*.x"], "a.secret", false],
  [["a.>"], ["a.secret", "a.*.x"], "a.b.x", false],
  [["a.>"], ["a.secret", "a.*.x"], "a.b.y", true],
  [["a.*"], [], "a.*", true],
  [["a.*"], [], "a.", false],
];

test("a publish is allowed by the allow list and refused by the deny list", () => {
  for (const [allow, deny, text, verdict] of publishCases) {
    equal(publishSet(allow, deny).mayPublish(subject(text)), verdict, JSON.stringify([allow, deny, text]));
  }
});

test("the verdict on a publish is remembered on the subject for the set that asked, and for no other", () => {
  const open = publishSet(["a"]);
  const shut = publishSet(["b"]);
  const entry = subject("a");
  ok(open.mayPublish(entry));
  ok(entry.permissionSet === open && entry.permissionVerdict);
  ok(!shut.mayPublish(entry));
  ok(open.mayPublish(entry));
  entry.become(Buffer.from("b"));
  ok(!open.mayPublish(entry));
});

const subscribeCases: [string[] | undefined, string[], string, string | undefined, boolean][] = [
  [undefined, [], ">", undefined, true],
  [["foo.*"], [], "foo.a", undefined, true],
  [["foo.*"], [], "foo.*", undefined, true],
  [["foo.*"], [], "foo.>", undefined, false],
  [["foo.*"], [], "*", undefined, false],
  [["foo.*"], [], "*.a", undefined, false],
  [undefined, ["foo.*"], "foo.>", undefined, false],
  [undefined, ["foo.*"], "foo.*", undefined, false],
  [undefined, ["foo.*"], "*", undefined, true],
  [undefined, ["foo.*"], ">", undefined, true],
  [undefined, ["foo.*"], "*.a", undefined, true],
  [undefined, ["foo.>"], "foo.*", undefined, false],
  [undefined, ["foo.>"], "*.>", undefined, true],
  [["foo q.*"], [], "foo", undefined, false],
  [["foo q.*"], [], "foo", "q.1", true],
  [["foo q.*"], [], "foo", "q1", false],
  [["bar", "bar q1"], [], "bar", undefined, true],
  [["bar", "bar q1"], [], "bar", "q1", true],
  [["bar", "bar q1"], [], "bar", "q2", false],
  [["bar"], [], "bar", "any", true],
  [undefined, ["foo q1"], "foo", undefined, true],
  [undefined, ["foo q1"], "foo", "q1", false],
  [undefined, ["foo q1"], "foo", "q2", true],
  [undefined, ["foo", "foo q1"], "foo", "q2", false],
  [undefined, ["> *.prod"], "foo", "a.prod", false],
  [undefined, ["> *.prod"], "foo", "a.dev", true],
];

test("a subscription is judged by filter and queue name", () => {
  for (const [allow, deny, filter, queue, verdict] of subscribeCases) {
    equal(subscribeSet(allow, deny).maySubscribe(filter, queue), verdict, JSON.stringify([allow, deny, filter, queue]));
  }
});

const token = fc.constantFrom("a", "b", "*", "*");
const filters = fc
  .tuple(fc.array(token, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([tokens, rest]) => (rest ? [...tokens, ">"] : tokens).join("."));
const subjects = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join("."));

test("whatever is subscribed, nothing is delivered that is not allowed or that is denied", () => {
  let delivered = 0;
  fc.assert(
    fc.property(
      fc.option(fc.array(filters, { maxLength: 3 }), { nil: undefined }),
      fc.array(filters, { maxLength: 3 }),
      filters,
      subjects,
      (allow, deny, filter, text) => {
        const set = subscribeSet(allow, deny);
        if (!matches(filter, text) || !set.maySubscribe(filter, undefined)) return;
        const message = new Message(subject(text));
        const condition = set.deliveryFilter(filter, undefined);
        if (condition !== undefined && !condition.holds(message)) {
          ok(deny.some((one) => matches(one, text)));
          return;
        }
        delivered++;
        ok(allow === undefined || allow.some((one) => matches(one, text)), "not allowed");
        ok(!deny.some((one) => matches(one, text)), "denied");
      },
    ),
    fixed,
  );
  ok(delivered > 100, "the property was put to the test");
});

test("a subscription that can match nothing denied has no condition to ask", () => {
  equal(subscribeSet(undefined, ["a.*"]).deliveryFilter("b.*", undefined), undefined);
  equal(subscribeSet(undefined, ["a.*"]).deliveryFilter("a.b.c", undefined), undefined);
  ok(subscribeSet(undefined, ["a.*"]).deliveryFilter("*.b", undefined) !== undefined);
  equal(subscribeSet(undefined, ["*.b q"]).deliveryFilter("a.*", undefined), undefined);
  ok(subscribeSet(undefined, ["*.b q"]).deliveryFilter("a.*", "q") !== undefined);
});

test("MQTT's a/# reaches a only where a is permitted by itself", () => {
  const holds = (set: PermissionSet, text: string): boolean =>
    set.deliveryFilter("a.>", undefined, true)?.holds(new Message(subject(text))) ?? true;
  const cases: [string[] | undefined, string[], boolean][] = [
    [["a.>"], [], false],
    [["a", "a.>"], [], true],
    [["*", "a.>"], [], true],
    [undefined, [], true],
    [undefined, ["a"], false],
    [undefined, ["*"], false],
    [[">"], [], true],
  ];
  for (const [allow, deny, verdict] of cases) {
    const set = subscribeSet(allow, deny);
    ok(set.maySubscribe("a.>", undefined));
    equal(holds(set, "a"), verdict, JSON.stringify([allow, deny]));
    equal(holds(set, "a.b"), true);
  }
});

test("no wildcard covers the administration of the broker: rules that mean it name it", () => {
  const admin = subject("$WAYSTATION.USER.ADD");
  for (const allow of [undefined, [">"], ["*.>"], ["*.USER.*"]]) {
    ok(!publishSet(allow ?? [">"]).mayPublish(admin));
    const set = subscribeSet(allow);
    for (const filter of ["$WAYSTATION.USER.ADD", "$WAYSTATION.>", "$WAYSTATION.*.ADD"]) ok(!set.maySubscribe(filter, undefined), filter);
    for (const filter of [">", "*.USER.*"]) {
      if (set.maySubscribe(filter, undefined)) equal(set.deliveryFilter(filter, undefined)?.holds(new Message(admin)), false);
    }
  }
  ok(!new PermissionSet({ ...everything, subscribe: { allow: [">"], deny: [] } }).mayPublish(admin), "who is restricted in anything");
  ok(publishSet(["$WAYSTATION.USER.*"]).mayPublish(admin));
  ok(!publishSet(["$WAYSTATION.USER.*"], ["$WAYSTATION.USER.ADD"]).mayPublish(admin));
  ok(subscribeSet(["$WAYSTATION.>"]).maySubscribe("$WAYSTATION.USER.ADD", undefined));
  ok(publishSet([">"]).mayPublish(subject("$WAYSTATIONS.x")));
});

test("publish permission equals the lists asked naively", () => {
  fc.assert(
    fc.property(
      fc.option(fc.array(filters, { maxLength: 3 }), { nil: undefined }),
      fc.array(filters, { maxLength: 3 }),
      subjects,
      (allow, deny, text) => {
        const naive = (allow === undefined || allow.some((one) => matches(one, text))) && !deny.some((one) => matches(one, text));
        equal(publishSet(allow, deny).mayPublish(subject(text)), naive);
      },
    ),
    fixed,
  );
});

function responder(max: number, expiresMs: number, repliesMax = 100): { permissions: ConnectionPermissions; clock: SimClock } {
  const clock = new SimClock();
  const set = new PermissionSet({ ...everything, allowResponses: { max, expiresMs } });
  return { permissions: new ConnectionPermissions({ permissionSet: set }, clock, repliesMax), clock };
}

function grant(permissions: ConnectionPermissions, reply: string): void {
  const bytes = Buffer.from(`<${reply}>`);
  permissions.replyable(bytes, 1, bytes.length - 1);
}

test("a user with allowResponses publishes only to replies it was asked for, so often and so long", () => {
  const { permissions, clock } = responder(2, 1000);
  const reply = subject("_INBOX.1");
  ok(!permissions.mayPublish(reply));
  grant(permissions, "_INBOX.1");
  ok(permissions.mayPublish(reply));
  ok(permissions.mayPublish(reply));
  ok(!permissions.mayPublish(reply), "used up");
  grant(permissions, "_INBOX.1");
  clock.advance(1000);
  ok(permissions.mayPublish(reply), "just in time");
  clock.advance(1);
  ok(!permissions.mayPublish(reply), "too late");
  ok(!permissions.mayPublish(subject("_INBOX.2")));
});

test("replies granted to one connection are nothing to another of the same user", () => {
  const clock = new SimClock();
  const holder = { permissionSet: new PermissionSet({ ...everything, allowResponses: { max: 1, expiresMs: 1000 } }) };
  const one = new ConnectionPermissions(holder, clock, 10);
  const other = new ConnectionPermissions(holder, clock, 10);
  const reply = subject("r");
  grant(one, "r");
  ok(!other.mayPublish(reply));
  ok(one.mayPublish(reply));
});

test("the replies remembered are bounded, and the oldest gives way", () => {
  const { permissions } = responder(-1, -1, 3);
  for (const name of ["a", "b", "c", "a", "d"]) grant(permissions, name);
  ok(permissions.mayPublish(subject("a")), "asked for again, so it is young");
  ok(!permissions.mayPublish(subject("b")));
  ok(permissions.mayPublish(subject("c")) && permissions.mayPublish(subject("d")));
});

test("rules changed under a living connection hold at its next question", () => {
  const holder = { permissionSet: publishSet(["a"]) };
  const permissions = new ConnectionPermissions(holder, new SimClock(), 10);
  const entry = subject("a");
  ok(permissions.mayPublish(entry));
  holder.permissionSet = publishSet(["b"]);
  ok(!permissions.mayPublish(entry));
});

test("entries of permission lists are checked as they are read", () => {
  equal(permissionProblem("a.>", false), undefined);
  equal(permissionProblem("a.> q.*", true), undefined);
  ok(permissionProblem("a q", false) !== undefined);
  ok(permissionProblem("a q r", true) !== undefined);
  ok(permissionProblem("a..b", true) !== undefined);
  ok(permissionProblem("", true) !== undefined);
  ok(permissionProblem("a ", true) !== undefined);
  ok(hasWildcard("a.*"));
});
