/**
 * What a hostile peer sends to make the broker grow: it is cut, and the memory of the process has not moved. Watched from outside, in a
 * process of its own: much of it is native memory that no heap counts.
 */
import { equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { describe, test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { until } from "../support/until.ts";
import { webEngines } from "../support/web-engines.ts";
import { clientFrame, RawSocket } from "./raw-socket.ts";

const mib: number = 1024 * 1024;
const growthMax: number = 16 * mib;
const extension = { "Sec-WebSocket-Extensions": "permessage-deflate; client_no_context_takeover; server_no_context_takeover" };
const watchable = existsSync("/proc/self/clear_refs");

class WatchedBroker {
  readonly port: number;
  readonly #process: ChildProcess;
  #before = 0;

  constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  static async start(engine: string, compression: "on" | "off"): Promise<WatchedBroker> {
    const script = new URL("web-process.js", import.meta.url).pathname;
    const child = spawn(process.execPath, [script, engine, compression], { stdio: ["pipe", "pipe", "inherit"] });
    const [first] = (await once(child.stdout, "data")) as [Buffer];
    return new WatchedBroker(child, Number(first.toString()));
  }

  /** From now on growth counts. */
  begin(): void {
    writeFileSync(`/proc/${this.#process.pid}/clear_refs`, "5");
    this.#before = this.#read("VmRSS");
  }

  /** The most it has grown since, in bytes. */
  get growth(): number {
    return this.#read("VmHWM") - this.#before;
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await once(this.#process, "exit");
  }

  #read(name: string): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? "0") * 1024;
  }
}

function deflated(payload: Buffer): Buffer {
  return deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** Compressed bytes of this many, each inflating to a thousand. */
function bombOf(bytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(mib), { finishFlush: constants.Z_SYNC_FLUSH });
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / block.length) }, () => block));
}

async function warm(port: number): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const raw = await RawSocket.open(port, extension);
    const text = Buffer.from("CONNECT {}\r\nSUB a 1\r\nPUB a 5\r\nhello\r\nPING\r\n");
    raw.send(/permessage-deflate/i.test(raw.head) ? clientFrame(deflated(text), { compressed: true }) : clientFrame(text));
    await until("the answer", () => raw.closed || raw.bytes > 200);
    raw.destroy();
  }
}

for (const engine of webEngines) {
  describe(`a flood on ${engine}`, { skip: watchable ? false : "NO /proc HERE: memory cannot be watched from outside" }, () => {
    test("compression: what inflates to 6 MiB, and 6 MiB that inflate to thousands more, are cut and move no memory", async () => {
      const broker = await WatchedBroker.start(engine, "on");
      try {
        await warm(broker.port);
        for (const bomb of [deflated(Buffer.alloc(6 * mib)), deflated(Buffer.alloc(64 * mib)), bombOf(6 * mib)]) {
          broker.begin();
          const raw = await RawSocket.open(broker.port, extension);
          match(raw.head, /sec-websocket-extensions: permessage-deflate/i);
          raw.send(clientFrame(bomb, { compressed: true }));
          await until("the bomb to be cut", () => raw.over, 15_000);
          ok(broker.growth < growthMax, `${bomb.length} bytes of bomb moved ${broker.growth} bytes`);
          raw.destroy();
        }
      } finally {
        await broker.stop();
      }
    });

    test("fragments of one byte, and upgrades that never end, are cut and move no memory", async () => {
      const broker = await WatchedBroker.start(engine, "off");
      try {
        await warm(broker.port);
        broker.begin();
        const flood = await RawSocket.open(broker.port);
        flood.send(clientFrame(Buffer.from("x"), { final: false }));
        const fragments = Buffer.concat(Array.from({ length: 16_384 }, () => clientFrame(Buffer.from("x"), { final: false, opcode: 0 })));
        let sent = 0;
        while (!flood.over && sent < 20_000_000) {
          if (!flood.socket.write(fragments)) await until("room", () => !flood.socket.writableNeedDrain || flood.over, 15_000);
          sent += 16_384;
        }
        await until("the flood to be cut", () => flood.over);
        ok(broker.growth < growthMax, `${sent} fragments moved ${broker.growth} bytes`);
        broker.begin();
        const upgrades = Array.from({ length: 500 }, () => new RawSocket(broker.port));
        for (const raw of upgrades) raw.send(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nX-Slow: ${"x".repeat(2_000)}`);
        await until("all to be connected", () => upgrades.every(({ socket }) => socket.bytesWritten > 2_000));
        await warm(broker.port);
        ok(broker.growth < growthMax, `500 half upgrades moved ${broker.growth} bytes`);
        equal(upgrades.filter(({ head }) => head !== "").length, 0);
        for (const raw of upgrades) raw.destroy();
      } finally {
        await broker.stop();
      }
    });
  });
}

test("a message is compressed when both sides want it, and it is long enough; else not", async () => {
  for (const engine of webEngines) {
    const broker = await WatchedBroker.start(engine, "on");
    try {
      const plain = await RawSocket.open(broker.port);
      ok(!/sec-websocket-extensions/i.test(plain.head), plain.head);
      plain.send(clientFrame(Buffer.from("CONNECT {}\r\nPING\r\n")));
      await plain.untilText("PONG");
      plain.destroy();
      const raw = await RawSocket.open(broker.port, extension);
      raw.send(
        clientFrame(deflated(Buffer.from(`CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a 4000\r\n${"y".repeat(4_000)}\r\n`)), {
          compressed: true,
        }),
      );
      await raw.untilText("y".repeat(4_000));
      ok(raw.wireBytes < 1_500, `${engine}: ${raw.wireBytes} bytes came for ${raw.bytes}`);
      raw.send(clientFrame(Buffer.from("PING\r\n")));
      await raw.untilText("PONG");
      raw.destroy();
    } finally {
      await broker.stop();
    }
  }
});
