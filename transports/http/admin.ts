/**
 * Users, tenants and settings as resources, for operators: the same requests that clients make on `$WAYSTATION.…`, handed over without
 * a detour over a subject, because others might listen there.
 */
import { defaultTenant, operatorOf } from "../../lib/auth/identity.ts";
import { BrokerError } from "../../lib/errors.ts";
import { settingsOf } from "../admin/operations.ts";
import { reloadSubject } from "../admin/reload-request.ts";
import { adminSubjects } from "../admin/user-requests.ts";
import type { HttpContext } from "./context.ts";
import { jsonBody, sendJson } from "./context.ts";
import { isObject } from "./json-schema.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import { problemOfCode } from "./refusals.ts";
import type { HttpCall, HttpRouter, Route } from "./router.ts";

const tag = "operations";
const document: Schema = { type: "object" };
const json: Readonly<Record<string, Schema>> = { "application/json": document };

const userSchema: Schema = {
  type: "object",
  description: "as in the configuration file",
  properties: {
    user: { type: "string" },
    password: { type: "string", description: "in clear, kept as a hash; or a hash" },
    token: { type: "string" },
    nkey: { type: "string" },
    tenant: { type: "string" },
    permissions: { type: "object" },
    expires: { type: "string", format: "date-time" },
  },
};

const tenantSchema: Schema = {
  type: "object",
  properties: { tenant: { type: "string" }, limits: { type: "object", description: "as in the configuration file" } },
};

export function addAdmin(router: HttpRouter, context: HttpContext): void {
  resources(router, context, {
    path: "/v1/users",
    one: "user",
    schema: userSchema,
    list: adminSubjects.userList,
    add: adminSubjects.userAdd,
    change: adminSubjects.userChange,
    remove: adminSubjects.userDelete,
  });
  resources(router, context, {
    path: "/v1/tenants",
    one: "tenant",
    schema: tenantSchema,
    list: adminSubjects.tenantList,
    add: adminSubjects.tenantAdd,
    change: adminSubjects.tenantChange,
    remove: adminSubjects.tenantDelete,
  });
  router.add({
    method: "GET",
    path: "/v1/settings",
    access: { kind: "operator" },
    document: { tag, summary: "The limits and doors in force", answers: { 200: { description: "the settings", content: json } } },
    handle: (call) => {
      sendJson(call, 200, settingsOf(context.opened));
    },
  });
  router.add({
    method: "POST",
    path: "/v1/reload",
    access: { kind: "operator" },
    document: {
      tag,
      summary: "Read the configuration again",
      answers: { 200: { description: "taken over; `restart` names the options that wait for one", content: json } },
    },
    handle: async (call) => {
      const answer = await request(context, reloadSubject, {});
      if (answer["reloaded"] !== true) throw new HttpProblem(409, "Conflict", String(answer["error"]));
      sendJson(call, 200, answer);
    },
  });
}

interface Resources {
  readonly path: string;
  /** What one is called: the field of its name. */
  readonly one: string;
  readonly schema: Schema;
  readonly list: string;
  readonly add: string;
  readonly change: string;
  readonly remove: string;
}

function resources(router: HttpRouter, context: HttpContext, { path, one, schema, list, add, change, remove }: Resources): void {
  const body = { "application/json": schema };
  const route = (method: Route["method"], at: string, summary: string, status: number, handle: (call: HttpCall) => Promise<void>): void =>
    router.add({
      method,
      path: at,
      access: { kind: "operator" },
      document: {
        tag,
        summary,
        ...(method === "POST" || method === "PUT" ? { body } : {}),
        answers: { [status]: status === 204 ? { description: "it is gone, durably" } : { description: "done, durably", content: json } },
      },
      handle,
    });
  route("GET", path, `List ${one}s`, 200, async (call) => sendJson(call, 200, await request(context, list, {})));
  route("POST", path, `Add a ${one}`, 201, async (call) => sendJson(call, 201, await request(context, add, jsonBody(call, schema))));
  route("PUT", `${path}/:${one}`, `Change a ${one} that was added`, 200, async (call) => {
    sendJson(call, 200, await request(context, change, { ...jsonBody(call, schema), [one]: call.params[one] }));
  });
  route("DELETE", `${path}/:${one}`, `Delete a ${one}`, 204, async (call) => {
    await request(context, remove, { [one]: call.params[one] });
    call.response.send(204, [], "");
  });
}

async function request(context: HttpContext, subject: string, body: object): Promise<Record<string, unknown>> {
  const handler = context.opened.tenants.get(defaultTenant)?.requests.get(subject);
  if (handler === undefined)
    throw new HttpProblem(501, "Not Implemented", "this broker is part of another program, which sees to users and settings itself");
  try {
    const answer: unknown = await handler(body, operatorOf(defaultTenant));
    return isObject(answer) ? answer : {};
  } catch (error) {
    if (error instanceof BrokerError) throw problemOfCode(error.code, error.message);
    throw error;
  }
}
