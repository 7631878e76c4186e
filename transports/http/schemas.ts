/** Schemas as resources: the requests of `admin/schema-requests.ts`. */
import { schemaSubjects } from "../admin/schema-requests.ts";
import type { HttpContext } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { addOperations } from "./operations.ts";
import type { HttpRouter } from "./router.ts";

const text: Schema = { type: "string" };
const version: Schema = { type: "integer", minimum: 0, description: "absent: the active one" };
const message: Schema = { type: "string", description: "of protobuf: the message that payloads are; found by itself where it can be" };
const compatibility: Schema = { type: "string", enum: ["none", "backward", "forward", "full"] };
const texts: Schema = { type: "array", items: text };

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: "object", additionalProperties: false, properties, required };
}

const versionSchema: Schema = { type: "object", properties: { version, message, createdUs: { type: "integer" }, createdBy: text } };
const schemaSchema: Schema = {
  type: "object",
  properties: {
    name: text,
    kind: { type: "string", enum: ["avro", "json", "protobuf", "graphql"] },
    description: text,
    compatibility,
    active: { type: "integer" },
    previous: { type: "integer", description: "active before; 0 = none" },
    last: { type: "integer", description: "the newest version's number" },
    versions: { type: "array", items: versionSchema },
    stations: { ...texts, description: "that use it" },
    version: { type: "integer", description: "the one asked for" },
    text: { type: "string", description: "of the version asked for" },
    message,
  },
};

export function addSchemas(router: HttpRouter, context: HttpContext): void {
  const tag = "schemas";
  const kind: Schema = { type: "string", enum: ["avro", "json", "protobuf", "graphql"] };
  const newVersion = object({ text, message }, ["text"]);
  const fits: Schema = { type: "object", properties: { fits: { type: "boolean" }, fault: text } };
  const attached: Schema = { type: "object", properties: { station: text, schema: text, version } };
  addOperations(router, context, [
    {
      method: "GET",
      path: "/v1/schemas",
      subject: schemaSubjects.list,
      tag,
      summary: "List schemas",
      answer: { type: "object", properties: { schemas: { type: "array", items: schemaSchema } } },
    },
    {
      method: "POST",
      path: "/v1/schemas",
      subject: schemaSubjects.create,
      tag,
      summary: "Make a schema; its first version is active at once",
      body: object({ name: text, kind, text, message, description: text, compatibility }, ["name", "kind", "text"]),
      status: 201,
      answer: schemaSchema,
    },
    {
      method: "GET",
      path: "/v1/schemas/:name",
      subject: schemaSubjects.info,
      tag,
      summary: "Look at a schema, with the text of a version",
      query: { version },
      answer: schemaSchema,
    },
    {
      method: "PATCH",
      path: "/v1/schemas/:name",
      subject: schemaSubjects.change,
      tag,
      summary: "Change what is said of a schema",
      body: object({ description: text, compatibility }),
      answer: schemaSchema,
    },
    {
      method: "DELETE",
      path: "/v1/schemas/:name",
      subject: schemaSubjects.delete,
      tag,
      summary: "Delete a schema, or one version; refused while a station uses it",
      query: { version },
      status: 204,
    },
    {
      method: "POST",
      path: "/v1/schemas/:name/versions",
      subject: schemaSubjects.add,
      tag,
      summary: "Add a version, which waits until it is activated",
      body: newVersion,
      status: 201,
      answer: versionSchema,
    },
    {
      method: "POST",
      path: "/v1/schemas/:name/activate",
      subject: schemaSubjects.activate,
      tag,
      summary: "Make a version the one that stations use which name none",
      body: object({ version }, ["version"]),
      answer: schemaSchema,
    },
    {
      method: "POST",
      path: "/v1/schemas/:name/rollback",
      subject: schemaSubjects.rollback,
      tag,
      summary: "Activate the version that was active before",
      answer: schemaSchema,
    },
    {
      method: "POST",
      path: "/v1/schemas/:name/compare",
      subject: schemaSubjects.compare,
      tag,
      summary: "Say what a new text would break, either way",
      query: { version },
      body: newVersion,
      answer: { type: "object", properties: { backward: texts, forward: texts } },
    },
    {
      method: "POST",
      path: "/v1/schemas/:name/test",
      subject: schemaSubjects.test,
      tag,
      summary: "Say whether the body, a payload, fits; nothing is stored",
      query: { version },
      raw: true,
      answer: fits,
    },
    {
      method: "PUT",
      path: "/v1/stations/:name/schema",
      subject: schemaSubjects.attach,
      tag,
      summary: "Attach a schema to a station: from now on only what fits is taken",
      body: object({ schema: text, version }, ["schema"]),
      names: { name: "station" },
      answer: attached,
    },
    {
      method: "DELETE",
      path: "/v1/stations/:name/schema",
      subject: schemaSubjects.detach,
      tag,
      summary: "Detach the schema: anything is taken again",
      names: { name: "station" },
      status: 204,
    },
  ]);
}
