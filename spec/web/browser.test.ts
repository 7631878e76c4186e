/** Pages in a real browser: the client from the broker itself, the official NATS client, and MQTT.js, all at one port. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "puppeteer-core";
import { createBroker } from "../../transports/index.ts";
import type { EmbeddedBroker } from "../../transports/index.ts";
import { launchChromium } from "./chromium.ts";
import { pageModule } from "./page-modules.ts";

let browser: Browser | undefined;
let missing = "";
let data = "";
let broker: EmbeddedBroker | undefined;
let page: Page | undefined;
const complaints: string[] = [];

before(async () => {
  browser = await launchChromium((reason) => (missing = reason));
  data = await mkdtemp(join(tmpdir(), "waystation-browser-"));
  broker = await createBroker({ data, webPort: 0 });
  page = await browser?.newPage();
  page?.on("pageerror", (error) => complaints.push(String(error)));
  await page?.goto(broker.addresses.web?.url ?? "");
});

after(async () => {
  await browser?.close();
  await broker?.close();
  await rm(data, { recursive: true, force: true });
});

/** The page, or undefined when the test is to be left out. */
function pageFor(t: { skip(message: string): void }): Page | undefined {
  if (page === undefined) t.skip(`NO BROWSER COULD BE STARTED: install chromium (${missing})`);
  return page;
}

describe("a page in Chromium", () => {
  test("imports the client from the broker, listens by wildcard, produces, consumes as a group, and outlives a restart", async (t) => {
    const target = pageFor(t);
    if (target === undefined) return;
    await target.evaluate('import("/client.js").then((module) => { globalThis.waystation = module; })');
    const before = await target.evaluate(async () => {
      const { connect } = (globalThis as unknown as { waystation: typeof import("../../transports/client/index.ts") }).waystation;
      const client = await connect();
      const live = client.subscribe("orders.*", { max: 2 });
      const station = client.station("ORDERS");
      await station.create({ subjects: ["orders.*"] });
      const produced = await Promise.all([1, 2, 3].map((number) => station.produce("orders.new", JSON.stringify({ number }))));
      const heard: string[] = [];
      for await (const message of live) heard.push(message.subject);
      const consumed: unknown[] = [];
      for await (const delivery of station.consume("billing", { max: 2 })) {
        consumed.push(delivery.json());
        await delivery.acked();
      }
      Object.assign(globalThis, { client });
      return {
        sequences: produced.map(({ sequence }) => sequence),
        heard,
        consumed,
        acked: (await station.group("billing").info()).ackedSequence,
      };
    });
    deepEqual(before, {
      sequences: [1, 2, 3],
      heard: ["orders.new", "orders.new"],
      consumed: [{ number: 1 }, { number: 2 }],
      acked: 2,
    });

    const webPort = broker?.addresses.web?.port ?? 0;
    await broker?.close();
    const meanwhile = target.evaluate(async () => {
      const { client } = globalThis as unknown as { client: import("../../transports/client/index.ts").Connection };
      while (client.status === "connected") await new Promise((resolve) => setTimeout(resolve, 5));
      const station = client.station("ORDERS");
      const produced = await station.produce("orders.new", '{"number":4}');
      const consumed: unknown[] = [];
      for await (const delivery of station.consume("billing", { max: 2 })) {
        consumed.push(delivery.json());
        await delivery.acked();
      }
      await client.close();
      return { sequence: produced.sequence, consumed };
    });
    broker = await createBroker({ data, webPort });
    deepEqual(await meanwhile, { sequence: 4, consumed: [{ number: 3 }, { number: 4 }] });
    deepEqual(complaints, []);
  });

  test("connects with the official NATS client", async (t) => {
    const target = pageFor(t);
    if (target === undefined) return;
    await target.evaluate(pageModule("@nats-io/nats-core", "nats"));
    const heard = await target.evaluate(async () => {
      const { nats } = globalThis as unknown as { nats: typeof import("@nats-io/nats-core") };
      const address = globalThis as unknown as { location: { host: string } };
      const client = await nats.wsconnect({ servers: `ws://${address.location.host}` });
      const subscription = client.subscribe("a.*", { max: 1 });
      client.publish("a.b", "by nats-core");
      for await (const message of subscription) {
        await client.drain();
        return message.string();
      }
      return "";
    });
    equal(heard, "by nats-core");
  });

  test("connects with MQTT.js, and both protocols hear each other", async (t) => {
    const target = pageFor(t);
    if (target === undefined) return;
    const require = createRequire(import.meta.url);
    const bundle = await readFile(join(require.resolve("mqtt/package.json"), "..", "dist", "mqtt.min.js"), "utf8");
    await target.evaluate(`${bundle}; globalThis.mqtt = mqtt; 0`);
    const heard = await target.evaluate(async () => {
      const { mqtt } = globalThis as unknown as { mqtt: typeof import("mqtt") };
      const address = globalThis as unknown as { location: { host: string } };
      const { connect } = (globalThis as unknown as { waystation: typeof import("../../transports/client/index.ts") }).waystation;
      const client = await connect();
      const device = await mqtt.connectAsync(`ws://${address.location.host}`, { clientId: "page", clean: true });
      const subscription = client.subscribe("room.temperature", { max: 1 });
      await client.flush();
      const toDevice = new Promise<string>((resolve) => {
        device.on("message", (topic, payload) => resolve(`${topic} ${payload.toString()}`));
      });
      await device.subscribeAsync("room/light", { qos: 1 });
      client.publish("room.light", "on");
      await device.publishAsync("room/temperature", "21", { qos: 1 });
      let toPage = "";
      for await (const message of subscription) toPage = `${message.subject} ${message.text()}`;
      const both = [await toDevice, toPage];
      await device.endAsync();
      await client.close();
      return both;
    });
    deepEqual(heard, ["room/light on", "room.temperature 21"]);
    ok(complaints.length === 0, complaints.join("; "));
  });
});
