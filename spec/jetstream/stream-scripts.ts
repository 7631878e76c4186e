/** Official clients' everyday use of streams, key-value and object stores, told as lines that are the same on every server. */
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import { connect } from "@nats-io/transport-node";
import { AckPolicy as OldAckPolicy, connect as connectOld, StringCodec } from "nats";

type Told = string[];

async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function streams(port: number): Promise<Told> {
  const told: Told = [];
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  const [manager, js] = [await jetstreamManager(connection), jetstream(connection)];
  const made = await manager.streams.add({ name: "ORDERS", subjects: ["orders.>"], storage: StorageType.Memory, allow_direct: true });
  told.push(`made ${made.config.name} ${made.config.subjects.join(",")} ${made.config.duplicate_window}`);
  for (let index = 1; index <= 20; index++) {
    const ack = await js.publish(`orders.${index % 3}`, `order ${index}`, { msgID: `id-${index}` });
    if (index % 5 === 0) told.push(`stored ${ack.stream} ${ack.seq} ${ack.duplicate}`);
  }
  const again = await js.publish("orders.1", "again", { msgID: "id-3" });
  told.push(`again ${again.seq} ${again.duplicate}`);
  told.push(await refused(js.publish("orders.1", "x", { expect: { lastSequence: 3 } })));
  told.push(await refused(js.publish("orders.1", "x", { expect: { streamName: "OTHER" } })));
  told.push(await refused(js.publish("nobody.listens", "x", { retries: 0 })));
  const info = await manager.streams.info("ORDERS", { subjects_filter: ">" });
  told.push(`state ${info.state.messages} ${info.state.last_seq} ${JSON.stringify(info.state.subjects)}`);
  const message = await manager.streams.getMessage("ORDERS", { seq: 7 });
  told.push(`seventh ${message?.subject} ${message?.string()} ${message?.header.get("Nats-Msg-Id")}`);
  const direct = await manager.direct.getMessage("ORDERS", { last_by_subj: "orders.2" });
  told.push(`direct ${direct?.seq} ${direct?.string()}`);
  const batch = await manager.direct.getBatch("ORDERS", { seq: 4, batch: 5, next_by_subj: "orders.1" });
  const lasts = await manager.direct.getLastMessagesFor("ORDERS", { multi_last: ["orders.*"] });
  for await (const one of batch) told.push(`batch ${one.seq} ${one.subject}`);
  for await (const one of lasts) told.push(`last ${one.seq} ${one.subject}`);
  told.push(`found ${await manager.streams.find("orders.x")}`);
  told.push(
    `deleted ${await manager.streams.deleteMessage("ORDERS", 7)}`,
    `gone ${(await manager.streams.getMessage("ORDERS", { seq: 7 })) === null}`,
  );
  told.push(`purged ${(await manager.streams.purge("ORDERS", { filter: "orders.0", keep: 2 })).purged}`);
  const names: string[] = [];
  for await (const name of manager.streams.names()) names.push(name);
  for await (const one of manager.streams.list()) names.push(String(one.state.messages));
  told.push(`names ${names.join(" ")}`);

  await manager.consumers.add("ORDERS", { durable_name: "all", ack_policy: AckPolicy.Explicit });
  const consumer = await js.consumers.get("ORDERS", "all");
  let consumed = "";
  for await (const one of await consumer.fetch({ max_messages: 100, expires: 1_000 })) {
    consumed += ` ${one.seq}`;
    one.ack();
    if (one.info.pending === 0) break;
  }
  told.push(`consumed${consumed}`);
  told.push(`destroyed ${await manager.streams.delete("ORDERS")}`, await refused(manager.streams.info("ORDERS")));
  await connection.close();
  return told;
}

async function workQueue(port: number): Promise<Told> {
  const told: Told = [];
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  const [manager, js] = [await jetstreamManager(connection), jetstream(connection)];
  await manager.streams.add({ name: "WORK", subjects: ["work.*"], retention: RetentionPolicy.Workqueue });
  await manager.streams.add({ name: "NEWS", subjects: ["news.*"], retention: RetentionPolicy.Interest });
  for (let index = 0; index < 6; index++) await js.publish(`work.${index % 2}`, String(index));
  await js.publish("news.a", "nobody is interested");
  await manager.consumers.add("WORK", { durable_name: "even", ack_policy: AckPolicy.Explicit, filter_subject: "work.0" });
  told.push(
    await refused(manager.consumers.add("WORK", { durable_name: "any", ack_policy: AckPolicy.Explicit, filter_subject: "work.*" })),
  );
  for (const [name, filter] of [
    ["one", "news.>"],
    ["two", "news.b"],
  ] as const) {
    await manager.consumers.add("NEWS", { durable_name: name, ack_policy: AckPolicy.Explicit, filter_subject: filter });
  }
  for (const subject of ["news.a", "news.b"]) await js.publish(subject, "interesting");
  const drain = async (stream: string, durable: string, count: number): Promise<string> => {
    const consumer = await js.consumers.get(stream, durable);
    const seen: number[] = [];
    for await (const one of await consumer.fetch({ max_messages: count, expires: 2_000 })) {
      seen.push(one.seq);
      await one.ackAck();
    }
    const { state } = await manager.streams.info(stream);
    return `${stream} ${durable} saw ${seen.join(",")} left ${state.messages} of ${state.last_seq}`;
  };
  told.push(await drain("WORK", "even", 3), await drain("NEWS", "one", 2), await drain("NEWS", "two", 1));
  await js.publish("news.a", "to be forgotten");
  await manager.consumers.delete("NEWS", "one");
  const { state } = await manager.streams.info("NEWS");
  told.push(`without the group ${state.messages}`);
  await manager.streams.delete("WORK");
  await manager.streams.delete("NEWS");
  await connection.close();
  return told;
}

