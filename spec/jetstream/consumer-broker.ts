/** A whole broker behind a NATS door on a free port, for official clients to talk to. */
import { SystemClock } from "../../lib/clock.ts";
import { defaultLimits } from "../../lib/limits.ts";
import { SystemRandom } from "../../lib/random.ts";
import type { Store } from "../../store/store.ts";
import { OpenBroker } from "../../transports/open.ts";
import { FileStore } from "../../store/file-store.ts";
import { MemoryStore } from "../../store/memory/memory-store.ts";
import { openToAnybody } from "../support/nats-door.ts";

export interface TestBroker {
  readonly broker: OpenBroker;
  readonly port: number;
  readonly reports: string[];
  close(): Promise<void>;
}

/** `folder`: stations of storage `file` are kept there; without it in memory. */
export async function openTestBroker(options: { readonly folder?: string; readonly port?: number } = {}): Promise<TestBroker> {
  const clock = new SystemClock();
  const random = new SystemRandom();
  const { folder } = options;
  const fileStore: Store | undefined = folder === undefined ? undefined : new FileStore({ folder, clock, random, durability: "always" });
  const reports: string[] = [];
  const broker = new OpenBroker({
    clock,
    random,
    fileStore,
    memoryStore: new MemoryStore({ clock, random }),
    authentication: openToAnybody,
    serverName: "test",
    version: "0.0.0",
    host: "127.0.0.1",
    natsPort: options.port ?? 0,
    mqttPort: undefined,
    limits: defaultLimits,
    report: (message) => void reports.push(message),
  });
  await broker.open();
  return { broker, port: broker.addresses.nats?.port ?? 0, reports, close: () => broker.close() };
}
