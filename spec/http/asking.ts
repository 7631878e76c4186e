/** Asks a broker by HTTP, for the specs: a status, headers, and a body read as what it is. */
import { equal } from "node:assert/strict";

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: Json;
}

/** A JSON document that specs walk without declaring its shape. */
export interface Json {
  readonly [name: string]: Json;
}

export async function ask(
  base: string,
  method: string,
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Asked> {
  const response = await fetch(`${base}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  const json = (response.headers.get("content-type") ?? "").includes("json") && !path.includes("ndjson") ? parsed(text) : {};
  return { status: response.status, headers: response.headers, text, json };
}

/** Asks, and fails unless the status is this one. */
export async function expectStatus(status: number, ...asked: Parameters<typeof ask>): Promise<Asked> {
  const answer = await ask(...asked);
  equal(answer.status, status, `${asked[1]} ${asked[2]}: ${answer.text}`);
  if (status >= 400) equal(answer.headers.get("content-type"), "application/problem+json");
  return answer;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

/** The events of a stream until one contains `text`. */
export async function eventsUntil(response: Response, text: string): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let read = "";
  while (!read.includes(text)) {
    const step = await reader?.read();
    if (step === undefined || step.done) throw new Error(`the stream ended before '${text}': ${read}`);
    read += decoder.decode(step.value, { stream: true });
  }
  return read;
}
