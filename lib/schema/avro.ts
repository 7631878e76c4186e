/** Avro schemas: payloads are JSON, as the Memphis SDK sends them, or else binary data of the type. Compatibility is Avro's schema resolution. */
import avsc from "avsc";
import type { Type } from "avsc";
import { AvroBinaryCheck } from "./avro-binary.ts";
import { AvroJsonCheck } from "./avro-json.ts";
import { NoJson, parsePayload } from "./json-payload.ts";
import { faultText } from "./validator.ts";
import type { Language, SchemaText, Validator } from "./validator.ts";

class AvroValidator implements Validator {
  readonly message = "";
  readonly #json: AvroJsonCheck;
  readonly #binary: AvroBinaryCheck;

  constructor(type: Type) {
    this.#json = new AvroJsonCheck(type);
    this.#binary = new AvroBinaryCheck(type);
  }

  check(body: Buffer, start: number, end: number): string | undefined {
    const value = mayBeJson(body, start, end) ? parsePayload(body, start, end) : noJson;
    if (!(value instanceof NoJson)) {
      const fault = this.#json.check(value, end - start);
      if (fault === undefined) return undefined;
      // Few data are both: an honest JSON payload is told what is wrong with it as JSON.
      return this.#binary.check(body, start, end) === undefined ? undefined : faultText(fault);
    }
    const fault = this.#binary.check(body, start, end);
    return fault === undefined ? undefined : faultText(value === noJson ? fault : value.fault);
  }
}

const noJson = new NoJson("");

/** By its first byte that is no blank; a decision about which words a fault is told in. */
function mayBeJson(body: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end && (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09)) at++;
  const byte = body[at] ?? 0;
  return (
    byte === 0x7b ||
    byte === 0x5b ||
    byte === 0x22 ||
    byte === 0x2d ||
    (byte >= 0x30 && byte <= 0x39) ||
    "tfn".includes(String.fromCharCode(byte))
  );
}

function typeOf({ text }: SchemaText): Type {
  const schema: unknown = JSON.parse(text);
  return avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: "always", omitRecordMethods: true });
}

export const language: Language = {
  compile: (schema) => new AvroValidator(typeOf(schema)),
  unreadable: (reader, writer) => {
    try {
      typeOf(reader).createResolver(typeOf(writer));
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  },
};
