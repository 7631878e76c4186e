/** Errors as `application/problem+json` (RFC 9457): what is wrong in one sentence, and what to do next. */
import type { WebResponse } from "../carriages/web/engine.ts";

export class HttpProblem extends Error {
  readonly status: number;
  readonly title: string;
  /** More members of the document, e.g. the field at fault. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, title: string, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.name = "HttpProblem";
    this.status = status;
    this.title = title;
    this.extra = extra;
  }
}

export function sendProblem(response: WebResponse, problem: HttpProblem, headers: readonly (readonly [string, string])[] = []): void {
  const document = { type: "about:blank", title: problem.title, status: problem.status, detail: problem.message, ...problem.extra };
  response.send(problem.status, [["content-type", "application/problem+json"], ...headers], `${JSON.stringify(document)}\n`);
}
