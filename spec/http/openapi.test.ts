/**
 * `/v1/openapi.json` held against the truth: it is walked operation by operation, every answer must have a status, a content type and a
 * body that the document describes, and no field that it does not.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { ValidateFunction } from "ajv";
import { serve, temporaryFolder } from "../support/program.ts";
import type { Json } from "./asking.ts";

const operator = { authorization: `Basic ${Buffer.from("op:secret").toString("base64")}` };

/** Fields of an object that names its fields are all it may have; a document that is to be read by people may leave that out. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]));
  return copy["type"] === "object" && copy["properties"] !== undefined ? { additionalProperties: false, ...copy } : copy;
}

class Described {
  /** Operations that answered well. */
  readonly seen: Set<string> = new Set();
  readonly document: Json;
  readonly #url: string;
  readonly #ajv: Ajv2020 = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  readonly #compiled: Map<unknown, ValidateFunction> = new Map();

  constructor(url: string, document: Json) {
    this.#url = url;
    this.document = document;
    // The package's types describe its CommonJS shape.
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addFormat("binary", true);
  }

  get operations(): readonly string[] {
    return Object.entries(this.document["paths"] ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
  }

  /** Asks, and holds the answer against the document. Returns the body. */
  async ask(status: number, method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<string> {
    const at = path.split("?", 1)[0] ?? "";
    const template = this.#template(method, at);
    const operation = this.document["paths"]?.[template]?.[method.toLowerCase()];
    ok(operation !== undefined, `${method} ${at} is described`);
    const response = await fetch(this.#url + path, {
      method,
      headers: { ...operator, ...headers },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(10_000),
    });
    const type = (response.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
    const endless = type === "text/event-stream";
    const text = endless ? "" : await response.text();
    if (endless) await response.body?.cancel();
    const where = `${method} ${path}: ${response.status} ${text.slice(0, 400)}`;
    equal(response.status, status, where);
    const answer = operation["responses"]?.[String(status)] ?? (status >= 400 ? operation["responses"]?.["default"] : undefined);
    ok(answer !== undefined, `a status that is described: ${where}`);
    if (status < 400) this.seen.add(`${method} ${template}`);
    if (text === "" && !endless) return text;
    const described = answer["content"]?.[type];
    ok(described !== undefined, `a content type that is described, unlike ${type}: ${where}`);
    if (type.endsWith("json") && !type.includes("ndjson")) this.#check(described["schema"], JSON.parse(text), where);
    return text;
  }

  compileAll(): number {
    const walk = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      for (const [name, inner] of Object.entries(value)) {
        if (name === "schema") this.#validator(inner);
        else walk(inner);
      }
    };
    walk(this.document["paths"]);
    return this.#compiled.size;
  }

  #check(schema: unknown, value: unknown, where: string): void {
    const validate = this.#validator(schema);
    ok(
      validate(value),
      `${where}\n${this.#ajv.errorsText(validate.errors)} ${JSON.stringify(validate.errors?.map(({ params }) => params))}`,
    );
  }

  #validator(schema: unknown): ValidateFunction {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      const problem = this.document["components"]?.["schemas"]?.["Problem"];
      const refers = typeof schema === "object" && schema !== null && "$ref" in schema;
      // A problem may tell more than every problem does.
      validate = this.#ajv.compile((refers ? problem : strict(schema)) as object);
      this.#compiled.set(schema, validate);
    }
    return validate;
  }

  #template(method: string, path: string): string {
    const given = path.split("/");
    const fits = (template: string): boolean => {
      const wanted = template.split("/");
      return wanted.length === given.length && wanted.every((segment, index) => segment.startsWith("{") || segment === given[index]);
    };
    const all = Object.entries(this.document["paths"] ?? {}).filter(
      ([template, methods]) => fits(template) && method.toLowerCase() in methods,
    );
    return (all.find(([template]) => !template.includes("{")) ?? all[0])?.[0] ?? "";
  }
}

