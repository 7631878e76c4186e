/** A broker without stations behind a NATS door on a free port. */
import { Broker } from "../../lib/broker.ts";
import type { Identity } from "../../lib/auth/identity.ts";
import { SystemClock } from "../../lib/clock.ts";
import { SystemRandom } from "../../lib/random.ts";
import { NatsDoor } from "../../transports/nats/door.ts";
import type { NatsDoorOptions } from "../../transports/nats/door.ts";
import type { Authentication } from "../../transports/nats/authentication.ts";
import { EmptyStore } from "../conformance/empty-store.ts";

export const anybody: Identity = { user: "", tenant: "$G", permissions: undefined, expiresMs: undefined };

export const openToAnybody: Authentication = {
  anonymous: anybody,
  asksForKeys: false,
  authenticate: () => Promise.resolve(anybody),
};

export interface TestDoor {
  readonly broker: Broker;
  readonly door: NatsDoor;
  readonly port: number;
  readonly faults: string[];
  close(): Promise<void>;
}

export async function openTestDoor(options: Partial<NatsDoorOptions> = {}): Promise<TestDoor> {
  const clock = options.clock ?? new SystemClock();
  const random = new SystemRandom();
  const faults: string[] = [];
  const broker = new Broker({
    clock,
    random,
    fileStore: undefined,
    memoryStore: new EmptyStore(),
    report: (message) => void faults.push(message),
  });
  await broker.open();
  const door = new NatsDoor({
    broker,
    clock,
    random,
    authentication: openToAnybody,
    serverId: "TESTSERVER",
    serverName: "test",
    ...options,
  });
  const address = await door.listen({ host: "127.0.0.1", port: 0 });
  return {
    broker,
    door,
    port: address.port,
    faults,
    close: async () => {
      await door.close();
      await broker.close();
    },
  };
}
