/** Numbers as bytes, beside what JavaScript writes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { putDigits } from "../../transports/bytes.ts";

function digits(value: number): string {
  const target = Buffer.alloc(24);
  return target.toString("latin1", 3, putDigits(target, 3, value));
}

test("whole numbers of every size are written as JavaScript writes them", () => {
  for (let power = 0; power < 53; power++) {
    for (const value of [2 ** power - 1, 2 ** power, 2 ** power + 1]) assert.equal(digits(value), String(value));
  }
  for (let power = 0; power < 16; power++) {
    for (const value of [10 ** power - 1, 10 ** power, 10 ** power + 1]) assert.equal(digits(value), String(value));
  }
  assert.equal(digits(Number.MAX_SAFE_INTEGER), String(Number.MAX_SAFE_INTEGER));
  fc.assert(fc.property(fc.maxSafeNat(), (value) => digits(value) === String(value)));
});
