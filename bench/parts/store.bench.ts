/**
 * The file store alone, in this process: durable appends a second with a window in flight, and one at a time.
 * `node dist/bench/parts/store.bench.js [messages] [logs] [window] [durability]`
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { SystemClock } from "../../lib/clock.ts";
import { SystemRandom } from "../../lib/random.ts";
import { FileStore } from "../../store/file-store.ts";
import type { Durability, Log, LogDefinition, StoreEvents } from "../../store/store.ts";

const [messages = 2_000_000, logCount = 1, window = 1000] = process.argv.slice(2, 5).map(Number);
const durability = (process.argv[5] ?? "always") as Durability;

function definition(name: string): LogDefinition {
  const limits = {
    messagesMax: 0,
    bytesMax: 0,
    ageMaxMs: 0,
    messagesPerSubjectMax: 0,
    messageBytesMax: 0,
    discard: "old" as const,
    discardNewPerSubject: false,
    duplicateWindowMs: 120_000,
  };
  return { name, document: "{}", limits, durability: undefined, firstSequence: 0 };
}

/** Keeps `window` appends in flight until `count` are settled. */
class Load {
  readonly events: StoreEvents;
  logs: Log[] = [];
  #settled = 0;
  #sent = 0;
  #count = 0;
  #window = 0;
  #done: (() => void) | undefined;
  readonly #request = {
    subject: Buffer.from("orders.eu.new"),
    body: Buffer.alloc(100, 0x78),
    bodyStart: 0,
    bodyEnd: 100,
    headerBytes: 0,
    timeUs: 0,
    messageId: undefined,
    expect: undefined,
    rollup: "none" as const,
    ttlSeconds: 0,
    fleeting: false,
  };

  constructor() {
    let scheduled = false;
    this.events = {
      beforeCommit: () => undefined,
      settled: (outcome) => {
        if (outcome.kind !== "stored") throw new Error(outcome.kind);
        if (++this.#settled === this.#count) this.#done?.();
        if (scheduled) return;
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          this.#send();
        });
      },
      committed: () => undefined,
      fault: (message) => console.error(message),
    };
  }

  run(count: number, inFlight: number): Promise<void> {
    this.#settled = 0;
    this.#sent = 0;
    this.#count = count;
    this.#window = inFlight;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#send();
    });
  }

  #send(): void {
    while (this.#sent < this.#count && this.#sent - this.#settled < this.#window) {
      this.logs[this.#sent % this.logs.length]?.append(this.#request);
      this.#sent++;
    }
  }
}

const folder = await mkdtemp(path.join(process.env["BENCH_FOLDER"] ?? os.tmpdir(), "waystation-bench-"));
const store = new FileStore({ folder, clock: new SystemClock(), random: new SystemRandom(), durability });
const load = new Load();
await store.open(load.events);
for (let log = 0; log < logCount; log++) load.logs.push(await store.define(definition(`log-${log}`), 0));
await load.run(Math.min(messages, 200_000), window);
const cpu = process.cpuUsage();
const started = performance.now();
await load.run(messages, window);
const seconds = (performance.now() - started) / 1000;
const used = process.cpuUsage(cpu);
const { commits, syncs } = store.status();
console.log(
  `${logCount} logs, window ${window}, ${durability}: ${(messages / seconds / 1e6).toFixed(2)} M/s, ${Math.round(commits)} commits, ${syncs} syncs, ` +
    `cpu ${((used.user + used.system) / 1e6 / seconds).toFixed(2)}, rss ${Math.round(process.memoryUsage.rss() >> 20)} MB`,
);
const single = performance.now();
await load.run(2000, 1);
console.log(`one at a time: ${(((performance.now() - single) / 2000) * 1000).toFixed(0)} µs`);
const closing = performance.now();
await store.close();
console.log(`close ${(performance.now() - closing).toFixed(0)} ms`);
const opening = performance.now();
const again = new FileStore({ folder, clock: new SystemClock(), random: new SystemRandom(), durability });
const logs = await again.open(load.events);
console.log(`open ${(performance.now() - opening).toFixed(0)} ms, ${logs.length} logs`);
const reading = performance.now();
let read = 0;
for (const log of logs) {
  const cursor = log.cursor(1, undefined);
  for (;;) {
    const step = cursor.next();
    if (step === "record") read++;
    else if (step === "loading") await new Promise<void>((resolve) => (cursor.onReady = resolve));
    else break;
  }
}
const readSeconds = (performance.now() - reading) / 1000;
console.log(`read ${read} at ${(read / readSeconds / 1e6).toFixed(2)} M/s, rss ${Math.round(process.memoryUsage.rss() >> 20)} MB`);
await again.close();
await rm(folder, { recursive: true });
