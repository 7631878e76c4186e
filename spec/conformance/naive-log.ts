/**
 * What a log must do, said in the plainest way: an array of records, filtered. The ledger and the stores are compared with it on
 * random work. Slow on purpose; nothing here is clever.
 */
import type { LogLimits, Outcome, Removal, SubjectFilterTest } from "../../store/store.ts";

export interface NaiveRecord {
  readonly sequence: number;
  readonly subject: string;
  readonly bytes: number;
  readonly timeUs: number;
  readonly body: string;
  readonly expiresUs: number;
}

export interface NaiveAppend {
  readonly subject: string;
  readonly body: string;
  readonly messageId?: string | undefined;
  readonly rollup?: "none" | "subject" | "all";
  readonly ttlSeconds?: number;
  /** Leaves again in the same step. */
  readonly fleeting?: boolean;
  readonly expect?:
    | {
        readonly lastSequence?: number | undefined;
        readonly lastSubjectSequence?: number | undefined;
        readonly lastSubjectFilter?: SubjectFilterTest | undefined;
        readonly lastMessageId?: string | undefined;
      }
    | undefined;
}

export interface NaiveOutcome {
  readonly kind: Outcome["kind"];
  readonly sequence: number;
  readonly detail: Outcome["detail"];
  readonly lastMessageId: string;
}

interface RememberedId {
  readonly id: string;
  readonly sequence: number;
  readonly timeUs: number;
}

export class NaiveLog {
  records: NaiveRecord[] = [];
  lastSequence = 0;
  lastTimeUs = 0;
  lastMessageId = "";
  limits: LogLimits;
  #everStored = false;
  #ids: RememberedId[] = [];

  constructor(limits: LogLimits, firstSequence = 0) {
    this.limits = limits;
    if (firstSequence > 1) {
      this.lastSequence = firstSequence - 1;
      this.#everStored = true;
    }
  }

