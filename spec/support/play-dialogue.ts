/** Plays a recorded dialogue against whatever listens on a port, and compares. */
import assert from "node:assert/strict";
import type { Dialogue } from "../nats/golden-dialogues.ts";
import { LineClient } from "./line-client.ts";
import { until } from "./until.ts";

export async function playDialogue(dialogue: Dialogue, port: number): Promise<void> {
  const client = await LineClient.open(port);
  try {
    await client.line("INFO ");
    if (typeof dialogue.connect === "string") client.send(dialogue.connect);
    else if (dialogue.connect !== undefined) client.send(`CONNECT ${JSON.stringify(dialogue.connect)}\r\n`);
    let expected = "";
    for (const step of dialogue.steps) {
      client.send(step.send);
      expected += step.expect;
      await until("the answer", () => normal(client.received).length >= expected.length || client.closed).catch(() => {});
      assert.equal(normal(client.received), expected);
    }
    if (dialogue.closes) {
      await until("the connection to close", () => client.closed);
      assert.equal(normal(client.received), expected);
    } else {
      // A fence: nothing but its answer may follow.
      client.send("PING\r\n");
      await until("the fence", () => client.closed || normal(client.received).includes("PONG\r\n", expected.length));
      const rest = normal(client.received).slice(expected.length);
      assert.equal(client.closed, false);
      assert.equal(rest.replace("INFO\r\n", ""), "PONG\r\n");
    }
  } finally {
    client.close();
  }
}

function normal(text: string): string {
  return text.replaceAll(/INFO \{[^\r]*\} \r\n/g, "INFO\r\n");
}
