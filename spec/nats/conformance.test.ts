/** The NATS door against the suite of the transport seam, over every carriage. */
import { connect } from "node:net";
import type { Connection } from "../../transports/carriages/connection.ts";
import { inProcessPair } from "../../transports/carriages/in-process.ts";
import { WebSocket } from "ws";
import { NatsDoor } from "../../transports/nats/door.ts";
import { WebDoor } from "../../transports/web/door.ts";
import { transportConformance } from "../conformance/transport.ts";
import type { TransportHost, TransportUnderTest } from "../conformance/transport.ts";
import { webEngines } from "../support/web-engines.ts";
import { WireClient } from "../support/wire-client.ts";
import type { Wire } from "../support/wire-client.ts";

function newDoor(host: TransportHost): NatsDoor {
  return new NatsDoor({
    broker: host,
    clock: host.clock,
    random: host.random,
    authentication: { anonymous: host.anybody, asksForKeys: false, authenticate: () => Promise.resolve(host.anybody) },
    serverId: "S",
    serverName: "s",
  });
}

transportConformance("NATS over TCP", async (host): Promise<TransportUnderTest> => {
  const door = newDoor(host);
  const { port } = await door.listen({ host: "127.0.0.1", port: 0 });
  return {
    connect: async () => {
      const client = new WireClient();
      const socket = connect({ host: "127.0.0.1", port, noDelay: true });
      socket.on("data", (chunk: Buffer) => client.data(chunk));
      socket.on("close", () => (client.closed = true));
      socket.on("error", () => {});
      client.use(socket);
      await client.roundTrip();
      return client;
    },
    close: () => door.close(),
  };
});

transportConformance("NATS inside the process", (host): Promise<TransportUnderTest> => {
  const door = newDoor(host);
  return Promise.resolve({
    connect: async () => {
      const client = new WireClient();
      const [near, far] = inProcessPair(host.clock, "inside");
      near.start({ data: (chunk) => client.data(chunk), closed: () => void (client.closed = true) });
      door.accept(far);
      client.use(wireOf(near));
      await client.roundTrip();
      return client;
    },
    close: () => door.close(),
  });
});

for (const engine of webEngines) {
  transportConformance(`NATS over WebSocket, by ${engine}`, async (host): Promise<TransportUnderTest> => {
    const door = newDoor(host);
    const web = new WebDoor({
      engine,
      nats: door,
      mqtt: door,
      http: { handle: (_request, _body, response) => response.send(404, [], "") },
      allowedOrigins: [],
      payloadBytesMax: 1 << 20,
      bodyBytesMax: 1 << 20,
      compression: false,
      tls: undefined,
    });
    const { port } = await web.listen({ host: "127.0.0.1", port: 0 });
    return {
      connect: async () => {
        const client = new WireClient();
        const socket = new WebSocket(`ws://127.0.0.1:${port}`);
        socket.on("message", (data: Buffer) => client.data(data));
        socket.on("close", () => (client.closed = true));
        socket.on("error", () => {});
        await new Promise((resolve) => socket.once("open", resolve));
        client.use({
          write: (bytes) => socket.send(bytes),
          pause: () => socket.pause(),
          resume: () => socket.resume(),
          destroy: () => socket.terminate(),
        });
        await client.roundTrip();
        return client;
      },
      close: async () => {
        await Promise.all([door.close(), web.close()]);
        web.destroy();
      },
    };
  });
}

function wireOf(connection: Connection): Wire {
  return {
    write: (bytes) => connection.write(bytes, () => {}),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    destroy: () => connection.destroy(),
  };
}
