import assert from "node:assert/strict";
import test from "node:test";
import { encodeHeaders } from "../../lib/headers.ts";
import type { HeaderList } from "../../lib/headers.ts";
import { Message } from "../../lib/message.ts";
import { Subject } from "../../lib/router/subject.ts";
import { stationConfig } from "../../lib/station/config.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import { PublishReader } from "../../lib/station/publish-reader.ts";
import type { Refusal } from "../../lib/station/publish-reader.ts";
import { parseTtl, ttlSecondsMax } from "../../lib/station/ttl.ts";
import type { AppendRequest } from "../../store/store.ts";

const generous: StationConfig = stationConfig({ name: "S", subjects: ["s.>"], allowRollup: true, allowTtl: true });

function read(headers: HeaderList, config: StationConfig = generous): { refusal: Refusal | undefined; request: AppendRequest } {
  const block = headers.length === 0 ? Buffer.alloc(0) : encodeHeaders(headers);
  const message = new Message(new Subject(Buffer.from("s.a"), false));
  message.body = Buffer.concat([Buffer.from("xx"), block, Buffer.from("payload")]);
  message.bodyStart = 2;
  message.headerBytes = block.length;
  message.bodyEnd = message.body.length;
  const reader = new PublishReader();
  return { refusal: reader.read(message, config), request: reader.request };
}

test("a message without headers asks for nothing", () => {
  const { refusal, request } = read([]);
  assert.equal(refusal, undefined);
  assert.deepEqual([request.messageId, request.expect, request.rollup, request.ttlSeconds], [undefined, undefined, "none", 0]);
  assert.deepEqual([request.bodyStart, request.bodyEnd, request.headerBytes], [2, 9, 0]);
});

test("every publish header is found among others, whatever their order", () => {
  const { refusal, request } = read([
    ["Trace", "abc"],
    ["Nats-Msg-Id", "  id 1  "],
    ["Nats-Expected-Stream", "S"],
    ["Nats-Expected-Last-Sequence", "7"],
    ["Nats-Expected-Last-Subject-Sequence", "3"],
    ["Nats-Expected-Last-Subject-Sequence-Subject", "s.*"],
    ["Nats-Expected-Last-Msg-Id", "id0"],
    ["Nats-Rollup", "sub"],
    ["Nats-TTL", "90"],
    ["Name", "last"],
  ]);
  assert.equal(refusal, undefined);
  assert.equal(request.messageId, "id 1");
  assert.equal(request.expect?.lastSequence, 7);
  assert.equal(request.expect.lastSubjectSequence, 3);
  assert.equal(request.expect.lastSubjectFilter?.text, "s.*");
  assert.equal(request.expect.lastMessageId, "id0");
  assert.equal(request.rollup, "subject");
  assert.equal(request.ttlSeconds, 90);
});

test("what one message expected is forgotten with the next", () => {
  const reader = new PublishReader();
  const message = new Message(new Subject(Buffer.from("s.a"), false));
  const block = encodeHeaders([
    ["Nats-Expected-Last-Sequence", "7"],
    ["Nats-Rollup", "all"],
  ]);
  message.body = block;
  message.headerBytes = message.bodyEnd = block.length;
  assert.equal(reader.read(message, generous), undefined);
  assert.equal(reader.request.rollup, "all");
  const next = encodeHeaders([["Nats-Expected-Last-Msg-Id", "x"]]);
  message.body = next;
  message.headerBytes = message.bodyEnd = next.length;
  assert.equal(reader.read(message, generous), undefined);
  assert.equal(reader.request.rollup, "none");
  assert.deepEqual([reader.request.expect?.lastSequence, reader.request.expect?.lastMessageId], [undefined, "x"]);
});

test("the other door's message id is taken when there is no own one", () => {
  assert.equal(read([["msg-id", "m"]]).request.messageId, "m");
  const both: HeaderList = [
    ["msg-id", "m"],
    ["Nats-Msg-Id", "n"],
  ];
  assert.equal(read(both).request.messageId, "n");
});

test("a sequence that is no number can never be met", () => {
  assert.equal(read([["Nats-Expected-Last-Sequence", "x"]]).request.expect?.lastSequence, Number.MAX_SAFE_INTEGER);
  assert.equal(read([["Nats-Expected-Last-Sequence", "-1"]]).request.expect?.lastSequence, Number.MAX_SAFE_INTEGER);
});

test("the station refuses what it can judge alone", () => {
  const strict = stationConfig({ name: "S", subjects: ["s.>"] });
  const cases: readonly (readonly [HeaderList, StationConfig, Refusal["code"]])[] = [
    [[["Nats-Expected-Stream", "Q"]], generous, "wrong_station"],
    [[["Nats-TTL", "1h"]], strict, "ttl_denied"],
    [[["Nats-TTL", "bad"]], generous, "ttl_invalid"],
    [[["Nats-Rollup", "sub"]], strict, "rollup_denied"],
    [[["Nats-Rollup", "bad"]], generous, "rollup_invalid"],
    [[["Nats-Expected-Last-Subject-Sequence-Subject", "s.*"]], generous, "bad_header"],
    [[], stationConfig({ name: "S", sealed: true }), "sealed"],
  ];
  for (const [headers, config, code] of cases) assert.equal(read(headers, config).refusal?.code, code);
});

test("a block that ends in the middle of a line is read as far as it goes", () => {
  const message = new Message(new Subject(Buffer.from("s.a"), false));
  message.body = Buffer.from("NATS/1.0\r\nNats-Msg-Id: abc");
  message.headerBytes = message.bodyEnd = message.body.length;
  const reader = new PublishReader();
  assert.equal(reader.read(message, generous), undefined);
  assert.equal(reader.request.messageId, "abc");
});

test("a time to live is seconds, a duration of at least one second, or never", () => {
  assert.equal(parseTtl("90"), 90);
  assert.equal(parseTtl("1h30m"), 5400);
  assert.equal(parseTtl("1500ms"), 1);
  assert.equal(parseTtl("2.5s"), 2);
  assert.equal(parseTtl("Never"), 0);
  assert.equal(parseTtl("5000000000"), ttlSecondsMax);
  assert.ok(Number.isNaN(parseTtl("0")));
  for (const bad of ["", "bad", "-1", "999ms", "1d", "1h ", "9".repeat(30)]) assert.ok(Number.isNaN(parseTtl(bad)), bad);
});
