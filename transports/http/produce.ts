/**
 * `POST /v1/stations/NAME/messages`: one message, or many as NDJSON or a JSON list. Answered once everything is durable. And
 * `POST /v1/publish/SUBJECT`, which waits for nothing.
 */
import type { HeaderList } from "../../lib/headers.ts";
import { encodeHeaders } from "../../lib/headers.ts";
import { nothing } from "../../lib/message.ts";
import type { Produced, ProduceError, Waiting } from "../local/connection.ts";
import type { Taking } from "./captured.ts";
import { checkedSubject, soleSubject } from "./captured.ts";
import type { HttpContext } from "./context.ts";
import { sendJson } from "./context.ts";
import { decodeBase64, incoming, linesOf, listOf, manyMax, messageSchema } from "./incoming.ts";
import type { Incoming } from "./incoming.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem, sendProblem } from "./problem.ts";
import { problemOf } from "./refusals.ts";
import type { HttpCall, HttpRouter } from "./router.ts";

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
        200: {
          description: "every message of many is durable; or the one message was there before",
          content: { "application/json": { type: "object", properties: { ...resultsSchema.properties, ...storedSchema.properties } } },
        },
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
      checkedSubject(call.identity, subject);
      const payload = payloadOf(call);
      const headers = headersOf(call);
      checkSize(context, encoded(headers).length + payload.length);
      sendJson(call, 202, { receivers: context.connection(call).publish(subject, payload, { headers }) });
    },
  });
}

function produce(context: HttpContext, call: HttpCall): void {
  const station = context.whole(call);
  const type = call.request.headers.get("content-type");
  if (type !== undefined && isNdjson(type)) produceMany(context, call, station, linesOf(call.body));
  else if (call.query.get("many") === "true") produceMany(context, call, station, listOf(call.body));
  else produceOne(context, call, station);
}

function isNdjson(type: string): boolean {
  return type.includes("ndjson") && type.split(";", 1)[0]?.trim().toLowerCase() === "application/x-ndjson";
}

function produceOne(context: HttpContext, call: HttpCall, station: Taking): void {
  const { query } = call;
  const { headers } = call.request;
  const message: Incoming = {
    subject: query.get("subject") ?? headers.get("waystation-subject"),
    payload: payloadOf(call),
    headers: headersOf(call),
    id: query.get("id") ?? headers.get("waystation-message-id"),
    key: query.get("key") ?? headers.get("waystation-key"),
  };
  if (!submit(context, call, station, message, new OneMessage(context, call, message.payload.length))) {
    sendJson(call, 202, { station: station.name });
  }
}

/** Answers a request of one message once its outcome is known. */
class OneMessage implements Waiting {
  readonly #context: HttpContext;
  readonly #call: HttpCall;
  readonly #bytes: number;

  constructor(context: HttpContext, call: HttpCall, bytes: number) {
    this.#context = context;
    this.#call = call;
    this.#bytes = bytes;
  }

  resolve({ station, sequence, duplicate }: Produced): void {
    this.#context.pendingBytes -= this.#bytes;
    const text = `{"station":${JSON.stringify(station)},"sequence":${sequence},"duplicate":${duplicate ? "true" : "false"}}\n`;
    this.#call.response.send(duplicate ? 200 : 201, json, text);
  }

  reject(error: ProduceError): void {
    this.#context.pendingBytes -= this.#bytes;
    const problem = problemOf(error);
    if (problem !== undefined) sendProblem(this.#call.response, problem);
  }
}

const json = [["content-type", "application/json"]] as const;

interface Result {
  readonly sequence?: number;
  readonly duplicate?: boolean;
  /** Of a message that was refused. */
  readonly status?: number;
  readonly detail?: string;
}

function produceMany(context: HttpContext, call: HttpCall, station: Taking, documents: readonly unknown[]): void {
  const messages = documents.map((document, index) => incoming(document, index));
  const many = new ManyMessages(context, call, station.name, messages.length);
  for (const [index, message] of messages.entries()) {
    const waiting = many.expect(index, message.payload.length);
    try {
      if (!submit(context, call, station, message, waiting)) many.settle(index, {});
    } catch (error) {
      const problem = problemOf(error);
      if (problem === undefined) throw error;
      many.settle(index, refusal(problem));
    }
  }
  many.submitted();
}

function refusal(problem: HttpProblem): Result {
  return { status: problem.status, ...problem.extra, detail: problem.message };
}

/** Answers a request of many messages once the outcome of each is known. */
class ManyMessages {
  readonly #context: HttpContext;
  readonly #call: HttpCall;
  readonly #station: string;
  readonly #results: Result[];
  /** One more than outcomes to come, until all are submitted. */
  #left: number;
  #refused = 0;

