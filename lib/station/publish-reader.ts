/**
 * Turns a routed message into an append request, reading the header block in place. Without headers it looks at nothing. With
 * them it walks the lines once and stops at names that begin with `Nats-` (or are `msg-id`); everything else is skipped unread.
 * One reader serves all stations of a tenant: its request, expectation and refusal are reused.
 *
 * Header names are compared as they are, case included. Source of names and values: the JetStream publish headers (ADR-4, ADR-22, ADR-43).
 */
import { compileFilter, parseFilter } from "../filter.ts";
import type { Message } from "../message.ts";
import { nothing } from "../message.ts";
import type { PublishRefusal } from "../transport.ts";
import type { AppendRequest, SubjectFilterTest } from "../../store/store.ts";
import type { StationConfig } from "./config.ts";
import { judgeIncrement, judgeSchedule, takeSpecial } from "./special-headers.ts";
import type { PublishFacts, SpecialHeaders } from "./special-headers.ts";
import { parseTtl } from "./ttl.ts";

export interface Refusal {
  code: PublishRefusal;
  message: string;
}

/** An expectation no log meets: what a number that is none asks for. */
const never = Number.MAX_SAFE_INTEGER;

const colon = 0x3a;
const space = 0x20;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const upperN = 0x4e;
const upperS = 0x53;
const lowerM = 0x6d;

