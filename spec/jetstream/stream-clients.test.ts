import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { eventually } from "../support/eventually.ts";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";
import { openTestBroker } from "./consumer-broker.ts";
import { scripts } from "./stream-scripts.ts";

/** As told by nats-server 2.15.1. */
const expected: Readonly<Record<string, readonly string[]>> = {
  streams: [
    "made ORDERS orders.> 120000000000",
    "stored ORDERS 5 false",
    "stored ORDERS 10 false",
    "stored ORDERS 15 false",
    "stored ORDERS 20 false",
    "again 3 true",
    "wrong last sequence: 20",
    "expected stream does not match",
    "jetstream is not enabled",
    'state 20 20 {"orders.0":6,"orders.1":7,"orders.2":7}',
    "seventh orders.1 order 7 id-7",
    "direct 20 order 20",
    "batch 4 orders.1",
    "batch 7 orders.1",
    "batch 10 orders.1",
    "batch 13 orders.1",
    "batch 16 orders.1",
    "last 18 orders.0",
    "last 19 orders.1",
    "last 20 orders.2",
    "found ORDERS",
    "deleted true",
    "gone true",
    "purged 4",
    "names ORDERS 15",
    "consumed 1 2 4 5 8 10 11 13 14 15 16 17 18 19 20",
    "destroyed true",
    "stream not found",
  ],
  workQueue: [
    "filtered consumer not unique on workqueue stream",
    "WORK even saw 1,3,5 left 3 of 6",
    "NEWS one saw 2,3 left 1 of 3",
    "NEWS two saw 3 left 0 of 3",
    "without the group 0",
  ],
  keyValue: [
    "put 1 2 3",
    "created 4",
    "wrong last sequence: 4",
    "updated 5",
    "wrong last sequence: 5",
    "got 3 5",
    "missing true",
    "after delete DEL",
    "history 2:2 5:3 7:5",
    "keys n",
    "watched PUT a 1, PUT a 2, PUT b.c 3, PUT n 4, PUT a 5, DEL b.c 6, PUT a 7, PURGE a 8, PUT end 9",
    "status config 3 5",
    "destroyed true",
  ],
  objects: [
    "put big 307200 3 SHA-256=EKYWmBP8wEELPXJXT_LdGZeTa5DbghQnE2MVlnz_K7k=",
    "same true",
    "replaced 10",
    "missing true",
    "listed big",
    "deleted true",
    "gone true",
    "destroyed true",
  ],
  oldClient: ["first 2", "message 2 1 3", "message 3 2 2", "message 4 3 1", "message 5 4 0", "kv v", "account 1 1"],
};

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "streams-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function check(name: string, folder: string | undefined): Promise<void> {
  const server = await openTestBroker(folder === undefined ? {} : { folder });
  try {
    assert.deepEqual(await scripts[name]?.(server.port), expected[name]);
    assert.deepEqual(server.reports, []);
  } finally {
    await server.close();
  }
}

describe("official clients", () => {
  for (const name of Object.keys(scripts)) {
    it(`find their ${name} in memory as with nats-server`, () => check(name, undefined));
    it(`find their ${name} in files as with nats-server`, () => inFolder((folder) => check(name, folder)));
  }

  it("are told by a real nats-server what is expected here", async (t) => {
    const found = findNatsServer();
    if ("missing" in found) {
      t.skip(found.missing);
      return;
    }
    for (const [name, script] of Object.entries(scripts)) {
      // On a busy machine the real server now and then fails to make a stream's folder: that says nothing about us.
      await eventually(name, () =>
        inFolder(async (folder) => {
          const server = await startNatsServer(found.path, ["-js", "-sd", folder]);
          try {
            assert.deepEqual(await script(server.port), expected[name]);
            return true;
          } finally {
            await server.stop();
          }
        }),
      );
    }
  });
});
