/** One suite for every door: the same stations, the same groups, the same answers, whoever asks and however. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { createBroker } from "../../transports/index.ts";
import type { EmbeddedBroker } from "../../transports/index.ts";
import { Authenticator } from "../../lib/auth/authenticator.ts";
import { SystemClock } from "../../lib/clock.ts";
import { authPolicyOf, parseConfig } from "../../lib/config/config.ts";
import { defaultLimits } from "../../lib/limits.ts";
import { SystemRandom } from "../../lib/random.ts";
import { stationConfig } from "../../lib/station/config.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import { webEngines } from "../support/web-engines.ts";
import { doorsTable, verbs, whyNot } from "./cells.ts";
import type { Verb } from "./cells.ts";
import type { Door, DoorClient, DoorDelivery, DoorMember, DoorName } from "./door.ts";
import { httpDoor } from "./http.ts";
import { inProcess } from "./in-process.ts";
import { libraryDoor } from "./library.ts";
import { mqttDoor } from "./mqtt.ts";
import { natsDoor } from "./nats.ts";

const full = { user: "full", password: "secret" };
const limited = { user: "limited", password: "secret" };
const users = [full, { ...limited, permissions: { publish: { deny: ["hidden.>"] } } }];
/** Long enough for whatever is on its way; what must not come is waited for this long. */
const longMs = 5_000;
const shortMs = 150;

interface Opened {
  readonly doors: readonly Door[];
  createStation(name: string, filter: string): Promise<void>;
  has(station: string): boolean;
  /** JSON Schema. */
  attachSchema(station: string, text: string): Promise<void>;
  close(): Promise<void>;
}

/** A broker with a door of each kind; over `ws`, the WebSocket door alone. */
async function open(engine: "uWebSockets.js" | "ws"): Promise<Opened> {
  const authenticator = new Authenticator({ clock: new SystemClock(), random: new SystemRandom(), limits: defaultLimits });
  authenticator.replace(authPolicyOf(parseConfig({ users }, "/")));
  const broker = await openSpecBroker({ webEngine: engine, authentication: authenticator });
  const socket = natsDoor(engine === "ws" ? "WebSocket, ws" : "WebSocket, uWebSockets.js", broker.webUrl.replace(/^http/, "ws"));
  const web = broker.webUrl.replace(/^ws/, "http");
  const others = [
    natsDoor("NATS, TCP", broker.natsUrl),
    mqttDoor(4, broker.mqttUrl),
    mqttDoor(5, broker.mqttUrl),
    httpDoor(web),
    libraryDoor(broker.natsUrl),
  ];
  const { stations, schemas } = broker.opened.tenants.get("$G") ?? assert.fail("no tenant");
  return {
    doors: engine === "ws" && webEngines.length > 1 ? [socket] : [...others, socket],
    createStation: async (name, filter) => void (await stations.create(stationConfig({ name, subjects: [filter] }))),
    has: (name) => stations.get(name) !== undefined,
    attachSchema: async (station, text) => {
      await schemas.create({ name: station, kind: "json", text });
      await stations.update({ ...(stations.configOf(station) ?? assert.fail()), schema: { name: station, version: 0 } });
    },
    close: async () => await broker[Symbol.asyncDispose](),
  };
}

async function openEmbedded(): Promise<Opened> {
  const broker: EmbeddedBroker = await createBroker({ users });
  return {
    doors: [inProcess(broker)],
    createStation: async (name, filter) => void (await broker.createStation({ name, subjects: [filter] })),
    has: (name) => broker.station(name) !== undefined,
    attachSchema: async (station, text) => {
      const connection = await broker.connect({ user: full.user, pass: full.password });
      for (const [verb, body] of [
        ["CREATE", { name: station, kind: "json", text }],
        ["ATTACH", { station, schema: station }],
      ] as const) {
        await connection.request(`$WAYSTATION.SCHEMA.${verb}`, JSON.stringify(body));
      }
      connection.close();
    },
    close: () => broker.close(),
  };
}

/** The stations, subjects and groups of one cell are its own. */
interface Cell {
  readonly opened: Opened;
  readonly door: Door;
  readonly client: DoorClient;
  readonly station: string;
  readonly filter: string;
  readonly subject: (last: string) => string;
}

