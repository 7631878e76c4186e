/**
 * Requests as JSON, read as strictly as nats-server does: an unknown field, a wrong type or a broken text is refused in Go's words.
 * Answers as JSON, with the three characters Go escapes.
 */
import { ApiError, apiErrors } from "./errors.ts";
import { scanJson } from "./json-syntax.ts";

/** What a field may hold. `duration` is nanoseconds, `time` RFC 3339. A choice is one of the strings. */
export type FieldType =
  | "string"
  | "bool"
  | "int"
  | "int64"
  | "uint64"
  | "int32"
  | "duration"
  | "time"
  | "strings"
  | "durations"
  | "map"
  | "any"
  | { readonly choice: readonly string[]; readonly refusal?: string }
  | { readonly object: Fields }
  | { readonly list: Fields };

export type Fields = Readonly<Record<string, FieldType>>;

/** A request's fields: present ones only, each of its type. */
export type Values = Readonly<Record<string, unknown>>;

const goTypes: Readonly<Record<string, string>> = {
  string: "string",
  bool: "bool",
  int: "int",
  int64: "int64",
  uint64: "uint64",
  int32: "int32",
  duration: "time.Duration",
  time: "time.Time",
  strings: "[]string",
  durations: "[]time.Duration",
  map: "map[string]string",
};

/** What `JSON.parse` gives, or a problem in Go's words and, when it knows, the offset. */
export function parseJson(text: string): { readonly value: unknown } | { readonly problem: string; readonly offset: number } {
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    const scan = scanJson(text);
    if ("message" in scan) return { problem: scan.message, offset: scan.offset };
    // Go reads one value and leaves what follows it unread.
    const value: unknown = JSON.parse(text.slice(0, scan.end));
    return { value };
  }
}

/** Reads a request. Throws the ApiError 10025 with Go's words; an empty payload has no fields. `name` is the Go struct's. */
export function decodeRequest(payload: Buffer, fields: Fields, name: string): Values {
  if (payload.length === 0) return {};
  const parsed = parseJson(payload.toString("utf8"));
  if ("problem" in parsed) {
    throw apiErrors.invalidJson(
      parsed.problem.startsWith("invalid character") ? `${parsed.problem} at offset ${parsed.offset}` : parsed.problem,
    );
  }
  if (parsed.value === null) return {};
  if (!isObject(parsed.value))
    throw apiErrors.invalidJson(`json: cannot unmarshal ${kindOf(parsed.value)} into Go value of type server.${name}`);
  return decodeObject(parsed.value, fields, name, "");
}

/** As `decodeRequest`, but unknown fields are passed over. */
export function decodeLoosely(payload: Buffer, fields: Fields): Values {
  if (payload.length === 0) return {};
  const parsed = parseJson(payload.toString("utf8"));
  if ("problem" in parsed || !isObject(parsed.value)) throw apiErrors.invalidJson("malformed");
  const known = Object.entries(parsed.value).filter(([name]) => Object.hasOwn(fields, name));
  return decodeObject(Object.fromEntries(known), fields, "", "");
}

function decodeObject(source: Values, fields: Fields, struct: string, path: string): Values {
  const values: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(source)) {
    const field = fieldNamed(fields, given);
    if (field === undefined) throw apiErrors.invalidJson(`json: unknown field ${JSON.stringify(given)}`);
    const type = fields[field];
    if (value === null || type === undefined) continue;
    values[field] = decodeField(value, type, struct, `${path}${field}`);
  }
  return values;
}

/** Go finds a field whatever the case of its letters. */
function fieldNamed(fields: Fields, given: string): string | undefined {
  if (Object.hasOwn(fields, given)) return given;
  const lower = given.toLowerCase();
  return Object.keys(fields).find((name) => name === lower);
}

