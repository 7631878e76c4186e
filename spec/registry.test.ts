import { deepEqual, equal, rejects } from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfig } from "../lib/config/config.ts";
import { documentBytesMax } from "../lib/registry.ts";
import type { Registry } from "../lib/registry.ts";
import { ConfiguredBroker } from "../transports/configured.ts";

/** Opens a broker on a folder, works with the registry of one of its tenants, and closes it. */
async function withRegistry(folder: string, work: (registry: Registry) => Promise<void>): Promise<void> {
  const config = parseConfig({ port: "off", webPort: "off", mqttPort: "off", data: folder }, folder);
  const broker = await ConfiguredBroker.open(config, { version: "0.0.0", report: () => {} });
  try {
    broker.opened.broker.tenant("acme");
    const registry = broker.opened.tenants.get("acme")?.registry;
    if (registry === undefined) throw new Error("the tenant has no registry");
    await work(registry);
  } finally {
    await broker.close();
  }
}

test("documents are there after a restart, the last one of each name, and deleted ones are not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "registry-"));
  try {
    const told: string[] = [];
    await withRegistry(folder, async (registry) => {
      registry.listeners.add((kind, name, document) => told.push(`${kind} ${name} ${JSON.stringify(document)}`));
      await Promise.all([
        registry.put("route", "a.b *>%/ü", { to: "x" }),
        registry.put("route", "gone", {}),
        registry.put("schema", "gone", { of: "another kind" }),
      ]);
      await registry.put("route", "a.b *>%/ü", { to: "y" });
      equal(await registry.delete("route", "gone"), true);
      equal(await registry.delete("route", "gone"), false);
    });
    deepEqual(told, [
      'route a.b *>%/ü {"to":"x"}',
      "route gone {}",
      'schema gone {"of":"another kind"}',
      'route a.b *>%/ü {"to":"y"}',
      "route gone undefined",
    ]);
    await withRegistry(folder, async (registry) => {
      deepEqual(registry.list("route"), [["a.b *>%/ü", { to: "y" }]]);
      deepEqual(registry.get("schema", "gone"), { of: "another kind" });
      equal(registry.get("route", "gone"), undefined);
      await rejects(registry.put("route", "large", { text: "x".repeat(documentBytesMax) }), { code: "limit" });
      await registry.put("route", "later", {});
      deepEqual(
        registry.list("route").map(([name]) => name),
        ["a.b *>%/ü", "later"],
      );
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
