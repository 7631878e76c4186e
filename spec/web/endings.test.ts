/** How a WebSocket ends that cannot go on: with a close code and a reason, where its peer still reads, and without holding memory where not. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { nobody, openSpecBroker } from "../support/open-broker.ts";
import { SimClock } from "../support/sim-clock.ts";
import { until } from "../support/until.ts";
import { webEngines } from "../support/web-engines.ts";
import { echoServer } from "./echo-server.ts";
import { clientFrame, RawSocket } from "./raw-socket.ts";

const payload: string = "x".repeat(1_000_000);

for (const engine of webEngines) {
  describe(`a slow consumer on ${engine}`, () => {
    test("is told with a close code when it reads on, after what was sent before", async () => {
      await using broker = await openSpecBroker({ webEngine: engine });
      const reader = await RawSocket.open(Number(new URL(broker.webUrl).port));
      reader.send(clientFrame(Buffer.from("CONNECT {}\r\nSUB a 1\r\nPING\r\n")));
      await reader.untilText("PONG");
      reader.socket.pause();
      reader.keeps = false;
      const publisher = broker.opened.connect(nobody);
      // In one turn, so that nobody can wait for the reader.
      for (let sent = 0; sent < 40; sent++) publisher.publish("a", payload);
      await until("the subscription to be gone", () => !broker.opened.broker.tenant("$G").router.hasInterest("a"));
      reader.socket.resume();
      await until("the close code", () => reader.closeCode > 0);
      deepEqual([reader.closeCode, reader.closeText], [1008, "slow consumer: subscribe to less, or read faster"]);
      ok(reader.bytes > 5_000_000, "what was accepted for it came first");
      reader.destroy();
      await until("its memory to be back", () => broker.opened.pool.bytesOut === 0);
      await eventually("it to be counted", async () =>
        /waystation_slow_consumers_total 1/.test(await (await fetch(`${broker.webUrl}/metrics`)).text()),
      );
    });
  });

  test(`a peer that never reads its end is cut after a while, on ${engine}`, async () => {
    const clock = new SimClock();
    await using server = await echoServer(engine, {}, clock);
    const peer = await RawSocket.open(server.port);
    peer.socket.pause();
    const [connection] = server.connections;
    ok(connection !== undefined);
    let handedOn = 0;
    for (let sent = 0; sent < 200; sent++) connection.write(Buffer.alloc(100_000), () => handedOn++);
    connection.explain?.("slow", "too slow");
    connection.end();
    await until("what fits to be handed on", () => clock.waiting > 0);
    clock.advance(4_900);
    await new Promise((resolve) => setImmediate(resolve));
    equal(server.gone, 0);
    clock.advance(200);
    await until("it to be cut", () => server.gone === 1);
    ok(handedOn < 200);
    peer.destroy();
  });
}
