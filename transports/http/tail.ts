/**
 * Live tails by Server-Sent Events: `GET /v1/stations/NAME/tail` shows what is durable, from a position on, and resumes by
 * `Last-Event-ID`; `GET /v1/subscribe` shows what is published now. A slow reader of the first reads later, of the second is ended.
 */
import type { Clock, Timer } from "../../lib/clock.ts";
import { bothHold, ContentCondition, judgeRecord } from "../../lib/condition/condition.ts";
import type { Expression } from "../../lib/condition/condition.ts";
import type { MessageFacts } from "../../lib/condition/facts.ts";
import { filterProblem } from "../../lib/filter.ts";
import type { Message } from "../../lib/message.ts";
import type { Station } from "../../lib/station/station.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { Attachment, PublishOutcome, Session } from "../../lib/transport.ts";
import type { Cursor, SubjectFilterTest } from "../../store/store.ts";
import type { WebResponse } from "../carriages/web/engine.ts";
import type { HttpContext } from "./context.ts";
import { queryCondition, queryFilter, queryNumber } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { HttpProblem } from "./problem.ts";
import { Presence } from "./presence.ts";
import { mayRead } from "./read.ts";
import { headersJson, payloadJson, recordJson, recordSchema } from "./record-json.ts";
import type { HttpCall, HttpRouter } from "./router.ts";

const head = [
  ["content-type", "text/event-stream"],
  ["cache-control", "no-store"],
  ["x-accel-buffering", "no"],
] as const;
/** So that proxies and clients know it lives. */
const heartbeatMs = 15_000;
/** Events written in one turn; then others run. */
const sliceEvents = 256;
/** Nobody waits longer for a reader that takes nothing. */
const frozenMs = 50;
/** What may wait for the reader of a live subscription. */
const waitingBytesMax: number = 8 * 1024 * 1024;

const encoding: Schema = { type: "string", enum: ["base64"] };
const condition: Schema = { type: "string", description: "only messages for which it holds, e.g. msg.total > 100" };

export function addTail(router: HttpRouter, context: HttpContext): void {
  router.add({
    method: "GET",
    path: "/v1/stations/:name/tail",
    access: { kind: "request", subject: mayRead },
    document: {
      tag: "live",
      summary: "Follow a station: every durable record as an event whose id is its sequence",
      query: {
        from: { type: "integer", minimum: 1, description: "default: what comes from now on, or after `Last-Event-ID`" },
        subject: { type: "string", description: "a filter" },
        condition,
        encoding,
      },
      headers: { "Last-Event-ID": { type: "integer" } },
      answers: { 200: { description: "events `message`, each a record", content: { "text/event-stream": recordSchema } } },
    },
    handle: (call) => {
      const station = context.station(call);
      const seen = Number(call.request.headers.get("last-event-id") ?? "");
      const preset = Number.isSafeInteger(seen) && seen > 0 ? seen + 1 : station.log.state.lastSequence + 1;
      const from = queryNumber(call, "from", preset, 1, Number.MAX_SAFE_INTEGER);
      const start = seen > 0 ? Math.max(preset, from) : from;
      new Follow(context, station, call, start, queryFilter(call, "subject"), queryCondition(call)).start();
    },
  });
  router.add({
    method: "GET",
    path: "/v1/subscribe",
    access: { kind: "user" },
    document: {
      tag: "live",
      summary: "Subscribe: every message published from now on that the filter matches, as an event",
      query: {
        filter: { type: "string" },
        queue: { type: "string", description: "share the messages with this queue group" },
        condition,
        encoding,
      },
      answers: { 200: { description: "events `message`", content: { "text/event-stream": recordSchema } } },
    },
    handle: (call) => subscribe(context, call),
  });
}

/** One reader that follows a station. */
class Follow {
  readonly #clock: Clock;
  readonly #station: Station;
  readonly #response: WebResponse;
  readonly #base64: boolean;
  readonly #cursor: Cursor;
  readonly #heartbeat: Heartbeat;
  readonly #facts: MessageFacts;
  readonly #wanted: Expression | undefined;
  #scheduled = false;
  #room = true;
  #loading = false;
  readonly #presence: Presence;

  constructor(
    context: HttpContext,
    station: Station,
    call: HttpCall,
    from: number,
    filter: SubjectFilterTest | undefined,
    wanted: Expression | undefined,
  ) {
    const { clock, facts } = context.opened.scheduler;
    this.#presence = new Presence(context, call, mayRead({ name: station.name }), (reason) => this.#end(reason));
    this.#clock = clock;
    this.#facts = facts;
    this.#wanted = wanted;
    this.#station = station;
    this.#response = call.response;
    this.#base64 = call.query.get("encoding") === "base64";
    this.#cursor = station.log.cursor(from, filter);
    this.#heartbeat = new Heartbeat(clock, call.response);
  }

  start(): void {
    const response = this.#response;
    response.begin(200, head);
    response.write(": following\n\n");
    response.onAborted = () => this.#stop();
    response.onDrain = () => {
      this.#room = true;
      this.#wake();
    };
    this.#station.followers.add(this.#wake);
    this.#wake();
  }

