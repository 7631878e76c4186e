/**
 * `waystation bench`: a quick measurement of a running broker through an ordinary client in this process. It shows what an application in
 * Node would see, client included; what the broker itself can do is measured by `npm run bench:peers`.
 */
import { jetstream, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { createInbox, nuid } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { patience, withBroker } from "./client.ts";
import type { Invocation } from "./invocation.ts";
import { Progress } from "./progress.ts";
import { parseCount, parseSize } from "./quantity.ts";
import { print, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface Load {
  readonly messages: number;
  readonly payload: Uint8Array;
  readonly window: number;
  readonly storage: StorageType;
  readonly timeoutMs: number;
}

interface Measured {
  readonly name: string;
  readonly messages: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Microseconds; absent where messages are not timed one by one. */
  readonly p50Us?: number;
  readonly p99Us?: number;
}

type Measurement = (broker: NatsConnection, load: Load, progress: Progress) => Promise<Measured>;

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const load: Load = {
    messages: parseCount(invocation.value("messages") ?? "100000", "messages", 1),
    payload: Buffer.alloc(parseSize(invocation.value("size") ?? "100", "size"), "x"),
    window: parseCount(invocation.value("window") ?? "1000", "window", 1),
    storage: invocation.value("storage") === "memory" ? StorageType.Memory : StorageType.File,
    timeoutMs: patience(invocation),
  };
  return withBroker(invocation, terminal, async (broker) => {
    const results: Measured[] = [];
    for (const [name, measure] of [
      ["publish", publish],
      ["publish to one subscriber", pubSub],
      ["request and reply", requests],
      ["publish until stored", stored],
    ] as const satisfies readonly (readonly [string, Measurement])[]) {
      const progress = new Progress(terminal, name);
      results.push(await measure(broker, load, progress));
      progress.end();
    }
    await print(invocation, terminal, results, () =>
      table(
        ["measured", "messages", "seconds", "per second", "p50 µs", "p99 µs"],
        results.map((row) => [
          row.name,
          row.messages,
          row.seconds.toFixed(3),
          row.perSecond,
          row.p50Us?.toFixed(0) ?? "",
          row.p99Us?.toFixed(0) ?? "",
        ]),
      ),
    );
    return 0;
  });
}

/** Enough that the client's own buffer stays small. */
const flushEvery = 1000;

const publish: Measurement = async (broker, load, progress) => {
  const subject = `waystation.bench.${nuid.next()}`;
  const started = performance.now();
  await publishAll(broker, load, subject, progress);
  return measured("publish", load.messages, started);
};

const pubSub: Measurement = async (broker, load, progress) => {
  const subject = `waystation.bench.${nuid.next()}`;
  const subscription = broker.subscribe(subject, { max: load.messages });
  await broker.flush();
  const started = performance.now();
  const received = (async (): Promise<void> => {
    for await (const _ of subscription);
  })();
  await publishAll(broker, load, subject, progress);
  await received;
  return measured("publish to one subscriber", load.messages, started);
};

async function publishAll(broker: NatsConnection, load: Load, subject: string, progress: Progress): Promise<void> {
  for (let index = 1; index <= load.messages; index++) {
    broker.publish(subject, load.payload);
    if (index % flushEvery !== 0) continue;
    await broker.flush();
    progress.update(index, load.messages);
  }
  await broker.flush();
}

const requests: Measurement = async (broker, load, progress) => {
  const subject = createInbox();
  const service = broker.subscribe(subject, { callback: (_error, message) => void message.respond(message.data) });
  await broker.flush();
  const rounds = Math.max(1, Math.floor(load.messages / 10));
  const times = new Float64Array(rounds);
  const started = performance.now();
  for (let index = 0; index < rounds; index++) {
    const asked = performance.now();
    await broker.request(subject, load.payload, { timeout: load.timeoutMs });
    times[index] = performance.now() - asked;
    progress.update(index, rounds);
  }
  const result = measured("request and reply", rounds, started, times);
  service.unsubscribe();
  return result;
};

const stored: Measurement = async (broker, load, progress) => {
  const name = `WAYSTATION-BENCH-${nuid.next()}`;
  const subject = `waystation.bench.${name}`;
  const manager = await jetstreamManager(broker, { checkAPI: false, timeout: load.timeoutMs });
  await manager.streams.add({ name, subjects: [subject], storage: load.storage, retention: RetentionPolicy.Limits });
  try {
    const station = jetstream(broker);
    const times = new Float64Array(load.messages);
    const started = performance.now();
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < load.messages; index = next++) {
        const asked = performance.now();
        await station.publish(subject, load.payload, { timeout: load.timeoutMs });
        times[index] = performance.now() - asked;
        progress.update(index, load.messages);
      }
    };
    await Promise.all(Array.from({ length: Math.min(load.window, load.messages) }, worker));
    return measured("publish until stored", load.messages, started, times);
  } finally {
    await manager.streams.delete(name);
  }
};

function measured(name: string, messages: number, started: number, times?: Float64Array): Measured {
  const seconds = (performance.now() - started) / 1000;
  const rate = { name, messages, seconds: Number(seconds.toFixed(6)), perSecond: Math.round(messages / seconds) };
  if (times === undefined) return rate;
  times.sort();
  const at = (share: number): number => Math.round((times[Math.floor(share * (times.length - 1))] ?? 0) * 1000);
  return { ...rate, p50Us: at(0.5), p99Us: at(0.99) };
}
