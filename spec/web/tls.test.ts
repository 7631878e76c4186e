/** The web door with TLS: HTTPS and secure WebSockets on both engines, and client certificates where they must be shown. */
import { equal, ok, rejects } from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import type { ClientOptions } from "ws";
import { createBroker } from "../../transports/index.ts";
import {
  authorityCertificate,
  clientCertificate,
  clientKey,
  serverCertificate,
  serverKey,
  strangerCertificate,
  strangerKey,
} from "../support/certificates.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import { webEngines } from "../support/web-engines.ts";

let folder = "";
const file = (name: string): string => join(folder, name);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "waystation-web-tls-"));
  await writeFile(file("cert.pem"), serverCertificate);
  await writeFile(file("key.pem"), serverKey);
  await writeFile(file("ca.pem"), authorityCertificate);
});

after(() => rm(folder, { recursive: true, force: true }));

type Shown = Pick<ClientOptions, "cert" | "key">;

function get(url: string, shown: Shown = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ca: authorityCertificate, agent: false, ...shown }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** What a WebSocket is greeted with. */
function greeted(url: string, shown: Shown = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace("https:", "wss:"), { ca: authorityCertificate, ...shown });
    socket.on("error", reject);
    socket.on("message", (data: Buffer) => {
      resolve(data.toString());
      socket.terminate();
    });
  });
}

for (const engine of webEngines) {
  describe(`TLS at the web door, on ${engine}`, () => {
    test("carries HTTP and WebSockets, and nothing in clear", async () => {
      const webTls = { certificateFile: file("cert.pem"), keyFile: file("key.pem"), passphrase: undefined };
      await using broker = await openSpecBroker({ webEngine: engine, webTls });
      ok(broker.webUrl.startsWith("https://"));
      equal(await get(`${broker.webUrl}/healthz`), 200);
      ok((await greeted(broker.webUrl)).startsWith("INFO "));
      await rejects(fetch(broker.webUrl.replace("https:", "http:")));
    });
  });
}

test("where client certificates must be shown, the web door asks for them too", async () => {
  const tls = { cert: file("cert.pem"), key: file("key.pem"), ca: file("ca.pem"), verify: true };
  await using broker = await createBroker({ webPort: 0, tls });
  const url = broker.addresses.web?.url ?? "";
  const known = { cert: clientCertificate, key: clientKey };
  equal(await get(`${url}/healthz`, known), 200);
  ok((await greeted(url, known)).startsWith("INFO "));
  const stranger = { cert: strangerCertificate, key: strangerKey };
  for (const shown of [{}, stranger]) {
    await rejects(get(`${url}/healthz`, shown));
    await rejects(greeted(url, shown));
  }
});

test("where a certificate says which user it is, it does so by HTTP as well", async () => {
  const tls = { cert: file("cert.pem"), key: file("key.pem"), ca: file("ca.pem"), map: true };
  await using broker = await createBroker({ webPort: 0, tls, users: [{ user: "gateway-7@acme.example", certificate: true }] });
  const url = broker.addresses.web?.url ?? "";
  equal(await get(`${url}/v1/stations`, { cert: clientCertificate, key: clientKey }), 200);
});