function decodeField(value: unknown, type: FieldType, struct: string, path: string): unknown {
  const wrong = (goType: string, what: string = kindOf(value)): ApiError =>
    apiErrors.invalidJson(`json: cannot unmarshal ${what} into Go struct field ${struct}.${path} of type ${goType}`);
  if (typeof type === "object") {
    if ("choice" in type) {
      if (typeof value === "string" && type.choice.includes(value)) return value;
      throw apiErrors.invalidJson(type.refusal ?? `can not unmarshal ${JSON.stringify(JSON.stringify(value))}`);
    }
    if ("object" in type) {
      if (!isObject(value)) throw wrong("object");
      return decodeObject(value, type.object, struct, `${path}.`);
    }
    if (!Array.isArray(value)) throw wrong("array");
    return value.map((item: unknown) => {
      if (!isObject(item)) throw wrong("object", kindOf(item));
      return decodeObject(item, type.list, struct, `${path}.`);
    });
  }
  const goType = goTypes[type] ?? type;
  switch (type) {
    case "string":
      if (typeof value !== "string") throw wrong(goType);
      return value;
    case "bool":
      if (typeof value !== "boolean") throw wrong(goType);
      return value;
    case "int":
    case "int32":
    case "int64":
    case "uint64":
    case "duration":
      return decodeNumber(value, type, (what) => wrong(goType, what));
    case "time":
      if (typeof value !== "string") throw wrong(goType);
      return decodeTime(value);
    case "strings":
      if (!Array.isArray(value)) throw wrong(goType);
      return value.map((item: unknown) => {
        if (typeof item !== "string") throw wrong("string", kindOf(item));
        return item;
      });
    case "durations":
      if (!Array.isArray(value)) throw wrong(goType);
      return value.map((item: unknown) => decodeNumber(item, "duration", (what) => wrong("time.Duration", what)));
    case "map":
      if (!isObject(value)) throw wrong(goType);
      for (const item of Object.values(value)) if (typeof item !== "string") throw wrong("string", kindOf(item));
      return value;
    case "any":
      return value;
  }
}

/** Whole and within its type's range; doubles round the ends of 64 bits to the next power of two. */
function decodeNumber(value: unknown, type: "int" | "int32" | "int64" | "uint64" | "duration", wrong: (what: string) => ApiError): number {
  if (typeof value !== "number") throw wrong(kindOf(value));
  const max = type === "int32" ? 2 ** 31 - 1 : type === "uint64" ? 2 ** 64 : 2 ** 63;
  const min = type === "int32" ? -(2 ** 31) : type === "uint64" ? 0 : -(2 ** 63);
  if (!Number.isInteger(value) || value < min || value > max) throw wrong(`number ${value}`);
  return value;
}

/** Microseconds since the epoch, with the fraction of nanoseconds dropped. */
function decodeTime(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  const seconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  if (match === null || Number.isNaN(seconds)) {
    throw apiErrors.invalidJson(
      `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)} as "2006"`,
    );
  }
  return seconds * 1000 + Number((match[2] ?? "").padEnd(6, "0").slice(0, 6));
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : value === null ? "null" : typeof value;
}

/** Access to decoded fields; absent is the type's empty value, as in Go. */
export function text(values: Values, field: string): string {
  const value = values[field];
  return typeof value === "string" ? value : "";
}

export function count(values: Values, field: string): number {
  const value = values[field];
  return typeof value === "number" ? value : 0;
}

export function flag(values: Values, field: string): boolean {
  return values[field] === true;
}

export function texts(values: Values, field: string): readonly string[] {
  const value = values[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The fields of an object inside; undefined when absent. */
export function inner(values: Values, field: string): Values | undefined {
  const value = values[field];
  return isObject(value) ? value : undefined;
}

/** The objects of a list inside. */
export function objects(values: Values, field: string): readonly Values[] {
  const value = values[field];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The text of an answer; `<`, `>` and `&` are escaped as Go does. */
export function encodeAnswer(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&]/g, (sign) =>
    sign === "<" ? String.raw`\u003c` : sign === ">" ? String.raw`\u003e` : String.raw`\u0026`,
  );
}

export { timeText, zeroTime } from "../../../lib/time-text.ts";
