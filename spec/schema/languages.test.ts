/** What each kind of schema takes, and what it says of what it does not take. */
import { deepEqual, equal, match, throws } from "node:assert/strict";
import { test } from "node:test";
import avsc from "avsc";
import fc from "fast-check";
import protobuf from "protobufjs";
import { languageOf } from "../../lib/schema/languages.ts";
import { propertyRuns } from "../support/effort.ts";
import { compiled, fault, orderAvro, orderGraphql, orderJson, orderProtobuf } from "./texts.ts";

test("JSON Schema: a fault is told with its path", async () => {
  const order = await compiled("json", orderJson);
  equal(fault(order, { order: { id: 1, code: "ABC-1", items: [{ price: 1 }] } }), undefined);
  equal(
    fault(order, { order: { id: 1, items: [{ price: 1 }, { price: 2 }, {}, { price: "3" }] } }),
    "/order/items/3/price: must be number",
  );
  equal(fault(order, { order: { id: 1, items: [{ "a/b": 1 }] } }), "/order/items/0/a~1b: is not allowed");
  equal(fault(order, {}), "/: must have required property 'order'");
  equal(fault(order, { order: { id: 1, code: "abc" } }), '/order/code: must match pattern "^[A-Z]{3}-\\d+$"');
  match(fault(order, "{") ?? "", /^\/: is not JSON/);
  match(fault(order, "") ?? "", /^\/: is empty/);
  equal(fault(order, Buffer.from([0x22, 0xff, 0x22])), "/: is not UTF-8");
  equal(fault(await compiled("json", "true"), "\ufffd") === undefined, false);
  equal(fault(await compiled("json", '{"type":"string"}'), '"\ufffd"'), undefined);
});

test("JSON Schema: the drafts are told apart by $schema, and formats are checked", async () => {
  const tuple = { type: "array", prefixItems: [{ type: "string" }], items: false };
  equal(
    fault(await compiled("json", JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...tuple })), ["a", 1]) !==
      undefined,
    true,
  );
  const seven = { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }], additionalItems: false };
  equal(fault(await compiled("json", JSON.stringify(seven)), ["a", 1]) !== undefined, true);
  equal(fault(await compiled("json", JSON.stringify({ format: "email" })), '"ann@example.org"'), undefined);
  equal(fault(await compiled("json", JSON.stringify({ format: "email" })), '"ann"'), '/: must match format "email"');
  equal(
    fault(await compiled("json", JSON.stringify({ format: "date-time" })), '"2026-02-30T00:00:00Z"'),
    '/: must match format "date-time"',
  );
  const json = await languageOf("json");
  throws(() => json.compile({ text: '{"$schema":"http://example.org/mine"}', message: "" }), /use draft-07/);
  throws(() => json.compile({ text: '{"type":"text"}', message: "" }));
  throws(() => json.compile({ text: '{"$ref":"http://example.org/other.json"}', message: "" }), /resolve/);
  throws(() => json.compile({ text: '{"pattern":"(?=a)"}', message: "" }));
});

