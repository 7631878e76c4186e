/** Requests to the broker's station API: JSON there and back, refusals as errors. */
import type { Connection } from "./connection.ts";
import { ClientError } from "./errors.ts";

export interface ApiAnswer {
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
  readonly [field: string]: unknown;
}

const notFound = 404;

/** How long a request to the broker may take. */
export interface AskOptions {
  /** Default: the connection's. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export async function askApi(connection: Connection, verb: string, body: object | undefined, options: AskOptions): Promise<ApiAnswer> {
  const payload = body === undefined ? "" : JSON.stringify(body);
  const message = await connection.request(`$JS.API.${verb}`, payload, options);
  const answer = message.json() as ApiAnswer;
  if (answer.error === undefined) return answer;
  const { code = 0, err_code = 0, description = "refused" } = answer.error;
  throw new ClientError(code === notFound ? "not_found" : "refused", `${verb}: ${description}`, { broker: err_code });
}

/** A field of an answer that is an object. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

export function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
