import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { connect as connectOfficial } from "@nats-io/transport-node";
import type { Identity } from "../../lib/auth/identity.ts";
import { SecureServer } from "../../transports/carriages/tls.ts";
import type { SecureServerOptions } from "../../transports/carriages/tls.ts";
import type { DoorTls } from "../../transports/nats/session-host.ts";
import {
  authorityCertificate,
  clientCertificate,
  clientKey,
  renewedCertificate,
  renewedKey,
  serverCertificate,
  serverKey,
  strangerCertificate,
  strangerKey,
} from "../support/certificates.ts";
import { anybody, openTestDoor } from "../support/nats-door.ts";
import type { TestDoor } from "../support/nats-door.ts";
import { until } from "../support/until.ts";

const serverOptions: SecureServerOptions = { certificate: serverCertificate, key: serverKey };

/** What a client sees, over plain bytes first and TLS later. */
class SecureClient {
  text = "";
  closed = false;
  socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#listen(socket);
  }

  static open(port: number): Promise<SecureClient> {
    return new Promise((resolve, reject) => {
      const socket = connectTcp({ host: "127.0.0.1", port }, () => resolve(new SecureClient(socket)));
      socket.once("error", reject);
    });
  }

  upgrade(options: ConnectionOptions = {}): Promise<TLSSocket> {
    this.socket.removeAllListeners("data");
    return new Promise((resolve, reject) => {
      const secure = connectTls({ socket: this.socket, host: "localhost", ca: authorityCertificate, ...options }, () => resolve(secure));
      secure.once("error", reject);
      secure.on("close", () => (this.closed = true));
      this.socket = secure;
      this.#listen(secure);
    });
  }

  #listen(socket: Socket): void {
    socket.on("data", (chunk: Buffer) => (this.text += chunk.toString("latin1")));
    socket.on("close", () => (this.closed = true));
    socket.on("error", () => {});
  }
}

const hello = 'CONNECT {"verbose":false,"protocol":0}\r\nPING\r\n';

