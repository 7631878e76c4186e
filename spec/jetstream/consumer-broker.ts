/** A whole broker in memory behind a NATS door on a free port, for official clients to talk to. */
import { SystemClock } from "../../lib/clock.ts";
import { defaultLimits } from "../../lib/limits.ts";
import { SystemRandom } from "../../lib/random.ts";
import type { Store } from "../../store/store.ts";
import { OpenBroker } from "../../transports/open.ts";
import { ModelStore } from "../support/model-store.ts";
import { openToAnybody } from "../support/nats-door.ts";

export interface TestBroker {
  readonly broker: OpenBroker;
  readonly port: number;
  readonly reports: string[];
  close(): Promise<void>;
}

export async function openTestBroker(
  stores: { readonly file?: Store; readonly memory?: Store; readonly port?: number } = {},
): Promise<TestBroker> {
  const clock = new SystemClock();
  const reports: string[] = [];
  const broker = new OpenBroker({
    clock,
    random: new SystemRandom(),
    fileStore: stores.file,
    memoryStore: stores.memory ?? new ModelStore(clock),
    authentication: openToAnybody,
    serverName: "test",
    version: "0.0.0",
    host: "127.0.0.1",
    natsPort: stores.port ?? 0,
    mqttPort: undefined,
    limits: defaultLimits,
    report: (message) => void reports.push(message),
  });
  await broker.open();
  return { broker, port: broker.addresses.nats?.port ?? 0, reports, close: () => broker.close() };
}
