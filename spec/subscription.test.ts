import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { subscriptionOf } from "./router/reference.ts";

test("a subscription stays ordinary, and small, as long as nothing special is said of it", () => {
  const subscription = subscriptionOf({ filter: "a.*" });
  subscription.deliveredMax = 0;
  subscription.condition = undefined;
  subscription.condition ??= undefined;
  subscription.delivered++;
  subscription.active = true;
  ok(subscription.ordinary);
  subscription.deliveredMax = 3;
  ok(!subscription.ordinary);
  equal(subscription.deliveredMax, 3);
  equal(subscription.queue, undefined);
});

test("being active and the place in the index do not disturb each other", () => {
  const subscription = subscriptionOf({ filter: "a.*" });
  equal(subscription.place, -1);
  for (const place of [0, 5, 1 << 28, -1]) {
    for (const active of [true, false]) {
      subscription.place = place;
      subscription.active = active;
      equal(subscription.place, place);
      equal(subscription.active, active);
    }
  }
});
