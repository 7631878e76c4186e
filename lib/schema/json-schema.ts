/** JSON Schema, drafts 06, 07, 2019-09 and 2020-12, by ajv. Without `$schema` it is draft 07. What a schema may cost is bounded by `json-work.ts`. */
import { Ajv } from "ajv";
import type { ErrorObject, Options, ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { FormatName } from "ajv-formats";
import { NoJson, parsePayload } from "./json-payload.ts";
import { unreadableJson } from "./json-compatibility.ts";
import { formatCharactersMax, JsonWork, TooComplex } from "./json-work.ts";
import { faultText, pathStep, tooComplex, tooDeep } from "./validator.ts";
import type { Language, SchemaText, Validator } from "./validator.ts";

class JsonValidator implements Validator {
  readonly message = "";
  readonly #work: JsonWork;
  readonly #validate: ValidateFunction;

  constructor(work: JsonWork, validate: ValidateFunction) {
    this.#work = work;
    this.#validate = validate;
  }

  check(body: Buffer, start: number, end: number): string | undefined {
    const value = parsePayload(body, start, end);
    if (value instanceof NoJson) return faultText(value.fault);
    this.#work.begin(end - start);
    try {
      if (this.#validate(value)) return undefined;
    } catch (error) {
      return faultText(
        error instanceof TooComplex ? tooComplex : error instanceof RangeError ? tooDeep : `: cannot be checked: ${String(error)}`,
      );
    }
    return faultText(told(this.#validate.errors ?? []));
  }
}

/** What checking a schema may cost: as much as a payload of so many bytes. */
const compileBytes = 8 * 1024 * 1024;

/** Asked of `URL` instead of ajv's expression, which takes time with the square of the text. */
const ownFormats: Readonly<Record<string, (text: string) => boolean>> = {
  url: (text) => /^(?:https?|ftp):/i.test(text) && URL.canParse(text),
};

const formatNames: readonly FormatName[] = [
  "date",
  "time",
  "date-time",
  "iso-time",
  "iso-date-time",
  "duration",
  "uri",
  "uri-reference",
  "uri-template",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "regex",
  "uuid",
  "json-pointer",
  "json-pointer-uri-fragment",
  "relative-json-pointer",
];

/** Larger schemas are not optimised: that takes time with the square of their size. */
const optimizedBytesMax = 4 * 1024;

function engineFor(schema: unknown, bytes: number, work: JsonWork): Ajv {
  const draft = typeof schema === "object" && schema !== null && "$schema" in schema ? String(schema.$schema) : "";
  const options: Options = {
    strict: false,
    allErrors: false,
    validateSchema: true,
    inlineRefs: false,
    logger: false,
    code: { regExp: work.regExp, optimize: bytes <= optimizedBytesMax },
  };
  const ajv = draft.includes("2020-12") ? new Ajv2020(options) : draft.includes("2019-09") ? new Ajv2019(options) : new Ajv(options);
  for (const name of formatNames) ajv.addFormat(name, bounded(formats.default.get(name)));
  for (const [name, test] of Object.entries(ownFormats)) ajv.addFormat(name, bounded(test));
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: uniqueItems,
    error: { message: "must NOT have duplicate items" },
  });
  work.charge(ajv);
  return ajv;
}

type Test = (text: string) => boolean;

function bounded(format: unknown): Test {
  const test = testOf(format);
  return (text) => text.length <= formatCharactersMax && test(text);
}

function testOf(format: unknown): Test {
  if (format instanceof RegExp) return (text) => format.test(text);
  if (typeof format === "function") return format as Test;
  return typeof format === "object" && format !== null && "validate" in format ? testOf(format.validate) : () => true;
}

/** By hash instead of ajv's comparison of every item with every other one. */
function uniqueItems(wanted: boolean, items: readonly unknown[]): boolean {
  if (!wanted) return true;
  const seen = new Set<unknown>();
  for (const item of items)
    seen.add(typeof item === "object" && item !== null ? canonical(item) : typeof item === "string" ? `"${item}` : item);
  return seen.size === items.length;
}

function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, held]) => `${JSON.stringify(name)}:${canonical(held)}`).join(",")}}`;
}

/** The deepest of the errors: of alternatives that all failed, the one that came furthest. */
function told(errors: readonly ErrorObject[]): string {
  let deepest: ErrorObject | undefined;
  for (const error of errors) if (deepest === undefined || error.instancePath.length > deepest.instancePath.length) deepest = error;
  if (deepest === undefined) return ": does not fit";
  const { instancePath, keyword, params } = deepest;
  const message = deepest.message ?? "does not fit";
  const named: unknown =
    keyword === "additionalProperties"
      ? params["additionalProperty"]
      : keyword === "unevaluatedProperties"
        ? params["unevaluatedProperty"]
        : undefined;
  if (typeof named === "string") return `${instancePath}${pathStep(named)}: is not allowed`;
  if (keyword === "enum" && Array.isArray(params["allowedValues"]))
    return `${instancePath}: must be one of ${JSON.stringify(params["allowedValues"])}`;
  return `${instancePath}: ${message}`;
}

/** Older drafts are read as draft 07, which says the same by the same words; what it says otherwise, such as a boolean `exclusiveMinimum`, is refused. */
function schemaOf({ text }: SchemaText): unknown {
  const schema: unknown = JSON.parse(text);
  if (typeof schema !== "object" || schema === null || !("$schema" in schema)) return schema;
  const draft = String(schema.$schema);
  if (/2020-12|2019-09|draft-07/.test(draft)) return schema;
  if (!/draft-0[46]/.test(draft)) throw new Error(`$schema '${draft}' is not known: use draft-07, 2019-09 or 2020-12`);
  const { $schema: _, ...rest } = schema;
  return rest;
}

export const language: Language = {
  compile: (text) => {
    const schema = schemaOf(text);
    if (typeof schema !== "boolean" && (typeof schema !== "object" || schema === null || Array.isArray(schema))) {
      throw new Error("a JSON Schema is an object, true or false");
    }
    const work = new JsonWork();
    // The schema itself is a payload of the schema of schemas.
    work.begin(compileBytes);
    const validate = engineFor(schema, Buffer.byteLength(text.text), work).compile(schema as object);
    // Found out now, not with the first message: a function so deep that the engine cannot read it.
    validate(0);
    return new JsonValidator(work, validate);
  },
  unreadable: (reader, writer) => unreadableJson(schemaOf(reader), schemaOf(writer)),
};
