/**
 * The NATS decoder on damaged streams: well-formed dialogues with bytes flipped, dropped, doubled and cut anywhere. Nothing may be
 * thrown, memory stays within a frame, and the same stream cut elsewhere says the same.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../support/effort.ts";
import { cut, framesOf, newDecoder, smallLimits } from "../support/frames.ts";

const wellFormed = Buffer.from(
  'CONNECT {"verbose":false}\r\nPING\r\nSUB a.* q 12\r\nPUB a.b _INBOX.x.1 11\r\nhello world\r\nHPUB a.b 12 14\r\nNATS/1.0\r\n\r\nhi\r\n' +
    "UNSUB 12 3\r\nPUB a.b 0\r\n\r\n+OK\r\nPONG\r\n-ERR 'no'\r\nINFO {}\r\n",
);

const damage = fc.record({
  at: fc.nat(wellFormed.length - 1),
  kind: fc.constantFrom("flip", "drop", "double", "newline"),
  value: fc.nat(255),
});

function damaged(changes: readonly { at: number; kind: string; value: number }[]): Buffer {
  const bytes = [...wellFormed, ...wellFormed];
  for (const { at, kind, value } of changes) {
    if (kind === "flip") bytes[at] = value;
    else if (kind === "drop") bytes.splice(at, 1 + (value % 3));
    else if (kind === "double") bytes.splice(at, 0, ...bytes.slice(at, at + (value % 40)));
    else bytes.splice(at, 0, 13, 10);
  }
  return Buffer.from(bytes);
}

describe("the NATS decoder on damaged streams", () => {
  it("neither throws nor grows, and says the same wherever it is cut", () => {
    fc.assert(
      fc.property(fc.array(damage, { maxLength: 4 }), fc.array(fc.nat(2000), { maxLength: 20 }), (changes, places) => {
        const stream = damaged(changes);
        const decoder = newDecoder();
        const whole = framesOf([stream], decoder);
        assert.ok(decoder.heldBytes <= smallLimits.controlLineBytesMax + smallLimits.payloadBytesMax + 32);
        assert.deepEqual(framesOf(cut(stream, places), newDecoder()), whole);
      }),
      propertyRuns(42, 3000, 60000),
    );
  });
});
