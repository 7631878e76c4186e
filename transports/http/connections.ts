/** `/v1/connections`: who is connected, by every door, and the end of one. */
import type { HttpContext } from "./context.ts";
import { sendJson } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import type { HttpRouter } from "./router.ts";

const listMax = 10_000;

const connectionSchema: Schema = {
  type: "object",
  properties: {
    id: { type: "integer" },
    door: { type: "string", enum: ["nats", "mqtt", "other"] },
    address: { type: "string" },
    user: { type: "string" },
    tenant: { type: "string" },
    pendingBytes: { type: "integer", description: "waiting to be sent to it" },
  },
};

interface Shown {
  readonly door: "nats" | "mqtt";
  readonly address: string;
  readonly pendingBytes: number;
}

export function addConnections(router: HttpRouter, context: HttpContext): void {
  const tag = "operations";
  router.add({
    method: "GET",
    path: "/v1/connections",
    access: { kind: "operator" },
    document: {
      tag,
      summary: "List connections",
      answers: {
        200: {
          description: "at most 10,000 of them, and how many there are",
          content: {
            "application/json": {
              type: "object",
              properties: { total: { type: "integer" }, connections: { type: "array", items: connectionSchema } },
            },
          },
        },
      },
    },
    handle: (call) => {
      const { broker, nats, mqtt } = context.opened;
      const shown = new Map<number, Shown>();
      for (const session of nats.sessions) {
        const { remoteAddress, remotePort } = session.connection;
        shown.set(session.id, { door: "nats", address: `${remoteAddress}:${remotePort}`, pendingBytes: session.pendingBytes });
      }
      for (const { session, connection, outbox } of mqtt.connections) {
        const { remoteAddress, remotePort } = connection;
        if (session === undefined) continue;
        shown.set(session.id, { door: "mqtt", address: `${remoteAddress}:${remotePort}`, pendingBytes: outbox.pending });
      }
      const all = [...broker.attachments()];
      const connections = all.slice(0, listMax).map(({ session, identity }) => ({
        id: session.id,
        ...(shown.get(session.id) ?? { door: "other" }),
        user: identity.user,
        tenant: identity.tenant,
      }));
      sendJson(call, 200, { total: all.length, connections });
    },
  });
  router.add({
    method: "DELETE",
    path: "/v1/connections/:id",
    access: { kind: "operator" },
    document: { tag, summary: "End a connection", answers: { 204: { description: "it is told to go" } } },
    handle: (call) => {
      const id = Number(call.params["id"]);
      for (const { session } of context.opened.broker.attachments()) {
        if (session.id !== id) continue;
        session.close("kicked");
        call.response.send(204, [], "");
        return;
      }
      throw new HttpProblem(404, "Not Found", `there is no connection ${call.params["id"] ?? ""}`);
    },
  });
}
