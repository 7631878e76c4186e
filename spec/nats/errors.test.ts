import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  errorLine,
  errorTexts,
  publishViolation,
  replyViolation,
  subscriptionLost,
  subscriptionViolation,
} from "../../transports/nats/errors.ts";

describe("what the server says when something is wrong", () => {
  it("has the words that clients look for, and closes where they expect it", () => {
    assert.deepEqual(
      Object.values(errorTexts).map(({ text, closes }) => `${closes ? "closes" : "stays"}: ${text}`),
      [
        "closes: Authorization Violation",
        "closes: Authentication Timeout",
        "closes: User Authentication Expired",
        "closes: Account Authentication Expired",
        "closes: User Authentication Revoked",
        "closes: maximum connections exceeded",
        "closes: maximum account active connections exceeded",
        "closes: Maximum Payload Violation",
        "closes: maximum control line exceeded",
        "closes: Unknown Protocol Operation",
        "closes: Stale Connection",
        "closes: invalid client protocol",
        "closes: no responders requires headers support",
        "stays: Invalid Subject",
        "stays: Invalid Publish Subject",
        "stays: maximum subscriptions exceeded",
      ],
    );
  });

  it("names subject, queue and sid as clients take them apart", () => {
    assert.equal(errorLine(publishViolation("a.b")), `-ERR 'Permissions Violation for Publish to "a.b"'\r\n`);
    assert.equal(replyViolation("r"), 'Permissions Violation for Publish with Reply of "r"');
    assert.equal(subscriptionViolation("a.*", undefined), 'Permissions Violation for Subscription to "a.*"');
    assert.equal(subscriptionViolation("a.*", "q"), 'Permissions Violation for Subscription to "a.*" using queue "q"');
    assert.equal(subscriptionLost("a", "q", "7"), 'Permissions Violation for Subscription to "a" using queue "q" (sid "7")');
  });
});
