/**
 * What a message costs at the NATS door, without sockets: decoded (its line known, its subject known, or neither), and decoded,
 * routed and encoded for one, and for four subscribers.
 */
import { Bench } from "tinybench";
import { Broker } from "../../lib/broker.ts";
import { SystemClock } from "../../lib/clock.ts";
import { SystemRandom } from "../../lib/random.ts";
import { MemoryStore } from "../../store/memory-store.ts";
import type { Connection, ConnectionHandler } from "../../transports/carriages/connection.ts";
import { defaultLimits } from "../../lib/limits.ts";
import { NatsDoor } from "../../transports/nats/door.ts";
import { Decoder, frame } from "../../transports/nats/decoder.ts";
import { FramePool } from "../../transports/nats/frame-memory.ts";

const messages = 1_000;
const body = "x".repeat(100);

function stream(line: (index: number) => string): Buffer {
  return Buffer.from(Array.from({ length: messages }, (_, index) => `${line(index)}\r\n${body}\r\n`).join(""));
}

const sameLine = stream(() => "PUB bench.a 100");
const sameSubject = stream((index) => `PUB bench.a _INBOX.bench.${index} 100`);
const otherSubject = stream((index) => `PUB bench.${index % 97} 100`);

function decoding(chunk: Buffer): () => void {
  const decoder = new Decoder(defaultLimits, new FramePool(1 << 20));
  return () => {
    decoder.feed(chunk);
    let seen = 0;
    while (decoder.next() === frame.publish) seen++;
    if (seen !== messages) throw new Error("the decoder lost messages");
  };
}

/** Takes everything at once and forgets it. */
class Sink implements Connection {
  readonly remoteAddress = "";
  readonly remotePort = 0;
  readonly localAddress = "";
  readonly localPort = 0;
  readonly secure = false;
  readonly peerCertificate = undefined;
  handler: ConnectionHandler | undefined;
  start(handler: ConnectionHandler): void {
    this.handler = handler;
  }
  write(_bytes: Buffer, done: () => void): void {
    queueMicrotask(done);
  }
  end(): void {}
  destroy(): void {
    this.handler?.closed(undefined);
  }
  pause(): void {}
  resume(): void {}
  upgradeToTls(): void {}
}

async function passing(subscribers: number): Promise<() => Promise<void>> {
  const clock = new SystemClock();
  const random = new SystemRandom();
  const broker = new Broker({ clock, random, fileStore: undefined, memoryStore: new MemoryStore({ clock, random }), report: () => {} });
  await broker.open();
  const anybody = { user: "", tenant: "$G", permissions: undefined, expiresMs: undefined };
  const authentication = { anonymous: anybody, asksForKeys: false, authenticate: () => Promise.resolve(anybody) };
  const door = new NatsDoor({ broker, clock, random, authentication, serverId: "B", serverName: "bench" });
  const join = (): Sink => {
    const sink = new Sink();
    door.accept(sink);
    sink.handler?.data(Buffer.from('CONNECT {"verbose":false,"pedantic":false}\r\n'));
    return sink;
  };
  for (let index = 0; index < subscribers; index++) join().handler?.data(Buffer.from("SUB bench.a 1\r\n"));
  const publisher = join();
  return async () => {
    publisher.handler?.data(sameLine);
    await new Promise<void>((resolve) => clock.endOfTurn(resolve));
  };
}

const bench = new Bench({ name: `NATS door, ${messages} messages of 100 bytes`, time: 300 });
bench.add("decode: the same line again", decoding(sameLine));
bench.add("decode: the same subject, another reply", decoding(sameSubject));
bench.add("decode: another subject each time", decoding(otherSubject));
for (const subscribers of [0, 1, 4]) bench.add(`publish to ${subscribers} subscribers`, await passing(subscribers));
await bench.run();
console.table(bench.table());
