/** What guards speed: counts that do not depend on the machine. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SessionRig } from "../support/nats-session.ts";

describe("the NATS door's budgets for 10,000 messages of 100 bytes", () => {
  const message = `PUB bench.a 100\r\n${"x".repeat(100)}\r\n`;
  const perChunk = 500;

  function publish(rig: SessionRig, send: (text: string) => void, chunksPerTurn: number): void {
    for (let chunk = 0; chunk < 10_000 / perChunk; chunk++) {
      send(message.repeat(perChunk));
      if ((chunk + 1) % chunksPerTurn === 0) rig.clock.turn();
    }
  }

  it("a subscriber is written to once a turn, or once a full chunk", () => {
    const rig = new SessionRig();
    const subscriber = rig.connect();
    const publisher = rig.connect();
    subscriber.send("SUB bench.a 1\r\n");
    let received = 0;
    const drain = (): void => {
      for (const bytes of subscriber.connection.written.splice(0)) received += bytes.length;
      subscriber.connection.finishAll();
    };
    const before = subscriber.session.writes;
    publish(rig, (text) => (publisher.send(text), drain()), 1);
    rig.clock.settle();
    drain();
    const bytes = 10_000 * (`MSG bench.a 1 100\r\n`.length + 102);
    assert.equal(received, bytes);
    // 20 turns of 60,500 bytes: each fits one chunk.
    assert.equal(subscriber.session.writes - before, 20);
  });

  it("a publisher nobody listens to is written nothing and holds nothing", () => {
    const rig = new SessionRig();
    const publisher = rig.connect();
    const before = publisher.session.writes;
    publish(rig, (text) => publisher.send(text), 1);
    assert.equal(publisher.session.writes, before);
    assert.equal(rig.door.pool.bytesOut, 0);
    assert.equal(publisher.session.messagesIn, 10_000);
  });

  it("an idle connection holds no buffer", () => {
    const rig = new SessionRig();
    for (let index = 0; index < 50; index++) rig.connect().take();
    assert.equal(rig.door.pool.bytesOut, 0);
  });
});
