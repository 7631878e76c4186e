/**
 * The JetStream API of one tenant: a responder on `$JS.API.>`. A request is copied when it arrives and handled in the same turn once
 * its publisher is through, because nobody may publish from within a delivery; pulls alone are handed on in place. Verbs are
 * registered by those who know them (`stream-api.ts`, `consumer-api.ts`, …). A well-formed subject that no verb takes gets no answer.
 */
import type { Clock } from "../../../store/environment.ts";
import { parseHeaders } from "../../../lib/headers.ts";
import type { Message } from "../../../lib/message.ts";
import type { Stations } from "../../../lib/station/stations.ts";
import { Subscription } from "../../../lib/subscription.ts";
import type { Tenant } from "../../../lib/tenant.ts";
import type { CloseReason, PublishOutcome, Session } from "../../../lib/transport.ts";
import { StationError } from "../../../lib/station/station-error.ts";
import { apiLevel } from "../info.ts";
import { DomainAlias } from "./domain-alias.ts";
import { ApiError, apiErrors } from "./errors.ts";
import { encodeAnswer } from "./json.ts";
import { stationApiError } from "./station-refusals.ts";

/** One request, its own copy. */
export interface ApiRequest {
  /** The whole subject. */
  readonly subject: string;
  /** The tokens after the verb. */
  readonly args: readonly string[];
  /** `""` = nobody waits. */
  readonly reply: string;
  readonly payload: Buffer;
  /** The header block, empty without headers. */
  readonly headers: Buffer;
}

/** The fields of an answer after `type`, in order. Undefined: no answer, or the handler answers by itself. */
export type ApiAnswer = object | undefined;

export interface ApiVerb {
  /** The words after `$JS.API.`, e.g. `STREAM.INFO`. */
  readonly verb: string;
  /** How many tokens follow: at least, at most. */
  readonly argsMin: number;
  readonly argsMax: number;
  /** The answer's type after `io.nats.jetstream.api.v1.`. */
  readonly type: string;
  /** What an error answer carries besides, e.g. a list's empty page. */
  readonly errorFields?: object;
  /** May throw an ApiError or a StationError. */
  handle(request: ApiRequest): ApiAnswer | Promise<ApiAnswer>;
}

/** Takes a pull, `$JS.API.CONSUMER.MSG.NEXT.…`, in place and at once. False = there is no such group: the requester is told so. */
export type PullHandler = (message: Message) => boolean;

const prefix = "$JS.API.";
const pullPrefix: Buffer = Buffer.from("$JS.API.CONSUMER.MSG.NEXT.");
const noHeaders: Buffer = Buffer.alloc(0);

/** Requests waiting for the end of their turn at most; then they are refused. */
const requestsMax = 10_000;

export interface ApiOptions {
  /** The session's id: `broker.nextSessionId()`. */
  readonly id: number;
  readonly clock: Clock;
  readonly tenant: Tenant;
  readonly stations: Stations;
  /** One line for the operator about a request that failed for a reason nobody foresaw. */
  readonly report: (message: string) => void;
  /** The requests are also taken as `$JS.<domain>.API.>`; "" = the server has no domain. */
  readonly domain?: string | undefined;
}

