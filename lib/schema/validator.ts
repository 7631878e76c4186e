/**
 * What a compiled schema is: something that says of a payload, synchronously, whether it fits, and if not where it does not. The kinds of
 * schema implement `Language`; nothing else knows their packages. Faults read `/order/items/3/price: must be number`.
 */

export type SchemaKind = "avro" | "json" | "protobuf" | "graphql";
export const schemaKinds: readonly SchemaKind[] = ["avro", "json", "protobuf", "graphql"];

/** A version of a schema as its author wrote it. */
export interface SchemaText {
  readonly text: string;
  /** Of protobuf: which message a payload is; "" = the one that no other message of the file contains. */
  readonly message: string;
}

export interface Validator {
  /** Of protobuf: the message that payloads are; else "". */
  readonly message: string;
  /** Undefined when `body[start..end)` fits, else the first fault. Never throws, and its work is bounded by the payload's size. */
  check(body: Buffer, start: number, end: number): string | undefined;
}

export interface Language {
  /** Throws an Error that says what is wrong with the text. */
  compile(schema: SchemaText): Validator;
  /** Why who reads by `reader` cannot read everything that fits `writer`; empty when he can. */
  unreadable(reader: SchemaText, writer: SchemaText): string[];
}

/** Bytes of one version's text. */
export const schemaTextBytesMax: number = 64 * 1024;
/** Nesting of a payload; deeper ones are refused. */
export const payloadDepthMax = 128;
/** Characters of a fault as it is told; it travels in protocol fields with bounds of their own. */
const faultCharactersMax = 500;
const pathCharactersMax = 250;

export const tooComplex = ": costs more work to check than a payload of its size may";
export const tooDeep: string = `: is nested deeper than ${payloadDepthMax} levels`;

/** Steps a check may take: generous for what honest schemas need, and in proportion to the payload. */
export function stepsFor(bytes: number): number {
  return 100_000 + 4 * bytes;
}

/** A fault as it is told: with the path of the whole payload as `/`, and not too long. */
export function faultText(fault: string): string {
  const whole = fault.startsWith(":") ? `/${fault}` : fault;
  if (whole.length <= faultCharactersMax) return whole;
  const colon = whole.indexOf(": ");
  const path = colon <= pathCharactersMax ? whole.slice(0, colon) : `${whole.slice(0, pathCharactersMax)}…`;
  const what = whole.slice(colon, colon + faultCharactersMax - path.length);
  return colon + what.length < whole.length ? `${path + what}…` : path + what;
}

/** One step of a path, as in a JSON pointer. */
export function pathStep(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