const scenarios: Readonly<Record<Verb, (cell: Cell) => Promise<void>>> = {
  create: async ({ opened, client, station, filter }) => {
    await client.create(`${station}NEW`, filter.replace(".", "NEW."));
    assert.ok(opened.has(`${station}NEW`));
  },
  produce: async ({ client, station, filter, subject }) => {
    await client.produce(subject("a"), "one");
    assert.deepEqual(await client.replay(station, filter, 1), [{ subject: subject("a"), text: "one", key: subject("a") }]);
  },
  key: async ({ client, station, filter, subject }) => {
    await client.produce(subject("a"), "one", { key: "k 1" });
    assert.deepEqual(await client.replay(station, filter, 1), [{ subject: subject("a"), text: "one", key: "k 1" }]);
  },
  dedupe: async ({ client, station, filter, subject }) => {
    await client.produce(subject("a"), "one", { id: "x" });
    await client.produce(subject("a"), "one", { id: "x" });
    await client.produce(subject("a"), "two", { id: "y" });
    assert.deepEqual(
      (await client.replay(station, filter, 2)).map(({ text }) => text),
      ["one", "two"],
    );
  },
  group: async (cell) => {
    const members = [await member(cell, "one"), await member(cell, "two")] as const;
    const texts = ["1", "2", "3", "4", "5", "6"];
    for (const text of texts) await cell.client.produce(cell.subject("a"), text);
    // Each holds one; who gets how many of the rest is the group's affair.
    const held = [await taken(members[0]), await taken(members[1])];
    const got = held.map(({ text }) => text);
    for (const delivery of held) await delivery.ack();
    for (let turn = 0; got.length < texts.length && turn < 200; turn++) {
      const delivery = await members[turn % 2]?.next(shortMs);
      if (delivery === undefined) continue;
      got.push(delivery.text);
      await delivery.ack();
    }
    assert.deepEqual(got.toSorted(), texts);
    for (const one of members) await one.close();
  },
  ack: async (cell) => {
    const one = await member(cell, "one");
    await cell.client.produce(cell.subject("a"), "1");
    await cell.client.produce(cell.subject("a"), "2");
    await (await taken(one)).ack();
    const second = await taken(one);
    assert.deepEqual([second.text, second.again], ["2", false]);
    await second.ack();
    await one.close();
    const back = await member(cell, "one");
    assert.equal(await back.next(shortMs), undefined);
    await back.close();
  },
  nak: async (cell) => {
    const one = await member(cell, "one");
    await cell.client.produce(cell.subject("a"), "1");
    await (await taken(one)).nak();
    const again = await taken(one);
    assert.deepEqual([again.text, again.again], ["1", true]);
    await again.ack();
    await one.close();
  },
  redeliver: async (cell) => {
    const one = await member(cell, "one", { ackWaitMs: 300 });
    await cell.client.produce(cell.subject("a"), "1");
    assert.equal((await taken(one)).text, "1");
    await one.close();
    const back = await member(cell, "one", { ackWaitMs: 300 });
    const again = await taken(back);
    assert.deepEqual([again.text, again.again], ["1", true]);
    await again.ack();
    await back.close();
  },
  condition: async (cell) => {
    const one = await member(cell, "one", { condition: "msg.n > 1" });
    for (const text of ['{"n":1}', '{"n":2}', "none", '{"n":3}']) await cell.client.produce(cell.subject("a"), text);
    for (const wanted of ['{"n":2}', '{"n":3}']) {
      const delivery = await taken(one);
      assert.equal(delivery.text, wanted);
      await delivery.ack();
    }
    assert.equal(await one.next(shortMs), undefined);
    await one.close();
  },
  replay: async ({ client, station, filter, subject }) => {
    const wanted = ["a", "b", "c"].map((last) => ({ subject: subject(last), text: last, key: subject(last) }));
    for (const { text } of wanted) await client.produce(subject(text), text);
    assert.deepEqual(await client.replay(station, filter, 3), wanted);
  },
  schema: async ({ opened, client, station, filter, subject }) => {
    await opened.attachSchema(station, '{"type":"object","required":["n"]}');
    await assert.rejects(client.produce(subject("a"), '{"m":1}'), /must have required property 'n'/);
    await client.produce(subject("a"), '{"n":1}');
    assert.deepEqual(
      (await client.replay(station, filter, 1)).map(({ text }) => text),
      ['{"n":1}'],
    );
  },
  permission: async ({ door, subject }) => {
    const client = await door.connect(limited);
    assert.equal(await client.isRefused("hidden.a"), true);
    await client.produce(subject("a"), "permitted");
    await client.close();
  },
};

function member({ client, station, filter }: Cell, name: string, wishes: Parameters<DoorClient["member"]>[4] = {}): Promise<DoorMember> {
  return client.member(station, filter, `group-${station}`, name, wishes);
}

async function taken(one: DoorMember): Promise<DoorDelivery> {
  return (await one.next(longMs)) ?? assert.fail("nothing was delivered");
}

const seen: Set<DoorName> = new Set();

for (const opening of [openEmbedded, ...webEngines.map((engine) => () => open(engine))]) {
  await test("every door of a broker", async (t) => {
    const opened = await opening();
    for (const door of opened.doors) {
      seen.add(door.name);
      const client = await door.connect(full);
      for (const [index, verb] of (Object.keys(verbs) as Verb[]).entries()) {
        if (whyNot(door.name, verb) !== undefined) continue;
        const station = `S${seen.size}x${index}`;
        const filter = `${station}.*`;
        await opened.createStation(station, filter);
        const cell: Cell = { opened, door, client, station, filter, subject: (last) => `${station}.${last}` };
        await t.test(`${door.name}: ${verbs[verb]}`, () => scenarios[verb](cell));
      }
      await client.close();
    }
    await opened.close();
  });
}

test("the table of README is what the suite covers", async () => {
  const readme = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
  const shown = /<!-- doors -->\n([\s\S]*?)\n<!-- \/doors -->/.exec(readme)?.[1]?.trim();
  assert.equal(shown, doorsTable());
});
