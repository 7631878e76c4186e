/**
 * The part of JSON Schema that the HTTP interface describes itself with, and the check of a document against it: one table of fields
 * is both what is accepted and what `/v1/openapi.json` says.
 */
export interface Schema {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly format?: "date-time" | "binary" | "byte";
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: string | number | boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** Of an object: false = no other fields; a schema = what they hold. Absent = anything. */
  readonly additionalProperties?: false | Schema;
  readonly items?: Schema;
  readonly maxItems?: number;
}

/** What is wrong with a value, as one sentence that names the place; undefined when it fits. */
export function schemaProblem(schema: Schema, value: unknown, path: string): string | undefined {
  const at = path === "" ? "the body" : `'${path}'`;
  switch (schema.type) {
    case undefined:
      return undefined;
    case "string":
      if (typeof value !== "string") return `${at} is to be a string`;
      if (schema.enum !== undefined && !schema.enum.includes(value)) return `${at} is to be one of ${schema.enum.join(", ")}`;
      return undefined;
    case "boolean":
      return typeof value === "boolean" ? undefined : `${at} is to be true or false`;
    case "integer":
    case "number":
      return numberProblem(schema, value, at);
    case "array":
      return arrayProblem(schema, value, path, at);
    case "object":
      return objectProblem(schema, value, path, at);
  }
}

function numberProblem(schema: Schema, value: unknown, at: string): string | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return `${at} is to be a number`;
  if (schema.type === "integer" && !Number.isSafeInteger(value)) return `${at} is to be a whole number`;
  if (schema.minimum !== undefined && value < schema.minimum) return `${at} is to be at least ${schema.minimum}`;
  if (schema.maximum !== undefined && value > schema.maximum) return `${at} is to be at most ${schema.maximum}`;
  return undefined;
}

function arrayProblem(schema: Schema, value: unknown, path: string, at: string): string | undefined {
  if (!Array.isArray(value)) return `${at} is to be a list`;
  if (schema.maxItems !== undefined && value.length > schema.maxItems) return `${at} is to have at most ${schema.maxItems} entries`;
  if (schema.items === undefined) return undefined;
  for (const [index, item] of (value as unknown[]).entries()) {
    const problem = schemaProblem(schema.items, item, `${path}[${index}]`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function objectProblem(schema: Schema, value: unknown, path: string, at: string): string | undefined {
  if (!isObject(value)) return `${at} is to be an object`;
  for (const name of schema.required ?? []) {
    if (value[name] === undefined) return `${at} is to have '${name}'`;
  }
  for (const [name, field] of Object.entries(value)) {
    const known = schema.properties?.[name];
    const inner = path === "" ? name : `${path}.${name}`;
    if (known === undefined && schema.additionalProperties === false) {
      return `'${inner}' is not known here; known are ${Object.keys(schema.properties ?? {}).join(", ")}`;
    }
    const wanted = known ?? (schema.additionalProperties === false ? undefined : schema.additionalProperties);
    const problem = wanted === undefined ? undefined : schemaProblem(wanted, field, inner);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