export class PublishReader {
  readonly request: AppendRequest = {
    subject: nothing,
    body: nothing,
    bodyStart: 0,
    bodyEnd: 0,
    headerBytes: 0,
    timeUs: 0,
    messageId: undefined,
    expect: undefined,
    rollup: "none",
    ttlSeconds: 0,
    fleeting: false,
  };
  /** Of a part of an atomic batch: its id, its number if it has one, and how it commits; "" when it is none. */
  batchId = "";
  batchSequence: number | undefined = undefined;
  batchCommit = "";
  /** What of the broker's abilities its publisher insists on; "" = nothing. */
  requiredLevel = "";
  /** Headers few messages have; undefined = this one has none of them. */
  special: SpecialHeaders | undefined = undefined;
  readonly #nowUs: () => number;
  readonly #expectation: {
    lastSequence: number | undefined;
    lastSubjectSequence: number | undefined;
    lastSubjectFilter: SubjectFilterTest | undefined;
    lastMessageId: string | undefined;
  } = { lastSequence: undefined, lastSubjectSequence: undefined, lastSubjectFilter: undefined, lastMessageId: undefined };
  readonly #refusal: Refusal = { code: "bad_header", message: "" };
  /** The filter of the last `…-Subject-Sequence-Subject`, compiled. */
  #filter: SubjectFilterTest | undefined;
  #value = "";
  #ttl = "";
  #rollup = "";
  #station = "";

  /** `nowUs`: of the wall clock. */
  constructor(nowUs: () => number = () => 0) {
    this.#nowUs = nowUs;
  }

  /** Fills `request` from the message. Undefined, or why the station refuses it; the refusal is reused. */
  read(message: Message, config: StationConfig): Refusal | undefined {
    const request = this.request;
    request.subject = message.subject.bytes;
    request.body = message.body;
    request.bodyStart = message.bodyStart;
    request.bodyEnd = message.bodyEnd;
    request.headerBytes = message.headerBytes;
    request.messageId = undefined;
    request.expect = undefined;
    request.rollup = "none";
    request.ttlSeconds = 0;
    request.fleeting = false;
    this.batchId = "";
    this.special = undefined;
    if (config.sealed) return this.#refuse("sealed", "the station is sealed: it takes nothing more");
    if (message.headerBytes > 0) return this.#readHeaders(message, config);
    return config.allowCounter ? this.#refuse("counter_increment_missing", "the station counts: publish an increment") : undefined;
  }

  #readHeaders(message: Message, config: StationConfig): Refusal | undefined {
    const expect = this.#expectation;
    expect.lastSequence = expect.lastSubjectSequence = expect.lastMessageId = expect.lastSubjectFilter = undefined;
    this.#ttl = this.#rollup = this.#station = this.batchCommit = this.requiredLevel = "";
    this.batchSequence = undefined;
    const block = message.body;
    const end = message.bodyStart + message.headerBytes;
    let at = lineEnd(block, message.bodyStart, end) + 1;
    while (at < end) {
      const next = lineEnd(block, at, end);
      const first = block[at];
      if (first === upperN || first === lowerM) this.#readLine(block, at, next);
      at = next + 1;
    }
    return this.#judge(message, config);
  }

  #readLine(block: Buffer, start: number, end: number): void {
    let nameEnd = start;
    while (nameEnd < end && block[nameEnd] !== colon) nameEnd++;
    if (nameEnd === end) return;
    const expect = this.#expectation;
    // `Nats-S…`: a schedule or a source.
    if (block[start + 5] === upperS) {
      this.special = takeSpecial(this.special, block.toString("latin1", start, nameEnd), valueOf(block, nameEnd, end));
      return;
    }
    switch (nameEnd - start) {
      case 6:
        if (this.#is("msg-id", block, start, nameEnd, end)) this.request.messageId ??= this.#value;
        break;
      case 8:
        if (this.#is("Nats-TTL", block, start, nameEnd, end)) this.#ttl = this.#value;
        break;
      case 9:
        if (this.#is("Nats-Incr", block, start, nameEnd, end)) this.special = takeSpecial(this.special, "Nats-Incr", this.#value);
        break;
      case 11:
        if (this.#is("Nats-Msg-Id", block, start, nameEnd, end)) this.request.messageId = this.#value;
        else if (this.#is("Nats-Rollup", block, start, nameEnd, end)) this.#rollup = this.#value;
        break;
      case 13:
        if (this.#is("Nats-Batch-Id", block, start, nameEnd, end)) this.batchId = this.#value;
        break;
      case 17:
        if (this.#is("Nats-Batch-Commit", block, start, nameEnd, end)) this.batchCommit = this.#value;
        break;
      case 19:
        if (this.#is("Nats-Batch-Sequence", block, start, nameEnd, end)) this.batchSequence = numberOf(this.#value);
        break;
      case 20:
        if (this.#is("Nats-Expected-Stream", block, start, nameEnd, end)) this.#station = this.#value;
        break;
      case 23:
        if (this.#is("Nats-Required-Api-Level", block, start, nameEnd, end)) this.requiredLevel = this.#value;
        break;
      case 25:
        if (this.#is("Nats-Expected-Last-Msg-Id", block, start, nameEnd, end)) expect.lastMessageId = this.#value;
        break;
      case 27:
        if (this.#is("Nats-Expected-Last-Sequence", block, start, nameEnd, end)) expect.lastSequence = sequenceOf(this.#value);
        break;
      case 35:
        if (this.#is("Nats-Expected-Last-Subject-Sequence", block, start, nameEnd, end)) {
          expect.lastSubjectSequence = sequenceOf(this.#value);
        }
        break;
      case 43:
        if (this.#is("Nats-Expected-Last-Subject-Sequence-Subject", block, start, nameEnd, end))
          expect.lastSubjectFilter = this.#compiled();
        break;
    }
  }

  /** Compares the name; when it is the one, reads the value, trimmed. */
  #is(name: string, block: Buffer, start: number, nameEnd: number, end: number): boolean {
    for (let index = 0; index < name.length; index++) {
      if (block[start + index] !== name.charCodeAt(index)) return false;
    }
    this.#value = valueOf(block, nameEnd, end);
    return true;
  }

  #judge(message: Message, config: StationConfig): Refusal | undefined {
    const request = this.request;
    const expect = this.#expectation;
    if (request.messageId === "") request.messageId = undefined;
    const { special } = this;
    const counts = special === undefined ? undefined : judgeIncrement(special, config, this.#facts(message));
    if (counts !== undefined) return this.#refuse(counts, "the increment is not one the station takes");
    if (this.#station !== "" && this.#station !== config.name) {
      return this.#refuse("wrong_station", `the publisher expected station '${this.#station}'`);
    }
    if (this.#ttl !== "") {
      const seconds = parseTtl(this.#ttl);
      if (Number.isNaN(seconds)) return this.#refuse("ttl_invalid", `'${this.#ttl}' is not a time to live: use seconds, '5m' or 'never'`);
      if (!config.allowTtl) return this.#refuse("ttl_denied", "the station does not let messages say when they expire");
      request.ttlSeconds = seconds;
    }
    if (expect.lastSubjectFilter !== undefined && expect.lastSubjectSequence === undefined) {
      return this.#refuse("bad_header", "missing sequence for expected last sequence per subject");
    }
    if (expect.lastSequence !== undefined || expect.lastSubjectSequence !== undefined || expect.lastMessageId !== undefined) {
      request.expect = expect;
    }
    if (special !== undefined) {
      const refusal = judgeSchedule(special, config, this.#facts(message));
      if (refusal !== undefined) return this.#refuse(refusal, "the schedule is not one the station takes");
    }
    const rollup = this.#rollup === "" ? undefined : this.#judgeRollup(config);
    if (rollup !== undefined || !config.allowCounter || (special !== undefined && special.increment !== "")) return rollup;
    return this.#refuse("counter_increment_missing", "the station counts: publish an increment");
  }

  #facts(message: Message): PublishFacts {
    const expect = this.#expectation;
    return {
      subject: message.subject.text,
      payloadBytes: message.bodyEnd - message.bodyStart - message.headerBytes,
      rollup: this.#rollup,
      conditional:
        this.#station !== "" ||
        expect.lastSequence !== undefined ||
        expect.lastSubjectSequence !== undefined ||
        expect.lastMessageId !== undefined ||
        expect.lastSubjectFilter !== undefined,
      nowUs: this.#nowUs(),
    };
  }

  #judgeRollup(config: StationConfig): Refusal | undefined {
    if (!config.allowRollup || config.denyPurge) return this.#refuse("rollup_denied", "rollup not permitted");
    if (this.#rollup === "sub") this.request.rollup = "subject";
    else if (this.#rollup === "all") this.request.rollup = "all";
    else return this.#refuse("rollup_invalid", `rollup value invalid: ${JSON.stringify(this.#rollup)}`);
    return undefined;
  }

  #compiled(): SubjectFilterTest | undefined {
    if (this.#filter?.text === this.#value) return this.#filter;
    const filter = parseFilter(this.#value);
    if (filter !== undefined) this.#filter = compileFilter(filter);
    return filter === undefined ? undefined : this.#filter;
  }

  #refuse(code: PublishRefusal, message: string): Refusal {
    this.#refusal.code = code;
    this.#refusal.message = message;
    return this.#refusal;
  }
}

/** What follows the colon at `colonAt`, trimmed. */
function valueOf(block: Buffer, colonAt: number, end: number): string {
  let from = colonAt + 1;
  let to = end;
  if (to > from && block[to - 1] === carriageReturn) to--;
  while (from < to && block[from] === space) from++;
  while (to > from && block[to - 1] === space) to--;
  return block.toString("utf8", from, to);
}

/** Position of the line's `\n`, or `end`. */
function lineEnd(block: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && block[at] !== lineFeed) at++;
  return at;
}

/** A number from 1, or undefined. */
function numberOf(text: string): number | undefined {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

function sequenceOf(text: string): number {
  const sequence = Number(text);
  return text !== "" && Number.isSafeInteger(sequence) && sequence >= 0 ? sequence : never;
}
