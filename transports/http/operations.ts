/**
 * Operations that clients ask for by subject, offered as resources too: the same handler, the same permission, and the request's JSON made
 * of the path, the query and the body.
 */
import type { HttpContext } from "./context.ts";
import { jsonBody, sendJson } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import type { HttpCall, HttpRouter, Route } from "./router.ts";

export interface Operation {
  readonly method: Route["method"];
  readonly path: string;
  /** Of the request. */
  readonly subject: string;
  readonly tag: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, Schema>>;
  readonly body?: Schema;
  /** The body is a payload: it goes into the request as `base64`. */
  readonly raw?: boolean;
  /** What the path's segments are called in the request, where they are called otherwise. */
  readonly names?: Readonly<Record<string, string>>;
  /** Of success; default 200. 204 has no body. */
  readonly status?: number;
  readonly answer?: Schema;
}

export function addOperations(router: HttpRouter, context: HttpContext, operations: readonly Operation[]): void {
  for (const operation of operations) {
    const { method, path, subject, tag, summary, query, body, raw = false, status = 200, answer } = operation;
    const content = answer === undefined ? {} : { content: { "application/json": answer } };
    const bodies = raw
      ? { "application/octet-stream": { type: "string", format: "binary" } as const }
      : body && { "application/json": body };
    router.add({
      method,
      path,
      access: { kind: "request", subject: () => subject },
      document: {
        tag,
        summary,
        ...(query === undefined ? {} : { query }),
        ...(bodies === undefined ? {} : { body: bodies }),
        answers: { [status]: { description: "done", ...content } },
      },
      handle: async (call) => {
        const result = await handler(context, call, subject)(requestOf(call, operation), call.identity);
        if (status === 204) call.response.send(204, [], "");
        else sendJson(call, status, result);
      },
    });
  }
}

function handler(context: HttpContext, call: HttpCall, subject: string): (body: unknown, asker: HttpCall["identity"]) => unknown {
  const found = context.tenant(call).requests.get(subject);
  if (found === undefined) throw new HttpProblem(501, "Not Implemented", `${subject} is not understood here`);
  return found;
}

function requestOf(call: HttpCall, { query = {}, body, raw, names = {} }: Operation): Record<string, unknown> {
  const request: Record<string, unknown> = raw === true ? { base64: call.body.toString("base64") } : jsonBody(call, body ?? {});
  for (const name of Object.keys(query)) {
    const value = call.query.get(name);
    if (value !== null) request[name] = value;
  }
  for (const [segment, value] of Object.entries(call.params)) request[names[segment] ?? segment] = value;
  return request;
}
