/** `waystation station create`, `edit`, `purge` and `delete`. */
import { DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import type { JetStreamManager, PurgeOpts, StreamConfig } from "@nats-io/jetstream";
import { patience, withBroker } from "./client.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { Progress } from "./progress.ts";
import { confirmed } from "./question.ts";
import { parseCount, parseSize, parseTime, showCount } from "./quantity.ts";
import { durabilityKey, stationSheet, stationView } from "./station-view.ts";
import { print, sheet } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const name = invocation.operand(0);
  const policy = policyOf(invocation);
  return withBroker(invocation, terminal, async (broker) => {
    const manager = await jetstreamManager(broker, { checkAPI: false, timeout: patience(invocation) });
    switch (invocation.command.name) {
      case "station create":
        return show(invocation, terminal, await manager.streams.add({ ...policy, name }));
      case "station edit":
        return show(invocation, terminal, await manager.streams.update(name, await withMetadata(manager, name, policy)));
      case "station purge":
        return purge(invocation, terminal, manager, name);
      default:
        return remove(invocation, terminal, manager, name);
    }
  });
}

async function show(invocation: Invocation, terminal: Terminal, info: Parameters<typeof stationView>[0]): Promise<number> {
  const view = stationView(info);
  await print(invocation, terminal, view, () => sheet(stationSheet(view)));
  return 0;
}

function policyOf(invocation: Invocation): Partial<StreamConfig> {
  const policy: Partial<StreamConfig> = {};
  const text = (option: string, set: (value: string) => void): void => {
    const value = invocation.value(option);
    if (value !== undefined) set(value);
  };
  const subjects = invocation.values("subjects").flatMap((list) => list.split(",").map((filter) => filter.trim()));
  if (subjects.includes("")) throw usage("--subjects has an empty filter: separate filters by one comma");
  if (subjects.length > 0) policy.subjects = subjects;
  text("description", (value) => (policy.description = value));
  text("max-messages", (value) => (policy.max_msgs = unlimited(value) ?? parseCount(value, "max-messages", 1)));
  text("max-bytes", (value) => (policy.max_bytes = unlimited(value) ?? parseSize(value, "max-bytes")));
  text("max-age", (value) => (policy.max_age = unlimited(value) === undefined ? parseTime(value, "max-age") * 1e6 : 0));
  text("max-per-subject", (value) => (policy.max_msgs_per_subject = unlimited(value) ?? parseCount(value, "max-per-subject", 1)));
  text("max-message-size", (value) => (policy.max_msg_size = unlimited(value) ?? parseSize(value, "max-message-size")));
  text("discard", (value) => (policy.discard = value === "new" ? DiscardPolicy.New : DiscardPolicy.Old));
  text("duplicate-window", (value) => (policy.duplicate_window = parseTime(value, "duplicate-window") * 1e6));
  text("durability", (value) => (policy.metadata = { [durabilityKey]: value }));
  text("retention", (value) => (policy.retention = retentions.get(value) ?? RetentionPolicy.Limits));
  text("storage", (value) => (policy.storage = value === "memory" ? StorageType.Memory : StorageType.File));
  return policy;
}

/** An update replaces all metadata: what is there already goes along. */
async function withMetadata(manager: JetStreamManager, name: string, policy: Partial<StreamConfig>): Promise<Partial<StreamConfig>> {
  if (policy.metadata === undefined) return policy;
  const { config } = await manager.streams.info(name);
  return { ...policy, metadata: { ...config.metadata, ...policy.metadata } };
}

const retentions: ReadonlyMap<string, RetentionPolicy> = new Map([
  ["limits", RetentionPolicy.Limits],
  ["interest", RetentionPolicy.Interest],
  ["workqueue", RetentionPolicy.Workqueue],
]);

/** What JetStream writes for "no limit". */
function unlimited(value: string): number | undefined {
  return value === "unlimited" || value === "0" || value === "-1" ? -1 : undefined;
}

async function purge(invocation: Invocation, terminal: Terminal, manager: JetStreamManager, name: string): Promise<number> {
  const upTo = invocation.value("up-to");
  const keep = invocation.value("keep");
  const subject = invocation.value("subject");
  if (upTo !== undefined && keep !== undefined) throw usage("give --up-to or --keep, not both");
  const options: { filter?: string; seq?: number; keep?: number } = {};
  if (subject !== undefined) options.filter = subject;
  if (upTo !== undefined) options.seq = parseCount(upTo, "up-to", 1);
  if (keep !== undefined) options.keep = parseCount(keep, "keep", 0);
  const { state } = await manager.streams.info(name);
  if (!(await confirmed(invocation, terminal, `Purge ${name}, which holds ${showCount(state.messages)} records?`))) return 1;
  const progress = new Progress(terminal, `purging ${name}, records so far:`);
  progress.update(0, 0);
  const { purged } = await manager.streams.purge(name, options as PurgeOpts);
  progress.end();
  await print(invocation, terminal, { station: name, purged }, () => `${showCount(purged)} records purged from ${name}\n`);
  return 0;
}

async function remove(invocation: Invocation, terminal: Terminal, manager: JetStreamManager, name: string): Promise<number> {
  const { state } = await manager.streams.info(name);
  if (
    !(await confirmed(invocation, terminal, `Delete ${name} with ${showCount(state.messages)} records and ${state.consumer_count} groups?`))
  )
    return 1;
  await manager.streams.delete(name);
  await print(invocation, terminal, { station: name, deleted: true }, () => `${name} deleted\n`);
  return 0;
}
