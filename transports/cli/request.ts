/** `waystation request`: publishes a request and prints the answer. */
import { headersOf, patience, withBroker } from "./client.ts";
import type { Invocation } from "./invocation.ts";
import { messageText, payloadOf, shown } from "./payload.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const subject = invocation.operand(0);
  const payload = await payloadOf(invocation, terminal, 1);
  const block = headersOf(invocation);
  return withBroker(invocation, terminal, async (broker) => {
    const answer = await broker.request(subject, payload, {
      timeout: patience(invocation),
      ...(block === undefined ? {} : { headers: block }),
    });
    if (invocation.has("raw")) {
      terminal.write(answer.data);
      return 0;
    }
    const view = shown(answer);
    terminal.write(invocation.has("json") ? `${JSON.stringify(view)}\n` : messageText({ ...view, subject }, true));
    return 0;
  });
}
