/** Asks a running broker to show or change its users and tenants. */
import type { BrokerErrorCode } from "../../lib/errors.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { RequestError } from "../admin/requests.ts";
import { patience, withBroker } from "./client.ts";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

/** True when no configuration file is named: then the command is for the running broker. */
export function meansBroker(invocation: Invocation, terminal: Terminal): boolean {
  return (invocation.value("config") ?? terminal.env["WAYSTATION_CONFIG"] ?? "") === "";
}

/** One request; `show` gets the answer. Rejects with the broker's own sentence. */
export function askBroker(
  invocation: Invocation,
  terminal: Terminal,
  subject: string,
  body: unknown,
  show: (answer: unknown) => Promise<void>,
): Promise<number> {
  return withBroker(invocation, terminal, async (broker) => {
    const message = await broker.request(subject, JSON.stringify(body), { timeout: patience(invocation) });
    const answer = message.json<unknown>();
    if (isRefusal(answer)) throw new BrokerError(knownCode(answer.error.code), answer.error.message);
    await show(answer);
    return 0;
  });
}

function isRefusal(answer: unknown): answer is RequestError {
  return typeof answer === "object" && answer !== null && "error" in answer;
}

function knownCode(code: string): BrokerErrorCode {
  return code === "exists" || code === "not_found" || code === "conflict" || code === "config" || code === "limit" ? code : "invalid";
}
