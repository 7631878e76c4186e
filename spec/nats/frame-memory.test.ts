import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FramePool } from "../../transports/nats/frame-memory.ts";

describe("memory for cut frames", () => {
  it("lends at least what is asked for, and the same buffer again", () => {
    const pool = new FramePool(1 << 20);
    for (const bytes of [4_097, 8_192, 8_193, 65_536, 65_537, 200_000]) {
      const buffer = pool.take(bytes);
      assert.ok(buffer !== undefined && buffer.length >= bytes && buffer.length < bytes * 2);
      pool.give(buffer);
      assert.equal(pool.take(bytes), buffer);
      pool.give(buffer);
    }
  });

  it("lends no more than its bound, and keeps less than that", () => {
    const pool = new FramePool(16 << 20);
    const lent: Buffer[] = [];
    for (;;) {
      const buffer = pool.take(1 << 20);
      if (buffer === undefined) break;
      lent.push(buffer);
    }
    assert.equal(lent.length, 16);
    for (const buffer of lent) pool.give(buffer);
    const again = Array.from({ length: 16 }, () => pool.take(1 << 20));
    assert.equal(again.filter((buffer) => buffer !== undefined && lent.includes(buffer)).length, 4);
  });
});
