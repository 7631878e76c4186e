import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { checkStation } from "../../lib/station/station-rules.ts";
import { ApiError } from "../../transports/nats/jetstream/errors.ts";
import { scanJson } from "../../transports/nats/jetstream/json-syntax.ts";
import { decodeRequest, encodeAnswer, timeText } from "../../transports/nats/jetstream/json.ts";
import { stationOf, streamConfig, streamConfigRequestFields } from "../../transports/nats/jetstream/stream-config.ts";

function refusalOf(payload: string): string {
  try {
    stationOf(decodeRequest(Buffer.from(payload), streamConfigRequestFields, "StreamConfigRequest"), undefined);
  } catch (error) {
    assert.ok(error instanceof ApiError);
    return `${error.code} ${error.errorCode} ${error.message}`;
  }
  return "";
}

/** As nats-server 2.15.1 answers `STREAM.CREATE.T`. */
const texts: readonly (readonly [string, string])[] = [
  ["{bad", "400 10025 invalid JSON: invalid character 'b' looking for beginning of object key string at offset 2"],
  ["{", "400 10025 invalid JSON: unexpected EOF"],
  ['{"name":"T","bogus_field":1}', String.raw`400 10025 invalid JSON: json: unknown field "bogus_field"`],
  ["[]", "400 10025 invalid JSON: json: cannot unmarshal array into Go value of type server.StreamConfigRequest"],
  ['{"name":5}', "400 10025 invalid JSON: json: cannot unmarshal number into Go struct field StreamConfigRequest.name of type string"],
  [
    '{"name":"T","max_msgs":"x"}',
    "400 10025 invalid JSON: json: cannot unmarshal string into Go struct field StreamConfigRequest.max_msgs of type int64",
  ],
  [
    '{"name":"T","max_msgs":1.5}',
    "400 10025 invalid JSON: json: cannot unmarshal number 1.5 into Go struct field StreamConfigRequest.max_msgs of type int64",
  ],
  [
    '{"name":"T","subjects":"x"}',
    "400 10025 invalid JSON: json: cannot unmarshal string into Go struct field StreamConfigRequest.subjects of type []string",
  ],
  ['{"name":"T","retention":"foo"}', String.raw`400 10025 invalid JSON: can not unmarshal "\"foo\""`],
  ['{"name":"T","compression":"foo"}', "400 10025 invalid JSON: unknown compression algorithm"],
  ['{"name":"T","pedantic":true,"max_msgs":-5}', "400 10157 pedantic mode: max_msgs must be set to -1"],
  ['{"name":"T","pedantic":true,"max_age":1000000000}', "400 10157 pedantic mode: duplicate window cannot be bigger than max age"],
];

test("a broken request is refused in the words clients know", () => {
  for (const [payload, text] of texts) assert.equal(refusalOf(payload), text);
});

test("what a station cannot be is refused by name", () => {
  assert.match(
    refusalOf('{"name":"T","mirror":{"name":"S","external":{"api":"x"}}}'),
    /^500 10052 mirrors of other servers or accounts are not supported/,
  );
  assert.match(
    refusalOf('{"name":"T","sources":[{"name":"S","consumer":{"name":"c"}}]}'),
    /^500 10052 sources by a consumer of one's own are not supported/,
  );
  assert.equal(refusalOf('{"name":"T","sources":[],"mirror":null,"allow_msg_counter":false}'), "");
});

test("a field is found whatever the case of its letters, null is absent, and what follows the value is not read", () => {
  assert.equal(refusalOf('{"Name":"T","description":null} tail'), "");
});

test("the scanner agrees with JSON.parse about what is JSON", () => {
  const damaged = fc.tuple(fc.json(), fc.nat(), fc.constantFrom("", "x", '"', "{", "]", ",", "\\", "1", ".")).map(([json, at, sign]) => {
    const place = at % (json.length + 1);
    return json.slice(0, place) + sign + json.slice(place + 1);
  });
  fc.assert(
    fc.property(damaged, (json) => {
      let parsed = true;
      try {
        JSON.parse(json);
      } catch {
        parsed = false;
      }
      const scan = scanJson(json);
      const whole = "end" in scan && json.slice(scan.end).trim() === "";
      assert.equal(whole, parsed, json);
    }),
    { seed: 11, numRuns: 2_000 },
  );
});

test("answers escape what Go escapes, and times are RFC 3339 with nanoseconds", () => {
  assert.equal(encodeAnswer({ a: "<&>" }), String.raw`{"a":"\u003c\u0026\u003e"}`);
  assert.equal(timeText(0), "0001-01-01T00:00:00Z");
  assert.equal(timeText(1_795_229_103_833_379), "2026-11-21T02:45:03.833379Z");
  assert.equal(timeText(1_795_229_103_000_000), "2026-11-21T02:45:03Z");
});

test("numbers at the ends of 64 bits are taken, and come back as something 64 bits hold", () => {
  const payload = '{"name":"T","max_bytes":9223372036854775807,"max_age":9223372036854775807,"duplicate_window":100000000}';
  const station = stationOf(decodeRequest(Buffer.from(payload), streamConfigRequestFields, "StreamConfigRequest"), undefined);
  checkStation(station);
  const echoed = encodeAnswer(streamConfig(station));
  const [, age] = /"max_age":(\d+)/.exec(echoed) ?? [];
  assert.ok(BigInt(age ?? -1) > 0n && BigInt(age ?? -1) < 2n ** 63n);
  assert.equal(station.bytesMax, Number.MAX_SAFE_INTEGER);
  assert.match(
    refusalOf('{"name":"T","max_msgs":1e300}'),
    /cannot unmarshal number 1e\+300 into Go struct field StreamConfigRequest.max_msgs of type int64/,
  );
  assert.match(refusalOf('{"name":"T","max_msg_size":2147483648}'), /of type int32/);
});
