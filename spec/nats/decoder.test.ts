import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { frame } from "../../transports/nats/decoder.ts";
import { propertyRuns } from "../support/effort.ts";
import { CountingMemory, cut, framesOf, newDecoder, smallLimits } from "../support/frames.ts";

function frames(text: string): string[] {
  return framesOf([Buffer.from(text, "latin1")], newDecoder());
}

describe("the NATS decoder", () => {
  it("reads every verb", () => {
    assert.deepEqual(
      frames('CONNECT {"a":1}\r\nPING\r\nPONG\r\nSUB a.b 1\r\nSUB a q 2\r\nUNSUB 1\r\nUNSUB 2 5\r\n+OK\r\n-ERR x y\r\nINFO {}\r\n'),
      [
        'connect {"a":1}',
        "ping",
        "pong",
        "subscribe a.b [] 1",
        "subscribe a [q] 2",
        "unsubscribe 1 0",
        "unsubscribe 2 5",
        "other ",
        "other x y",
        "other {}",
      ],
    );
    assert.deepEqual(
      frames("PUB a 2\r\nhi\r\nPUB a r 0\r\n\r\nHPUB b 12 14\r\nNATS/1.0\r\n\r\nhi\r\nHPUB b r 12 12\r\nNATS/1.0\r\n\r\n\r\n"),
      [
        'publish a [] 0 "hi" false',
        'publish a [r] 0 "" true',
        'publish b [] 12 "NATS/1.0\\r\\n\\r\\nhi" false',
        'publish b [r] 12 "NATS/1.0\\r\\n\\r\\n" true',
      ],
    );
  });

  it("tells a repeated subject from one that only begins alike", () => {
    assert.deepEqual(frames("PUB ab 0\r\n\r\nPUB ab 0\r\n\r\nPUB abc 0\r\n\r\nPUB ab 0\r\n\r\npub \t ab\t0\r\n\r\nPUB a 0\r\n\r\n"), [
      'publish ab [] 0 "" false',
      'publish ab [] 0 "" true',
      'publish abc [] 0 "" false',
      'publish ab [] 0 "" false',
      'publish ab [] 0 "" true',
      'publish a [] 0 "" false',
    ]);
  });

  it("keeps the last ordinary subject while acks and requests pass", () => {
    assert.deepEqual(frames("PUB ab 0\r\n\r\nPUB $JS.ACK.1 0\r\n\r\nPUB $JS.ACK.1 0\r\n\r\nPUB ab 0\r\n\r\n"), [
      'publish ab [] 0 "" false',
      'publish $JS.ACK.1 [] 0 "" false',
      'publish $JS.ACK.1 [] 0 "" false',
      'publish ab [] 0 "" true',
    ]);
  });

  it("says of each kind of nonsense what it is", () => {
    assert.deepEqual(frames("FOO\r\n"), ["unknownOperation"]);
    assert.deepEqual(frames("PUBx a 1\r\n"), ["unknownOperation"]);
    assert.deepEqual(frames("\x0bOK\r\n"), ["unknownOperation"]);
    assert.deepEqual(frames("PUB a 1\r\nxy"), ["unknownOperation"]);
    assert.deepEqual(frames("PUB a 513\r\n"), ["payloadTooLarge"]);
    assert.deepEqual(frames("HPUB a 257 300\r\n"), ["payloadTooLarge"]);
    assert.deepEqual(frames("PUB a 1x\r\n"), ["badArguments"]);
    assert.deepEqual(frames("PUB \r\n"), ["badArguments"]);
    assert.deepEqual(frames(`SUB ${"a".repeat(76)}`), []);
    assert.deepEqual(frames(`SUB ${"a".repeat(77)}`), ["controlLineTooLong"]);
    assert.deepEqual(frames(`SUB ${"a".repeat(62)} 1\r\n`), [`subscribe ${"a".repeat(62)} [] 1`]);
    assert.deepEqual(frames(`SUB ${"a".repeat(63)} 1\r\n`), ["controlLineTooLong"]);
    assert.deepEqual(frames(`PUB ${"a".repeat(62)} 0\r\n\r\n`), [`publish ${"a".repeat(62)} [] 0 "" false`]);
    assert.deepEqual(frames(`PUB ${"a".repeat(63)} 0\r\n\r\n`), ["controlLineTooLong"]);
  });

  it("refuses HPUB from a client that has not said it knows headers", () => {
    const decoder = newDecoder();
    decoder.headersAllowed = false;
    assert.deepEqual(framesOf([Buffer.from("HPUB a 12 12\r\n")], decoder), ["badArguments"]);
  });

  it("gives the same frames wherever the stream is cut", () => {
    const subject = fc.constantFrom("a", "a.b", "$JS.ACK.1", "orders.eu.1", "*", ">", "a".repeat(40), "ä.ö");
    const line = fc.oneof(
      fc
        .record({
          subject,
          reply: fc.constantFrom("", "r", "_INBOX.abc.1"),
          body: fc.string({ maxLength: 40 }),
          blank: fc.constantFrom(" ", "\t", "  "),
        })
        .map(
          ({ subject: to, reply, body, blank }) =>
            `PUB${blank}${to}${reply === "" ? "" : blank + reply} ${Buffer.byteLength(body)}\r\n${body}\r\n`,
        ),
      fc
        .record({ subject, body: fc.string({ maxLength: 20 }) })
        .map(({ subject: to, body }) => `HPUB ${to} 17 ${17 + Buffer.byteLength(body)}\r\nNATS/1.0\r\nA:\r\n\r\n${body}\r\n`),
      subject.map((to) => `SUB ${to} 1\r\n`),
      fc.constantFrom("PING\r\n", "pong\n", "UNSUB 1 2\r\n", "CONNECT {}\r\n", "+OK\r\n", "-ERR 'x'\r\n", "INFO {}\n"),
      // Broken ones, so that errors too are the same wherever the cut is.
      fc.constantFrom(
        "PUB a 3\r\nxx\r\n",
        "FOO\r\n",
        "PUB a\r\n",
        "SUB\r\n",
        `SUB ${"x".repeat(90)} 1\r\n`,
        "PUB a 9999\r\n",
        "\r\n",
        "PUB a 1\r\nx\n",
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.array(fc.nat(2000), { maxLength: 30 }), (lines, places) => {
        const stream = Buffer.from(lines.join(""));
        const whole = framesOf([stream], newDecoder());
        assert.deepEqual(framesOf(cut(stream, places), newDecoder()), whole);
      }),
      propertyRuns(20_260_101, 1500, 30000),
    );
  });

  it("gives the same frames wherever a stream of large ones is cut, and borrows nothing at its end", () => {
    const limits = { controlLineBytesMax: 64, payloadBytesMax: 100_000, headerBytesMax: 1024 };
    const line = fc
      .tuple(fc.constantFrom("a", "b"), fc.constantFrom(0, 10, 4_000, 5_000, 20_000, 90_000))
      .map(([subject, bytes]) => `PUB ${subject} ${bytes}\r\n${subject.repeat(bytes)}\r\n`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), fc.array(fc.nat(400_000), { maxLength: 8 }), (lines, places) => {
        const stream = Buffer.from(lines.join(""));
        const memory = new CountingMemory(1 << 20);
        const pieces = framesOf(cut(stream, places), newDecoder(limits, memory));
        assert.deepEqual(pieces, framesOf([stream], newDecoder(limits)));
        assert.equal(pieces.length, lines.length);
        assert.equal(memory.taken, 0);
      }),
      propertyRuns(20_260_102, 60, 600),
    );
  });

  it("gives the same frames when every byte comes alone", () => {
    const stream = Buffer.from("CONNECT {}\r\nPUB a r 5\r\nhello\r\nSUB a q 1\r\nHPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\nUNSUB 1\r\nPING\r\n");
    const bytes = [...stream].map((byte) => Buffer.from([byte]));
    assert.deepEqual(framesOf(bytes, newDecoder()), framesOf([stream], newDecoder()));
  });

  it("borrows memory for a large frame once, at its announced size, and gives it back", () => {
    const limits = { controlLineBytesMax: 64, payloadBytesMax: 1 << 20, headerBytesMax: 1024 };
    const memory = new CountingMemory(1 << 20);
    const decoder = newDecoder(limits, memory);
    const size = 200_000;
    const head = Buffer.from(`PUB a ${size}\r\n`);
    assert.deepEqual(framesOf([head, Buffer.alloc(1000)], decoder), []);
    assert.equal(memory.taken, head.length + size + 2);
    assert.equal(framesOf([Buffer.alloc(size - 1000), Buffer.from("\r\n")], decoder).length, 1);
    assert.equal(memory.taken, 0);
  });

  it("waits when there is no memory, and goes on where it was", () => {
    const limits = { controlLineBytesMax: 64, payloadBytesMax: 1 << 20, headerBytesMax: 1024 };
    const memory = new CountingMemory(100_000);
    const decoder = newDecoder(limits, memory);
    const body = "x".repeat(150_000);
    const stream = Buffer.from(`PUB a ${body.length}\r\n${body}\r\nPING\r\n`);
    decoder.feed(stream.subarray(0, 90_000));
    assert.equal(decoder.next(), frame.waiting);
    decoder.keep();
    assert.equal(decoder.next(), frame.waiting);
    decoder.feed(Buffer.from(stream.subarray(90_000, 90_010)));
    assert.equal(decoder.next(), frame.waiting);
    decoder.keep();
    memory.left = 1 << 20;
    assert.equal(decoder.next(), frame.none);
    decoder.feed(stream.subarray(90_010));
    assert.equal(decoder.next(), frame.publish);
    assert.equal(decoder.buffer.toString("latin1", decoder.bodyStart, decoder.bodyEnd), body);
    assert.equal(decoder.next(), frame.ping);
    assert.equal(decoder.next(), frame.none);
  });

  it("keeps no more than a line or one frame, whatever is fed to it", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
        const decoder = newDecoder();
        framesOf(
          chunks.map((chunk) => Buffer.from(chunk)),
          decoder,
        );
        assert.ok(decoder.heldBytes <= smallLimits.controlLineBytesMax + smallLimits.payloadBytesMax + 32);
      }),
      propertyRuns(7, 500, 10000),
    );
  });
});
