/** What is compared with the peer: one entry for each number, with the load that makes it and the ratio it should reach. */
import type { Generator } from "./generator.ts";
import type { Peer, PeerName, PeerSettings } from "./peer.ts";
import { setTimeout as sleep } from "node:timers/promises";

export interface Measurement {
  /** Short, for `--only`. */
  readonly name: string;
  readonly summary: string;
  readonly unit: "per second" | "µs" | "ms" | "MiB";
  /** Better is more, or less. */
  readonly better: "more" | "less";
  /** The wanted ratio to nats-server; undefined: nothing to compare with, see `wanted`. */
  readonly ratio?: number;
  /** The wanted number itself. */
  readonly wanted?: number;
  readonly settings: PeerSettings;
  /** Whose numbers are taken. */
  readonly peers: readonly PeerName[];
  /** One run; `scale` shrinks the number of messages for a quick look. */
  run(peer: Peer, load: Generator, scale: number): Promise<number>;
}

const both: readonly PeerName[] = ["waystation", "nats-server"];
const plain: PeerSettings = { waystation: [], natsServer: "" };
const written: PeerSettings = { waystation: ["--durability", "interval"], natsServer: "" };
const synced: PeerSettings = { waystation: [], natsServer: "sync_interval: always" };
const web: PeerSettings = { waystation: [], natsServer: "", web: true };
const bytes = ["-b", 100] as const;

export const measurements: readonly Measurement[] = [
  {
    name: "publish",
    summary: "core publish, nobody listens",
    unit: "per second",
    better: "more",
    ratio: 1.2,
    settings: plain,
    peers: both,
    run: async (peer, load, scale) => value(await load.run("pub", peer.port, ["-n", count(5_000_000, scale), ...bytes]), "msgs_per_s"),
  },
  {
    name: "one-to-one",
    summary: "publish to one subscriber",
    unit: "per second",
    better: "more",
    ratio: 1.5,
    settings: plain,
    peers: both,
    run: async (peer, load, scale) => value(await load.run("pubsub", peer.port, ["-n", count(3_000_000, scale), ...bytes]), "msgs_per_s"),
  },
  {
    name: "one-to-four",
    summary: "publish to four subscribers, deliveries",
    unit: "per second",
    better: "more",
    ratio: 1.2,
    settings: plain,
    peers: both,
    run: async (peer, load, scale) =>
      value(await load.run("pubsub", peer.port, ["-n", count(1_000_000, scale), "-S", 4, ...bytes]), "delivered_per_s"),
  },
  {
    name: "durable",
    summary: "stored, synced before the ack (nats-server: its unsynced default), window 1000",
    unit: "per second",
    better: "more",
    ratio: 2.5,
    settings: plain,
    peers: both,
    run: (peer, load, scale) => stored(peer, load, count(2_000_000, scale), 1000),
  },
  {
    name: "durable-synced",
    summary: "stored, both synced before the ack, window 1000",
    unit: "per second",
    better: "more",
    ratio: 100,
    settings: synced,
    peers: both,
    run: (peer, load, scale) => stored(peer, load, peer.name === "waystation" ? count(2_000_000, scale) : count(5000, scale), 1000),
  },
  {
    name: "written",
    summary: "stored, written but not synced before the ack, window 1000",
    unit: "per second",
    better: "more",
    ratio: 2.5,
    settings: written,
    peers: both,
    run: (peer, load, scale) => stored(peer, load, count(2_000_000, scale), 1000),
  },
  {
    name: "one-at-a-time",
    summary: "stored and synced, one at a time, p50",
    unit: "µs",
    better: "less",
    settings: synced,
    peers: both,
    run: async (peer, load, scale) => {
      await makeStation(peer, load, "bench.a");
      const result = await load.run("jspub", peer.port, ["-n", count(10_000, scale), "-w", 1, "-l", ...bytes]);
      await dropStation(peer, load);
      return value(result, "p50_us");
    },
  },
  {
    name: "pull",
    summary: "pull consume without acks",
    unit: "per second",
    better: "more",
    ratio: 1.2,
    settings: plain,
    peers: both,
    run: (peer, load, scale) => consumed(peer, load, count(1_000_000, scale), "none"),
  },
  {
    name: "pull-acked",
    summary: "pull consume, every message acked",
    unit: "per second",
    better: "more",
    ratio: 2,
    settings: plain,
    peers: both,
    run: (peer, load, scale) => consumed(peer, load, count(500_000, scale), "explicit"),
  },
  {
    name: "request",
    summary: "request and reply through the broker, p50",
    unit: "µs",
    better: "less",
    ratio: 1,
    settings: plain,
    peers: both,
    run: async (peer, load, scale) => value(await load.run("rtt", peer.port, ["-n", count(20_000, scale), ...bytes]), "p50_us"),
  },
  {
    name: "ready",
    summary: "from the start of the process on an empty folder until it accepts",
    unit: "ms",
    better: "less",
    wanted: 1000,
    settings: plain,
    peers: both,
    run: (peer) => Promise.resolve(peer.readyMs),
  },
  {
    name: "idle-memory",
    summary: "resident memory, idle",
    unit: "MiB",
    better: "less",
    wanted: 70,
    settings: plain,
    peers: both,
    run: async (peer) => {
      await sleep(2000);
      return peer.memory();
    },
  },
  {
    name: "connections",
    summary: "growth of memory by 5,000 idle connections",
    unit: "MiB",
    better: "less",
    ratio: 0.5,
    settings: plain,
    peers: both,
    run: async (peer, load, scale) => {
      const before = await peer.memory();
      return load.hold(peer.port, count(5000, scale), [], async () => {
        await sleep(2000);
        return (await peer.memory()) - before;
      });
    },
  },
  {
    name: "web-one-to-one",
    summary: "WebSocket: publish to one subscriber",
    unit: "per second",
    better: "more",
    ratio: 1.2,
    settings: web,
    peers: both,
    run: async (peer, load, scale) =>
      value(await load.run("pubsub", peer.webPort, ["-W", "-n", count(2_000_000, scale), ...bytes]), "msgs_per_s"),
  },
  {
    name: "web-one-to-eight",
    summary: "WebSocket: publish to eight subscribers, deliveries",
    unit: "per second",
    better: "more",
    ratio: 1.2,
    settings: web,
    peers: both,
    run: async (peer, load, scale) =>
      value(await load.run("pubsub", peer.webPort, ["-W", "-n", count(500_000, scale), "-S", 8, ...bytes]), "delivered_per_s"),
  },
  {
    name: "web-request",
    summary: "WebSocket: request and reply through the broker, p50",
    unit: "µs",
    better: "less",
    ratio: 1,
    settings: web,
    peers: both,
    run: async (peer, load, scale) => value(await load.run("rtt", peer.webPort, ["-W", "-n", count(20_000, scale), ...bytes]), "p50_us"),
  },
  {
    name: "web-connections",
    summary: "growth of memory by 5,000 idle WebSocket connections",
    unit: "MiB",
    better: "less",
    ratio: 0.5,
    settings: web,
    peers: both,
    run: async (peer, load, scale) => {
      const before = await peer.memory();
      return load.hold(peer.webPort, count(5000, scale), ["-W"], async () => {
        await sleep(2000);
        return (await peer.memory()) - before;
      });
    },
  },
  {
    name: "thousand-stations",
    summary: "stored and synced over 1,000 stations round robin (to compare with `durable`), window 1000",
    unit: "per second",
    better: "more",
    settings: plain,
    peers: ["waystation"],
    run: async (peer, load, scale) => {
      for (let index = 0; index < 1000; index++) {
        await load
          .api(peer.port, `$JS.API.STREAM.CREATE.R${index}`, { name: `R${index}`, subjects: [`round.${index}`], storage: "file" })
          .catch(ignore);
      }
      const result = await load.run("jspub", peer.port, ["-n", count(1_000_000, scale), "-w", 1000, "-s", "round", "-r", 1000, ...bytes]);
      return value(result, "acked_per_s");
    },
  },
];

