/**
 * What users of buckets do, by an official client: a hundred thousand keys put, watched, listed and asked for their history, an object put and
 * got. The client's own work is part of the time, and the same with either broker.
 */
import { connect } from "nats";
import type { JetStreamClient, KV, NatsConnection } from "nats";
import type { Measurement } from "./measurements.ts";
import type { Peer, PeerSettings } from "./peer.ts";

const plain: PeerSettings = { waystation: [], natsServer: "" };
const both = ["waystation", "nats-server"] as const;
const keys = 100_000;
const valueBytes = 100;
/** Puts on their way at once. */
const windowSize = 1000;
const objectBytes = 1 << 30;
const chunkBytes = 128 << 10;

/** Connects, lets `work` measure what it likes (milliseconds), and closes. */
async function connected(peer: Peer, work: (connection: NatsConnection, js: JetStreamClient) => Promise<number>): Promise<number> {
  const connection = await connect({ port: peer.port, timeout: 60_000 });
  try {
    return await work(connection, connection.jetstream({ timeout: 60_000 }));
  } finally {
    await connection.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function putAll(bucket: KV, count: number, revisions: number): Promise<void> {
  const value = new Uint8Array(valueBytes).fill(97);
  let next = 0;
  const total = count * revisions;
  const worker = async (): Promise<void> => {
    while (next < total) await bucket.put(`device.${next++ % count}`, value);
  };
  await Promise.all(Array.from({ length: windowSize }, worker));
}

/** Of a bucket that is full already. */
function onBucket(name: string, summary: string, revisions: number, work: (bucket: KV, count: number) => Promise<unknown>): Measurement {
  return {
    name,
    summary,
    unit: "per second",
    better: "more",
    ratio: 1.5,
    settings: plain,
    peers: both,
    run: (peer, _load, scale) =>
      connected(peer, async (_connection, js) => {
        const count = Math.max(1000, Math.round((keys * scale) / revisions));
        const bucket = await js.views.kv("bench", { history: revisions });
        await putAll(bucket, count, revisions);
        return (count * revisions * 1000) / (await timed(() => work(bucket, count)));
      }),
  };
}

async function watched(bucket: KV, count: number): Promise<void> {
  const watch = await bucket.watch();
  let seen = 0;
  for await (const _entry of watch) if (++seen === count) break;
}

async function taken(entries: Promise<AsyncIterable<unknown>>, count: number): Promise<void> {
  let seen = 0;
  for await (const _entry of await entries) seen++;
  if (seen !== count) throw new Error(`${seen} of ${count} entries came`);
}

export const keyValueMeasurements: readonly Measurement[] = [
  {
    name: "kv-put",
    summary: `${keys} keys put by nats.js, ${windowSize} at once`,
    unit: "per second",
    better: "more",
    ratio: 1.5,
    settings: plain,
    peers: both,
    run: (peer, _load, scale) =>
      connected(peer, async (_connection, js) => {
        const count = Math.max(1000, Math.round(keys * scale));
        const bucket = await js.views.kv("bench");
        return (count * 1000) / (await timed(() => putAll(bucket, count, 1)));
      }),
  },
  onBucket("kv-watch", `a watch of ${keys} keys until all were seen, by nats.js`, 1, watched),
  onBucket("kv-list", `${keys} keys listed by nats.js`, 1, (bucket, count) => taken(bucket.keys(), count)),
  onBucket("kv-history", `the history of a bucket, ${keys} revisions of a quarter as many keys, by nats.js`, 4, (bucket, count) =>
    taken(bucket.history(), count * 4),
  ),
  {
    name: "object-put",
    summary: "an object of 1 GiB put by nats.js, bytes",
    unit: "per second",
    better: "more",
    ratio: 1,
    settings: plain,
    peers: both,
    run: (peer, _load, scale) =>
      connected(peer, async (_connection, js) => {
        const bytes = Math.round(objectBytes * scale);
        const store = await js.views.os("bench");
        return (bytes * 1000) / (await timed(() => store.put({ name: "big" }, streamOf(bytes))));
      }),
  },
  {
    name: "object-get",
    summary: "an object of 1 GiB got by nats.js, bytes",
    unit: "per second",
    better: "more",
    ratio: 1,
    settings: plain,
    peers: both,
    run: (peer, _load, scale) =>
      connected(peer, async (_connection, js) => {
        const bytes = Math.round(objectBytes * scale);
        const store = await js.views.os("bench");
        await store.put({ name: "big" }, streamOf(bytes));
        return (bytes * 1000) / (await timed(() => got(store.get("big"), bytes)));
      }),
  },
];

function streamOf(bytes: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(chunkBytes).fill(98);
  let left = bytes;
  return new ReadableStream<Uint8Array>({
    pull(controller): void {
      controller.enqueue(chunk.subarray(0, Math.min(left, chunkBytes)));
      left -= Math.min(left, chunkBytes);
      if (left === 0) controller.close();
    },
  });
}

async function got(
  result: Promise<{ readonly data: ReadableStream<Uint8Array>; readonly error: Promise<Error | null> } | null>,
  bytes: number,
): Promise<void> {
  const object = await result;
  if (object === null) throw new Error("the object is not there");
  let seen = 0;
  for await (const chunk of object.data) seen += chunk.length;
  const error = await object.error;
  if (error instanceof Error) throw error;
  if (seen !== bytes) throw new Error(`${seen} of ${bytes} bytes came`);
}
