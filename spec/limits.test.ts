import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, issueText } from "../lib/errors.ts";
import { defaultLimits, limitNames, limitRules, limitsFrom } from "../lib/limits.ts";

test("each limit's default lies in its range and says what happens when it is met", () => {
  for (const name of limitNames) {
    const rule = limitRules[name];
    ok(rule.min <= rule.default && rule.default <= rule.max, name);
    ok(rule.whenMet.length > 10, name);
    equal(defaultLimits[name], rule.default);
  }
  ok(limitNames.length > 15);
});

test("what a connection may have waiting holds at least two of the largest messages", () => {
  ok(defaultLimits.pendingOutBytesMax >= 2 * defaultLimits.payloadBytesMax);
});

test("given limits replace the defaults, and only those", () => {
  const limits = limitsFrom({ subscriptionsMax: 7 });
  equal(limits.subscriptionsMax, 7);
  equal(limits.payloadBytesMax, defaultLimits.payloadBytesMax);
});

test("a configuration error says everything that is wrong, in one line", () => {
  const error = new ConfigError([
    { path: "--port", got: "x", wanted: "a port", nearest: undefined },
    { path: "prot", got: "", wanted: "a known key", nearest: "port" },
  ]);
  equal(error.code, "config");
  equal(error.message, "--port: got x, wanted a port; prot: wanted a known key, did you mean 'port'?");
  equal(issueText(error.issues[1] ?? error.issues[0]!), "prot: wanted a known key, did you mean 'port'?");
});