async function keyValue(port: number): Promise<Told> {
  const told: Told = [];
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  const kv = await new Kvm(connection).create("config", { history: 3 });
  const watched: string[] = [];
  const watch = await kv.watch();
  const watching = (async () => {
    for await (const entry of watch) {
      watched.push(`${entry.operation} ${entry.key} ${entry.revision}`);
      if (entry.key === "end") break;
    }
  })();
  told.push(`put ${await kv.put("a", "1")} ${await kv.put("a", "2")} ${await kv.put("b.c", "3")}`);
  told.push(`created ${await kv.create("n", "new")}`, await refused(kv.create("n", "again")));
  told.push(`updated ${await kv.update("a", "3", 2)}`, await refused(kv.update("a", "4", 2)));
  const entry = await kv.get("a");
  told.push(`got ${entry?.string()} ${entry?.revision}`, `missing ${(await kv.get("zz")) === null}`);
  await kv.delete("b.c");
  told.push(`after delete ${(await kv.get("b.c"))?.operation}`);
  await kv.put("a", "5");
  const history: string[] = [];
  for await (const one of await kv.history({ key: "a" })) history.push(`${one.revision}:${one.string()}`);
  told.push(`history ${history.join(" ")}`);
  await kv.purge("a");
  const keys: string[] = [];
  for await (const key of await kv.keys()) keys.push(key);
  told.push(`keys ${keys.sort().join(" ")}`);
  await kv.put("end", "");
  await watching;
  told.push(`watched ${watched.join(", ")}`);
  const status = await kv.status();
  told.push(`status ${status.bucket} ${status.history} ${status.values}`);
  told.push(`destroyed ${await kv.destroy()}`);
  await connection.close();
  return told;
}

async function objects(port: number): Promise<Told> {
  const told: Told = [];
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  const store = await new Objm(connection).create("files", { storage: StorageType.Memory });
  const big = new Uint8Array(300 * 1024).map((_byte, index) => index % 251);
  const put = await store.putBlob({ name: "big" }, big);
  told.push(`put ${put.name} ${put.size} ${put.chunks} ${put.digest}`);
  const back = await store.getBlob("big");
  told.push(`same ${back !== null && Buffer.compare(Buffer.from(back), Buffer.from(big)) === 0}`);
  await store.putBlob({ name: "big" }, new Uint8Array(10));
  told.push(`replaced ${(await store.info("big"))?.size}`, `missing ${(await store.getBlob("small")) === null}`);
  const listed = await store.list();
  told.push(`listed ${listed.map((one) => one.name).join(" ")}`);
  told.push(`deleted ${(await store.delete("big")).success}`, `gone ${(await store.info("big"))?.deleted}`);
  told.push(`destroyed ${await store.destroy()}`);
  await connection.close();
  return told;
}

async function oldClient(port: number): Promise<Told> {
  const told: Told = [];
  const connection = await connectOld({ port });
  const text = StringCodec();
  const [manager, js] = [await connection.jetstreamManager(), connection.jetstream()];
  await manager.streams.add({ name: "OLD", subjects: ["old.*"], max_msgs_per_subject: 2 });
  for (let index = 0; index < 5; index++) await js.publish(`old.${index % 2}`, text.encode(String(index)));
  told.push(`first ${(await manager.streams.info("OLD")).state.first_seq}`);
  await manager.consumers.add("OLD", { durable_name: "d", ack_policy: OldAckPolicy.All });
  const consumer = await js.consumers.get("OLD", "d");
  for await (const one of await consumer.fetch({ max_messages: 4, expires: 1_000 })) {
    told.push(`message ${one.seq} ${one.string()} ${one.info.pending}`);
    if (one.info.pending === 0) one.ack();
  }
  const kv = await js.views.kv("old", { history: 1 });
  await kv.put("k", text.encode("v"));
  told.push(`kv ${(await kv.get("k"))?.string()}`);
  await kv.destroy();
  const account = await manager.getAccountInfo();
  told.push(`account ${account.streams} ${account.consumers}`);
  await manager.streams.delete("OLD");
  await connection.close();
  return told;
}

export const scripts: Readonly<Record<string, (port: number) => Promise<Told>>> = { streams, workQueue, keyValue, objects, oldClient };
