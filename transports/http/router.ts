/**
 * HTTP requests to handlers: by method and path, `:name` standing for one segment. Who asks is settled here, once; a handler gets an
 * identity and throws HttpProblem for everything that is the asker's fault.
 */
import type { Identity } from "../../lib/auth/identity.ts";
import type { WebRequest, WebResponse } from "../carriages/web/engine.ts";
import type { HttpHandler } from "../web/door.ts";
import type { Authentication } from "../nats/authentication.ts";
import { HttpProblem, sendProblem } from "./problem.ts";

export interface HttpCall {
  readonly request: WebRequest;
  readonly body: Buffer;
  readonly response: WebResponse;
  /** The path's named segments, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly identity: Identity;
}

export interface Route {
  readonly method: string;
  /** e.g. `/v1/stations/:name` */
  readonly path: string;
  /** Answered without asking who it is. */
  readonly open: boolean;
  /** Answers through `call.response`, now or later. */
  handle(call: HttpCall): void | Promise<void>;
}

const nobody: Identity = { user: "", tenant: "$G", permissions: undefined, expiresMs: undefined };

interface Segmented {
  readonly route: Route;
  readonly segments: readonly string[];
}

export class HttpRouter implements HttpHandler {
  readonly #authentication: Authentication;
  readonly #report: (message: string) => void;
  readonly #routes: Segmented[] = [];
  /** Exact paths, by method and path. */
  readonly #exact: Map<string, Route> = new Map();

  constructor(authentication: Authentication, report: (message: string) => void) {
    this.#authentication = authentication;
    this.#report = report;
  }

  add(route: Route): void {
    const segments = route.path.split("/");
    if (segments.some((segment) => segment.startsWith(":"))) this.#routes.push({ route, segments });
    else this.#exact.set(`${route.method} ${route.path}`, route);
  }

  get routes(): readonly Route[] {
    return [...this.#exact.values(), ...this.#routes.map(({ route }) => route)];
  }

  handle(request: WebRequest, body: Buffer, response: WebResponse): void {
    const method = request.method === "HEAD" ? "GET" : request.method;
    const exact = this.#exact.get(`${method} ${request.path}`);
    if (exact?.open === true) {
      this.#run(exact, { request, body, response, params: {}, query: new URLSearchParams(request.query), identity: nobody });
      return;
    }
    const found = exact === undefined ? this.#find(method, request.path) : { route: exact, params: {} };
    if (typeof found === "string") {
      const problem =
        found === ""
          ? new HttpProblem(404, "Not Found", `there is nothing at ${request.path}: see /v1/openapi.json`)
          : new HttpProblem(405, "Method Not Allowed", `${request.path} takes ${found}`);
      sendProblem(response, problem, found === "" ? [] : [["allow", found]]);
      return;
    }
    const { route, params } = found;
    const query = new URLSearchParams(request.query);
    if (route.open) {
      this.#run(route, { request, body, response, params, query, identity: nobody });
      return;
    }
    const known = request.headers.has("authorization") ? undefined : this.#authentication.anonymous;
    if (known !== undefined) {
      this.#run(route, { request, body, response, params, query, identity: known });
      return;
    }
    this.#authentication.authenticate(credentialsOf(request)).then(
      (identity) => {
        if (identity !== undefined) this.#run(route, { request, body, response, params, query, identity });
        else {
          const problem = new HttpProblem(401, "Unauthorized", "show a user and password (Basic) or a token (Bearer)");
          sendProblem(response, problem, [["www-authenticate", 'Basic realm="waystation", charset="UTF-8"']]);
        }
      },
      () => sendProblem(response, new HttpProblem(503, "Service Unavailable", "credentials cannot be checked now: try again")),
    );
  }

  /** The route and its parameters; the methods allowed when only they differ; `""` when there is nothing. */
  #find(method: string, path: string): { route: Route; params: Record<string, string> } | string {
    const segments = path.split("/");
    const methods = [...this.#exact.values()].filter((route) => route.path === path).map((route) => route.method);
    for (const candidate of this.#routes) {
      const params = matchSegments(candidate.segments, segments);
      if (params === undefined) continue;
      if (candidate.route.method === method) return { route: candidate.route, params };
      methods.push(candidate.route.method);
    }
    return [...new Set(methods)].sort().join(", ");
  }

  #run(route: Route, call: HttpCall): void {
    const failed = (error: unknown): void => {
      if (error instanceof HttpProblem) {
        sendProblem(call.response, error);
        return;
      }
      const what = error instanceof Error ? error.message : String(error);
      this.#report(`${call.request.method} ${call.request.path} failed: ${what}`);
      sendProblem(call.response, new HttpProblem(500, "Internal Server Error", "it failed for a reason that the broker's log names"));
    };
    try {
      const answering = route.handle(call);
      if (answering instanceof Promise) answering.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

function matchSegments(wanted: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, want] of wanted.entries()) {
    const segment = given[index] ?? "";
    if (!want.startsWith(":")) {
      if (want !== segment) return undefined;
      continue;
    }
    if (segment === "") return undefined;
    try {
      params[want.slice(1)] = decodeURIComponent(segment);
    } catch {
      return undefined;
    }
  }
  return params;
}

/** Basic (user and password) or Bearer (token). A token is never taken from the address, which would be logged. */
function credentialsOf(request: WebRequest): Parameters<Authentication["authenticate"]>[0] {
  const [scheme = "", value = ""] = (request.headers.get("authorization") ?? "").split(" ", 2);
  const none = { user: undefined, password: undefined, token: undefined, nkey: undefined, signature: undefined, nonce: "", jwt: undefined };
  const rest = { certificate: undefined, remoteAddress: request.remoteAddress };
  if (scheme.toLowerCase() === "bearer") return { ...none, ...rest, token: value };
  if (scheme.toLowerCase() !== "basic") return { ...none, ...rest };
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return { ...none, ...rest, user: colon < 0 ? text : text.slice(0, colon), password: colon < 0 ? "" : text.slice(colon + 1) };
}
