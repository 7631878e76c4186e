/** One browser that reads nothing, among many that do: its publishers wait for it a moment, then go on, and the others get everything. */
import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { openSpecBroker } from "../support/open-broker.ts";
import { until } from "../support/until.ts";
import { webEngines } from "../support/web-engines.ts";
import { clientFrame, RawSocket } from "./raw-socket.ts";

const readers = 99;
const payload: string = "x".repeat(60_000);
const messages = 300;

for (const engine of webEngines) {
  test(`a frozen browser among a hundred costs a publisher a few waits, and nobody else a message, on ${engine}`, async () => {
    await using broker = await openSpecBroker({ webEngine: engine });
    const { opened } = broker;
    const port = Number(new URL(broker.webUrl).port);
    const open = async (filter: string): Promise<RawSocket> => {
      const raw = await RawSocket.open(port);
      raw.send(clientFrame(Buffer.from(`CONNECT {}\r\nSUB ${filter} 1\r\nPING\r\n`)));
      await raw.untilText("PONG");
      raw.data = Buffer.alloc(0);
      raw.bytes = 0;
      return raw;
    };
    const frozen = await open("big");
    frozen.keeps = false;
    const others = await Promise.all(Array.from({ length: readers }, () => open("small")));
    const publisher = await RawSocket.open(port);
    publisher.send(clientFrame(Buffer.from("CONNECT {}\r\n")));
    frozen.socket.pause();
    // The one that does not read is sent much, so that it is soon crowded; in every frame there is something for all.
    const frame = clientFrame(Buffer.from(`PUB big ${payload.length}\r\n${payload}\r\nPUB small 5\r\nhello\r\n`));
    for (let sent = 0; sent < messages; sent++) publisher.send(frame);
    const everything = "MSG small 1 5\r\nhello\r\n".repeat(messages);
    // The broker may ping in between.
    const heard = (other: RawSocket): string => other.text().replaceAll("PING\r\n", "");
    const all = (other: RawSocket): boolean => other.bytes >= everything.length && heard(other).length >= everything.length;
    await until("everybody else to have everything", () => others.every(all), 20_000);
    for (const other of others) equal(heard(other), everything);
    await until("the frozen one to be cut", () => !opened.broker.tenant("$G").router.hasInterest("big"));
    ok(opened.broker.stallsTotal <= 20, `${opened.broker.stallsTotal} waits`);
    equal(opened.broker.tenant("$G").messagesIn, 2 * messages);
    for (const raw of [frozen, publisher, ...others]) raw.destroy();
  });
}