test("Avro: JSON payloads, unions bare or in Avro's form, and binary ones", async () => {
  const order = await compiled("avro", orderAvro);
  equal(fault(order, { id: 1, items: [{ price: 2.5 }] }), undefined);
  equal(fault(order, { id: 1, note: "x", items: [], next: { id: 2, items: [] } }), undefined);
  equal(fault(order, { id: 1, note: { string: "x" }, items: [], next: { Order: { id: 2, items: [] } } }), undefined);
  equal(fault(order, { id: 1, items: [{ price: 1 }, { price: "2" }] }), "/items/1/price: must be number");
  equal(fault(order, { id: 1, items: [], next: { id: "2", items: [] } }), "/next/id: must be long");
  equal(fault(order, { items: [] }), "/id: is missing");
  equal(fault(order, { id: 1.5, items: [] }), "/id: must be long");
  match(fault(order, "hello") ?? "", /^\//);
  const type = avsc.Type.forSchema(JSON.parse(orderAvro) as avsc.Schema, { wrapUnions: "always" });
  const bytes = type.toBuffer({ id: -70_000, note: { string: "zz" }, items: [{ price: 1 }, { price: 2 }], next: null });
  equal(fault(order, bytes), undefined);
  for (let length = 0; length < bytes.length; length++) match(fault(order, bytes.subarray(0, length)) ?? "", /^\//);
  equal(fault(order, Buffer.concat([bytes, bytes])), `/: has ${bytes.length} bytes too many`);
});

test("Avro: binary data is taken exactly when avsc writes it", async () => {
  const text = JSON.stringify({
    type: "record",
    name: "All",
    fields: [
      { name: "b", type: "boolean" },
      { name: "i", type: "int" },
      { name: "l", type: "long" },
      { name: "f", type: "float" },
      { name: "s", type: "string" },
      { name: "y", type: "bytes" },
      { name: "x", type: { type: "fixed", name: "Four", size: 4 } },
      { name: "e", type: { type: "enum", name: "Colour", symbols: ["RED", "BLUE"] } },
      { name: "m", type: { type: "map", values: "double" } },
      { name: "u", type: ["null", "string", "int"] },
    ],
  });
  const type = avsc.Type.forSchema(JSON.parse(text) as avsc.Schema, { wrapUnions: "always" });
  const all = await compiled("avro", text);
  const record = fc.record({
    b: fc.boolean(),
    i: fc.integer(),
    // What avsc itself writes.
    l: fc.integer({ min: -9007199254740990, max: 9007199254740990 }),
    f: fc.float({ noNaN: true, noDefaultInfinity: true }),
    s: fc.string({ unit: "grapheme" }),
    y: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    x: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    e: fc.constantFrom("RED", "BLUE"),
    m: fc.dictionary(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    u: fc.oneof(
      fc.constant(null),
      fc.string().map((string) => ({ string })),
      fc.integer().map((int) => ({ int })),
    ),
  });
  fc.assert(
    fc.property(record, fc.nat(), (value, cut) => {
      const bytes = type.toBuffer(value);
      equal(fault(all, bytes), undefined);
      equal(fault(all, bytes.subarray(0, cut % bytes.length)) === undefined, false);
      // The same as JSON, where bytes are characters.
      const json = { ...value, y: value.y.toString("latin1"), x: value.x.toJSON() };
      equal(fault(all, json), undefined);
    }),
    propertyRuns(17, 200, 5_000),
  );
});

test("protobuf: the wire form is checked field by field, and the outermost message is found", async () => {
  const order = await compiled("protobuf", orderProtobuf);
  equal(order.message, "shop.Order");
  equal((await compiled("protobuf", orderProtobuf, "shop.Item")).message, "shop.Item");
  const { root } = protobuf.parse(orderProtobuf, new protobuf.Root(), { keepCase: true });
  const type = root.lookupType("shop.Order");
  const bytes = type
    .encode(type.create({ id: 7, items: [{ price: 1, sku: "a" }, { price: 2 }], stock: { a: 1 }, sizes: [1, 300] }))
    .finish();
  equal(fault(order, bytes), undefined);
  equal(fault(order, Buffer.alloc(0)), undefined);
  match(fault(order, bytes.subarray(0, -1)) ?? "", /^\//);
  equal(fault(order, Buffer.from([0x12, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 3, 0x12, 1, 0xff])), "/items/1/sku: is not UTF-8");
  equal(fault(order, Buffer.from([0x12, 2, 0x0a, 0])), "/items/0/price: is a length where 8 bytes is wanted");
  match(fault(order, { id: 7 }) ?? "", /^\//);
  // An unknown field is another version's.
  equal(fault(order, Buffer.concat([bytes, Buffer.from([0x7a, 1, 0x41])])), undefined);
  const required = await compiled("protobuf", 'syntax = "proto2"; message M { required int32 a = 1; }');
  equal(fault(required, Buffer.alloc(0)), "/a: is missing");
  const protobufs = await languageOf("protobuf");
  throws(() => protobufs.compile({ text: 'syntax = "proto3"; import "/etc/passwd"; message M {}', message: "" }), /cannot be followed/);
  equal(
    fault(
      await compiled(
        "protobuf",
        'syntax = "proto3"; import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp at = 1; }',
      ),
      Buffer.from([0x0a, 2, 8, 1]),
    ),
    undefined,
  );
});

test("GraphQL: a document is valid by the type definitions, or told where it is not", async () => {
  const order = await compiled("graphql", orderGraphql);
  equal(fault(order, "{ order(id: 1) { items { price } } }"), undefined);
  equal(fault(order, "{ order(id: 1) { total } }"), '/line 1, column 18: Cannot query field "total" on type "Order".');
  match(fault(order, "{ order(") ?? "", /^\/line 1, column \d+: Syntax Error/);
});

test("compatibility is told either way, by the rules of each kind", async () => {
  const unreadable = async (kind: "avro" | "json" | "protobuf" | "graphql", reader: string, writer: string): Promise<string[]> =>
    (await languageOf(kind)).unreadable({ text: reader, message: "" }, { text: writer, message: "" });
  const withField = (field: object): string => JSON.stringify({ type: "record", name: "R", fields: [{ name: "a", type: "int" }, field] });
  const avro = JSON.stringify({ type: "record", name: "R", fields: [{ name: "a", type: "int" }] });
  equal((await unreadable("avro", withField({ name: "b", type: "string" }), avro)).length, 1);
  deepEqual(await unreadable("avro", withField({ name: "b", type: "string", default: "" }), avro), []);
  deepEqual(await unreadable("avro", avro, withField({ name: "b", type: "string" })), []);
  const json = (schema: object): string => JSON.stringify({ type: "object", ...schema });
  deepEqual(await unreadable("json", json({ required: ["a"] }), json({})), ["/a: is required and may be missing"]);
  deepEqual(await unreadable("json", json({}), json({ required: ["a"] })), []);
  deepEqual(
    await unreadable("json", json({ properties: { a: { type: "string" } } }), json({ properties: { a: { type: ["string", "integer"] } } })),
    ["/a: may be integer, which is not taken"],
  );
  deepEqual(
    await unreadable("json", json({ properties: { a: { type: "number" } } }), json({ properties: { a: { type: "integer" } } })),
    [],
  );
  deepEqual(await unreadable("json", json({ maxProperties: 3 }), json({ maxProperties: 4 })), ["/: maxProperties 3 is narrower"]);
  deepEqual(await unreadable("json", json({ not: { required: ["b"] } }), json({})), ["/: 'not' is new or another"]);
  deepEqual(await unreadable("json", '{"$ref":"#"}', '{"$ref":"#"}').then((list) => list.length > 0), false);
  const proto = (fields: string): string => `syntax = "proto3"; message M { ${fields} }`;
  deepEqual(await unreadable("protobuf", proto("int64 a = 1;"), proto("int32 a = 1;")), []);
  deepEqual(await unreadable("protobuf", proto("string a = 1;"), proto("int32 a = 1;")), ["/a: number 1 is string instead of int32"]);
  deepEqual(await unreadable("protobuf", proto("int32 a = 2;"), proto("int32 a = 1;")), ["/a: has number 2 instead of 1"]);
  equal((await unreadable("graphql", "type Query { a: Int }", "type Query { a: Int, b: Int }")).length, 1);
  deepEqual(await unreadable("graphql", "type Query { a: Int, b: Int }", "type Query { a: Int }"), []);
});

test("JSON: what is called readable never refuses what the older schema took", async () => {
  const leaf = fc.oneof(
    fc.constant({}),
    fc.record({ type: fc.constantFrom("string", "integer", "number", "null", "boolean") }),
    fc.record({ type: fc.constant("integer"), minimum: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ enum: fc.uniqueArray(fc.constantFrom<unknown>("a", "b", 1, 2, null), { minLength: 1 }) }),
  );
  const schema = fc.record(
    {
      type: fc.constantFrom<unknown>("object", ["object", "null"]),
      required: fc.subarray(["a", "b"]),
      properties: fc.dictionary(fc.constantFrom("a", "b"), leaf, { maxKeys: 2 }),
      additionalProperties: fc.oneof(fc.boolean(), leaf),
      maxProperties: fc.integer({ min: 0, max: 3 }),
    },
    { requiredKeys: [] },
  );
  const value = fc.oneof(
    fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom<unknown>("a", "b", 0, 1, 2, 6, 1.5, null, true), { maxKeys: 3 }),
    fc.constantFrom<unknown>(null, 1, "a"),
  );
  const json = await languageOf("json");
  fc.assert(
    fc.property(schema, schema, fc.array(value, { minLength: 5, maxLength: 30 }), (older, newer, values) => {
      const texts = [newer, older].map((each) => ({ text: JSON.stringify(each), message: "" }));
      const [reader, writer] = texts;
      if (reader === undefined || writer === undefined || json.unreadable(reader, writer).length > 0) return;
      const [wrote, reads] = [json.compile(writer), json.compile(reader)];
      for (const each of values)
        if (fault(wrote, each) === undefined) equal(fault(reads, each), undefined, JSON.stringify([older, newer, each]));
    }),
    propertyRuns(18, 150, 5_000),
  );
});
