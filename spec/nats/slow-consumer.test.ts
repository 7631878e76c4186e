/** A subscriber that stops reading, on a real socket: it goes, the others stay, and memory is bounded meanwhile. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { LineClient } from "../support/line-client.ts";
import { openTestDoor } from "../support/nats-door.ts";
import type { TestDoor } from "../support/nats-door.ts";
import { until } from "../support/until.ts";

const hello = 'CONNECT {"verbose":false,"protocol":0}\r\n';

describe("a frozen subscriber", () => {
  let door: TestDoor;
  before(async () => {
    door = await openTestDoor();
  });
  after(() => door.close());

  it("is closed at its bound, while others get every message", async () => {
    const [frozen, quick, publisher] = [
      await LineClient.open(door.port),
      await LineClient.open(door.port),
      await LineClient.open(door.port),
    ];
    frozen.send(`${hello}SUB flood 1\r\nPING\r\n`);
    quick.send(`${hello}SUB flood 1\r\nPING\r\n`);
    await frozen.line("PONG");
    await quick.line("PONG");
    frozen.pause();
    publisher.send(hello);
    let received = 0;
    let pendingMost = 0;
    const body = "x".repeat(32_000);
    const message = `PUB flood ${body.length}\r\n${body}\r\n`;
    const delivered = message.length - "PUB flood ".length + "MSG flood 1 ".length;
    let sent = 0;
    // Until the frozen one is gone, a little at a time, so that the quick one keeps up.
    while (door.door.sessions.size === 3) {
      assert.ok(sent < 4_000, "the frozen subscriber was never closed");
      publisher.send(message.repeat(20));
      sent += 20;
      await until("the quick subscriber to keep up", () => {
        received += quick.received.length;
        quick.received = "";
        for (const session of door.door.sessions) pendingMost = Math.max(pendingMost, session.pendingBytes);
        return received >= 0 && received + delivered > sent * delivered - delivered;
      });
    }
    await until("the last messages", () => received + quick.received.length >= sent * delivered);
    assert.equal(received + quick.received.length, sent * delivered);
    assert.ok(pendingMost <= 8 * 1024 * 1024, `${pendingMost} bytes waited`);
    await until("the chunks to come back", () => door.door.pool.bytesOut === 0);
    for (const client of [frozen, quick, publisher]) client.close();
  });
});
