/** `waystation sub`: prints live messages, or what a station holds followed by what it stores, until it is stopped. */
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { withBroker } from "./client.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { messageText, shown } from "./payload.ts";
import { parseCount } from "./quantity.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const count = invocation.value("count");
  const max = count === undefined ? Number.POSITIVE_INFINITY : parseCount(count, "count", 1);
  if (invocation.has("station") && invocation.has("queue")) throw usage("--station reads alone: leave out --queue");
  return withBroker(invocation, terminal, async (broker) => {
    const origin = await source(invocation, terminal, broker);
    let seen = 0;
    for await (const message of origin.messages) {
      if (invocation.has("raw")) {
        terminal.write(message.data);
        terminal.write("\n");
      } else {
        const view = shown(message);
        terminal.write(invocation.has("json") ? `${JSON.stringify(view)}\n` : messageText(view, invocation.has("headers")));
      }
      if (++seen >= max) break;
    }
    await origin.end();
    return 0;
  });
}

interface Source {
  readonly messages: AsyncIterable<{ readonly subject: string; readonly data: Uint8Array }>;
  /** Leaves nothing behind at the broker. */
  end(): Promise<unknown>;
}

async function source(invocation: Invocation, terminal: Terminal, broker: NatsConnection): Promise<Source> {
  const filter = invocation.operand(0);
  const station = invocation.value("station");
  if (station !== undefined) {
    const consumer = await jetstream(broker).consumers.get(station, { filter_subjects: [filter] });
    const messages = await consumer.consume();
    terminal.onStop(() => messages.stop());
    return { messages, end: () => consumer.delete() };
  }
  const queue = invocation.value("queue");
  const subscription = broker.subscribe(filter, queue === undefined ? {} : { queue });
  terminal.onStop(() => subscription.unsubscribe());
  await broker.flush();
  if (terminal.progress) terminal.note(`listening on ${filter}, end with Ctrl-C`);
  return { messages: subscription, end: () => Promise.resolve() };
}
