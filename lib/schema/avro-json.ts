/**
 * Checks a JSON value against an Avro type. A union may be written in Avro's JSON form (`{"string": "x"}`) or as the bare value; bytes are
 * strings of characters up to U+00FF, or what `JSON.stringify` makes of a Buffer; a field with a default may be missing.
 */
import type { types, Type } from "avsc";
import { pathStep, stepsFor, tooComplex } from "./validator.ts";

/** Undefined when it fits, else the fault, its path first. */
type Check = (value: unknown, work: Work) => string | undefined;

interface Work {
  steps: number;
}

export class AvroJsonCheck {
  readonly #check: Check;
  readonly #work: Work = { steps: 0 };

  constructor(type: Type) {
    this.#check = checkOf(type, new Map());
  }

  check(value: unknown, bytes: number): string | undefined {
    this.#work.steps = stepsFor(bytes);
    const fault = this.#check(value, this.#work);
    return fault !== undefined && this.#work.steps < 0 ? tooComplex : fault;
  }
}

/** `known` holds the records under way, which may contain themselves. */
function checkOf(type: Type, known: Map<Type, Check>): Check {
  const before = known.get(type);
  if (before !== undefined) return before;
  let made: Check | undefined;
  known.set(type, (value, work) => made?.(value, work));
  made = makeCheck(type, known);
  known.set(type, made);
  return made;
}

const intMax = 2 ** 31 - 1;

function makeCheck(type: Type, known: Map<Type, Check>): Check {
  switch (type.typeName) {
    case "null":
      return (value) => (value === null ? undefined : ": must be null");
    case "boolean":
      return (value) => (typeof value === "boolean" ? undefined : ": must be boolean");
    case "int":
      return (value) =>
        typeof value === "number" && Number.isInteger(value) && value >= -intMax - 1 && value <= intMax ? undefined : ": must be int";
    case "long":
      return (value) => (Number.isSafeInteger(value) ? undefined : ": must be long");
    case "float":
    case "double":
      return (value) => (typeof value === "number" ? undefined : ": must be number");
    case "string":
      return (value) => (typeof value === "string" ? undefined : ": must be string");
    case "bytes":
      return (value) => (bytesIn(value) < 0 ? ": must be bytes" : undefined);
    case "fixed": {
      const { size } = type as types.FixedType;
      return (value) => (bytesIn(value) === size ? undefined : `: must be ${size} bytes`);
    }
    case "enum": {
      const symbols = new Set((type as types.EnumType).symbols);
      const fault = `: must be one of ${[...symbols].join(", ")}`;
      return (value) => (typeof value === "string" && symbols.has(value) ? undefined : fault);
    }
    case "array":
      return arrayCheck(checkOf((type as types.ArrayType).itemsType, known));
    case "map":
      return mapCheck(checkOf((type as types.MapType).valuesType, known));
    case "record":
    case "error":
      return recordCheck(type as types.RecordType, known);
    default:
      if (type.typeName.startsWith("union:")) return unionCheck((type as types.UnwrappedUnionType).types, known);
      // A logical type: what lies beneath is what is written.
      return checkOf((type as types.LogicalType).underlyingType, known);
  }
}

function arrayCheck(item: Check): Check {
  return (value, work) => {
    if (!Array.isArray(value)) return ": must be array";
    if ((work.steps -= value.length + 1) < 0) return tooComplex;
    for (let index = 0; index < value.length; index++) {
      const fault = item(value[index], work);
      if (fault !== undefined) return `/${index}${fault}`;
    }
    return undefined;
  };
}

function mapCheck(item: Check): Check {
  return (value, work) => {
    if (!isObject(value)) return ": must be map";
    for (const name in value) {
      if (--work.steps < 0) return tooComplex;
      const fault = item(value[name], work);
      if (fault !== undefined) return pathStep(name) + fault;
    }
    return undefined;
  };
}

function recordCheck(type: types.RecordType, known: Map<Type, Check>): Check {
  const names = type.fields.map(({ name }) => name);
  const checks = type.fields.map((field) => checkOf(field.type, known));
  const optional = type.fields.map((field) => field.defaultValue() !== undefined);
  return (value, work) => {
    if (!isObject(value)) return ": must be record";
    if ((work.steps -= names.length + 1) < 0) return tooComplex;
    for (let index = 0; index < names.length; index++) {
      const name = names[index] ?? "";
      const held = Object.hasOwn(value, name) ? value[name] : undefined;
      if (held === undefined) {
        if (optional[index] === true) continue;
        return `${pathStep(name)}: is missing`;
      }
      const fault = checks[index]?.(held, work);
      if (fault !== undefined) return pathStep(name) + fault;
    }
    return undefined;
  };
}

function unionCheck(branches: readonly Type[], known: Map<Type, Check>): Check {
  const checks = branches.map((branch) => checkOf(branch, known));
  const names = branches.map((branch) => branch.branchName ?? branch.typeName);
  const nullable = names.indexOf("null");
  const bare = checks.filter((_, index) => index !== nullable);
  const fault = `: must be one of ${names.join(", ")}`;
  return (value, work) => {
    if ((work.steps -= checks.length) < 0) return tooComplex;
    if (value === null) return nullable >= 0 ? undefined : fault;
    const wrapped = isObject(value) ? names.indexOf(soleKey(value)) : -1;
    if (wrapped >= 0 && checks[wrapped]?.((value as Record<string, unknown>)[names[wrapped] ?? ""], work) === undefined) return undefined;
    let last: string | undefined;
    for (const check of bare) {
      last = check(value, work);
      if (last === undefined) return undefined;
    }
    return bare.length === 1 ? last : fault;
  };
}

/** How many bytes the value stands for; -1 when for none. */
function bytesIn(value: unknown): number {
  if (typeof value === "string") {
    for (let index = 0; index < value.length; index++) if (value.charCodeAt(index) > 0xff) return -1;
    return value.length;
  }
  if (!isObject(value) || value["type"] !== "Buffer" || !Array.isArray(value["data"])) return -1;
  const data: unknown[] = value["data"];
  return data.every((byte) => Number.isInteger(byte) && Number(byte) >= 0 && Number(byte) <= 255) ? data.length : -1;
}

/** The name of an object's only field; "" when it has none or several. */
function soleKey(value: Record<string, unknown>): string {
  let sole = "";
  for (const name in value) {
    if (sole !== "") return "";
    sole = name;
  }
  return sole;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
