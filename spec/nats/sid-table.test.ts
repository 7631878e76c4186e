import { equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Subscription } from "../../lib/subscription.ts";
import { SidTable } from "../../transports/nats/sid-table.ts";
import { propertyRuns } from "../support/effort.ts";
import { subscriptionOf } from "../router/reference.ts";

const sid = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom("a", "007", "0"));

test("subscriptions are found by sid whatever the sids are", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(sid, fc.boolean()), { maxLength: 300 }), (steps) => {
      const table = new SidTable();
      const model: Map<string | number, Subscription> = new Map();
      for (const [each, add] of steps) {
        if (!add) {
          table.delete(each);
          model.delete(each);
        } else if (!model.has(each)) {
          const subscription = subscriptionOf({ filter: "a" });
          table.add(each, subscription);
          model.set(each, subscription);
        }
        equal(table.size, model.size);
      }
      for (const [each] of steps) equal(table.get(each), model.get(each));
      table.clear();
      equal(table.size, 0);
      for (const [each] of steps) equal(table.get(each), undefined);
    }),
    propertyRuns(3, 300, 10_000),
  );
});