describe("the NATS door with TLS", () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  async function open(mode: DoorTls["mode"], options: SecureServerOptions = serverOptions): Promise<TestDoor & { server: SecureServer }> {
    const server = new SecureServer(options);
    const door = await openTestDoor({ tls: { server, mode } });
    cleanups.push(() => door.close());
    return { ...door, server };
  }

  async function connect(door: TestDoor): Promise<SecureClient> {
    const client = await SecureClient.open(door.port);
    cleanups.push(() => client.socket.destroy());
    return client;
  }

  it("greets in clear and then speaks TLS on the same socket", async () => {
    const client = await connect(await open("required"));
    await until("INFO", () => client.text.endsWith("\r\n"));
    assert.match(client.text, /"tls_required":true/);
    client.text = "";
    await client.upgrade();
    client.socket.write(hello);
    await until("PONG", () => client.text === "PONG\r\n");
  });

  it("greets only after the handshake when told to handshake first", async () => {
    const client = await connect(await open("first"));
    await client.upgrade();
    await until("INFO", () => client.text.startsWith("INFO ") && client.text.endsWith("\r\n"));
    client.text = "";
    client.socket.write(hello);
    await until("PONG", () => client.text === "PONG\r\n");
  });

  it("takes clients with and without TLS where it is only available", async () => {
    const door = await open("available");
    const plain = await connect(door);
    await until("INFO", () => plain.text.endsWith("\r\n"));
    assert.match(plain.text, /"tls_available":true/);
    plain.text = "";
    plain.socket.write(hello);
    await until("PONG", () => plain.text === "PONG\r\n");
    const secure = await connect(door);
    await until("INFO", () => secure.text.endsWith("\r\n"));
    secure.text = "";
    await secure.upgrade();
    secure.socket.write(hello);
    await until("PONG", () => secure.text === "PONG\r\n");
  });

  it("closes a client that speaks in clear where TLS is required", async () => {
    const client = await connect(await open("required"));
    await until("INFO", () => client.text.endsWith("\r\n"));
    client.text = "";
    client.socket.write(hello);
    await until("the connection to close", () => client.closed);
    assert.doesNotMatch(client.text, /PONG/);
  });

  it("knows a client by its certificate, and refuses strangers", async () => {
    const seen: string[] = [];
    const server = new SecureServer({ ...serverOptions, authorities: authorityCertificate, verifyClients: true });
    const door = await openTestDoor({
      tls: { server, mode: "required" },
      authentication: {
        anonymous: undefined,
        asksForKeys: false,
        authenticate: (credentials): Promise<Identity | undefined> => {
          seen.push(credentials.certificate?.subject ?? "none", ...(credentials.certificate?.alternativeNames ?? []));
          return Promise.resolve(anybody);
        },
      },
    });
    cleanups.push(() => door.close());
    const known = await connect(door);
    await until("INFO", () => known.text.endsWith("\r\n"));
    assert.match(known.text, /"tls_verify":true/);
    known.text = "";
    await known.upgrade({ cert: clientCertificate, key: clientKey });
    known.socket.write(hello);
    await until("PONG", () => known.text === "PONG\r\n");
    assert.deepEqual(seen, ["CN=gateway-7,O=acme", "gateway-7@acme.example", "gateway-7"]);

    const stranger = await connect(door);
    await until("INFO", () => stranger.text.endsWith("\r\n"));
    await stranger.upgrade({ cert: strangerCertificate, key: strangerKey }).catch(() => {});
    stranger.socket.write(hello);
    await until("the stranger to be closed", () => stranger.closed);
    const nobody = await connect(door);
    await until("INFO", () => nobody.text.endsWith("\r\n"));
    await nobody.upgrade().catch(() => {});
    await until("the one without a certificate to be closed", () => nobody.closed);
    assert.equal(seen.length, 3);
  });

  it("shows a renewed certificate to later clients and keeps the earlier ones", async () => {
    const door = await open("required");
    const early = await connect(door);
    await until("INFO", () => early.text.endsWith("\r\n"));
    const before = (await early.upgrade()).getPeerCertificate().subject.O;
    door.server.replace({ certificate: renewedCertificate, key: renewedKey });
    const late = await connect(door);
    await until("INFO", () => late.text.endsWith("\r\n"));
    const after = (await late.upgrade()).getPeerCertificate().subject.O;
    assert.equal(before, undefined);
    assert.equal(after, "renewed");
    early.text = "";
    early.socket.write(hello);
    await until("PONG", () => early.text === "PONG\r\n");
  });

  it("refuses a bad certificate by throwing, and keeps the good one", async () => {
    const door = await open("required");
    assert.throws(() => door.server.replace({ certificate: "nonsense", key: serverKey }));
    const client = await connect(door);
    await until("INFO", () => client.text.endsWith("\r\n"));
    await client.upgrade();
  });

  it("cuts a handshake that takes too long", async () => {
    const client = await connect(await open("required", { ...serverOptions, handshakeTimeoutMs: 50 }));
    await until("the connection to close", () => client.closed);
  });

  it("is understood by the official client, before and after the greeting", async () => {
    for (const mode of ["required", "first", "available"] as const) {
      const door = await open(mode);
      const client = await connectOfficial({
        servers: `localhost:${door.port}`,
        tls: { ca: authorityCertificate, ...(mode === "first" ? { handshakeFirst: true } : {}) },
      });
      const heard = client.subscribe("a");
      client.publish("a", "x".repeat(100_000));
      await client.flush();
      assert.equal(heard.getReceived(), 1);
      await client.close();
    }
  });

  it("carries large messages through TLS", async () => {
    const client = await connect(await open("required"));
    await until("INFO", () => client.text.endsWith("\r\n"));
    await client.upgrade();
    client.text = "";
    const body = "x".repeat(900_000);
    client.socket.write(`CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a ${body.length}\r\n${body}\r\n`);
    const expected = `MSG a 1 ${body.length}\r\n${body}\r\n`;
    await until("the message", () => client.text.length >= expected.length);
    assert.ok(client.text === expected);
  });
});
