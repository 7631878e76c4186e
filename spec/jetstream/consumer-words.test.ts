/** JetStream's small languages: pull payloads, ack payloads, Go's durations, and a configuration there and back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sameConfig } from "../../lib/consumer/config.ts";
import { ackKind, goDurationMs, nakDelayMs } from "../../transports/nats/jetstream/ack-payload.ts";
import { consumerFields, decodeConsumer, encodeConsumer } from "../../transports/nats/jetstream/consumer-config.ts";
import { goDuration, parsePull, PullReader } from "../../transports/nats/jetstream/consumer-pull.ts";
import { decodeRequest, encodeAnswer } from "../../transports/nats/jetstream/json.ts";

test("a pull's payload has three forms", () => {
  assert.equal(parsePull("").batch, 1);
  assert.equal(parsePull(" 25 ").batch, 25);
  assert.equal(parsePull("nonsense").batch, 1);
  const ask = parsePull('{"batch":10,"expires":1500000000,"idle_heartbeat":500000000,"max_bytes":99,"no_wait":true,"extra":1}');
  const { priority, ...rest } = ask;
  assert.deepEqual(rest, { batch: 10, bytesMax: 99, noWait: true, expiresMs: 1500, heartbeatMs: 500, refusal: undefined });
  assert.deepEqual(priority, { group: "", level: 0, minAckPending: 0, minPending: 0, pin: "" });
  assert.equal(parsePull("{bad").refusal, "400 Bad Request - invalid character 'b' looking for beginning of object key string");
  assert.equal(parsePull('{"expires":400,"idle_heartbeat":350}').refusal, "400 Bad Request - heartbeat value too large");
  assert.match(parsePull('{"no_wait":"x"}').refusal ?? "", /^400 Bad Request - json: cannot unmarshal string/);
});

test("a payload met before is not parsed again, one that differs is", () => {
  const reader = new PullReader();
  const read = (text: string): number => reader.read(Buffer.from(`--${text}`), 2, 2 + text.length).batch;
  assert.deepEqual([read('{"batch":3}'), read('{"batch":3}'), read('{"batch":4}'), read(""), read("7")], [3, 3, 4, 1, 7]);
});

test("any bytes are some pull, and never throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const ask = parsePull(text);
      assert.ok(Number.isFinite(ask.batch) && ask.expiresMs >= 0 && ask.heartbeatMs >= 0 && ask.bytesMax >= 0);
    }),
    { seed: 20261121, numRuns: 500 },
  );
});

test("an ack's payload says what it is by its bytes", () => {
  const kinds = ["", "+ACK", "+OK", "-NAK", '-NAK {"delay":1}', "+WPI", "+NXT", "+NXT 5", "+TERM", "+TERM why", "+AC", "x", "-NA"];
  const told = kinds.map((text) => ackKind(Buffer.from(`..${text}`), 2, 2 + text.length));
  assert.deepEqual(told, "ack ack ack nak nak progress next next term term unknown unknown unknown".split(" "));
});

test("a nak's delay is nanoseconds in JSON or a duration in words, and anything else is none", () => {
  const texts = ["", " ", '{"delay": 1500000}', '{"delay":-5}', "{", "null", "1m30s", "250ms", "1h", "2", "x"];
  assert.deepEqual(
    texts.map((text) => nakDelayMs(text)),
    [0, 0, 1.5, 0, 0, 0, 90_000, 250, 3_600_000, 0, 0],
  );
});

test("durations are printed as Go prints them, and read back", () => {
  const printed = [0, 0.0005, 0.02, 1.5, 100, 1000, 1500, 60_000, 3_600_000, 5_400_250].map((ms) => goDuration(ms));
  assert.deepEqual(printed, ["0s", "500ns", "20µs", "1.5ms", "100ms", "1s", "1.5s", "1m0s", "1h0m0s", "1h30m0.25s"]);
  for (const ms of [1.5, 100, 1500, 60_000, 5_400_250]) assert.equal(goDurationMs(goDuration(ms)), ms);
});

test("a configuration survives being printed and read", () => {
  const limits = { inactiveMs: 0, ackPendingMax: 0 };
  const config = fc.record(
    {
      durable_name: fc.constantFrom("D", ""),
      description: fc.string({ maxLength: 10 }),
      ack_policy: fc.constantFrom("none", "all", "explicit"),
      ack_wait: fc.integer({ min: 0, max: 1e12 }),
      max_deliver: fc.integer({ min: -1, max: 20 }),
      backoff: fc.array(fc.integer({ min: 1, max: 1e11 }), { maxLength: 3 }),
      filter_subjects: fc.constantFrom([], ["a"], ["a.*", "b.>"]),
      replay_policy: fc.constantFrom("instant", "original"),
      max_waiting: fc.nat(100),
      max_ack_pending: fc.integer({ min: -1, max: 5000 }),
      headers_only: fc.boolean(),
      max_batch: fc.nat(100),
      max_expires: fc.nat(1e11),
      max_bytes: fc.nat(1e6),
      inactive_threshold: fc.nat(1e11),
      mem_storage: fc.boolean(),
      metadata: fc.dictionary(fc.constantFrom("a", "b"), fc.string({ maxLength: 5 })),
      sample_freq: fc.constantFrom("", "5", "100%"),
    },
    { requiredKeys: [] },
  );
  const fields = { config: { object: consumerFields } } as const;
  const read = (json: string): ReturnType<typeof decodeConsumer> => {
    const values = decodeRequest(Buffer.from(json), fields, "CreateConsumerRequest")["config"] as Parameters<typeof decodeConsumer>[0];
    return decodeConsumer(values, "D", limits);
  };
  fc.assert(
    fc.property(config, (given) => {
      const first = read(JSON.stringify({ config: given }));
      const second = read(encodeAnswer({ config: encodeConsumer(first) }));
      assert.ok(sameConfig(first, second), `${JSON.stringify(first)}\n${JSON.stringify(second)}`);
    }),
    { seed: 20261121, numRuns: 300, includeErrorInReport: true },
  );
});
