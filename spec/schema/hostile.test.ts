/** Schemas and payloads that are made to cost much: every check ends soon, and says so. Budgets are of processor time, with much room. */
import { match, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { languageOf } from "../../lib/schema/languages.ts";
import { schemaTextBytesMax } from "../../lib/schema/validator.ts";
import { compiled, fault, orderAvro, orderGraphql, orderProtobuf } from "./texts.ts";

/** Far below what the attacks take without a bound, which is minutes to years. */
const budgetMs = 6_000;

async function within(work: () => unknown): Promise<void> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  ok((user + system) / 1000 < budgetMs, `took ${(user + system) / 1000} ms of processor time`);
}

test("a regular expression that would backtrack for years answers at once", async () => {
  const evil = await compiled("json", JSON.stringify({ type: "string", pattern: "^(a+)+$" }));
  const worse = await compiled("json", JSON.stringify({ patternProperties: { "^(?:a?){200}a{200}$": { type: "number" } } }));
  await within(() => {
    match(fault(evil, JSON.stringify(`${"a".repeat(100_000)}!`)) ?? "", /pattern/);
    match(fault(evil, JSON.stringify(`${"a".repeat(20_000_000)}!`)) ?? "pattern", /pattern|costs more work/);
    fault(worse, { ["a".repeat(50_000)]: 1 });
  });
  const json = await languageOf("json");
  throws(() => json.compile({ text: JSON.stringify({ pattern: "(?:(?:a{1,1000}){1,1000}){1,1000}" }), message: "" }));
});

test("references that double at every step are counted, and stopped", async () => {
  const definitions: Record<string, unknown> = { a40: { type: "string" } };
  for (let step = 0; step < 40; step++) {
    const next = { $ref: `#/definitions/a${step + 1}` };
    definitions[`a${step}`] = { allOf: [next, next] };
  }
  const bomb = await compiled("json", JSON.stringify({ definitions, $ref: "#/definitions/a0" }));
  const round = await compiled(
    "json",
    JSON.stringify({ properties: { a: { anyOf: [{ allOf: [{ $ref: "#" }, { required: ["zz"] }] }, { $ref: "#" }] } } }),
  );
  let deep = {};
  for (let depth = 0; depth < 100; depth++) deep = { a: deep };
  await within(() => {
    match(fault(bomb, '"x"') ?? "", /costs more work/);
    match(fault(round, deep) ?? "", /costs more work/);
  });
});

test("long lists are compared by hash, deep payloads refused, and wide combinations paid for", async () => {
  const unique = await compiled("json", JSON.stringify({ uniqueItems: true }));
  const wide = await compiled(
    "json",
    JSON.stringify({ items: { anyOf: Array.from({ length: 300 }, (_, index) => ({ const: `v${index}` })) } }),
  );
  await within(() => {
    const many = `[${Array.from({ length: 50_000 }, (_, index) => `{"a":${index}}`).join(",")}]`;
    ok(fault(unique, many) === undefined);
    match(fault(unique, "[1,{},{}]") ?? "", /duplicate/);
    match(fault(unique, `${"[".repeat(100_000)}${"]".repeat(100_000)}`) ?? "", /nested deeper/);
    match(fault(wide, `[${"0,".repeat(300_000)}0]`) ?? "", /anyOf|costs more work|equal to constant/);
  });
});

test("every format answers soon, whatever the text", async () => {
  const formats = [
    "date-time",
    "duration",
    "uri",
    "uri-reference",
    "uri-template",
    "url",
    "email",
    "hostname",
    "ipv6",
    "regex",
    "json-pointer",
  ];
  const texts = ["a", "a-", "a.", "1:", "//", "%41", "{a,", "(a", "~0/", "http://a@", "P1Y"].map((part) => part.repeat(100_000));
  const short = texts.map((text) => text.slice(0, 2_000));
  for (const format of formats) {
    const validator = await compiled("json", JSON.stringify({ items: { format } }));
    await within(() => {
      for (const text of [...texts, ...short]) fault(validator, [text]);
    });
  }
});

test("a binary Avro list that announces billions costs what its bytes cost", async () => {
  const nulls = await compiled("avro", '{"type":"array","items":"null"}');
  const longs = await compiled("avro", '{"type":"array","items":"long"}');
  const order = await compiled("avro", orderAvro);
  const announced = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]);
  await within(() => {
    match(fault(nulls, announced) ?? "", /costs more work/);
    match(fault(longs, announced) ?? "", /must be long/);
    // An order in an order in an order …
    match(fault(order, Buffer.concat(Array.from({ length: 100_000 }, () => Buffer.from([2, 0, 0, 2])))) ?? "", /nested deeper/);
  });
});

test("nested groups and messages of protobuf, and long GraphQL documents, end", async () => {
  const tree = await compiled("protobuf", 'syntax = "proto3"; message M { M next = 1; }');
  const order = await compiled("protobuf", orderProtobuf);
  const graph = await compiled("graphql", orderGraphql);
  let nested = Buffer.alloc(0);
  for (let depth = 0; depth < 200; depth++) {
    const length = nested.length < 128 ? [nested.length] : [(nested.length & 127) | 128, nested.length >> 7];
    nested = Buffer.concat([Buffer.from([0x0a, ...length]), nested]);
  }
  await within(() => {
    match(fault(tree, nested) ?? "", /nested deeper/);
    match(fault(order, Buffer.alloc(500_000, 0x7b)) ?? "", /is not protobuf/);
    match(fault(graph, `{${"order(id:1){id}".repeat(10_000)}}`) ?? "", /tokens/);
    match(fault(graph, "{a".repeat(100_000)) ?? "", /nested deeper/);
    fault(graph, `{${"order(id:1){id}".repeat(120)}}`);
  });
});

test("the largest schemas are compiled in seconds, and those nested without end refused", async () => {
  const json = await languageOf("json");
  const properties: Record<string, unknown> = {};
  for (let index = 0; JSON.stringify({ properties }).length < schemaTextBytesMax - 100; index++) {
    properties[`p${index}`] = { anyOf: [{ type: "string", maxLength: 5 }, { type: "number" }] };
  }
  await within(() => json.compile({ text: JSON.stringify({ properties }), message: "" }));
  const opening = '{"not":';
  throws(() =>
    json.compile({ text: JSON.stringify({ anyOf: Array.from({ length: 3_000 }, (_, index) => ({ const: `${index}` })) }), message: "" }),
  );
  throws(() => json.compile({ text: `${opening.repeat(8_000)}{}${"}".repeat(8_000)}`, message: "" }));
  const avro = await languageOf("avro");
  throws(() => avro.compile({ text: `${'{"type":"array","items":'.repeat(2_500)}"int"${"}".repeat(2_500)}`, message: "" }));
});
