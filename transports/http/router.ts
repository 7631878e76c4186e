/**
 * HTTP requests to handlers: by method and path, `:name` standing for one segment. Who asks and whether they may is settled here, once;
 * a handler gets an identity and throws HttpProblem for everything that is the asker's fault.
 */
import { noCredentials } from "../../lib/auth/credentials.ts";
import type { Credentials } from "../../lib/auth/credentials.ts";
import { defaultTenant } from "../../lib/auth/identity.ts";
import type { Identity } from "../../lib/auth/identity.ts";
import { Subject } from "../../lib/router/subject.ts";
import type { WebRequest, WebResponse } from "../carriages/web/engine.ts";
import type { HttpHandler } from "../web/door.ts";
import type { Authentication } from "../nats/authentication.ts";
import { shownInHeader } from "../web/credentials.ts";
import { originAllowed } from "../web/origin.ts";
import { Answer, crossOriginHeaders } from "./answer.ts";
import type { Schema } from "./json-schema.ts";
import { noQuery, QueryText } from "./query.ts";
import type { QueryReader } from "./query.ts";
import { HttpProblem, sendProblem } from "./problem.ts";
import { problemOf } from "./refusals.ts";

const noParams: Readonly<Record<string, string>> = {};

export class HttpCall {
  readonly request: WebRequest;
  readonly body: Buffer;
  readonly response: WebResponse;
  /** The path's named segments, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: QueryReader;
  /** Who asks; nobody, where everybody may. */
  identity: Identity;

  constructor(request: WebRequest, body: Buffer, response: WebResponse, params: Readonly<Record<string, string>>, identity: Identity) {
    this.request = request;
    this.body = body;
    this.response = response;
    this.params = params;
    this.query = request.query === "" ? noQuery : new QueryText(request.query);
    this.identity = identity;
  }
}

/**
 * Who may ask. `open`: anybody. `user`: whoever is known; the handler looks further. `request`: who may publish this request of the
 * NATS API, which does the same, so that one set of permissions rules every door. `operator`: an unrestricted user of the default tenant.
 */
export type Access =
  | { readonly kind: "open" | "user" | "operator" }
  | { readonly kind: "request"; readonly subject: (params: Readonly<Record<string, string>>) => string };

/** What `/v1/openapi.json` says of a route. */
export interface RouteDocument {
  readonly tag: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, Schema>>;
  readonly headers?: Readonly<Record<string, Schema>>;
  /** By content type. */
  readonly body?: Readonly<Record<string, Schema>>;
  readonly answers: Readonly<Record<number, { readonly description: string; readonly content?: Readonly<Record<string, Schema>> }>>;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** e.g. `/v1/stations/:name` */
  readonly path: string;
  readonly access: Access;
  readonly document: RouteDocument;
  /** Answers through `call.response`, now or later. */
  handle(call: HttpCall): void | Promise<void>;
}

export interface HttpRouterOptions {
  readonly authentication: Authentication;
  readonly report: (message: string) => void;
  /** Origins besides the broker's own whose pages may ask; `*` = any. */
  readonly allowedOrigins: readonly string[];
}

const nobody: Identity = { user: "", tenant: defaultTenant, permissions: undefined, expiresMs: undefined };

interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Addresses of one method whose route is remembered; beyond, all are forgotten. */
const metMax = 2_048;
/** A longer one is not remembered. */
const metCharactersMax = 256;

interface Segmented {
  readonly route: Route;
  readonly segments: readonly string[];
}

export class HttpRouter implements HttpHandler {
  /** Requests answered, by status. */
  readonly answered: Map<number, number> = new Map();
  readonly #options: HttpRouterOptions;
  readonly #routes: Segmented[] = [];
  /** The same, by method and number of segments. */
  readonly #bySize: Map<string, Segmented[]> = new Map();
  /** Exact paths, by method. */
  readonly #exact: Map<string, Map<string, Found>> = new Map();
  /** Paths with parameters that were asked for, by method. */
  readonly #met: Map<string, Map<string, Found>> = new Map();

  constructor(options: HttpRouterOptions) {
    this.#options = options;
  }

  add(route: Route): void {
    const segments = route.path.split("/");
    if (segments.some((segment) => segment.startsWith(":"))) {
      const entry = { route, segments };
      this.#routes.push(entry);
      const size = `${route.method} ${segments.length}`;
      const alike = this.#bySize.get(size);
      if (alike === undefined) this.#bySize.set(size, [entry]);
      else alike.push(entry);
      return;
    }
    const exact = this.#exact.get(route.method) ?? new Map<string, Found>();
    this.#exact.set(route.method, exact.set(route.path, { route, params: noParams }));
  }

  get routes(): readonly Route[] {
    return [...this.#exactRoutes(), ...this.#routes.map(({ route }) => route)];
  }

  handle(request: WebRequest, body: Buffer, plain: WebResponse): void {
    const { allowedOrigins } = this.#options;
    const origin = request.headers.get("origin");
    const foreign = origin !== undefined && allowedOrigins.length > 0 && originAllowed(request, allowedOrigins);
    const response = new Answer(plain, foreign ? crossOriginHeaders(origin) : [], this.answered);
    if (foreign && request.method === "OPTIONS") {
      response.send(204, [], "");
      return;
    }
    const method = request.method === "HEAD" ? "GET" : request.method;
    const { path } = request;
    const found = this.#exact.get(method)?.get(path) ?? this.#met.get(method)?.get(path) ?? this.#find(method, path);
    if (typeof found === "string") {
      refuseUnknown(request, response, found);
      return;
    }
    // A page of another origin can send simple requests without being asked first: it must not change anything.
    if (method !== "GET" && !originAllowed(request, allowedOrigins)) {
      sendProblem(response, new HttpProblem(403, "Forbidden", "a page of this origin may not ask: add it to the allowed origins"));
      return;
    }
    const { route } = found;
    const call = new HttpCall(request, body, response, found.params, nobody);
    if (route.access.kind === "open") {
      this.#run(route, call);
      return;
    }
    const known = this.#knownAs(request);
    if (known !== undefined) {
      call.identity = known;
      this.#run(route, call);
      return;
    }
    this.#identify(request).then(
      (identity) => {
        call.identity = identity;
        this.#run(route, call);
      },
      (error: unknown) => this.#refuse(call, error),
    );
  }

