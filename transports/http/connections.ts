/** `/v1/connections`: who is connected, by every door, and the end of one. */
import { endConnection, listConnections } from "../admin/operations.ts";
import type { HttpContext } from "./context.ts";
import { sendJson } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import type { HttpRouter } from "./router.ts";

const connectionSchema: Schema = {
  type: "object",
  properties: {
    id: { type: "integer" },
    door: { type: "string", enum: ["nats", "websocket", "mqtt", "other"] },
    address: { type: "string" },
    user: { type: "string" },
    tenant: { type: "string" },
    name: { type: "string" },
    subscriptions: { type: "integer" },
    messagesIn: { type: "integer" },
    messagesOut: { type: "integer" },
    pendingBytes: { type: "integer", description: "waiting to be sent to it" },
  },
};

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
      sendJson(call, 200, listConnections(context.opened));
    },
  });
  router.add({
    method: "DELETE",
    path: "/v1/connections/:id",
    access: { kind: "operator" },
    document: { tag, summary: "End a connection", answers: { 204: { description: "it is told to go" } } },
    handle: (call) => {
      const id = Number(call.params["id"]);
      if (!Number.isSafeInteger(id)) throw new HttpProblem(404, "Not Found", `there is no connection ${call.params["id"] ?? ""}`);
      endConnection(context.opened, id);
      call.response.send(204, [], "");
    },
  });
}
