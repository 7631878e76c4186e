/** Users and permissions as clients meet them, at the NATS and the MQTT door of one broker. */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { connect as connectNats } from "@nats-io/transport-node";
import { connect as connectMqtt } from "mqtt";
import type { MqttClient } from "mqtt";
import { Authenticator } from "../../lib/auth/authenticator.ts";
import { SystemClock } from "../../lib/clock.ts";
import { authPolicyOf, parseConfig } from "../../lib/config/config.ts";
import { defaultLimits } from "../../lib/limits.ts";
import { SystemRandom } from "../../lib/random.ts";
import { OpenBroker } from "../../transports/open.ts";
import { ModelStore } from "../support/model-store.ts";
import { until } from "../support/until.ts";

interface Doors extends AsyncDisposable {
  readonly natsPort: number;
  readonly mqttPort: number;
  reload(users: unknown): void;
}

async function open(users: unknown, tenants: unknown = {}): Promise<Doors> {
  const clock = new SystemClock();
  const random = new SystemRandom();
  const authenticator = new Authenticator({ clock, random, limits: defaultLimits });
  const reload = (users: unknown): void => authenticator.replace(authPolicyOf(parseConfig({ users, tenants }, "/")));
  reload(users);
  const broker = new OpenBroker({
    clock,
    random,
    fileStore: undefined,
    memoryStore: new ModelStore(clock),
    authentication: authenticator,
    serverName: "test",
    version: "0.0.0",
    host: "127.0.0.1",
    natsPort: 0,
    mqttPort: 0,
    limits: defaultLimits,
    report: () => {},
  });
  authenticator.revokedListeners.add((users) => broker.broker.revoke(users));
  authenticator.permissionListeners.add((users) => broker.broker.permissionsChanged(users));
  await broker.open();
  return {
    natsPort: broker.addresses.nats?.port ?? 0,
    mqttPort: broker.addresses.mqtt?.port ?? 0,
    reload,
    [Symbol.asyncDispose]: async () => {
      await broker.close();
      await authenticator.close();
    },
  };
}

interface Device {
  readonly client: MqttClient;
  /** Topics received. */
  readonly topics: string[];
}

async function device(port: number, username: string, clientId: string, more: { clean?: boolean } = {}): Promise<Device> {
  const topics: string[] = [];
  const client = connectMqtt(`mqtt://127.0.0.1:${port}`, {
    username,
    password: "p",
    clientId,
    protocolVersion: 5,
    reconnectPeriod: 0,
    clean: more.clean ?? true,
    properties: { sessionExpiryInterval: 60 },
  });
  client.on("message", (topic) => topics.push(topic));
  await new Promise<void>((resolve, reject) => {
    client.once("connect", () => resolve());
    client.once("error", reject);
  });
  client.on("error", () => {});
  return { client, topics };
}

async function filtersGranted(client: MqttClient, filter: string): Promise<boolean> {
  try {
    const granted = await client.subscribeAsync(filter, { qos: 1 });
    return granted.every(({ qos }) => qos < 0x80);
  } catch {
    return false;
  }
}

const admin = { user: "admin", password: "p" };

test("a wildcard at either door brings nothing that is denied or not allowed", async () => {
  await using doors = await open([
    admin,
    { user: "dev", password: "p", permissions: { subscribe: { allow: ["plant.>", "done"], deny: ["plant.*.secret", "plant.safe.>"] } } },
  ]);
  const { client, topics } = await device(doors.mqttPort, "dev", "d1");
  ok(!(await filtersGranted(client, "#")));
  ok(!(await filtersGranted(client, "plant.x/#")), "a dot in a level is no separator");
  ok(!(await filtersGranted(client, "plant/safe/#")));
  ok(await filtersGranted(client, "plant/#"), "the parent 'plant' is not allowed, so it is held back");
  ok(await filtersGranted(client, "done"));
  const boss = await connectNats({ port: doors.natsPort, user: "admin", pass: "p" });
  const dev = await connectNats({ port: doors.natsPort, user: "dev", pass: "p" });
  const heard: string[] = [];
  dev.subscribe("plant.>", { callback: (_error, message) => void heard.push(message.subject) });
  dev.subscribe("done", { callback: (_error, message) => void heard.push(message.subject) });
  await dev.flush();
  for (const subject of ["plant", "plant.a", "plant.a.secret", "plant.safe.code", "plant.a.secret.open", "other", "done"])
    boss.publish(subject);
  await boss.flush();
  await until("both were told that all is done", () => topics.includes("done") && heard.includes("done"));
  deepEqual(topics, ["plant/a", "plant/a/secret/open", "done"]);
  deepEqual(heard, ["plant.a", "plant.a.secret.open", "done"]);
  await Promise.all([client.endAsync(), boss.close(), dev.close()]);
});

