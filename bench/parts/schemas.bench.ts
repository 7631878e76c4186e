/** How many small records a second the validators judge, each from its bytes: the goal is 300,000 for Avro and for JSON. */
import avsc from "avsc";
import { languageOf } from "../../lib/schema/languages.ts";
import type { SchemaKind } from "../../lib/schema/validator.ts";

const seconds = Number(process.argv[2] ?? 2);
const slice = 2_000;

const record = { device: "press-4", at: 1_700_000_000, value: 81.5, ok: true };
const avroText = JSON.stringify({
  type: "record",
  name: "Reading",
  fields: [
    { name: "device", type: "string" },
    { name: "at", type: "long" },
    { name: "value", type: "double" },
    { name: "ok", type: "boolean" },
  ],
});
const jsonText = JSON.stringify({
  type: "object",
  required: ["device", "at", "value"],
  properties: {
    device: { type: "string", maxLength: 40 },
    at: { type: "integer", minimum: 0 },
    value: { type: "number" },
    ok: { type: "boolean" },
  },
  additionalProperties: false,
});

async function rate(kind: SchemaKind, text: string, payload: Buffer): Promise<number> {
  const validator = (await languageOf(kind)).compile({ text, message: "" });
  const body = Buffer.concat([Buffer.from("header block"), payload]);
  const start = body.length - payload.length;
  let judged = 0;
  const judge = (): void => {
    for (let index = 0; index < slice; index++) if (validator.check(body, start, body.length) !== undefined) throw new Error("it fits");
    judged += slice;
  };
  for (let index = 0; index < 20; index++) judge();
  judged = 0;
  const began = process.cpuUsage();
  let usedUs = 0;
  while (usedUs < seconds * 1e6) {
    judge();
    const { user, system } = process.cpuUsage(began);
    usedUs = user + system;
  }
  return (judged / usedUs) * 1e6;
}

const datum = avsc.Type.forSchema(JSON.parse(avroText) as avsc.Schema).toBuffer(record);
const cases: readonly [string, SchemaKind, string, Buffer][] = [
  ["JSON Schema", "json", jsonText, Buffer.from(JSON.stringify(record))],
  ["Avro, payload as JSON", "avro", avroText, Buffer.from(JSON.stringify(record))],
  ["Avro, binary", "avro", avroText, datum],
];
for (const [name, kind, text, payload] of cases) {
  const judged = await rate(kind, text, payload);
  console.log(`${name.padEnd(24)} ${Math.round(judged).toLocaleString("en")} payloads of ${payload.length} bytes a second of CPU`);
}
