/**
 * Subjects that stand for numbers: a publish brings an increment, the record that is stored holds the sum. Sums have no limit but that
 * of a message. What is on its way is in the sums already; a subject not heard of lately is read back first, and everybody behind
 * waits in line, so that sums follow the order of the publishes.
 *
 *     Nats-Incr: 5   →   {"val":"12"}   [Nats-Counter-Sources: {"ORIGIN":{"subject":"7"}}]
 */
import type { AppendRequest, OutcomeKind, RecordView, Sequence } from "../../store/store.ts";
import { compileFilter } from "../filter.ts";
import { headerValue, setHeader } from "../header-block.ts";
import { readAt } from "./read.ts";
import { incrementOf } from "./special-headers.ts";
import type { Station } from "./station.ts";

/** Sums kept at hand; past it, those with nothing on its way are forgotten. */
const sumsMax = 100_000;
/** Publishes waiting for a sum to be read back at most. */
const waitingMax = 10_000;

const sourcesHeader = "Nats-Counter-Sources";

interface Sum {
  value: bigint;
  /** What of it came from others: origin, its subject, its last sum. */
  sources: Record<string, Record<string, string>> | undefined;
  /** The subject's last record does not hold a sum. */
  readonly broken: boolean;
  pending: number;
}

/** A publish that waits for the sums of its subjects. */
interface Waiting {
  readonly subjects: readonly string[];
  readonly run: () => void;
}

export class Counters {
  readonly #station: Station;
  readonly #sums: Map<string, Sum> = new Map();
  #line: Waiting[] = [];
  /** A publish with a message id is on its way: if it was seen before, it counts for nothing, so that others wait for the answer. */
  #barriers = 0;
  #loading = false;

  constructor(station: Station) {
    this.#station = station;
  }

  /** True when there is no room in the line. */
  get full(): boolean {
    return this.#line.length >= waitingMax;
  }

  /** True when `withSums` would run at once. */
  ready(subjects: readonly string[]): boolean {
    return this.#line.length === 0 && this.#barriers === 0 && subjects.every((subject) => this.#sums.has(subject));
  }

  /** Runs once the sums of these subjects are known, in order of the calls. */
  withSums(subjects: readonly string[], run: () => void): void {
    if (this.ready(subjects)) {
      run();
      return;
    }
    this.#line.push({ subjects, run });
    this.#advance();
  }

  /** Puts the sum into the request, and counts it. Undefined when the subject's last record is no sum; else the new sum. `before`: earlier parts of the same batch. */
  apply(request: AppendRequest, increment: string): string | undefined {
    const subject = Buffer.from(request.subject).toString("utf8");
    const sum = this.#sums.get(subject);
    if (sum === undefined || sum.broken) return undefined;
    const { body, bodyStart, headerBytes } = request;
    const block = Buffer.from(body.buffer, body.byteOffset, body.length);
    const headersEnd = bodyStart + headerBytes;
    let delta = incrementOf(increment) ?? 0n;
    let headers = block.subarray(bodyStart, headersEnd);
    const source = headerValue(block, bodyStart, headersEnd, "Nats-Stream-Source");
    if (source !== undefined) {
      const theirs = valueOf(block.toString("utf8", headersEnd, request.bodyEnd));
      if (theirs === undefined) return undefined;
      const [origin = "", , , , from = subject] = source.split(" ");
      const sources = (sum.sources ??= {});
      const known = (sources[origin] ??= {});
      delta = theirs - BigInt(known[from] ?? "0");
      known[from] = String(theirs);
      headers = setHeader(headers, 0, headers.length, "Nats-Incr", String(delta));
    }
    sum.value += delta;
    if (sum.sources !== undefined) headers = setHeader(headers, 0, headers.length, sourcesHeader, JSON.stringify(sum.sources));
    request.body = Buffer.concat([headers, Buffer.from(`{"val":"${sum.value}"}`)]);
    request.bodyStart = 0;
    request.headerBytes = headers.length;
    request.bodyEnd = request.body.length;
    sum.pending++;
    if (request.messageId !== undefined) this.#barriers++;
    return String(sum.value);
  }

  /** What became of an applied publish. */
  settled(subject: string, hadId: boolean, kind: OutcomeKind): void {
    if (hadId) this.#barriers--;
    const sum = this.#sums.get(subject);
    if (sum !== undefined) {
      sum.pending--;
      if (kind !== "stored") this.#sums.delete(subject);
    }
    if (this.#sums.size > sumsMax) this.#forget();
    this.#advance();
  }

  /** A record left, whatever took it: its subject is read again when it is asked for. Sequence 0: very many did. */
  removed(sequence: Sequence, subject: string): void {
    if (sequence === 0) this.#forget();
    else if (this.#sums.get(subject)?.pending === 0) this.#sums.delete(subject);
  }

  close(): void {
    this.#line = [];
  }

  #forget(): void {
    for (const [subject, sum] of this.#sums) if (sum.pending === 0) this.#sums.delete(subject);
  }

  #advance(): void {
    while (!this.#loading && this.#barriers === 0) {
      const first = this.#line[0];
      if (first === undefined) return;
      const missing = first.subjects.find((subject) => !this.#sums.has(subject));
      if (missing !== undefined) {
        this.#loading = true;
        void this.#load(missing);
        return;
      }
      this.#line.shift();
      first.run();
    }
  }

  async #load(subject: string): Promise<void> {
    const { log } = this.#station;
    let sum: Sum = { value: 0n, sources: undefined, broken: true, pending: 0 };
    try {
      const sequence = await log.findLast(compileFilter(subject));
      const stored = sequence === 0 ? undefined : await readAt(log, sequence, sumOf);
      sum = stored ?? { value: 0n, sources: undefined, broken: false, pending: 0 };
    } catch {
      // What can not be read is no sum.
    }
    this.#sums.set(subject, sum);
    this.#loading = false;
    this.#advance();
    if (sum.broken) this.#sums.delete(subject);
  }
}

function sumOf(view: RecordView): Sum {
  const { buffer, bodyStart, headerBytes, bodyEnd } = view;
  const headersEnd = bodyStart + headerBytes;
  const value = valueOf(buffer.toString("utf8", headersEnd, bodyEnd));
  const kept = headerBytes === 0 ? undefined : headerValue(buffer, bodyStart, headersEnd, sourcesHeader);
  const sources = kept === undefined ? undefined : sourcesOf(kept);
  return { value: value ?? 0n, sources, broken: value === undefined || (kept !== undefined && sources === undefined), pending: 0 };
}

/** The number in `{"val":"12"}`; undefined when it is none. */
function valueOf(text: string): bigint | undefined {
  const document = parsed(text);
  if (typeof document !== "object" || document === null) return undefined;
  const value: unknown = Object.entries(document).find(([name]) => name === "val")?.[1];
  return typeof value === "string" ? incrementOf(value) : undefined;
}

function sourcesOf(text: string): Record<string, Record<string, string>> | undefined {
  const document = parsed(text);
  if (typeof document !== "object" || document === null) return undefined;
  const sources: Record<string, Record<string, string>> = {};
  for (const [origin, subjects] of Object.entries(document)) {
    if (typeof subjects !== "object" || subjects === null) return undefined;
    const known: Record<string, string> = {};
    for (const [subject, value] of Object.entries(subjects)) {
      if (typeof value !== "string" || incrementOf(value) === undefined) return undefined;
      known[subject] = value;
    }
    sources[origin] = known;
  }
  return sources;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
