/** Run as a process of its own, to be killed: appends as fast as it can and says on stdout what was acknowledged. */
import { SystemClock } from "../../lib/clock.ts";
import { SystemRandom } from "../../lib/random.ts";
import { FileStore } from "../../store/file-store.ts";
import type { Log } from "../../store/store.ts";
import { StoreDriver, definition, request } from "../support/store-driver.ts";

const folder = process.argv[2] ?? "";
const store = new FileStore({
  folder,
  clock: new SystemClock(),
  random: new SystemRandom(),
  durability: "always",
  limits: { tailBytesMax: 512 << 10, journal: { fileBytes: 256 << 10, firstFileBytes: 64 << 10, batchBytes: 64 << 10 } },
});
const driver = new StoreDriver();
const names = ["a", "b", "c"];
const found = new Map((await store.open(driver)).map((log) => [log.definition.name, log]));
const logs: Log[] = [];
for (const name of names) logs.push(found.get(name) ?? (await store.define(definition(name), 0)));
const group = logs[0]!.recoveredGroups.length === 0;
if (group) await logs[0]!.defineGroup("group", "{}", Buffer.from("0"));
logs[0]!.groupSnapshot = (): Uint8Array => Buffer.from(String(logs[0]!.state.lastSequence));
for (const message of driver.faults) if (!message.includes("cut at")) process.stdout.write(`fault ${message}\n`);

for (;;) {
  let last = 0;
  for (let count = 0; count < 60; count++) {
    const log = logs[count % logs.length]!;
    last = log.append(request(`s.${count}`, `${log.definition.name} ${"x".repeat(count)}`));
  }
  logs[0]!.saveGroup("group", Buffer.from(String(logs[0]!.state.lastSequence)), false);
  await driver.outcome(last);
  driver.forget();
  process.stdout.write(`${logs.map((log) => log.state.lastSequence).join(" ")}\n`);
}