export class Api implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly tenant: Tenant;
  readonly stations: Stations;
  readonly clock: Clock;
  /** Requests and refused ones since start. */
  total = 0;
  errors = 0;
  /** Told of every answer that was given in JSON. */
  audit: ((request: ApiRequest, answer: string) => void) | undefined = undefined;
  /** Set by the consumer half. */
  pull: PullHandler | undefined;
  /** The tenant has no JetStream: every request is refused. */
  denied = false;
  readonly #report: (message: string) => void;
  readonly #verbs: Map<string, ApiVerb> = new Map();
  readonly domain: string;
  readonly #subscription: Subscription;
  readonly #alias: DomainAlias | undefined;
  #queue: ApiRequest[] = [];
  #running = 0;

  constructor(options: ApiOptions) {
    this.id = options.id;
    this.clock = options.clock;
    this.tenant = options.tenant;
    this.stations = options.stations;
    this.#report = options.report;
    this.pull = undefined;
    this.#subscription = new Subscription({ filter: `${prefix}>`, session: this, label: "" });
    this.tenant.router.add(this.#subscription);
    this.domain = options.domain ?? "";
    this.#alias = this.domain === "" ? undefined : new DomainAlias(options.id, this.domain, options.tenant);
  }

  register(verb: ApiVerb): void {
    this.#verbs.set(verb.verb, verb);
  }

  /** Stops answering. */
  stop(): void {
    this.tenant.router.remove(this.#subscription);
    this.#alias?.stop();
    this.#queue = [];
  }

  /** Publishes a text to a reply subject. */
  answer(reply: string, text: string): void {
    if (reply !== "") this.tenant.announce(reply, Buffer.from(text, "utf8"), 0);
  }

  /** Publishes a status such as `404 No Messages`, with more header lines if given, to a reply subject. */
  answerStatus(reply: string, status: string, lines = ""): void {
    if (reply === "") return;
    const block = Buffer.from(`NATS/1.0 ${status}\r\n${lines}\r\n`, "utf8");
    this.tenant.announce(reply, block, block.length);
  }

  deliver(_subscription: Subscription, message: Message): boolean {
    const subject = message.subject.bytes;
    if (!this.denied && startsWith(subject, pullPrefix) && this.pull !== undefined && this.pull(message)) return true;
    const bodyStart = message.bodyStart + message.headerBytes;
    const request: ApiRequest = {
      subject: message.subject.text,
      args: [],
      reply: message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd),
      payload: Buffer.from(message.body.subarray(bodyStart, message.bodyEnd)),
      headers: message.headerBytes === 0 ? noHeaders : Buffer.from(message.body.subarray(message.bodyStart, bodyStart)),
    };
    this.#queue.push(request);
    if (this.#queue.length === 1) queueMicrotask(() => this.#run());
    return true;
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {
    this.stop();
  }

  #run(): void {
    const requests = this.#queue;
    this.#queue = [];
    for (const request of requests) {
      const tokens = request.subject.slice(prefix.length).split(".");
      if (tokens[0] === "CONSUMER" && tokens[1] === "MSG" && tokens[2] === "NEXT") {
        this.answerStatus(request.reply, "503", `Nats-Subject: ${request.subject}\r\n`);
        continue;
      }
      const verb = this.#find(tokens);
      if (verb !== undefined) void this.#handle(verb, { ...request, args: tokens.slice(verb.verb.split(".").length) });
    }
  }

  #find(tokens: readonly string[]): ApiVerb | undefined {
    for (let words = Math.min(3, tokens.length); words > 0; words--) {
      const verb = this.#verbs.get(tokens.slice(0, words).join("."));
      if (verb === undefined) continue;
      const args = tokens.length - words;
      if (args >= verb.argsMin && args <= verb.argsMax) return verb;
    }
    return undefined;
  }

  async #handle(verb: ApiVerb, request: ApiRequest): Promise<void> {
    this.total++;
    const type = `io.nats.jetstream.api.v1.${verb.type}`;
    this.#running++;
    try {
      if (this.denied) throw apiErrors.notEnabledForAccount();
      if (this.#running > requestsMax) throw apiErrors.insufficientResources();
      if (verb.verb !== "DIRECT.GET" && !levelMet(request.headers)) throw apiErrors.apiLevel();
      const handled = verb.handle(request);
      const answer = handled instanceof Promise ? await handled : handled;
      if (answer !== undefined) this.#answered(request, encodeAnswer({ type, ...answer }));
    } catch (error) {
      this.errors++;
      const { code, errorCode, message } = this.#asApiError(error, verb);
      const refusal = { code, err_code: errorCode, description: message };
      this.#answered(request, encodeAnswer({ type, error: refusal, ...verb.errorFields }));
    } finally {
      this.#running--;
    }
  }

  #answered(request: ApiRequest, text: string): void {
    this.answer(request.reply, text);
    this.audit?.(request, text);
  }

  #asApiError(error: unknown, verb: ApiVerb): ApiError {
    if (error instanceof ApiError) return error;
    if (error instanceof StationError) return stationApiError(error);
    const what = error instanceof Error ? error.message : String(error);
    this.#report(`the API could not answer ${verb.verb}: ${what}`);
    return apiErrors.storeFailed(what);
  }
}

/** A client may insist on a level: it would rather fail than be misunderstood. */
export function levelMet(headers: Buffer): boolean {
  if (headers.length === 0) return true;
  const wanted = parseHeaders(headers, 0, headers.length).find(([name]) => name === "Nats-Required-Api-Level");
  return wanted === undefined || Number(wanted[1]) <= apiLevel;
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  if (bytes.length < start.length) return false;
  for (let index = 0; index < start.length; index++) {
    if (bytes[index] !== start[index]) return false;
  }
  return true;
}
