/** The recorded dialogue about consumers, played against Waystation, and against a real nats-server when there is one. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "@nats-io/transport-node";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";
import { until } from "../support/until.ts";
import { openTestBroker } from "./consumer-broker.ts";
import { consumerDialogue } from "./consumer-dialogue.ts";
import type { Exchange } from "./consumer-dialogue.ts";

/** What changes from run to run. */
function normal(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (time) => (time.startsWith("0001") ? time : "<time>"))
    .replaceAll(/"_nats.level":"\d+"/g, '"_nats.level":"<level>"')
    .replaceAll(/"_nats.ver":"[^"]*"/g, '"_nats.ver":"<version>"')
    .replaceAll(/"pause_remaining":\d+/g, '"pause_remaining":<ns>')
    .replaceAll(/\.\d{19}\./g, ".<ns>.");
}

function shown(message: Msg, inbox: string, names: ReadonlyMap<string, string>): string {
  const { headers } = message;
  let text = message.subject === inbox ? "<inbox>" : message.subject;
  if (message.reply) text += ` reply ${normal(message.reply)}`;
  if (headers !== undefined) {
    const fields = headers.keys().map((key) => `${key}=${headers.get(key)}`);
    text += ` headers ${headers.code > 0 ? `${headers.code} ${headers.description} ` : ""}${fields.join(" ; ")}`;
  }
  const body = normal(message.string());
  if (body !== "") text += ` body ${body}`;
  for (const [name, placeholder] of names) text = text.replaceAll(name, placeholder);
  return text.trimEnd();
}

class Player {
  readonly #nc: NatsConnection;
  readonly #pushed: Msg[] = [];
  readonly #names: Map<string, string> = new Map();

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    this.#nc.subscribe("push.p1", { callback: (_error, message) => void this.#pushed.push(message) });
  }

  async prepare(): Promise<void> {
    const nc = this.#nc;
    const config = { name: "S", subjects: ["s.>"], max_msgs: 100, allow_direct: true, allow_rollup_hdrs: true, allow_msg_ttl: true };
    const answer = await nc.request("$JS.API.STREAM.CREATE.S", JSON.stringify(config));
    assert.ok(!answer.string().includes('"error"'), answer.string());
    const { headers } = await import("@nats-io/transport-node");
    const records: [subject: string, payload: string, header: string, value: string][] = [
      ["s.a", "one", "", ""],
      ["s.b", "two", "Nats-Msg-Id", "id1"],
      ["s.c", "x", "Nats-TTL", "1h"],
      ["s.c", "roll", "Nats-Rollup", "sub"],
      ["s.c", "x", "Nats-Required-Api-Level", "99"],
    ];
    for (const [subject, payload, header, value] of records) {
      const block = headers();
      if (header !== "") block.set(header, value);
      const stored = await nc.request(subject, payload, { timeout: 2000, ...(header === "" ? {} : { headers: block }) });
      assert.match(stored.string(), /"seq":/);
    }
  }

  async play(exchange: Exchange): Promise<string[]> {
    const { label, replies } = exchange;
    if (exchange.subject === "") {
      await until(label, () => this.#pushed.length >= replies.length);
      return this.#pushed.slice(0, replies.length).map((message) => shown(message, "", this.#names));
    }
    const nc = this.#nc;
    const inbox = `_INBOX.golden.${Math.floor(performance.now() * 1e6)}`;
    const got: Msg[] = [];
    const subscription = nc.subscribe(inbox, { callback: (_error, message) => void got.push(message) });
    const payload = exchange.payload.replace("<in a minute>", new Date(Date.now() + 60_000).toISOString());
    nc.publish(exchange.subject.replace("<ns>", "1795229103833379013"), payload, { reply: inbox });
    if (label === "consumer deleted during pull") {
      await until(label, () => got.length >= replies.length - 1);
      await nc.request("$JS.API.CONSUMER.DELETE.S.D1");
    }
    await until(`${replies.length} replies to ${exchange.subject} ${payload}`, () => got.length >= replies.length).catch(() => {});
    await nc.flush();
    subscription.unsubscribe();
    if (label === "legacy ephemeral push") {
      const name = /"name":"(\w{8})"/.exec(got[0]?.string() ?? "")?.[1];
      if (name !== undefined) this.#names.set(name, "<name>");
    }
    return got.map((message) => shown(message, inbox, this.#names));
  }
}

/** The server prints a name it made up only outside the configuration; ours prints it in both places. Lists sort by it. */
function lenient(line: string): string {
  const names = /"consumers":\[([^\]]*)\]/.exec(line)?.[1];
  const sorted = names === undefined ? line : line.replace(names, names.split(",").sort().join(","));
  return sorted.replace('"config":{"name":"<name>",', '"config":{');
}

async function playAll(port: number): Promise<string[][]> {
  const nc = await connect({ port });
  try {
    const player = new Player(nc);
    await player.prepare();
    const transcript: string[][] = [];
    for (const exchange of consumerDialogue) transcript.push((await player.play(exchange)).map((line) => lenient(line)));
    return transcript;
  } finally {
    await nc.close();
  }
}

function compare(transcript: string[][]): void {
  for (const [index, exchange] of consumerDialogue.entries()) {
    const expected = exchange.replies.map((line) => lenient(line));
    assert.deepEqual(transcript[index], expected, `${exchange.label} ${exchange.subject} ${exchange.payload}`);
  }
}

test("requests about consumers are answered as nats-server answered them", async () => {
  const broker = await openTestBroker();
  try {
    compare(await playAll(broker.port));
    assert.deepEqual(broker.reports, []);
  } finally {
    await broker.close();
  }
});

test("the recording is still what nats-server answers", async (t) => {
  const found = findNatsServer();
  if ("missing" in found) {
    t.skip(found.missing);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "golden-"));
  const server = await startNatsServer(found.path, ["-js", "-sd", folder]);
  try {
    compare(await playAll(server.port));
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
