import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ChunkPool, largeChunkBytes, smallChunkBytes } from "../../transports/chunk-pool.ts";
import { FlushList } from "../../transports/flush-list.ts";
import { Outbox } from "../../transports/outbox.ts";
import { propertyRuns } from "../support/effort.ts";
import { ScriptedConnection } from "../support/scripted-connection.ts";
import { SimClock } from "../support/sim-clock.ts";

interface Rig {
  readonly clock: SimClock;
  readonly pool: ChunkPool;
  readonly connection: ScriptedConnection;
  readonly outbox: Outbox;
  drained: number;
}

function rig(pendingBytesMax: number = 300_000): Rig {
  const clock = new SimClock({ automatic: false });
  const pool = new ChunkPool(clock, 1 << 30);
  const connection = new ScriptedConnection();
  const made: Rig = {
    clock,
    pool,
    connection,
    drained: 0,
    outbox: new Outbox({
      connection,
      pool,
      flushList: new FlushList(clock),
      pendingBytesMax,
      roomBytesMax: Math.floor((pendingBytesMax * 2) / 3),
      drained: () => void made.drained++,
    }),
  };
  return made;
}

function put(outbox: Outbox, bytes: Buffer): boolean {
  if (!outbox.open(bytes.length)) return false;
  bytes.copy(outbox.chunk, outbox.at);
  outbox.commit(outbox.at + bytes.length);
  return true;
}

describe("an outbox", () => {
  it("writes once a turn, however many messages the turn brought", () => {
    const { clock, connection, outbox } = rig();
    for (let index = 0; index < 100; index++) put(outbox, Buffer.from(`${index} `));
    assert.equal(connection.written.length, 0);
    clock.turn();
    assert.equal(connection.written.length, 1);
  });

  it("gives every chunk back once it is sent", () => {
    const { clock, connection, outbox, pool } = rig();
    put(outbox, Buffer.alloc(10));
    assert.equal(pool.bytesOut, smallChunkBytes);
    put(outbox, Buffer.alloc(smallChunkBytes));
    assert.equal(pool.bytesOut, largeChunkBytes);
    put(outbox, Buffer.alloc(100_000));
    assert.equal(pool.bytesOut, largeChunkBytes + 100_000);
    clock.turn();
    connection.finishAll();
    assert.equal(pool.bytesOut, 0);
    assert.equal(outbox.pending, 0);
  });

  it("gathers what comes while a write is under way into the next write", () => {
    const { clock, connection, outbox } = rig();
    for (let turn = 0; turn < 10; turn++) {
      put(outbox, Buffer.from("x"));
      clock.turn();
    }
    assert.deepEqual(
      connection.written.map((bytes) => bytes.length),
      [1],
    );
    connection.finish();
    assert.deepEqual(
      connection.written.map((bytes) => bytes.length),
      [1, 9],
    );
  });

  it("refuses past its bound, asks for politeness before it, and tells when it has drained", () => {
    const made = rig(300_000);
    const { clock, connection, outbox } = made;
    assert.equal(outbox.room, 300_000);
    put(outbox, Buffer.alloc(120_000));
    clock.turn();
    assert.equal(outbox.room, 80_000);
    put(outbox, Buffer.alloc(100_000));
    assert.equal(outbox.room, 0);
    assert.equal(put(outbox, Buffer.alloc(100_000)), false);
    assert.equal(put(outbox, Buffer.alloc(70_000)), true);
    assert.equal(made.drained, 0);
    clock.turn();
    connection.finishAll();
    assert.equal(made.drained, 1);
    assert.equal(outbox.room, 300_000);
  });

  it("takes a message of any allowed size when nothing waits", () => {
    const { outbox } = rig(100);
    assert.equal(put(outbox, Buffer.alloc(5000)), true);
  });

  it("sends what it holds before it ends, and nothing after", () => {
    const { connection, outbox } = rig();
    put(outbox, Buffer.from("last words"));
    outbox.end();
    assert.equal(connection.written.length, 1);
    assert.equal(connection.ended, true);
    assert.equal(put(outbox, Buffer.alloc(10)), false);
  });

  it("knows for how long nothing has moved", () => {
    const { clock, connection, outbox } = rig();
    assert.equal(outbox.stalledFor(100), 0);
    put(outbox, Buffer.alloc(100_000));
    put(outbox, Buffer.alloc(10));
    clock.turn();
    assert.equal(outbox.stalledFor(100), 100);
    assert.equal(outbox.stalledFor(100), 200);
    connection.finish();
    assert.equal(outbox.stalledFor(100), 0);
    assert.equal(outbox.stalledFor(100), 100);
    connection.finish();
    assert.equal(outbox.stalledFor(100), 0);
  });

  it("keeps every byte in order under any mix of sizes, turns and completions", () => {
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 3000 }).map((bytes) => ({ kind: "put" as const, bytes })) },
      { weight: 1, arbitrary: fc.integer({ min: 3000, max: 90_000 }).map((bytes) => ({ kind: "put" as const, bytes })) },
      { weight: 2, arbitrary: fc.constant({ kind: "turn" as const, bytes: 0 }) },
      { weight: 2, arbitrary: fc.constant({ kind: "finish" as const, bytes: 0 }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { clock, connection, outbox, pool } = rig();
        const expected: Buffer[] = [];
        let value = 0;
        for (const step of actions) {
          if (step.kind === "put") {
            const bytes = Buffer.alloc(step.bytes, ++value);
            if (put(outbox, bytes)) expected.push(bytes);
          } else if (step.kind === "turn") {
            clock.turn();
          } else if (connection.unfinished > 0) {
            connection.finish();
          }
          assert.ok(outbox.pending <= 300_000);
        }
        for (let rest = 0; rest < 4; rest++) {
          clock.turn();
          connection.finishAll();
        }
        assert.ok(Buffer.concat(connection.written).equals(Buffer.concat(expected)));
        assert.equal(pool.bytesOut, 0);
      }),
      propertyRuns(3, 150, 3000),
    );
  });

  it("cuts the connection with most waiting when all together hold too much", () => {
    const clock = new SimClock({ automatic: false });
    const pool = new ChunkPool(clock, 200_000);
    const cut: string[] = [];
    pool.users.add({ heaviest: () => ({ pendingBytes: 5, cut: () => void cut.push("light") }) });
    pool.users.add({ heaviest: () => ({ pendingBytes: 9, cut: () => void cut.push("heavy") }) });
    for (let taken = 0; taken < 3; taken++) pool.take(largeChunkBytes);
    assert.deepEqual(cut, []);
    pool.take(largeChunkBytes);
    pool.take(largeChunkBytes);
    assert.deepEqual(cut, ["heavy"]);
    clock.turn();
    pool.take(largeChunkBytes);
    assert.deepEqual(cut, ["heavy", "heavy"]);
  });
});
