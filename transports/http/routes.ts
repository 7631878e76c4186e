/** Routes as resources: the requests that clients make on `$WAYSTATION.ROUTE.…`, under the same permissions. */
import { routeSubjects } from "../admin/route-requests.ts";
import type { HttpContext } from "./context.ts";
import { jsonBody, sendJson } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import type { HttpCall, HttpRouter, Route } from "./router.ts";

const tag = "routes";
const fields: Readonly<Record<string, Schema>> = {
  name: { type: "string" },
  description: { type: "string" },
  from: { type: "string", description: "filter of the subjects it looks at" },
  where: { type: "string", description: "condition on subject, headers, msg, key and time; default: everything" },
  to: { type: "string", description: "template of the subject it sends to: text, $1, {{wildcard(1)}}, {{header(name)}}, {{msg.field}}" },
  enabled: { type: "boolean" },
};
const { name: _, ...changeable } = fields;
const createSchema: Schema = { type: "object", additionalProperties: false, properties: fields, required: ["name", "from", "to"] };
const changeSchema: Schema = { type: "object", additionalProperties: false, properties: changeable };
const testSchema: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    ...fields,
    name: { type: "string", description: "a route that is there; other fields stand in place of its own" },
    station: { type: "string", description: "default: all that store such subjects" },
    last: { type: "integer", minimum: 1, maximum: 10_000, default: 100 },
    all: { type: "boolean", description: "show also those that do not match" },
  },
};
const routeSchema: Schema = {
  type: "object",
  properties: {
    ...fields,
    owner: { type: "string", description: "whose permissions it has" },
    createdUs: { type: "integer", description: "microseconds since the epoch" },
    matched: { type: "integer" },
    copied: { type: "integer" },
    missing: { type: "integer", description: "not told: a field was missing" },
    failed: { type: "integer", description: "not told for another reason" },
    refused: { type: "integer", description: "copies that a target refused, each time" },
    lost: { type: "integer", description: "given up" },
    stations: { type: "array", items: { type: "object" } },
  },
};

export function addRoutes(router: HttpRouter, context: HttpContext): void {
  const json = (schema: Schema): Record<string, Schema> => ({ "application/json": schema });
  const add = (
    method: Route["method"],
    path: string,
    subject: string,
    document: Pick<Route["document"], "summary" | "answers" | "body">,
    handle: (call: HttpCall) => Promise<void>,
  ): void => router.add({ method, path, access: { kind: "request", subject: () => subject }, document: { tag, ...document }, handle });
  const one = { 200: { description: "the route", content: json(routeSchema) } };
  const named = ({ params }: HttpCall): object => ({ name: params["route"] ?? "" });

  add(
    "GET",
    "/v1/routes",
    routeSubjects.list,
    {
      summary: "List the routes by name",
      answers: {
        200: {
          description: "the routes",
          content: json({ type: "object", properties: { routes: { type: "array", items: routeSchema } } }),
        },
      },
    },
    async (call) => sendJson(call, 200, await ask(context, call, routeSubjects.list, {})),
  );
  add(
    "POST",
    "/v1/routes",
    routeSubjects.add,
    {
      summary: "Create a route: messages of `from` for which `where` holds are copied to the subject `to`",
      body: json(createSchema),
      answers: { 201: { description: "it is in force, durably", content: json(routeSchema) } },
    },
    async (call) => sendJson(call, 201, await ask(context, call, routeSubjects.add, jsonBody(call, createSchema))),
  );
  add(
    "POST",
    "/v1/routes/test",
    routeSubjects.test,
    {
      summary: "Try a route on the last messages, without sending anything",
      body: json(testSchema),
      answers: {
        200: { description: "which match, where they would go, and why others could not be told", content: json({ type: "object" }) },
      },
    },
    async (call) => sendJson(call, 200, await ask(context, call, routeSubjects.test, jsonBody(call, testSchema))),
  );
  add("GET", "/v1/routes/:route", routeSubjects.info, { summary: "Look at a route", answers: one }, async (call) =>
    sendJson(call, 200, await ask(context, call, routeSubjects.info, named(call))),
  );
  add(
    "PATCH",
    "/v1/routes/:route",
    routeSubjects.change,
    { summary: "Change the fields that are given; `enabled` switches it on and off", body: json(changeSchema), answers: one },
    async (call) =>
      sendJson(call, 200, await ask(context, call, routeSubjects.change, { ...jsonBody(call, changeSchema), ...named(call) })),
  );
  add(
    "DELETE",
    "/v1/routes/:route",
    routeSubjects.delete,
    { summary: "Delete a route", answers: { 204: { description: "it is gone, durably" } } },
    async (call) => {
      await ask(context, call, routeSubjects.delete, named(call));
      call.response.send(204, [], "");
    },
  );
}

async function ask(context: HttpContext, call: HttpCall, subject: string, body: object): Promise<unknown> {
  const handler = context.tenant(call).requests.get(subject);
  if (handler === undefined) throw new HttpProblem(501, "Not Implemented", "this broker has no routes");
  return await handler(body, call.identity);
}