test("every operation of the document is there and answers as described, down to each field", async (t) => {
  const { addresses } = await serve(t, await temporaryFolder(t), ["--web-port", "0", "--user", "op", "--pass", "secret"]);
  const url = addresses.web?.url ?? "";
  const document = (await (await fetch(`${url}/v1/openapi.json`, { headers: operator })).json()) as Json;
  const described = new Described(url, document);
  const ids = described.operations.map((operation) => {
    const [method = "", path = ""] = operation.split(" ");
    return document["paths"]?.[path]?.[method.toLowerCase()]?.["operationId"];
  });
  equal(new Set(ids).size, ids.length, "operationIds are unique");
  ok(described.compileAll() > 50);
  const faults: string[] = [];
  for (const [status, method, path, body, headers] of steps) {
    await described.ask(status, method, path, body, headers).catch((error: Error) => faults.push(error.message));
  }
  deepEqual(faults, []);
  const connections = JSON.parse(await described.ask(200, "GET", "/v1/connections")) as { connections: { id: number }[] };
  deepEqual(connections.connections, []);
  const left = described.operations.filter((operation) => !described.seen.has(operation));
  deepEqual(left, ["DELETE /v1/connections/{id}"], "what only a connection can show is elsewhere");
});

type Step = readonly [status: number, method: string, path: string, body?: string | undefined, headers?: Record<string, string>];