  /** Also called from within a commit: the work is done at the end of the turn. */
  readonly #wake = (): void => {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => {
      this.#scheduled = false;
      this.#run();
    });
  };

  #run(): void {
    if (this.#response.finished || this.#loading) return;
    if (!this.#station.open) {
      this.#end("the station is gone, or the broker stops");
      return;
    }
    for (let events = 0; ; events++) {
      if (!this.#room) return;
      if (events === sliceEvents) {
        this.#wake();
        return;
      }
      const step = this.#cursor.next();
      if (step === "end") return;
      if (step === "loading") {
        this.#loading = true;
        this.#cursor.onReady = () => {
          this.#loading = false;
          this.#wake();
        };
        return;
      }
      if (step === "damaged") continue;
      if (this.#wanted !== undefined && judgeRecord(this.#wanted, this.#facts, this.#cursor.view) !== "match") continue;
      const record = recordJson(this.#cursor.view, this.#base64);
      this.#room = this.#response.write(`id: ${record.sequence}\nevent: message\ndata: ${JSON.stringify(record)}\n\n`);
    }
  }

  #end(reason: string): void {
    this.#response.write(`event: end\ndata: ${reason}\n\n`);
    this.#response.end();
    this.#stop();
  }

  #stop(): void {
    this.#presence.leave();
    this.#station.followers.delete(this.#wake);
    this.#heartbeat.stop();
    this.#cursor.close();
    this.#loading = true;
  }
}

function subscribe(context: HttpContext, call: HttpCall): void {
  const filter = call.query.get("filter") ?? "";
  const queue = call.query.get("queue") ?? undefined;
  const problem = filterProblem(filter);
  if (problem !== undefined) throw new HttpProblem(422, "Unprocessable Content", problem);
  const wanted = queryCondition(call);
  const { broker } = context.opened;
  if (broker.full(call.identity)) {
    throw new HttpProblem(429, "Too Many Requests", "the tenant has all the connections it may have: end one, or ask again later");
  }
  const reader = new LiveReader(broker.nextSessionId(), broker.clock, call);
  const attachment = broker.attach(reader, call.identity);
  if (!attachment.maySubscribe(filter, queue)) {
    attachment.detach();
    throw new HttpProblem(403, "Forbidden", `user '${call.identity.user}' may not subscribe to ${filter}`);
  }
  const subscription = new Subscription({ filter, queue, session: reader, label: 0 });
  if (wanted !== undefined) {
    const permitted = call.identity.permissions?.deliveryFilter(filter, queue);
    subscription.condition = bothHold(permitted, new ContentCondition(wanted, context.opened.scheduler.facts));
  }
  reader.start(attachment, subscription);
}

/** The session of one live reader. */
class LiveReader implements Session {
  readonly id: number;
  readonly echo = true;
  readonly #clock: Clock;
  readonly #response: WebResponse;
  readonly #base64: boolean;
  readonly #heartbeat: Heartbeat;
  #attachment: Attachment | undefined;
  #subscription: Subscription | undefined;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #full = false;
  /** How long others have waited for it since it last took something. */
  #waitedMs = 0;

  constructor(id: number, clock: Clock, call: HttpCall) {
    this.id = id;
    this.#clock = clock;
    this.#response = call.response;
    this.#base64 = call.query.get("encoding") === "base64";
    this.#heartbeat = new Heartbeat(clock, call.response);
  }

  get room(): number {
    return Math.max(0, waitingBytesMax - this.#waitingBytes);
  }

  get crowded(): boolean {
    return this.#waitingBytes > waitingBytesMax / 4 && this.#waitedMs < frozenMs;
  }

  waited(ms: number): void {
    this.#waitedMs += ms;
  }

  start(attachment: Attachment, subscription: Subscription): void {
    this.#attachment = attachment;
    this.#subscription = subscription;
    const response = this.#response;
    response.begin(200, head);
    response.write(": subscribed\n\n");
    response.onAborted = () => this.#stop();
    response.onDrain = () => {
      this.#full = false;
      this.#flush();
    };
    attachment.subscribe(subscription);
  }

  deliver(_subscription: Subscription, message: Message): boolean {
    const split = message.bodyStart + message.headerBytes;
    const shown = {
      subject: message.subject.text,
      time: new Date(this.#clock.nowUs() / 1000).toISOString(),
      ...(message.replyEnd > message.replyStart
        ? { reply: message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd) }
        : {}),
      ...headersJson(message.body, message.bodyStart, split),
      ...payloadJson(message.body.subarray(split, message.bodyEnd), this.#base64),
    };
    const event = `event: message\ndata: ${JSON.stringify(shown)}\n\n`;
    if (this.#waitingBytes + event.length > waitingBytesMax) {
      this.#end("slow_consumer: it was read too slowly");
      return false;
    }
    this.#waiting.push(event);
    this.#waitingBytes += event.length;
    this.#schedule();
    return true;
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}

  permissionsChanged(): void {
    const subscription = this.#subscription;
    if (subscription !== undefined && this.#attachment?.maySubscribe(subscription.filter, subscription.queue) === false) {
      this.#end("credentials_revoked");
    }
  }

  close(reason: string): void {
    this.#end(reason);
  }

  #schedule(): void {
    if (this.#scheduled || this.#full) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#full || this.#response.finished || this.#waiting.length === 0) return;
    const text = this.#waiting.join("");
    this.#waitedMs = 0;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#full = !this.#response.write(text);
    this.#attachment?.drained();
  }

  /** Says why, at the end of the turn: never from within a delivery. */
  #end(reason: string): void {
    const attachment = this.#attachment;
    this.#attachment = undefined;
    if (attachment === undefined) return;
    this.#clock.endOfTurn(() => {
      attachment.detach();
      this.#response.write(`event: end\ndata: ${reason}\n\n`);
      this.#response.end();
      this.#heartbeat.stop();
    });
  }

  #stop(): void {
    this.#attachment?.detach();
    this.#attachment = undefined;
    this.#waiting = [];
    this.#heartbeat.stop();
  }
}

class Heartbeat {
  #timer: Timer | undefined;

  constructor(clock: Clock, response: WebResponse) {
    const beat = (): void => {
      if (response.finished) return;
      response.write(": alive\n\n");
      this.#timer = clock.after(heartbeatMs, beat);
    };
    this.#timer = clock.after(heartbeatMs, beat);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