test("retained messages obey the permissions, too", async () => {
  await using doors = await open([admin, { user: "dev", password: "p", permissions: { subscribe: { deny: ["a.b"] } } }]);
  const boss = await device(doors.mqttPort, "admin", "boss");
  for (const topic of ["a/b", "a/c"]) await boss.client.publishAsync(topic, "kept", { retain: true, qos: 1 });
  const { client, topics } = await device(doors.mqttPort, "dev", "d1");
  ok(await filtersGranted(client, "a/+"));
  await until("the retained message came", () => topics.length > 0);
  await boss.client.publishAsync("a/b", "live", { qos: 1 });
  await boss.client.publishAsync("a/z", "live", { qos: 1 });
  await until("the live one came", () => topics.includes("a/z"));
  deepEqual(topics, ["a/c", "a/z"]);
  await Promise.all([client.endAsync(), boss.client.endAsync()]);
});

test("changed permissions end subscriptions of connections that stay, at both doors", async () => {
  const dev = (deny: string[]): unknown => ({ user: "dev", password: "p", permissions: { subscribe: { deny } } });
  await using doors = await open([admin, dev([])]);
  const { client, topics } = await device(doors.mqttPort, "dev", "d1");
  for (const filter of ["a", "b", "c/#"]) ok(await filtersGranted(client, filter));
  const boss = await connectNats({ port: doors.natsPort, user: "admin", pass: "p" });
  const listener = await connectNats({ port: doors.natsPort, user: "dev", pass: "p" });
  const heard: string[] = [];
  const errors: string[] = [];
  for (const filter of ["a", "b", "c.>"]) {
    listener.subscribe(filter, {
      callback: (error, message) => void (error === null ? heard.push(message.subject) : errors.push(error.message)),
    });
  }
  await listener.flush();
  doors.reload([admin, dev(["a", "c.x"])]);
  for (const subject of ["a", "c.x", "c.y", "b"]) boss.publish(subject);
  await boss.flush();
  await until("both got what they still may", () => topics.includes("b") && heard.includes("b"));
  deepEqual(topics, ["c/y", "b"]);
  deepEqual(heard, ["c.y", "b"]);
  equal(errors.length, 1);
  ok(client.connected && !listener.isClosed());
  await Promise.all([client.endAsync(), boss.close(), listener.close()]);
});

test("a user that goes takes its connections with it, at both doors", async () => {
  await using doors = await open([admin, { user: "dev", password: "p" }]);
  const { client } = await device(doors.mqttPort, "dev", "d1");
  const listener = await connectNats({ port: doors.natsPort, user: "dev", pass: "p", reconnect: false });
  const boss = await connectNats({ port: doors.natsPort, user: "admin", pass: "p" });
  doors.reload([admin]);
  await until("the device is gone", () => !client.connected);
  const error = await listener.closed();
  ok(/revoked/i.test(String(error?.message ?? error)), String(error));
  await boss.flush();
  await rejects(connectNats({ port: doors.natsPort, user: "dev", pass: "p", reconnect: false }), /authorization violation/i);
  await boss.close();
  client.end(true);
});

