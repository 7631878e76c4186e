import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";
import { openTestBroker } from "./consumer-broker.ts";
import { playSteps } from "./play-steps.ts";
import { apiSteps } from "./api-steps.ts";
import { featureSteps } from "./feature-steps.ts";
import type { Step } from "./play-steps.ts";
import { streamSteps } from "./stream-steps.ts";

async function checkDialogue(folder: string | undefined, steps: readonly Step[]): Promise<void> {
  const server = await openTestBroker(folder === undefined ? {} : { folder });
  try {
    const answers = await playSteps(server.port, steps, 0);
    for (const [index, step] of steps.entries()) {
      assert.deepEqual(answers[index], step.answers, `${step.subject} ${step.payload ?? ""}`);
    }
    assert.deepEqual(server.reports, []);
  } finally {
    await server.close();
  }
}

test("streams in memory are answered for as nats-server does, word for word", async () => {
  for (const steps of [streamSteps, featureSteps, apiSteps]) await checkDialogue(undefined, steps);
});

test("streams in files are answered for as nats-server does, word for word", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "streams-"));
  try {
    await checkDialogue(folder, streamSteps);
    await rm(folder, { recursive: true, force: true });
    await checkDialogue(folder, featureSteps);
    await rm(folder, { recursive: true, force: true });
    await checkDialogue(folder, apiSteps);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the recorded answers are still what a real nats-server says", async (t) => {
  const found = findNatsServer();
  if ("missing" in found) {
    t.skip(found.missing);
    return;
  }
  for (const steps of [streamSteps, featureSteps, apiSteps]) {
    const folder = await mkdtemp(path.join(os.tmpdir(), "nats-"));
    const server = await startNatsServer(found.path, ["-js", "-sd", folder]);
    try {
      const answers = await playSteps(server.port, steps, 0);
      for (const [index, step] of steps.entries()) {
        assert.deepEqual(answers[index]?.map(withoutEvents), step.answers.map(withoutEvents), step.subject);
      }
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }
});

/** A stream over the server's own events may have caught some of them by the time it is answered for. */
function withoutEvents(answer: string): string {
  return answer.includes('"$SYS.ACCOUNT.') ? answer.replace(/"state":\{[^}]*\}/, '"state":{}') : answer;
}
