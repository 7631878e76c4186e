/**
 * A member of a consumer group by HTTP: `fetch` waits until something is there, `ack`, `nak`, `term` and `progress` settle what was
 * fetched, by sequence. An ack is answered once it is durable.
 */
import type { Group, PullRefusal } from "../../lib/consumer/group.ts";
import type { Pull } from "../../lib/consumer/pulls.ts";
import type { Delivery, GroupPosition, PullSink, PullStatus } from "../../lib/consumer/sink.ts";
import type { RecordView } from "../../store/store.ts";
import type { HttpContext } from "./context.ts";
import { jsonBody, queryNumber, sendJson } from "./context.ts";
import type { Schema } from "./json-schema.ts";
import { Presence } from "./presence.ts";
import { HttpProblem, sendProblem } from "./problem.ts";
import { recordFields, recordJson } from "./record-json.ts";
import type { RecordJson } from "./record-json.ts";
import type { HttpCall, HttpRouter } from "./router.ts";

const batchMax = 10_000;
const expiresDefaultMs = 5_000;
const expiresMaxMs = 300_000;
/** Of the records of one answer. */
const answerBytesMin: number = 8 * 1024 * 1024;
const sequencesMax = 10_000;
const confirmMs = 10_000;
const memberLengthMax = 128;

interface DeliveryJson extends RecordJson {
  readonly deliveries: number;
}

const deliverySchema: Schema = {
  type: "object",
  properties: { ...recordFields, deliveries: { type: "integer", description: "how often it was delivered, this time included" } },
};

const settleSchema: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    sequences: { type: "array", items: { type: "integer", minimum: 1 }, maxItems: sequencesMax },
    delayMs: { type: "number", minimum: 0, description: "of a nak: not before" },
    reason: { type: "string", description: "of a term" },
  },
  required: ["sequences"],
};

const settledSchema: Schema = {
  type: "object",
  properties: {
    settled: { type: "integer" },
    unknown: { type: "array", items: { type: "integer" }, description: "not waiting for it: acked before, or delivered again since" },
  },
};

const json = (schema: Schema): Record<string, Schema> => ({ "application/json": schema });

export function addFetch(router: HttpRouter, context: HttpContext): void {
  router.add({
    method: "POST",
    path: "/v1/stations/:name/groups/:group/fetch",
    access: { kind: "request", subject: ({ name = "", group = "" }) => nextSubject(name, group) },
    document: {
      tag: "consume",
      summary: "Fetch records: waits until at least one is there",
      query: {
        batch: { type: "integer", minimum: 1, maximum: batchMax, default: 1 },
        expires: {
          type: "integer",
          minimum: 0,
          maximum: expiresMaxMs,
          default: expiresDefaultMs,
          description: "milliseconds; 0 = does not wait",
        },
        encoding: { type: "string", enum: ["base64"] },
        member: { type: "string", description: "who fetches: a keyed group needs it" },
      },
      answers: {
        200: {
          description: "the records, none when the time was over",
          content: json({ type: "object", properties: { messages: { type: "array", items: deliverySchema } } }),
        },
      },
    },
    handle: (call) => fetch(context, call),
  });
  const settle = (verb: "ack" | "nak" | "term" | "progress", summary: string): void =>
    router.add({
      method: "POST",
      path: `/v1/stations/:name/groups/:group/${verb}`,
      access: { kind: "request", subject: ({ name = "", group = "" }) => ackSubject(name, group, 1) },
      document: {
        tag: "consume",
        summary,
        query: { sequence: { type: "integer", description: "one, instead of a body" } },
        body: json(settleSchema),
        answers: { 200: { description: "how many it was", content: json(settledSchema) } },
      },
      handle: (call) => settleCall(context, call, verb),
    });
  settle("ack", "Done: never delivered again, answered when that is durable");
  settle("nak", "Not done: delivered again, at once or after `delayMs`");
  settle("term", "Never deliver again, although not done");
  settle("progress", "Still at it: the ack wait starts over");
  router.add({
    method: "DELETE",
    path: "/v1/stations/:name/groups/:group/members/:member",
    access: { kind: "request", subject: ({ name = "", group = "" }) => nextSubject(name, group) },
    document: {
      tag: "consume",
      summary: "Leave a keyed group: what the member has not acknowledged goes to others at once",
      answers: { 204: { description: "the member has gone" } },
    },
    handle: (call) => {
      const member = call.params["member"] ?? "";
      if (!context.group(call).leave(member)) throw new HttpProblem(404, "Not Found", `'${member}' is no member of the group now`);
      call.response.send(204, [], "");
    },
  });
}

