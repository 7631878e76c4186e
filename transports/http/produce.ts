/**
 * `POST /v1/stations/NAME/messages`: one message, or many as NDJSON or a JSON list. Answered once everything is durable. And
 * `POST /v1/publish/SUBJECT`, which waits for nothing.
 */
import { compileFilter, parseSubject } from "../../lib/filter.ts";
import type { HeaderList } from "../../lib/headers.ts";
import { encodeHeaders } from "../../lib/headers.ts";
import type { Station } from "../../lib/station/station.ts";
import type { HttpContext } from "./context.ts";
import { sendJson } from "./context.ts";
import { isObject, schemaProblem } from "./json-schema.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import { problemOf } from "./refusals.ts";
import { demand } from "./router.ts";
import type { HttpCall, HttpRouter } from "./router.ts";

/** Messages of one request. */
const manyMax = 10_000;

interface Incoming {
  readonly subject: string;
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

const manySchema: Schema = { type: "array", items: messageSchema, maxItems: manyMax };

const storedSchema: Schema = {
  type: "object",
  properties: { station: { type: "string" }, sequence: { type: "integer" }, duplicate: { type: "boolean" } },
};

const resultsSchema: Schema = {
  type: "object",
  properties: {
    station: { type: "string" },
    stored: { type: "integer", description: "how many are durable" },
    results: {
      type: "array",
      description: "in the order of the messages",
      items: {
        type: "object",
        properties: {
          sequence: { type: "integer" },
          duplicate: { type: "boolean" },
          status: { type: "integer", description: "of a message that was refused" },
          code: { type: "string" },
          detail: { type: "string" },
        },
      },
    },
  },
};

const rawBody: Schema = { type: "string", format: "binary" };

export function addProduce(router: HttpRouter, context: HttpContext): void {
  router.add({
    method: "POST",
    path: "/v1/stations/:name/messages",
    access: { kind: "user" },
    document: {
      tag: "messages",
      summary: "Store one message (the body), or many (NDJSON, or a JSON list with `many=true`); answered when durable",
      query: {
        subject: { type: "string", description: "default: the station's only subject" },
        key: { type: "string" },
        id: { type: "string", description: "a message id: stored once within the duplicate window" },
        encoding: { type: "string", enum: ["base64"], description: "how the body of one message is written" },
        many: { type: "boolean", description: "the body is a JSON list of messages" },
      },
      headers: {
        "Waystation-Subject": { type: "string" },
        "Waystation-Key": { type: "string" },
        "Waystation-Message-Id": { type: "string" },
        "Waystation-Expected-Last-Sequence": {
          type: "integer",
          description: "refused with 412 when the station's last sequence is another",
        },
      },
      body: { "application/octet-stream": rawBody, "application/x-ndjson": messageSchema, "application/json": manySchema },
      answers: {
        200: { description: "every message of many is durable", content: { "application/json": resultsSchema } },
        201: { description: "the message is durable", content: { "application/json": storedSchema } },
        202: { description: "the station acknowledges nothing, so nothing is known" },
        207: { description: "some of many were refused", content: { "application/json": resultsSchema } },
      },
    },
    handle: (call) => produce(context, call),
  });
  router.add({
    method: "POST",
    path: "/v1/publish/:subject",
    access: { kind: "user" },
    document: {
      tag: "messages",
      summary: "Publish the body to whoever listens now, without waiting for anything",
      body: { "application/octet-stream": rawBody },
      answers: {
        202: {
          description: "handed to so many receivers, stations included",
          content: { "application/json": { type: "object", properties: { receivers: { type: "integer" } } } },
        },
      },
    },
    handle: (call) => {
      const subject = call.params["subject"] ?? "";
      checkSubject(call, subject);
      const message = { subject, payload: payloadOf(call), headers: headersOf(call), id: undefined, key: undefined };
      checkSize(context, message);
      sendJson(call, 202, { receivers: context.connection(call).publish(subject, message.payload, { headers: message.headers }) });
    },
  });
}

async function produce(context: HttpContext, call: HttpCall): Promise<void> {
  const station = context.station(call);
  const type = (call.request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/x-ndjson") await produceMany(context, call, station, lines(call.body));
  else if (call.query.get("many") === "true") await produceMany(context, call, station, list(call.body));
  else await produceOne(context, call, station);
}

async function produceOne(context: HttpContext, call: HttpCall, station: Station): Promise<void> {
  const { headers } = call.request;
  const message: Incoming = {
    subject: call.query.get("subject") ?? headers.get("waystation-subject") ?? soleSubject(station),
    payload: payloadOf(call),
    headers: headersOf(call),
    id: call.query.get("id") ?? headers.get("waystation-message-id") ?? undefined,
    key: call.query.get("key") ?? headers.get("waystation-key") ?? undefined,
  };
  const stored = await store(context, call, station, message);
  if (stored === undefined) sendJson(call, 202, { station: station.name });
  else sendJson(call, stored.duplicate ? 200 : 201, stored);
}

async function produceMany(context: HttpContext, call: HttpCall, station: Station, documents: readonly unknown[]): Promise<void> {
  const messages = documents.map((document, index) => incoming(document, index, station));
  const results = await Promise.all(
    messages.map(async (message) => {
      try {
        const stored = await store(context, call, station, message);
        return stored === undefined ? {} : { sequence: stored.sequence, duplicate: stored.duplicate };
      } catch (error) {
        const problem = problemOf(error);
        if (problem === undefined) throw error;
        return { status: problem.status, ...problem.extra, detail: problem.message };
      }
    }),
  );
  const refused = results.filter((result) => "status" in result);
  const document = { station: station.name, stored: results.length - refused.length, results };
  const first = refused[0];
  if (first === undefined) sendJson(call, 200, document);
  else if (refused.length < results.length) sendJson(call, 207, document);
  else throw new HttpProblem(first.status ?? 422, "Refused", `no message was stored: ${first.detail}`, document);
}

/** Undefined: the station acknowledges nothing. */
async function store(
  context: HttpContext,
  call: HttpCall,
  station: Station,
  message: Incoming,
): Promise<{ readonly station: string; readonly sequence: number; readonly duplicate: boolean } | undefined> {
  const { subject, payload, headers, id, key } = message;
  checkSubject(call, subject);
  if (!captures(station, subject)) {
    const wanted = station.config.subjects.join(", ");
    throw new HttpProblem(422, "Unprocessable Content", `station '${station.name}' takes ${wanted}, not '${subject}'`, { code: "subject" });
  }
  checkSize(context, message);
  const connection = context.connection(call);
  const options = { headers, ...(id === undefined ? {} : { messageId: id }), ...(key === undefined ? {} : { key }) };
  if (station.config.noAck) {
    connection.publish(subject, payload, options);
    return undefined;
  }
  context.admit(payload.length);
  try {
    return await connection.produce(subject, payload, options);
  } finally {
    context.pendingBytes -= payload.length;
  }
}

function checkSubject(call: HttpCall, subject: string): void {
  if (parseSubject(subject) === undefined) {
    throw new HttpProblem(422, "Unprocessable Content", `'${subject}' is no subject: tokens joined by dots, without wildcards and blanks`);
  }
  demand(call.identity, subject);
}

function checkSize(context: HttpContext, message: Incoming): void {
  const { payloadBytesMax } = context.opened.nats.limits;
  let headers = 0;
  try {
    headers = message.headers.length === 0 ? 0 : encodeHeaders(message.headers).length;
  } catch (error) {
    throw new HttpProblem(422, "Unprocessable Content", error instanceof Error ? error.message : String(error));
  }
  if (headers + message.payload.length > payloadBytesMax) {
    throw new HttpProblem(413, "Payload Too Large", `a message has at most ${payloadBytesMax} bytes, headers included`);
  }
}

function captures(station: Station, subject: string): boolean {
  const { subjects } = station.config;
  if (subjects.includes(subject)) return true;
  const bytes = Buffer.from(subject, "utf8");
  return subjects.some((filter) => compileFilter(filter).matches(bytes, 0, bytes.length));
}

function soleSubject(station: Station): string {
  const [only, ...more] = station.config.subjects;
  if (only !== undefined && more.length === 0 && parseSubject(only) !== undefined) return only;
  const wanted = station.config.subjects.join(", ");
  throw new HttpProblem(422, "Unprocessable Content", `name a subject, by ?subject= or Waystation-Subject: the station takes ${wanted}`);
}

function payloadOf(call: HttpCall): Buffer {
  return call.query.get("encoding") === "base64" ? decodeBase64(call.body.toString("latin1")) : call.body;
}

/** `Waystation-Header-Colour: red` becomes the message's header `colour: red`. */
function headersOf(call: HttpCall): HeaderList {
  const list: [string, string][] = [];
  for (const [name, value] of call.request.headers) {
    if (name.startsWith("waystation-header-")) list.push([name.slice("waystation-header-".length), value]);
    else if (name === "waystation-expected-last-sequence") list.push(["Nats-Expected-Last-Sequence", value]);
  }
  return list;
}

function lines(body: Buffer): unknown[] {
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

function list(body: Buffer): unknown[] {
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

function incoming(document: unknown, index: number, station: Station): Incoming {
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
    subject: text("subject") ?? soleSubject(station),
    payload:
      base64 === undefined
        ? Buffer.from(document["json"] === undefined ? (text("text") ?? "") : JSON.stringify(document["json"]), "utf8")
        : decodeBase64(base64),
    headers: headers.map(([name, value]) => [name, String(value)]),
    id: text("id"),
    key: text("key"),
  };
}

function decodeBase64(text: string): Buffer {
  const plain = text.replaceAll(/\s/g, "");
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(plain)) throw new HttpProblem(422, "Unprocessable Content", "the payload is no base64");
  return Buffer.from(plain, "base64");
}
