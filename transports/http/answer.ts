/** An answer as it leaves: counted by status and, for a page of another origin that the configuration allows, readable there. */
import type { WebResponse } from "../carriages/web/engine.ts";

type Headers = readonly (readonly [string, string])[];

const asked = "authorization, content-type, last-event-id, waystation-subject, waystation-key, waystation-message-id";

/** What lets a page of `origin` read the answer. */
export function crossOriginHeaders(origin: string): Headers {
  return [
    ["access-control-allow-origin", origin],
    ["access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE"],
    ["access-control-allow-headers", asked],
    ["access-control-max-age", "600"],
    ["vary", "origin"],
  ];
}

export class Answer implements WebResponse {
  readonly #plain: WebResponse;
  readonly #headers: Headers;
  readonly #counts: Map<number, number>;

  constructor(plain: WebResponse, headers: Headers, counts: Map<number, number>) {
    this.#plain = plain;
    this.#headers = headers;
    this.#counts = counts;
  }

  get finished(): boolean {
    return this.#plain.finished;
  }

  get onAborted(): (() => void) | undefined {
    return this.#plain.onAborted;
  }

  set onAborted(task: (() => void) | undefined) {
    this.#plain.onAborted = task;
  }

  get onDrain(): (() => void) | undefined {
    return this.#plain.onDrain;
  }

  set onDrain(task: (() => void) | undefined) {
    this.#plain.onDrain = task;
  }

  send(status: number, headers: Headers, body: Uint8Array | string): void {
    this.#count(status);
    this.#plain.send(status, this.#headers.length === 0 ? headers : [...headers, ...this.#headers], body);
  }

  begin(status: number, headers: Headers): void {
    this.#count(status);
    this.#plain.begin(status, [...headers, ...this.#headers]);
  }

  write(chunk: Uint8Array | string): boolean {
    return this.#plain.write(chunk);
  }

  end(): void {
    this.#plain.end();
  }

  #count(status: number): void {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + 1);
  }
}
