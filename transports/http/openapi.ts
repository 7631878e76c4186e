/** `/v1/openapi.json`: what the route table says of itself, as OpenAPI 3.1. Made when first asked for. */
import type { Schema } from "./json-schema.ts";
import type { Access, HttpRouter, Route } from "./router.ts";

export function addOpenApi(router: HttpRouter, version: string): void {
  let text: string | undefined;
  router.add({
    method: "GET",
    path: "/v1/openapi.json",
    access: { kind: "user" },
    document: {
      tag: "about",
      summary: "This document",
      answers: { 200: { description: "OpenAPI 3.1", content: { "application/json": { type: "object" } } } },
    },
    handle: ({ response }) => {
      text ??= `${JSON.stringify(openApiDocument(router.routes, version), undefined, 1)}\n`;
      response.send(200, [["content-type", "application/json"]], text);
    },
  });
}

const problemSchema: Schema = {
  type: "object",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "what is wrong, and what to do" },
    code: { type: "string", description: "the core's word for it" },
  },
  required: ["type", "title", "status", "detail"],
};

export function openApiDocument(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of [...routes].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const path = route.path.replaceAll(/:([a-z]+)/gi, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Waystation", version, description: "Stations, groups and live messages by HTTP. Errors are problem+json (RFC 9457)." },
    servers: [{ url: "/" }],
    security: [{ basic: [] }, { bearer: [] }, {}],
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: { basic: { type: "http", scheme: "basic" }, bearer: { type: "http", scheme: "bearer" } },
    },
  };
}

function operation(route: Route): object {
  const { document, access, path, method } = route;
  const names = [...path.matchAll(/:([a-z]+)/gi)].map((match) => match[1] ?? "");
  const parameters = [
    ...names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...Object.entries(document.query ?? {}).map(([name, schema]) => ({ name, in: "query", schema })),
    ...Object.entries(document.headers ?? {}).map(([name, schema]) => ({ name, in: "header", schema })),
  ];
  const answers = Object.entries(document.answers).map(([status, { description, content }]) => [
    status,
    { description, ...(content === undefined ? {} : { content: contents(content) }) },
  ]);
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^a-z0-9]+([a-z0-9])?/gi, (_, letter: string | undefined) => (letter ?? "").toUpperCase())}`,
    tags: [document.tag],
    summary: document.summary,
    description: permission(access),
    ...(access.kind === "open" ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(document.body === undefined ? {} : { requestBody: { content: contents(document.body) } }),
    responses: {
      ...Object.fromEntries(answers),
      default: {
        description: "it did not happen",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function contents(schemas: Readonly<Record<string, Schema>>): object {
  return Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }]));
}

function permission(access: Access): string {
  switch (access.kind) {
    case "open":
      return "Open to everybody.";
    case "user":
      return "Needs the permission to publish or subscribe to what is asked for.";
    case "operator":
      return "Needs an unrestricted user of the default tenant.";
    case "request":
      return `Needs the permission to publish to \`${access.subject({ name: "STATION", group: "GROUP" })}\`.`;
  }
}