/** What a NATS client publishes to in order to fetch. */
function nextSubject(station: string, group: string): string {
  return `$JS.API.CONSUMER.MSG.NEXT.${station}.${group}`;
}

function fetch(context: HttpContext, call: HttpCall): void {
  const group = context.group(call);
  const batch = queryNumber(call, "batch", 1, 1, batchMax);
  const expiresMs = queryNumber(call, "expires", expiresDefaultMs, 0, expiresMaxMs);
  const sink = new FetchSink(context, call, group, batch);
  const bytesMax = Math.max(answerBytesMin, 2 * context.opened.nats.limits.payloadBytesMax);
  const member = memberOf(call, group);
  const refusal = group.pull({ sink, batch, bytesMax, noWait: expiresMs === 0, expiresMs, heartbeatMs: 0, member });
  if (refusal !== undefined) throw refused(refusal, group);
  sink.stay();
}

/** Of a shared group nobody asks who fetches. */
function memberOf(call: HttpCall, group: Group): string | undefined {
  const member = call.query.get("member") ?? "";
  if (member.length > memberLengthMax)
    throw new HttpProblem(422, "Unprocessable Content", `'member' has at most ${memberLengthMax} characters`);
  if (member === "" && group.config.mode === "keyed") {
    throw new HttpProblem(422, "Unprocessable Content", "a keyed group gives each key to one member: say who you are by ?member=");
  }
  return member === "" ? undefined : member;
}

function refused(refusal: PullRefusal, group: Group): HttpProblem {
  switch (refusal) {
    case "push":
      return new HttpProblem(409, "Conflict", "the group pushes to a subject: subscribe to it, or create a group without 'push'");
    case "waitingMax":
    case "requestsPending":
      return new HttpProblem(429, "Too Many Requests", "other members wait already: fetch again later");
    case "membersMax":
      return new HttpProblem(429, "Too Many Requests", "the group has as many members as it may: fetch again later");
    case "batchMax":
      return new HttpProblem(422, "Unprocessable Content", `the group allows at most ${group.config.batchMax} a fetch: lower 'batch'`);
    case "expiresMax":
      return new HttpProblem(422, "Unprocessable Content", `the group allows at most ${group.config.expiresMaxMs} ms: lower 'expires'`);
    case "bytesMax":
      return new HttpProblem(409, "Conflict", `the group allows fetches of ${group.config.bytesMax} bytes only, too few for HTTP`);
    case "notOverflow":
    case "notPinned":
    case "levelInvalid":
    case "groupMissing":
    case "groupUnknown":
    case "pinMismatch":
      return new HttpProblem(409, "Conflict", "the group's members have priorities, which an HTTP fetch cannot name: use a NATS client");
    case "closed":
      return new HttpProblem(404, "Not Found", "the group is deleted");
  }
}

/** Collects what one fetch gets and answers at the end of the turn in which the first record came. */
class FetchSink implements PullSink {
  readonly #context: HttpContext;
  readonly #call: HttpCall;
  readonly #group: Group;
  readonly #batch: number;
  readonly #base64: boolean;
  readonly #records: DeliveryJson[] = [];
  /** While it waits. */
  #presence: Presence | undefined;
  #answered = false;

  constructor(context: HttpContext, call: HttpCall, group: Group, batch: number) {
    this.#context = context;
    this.#call = call;
    this.#group = group;
    this.#batch = batch;
    this.#base64 = call.query.get("encoding") === "base64";
    call.response.onAborted = () => this.#abandon();
  }