function count(messages: number, scale: number): number {
  return Math.max(100, Math.round(messages * scale));
}

function value(result: ReadonlyMap<string, number>, name: string): number {
  const found = result.get(name);
  if (found === undefined) throw new Error(`the load generator told no ${name}`);
  return found;
}

/** On the second run the stations are there already. */
function ignore(): void {}

async function makeStation(peer: Peer, load: Generator, subject: string): Promise<void> {
  await load.api(peer.port, "$JS.API.STREAM.CREATE.BENCH", { name: "BENCH", subjects: [subject], storage: "file" });
}

async function dropStation(peer: Peer, load: Generator): Promise<void> {
  await load.api(peer.port, "$JS.API.STREAM.DELETE.BENCH", undefined);
}

async function stored(peer: Peer, load: Generator, messages: number, window: number): Promise<number> {
  await makeStation(peer, load, "bench.a");
  const result = await load.run("jspub", peer.port, ["-n", messages, "-w", window, ...bytes]);
  await dropStation(peer, load);
  return value(result, "acked_per_s");
}

async function consumed(peer: Peer, load: Generator, messages: number, acks: "none" | "explicit"): Promise<number> {
  await makeStation(peer, load, "bench.a");
  await load.run("jspub", peer.port, ["-n", messages, "-w", 1000, ...bytes]);
  const config = { durable_name: "C", ack_policy: acks, deliver_policy: "all", max_ack_pending: acks === "none" ? -1 : 20_000 };
  await load.api(peer.port, "$JS.API.CONSUMER.DURABLE.CREATE.BENCH.C", { stream_name: "BENCH", config });
  const args = ["-s", "BENCH.C", "-n", messages, "-w", 500, "-a", acks === "none" ? 0 : 1];
  const result = await load.run("jscons", peer.port, args);
  await dropStation(peer, load);
  return value(result, "msgs_per_s");
}