  get firstSequence(): number {
    return this.records[0]?.sequence ?? (this.#everStored ? this.lastSequence + 1 : 0);
  }

  get bytes(): number {
    return this.records.reduce((sum, record) => sum + record.bytes, 0);
  }

  get deleted(): number[] {
    const present = new Set(this.records.map((record) => record.sequence));
    const gone: number[] = [];
    if (present.size > 0)
      for (let sequence = this.firstSequence; sequence <= this.lastSequence; sequence++) if (!present.has(sequence)) gone.push(sequence);
    return gone;
  }

  /** Everything visible, to be compared in one go. */
  get state(): Record<string, unknown> {
    return {
      firstSequence: this.firstSequence,
      lastSequence: this.lastSequence,
      messages: this.records.length,
      bytes: this.bytes,
      firstTimeUs: this.records[0]?.timeUs ?? 0,
      lastTimeUs: this.lastTimeUs,
      lastMessageId: this.lastMessageId,
      deletedCount: this.deleted.length,
    };
  }

  append(request: NaiveAppend, nowUs: number): NaiveOutcome {
    const refusal = this.#refusal(request, nowUs);
    if (refusal !== undefined) return refusal;
    const sequence = ++this.lastSequence;
    const timeUs = Math.max(nowUs, this.lastTimeUs);
    this.#everStored = true;
    this.lastTimeUs = timeUs;
    this.lastMessageId = request.messageId ?? "";
    if (request.messageId !== undefined && request.messageId !== "" && this.limits.duplicateWindowMs > 0)
      this.#ids.push({ id: request.messageId, sequence, timeUs });
    const ttlSeconds = request.ttlSeconds ?? 0;
    const expiresUs = ttlSeconds > 0 ? timeUs + ttlSeconds * 1_000_000 : Infinity;
    if (request.rollup === "all") this.records = [];
    if (request.rollup === "subject") this.records = this.records.filter((record) => record.subject !== request.subject);
    this.records.push({ sequence, subject: request.subject, bytes: bytesOf(request), timeUs, body: request.body, expiresUs });
    if (request.fleeting === true) this.records.pop();
    else this.#evict();
    return { kind: "stored", sequence, detail: "", lastMessageId: "" };
  }

  setLimits(limits: LogLimits, nowUs: number): void {
    this.limits = limits;
    this.enforce(nowUs);
  }

  /** Age, time to live and lowered limits. */
  enforce(nowUs: number): void {
    this.#forgetIds(nowUs);
    const { ageMaxMs } = this.limits;
    this.records = this.records.filter((record) => record.expiresUs > nowUs && (ageMaxMs === 0 || record.timeUs > nowUs - ageMaxMs * 1000));
    this.#evict();
  }

  remove(removal: Removal): number {
    const before = this.records.length;
    if (removal.kind === "sequence") {
      this.records = this.records.filter((record) => record.sequence !== removal.sequence);
    } else {
      const matching = this.records.filter((record) => passes(removal.filter, record.subject));
      const old = removal.keep > 0 ? matching.slice(0, Math.max(0, matching.length - removal.keep)) : matching;
      const gone = new Set(old.filter((record) => removal.upTo === 0 || record.sequence < removal.upTo));
      this.records = this.records.filter((record) => !gone.has(record));
    }
    return before - this.records.length;
  }

  read(from: number, filter: SubjectFilterTest | undefined): NaiveRecord[] {
    return this.records.filter((record) => record.sequence >= from && passes(filter, record.subject));
  }

  findTime(timeUs: number): number {
    return this.records.find((record) => record.timeUs >= timeUs)?.sequence ?? this.lastSequence + 1;
  }

  subjects(filter: SubjectFilterTest | undefined): { subject: string; messages: number; firstSequence: number; lastSequence: number }[] {
    const names = [...new Set(this.read(0, filter).map((record) => record.subject))].sort((a, b) => Buffer.from(a).compare(Buffer.from(b)));
    return names.map((subject) => {
      const own = this.records.filter((record) => record.subject === subject);
      return {
        subject,
        messages: own.length,
        firstSequence: own[0]?.sequence ?? 0,
        lastSequence: own.at(-1)?.sequence ?? 0,
      };
    });
  }

  #refusal(request: NaiveAppend, nowUs: number): NaiveOutcome | undefined {
    const { limits } = this;
    const expect = request.expect;
    const own = this.records.filter((record) => record.subject === request.subject);
    if (expect?.lastSubjectSequence !== undefined) {
      const { lastSubjectFilter } = expect;
      const matching = lastSubjectFilter === undefined ? own : this.read(0, lastSubjectFilter);
      const last = matching.at(-1)?.sequence ?? 0;
      if (last !== expect.lastSubjectSequence) return refused("mismatch", "lastSubjectSequence", last);
    }
    if (expect?.lastSequence !== undefined && expect.lastSequence !== this.lastSequence)
      return refused("mismatch", "lastSequence", this.lastSequence);
    if (request.messageId !== undefined && request.messageId !== "" && limits.duplicateWindowMs > 0) {
      this.#forgetIds(nowUs);
      const known = this.#ids.find((other) => other.id === request.messageId);
      if (known !== undefined) return { kind: "duplicate", sequence: known.sequence, detail: "", lastMessageId: "" };
    }
    if (expect?.lastMessageId !== undefined && expect.lastMessageId !== this.lastMessageId)
      return { kind: "mismatch", sequence: 0, detail: "lastMessageId", lastMessageId: this.lastMessageId };
    const bytes = bytesOf(request);
    if (limits.messageBytesMax > 0 && request.body.length > limits.messageBytesMax) return refused("limit", "messageBytes", 0);
    if (limits.bytesMax > 0 && bytes > limits.bytesMax) return refused("limit", "bytes", 0);
    if (limits.discard === "old") return undefined;
    const subjectFull = limits.messagesPerSubjectMax > 0 && own.length >= limits.messagesPerSubjectMax;
    if (subjectFull && limits.discardNewPerSubject) return refused("limit", "messagesPerSubject", 0);
    if (limits.messagesMax > 0 && this.records.length >= limits.messagesMax && !subjectFull) return refused("limit", "messages", 0);
    if (limits.bytesMax > 0 && this.bytes + bytes > limits.bytesMax && !(subjectFull && (own[0]?.bytes ?? 0) >= bytes))
      return refused("limit", "bytes", 0);
    return undefined;
  }

  #forgetIds(nowUs: number): void {
    const windowMs = this.limits.duplicateWindowMs;
    this.#ids = this.#ids.filter((known) => Math.floor(known.timeUs / 1000) > nowUs / 1000 - windowMs && windowMs > 0);
  }

  #evict(): void {
    const { limits } = this;
    if (limits.messagesPerSubjectMax > 0) {
      for (const subject of new Set(this.records.map((record) => record.subject))) {
        const own = this.records.filter((record) => record.subject === subject);
        const gone = new Set(own.slice(0, Math.max(0, own.length - limits.messagesPerSubjectMax)));
        if (gone.size > 0) this.records = this.records.filter((record) => !gone.has(record));
      }
    }
    if (limits.discard === "new") return;
    while (limits.messagesMax > 0 && this.records.length > limits.messagesMax) this.records.shift();
    while (limits.bytesMax > 0 && this.bytes > limits.bytesMax && this.records.length > 1) this.records.shift();
  }
}

function bytesOf(request: NaiveAppend): number {
  return Buffer.byteLength(request.subject) + Buffer.byteLength(request.body) + 16;
}

function refused(kind: "mismatch" | "limit", detail: Outcome["detail"], sequence: number): NaiveOutcome {
  return { kind, sequence, detail, lastMessageId: "" };
}

function passes(filter: SubjectFilterTest | undefined, subject: string): boolean {
  if (filter === undefined) return true;
  const bytes = Buffer.from(subject);
  return filter.matches(bytes, 0, bytes.length);
}
