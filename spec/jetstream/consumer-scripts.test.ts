/** Official clients' use of consumers, told against Waystation and against a real nats-server when there is one. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";
import { openTestBroker } from "./consumer-broker.ts";
import { consumerScripts } from "./consumer-scripts.ts";

/** As told by nats-server 2.15.1. */
const expected: Readonly<Record<string, readonly string[]>> = {
  rules: [
    "durable name ('a.b') cannot contain '.'",
    "max deliver is required to be > length of backoff values",
    "consumer delivery policy is deliver by start sequence, but optional start sequence is not set",
    "consumer delivery policy is deliver last per subject, but optional filter subject is not set",
    "consumer delivery policy is deliver all, but optional start sequence is also set",
    "consumer subject filters cannot overlap",
    "consumer cannot have both FilterSubject and FilterSubjects specified",
    "consumer deliver subject has wildcards",
    "consumer deliver subject forms a cycle",
    "consumer with flow control also needs heartbeats",
    "consumer idle heartbeat needs to be >= 100ms",
    "consumer in push mode can not set max waiting",
    "consumer idle heartbeat requires a push based consumer",
    "consumer in pull mode can not have rate limit set",
    "replicas > 1 not supported in non-clustered mode",
    'failed to parse consumer sampling configuration: strconv.Atoi: parsing "x": invalid syntax',
    "consumer max request expires needs to be >= 1ms",
    "stream not found",
    "accepted",
    "accepted",
    "consumer already exists",
    "accepted",
    "deliver policy can not be updated",
    "max waiting can not be updated",
    "ack policy can not be updated",
    "replay policy can not be updated",
    "storage type can not be updated",
    "consumer in push mode can not set max waiting",
    "consumer not found",
    "second 7 5000000000 RULES.1 30",
    "delivered 0/0 floor 0/0 pending 0 again 0 waiting 0 to come 2",
    "D",
    "true",
    "consumer not found",
  ],
  pulls: [
    "409 Exceeded MaxRequestBatch of 5",
    "409 Exceeded MaxRequestExpires of 2s",
    "409 Exceeded MaxRequestMaxBytes of 1000",
    "400 Bad Request - Priority must be between 0 and 9",
    "400 Bad Request - Not a Overflow Priority consumer",
    "400 Bad Request - json: cannot unmarshal string into Go struct field .batch of type int",
    "1@PULLS.1, 2@PULLS.0, 409 Batch Completed",
    "3@PULLS.1, 409 Message Size Exceeds MaxBytes",
    "delivered 3/3 floor 0/0 pending 3 again 0 waiting 0 to come 3",
    "paused true for true",
    "4@PULLS.0, 5@PULLS.1",
    "after true",
    "paused false",
  ],
  pushes: [
    "workers bound true",
    "delivered 10/10 floor 10/10 pending 0 again 0 waiting 0 to come 0",
    "bound undefined",
    "delivered 6/6 floor 4/4 pending 2 again 0 waiting 0 to come 4",
    "still mine true",
    "acked true",
  ],
  olderClient: ["ordered 1,2,3,4,5,6,7,8,9", "pulled 1,3,5", "fetched 7,9", "one no messages"],
};

describe("official clients", () => {
  for (const [name, script] of Object.entries(consumerScripts)) {
    test(`find the consumers they know: ${name}`, async () => {
      const broker = await openTestBroker();
      try {
        assert.deepEqual(await script(broker.port), expected[name]);
        assert.deepEqual(broker.reports, []);
      } finally {
        await broker.close();
      }
    });
  }
});

test("nats-server still tells the clients the same", async (t) => {
  const found = findNatsServer();
  if ("missing" in found) {
    t.skip(found.missing);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "scripts-"));
  const server = await startNatsServer(found.path, ["-js", "-sd", folder]);
  try {
    for (const [name, script] of Object.entries(consumerScripts)) assert.deepEqual(await script(server.port), expected[name], name);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