test("a token holds at both doors, as a password or a user name", async () => {
  await using doors = await open([{ user: "gate", token: "t0ken" }]);
  const boss = await connectNats({ port: doors.natsPort, token: "t0ken" });
  await boss.flush();
  await boss.close();
  const attempts: [string, string | undefined, string | undefined, boolean][] = [
    ["a", "anybody", "t0ken", true],
    ["b", "t0ken", undefined, true],
    ["d", "anybody", "wrong", false],
    ["e", undefined, undefined, false],
  ];
  for (const [clientId, username, password, verdict] of attempts) {
    const client = connectMqtt(`mqtt://127.0.0.1:${doors.mqttPort}`, {
      clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    const connected = await new Promise<boolean>((resolve) => {
      client.once("connect", () => resolve(true));
      client.on("error", () => resolve(false));
      client.once("close", () => resolve(false));
    });
    equal(connected, verdict, clientId);
    client.end(true);
  }
});

test("a tenant sees nothing of another, and has as many connections and subscriptions as it may", async () => {
  const limits = { connectionsMax: 2, subscriptionsMax: 1 };
  await using doors = await open([admin], { acme: { limits, users: { ann: "p", bea: "p" } } });
  const boss = await connectNats({ port: doors.natsPort, user: "admin", pass: "p" });
  const strange: string[] = [];
  boss.subscribe(">", { callback: (_error, message) => void strange.push(message.subject) });
  await boss.flush();
  const ann = await connectNats({ port: doors.natsPort, user: "ann", pass: "p" });
  const errors: string[] = [];
  const heard: string[] = [];
  ann.subscribe("a.>", { callback: (_error, message) => void heard.push(message.subject) });
  const second = ann.subscribe("b", { callback: (error) => void (error !== null && errors.push(error.message)) });
  void (async () => {
    for await (const status of ann.status()) if (status.type === "error") errors.push(String(status.error));
  })();
  const bea = await device(doors.mqttPort, "bea", "b1");
  ok(await filtersGranted(bea.client, "a/1"));
  ok(!(await filtersGranted(bea.client, "a/2")));
  await bea.client.publishAsync("a/1", "x", { qos: 1 });
  await until("both heard of it", () => heard.length > 0 && bea.topics.length > 0);
  deepEqual([heard, bea.topics, strange], [["a.1"], ["a/1"], []]);
  await until("the second subscription was refused", () => errors.some((text) => /subscriptions exceeded/i.test(text)));
  second.unsubscribe();
  await rejects(connectNats({ port: doors.natsPort, user: "ann", pass: "p", reconnect: false }), /connections exceeded/i);
  await rejects(device(doors.mqttPort, "bea", "b2"));
  const again = await device(doors.mqttPort, "bea", "b1");
  await ann.close();
  const other = await connectNats({ port: doors.natsPort, user: "ann", pass: "p" });
  await Promise.all([boss.close(), other.close(), again.client.endAsync()]);
});

test("connections end when their user's time is over, at both doors", async () => {
  const soon = new Date(Date.now() + 800).toISOString();
  await using doors = await open([{ user: "dev", password: "p", expires: soon }]);
  const { client } = await device(doors.mqttPort, "dev", "d1");
  const listener = await connectNats({ port: doors.natsPort, user: "dev", pass: "p", reconnect: false });
  const error = await listener.closed();
  ok(/expired/i.test(String(error?.message ?? error)), String(error));
  await until("the device is gone", () => !client.connected);
  await rejects(connectNats({ port: doors.natsPort, user: "dev", pass: "p", reconnect: false }), /authorization violation/i);
  client.end(true);
});

test("a session's messages wait for its user, not for whoever has its client identifier", async () => {
  await using doors = await open([admin, { user: "dev", password: "p" }, { user: "other", password: "p" }]);
  const first = await device(doors.mqttPort, "dev", "same", { clean: false });
  ok(await filtersGranted(first.client, "orders/#"));
  await first.client.endAsync();
  const boss = await device(doors.mqttPort, "admin", "boss");
  await boss.client.publishAsync("orders/1", "x", { qos: 1 });
  const thief = await device(doors.mqttPort, "other", "same", { clean: false });
  ok(await filtersGranted(thief.client, "end"));
  await boss.client.publishAsync("end", "x", { qos: 1 });
  await until("the end came", () => thief.topics.includes("end"));
  deepEqual(thief.topics, ["end"]);
  await Promise.all([thief.client.endAsync(), boss.client.endAsync()]);
});
