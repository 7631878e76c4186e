/** Messages as requests write them: the fields of one, and bodies that hold many, as lines or as a list. */
import type { HeaderList } from "../../lib/headers.ts";
import { isObject, schemaProblem } from "./json-schema.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";

/** Messages of one request. */
export const manyMax = 10_000;

export interface Incoming {
  /** Undefined = the station's only one. */
  readonly subject: string | undefined;
  readonly payload: Buffer;
  readonly headers: HeaderList;
  readonly id: string | undefined;
  readonly key: string | undefined;
}

export const messageSchema: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    subject: { type: "string", description: "default: the station's only subject" },
    text: { type: "string", description: "the payload as text" },
    base64: { type: "string", format: "byte", description: "the payload as bytes" },
    json: { description: "the payload as any JSON value" },
    key: { type: "string", description: "messages of one key keep their order; default: the subject" },
    id: { type: "string", description: "stored once within the station's duplicate window" },
    headers: { type: "object", additionalProperties: { type: "string" } },
  },
};

/** Of NDJSON. */
export function linesOf(body: Buffer): unknown[] {
  const documents: unknown[] = [];
  let start = 0;
  while (start < body.length) {
    const newline = body.indexOf(0x0a, start);
    const end = newline < 0 ? body.length : newline;
    const line = body.toString("utf8", start, end).trim();
    start = end + 1;
    if (line === "") continue;
    if (documents.length === manyMax) throw new HttpProblem(413, "Payload Too Large", `at most ${manyMax} messages in one request`);
    documents.push(parse(line, `line ${documents.length + 1}`));
  }
  return documents;
}

/** Of a JSON list. */
export function listOf(body: Buffer): unknown[] {
  const value = parse(body.toString("utf8"), "the body");
  const problem = schemaProblem({ type: "array", maxItems: manyMax }, value, "");
  if (problem !== undefined) throw new HttpProblem(422, "Unprocessable Content", problem);
  return value as unknown[];
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpProblem(400, "Bad Request", `${what} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A document as a message; throws what is wrong with it. */
export function incoming(document: unknown, index: number): Incoming {
  const problem = schemaProblem(messageSchema, document, `[${index}]`);
  if (problem !== undefined || !isObject(document)) throw new HttpProblem(422, "Unprocessable Content", problem ?? "no object");
  const text = (name: string): string | undefined => (typeof document[name] === "string" ? document[name] : undefined);
  const forms = ["text", "base64", "json"].filter((name) => document[name] !== undefined);
  if (forms.length > 1) {
    throw new HttpProblem(422, "Unprocessable Content", `'[${index}]' has its payload twice, as ${forms.join(" and ")}: leave one`);
  }
  const base64 = text("base64");
  const headers = isObject(document["headers"]) ? Object.entries(document["headers"]) : [];
  return {
    subject: text("subject"),
    payload:
      base64 === undefined
        ? Buffer.from(document["json"] === undefined ? (text("text") ?? "") : JSON.stringify(document["json"]), "utf8")
        : decodeBase64(base64),
    headers: headers.map(([name, value]) => [name, String(value)]),
    id: text("id"),
    key: text("key"),
  };
}

export function decodeBase64(text: string): Buffer {
  const plain = text.replaceAll(/\s/g, "");
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(plain)) throw new HttpProblem(422, "Unprocessable Content", "the payload is no base64");
  return Buffer.from(plain, "base64");
}
