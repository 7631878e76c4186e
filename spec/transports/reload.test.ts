/** A running broker takes over a changed configuration, and whoever is connected stays. */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { parseConfig } from "../../lib/config/config.ts";
import { ConfiguredBroker } from "../../transports/configured.ts";
import { authorityCertificate, renewedCertificate, renewedKey, serverCertificate, serverKey } from "../support/certificates.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reload-"));
});
after(() => rm(folder, { recursive: true }));

interface Running extends AsyncDisposable {
  readonly broker: ConfiguredBroker;
  readonly reload: (next: Readonly<Record<string, unknown>>) => Promise<readonly string[]>;
}

const closed = { port: "off", webPort: "off", mqttPort: "off" };

async function run(options: Readonly<Record<string, unknown>>): Promise<Running> {
  const read = (given: Readonly<Record<string, unknown>>): ReturnType<typeof parseConfig> =>
    parseConfig({ memory: true, ...closed, ...given }, folder);
  const broker = await ConfiguredBroker.open(read(options), { version: "0.0.0", report: () => {} });
  return { broker, reload: (next) => broker.reload(read(next)), [Symbol.asyncDispose]: () => broker.close() };
}

function port(broker: ConfiguredBroker): number {
  return broker.addresses.nats?.port ?? 0;
}

async function answers(connection: NatsConnection): Promise<boolean> {
  await connection.flush();
  return !connection.isClosed();
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("a door moves to another port, closes and opens again, and who is connected stays", async () => {
  await using running = await run({ port: 0, mqttPort: 0 });
  const { broker, reload } = running;
  const first = port(broker);
  const mqtt = broker.addresses.mqtt?.port;
  const connection = await connect({ port: first });
  const second = await freePort();
  deepEqual(await reload({ port: second, mqttPort: 0 }), []);
  equal(port(broker), second);
  equal(broker.addresses.mqtt?.port, mqtt, "any free port stays the one it got");
  await rejects(connect({ port: first, reconnect: false }));
  const moved = await connect({ port: second });
  ok((await answers(connection)) && (await answers(moved)));
  await reload({ port: "off", mqttPort: "off" });
  deepEqual(broker.addresses, {});
  await rejects(connect({ port: second, reconnect: false }));
  ok((await answers(connection)) && (await answers(moved)));
  await reload({ port: second });
  const again = await connect({ port: second });
  ok(await answers(again));
  await Promise.all([connection.close(), moved.close(), again.close()]);
});

test("a door whose new port is taken stays where it was, and the rest is taken over", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const taken = (blocker.address() as AddressInfo).port;
  await using running = await run({ port: 0, user: "a", pass: "old" });
  const { broker, reload } = running;
  const first = port(broker);
  await rejects(reload({ port: taken, mqttPort: 0, user: "a", pass: "new" }), { code: "address_in_use" });
  equal(port(broker), first);
  ok(broker.addresses.mqtt !== undefined);
  const connection = await connect({ port: first, user: "a", pass: "new" });
  ok(await answers(connection));
  await connection.close();
  await new Promise((resolve) => blocker.close(resolve));
});

test("the same port on another host is taken over", async () => {
  await using running = await run({ port: 0 });
  const { broker, reload } = running;
  const first = port(broker);
  await reload({ port: first, host: "127.0.0.2" });
  deepEqual(broker.addresses.nats?.host, "127.0.0.2");
  const connection = await connect({ servers: `127.0.0.2:${first}` });
  ok(await answers(connection));
  await connection.close();
});

test("settings that need a restart keep their value and are named", async () => {
  await using running = await run({ port: 0, durability: "always" });
  const { broker, reload } = running;
  deepEqual(await reload({ port: 0, durability: "none", serverName: "other" }), ["durability", "serverName"]);
  equal(broker.config.durability, "always");
});

/** The organisation in the certificate that the door shows. */
function organisation(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: "127.0.0.1", ca: authorityCertificate }, () => {
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      resolve(typeof subject.O === "string" ? subject.O : "");
    });
    socket.once("error", reject);
  });
}

test("certificates are read anew, a bad one changes nothing, and TLS itself comes and goes", async () => {
  const cert = join(folder, "cert.pem");
  const key = join(folder, "key.pem");
  await writeFile(cert, serverCertificate);
  await writeFile(key, serverKey);
  const tls = { cert, key, handshakeFirst: true };
  await using running = await run({ port: 0 });
  const { broker, reload } = running;
  const plain = await connect({ port: port(broker) });
  await reload({ port: 0, mqttPort: 0, tls });
  equal(broker.addresses.mqtt?.url.startsWith("mqtts://"), true);
  const natsTls = { handshakeFirst: true, ca: authorityCertificate };
  const secure = await connect({ port: port(broker), tls: natsTls });
  equal(await organisation(port(broker)), "");
  equal(await organisation(broker.addresses.mqtt?.port ?? 0), "");
  await writeFile(cert, renewedCertificate);
  await rejects(reload({ port: 0, mqttPort: 0, tls, user: "a", pass: "b" }), { code: "config" });
  equal(await organisation(port(broker)), "", "the key does not fit the new certificate");
  const stillOpen = await connect({ port: port(broker), tls: natsTls });
  await writeFile(key, renewedKey);
  await reload({ port: 0, mqttPort: 0, tls });
  equal(await organisation(port(broker)), "renewed");
  equal(await organisation(broker.addresses.mqtt?.port ?? 0), "renewed");
  for (const connection of [plain, secure, stillOpen]) ok(await answers(connection));
  await reload({ port: 0, mqttPort: 0 });
  const without = await connect({ port: port(broker) });
  for (const connection of [plain, secure, stillOpen, without]) {
    ok(await answers(connection));
    await connection.close();
  }
});

test("limits hold for what comes after a reload", async () => {
  await using running = await run({ port: 0 });
  const { broker, reload } = running;
  const connection = await connect({ port: port(broker) });
  await reload({ port: 0, limits: { payloadBytesMax: 100 } });
  const later = await connect({ port: port(broker) });
  equal(later.info?.max_payload, 100);
  ok(await answers(connection));
  await Promise.all([connection.close(), later.close()]);
});
