/** Schemas of an order in each kind, with payloads that fit and that do not, and compilers for the specs. */
import { languageOf } from "../../lib/schema/languages.ts";
import type { SchemaKind, Validator } from "../../lib/schema/validator.ts";

export const orderJson: string = JSON.stringify({
  type: "object",
  required: ["order"],
  properties: {
    order: {
      type: "object",
      required: ["id"],
      properties: {
        id: { type: "integer" },
        code: { type: "string", pattern: "^[A-Z]{3}-\\d+$" },
        items: { type: "array", items: { type: "object", properties: { price: { type: "number" } }, additionalProperties: false } },
      },
    },
  },
});

export const orderAvro: string = JSON.stringify({
  type: "record",
  name: "Order",
  fields: [
    { name: "id", type: "long" },
    { name: "note", type: ["null", "string"], default: null },
    { name: "items", type: { type: "array", items: { type: "record", name: "Item", fields: [{ name: "price", type: "double" }] } } },
    { name: "next", type: ["null", "Order"], default: null },
  ],
});

export const orderProtobuf = `syntax = "proto3"; package shop;
message Item { double price = 1; string sku = 2; }
message Order { int64 id = 1; repeated Item items = 2; map<string, int32> stock = 3; repeated int32 sizes = 4; }`;

export const orderGraphql = "type Query { order(id: Int!): Order } type Order { id: Int, items: [Item] } type Item { price: Float }";

export async function compiled(kind: SchemaKind, text: string, message = ""): Promise<Validator> {
  return (await languageOf(kind)).compile({ text, message });
}

/** What is wrong with a payload given as bytes, text or a value. */
export function fault(validator: Validator, payload: unknown): string | undefined {
  const bytes =
    payload instanceof Uint8Array ? Buffer.from(payload) : Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
  // Not at the start of its buffer, as on the way through the broker.
  const buffer = Buffer.concat([Buffer.from("##"), bytes, Buffer.from("##")]);
  return validator.check(buffer, 2, buffer.length - 2);
}
