/** `waystation group list`, `info` and `delete`. */
import { jetstreamManager } from "@nats-io/jetstream";
import { patience, withBroker } from "./client.ts";
import type { Invocation } from "./invocation.ts";
import { confirmed } from "./question.ts";
import { groupSheet, groupView } from "./station-view.ts";
import type { GroupView } from "./station-view.ts";
import { print, sheet, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const station = invocation.operand(0);
  return withBroker(invocation, terminal, async (broker) => {
    const manager = await jetstreamManager(broker, { checkAPI: false, timeout: patience(invocation) });
    if (invocation.command.name === "group list") {
      const views: GroupView[] = [];
      for await (const info of manager.consumers.list(station)) views.push(groupView(info));
      views.sort((a, b) => (a.name < b.name ? -1 : 1));
      await print(invocation, terminal, views, () => overview(station, views));
      return 0;
    }
    const group = invocation.operand(1);
    const view = groupView(await manager.consumers.info(station, group));
    if (invocation.command.name === "group info") {
      await print(invocation, terminal, view, () => sheet(groupSheet(view)));
      return 0;
    }
    if (!(await confirmed(invocation, terminal, `Delete ${group} of ${station}, which has acked up to ${view.acked}?`))) return 1;
    await manager.consumers.delete(station, group);
    await print(invocation, terminal, { station, group, deleted: true }, () => `${group} of ${station} deleted\n`);
    return 0;
  });
}

async function overview(station: string, views: readonly GroupView[]): Promise<string> {
  if (views.length === 0) return `${station} has no groups\n`;
  return table(
    ["group", "kind", "ack", "delivered", "acked", "unacked", "redelivered", "still to come"],
    views.map((view) => [view.name, view.kind, view.ack, view.delivered, view.acked, view.ackPending, view.redelivered, view.pending]),
  );
}
