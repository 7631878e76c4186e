/** `waystation pub`: one message, or every line of stdin; with `--ack` it returns when a station has stored it. */
import { jetstream } from "@nats-io/jetstream";
import type { PubAck } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import { BrokerError } from "../../lib/errors.ts";
import { Refusals, headersOf, isNoResponders, patience, withBroker } from "./client.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { linesOf, payloadOf } from "./payload.ts";
import { Progress } from "./progress.ts";
import { parseCount } from "./quantity.ts";
import { print } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Publishes waiting for their acknowledgement, at most. */
const windowMax = 256;

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const subject = invocation.operand(0);
  const times = parseCount(invocation.value("count") ?? "1", "count", 1);
  if (invocation.has("id") && (times > 1 || invocation.has("lines"))) throw usage("--id names one message: leave out --count and --lines");
  if (invocation.has("ack") && invocation.has("reply")) throw usage("--ack uses the reply subject itself: leave out --reply");
  const payloads = invocation.has("lines") ? linesOf(terminal) : repeated(await payloadOf(invocation, terminal, 1), times);
  return withBroker(invocation, terminal, async (broker) => {
    const refusals = new Refusals(broker);
    const send = invocation.has("ack") ? acked(invocation, broker, subject) : plain(invocation, broker, subject);
    const progress = new Progress(terminal, `publishing to ${subject}`);
    let messages = 0;
    let bytes = 0;
    let pending: Promise<PubAck | undefined>[] = [];
    let last: PubAck | undefined;
    for await (const payload of payloads) {
      pending.push(send(payload));
      messages++;
      bytes += payload.length;
      if (pending.length >= windowMax) {
        last = (await Promise.all(pending)).at(-1);
        pending = [];
        progress.update(messages, times > 1 ? times : 0);
      }
    }
    last = (await Promise.all(pending)).at(-1) ?? last;
    await broker.flush();
    progress.end();
    await refusals.throwIfAny();
    const stored = last === undefined ? {} : { station: last.stream, sequence: last.seq, duplicate: last.duplicate };
    const where =
      last === undefined ? `published to ${subject}` : `${last.duplicate ? "was already" : "stored"} in ${last.stream} as ${last.seq}`;
    await print(invocation, terminal, { subject, messages, bytes, ...stored }, () =>
      messages === 1
        ? `${bytes} bytes ${where}\n`
        : `${messages.toLocaleString("en-US")} messages, ${where}${last === undefined ? "" : " (the last)"}\n`,
    );
    return 0;
  });
}

function* repeated(payload: Buffer, times: number): Generator<Buffer> {
  for (let index = 0; index < times; index++) yield payload;
}

function plain(invocation: Invocation, broker: NatsConnection, subject: string): (payload: Buffer) => Promise<undefined> {
  const options = publishOptions(invocation);
  let sent = 0;
  return async (payload) => {
    broker.publish(subject, payload, options);
    // The client buffers without bound: wait for the broker now and then.
    if (++sent % windowMax === 0) await broker.flush();
    return undefined;
  };
}

function publishOptions(invocation: Invocation): { headers?: MsgHdrs; reply?: string } {
  const id = invocation.value("id");
  const reply = invocation.value("reply");
  const block = headersOf(invocation) ?? (id === undefined ? undefined : headers());
  if (id !== undefined) block?.set("Nats-Msg-Id", id);
  return { ...(block === undefined ? {} : { headers: block }), ...(reply === undefined ? {} : { reply }) };
}

function acked(invocation: Invocation, broker: NatsConnection, subject: string): (payload: Buffer) => Promise<PubAck> {
  const stations = jetstream(broker, { timeout: patience(invocation) });
  const block = headersOf(invocation);
  const id = invocation.value("id");
  const options = {
    retries: 0,
    timeout: patience(invocation),
    ...(block === undefined ? {} : { headers: block }),
    ...(id === undefined ? {} : { msgID: id }),
  };
  return async (payload) => {
    try {
      return await stations.publish(subject, payload, options);
    } catch (error) {
      if (!isNoResponders(error)) throw error;
      throw new BrokerError(
        "not_found",
        `no station captures ${subject}: make one with 'waystation station create NAME --subjects ${subject}'`,
        { cause: error },
      );
    }
  };
}