  /** There is nothing yet: it waits, for as long as its user may. */
  stay(): void {
    if (this.#answered || this.#records.length > 0) return;
    try {
      const { name = "", group = "" } = this.#call.params;
      this.#presence = new Presence(this.#context, this.#call, nextSubject(name, group), (reason) => this.#ended(reason));
    } catch (error) {
      this.#answered = true;
      throw error;
    }
  }

  #ended(reason: string): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#giveBack();
    const problem = reason.startsWith("credentials_")
      ? new HttpProblem(401, "Unauthorized", "your credentials count no more: show others")
      : new HttpProblem(503, "Service Unavailable", "the broker ended the request: fetch again later");
    sendProblem(this.#call.response, problem);
  }

  get gone(): boolean {
    return this.#answered || this.#call.response.finished;
  }

  deliver(record: RecordView, delivery: Delivery): boolean {
    if (this.gone || this.#records.length === this.#batch) return false;
    this.#records.push({ ...recordJson(record, this.#base64), deliveries: delivery.deliveries });
    if (this.#records.length === 1) this.#context.opened.broker.clock.endOfTurn(() => this.#answer());
    return true;
  }

  size(record: RecordView): number {
    return record.bodyEnd - record.bodyStart;
  }

  status(status: PullStatus, _pull: Pull, _group: GroupPosition): void {
    if (status === "heartbeat" || this.#records.length > 0 || this.#answered) return;
    if (status !== "deleted" && status !== "shutdown") {
      this.#answer();
      return;
    }
    this.#answered = true;
    this.#presence?.leave();
    const problem =
      status === "deleted"
        ? new HttpProblem(404, "Not Found", "the group is deleted")
        : new HttpProblem(503, "Service Unavailable", "the broker stops: fetch again later");
    sendProblem(this.#call.response, problem);
  }

  #answer(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#presence?.leave();
    if (this.#call.response.finished) this.#giveBack();
    else sendJson(this.#call, 200, { messages: this.#records });
  }

  /** The asker went away: what it did not get goes to somebody else at once. */
  #abandon(): void {
    this.#presence?.leave();
    if (this.#answered) return;
    this.#answered = true;
    this.#giveBack();
  }

  #giveBack(): void {
    for (const { sequence } of this.#records) this.#group.nak(sequence, 0);
  }
}

async function settleCall(context: HttpContext, call: HttpCall, verb: "ack" | "nak" | "term" | "progress"): Promise<void> {
  const group = context.group(call);
  const station = context.station(call).name;
  const single = queryNumber(call, "sequence", 0, 1, Number.MAX_SAFE_INTEGER);
  const given = single > 0 ? { sequences: [single] } : jsonBody(call, settleSchema);
  const sequences = [...new Set(given["sequences"] as number[])];
  const known: number[] = [];
  const unknown: number[] = [];
  for (const sequence of sequences) (settleable(group, sequence) ? known : unknown).push(sequence);
  const payload = payloadOf(verb, given);
  const connection = context.connection(call);
  const last = known.pop();
  for (const sequence of known) connection.publish(ackSubject(station, group.name, sequence), payload);
  // Its answer comes when everything settled so far is durable.
  if (last !== undefined) await connection.request(ackSubject(station, group.name, last), payload, { timeoutMs: confirmMs });
  sendJson(call, 200, { settled: known.length + (last === undefined ? 0 : 1), unknown });
}

function settleable(group: Group, sequence: number): boolean {
  if (group.config.ack !== "all") return group.waitsFor(sequence);
  return sequence <= group.deliveredSequence && sequence > group.floorSequence;
}

function payloadOf(verb: "ack" | "nak" | "term" | "progress", given: Readonly<Record<string, unknown>>): string {
  const { delayMs, reason } = given;
  switch (verb) {
    case "ack":
      return "+ACK";
    case "nak":
      return typeof delayMs === "number" && delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * 1e6)}}` : "-NAK";
    case "term":
      return typeof reason === "string" ? `+TERM ${reason}` : "+TERM";
    case "progress":
      return "+WPI";
  }
}

function ackSubject(station: string, group: string, sequence: number): string {
  return `$JS.ACK.${station}.${group}.1.${sequence}.1.0.0`;
}
