/**
 * Whether everything that fits one JSON Schema surely fits another, by their structure. What it understands are the keywords that almost
 * every schema is made of; where either schema uses others at a place, they have to be the same there. It never says that all is well when
 * it cannot know.
 */
import { pathStep } from "./validator.ts";

type Schema = Readonly<Record<string, unknown>>;

const typesKnown: readonly string[] = ["null", "boolean", "object", "array", "number", "string"];
/** Say nothing about values. */
const silent: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "id",
  "title",
  "description",
  "default",
  "examples",
  "$comment",
  "definitions",
  "$defs",
  "readOnly",
  "writeOnly",
  "deprecated",
]);
/** Larger means fewer values fit. */
const lowerBounds: readonly string[] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
/** Smaller means fewer values fit. */
const upperBounds: readonly string[] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
const understood: ReadonlySet<string> = new Set([
  ...silent,
  ...lowerBounds,
  ...upperBounds,
  "type",
  "enum",
  "const",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "$ref",
]);

const problemsMax = 20;
const depthMax = 64;

/** Why a reader cannot read all that a writer writes; empty when he can. */
export function unreadableJson(reader: unknown, writer: unknown): string[] {
  const comparison = new Comparison(reader, writer);
  comparison.compare(reader, writer, "", 0);
  return comparison.problems;
}

class Comparison {
  readonly problems: string[] = [];
  readonly #reader: unknown;
  readonly #writer: unknown;
  readonly #compared: Set<string> = new Set();

  constructor(reader: unknown, writer: unknown) {
    this.#reader = reader;
    this.#writer = writer;
  }

  compare(readerAt: unknown, writerAt: unknown, path: string, depth: number): void {
    if (readerAt === true || writerAt === false || isEmpty(readerAt)) return;
    if (this.#seen(readerAt, writerAt)) return;
    if (depth > depthMax) return this.#add(path, "is nested too deeply to be compared");
    const reader = resolved(this.#reader, readerAt);
    const writer = resolved(this.#writer, writerAt === true ? {} : writerAt);
    if (reader === undefined || writer === undefined) {
      if (JSON.stringify(readerAt) !== JSON.stringify(writerAt)) this.#add(path, "refers to what cannot be compared");
      return;
    }
    for (const keyword of new Set([...Object.keys(reader), ...Object.keys(writer)])) {
      if (understood.has(keyword) || JSON.stringify(reader[keyword]) === JSON.stringify(writer[keyword])) continue;
      if (reader[keyword] !== undefined) this.#add(path, `'${keyword}' is new or another`);
    }
    this.#types(reader, writer, path);
    this.#values(reader, writer, path);
    this.#bounds(reader, writer, path);
    this.#properties(reader, writer, path, depth);
    if (reader["items"] !== undefined) {
      if (Array.isArray(reader["items"]) || Array.isArray(writer["items"])) {
        if (JSON.stringify(reader["items"]) !== JSON.stringify(writer["items"])) this.#add(`${path}/*`, "are other items");
      } else this.compare(reader["items"], writer["items"] ?? {}, `${path}/*`, depth + 1);
    }
  }

  #types(reader: Schema, writer: Schema, path: string): void {
    const taken = typesOf(reader);
    const missing = [...typesOf(writer)].filter((type) => !taken.has(type) && !(type === "integer" && taken.has("number")));
    if (missing.length > 0) this.#add(path, `may be ${missing.join(" or ")}, which is not taken`);
  }

  #values(reader: Schema, writer: Schema, path: string): void {
    const taken = valuesOf(reader);
    if (taken === undefined) return;
    const written = valuesOf(writer);
    if (written === undefined) return this.#add(path, "may be any value, where only some are taken");
    const missing = [...written].filter((value) => !taken.has(value));
    if (missing.length > 0) this.#add(path, `may be ${missing.slice(0, 5).join(", ")}, which is not taken`);
  }

  #bounds(reader: Schema, writer: Schema, path: string): void {
    const check = (keyword: string, sign: 1 | -1): void => {
      const bound = reader[keyword];
      if (bound === undefined) return;
      const written = writer[keyword];
      if (typeof bound !== "number" || typeof written !== "number" || sign * written < sign * bound)
        this.#add(path, `${keyword} ${JSON.stringify(bound)} is narrower`);
    };
    for (const keyword of lowerBounds) check(keyword, 1);
    for (const keyword of upperBounds) check(keyword, -1);
  }

