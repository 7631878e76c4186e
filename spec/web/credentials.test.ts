/** Who a WebSocket is that shows it in its handshake: a header, or a cookie that the configuration names; what the client itself says comes first. */
import { equal, rejects } from "node:assert/strict";
import { describe, test } from "node:test";
import mqtt from "mqtt";
import type { Identity } from "../../lib/auth/identity.ts";
import type { Authentication } from "../../transports/nats/authentication.ts";
import { openSpecBroker } from "../support/open-broker.ts";
import { until } from "../support/until.ts";
import { webEngines } from "../support/web-engines.ts";
import { clientFrame, RawSocket } from "./raw-socket.ts";

const ann: Identity = { user: "ann", tenant: "$G", permissions: undefined, expiresMs: undefined };
const bob: Identity = { ...ann, user: "bob" };
const authentication: Authentication = {
  anonymous: undefined,
  asksForKeys: false,
  authenticate: ({ user, password, token }) =>
    Promise.resolve(user === "ann" && password === "secret" ? ann : token === "t0ken" ? bob : undefined),
};
const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

for (const engine of webEngines) {
  describe(`the credentials of a WebSocket on ${engine}`, () => {
    test("are those of a header, of a cookie that is named, or of the client itself, and nothing in the address", async () => {
      const webCookies = { user: "wu", password: "wp", token: "session" };
      await using broker = await openSpecBroker({ webEngine: engine, authentication, webCookies });
      const port = Number(new URL(broker.webUrl).port);
      const who = async (headers: Record<string, string>, options = "{}", path = "/"): Promise<string> => {
        const raw = await RawSocket.open(port, headers, path);
        raw.send(clientFrame(Buffer.from(`CONNECT ${options}\r\nPING\r\n`)));
        await until("an answer", () => raw.text().includes("PONG") || raw.closeCode > 0);
        const [session] = broker.opened.nats.sessions;
        const user = raw.closeCode > 0 ? String(raw.closeCode) : (session?.identity?.user ?? "");
        raw.destroy();
        await until("it to be gone", () => broker.opened.nats.sessions.size === 0);
        return user;
      };
      equal(await who({ Authorization: basic("ann", "secret") }), "ann");
      equal(await who({ Authorization: "Bearer t0ken" }), "bob");
      equal(await who({ Cookie: "other=1; session=t0ken" }), "bob");
      equal(await who({ Cookie: 'wu=ann; wp="secret"' }), "ann");
      equal(await who({ Cookie: "session=wrong" }), "1008");
      equal(await who({ Cookie: "token=t0ken" }), "1008");
      equal(await who({ Authorization: basic("ann", "wrong") }), "1008");
      equal(await who({ Authorization: "Bearer t0ken" }, '{"user":"ann","pass":"secret"}'), "ann");
      equal(await who({ Authorization: "Bearer t0ken" }, '{"user":"ann","pass":"wrong"}'), "1008");
      equal(await who({}, "{}", "/?token=t0ken"), "1008");
      equal(await who({ Authorization: "Bearer t0ken" }, "{}", "/any/path/at/all"), "bob");
    });

    test("let an MQTT client in that shows none itself", async () => {
      await using broker = await openSpecBroker({ webEngine: engine, authentication });
      const url = broker.webUrl.replace("http", "ws");
      const device = await mqtt.connectAsync(url, { wsOptions: { headers: { authorization: "Bearer t0ken" } }, reconnectPeriod: 0 });
      const [connection] = broker.opened.mqtt.connections;
      equal(connection?.session?.attachment?.identity.user, "bob");
      await device.endAsync();
      await rejects(mqtt.connectAsync(url, { reconnectPeriod: 0 }));
    });
  });
}
