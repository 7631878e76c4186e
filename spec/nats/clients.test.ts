/** Official clients, unmodified, at the NATS door; the same script runs against a real nats-server when there is one. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect as connectNew } from "@nats-io/transport-node";
import { connect as connectOld } from "nats";
import { openTestDoor } from "../support/nats-door.ts";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";

type NewConnection = Awaited<ReturnType<typeof connectNew>>;
type OldConnection = Awaited<ReturnType<typeof connectOld>>;
type AnyConnection = NewConnection | OldConnection;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function textOf(message: { readonly data: Uint8Array }): string {
  return decoder.decode(message.data);
}

/** What everybody does with NATS, told as lines. */
async function script(open: (options?: { noEcho?: boolean }) => Promise<AnyConnection>): Promise<string[]> {
  const told: string[] = [];
  const [one, two] = [await open(), await open()];
  const heard = one.subscribe("orders.*.eu", { max: 2 });
  const reading = (async () => {
    for await (const message of heard) told.push(`heard ${message.subject} ${textOf(message)} [${message.reply ?? ""}]`);
  })();
  await one.flush();
  two.publish("orders.1.eu", encoder.encode("first"));
  two.publish("orders.1.us", encoder.encode("elsewhere"));
  two.publish("orders.2.eu", encoder.encode("second"), { reply: "somewhere" });
  two.publish("orders.3.eu", encoder.encode("beyond the maximum"));
  await two.flush();
  await reading;

  const service = one.subscribe("upper");
  void (async () => {
    for await (const message of service) message.respond(encoder.encode(textOf(message).toUpperCase()));
  })();
  await one.flush();
  for (const word of ["a", "b", "c"]) told.push(`answered ${textOf(await two.request("upper", encoder.encode(word), { timeout: 2000 }))}`);
  told.push(`without a mux ${textOf(await two.request("upper", encoder.encode("d"), { timeout: 2000, noMux: true }))}`);

  await two.request("nobody.there", encoder.encode("x"), { timeout: 2000 }).then(
    () => told.push("answered by nobody"),
    (error: Error) => told.push(`no responders: ${error.message}`),
  );

  const members = [one.subscribe("work", { queue: "q" }), two.subscribe("work", { queue: "q" })];
  await Promise.all([one.flush(), two.flush()]);
  for (let index = 0; index < 40; index++) one.publish("work", encoder.encode(String(index)));
  await one.flush();
  await two.flush();
  const shares = members.map((member) => member.getReceived());
  told.push(`shared ${(shares[0] ?? 0) + (shares[1] ?? 0)}, both worked ${shares.every((share) => share > 0)}`);

  const quiet = await open({ noEcho: true });
  const own = quiet.subscribe("own");
  quiet.publish("own", encoder.encode("x"));
  await quiet.flush();
  told.push(`own heard ${own.getReceived()}`);

  const large = "x".repeat(700_000);
  told.push(`large ${textOf(await two.request("upper", encoder.encode(large), { timeout: 4000 })) === large.toUpperCase()}`);
  for (const connection of [one, two, quiet]) await connection.close();
  return told;
}

const expected = [
  "heard orders.1.eu first []",
  "heard orders.2.eu second [somewhere]",
  "answered A",
  "answered B",
  "answered C",
  "without a mux D",
  "shared 40, both worked true",
  "own heard 0",
  "large true",
];

async function play(port: number): Promise<void> {
  const servers = `127.0.0.1:${port}`;
  const told = {
    new: await script((options = {}) => connectNew({ servers, ...options })),
    old: await script((options = {}) => connectOld({ servers, ...options })),
  };
  assert.deepEqual(
    told.new.filter((line) => !line.startsWith("no responders")),
    expected,
  );
  assert.ok(told.new.includes("no responders: no responders: 'nobody.there'"));
  assert.deepEqual(
    told.old.filter((line) => !line.startsWith("no responders")),
    expected,
  );
  assert.ok(told.old.includes("no responders: 503"));
}

describe("official NATS clients", () => {
  it("publish, subscribe, request and share work at our door", async () => {
    const door = await openTestDoor();
    try {
      await play(door.port);
    } finally {
      await door.close();
    }
  });

  it("do the same at nats-server", async (t) => {
    const found = findNatsServer();
    if ("missing" in found) {
      t.skip(found.missing);
      return;
    }
    const server = await startNatsServer(found.path);
    try {
      await play(server.port);
    } finally {
      await server.stop();
    }
  });
});
