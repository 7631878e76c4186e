/** Official clients' use of consumers beyond the everyday, told as lines that are the same on every server. */
import { performance } from "node:perf_hooks";
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager, ReplayPolicy } from "@nats-io/jetstream";
import type { ConsumerConfig, ConsumerInfo, JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { connect, nanos } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import * as older from "nats";
import { until } from "../support/until.ts";

type Told = string[];

async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Bench {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly told: Told;
}

async function at(port: number, stream: string, count: number, work: (bench: Bench) => Promise<void>): Promise<Told> {
  const nc = await connect({ port });
  try {
    const [js, jsm, told] = [jetstream(nc), await jetstreamManager(nc), new Array<string>()];
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`] });
    for (let i = 1; i <= count; i++) await js.publish(`${stream}.${i % 2}`, `${i}`);
    await work({ nc, js, jsm, told });
    return told;
  } finally {
    await nc.close();
  }
}

function shown(info: ConsumerInfo): string {
  const { delivered, ack_floor: floor } = info;
  return (
    `delivered ${delivered.consumer_seq}/${delivered.stream_seq} floor ${floor.consumer_seq}/${floor.stream_seq} ` +
    `pending ${info.num_ack_pending} again ${info.num_redelivered} waiting ${info.num_waiting} to come ${info.num_pending}`
  );
}

/** The consumer's info once its acks have been taken: nats-server takes them a little later than it answers. */
async function ackedTo(jsm: JetStreamManager, stream: string, name: string, floor: number): Promise<ConsumerInfo> {
  const end = performance.now() + 5_000;
  for (;;) {
    const info = await jsm.consumers.info(stream, name);
    if (info.ack_floor.consumer_seq >= floor || performance.now() > end) return info;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What may be asked of a consumer, what is refused and how, and what an update changes. */
async function rules(port: number): Promise<Told> {
  return at(port, "RULES", 4, async ({ jsm, told }) => {
    const add = (config: Partial<ConsumerConfig>): Promise<string> => refused(jsm.consumers.add("RULES", config));
    told.push(
      await add({ durable_name: "a.b", ack_policy: AckPolicy.Explicit }).then((text) => text.slice(0, 40)),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, backoff: [1e9, 2e9, 3e9], max_deliver: 2 }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.StartSequence }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.LastPerSubject }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, opt_start_seq: 3 }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, filter_subjects: ["RULES.>", "RULES.1"] }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, filter_subject: "RULES.1", filter_subjects: ["RULES.0"] }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, deliver_subject: "to.*" }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, deliver_subject: "RULES.x" }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, deliver_subject: "to", flow_control: true }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, deliver_subject: "to", idle_heartbeat: 1e6 }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, deliver_subject: "to", max_waiting: 3 }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, idle_heartbeat: 1e9 }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, rate_limit_bps: 1000 }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, num_replicas: 3 }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, sample_freq: "x" }),
      await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, max_expires: 1000 }),
      await refused(jsm.consumers.add("NONE", { durable_name: "D", ack_policy: AckPolicy.Explicit })),
    );
    told.push(await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, description: "first", sample_freq: "30" }));
    told.push(await add({ durable_name: "D", ack_policy: AckPolicy.Explicit, description: "first", sample_freq: "30" }));
    told.push(await add({ durable_name: "D", ack_policy: AckPolicy.None }));
    const update = (config: object): Promise<string> => refused(jsm.consumers.update("RULES", "D", config));
    told.push(
      await update({ description: "second", max_ack_pending: 7, ack_wait: 5e9, filter_subject: "RULES.1" }),
      await update({ deliver_policy: DeliverPolicy.New }),
      await update({ max_waiting: 3 }),
      await update({ ack_policy: AckPolicy.All }),
      await update({ replay_policy: ReplayPolicy.Original }),
      await update({ mem_storage: true }),
      await update({ deliver_subject: "to" }),
      await refused(jsm.consumers.update("RULES", "NONE", { description: "x" })),
    );
    const info = await jsm.consumers.info("RULES", "D");
    const { description, max_ack_pending: max, ack_wait: wait, filter_subject: filter, sample_freq: sample } = info.config;
    told.push(`${description} ${max} ${wait} ${filter} ${sample}`, shown(info));
    const names: string[] = [];
    for await (const one of jsm.consumers.list("RULES")) names.push(one.name);
    told.push(names.join(), `${await jsm.consumers.delete("RULES", "D")}`, await refused(jsm.consumers.info("RULES", "D")));
  });
}

/** Waiting, bytes, batches, pauses: what a pull ends with. */
async function pulls(port: number): Promise<Told> {
  return at(port, "PULLS", 6, async ({ nc, jsm, told }) => {
    await jsm.consumers.add("PULLS", {
      durable_name: "P",
      ack_policy: AckPolicy.Explicit,
      max_waiting: 2,
      max_batch: 5,
      max_expires: nanos(2000),
      max_bytes: 1000,
    });
    const ask = async (payload: object, count: number): Promise<string> => {
      const got: string[] = [];
      const inbox = `_INBOX.pulls.${told.length}.${Math.floor(performance.now() * 1e6)}`;
      const subscription = nc.subscribe(inbox, {
        callback: (_error, message) => {
          const { headers } = message;
          got.push(message.subject === inbox ? `${headers?.code} ${headers?.description}` : `${message.string()}@${message.subject}`);
        },
      });
      nc.publish("$JS.API.CONSUMER.MSG.NEXT.PULLS.P", JSON.stringify(payload), { reply: inbox });
      await until(`${count} answers to ${JSON.stringify(payload)}, not ${got.join()}`, () => got.length >= count);
      await nc.flush();
      subscription.unsubscribe();
      return got.join(", ");
    };
    told.push(await ask({ batch: 6 }, 1));
    told.push(await ask({ batch: 1, expires: nanos(3000) }, 1));
    told.push(await ask({ batch: 1, max_bytes: 2000 }, 1));
    told.push(await ask({ batch: 1, priority: 10 }, 1));
    told.push(await ask({ batch: 1, min_pending: 10 }, 1));
    told.push(await ask({ batch: "x" }, 1));
    told.push(await ask({ batch: 2, max_bytes: 999 }, 3));
    told.push(await ask({ batch: 5, max_bytes: 90, expires: nanos(300) }, 2));
    told.push(shown(await jsm.consumers.info("PULLS", "P")));
    await jsm.consumers.pause("PULLS", "P", new Date(Date.now() + 400));
    const paused = await jsm.consumers.info("PULLS", "P");
    told.push(`paused ${paused.paused} for ${(paused.pause_remaining ?? 0) > 2e8}`);
    const started = performance.now();
    told.push(await ask({ batch: 2, expires: nanos(1000) }, 2), `after ${performance.now() - started > 250}`);
    const resumed = await jsm.consumers.resume("PULLS", "P");
    told.push(`paused ${resumed.paused}`);
  });
}

/** Queue groups, ack all, and in-progress. */
async function pushes(port: number): Promise<Told> {
  return at(port, "PUSH", 10, async ({ nc, jsm, told }) => {
    const counts = [0, 0];
    const subscriptions = counts.map((_, index) =>
      nc.subscribe("to.workers", {
        queue: "workers",
        callback: (_error, message) => {
          if (message.subject !== "to.workers") counts[index] = (counts[index] ?? 0) + 1;
          message.respond("+ACK");
        },
      }),
    );
    await nc.flush();
    const config = { durable_name: "Q", ack_policy: AckPolicy.Explicit, deliver_subject: "to.workers", deliver_group: "workers" };
    const made = await jsm.consumers.add("PUSH", config);
    told.push(`${made.config.deliver_group} bound ${made.push_bound}`);
    await until("all to be delivered", () => (counts[0] ?? 0) + (counts[1] ?? 0) === 10);
    await nc.flush();
    told.push(shown(await ackedTo(jsm, "PUSH", "Q", 10)));
    for (const subscription of subscriptions) subscription.unsubscribe();
    await nc.flush();
    told.push(`bound ${(await jsm.consumers.info("PUSH", "Q")).push_bound}`);

    await jsm.consumers.add("PUSH", { durable_name: "ALL", ack_policy: AckPolicy.All, ack_wait: nanos(30_000) });
    const consumer = await jetstream(nc).consumers.get("PUSH", "ALL");
    let taken = 0;
    for await (const message of await consumer.fetch({ max_messages: 6, expires: 1000 })) {
      if (++taken === 4) message.ack();
      if (taken === 6) break;
    }
    await nc.flush();
    told.push(shown(await ackedTo(jsm, "PUSH", "ALL", 4)));
    await jsm.consumers.add("PUSH", { durable_name: "WPI", ack_policy: AckPolicy.Explicit, ack_wait: nanos(900) });
    const worker = await jetstream(nc).consumers.get("PUSH", "WPI");
    const message = await worker.next();
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      message?.working();
    }
    told.push(`still mine ${(await worker.next())?.seq === 2}`, `acked ${await message?.ackAck()}`);
  });
}

/** The older client's ways. */
async function olderClient(port: number): Promise<Told> {
  return at(port, "OLDER", 9, async ({ told }) => {
    const nc = await older.connect({ port });
    const js = nc.jetstream();
    const options = older.consumerOpts();
    options.orderedConsumer();
    const ordered = await js.subscribe("OLDER.>", options);
    const seen: number[] = [];
    for await (const message of ordered) {
      seen.push(message.seq);
      if (message.info.pending === 0) break;
    }
    told.push(`ordered ${seen.join()}`);
    const pulling = await js.pullSubscribe("OLDER.1", { config: { durable_name: "PULL", ack_policy: older.AckPolicy.Explicit } });
    pulling.pull({ batch: 3, expires: 500 });
    const pulled: number[] = [];
    for await (const message of pulling) {
      pulled.push(message.seq);
      message.ack();
      if (pulled.length === 3) break;
    }
    told.push(`pulled ${pulled.join()}`);
    const fetched: number[] = [];
    for await (const message of js.fetch("OLDER", "PULL", { batch: 5, expires: 300 })) {
      fetched.push(message.seq);
      message.ack();
    }
    told.push(`fetched ${fetched.join()}`);
    const one = await js.pull("OLDER", "PULL").catch((error: unknown) => (error instanceof Error ? error.message : "?"));
    told.push(`one ${typeof one === "string" ? one : one.seq}`);
    await nc.close();
  });
}

export const consumerScripts: Readonly<Record<string, (port: number) => Promise<Told>>> = { rules, pulls, pushes, olderClient };
