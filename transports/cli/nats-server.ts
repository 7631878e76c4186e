/** `waystation nats-server`: everything that follows is nats-server's command line. */
import { runNatsServer } from "../nats-server/nats-server.ts";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

export function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  return runNatsServer(invocation.rest, terminal);
}
