/** `waystation reload`: makes a running broker read its configuration again, and says what came of it. */
import { BrokerError } from "../../lib/errors.ts";
import { reloadSubject } from "../admin/reload-request.ts";
import type { ReloadAnswer } from "../admin/reload-request.ts";
import { pidIn } from "./address-file.ts";
import { patience, withBroker } from "./client.ts";
import type { Invocation } from "./invocation.ts";
import { print } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const addresses = invocation.value("addresses-file");
  if (addresses !== undefined) return signal(invocation, terminal, await pidIn(addresses));
  return withBroker(invocation, terminal, async (broker) => {
    const message = await broker.request(reloadSubject, "", { timeout: patience(invocation) });
    const answer = message.json<ReloadAnswer>();
    if (!answer.reloaded) throw new BrokerError("config", `the broker runs on as before: ${answer.error}`);
    await print(invocation, terminal, answer, () => {
      return `reloaded${answer.restart.length === 0 ? "" : `; these wait for a restart: ${answer.restart.join(", ")}`}\n`;
    });
    return 0;
  });
}

/** Where nobody may connect: the process is asked by signal, and answers in its log. */
async function signal(invocation: Invocation, terminal: Terminal, pid: number): Promise<number> {
  try {
    process.kill(pid, "SIGHUP");
  } catch (error) {
    throw new BrokerError("not_found", `process ${pid} of the address file cannot be reached: is the broker running, and yours?`, {
      cause: error,
    });
  }
  await print(invocation, terminal, { pid, signalled: true }, () => `asked process ${pid}; what came of it is in its log\n`);
  return 0;
}
