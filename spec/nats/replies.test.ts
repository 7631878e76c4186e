import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Replies } from "../../transports/nats/replies.ts";
import { propertyRuns } from "../support/effort.ts";

function textOf(replies: Replies, token: number): string | undefined {
  return replies.find(token) ? replies.buffer.toString("latin1", replies.start, replies.end) : undefined;
}

describe("replies that wait for an outcome", () => {
  it("behave like a map from token to text, whatever the order of outcomes", () => {
    const action = fc.oneof(
      fc.record({
        kind: fc.constant("remember" as const),
        length: fc.integer({ min: 1, max: 300 }),
        outcomes: fc.constantFrom(1, 1, 1, 2),
      }),
      fc.record({ kind: fc.constant("oldest" as const) }),
      fc.record({ kind: fc.constant("any" as const), pick: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const replies = new Replies(1);
        const model = new Map<number, { text: string; left: number }>();
        for (const step of actions) {
          if (step.kind === "remember") {
            const token = replies.nextToken;
            const text = `${token}`.padEnd(step.length, "x");
            const source = Buffer.from(`--${text}--`);
            replies.remember(source, 2, 2 + text.length, step.outcomes);
            model.set(token, { text, left: step.outcomes });
          } else if (model.size > 0) {
            const tokens = [...model.keys()];
            const token = (step.kind === "oldest" ? tokens[0] : tokens[step.pick % tokens.length]) ?? 0;
            replies.settle(token);
            const entry = model.get(token);
            if (entry !== undefined && --entry.left === 0) model.delete(token);
            if (!model.has(token)) assert.equal(textOf(replies, token), undefined);
          }
          for (const [token, { text }] of model) assert.equal(textOf(replies, token), text);
        }
      }),
      propertyRuns(11, 200, 4000),
    );
  });

  it("say that they are full long before a token could be lost", () => {
    const replies = new Replies(1);
    const reply = Buffer.from("_INBOX.abcdef.1");
    while (!replies.full) replies.remember(reply, 0, reply.length, 1);
    assert.equal(replies.waiting, 65_536);
    for (let token = 1; token <= 65_536; token++) replies.settle(token);
    assert.equal(replies.waiting, 0);
    assert.equal(replies.full, false);
    assert.equal(replies.buffer.length, 0);
  });
});
