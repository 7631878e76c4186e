import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PublishOutcome } from "../../lib/transport.ts";
import { AckRenderer } from "../../transports/nats/acks.ts";

const stored: PublishOutcome = {
  kind: "stored",
  station: "S",
  sequence: 1,
  code: undefined,
  message: "",
  lastSequence: 0,
  lastMessageId: "",
  batch: "",
  batchCount: 0,
  sum: "",
};

function rendered(acks: AckRenderer, outcome: Partial<PublishOutcome>): string {
  acks.render({ ...stored, ...outcome });
  return acks.buffer.toString("utf8", 0, acks.end);
}

describe("a publish ack", () => {
  it("has exactly the bytes recorded from nats-server", () => {
    const acks = new AckRenderer();
    assert.equal(rendered(acks, {}), '{"stream":"S","seq":1}');
    assert.equal(rendered(acks, { sequence: 2 }), '{"stream":"S","seq":2}');
    assert.equal(rendered(acks, { kind: "duplicate", sequence: 2 }), '{"stream":"S","seq":2,"duplicate": true}');
    const refused = (code: PublishOutcome["code"], more: Partial<PublishOutcome> = {}): string =>
      rendered(acks, { kind: "refused", code, sequence: 0, ...more });
    assert.equal(
      refused("wrong_station"),
      '{"error":{"code":400,"err_code":10060,"description":"expected stream does not match"},"stream":"S","seq":0}',
    );
    assert.equal(
      refused("wrong_last_sequence", { lastSequence: 2 }),
      '{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 2"},"stream":"S","seq":0}',
    );
    assert.equal(
      refused("wrong_last_message_id", { lastMessageId: "id1" }),
      '{"error":{"code":400,"err_code":10070,"description":"wrong last msg ID: id1"},"stream":"S","seq":0}',
    );
    assert.equal(
      refused("ttl_invalid"),
      '{"error":{"code":400,"err_code":10165,"description":"invalid per-message TTL"},"stream":"S","seq":0}',
    );
    assert.equal(
      refused("rollup_invalid", { message: 'rollup value invalid: "bad"' }),
      '{"error":{"code":500,"err_code":10111,"description":"rollup value invalid: \\"bad\\""},"stream":"S","seq":0}',
    );
    assert.equal(rendered(acks, { sequence: 3 }), '{"stream":"S","seq":3}');
  });

  it("writes every sequence in full and follows a change of station", () => {
    const acks = new AckRenderer();
    for (const sequence of [9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 9_007_199_254_740_991]) {
      assert.equal(rendered(acks, { sequence }), `{"stream":"S","seq":${sequence}}`);
    }
    const long = "x".repeat(600);
    assert.equal(rendered(acks, { station: long }), `{"stream":"${long}","seq":1}`);
    assert.equal(rendered(acks, { station: "T", sequence: 5 }), '{"stream":"T","seq":5}');
  });
});
