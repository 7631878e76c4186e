/** `waystation station list` and `info`. */
import { jetstreamManager } from "@nats-io/jetstream";
import { patience, withBroker } from "./client.ts";
import type { Invocation } from "./invocation.ts";
import { showSize } from "./quantity.ts";
import { stationSheet, stationView } from "./station-view.ts";
import type { StationView } from "./station-view.ts";
import { print, sheet, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  return withBroker(invocation, terminal, async (broker) => {
    const manager = await jetstreamManager(broker, { checkAPI: false, timeout: patience(invocation) });
    if (invocation.command.name === "station info") {
      const view = stationView(await manager.streams.info(invocation.operand(0)));
      await print(invocation, terminal, view, () => sheet(stationSheet(view)));
      return 0;
    }
    const views: StationView[] = [];
    for await (const info of manager.streams.list()) views.push(stationView(info));
    views.sort((a, b) => (a.name < b.name ? -1 : 1));
    await print(invocation, terminal, views, () => overview(views));
    return 0;
  });
}

async function overview(views: readonly StationView[]): Promise<string> {
  if (views.length === 0) return "no stations yet: waystation station create NAME --subjects FILTER\n";
  return table(
    ["station", "subjects", "storage", "records", "bytes", "last", "groups"],
    views.map((view) => [
      view.name,
      view.subjects.join(" "),
      view.storage,
      view.records,
      showSize(view.bytes),
      view.lastSequence,
      view.groups,
    ]),
  );
}
