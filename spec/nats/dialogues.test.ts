import { after, before, describe, it } from "node:test";
import { openTestDoor } from "../support/nats-door.ts";
import type { TestDoor } from "../support/nats-door.ts";
import { playDialogue } from "../support/play-dialogue.ts";
import { dialogues, furtherDialogues } from "./golden-dialogues.ts";

describe("the NATS protocol, as recorded from nats-server", () => {
  let door: TestDoor;
  before(async () => {
    door = await openTestDoor();
  });
  after(() => door.close());

  for (const dialogue of [...dialogues, ...furtherDialogues]) {
    it(dialogue.name, () => playDialogue(dialogue, door.port));
  }
});
