/** WebSockets on both engines: the same bytes, bounds and words whichever carries them. */
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { loadEngine } from "../../transports/carriages/web/engine.ts";
import { long } from "../support/effort.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import { until } from "../support/until.ts";
import { webEngines } from "../support/web-engines.ts";
import { echoServer } from "./echo-server.ts";
import { clientFrame, opcode, RawSocket } from "./raw-socket.ts";

test("the engine that is preferred here is uWebSockets.js, on Linux x64 with Node 20 and 22", async (t) => {
  const [major = ""] = process.versions.node.split(".");
  if (process.platform !== "linux" || process.arch !== "x64" || !["20", "22"].includes(major)) {
    t.diagnostic(`not asked on ${process.platform} ${process.arch} with Node ${major}`);
    return;
  }
  equal((await loadEngine(undefined)).name, "uWebSockets.js");
});

for (const engine of webEngines) {
  describe(`WebSocket on ${engine}`, () => {
    test("masked frames may be cut anywhere, and a message may come in fragments with a ping between", async () => {
      await using server = await echoServer(engine);
      const bytes = Buffer.concat([
        clientFrame(Buffer.from("whole ")),
        clientFrame(Buffer.from("in "), { final: false }),
        clientFrame(Buffer.from("?"), { opcode: opcode.ping }),
        clientFrame(Buffer.from("three "), { final: false, opcode: opcode.continuation }),
        clientFrame(Buffer.from("parts"), { opcode: opcode.continuation }),
      ]);
      for (let cut = 0; cut <= bytes.length; cut += 3) {
        const raw = await RawSocket.open(server.port);
        raw.send(bytes.subarray(0, cut));
        await new Promise((resolve) => setImmediate(resolve));
        raw.send(bytes.subarray(cut));
        await raw.untilText("whole in three parts");
        raw.destroy();
      }
      const slowly = await RawSocket.open(server.port);
      for (const byte of bytes) {
        slowly.send(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await slowly.untilText("whole in three parts");
      slowly.destroy();
    });

    test("what breaks the protocol ends the connection: no mask, a flood of fragments, too much in one message", async () => {
      await using server = await echoServer(engine);
      const cases: readonly Buffer[] = [
        clientFrame(Buffer.from("x"), { compressed: true }),
        clientFrame(Buffer.alloc(70_000)),
        Buffer.concat([
          clientFrame(Buffer.alloc(40_000), { final: false }),
          clientFrame(Buffer.alloc(40_000), { opcode: opcode.continuation }),
        ]),
        clientFrame(Buffer.from("x"), { opcode: 5 }),
      ];
      for (const [index, bytes] of cases.entries()) {
        const raw = await RawSocket.open(server.port);
        raw.send(bytes);
        await until(`case ${index} to be closed`, () => raw.closed);
        equal(raw.text(), "");
        if (engine === "ws") ok([1002, 1009].includes(raw.closeCode), `case ${index} closed with ${raw.closeCode}`);
      }
      const flood = await RawSocket.open(server.port);
      const memory = process.memoryUsage().rss;
      flood.send(clientFrame(Buffer.from("x"), { final: false }));
      const fragments = Buffer.concat(Array.from({ length: 4_096 }, () => clientFrame(Buffer.from("x"), { final: false, opcode: 0 })));
      for (let sent = 0; sent < 200_000 && !flood.closed; sent += 4_096) {
        flood.send(fragments);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until("the flood to be cut", () => flood.closed);
      ok(process.memoryUsage().rss - memory < 64 * 1024 * 1024);
    });

    test("pages of other origins are refused, subprotocols choose the protocol, versions are checked", async () => {
      await using broker = await openSpecBroker({ webEngine: engine });
      const { port } = new URL(broker.webUrl);
      const refused = await RawSocket.open(Number(port), { Origin: "http://elsewhere.example" });
      match(refused.head, /content-type: application\/problem\+json/i);
      const head = async (headers: Record<string, string>): Promise<RawSocket> => {
        const raw = await RawSocket.open(Number(port), headers);
        raw.destroy();
        return raw;
      };
      equal((await head({ Origin: "http://elsewhere.example" })).status, 403);
      equal((await head({ Origin: "null" })).status, 403);
      equal((await head({ Host: "here.example:1", Origin: "http://here.example:1" })).status, 101);
      equal((await head({ "Sec-WebSocket-Version": "8" })).status, 426);
      match((await head({ "Sec-WebSocket-Protocol": "mqtt" })).head, /sec-websocket-protocol: mqtt\b/i);
      match((await head({ "Sec-WebSocket-Protocol": "x, mqttv3.1" })).head, /sec-websocket-protocol: mqttv3\.1/i);
      ok(!/sec-websocket-protocol/i.test((await head({ "Sec-WebSocket-Protocol": "other" })).head));
    });

    test("a close code says why: credentials, a message too large, no protocol, text to MQTT, the broker's end", async () => {
      const refuses = { anonymous: undefined, asksForKeys: false, authenticate: () => Promise.resolve(undefined) };
      await using closed = await openSpecBroker({ webEngine: engine, authentication: refuses });
      const denied = await RawSocket.open(Number(new URL(closed.webUrl).port));
      denied.send(clientFrame(Buffer.from('CONNECT {"user":"a","pass":"b"}\r\nPING\r\n')));
      await until("the refusal", () => denied.closeCode > 0);
      deepEqual([denied.closeCode, denied.closeText], [1008, "Authorization Violation"]);

      const broker = await openSpecBroker({ webEngine: engine });
      const port = Number(new URL(broker.webUrl).port);
      const ended = async (text: string, headers: Record<string, string> = {}, type: number = opcode.binary): Promise<number> => {
        const raw = await RawSocket.open(port, headers);
        raw.send(clientFrame(Buffer.from(text), { opcode: type }));
        await until(`an end after ${text}`, () => raw.closeCode > 0);
        return raw.closeCode;
      };
      equal(await ended("CONNECT {}\r\nPUB a 99999999\r\n"), 1009);
      equal(await ended("WHAT\r\n"), 1002);
      equal(await ended("\u0010", { "Sec-WebSocket-Protocol": "mqtt" }, opcode.text), 1003);
      const staying = await RawSocket.open(port);
      staying.send(clientFrame(Buffer.from("CONNECT {}\r\nPING\r\n"), { opcode: opcode.text }));
      await staying.untilText("PONG");
      await broker[Symbol.asyncDispose]();
      await until("the farewell", () => staying.closeCode > 0);
      equal(staying.closeCode, 1001);
    });

    test("a subscriber slower than its publisher is waited for: nothing is lost and nobody is cut", async () => {
      await using broker = await openSpecBroker({ webEngine: engine });
      const port = Number(new URL(broker.webUrl).port);
      const receiver = new RawSocket(port);
      receiver.upgrade({});
      await until("the upgrade", () => receiver.head !== "");
      receiver.send(clientFrame(Buffer.from("CONNECT {}\r\nSUB a 1\r\nPING\r\n")));
      await receiver.untilText("PONG");
      // From here on bytes are counted, not kept.
      let bytes = 0;
      receiver.socket.removeAllListeners("data");
      receiver.socket.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        receiver.socket.pause();
        setImmediate(() => receiver.socket.resume());
      });
      const publisher = await RawSocket.open(port);
      const one = Buffer.from(`PUB a 1000\r\n${"x".repeat(1000)}\r\n`);
      const frame = clientFrame(Buffer.concat(Array.from({ length: 60 }, () => one)));
      publisher.send(clientFrame(Buffer.from("CONNECT {}\r\n")));
      const frames = 400;
      for (let sent = 0; sent < frames; sent++) {
        if (!publisher.socket.write(frame)) await new Promise((resolve) => publisher.socket.once("drain", resolve));
      }
      await until("all of it", () => bytes >= frames * 60 * 1_000 || receiver.closed || publisher.closed, 15_000);
      deepEqual([receiver.closed, publisher.closed], [false, false]);
      ok(bytes >= frames * 60 * 1_000);
      receiver.destroy();
      publisher.destroy();
    });
  });
}

/** The times of uWebSockets.js are built in: 10 s for a head, and no less than 8 s of silence. */
const impatient = {
  ws: { idleTimeoutSeconds: 0.2, headTimeoutMs: 100 },
  "uWebSockets.js": { idleTimeoutSeconds: 8 },
};

for (const engine of long ? webEngines : (["ws"] as const)) {
  test(`half an upgrade, a silent connection and one that answers no ping are cut in time, on ${engine}`, async () => {
    await using server = await echoServer(engine, impatient[engine]);
    const half = new RawSocket(server.port);
    half.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nX-Slow: ");
    const silent = await RawSocket.open(server.port);
    await until("the half upgrade to be cut", () => half.closed, 20_000);
    notEqual(half.status, 101);
    await until("the silent one to be cut", () => silent.closed, 20_000);
    ok(silent.pings > 0, "it was pinged first");
  });
}