  /** For a part of what an open route shows: who asks must have this access. Rejects with a problem. */
  async authorized(call: HttpCall, access: Access): Promise<void> {
    call.identity = this.#knownAs(call.request) ?? (await this.#identify(call.request));
    admit(access, call);
  }

  #knownAs(request: WebRequest): Identity | undefined {
    return request.headers.has("authorization") ? undefined : this.#options.authentication.anonymous;
  }

  async #identify(request: WebRequest): Promise<Identity> {
    let identity: Identity | undefined;
    try {
      identity = await this.#options.authentication.authenticate(credentialsOf(request));
    } catch {
      throw new HttpProblem(503, "Service Unavailable", "credentials cannot be checked now: try again");
    }
    if (identity === undefined) throw new HttpProblem(401, "Unauthorized", "show a user and password (Basic) or a token (Bearer)");
    return identity;
  }

  /** The route and its parameters; the methods allowed when only they differ; `""` when there is nothing. */
  #find(method: string, path: string): Found | string {
    const segments = path.split("/");
    for (const candidate of this.#bySize.get(`${method} ${segments.length}`) ?? []) {
      const params = matchSegments(candidate.segments, segments);
      if (params !== undefined) return this.#remember(method, path, { route: candidate.route, params });
    }
    const methods = this.#exactRoutes()
      .filter((route) => route.path === path)
      .map((route) => route.method);
    for (const { route, segments: wanted } of this.#routes) {
      if (matchSegments(wanted, segments) !== undefined) methods.push(route.method);
    }
    return [...new Set(methods)].sort().join(", ");
  }

  #exactRoutes(): Route[] {
    return [...this.#exact.values()].flatMap((byPath) => [...byPath.values()].map(({ route }) => route));
  }

  #remember(method: string, path: string, found: Found): Found {
    if (path.length > metCharactersMax) return found;
    const met = this.#met.get(method) ?? new Map<string, Found>();
    if (met.size >= metMax) met.clear();
    this.#met.set(method, met.set(path, found));
    return found;
  }

  #run(route: Route, call: HttpCall): void {
    try {
      admit(route.access, call);
      const answering = route.handle(call);
      if (answering instanceof Promise) answering.catch((error: unknown) => this.#refuse(call, error));
    } catch (error) {
      this.#refuse(call, error);
    }
  }

  #refuse({ request, response }: HttpCall, error: unknown): void {
    const problem = problemOf(error);
    if (problem !== undefined) {
      sendProblem(response, problem, nextSteps[problem.status]);
      return;
    }
    const what = error instanceof Error ? error.message : String(error);
    this.#options.report(`${request.method} ${request.path} failed: ${what}`);
    sendProblem(response, new HttpProblem(500, "Internal Server Error", "it failed for a reason that the broker's log names"));
  }
}

/** Headers that tell a client what to do about a status. */
const nextSteps: Readonly<Record<number, readonly (readonly [string, string])[]>> = {
  401: [["www-authenticate", 'Basic realm="waystation", charset="UTF-8"']],
  503: [["retry-after", "1"]],
};

/** Refuses who may not publish this subject: a request of the NATS API that does the same. */
export function demand(identity: Identity, subject: string): void {
  if (identity.permissions?.mayPublish(new Subject(Buffer.from(subject, "utf8"), true)) !== false) return;
  throw new HttpProblem(403, "Forbidden", `user '${identity.user}' may not do this: it takes the permission to publish to ${subject}`);
}

function admit(access: Access, { identity, params, request }: HttpCall): void {
  if (access.kind === "request") demand(identity, access.subject(params));
  if (access.kind !== "operator") return;
  if (identity.administers === false && request.method !== "GET" && request.method !== "HEAD") {
    throw new HttpProblem(403, "Forbidden", "this is not for those who show nothing: log in as a user who may administer");
  }
  if (identity.permissions?.unrestricted === false || identity.tenant !== defaultTenant) {
    throw new HttpProblem(403, "Forbidden", `only an unrestricted user of the default tenant may do this, which '${identity.user}' is not`);
  }
}

function refuseUnknown(request: WebRequest, response: WebResponse, methods: string): void {
  if (methods === "") {
    sendProblem(response, new HttpProblem(404, "Not Found", `there is nothing at ${request.path}: see /v1/openapi.json`));
    return;
  }
  sendProblem(response, new HttpProblem(405, "Method Not Allowed", `${request.path} takes ${methods}`), [["allow", methods]]);
}

function matchSegments(wanted: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (wanted.length !== given.length) return undefined;
  for (const [index, want] of wanted.entries()) {
    const segment = given[index] ?? "";
    if (want.startsWith(":") ? segment === "" : want !== segment) return undefined;
  }
  const params: Record<string, string> = {};
  try {
    for (const [index, want] of wanted.entries()) {
      if (want.startsWith(":")) params[want.slice(1)] = decodeURIComponent(given[index] ?? "");
    }
  } catch {
    return undefined;
  }
  return params;
}

function credentialsOf(request: WebRequest): Credentials {
  return { ...noCredentials, remoteAddress: request.remoteAddress, certificate: request.peerCertificate, ...shownInHeader(request) };
}
