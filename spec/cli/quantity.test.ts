/** Times, sizes and counts as people write and read them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCount, parseSize, parseTime, showSize, showTime } from "../../transports/cli/quantity.ts";

describe("quantities", () => {
  it("reads times with a unit, and refuses a bare number", () => {
    assert.equal(parseTime("250ms", "x"), 250);
    assert.equal(parseTime("1.5s", "x"), 1500);
    assert.equal(parseTime("7d", "x"), 7 * 86_400_000);
    assert.throws(() => parseTime("3", "x"), { code: "usage" });
  });

  it("reads sizes with decimal and binary units", () => {
    assert.equal(parseSize("100", "x"), 100);
    assert.equal(parseSize("64KiB", "x"), 65_536);
    assert.equal(parseSize("2GB", "x"), 2_000_000_000);
    assert.equal(parseSize("1GiB", "x"), 1024 ** 3);
  });

  it("refuses what is neither, by the option's name", () => {
    assert.throws(() => parseTime("soon", "max-age"), { code: "usage", message: /--max-age is a time such as/ });
    assert.throws(() => parseSize("-1", "max-bytes"), { code: "usage", message: /--max-bytes is a size such as/ });
    assert.throws(() => parseCount("1.5", "count", 1), { code: "usage", message: /--count is a whole number from 1 on/ });
    assert.throws(() => parseCount("0", "count", 1), { code: "usage" });
  });

  it("shows them with the two largest units", () => {
    assert.equal(showTime(250), "250ms");
    assert.equal(showTime(90_000), "1m 30s");
    assert.equal(showTime(7 * 86_400_000), "7d");
    assert.equal(showTime(3_600_000 + 1000), "1h");
    assert.equal(showSize(512), "512 B");
    assert.equal(showSize(1536), "1.5 KiB");
  });
});