  #properties(reader: Schema, writer: Schema, path: string, depth: number): void {
    const required = names(writer["required"]);
    for (const name of names(reader["required"])) {
      if (!required.has(name)) this.#add(path + pathStep(name), "is required and may be missing");
    }
    const taken = objectOf(reader["properties"]);
    const written = objectOf(writer["properties"]);
    const others = reader["additionalProperties"] ?? true;
    for (const [name, schema] of Object.entries(written)) {
      const known = Object.hasOwn(taken, name) ? taken[name] : others;
      if (known === false) this.#add(path + pathStep(name), "is not allowed");
      else this.compare(known, schema, path + pathStep(name), depth + 1);
    }
    const open = writer["additionalProperties"] ?? true;
    if (open === false || !mayBeObject(writer)) return;
    for (const [name, schema] of Object.entries(taken)) {
      // A field that the writer does not name may hold anything he allows.
      if (!Object.hasOwn(written, name) && !isEmpty(schema) && schema !== true)
        this.compare(schema, open, path + pathStep(name), depth + 1);
    }
    if (others !== true && !isEmpty(others)) {
      if (others === false) this.#add(path, "may have more properties, which are not allowed");
      else this.compare(others, open, `${path}/*`, depth + 1);
    }
  }

  /** The same pair is compared once: references may go round in circles. */
  #seen(reader: unknown, writer: unknown): boolean {
    const refs = [reader, writer].map((each) => (typeof each === "object" && each !== null && "$ref" in each ? String(each.$ref) : ""));
    if (refs[0] === "" && refs[1] === "") return false;
    const pair = `${refs[0] === "" ? JSON.stringify(reader) : refs[0]} ${refs[1] === "" ? JSON.stringify(writer) : refs[1]}`;
    if (this.#compared.has(pair)) return true;
    this.#compared.add(pair);
    return false;
  }

  #add(path: string, what: string): void {
    if (this.problems.length < problemsMax) this.problems.push(`${path === "" ? "/" : path}: ${what}`);
  }
}

/** What a local reference refers to. Undefined: it is none that can be followed. */
function resolved(root: unknown, schema: unknown): Schema | undefined {
  let at = schema;
  for (let hops = 0; hops < 32; hops++) {
    if (typeof at !== "object" || at === null) return undefined;
    if (!("$ref" in at)) return at as Schema;
    const ref = String(at.$ref);
    if (!ref.startsWith("#")) return undefined;
    at = ref
      .slice(1)
      .split("/")
      .filter((step) => step !== "")
      .reduce<unknown>((held, step) => objectOf(held)[decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~")], root);
  }
  return undefined;
}

function typesOf(schema: Schema): Set<string> {
  const type = schema["type"];
  if (typeof type === "string") return new Set([type]);
  if (Array.isArray(type)) return new Set(type.map(String));
  const values = schema["enum"] ?? (schema["const"] === undefined ? undefined : [schema["const"]]);
  if (Array.isArray(values)) return new Set(values.map((value) => typeOf(value)));
  return new Set(typesKnown);
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function mayBeObject(schema: Schema): boolean {
  return typesOf(schema).has("object");
}

function valuesOf(schema: Schema): Set<string> | undefined {
  const values: unknown = schema["enum"] ?? (schema["const"] === undefined ? undefined : [schema["const"]]);
  return Array.isArray(values) ? new Set(values.map((value) => JSON.stringify(value))) : undefined;
}

function names(list: unknown): Set<string> {
  return new Set(Array.isArray(list) ? list.map(String) : []);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function isEmpty(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && !Array.isArray(schema) && Object.keys(schema).every((key) => silent.has(key));
}
