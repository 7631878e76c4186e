/** A broker in this process and the unmodified SDK of Memphis connected to it. */
import { createRequire } from "node:module";
import type { TestContext } from "node:test";
import type { Memphis } from "memphis-dev";
import { createBroker } from "../../transports/index.ts";
import type { CreateBrokerOptions, EmbeddedBroker } from "../../transports/index.ts";

// Its types import without extensions, and it is CommonJS.
const sdk = createRequire(import.meta.url)("memphis-dev") as { createMemphisInstance(): Memphis };

export interface Opened {
  readonly broker: EmbeddedBroker;
  readonly port: number;
  readonly memphis: Memphis;
}

export async function openMemphis(t: TestContext, options: CreateBrokerOptions = {}): Promise<Opened> {
  const broker = await createBroker({ port: 0, webPort: 0, user: "root", pass: "memphis", ...options });
  t.after(() => broker.close());
  const port = broker.addresses.nats?.port ?? 0;
  return { broker, port, memphis: await connectMemphis(t, port, { username: "root", password: "memphis" }) };
}

export async function connectMemphis(t: TestContext, port: number, who: Partial<Parameters<Memphis["connect"]>[0]>): Promise<Memphis> {
  const memphis = sdk.createMemphisInstance();
  await memphis.connect({ host: "127.0.0.1", port, username: "root", suppressLogs: true, reconnect: false, ...who });
  t.after(() => memphis.close());
  return memphis;
}
