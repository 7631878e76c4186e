/** `waystation connection list` and `end`: who is connected to a running broker, and the end of one. */
import { operationSubjects } from "../admin/operations.ts";
import type { ConnectionList } from "../admin/operations.ts";
import { askBroker } from "./admin-request.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { print, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  if (invocation.command.name === "connection list") {
    return askBroker(invocation, terminal, operationSubjects.connectionList, {}, (answer) => {
      const list = answer as ConnectionList;
      return print(invocation, terminal, list.connections, () => drawn(list));
    });
  }
  const id = Number(invocation.operand(0));
  if (!Number.isSafeInteger(id))
    throw usage(`'${invocation.operand(0)}' is no connection: name its ID as 'waystation connection list' shows it`);
  return askBroker(invocation, terminal, operationSubjects.connectionEnd, { id }, () =>
    print(invocation, terminal, { id, ended: true }, () => `connection ${id} is told to go\n`),
  );
}

async function drawn({ total, connections }: ConnectionList): Promise<string> {
  const head = ["id", "door", "address", "user", "tenant", "name", "subscriptions", "in", "out", "waiting bytes"];
  const rows = connections.map((each) => [
    String(each.id),
    each.door,
    each.address ?? "",
    each.user,
    each.tenant,
    each.name ?? "",
    each.subscriptions ?? "",
    each.messagesIn ?? "",
    each.messagesOut ?? "",
    each.pendingBytes ?? "",
  ]);
  const more = total > connections.length ? `and ${total - connections.length} more\n` : "";
  return `${await table(head, rows)}${more}`;
}