const steps: readonly Step[] = [
  ...["/", "/client.js", "/healthz", "/readyz", "/metrics", "/varz", "/connz?auth=1&subs=1", "/subsz?subs=1"].map((path): Step => [
    200,
    "GET",
    path,
  ]),
  ...["/jsz?config=1&consumers=1&accounts=1", "/accountz", "/accstatz?unused=1", "/routez", "/gatewayz", "/leafz"].map((path): Step => [
    200,
    "GET",
    path,
  ]),
  [200, "GET", "/v1/openapi.json"],
  [201, "POST", "/v1/stations", '{"name":"S","subjects":["s.*"],"tags":["a"],"metadata":{"a":"b"}}'],
  [200, "POST", "/v1/stations", '{"name":"S","subjects":["s.*"],"tags":["a"],"metadata":{"a":"b"}}'],
  [409, "POST", "/v1/stations", '{"name":"T","subjects":["s.>"]}'],
  [422, "POST", "/v1/stations", '{"nam":"T"}'],
  [201, "POST", "/v1/stations", '{"name":"MANY","subjects":["many.*"],"partitions":3}'],
  [201, "POST", "/v1/stations", '{"name":"COPY","sources":[{"origin":"S"}]}'],
  [200, "GET", "/v1/stations"],
  [200, "GET", "/v1/stations/S"],
  [200, "GET", "/v1/stations/MANY"],
  [200, "GET", "/v1/stations/COPY"],
  [404, "GET", "/v1/stations/NONE"],
  [200, "PATCH", "/v1/stations/S", '{"description":"changed"}'],
  [201, "POST", "/v1/stations/S/messages?subject=s.a&key=k&id=1", "text", { "waystation-header-colour": "red" }],
  [200, "POST", "/v1/stations/S/messages?subject=s.a&key=k&id=1", "text"],
  [201, "POST", "/v1/stations/S/messages?subject=s.b&encoding=base64", "/w=="],
  [201, "POST", "/v1/stations/MANY/messages?subject=many.a", "text"],
  [200, "POST", "/v1/stations/S/messages", '{"subject":"s.n","json":{"a":1}}\n', { "content-type": "application/x-ndjson" }],
  [207, "POST", "/v1/stations/S/messages?many=true", '[{"subject":"s.n","text":"1"},{"subject":"other"}]'],
  [412, "POST", "/v1/stations/S/messages?subject=s.a", "x", { "waystation-expected-last-sequence": "99" }],
  [422, "POST", "/v1/stations/S/messages?many=true", '[{"subject":"other"}]'],
  [200, "GET", "/v1/stations/S/messages?from=1&limit=2"],
  [200, "GET", "/v1/stations/S/messages", undefined, { accept: "application/x-ndjson" }],
  [200, "GET", "/v1/stations/S/messages/1"],
  [200, "GET", "/v1/stations/S/messages/1", undefined, { accept: "application/octet-stream" }],
  [200, "GET", "/v1/stations/S/subjects"],
  [200, "GET", "/v1/stations/S/tail?from=1"],
  [200, "GET", "/v1/subscribe?filter=a.*"],
  [202, "POST", "/v1/publish/a.b", "x"],
  [201, "POST", "/v1/stations/S/groups", '{"name":"g","filters":["s.*"]}'],
  [200, "POST", "/v1/stations/S/groups", '{"name":"g","filters":["s.*"]}'],
  [201, "POST", "/v1/stations/S/groups", '{"name":"keyed","mode":"keyed","memberTimeoutMs":60000}'],
  [409, "POST", "/v1/stations/S/groups", '{"name":"g"}'],
  [200, "GET", "/v1/stations/S/groups"],
  [200, "GET", "/v1/stations/S/groups/g"],
  [200, "PATCH", "/v1/stations/S/groups/g", '{"description":"changed"}'],
  [200, "POST", "/v1/stations/S/groups/g/fetch?batch=10&expires=0"],
  [200, "POST", "/v1/stations/S/groups/keyed/fetch?batch=10&expires=0&member=m"],
  [200, "GET", "/v1/stations/S/groups/keyed"],
  [200, "POST", "/v1/stations/S/groups/g/progress", '{"sequences":[1]}'],
  [200, "POST", "/v1/stations/S/groups/g/ack", '{"sequences":[1,999]}'],
  [200, "POST", "/v1/stations/S/groups/g/nak", '{"sequences":[2],"delayMs":60000}'],
  [200, "POST", "/v1/stations/S/groups/g/term", '{"sequences":[3],"reason":"no use"}'],
  [204, "DELETE", "/v1/stations/S/groups/keyed/members/m"],
  [200, "POST", "/v1/stations/S/groups/g/seek", '{"sequence":1}'],
  [204, "DELETE", "/v1/stations/S/groups/g"],
  [201, "POST", "/v1/routes", '{"name":"r","from":"s.*","where":"msg.a > 0","to":"big.$1"}'],
  [200, "GET", "/v1/routes"],
  [200, "GET", "/v1/routes/r"],
  [200, "PATCH", "/v1/routes/r", '{"enabled":false}'],
  [200, "POST", "/v1/routes/test", '{"name":"r","all":true}'],
  [204, "DELETE", "/v1/routes/r"],
  [201, "POST", "/v1/schemas", '{"name":"n","kind":"json","text":"{\\"type\\":\\"object\\"}"}'],
  [409, "POST", "/v1/schemas", '{"name":"n","kind":"json","text":"{}"}'],
  [422, "POST", "/v1/schemas", '{"name":"m","kind":"json","text":"nonsense"}'],
  [201, "POST", "/v1/schemas/n/versions", '{"text":"{}"}'],
  [200, "POST", "/v1/schemas/n/compare", '{"text":"{\\"type\\":\\"string\\"}"}'],
  [200, "POST", "/v1/schemas/n/test?version=1", "text"],
  [200, "POST", "/v1/schemas/n/activate", '{"version":2}'],
  [200, "POST", "/v1/schemas/n/rollback"],
  [200, "PATCH", "/v1/schemas/n", '{"compatibility":"backward"}'],
  [200, "PUT", "/v1/stations/MANY/schema", '{"schema":"n"}'],
  [409, "DELETE", "/v1/schemas/n"],
  [200, "GET", "/v1/schemas"],
  [200, "GET", "/v1/schemas/n"],
  [204, "DELETE", "/v1/stations/MANY/schema"],
  [204, "DELETE", "/v1/schemas/n"],
  [200, "GET", "/v1/users"],
  [201, "POST", "/v1/users", '{"user":"u","password":"one","permissions":{"publish":["a"],"subscribe":["b"]}}'],
  [409, "POST", "/v1/users", '{"user":"u","password":"one"}'],
  [200, "PUT", "/v1/users/u", '{"password":"two"}'],
  [200, "GET", "/v1/users"],
  [204, "DELETE", "/v1/users/u"],
  [201, "POST", "/v1/tenants", '{"tenant":"T"}'],
  [200, "PUT", "/v1/tenants/T", '{"limits":{"connectionsMax":10}}'],
  [200, "GET", "/v1/tenants"],
  [204, "DELETE", "/v1/tenants/T"],
  [200, "GET", "/v1/settings"],
  [200, "POST", "/v1/reload"],
  [204, "DELETE", "/v1/stations/S/messages/1"],
  [200, "POST", "/v1/stations/S/purge", "{}"],
  [204, "DELETE", "/v1/stations/COPY"],
];
