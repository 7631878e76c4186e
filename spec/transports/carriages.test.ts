import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { BrokerError } from "../../lib/errors.ts";
import { SystemClock } from "../../lib/clock.ts";
import type { Connection, ConnectionHandler } from "../../transports/carriages/connection.ts";
import { inProcessPair } from "../../transports/carriages/in-process.ts";
import { listenTcp } from "../../transports/carriages/tcp.ts";
import { LineClient } from "../support/line-client.ts";
import { SimClock } from "../support/sim-clock.ts";
import { until } from "../support/until.ts";

/** Keeps what it is given; copies, as a handler must. */
class Collector implements ConnectionHandler {
  bytes: Buffer = Buffer.alloc(0);
  closings = 0;

  data(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
  }

  closed(): void {
    this.closings++;
  }

  get text(): string {
    return this.bytes.toString("latin1");
  }
}

const nothing = (): void => {};

describe("the TCP carriage", () => {
  it("says what to do when a port is in use, and listens on any free one", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, "127.0.0.1", resolve);
    });
    const { port } = other.address() as AddressInfo;
    const clock = new SystemClock();
    await assert.rejects(listenTcp({ clock, host: "127.0.0.1", port, accept: nothing }), (error) => {
      assert.ok(error instanceof BrokerError);
      assert.equal(error.code, "address_in_use");
      assert.match(error.message, new RegExp(`^127\\.0\\.0\\.1:${port} is in use: .*choose another port`));
      return true;
    });
    other.close();
    const listener = await listenTcp({ clock, host: "127.0.0.1", port: 0, accept: nothing });
    assert.ok(listener.address.port > 0);
    await listener.close();
    await listener.close();
  });

  it("says so when the address is none of this machine", async () => {
    const listening = listenTcp({ clock: new SystemClock(), host: "203.0.113.1", port: 0, accept: nothing });
    await assert.rejects(listening, (error) => error instanceof BrokerError && error.code === "invalid");
  });

  it("carries bytes both ways, tells each write's end in order, and closes once", async () => {
    const handler = new Collector();
    const accepted: Connection[] = [];
    const listener = await listenTcp({
      clock: new SystemClock(),
      host: "127.0.0.1",
      port: 0,
      accept: (connection) => {
        accepted.push(connection);
        connection.start(handler);
      },
    });
    const client = await LineClient.open(listener.address.port);
    client.send("from the client");
    await until("the bytes", () => handler.text === "from the client");
    const [connection] = accepted;
    assert.ok(connection !== undefined);
    assert.equal(connection.secure, false);
    assert.equal(connection.localPort, listener.address.port);
    const order: number[] = [];
    for (let write = 0; write < 3; write++) {
      let returned = false;
      connection.write(Buffer.from(`${write}`), () => {
        assert.equal(returned, true);
        order.push(write);
      });
      returned = true;
    }
    await until("the writes", () => client.received === "012" && order.length === 3);
    assert.deepEqual(order, [0, 1, 2]);
    connection.write(Buffer.from("last words"), nothing);
    connection.end();
    connection.end();
    await until("the end", () => client.closed && handler.closings > 0);
    assert.equal(client.received, "012last words");
    assert.equal(handler.closings, 1);
    connection.destroy();
    await listener.close();
  });

  it("reads nothing while paused", async () => {
    const handler = new Collector();
    const accepted: Connection[] = [];
    const listener = await listenTcp({
      clock: new SystemClock(),
      host: "127.0.0.1",
      port: 0,
      accept: (connection) => {
        accepted.push(connection);
        connection.start(handler);
        connection.pause();
      },
    });
    const client = await LineClient.open(listener.address.port);
    client.send(Buffer.alloc(8 << 20));
    await until("a connection", () => accepted.length === 1);
    const [connection] = accepted;
    let written = false;
    connection?.write(Buffer.from("still writes\r\n"), () => (written = true));
    await until("the write", () => written && client.received.includes("still writes"));
    assert.ok(handler.bytes.length <= 65_536);
    connection?.resume();
    await until("everything", () => handler.bytes.length === 8 << 20);
    client.close();
    await until("the end", () => handler.closings === 1);
    await listener.close();
  });
});

describe("a connection inside the process", () => {
  it("delivers at the end of the turn and tells the writer once it is read", () => {
    const clock = new SimClock({ automatic: false });
    const [left, right] = inProcessPair(clock, "inside");
    const handler = new Collector();
    left.start(new Collector());
    right.start(handler);
    let done = 0;
    left.write(Buffer.from("a"), () => done++);
    left.write(Buffer.from("b"), () => done++);
    assert.equal(handler.text, "");
    clock.settle();
    assert.equal(handler.text, "ab");
    assert.equal(done, 2);
  });

  it("holds the writer back while the reader is paused", () => {
    const clock = new SimClock({ automatic: false });
    const [left, right] = inProcessPair(clock, "inside");
    const handler = new Collector();
    left.start(new Collector());
    right.start(handler);
    right.pause();
    let done = 0;
    left.write(Buffer.from("a"), () => done++);
    clock.settle();
    assert.equal(done, 0);
    right.resume();
    clock.settle();
    assert.equal(done, 1);
    assert.equal(handler.text, "a");
  });

  it("reads what was written before an end, then closes both, each once", () => {
    const clock = new SimClock({ automatic: false });
    const [left, right] = inProcessPair(clock, "inside");
    const one = new Collector();
    const other = new Collector();
    left.start(one);
    right.start(other);
    left.write(Buffer.from("last words"), nothing);
    left.end();
    left.write(Buffer.from("too late"), nothing);
    clock.settle();
    assert.equal(other.text, "last words");
    assert.deepEqual([one.closings, other.closings], [1, 1]);
    left.destroy();
    right.destroy();
    clock.settle();
    assert.deepEqual([one.closings, other.closings], [1, 1]);
  });
});
