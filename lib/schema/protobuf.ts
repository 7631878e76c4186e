/**
 * Protobuf schemas: the text of a `.proto` file, read by protobufjs. Payloads are one message of it, binary; which one is named, or is the
 * only one, or the first that no other message contains. Other files cannot be imported, but for the well-known types of Google.
 */
import protobuf from "protobufjs";
import type { Field, Namespace, ReflectionObject, Type } from "protobufjs";
import { ProtobufWalk } from "./protobuf-wire.ts";
import type { WireField, WireType } from "./protobuf-wire.ts";
import { faultText } from "./validator.ts";
import type { Language, SchemaText, Validator } from "./validator.ts";

class ProtobufValidator implements Validator {
  readonly message: string;
  readonly #walk: ProtobufWalk;

  constructor(type: Type) {
    this.message = nameOf(type);
    this.#walk = new ProtobufWalk(wireTypeOf(type, new Map()));
  }

  check(body: Buffer, start: number, end: number): string | undefined {
    const fault = this.#walk.check(body, start, end);
    return fault === undefined ? undefined : faultText(fault);
  }
}

const wires: Readonly<Record<string, number>> = {
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  sint32: 0,
  sint64: 0,
  bool: 0,
  fixed64: 1,
  sfixed64: 1,
  double: 1,
  string: 2,
  bytes: 2,
  fixed32: 5,
  sfixed32: 5,
  float: 5,
};

function typeOf({ text, message }: SchemaText): Type {
  const parsed = protobuf.parse(text, new protobuf.Root(), { keepCase: true });
  const { root } = parsed;
  for (const path of [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])]) {
    const known = protobuf.common.get(path);
    if (known?.nested === undefined) throw new Error(`import "${path}" cannot be followed: write what it holds into the schema`);
    root.addJSON(known.nested);
  }
  root.resolveAll();
  if (message !== "") return root.lookupType(message);
  const types = messagesOf(root).filter((type) => !type.fullName.startsWith(".google.protobuf."));
  const contained = new Set(
    types.flatMap((type) => type.fieldsArray.filter((field) => field.resolvedType !== type).map((field) => field.resolvedType)),
  );
  const outermost = types.find((type) => !contained.has(type) && !(type.parent instanceof protobuf.Type)) ?? types[0];
  if (outermost === undefined) throw new Error("the schema has no message");
  return outermost;
}

function messagesOf(at: Namespace): Type[] {
  const isNamespace = (each: ReflectionObject): each is Namespace => each instanceof protobuf.Namespace;
  return at.nestedArray.filter(isNamespace).flatMap((each) => [...(each instanceof protobuf.Type ? [each] : []), ...messagesOf(each)]);
}

function nameOf(type: Type): string {
  return type.fullName.replace(/^\./, "");
}

function wireTypeOf(type: Type, known: Map<Type, WireType>): WireType {
  const before = known.get(type);
  if (before !== undefined) return before;
  const fields: Map<number, WireField> = new Map();
  const required = type.fieldsArray.filter((field) => field.required).map((field) => field.id);
  const made: WireType = { name: nameOf(type), fields, required };
  known.set(type, made);
  for (const field of type.fieldsArray) fields.set(field.id, wireFieldOf(field, known));
  return made;
}

function wireFieldOf(field: Field, known: Map<Type, WireType>): WireField {
  const { name } = field;
  const repeated = field.repeated;
  const { resolvedType } = field;
  if (field instanceof protobuf.MapField) return { name, wire: 2, repeated: false, text: false, message: entryOf(field, known) };
  if (resolvedType instanceof protobuf.Type) {
    const group = field.delimited;
    return { name, wire: group ? 3 : 2, repeated, text: false, message: group ? undefined : wireTypeOf(resolvedType, known) };
  }
  return { name, wire: wires[field.type] ?? 0, repeated, text: field.type === "string", message: undefined };
}

/** A map is written as repeated entries of a key and a value. */
function entryOf(field: InstanceType<typeof protobuf.MapField>, known: Map<Type, WireType>): WireType {
  const key: WireField = {
    name: "key",
    wire: wires[field.keyType] ?? 0,
    repeated: false,
    text: field.keyType === "string",
    message: undefined,
  };
  const { resolvedType } = field;
  const value: WireField =
    resolvedType instanceof protobuf.Type
      ? { name: "value", wire: 2, repeated: false, text: false, message: wireTypeOf(resolvedType, known) }
      : { name: "value", wire: wires[field.type] ?? 0, repeated: false, text: field.type === "string", message: undefined };
  const fields: Map<number, WireField> = new Map([
    [1, key],
    [2, value],
  ]);
  return { name: field.name, fields, required: [] };
}

/** Types whose values may stand for each other on the wire. Source: protobuf.dev, updating a message type. */
const alike: readonly (readonly string[])[] = [
  ["int32", "int64", "uint32", "uint64", "bool", "enum"],
  ["sint32", "sint64"],
  ["fixed32", "sfixed32"],
  ["fixed64", "sfixed64"],
  ["string", "bytes"],
];

function unreadableMessage(reader: Type, writer: Type, path: string, compared: Set<string>, problems: string[]): void {
  const pair = `${reader.fullName} ${writer.fullName}`;
  if (compared.has(pair) || problems.length >= 20) return;
  compared.add(pair);
  for (const written of writer.fieldsArray) {
    const taken = reader.fieldsById[written.id];
    const at = `${path}/${written.name}`;
    if (taken === undefined) {
      const renumbered = reader.fields[written.name];
      if (renumbered !== undefined) problems.push(`${at}: has number ${renumbered.id} instead of ${written.id}`);
      continue;
    }
    if (taken.repeated !== written.repeated && (taken.resolvedType instanceof protobuf.Type || !["string", "bytes"].includes(taken.type))) {
      problems.push(`${at}: is ${taken.repeated ? "repeated" : "single"} instead of ${written.repeated ? "repeated" : "single"}`);
    }
    if (taken.resolvedType instanceof protobuf.Type && written.resolvedType instanceof protobuf.Type) {
      unreadableMessage(taken.resolvedType, written.resolvedType, at, compared, problems);
    } else if (!interchangeable(kindOf(taken), kindOf(written))) {
      problems.push(`${at}: number ${written.id} is ${kindOf(taken)} instead of ${kindOf(written)}`);
    }
  }
  for (const taken of reader.fieldsArray) {
    if (taken.required && writer.fieldsById[taken.id]?.required !== true)
      problems.push(`${path}/${taken.name}: is required and may be missing`);
  }
}

function kindOf(field: Field): string {
  if (field instanceof protobuf.MapField) return `map<${field.keyType}, ${field.type}>`;
  if (field.resolvedType instanceof protobuf.Enum) return "enum";
  return field.resolvedType === null ? field.type : "message";
}

function interchangeable(one: string, other: string): boolean {
  return one === other || alike.some((group) => group.includes(one) && group.includes(other));
}

export const language: Language = {
  compile: (schema) => new ProtobufValidator(typeOf(schema)),
  unreadable: (reader, writer) => {
    const problems: string[] = [];
    unreadableMessage(typeOf(reader), typeOf(writer), "", new Set(), problems);
    return problems;
  },
};