  constructor(context: HttpContext, call: HttpCall, station: string, count: number) {
    this.#context = context;
    this.#call = call;
    this.#station = station;
    this.#results = Array.from({ length: count }, () => ({}));
    this.#left = count + 1;
  }

  expect(index: number, bytes: number): Waiting {
    return {
      resolve: ({ sequence, duplicate }) => {
        this.#context.pendingBytes -= bytes;
        this.settle(index, { sequence, duplicate });
      },
      reject: (error) => {
        this.#context.pendingBytes -= bytes;
        const problem = problemOf(error);
        this.settle(index, problem === undefined ? { status: 500 } : refusal(problem));
      },
    };
  }

  settle(index: number, result: Result): void {
    this.#results[index] = result;
    if (result.status !== undefined) this.#refused++;
    this.submitted();
  }

  submitted(): void {
    if (--this.#left > 0) return;
    const results = this.#results;
    const document = { station: this.#station, stored: results.length - this.#refused, results };
    const first = results.find(({ status }) => status !== undefined);
    if (first === undefined) sendJson(this.#call, 200, document);
    else if (this.#refused < results.length) sendJson(this.#call, 207, document);
    else {
      const why = `no message was stored: ${first.detail ?? ""}`;
      sendProblem(this.#call.response, new HttpProblem(first.status ?? 422, "Refused", why, document));
    }
  }
}

/** Hands a message on; throws what is wrong with it. False: the station acknowledges nothing, and nobody is told anything. */
function submit(context: HttpContext, call: HttpCall, station: Taking, message: Incoming, waiting: Waiting): boolean {
  const { payload, id, key } = message;
  const subject = context.captured.bytesOf(call.identity, station, message.subject ?? soleSubject(station));
  let { headers } = message;
  if (id !== undefined) headers = [...headers, ["Nats-Msg-Id", id]];
  if (key !== undefined) headers = [...headers, ["Waystation-Key", key]];
  const block = encoded(headers);
  checkSize(context, block.length + payload.length);
  const body = block.length === 0 ? payload : Buffer.concat([block, payload]);
  const connection = context.connection(call);
  if (station.config.noAck) {
    connection.submit(subject, body, block.length, undefined);
    return false;
  }
  context.admit(payload.length);
  connection.submit(subject, body, block.length, waiting);
  return true;
}

function encoded(headers: HeaderList): Buffer {
  if (headers.length === 0) return nothing;
  try {
    return encodeHeaders(headers);
  } catch (error) {
    throw new HttpProblem(422, "Unprocessable Content", error instanceof Error ? error.message : String(error));
  }
}

function checkSize(context: HttpContext, bytes: number): void {
  const { payloadBytesMax } = context.opened.nats.limits;
  if (bytes > payloadBytesMax) {
    throw new HttpProblem(413, "Payload Too Large", `a message has at most ${payloadBytesMax} bytes, headers included`);
  }
}

function payloadOf(call: HttpCall): Buffer {
  return call.query.get("encoding") === "base64" ? decodeBase64(call.body.toString("latin1")) : call.body;
}

const noHeaders: HeaderList = [];

/** `Waystation-Header-Colour: red` becomes the message's header `colour: red`. */
function headersOf(call: HttpCall): HeaderList {
  let list: [string, string][] | undefined;
  for (const [name, value] of call.request.headers) {
    if (!name.startsWith("waystation-")) continue;
    if (name.startsWith("waystation-header-")) (list ??= []).push([name.slice("waystation-header-".length), value]);
    else if (name === "waystation-expected-last-sequence") (list ??= []).push(["Nats-Expected-Last-Sequence", value]);
  }
  return list ?? noHeaders;
}
