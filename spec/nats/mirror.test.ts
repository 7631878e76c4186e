/** The same dialogues, played against a real nats-server: what we expect of ourselves is what it does. */
import { describe, it } from "node:test";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";
import { playDialogue } from "../support/play-dialogue.ts";
import { dialogues, furtherDialogues } from "./golden-dialogues.ts";

describe("nats-server itself", () => {
  it("holds the same dialogues", async (t) => {
    const found = findNatsServer();
    if ("missing" in found) {
      t.skip(found.missing);
      return;
    }
    const server = await startNatsServer(found.path);
    try {
      for (const dialogue of [...dialogues, ...furtherDialogues]) {
        await t.test(dialogue.name, () => playDialogue(dialogue, server.port));
      }
    } finally {
      await server.stop();
    }
  });
});
