/** Drives a store in specs: collects outcomes, waits for them, reads a log whole. */
import type {
  AppendRequest,
  Cursor,
  Log,
  LogDefinition,
  LogLimits,
  Outcome,
  Store,
  StoreEvents,
  SubjectFilterTest,
} from "../../store/store.ts";

export const noLimits: LogLimits = {
  messagesMax: 0,
  bytesMax: 0,
  ageMaxMs: 0,
  messagesPerSubjectMax: 0,
  messageBytesMax: 0,
  discard: "old",
  discardNewPerSubject: false,
  duplicateWindowMs: 0,
};

export function definition(name: string, limits: Partial<LogLimits> = {}): LogDefinition {
  return { name, document: "{}", limits: { ...noLimits, ...limits }, durability: undefined, firstSequence: 0 };
}

export function request(subject: string, payload: string | Buffer, more: Partial<AppendRequest> = {}): AppendRequest {
  const body = typeof payload === "string" ? Buffer.from(payload) : payload;
  return {
    subject: Buffer.from(subject),
    body,
    bodyStart: 0,
    bodyEnd: body.length,
    headerBytes: 0,
    timeUs: 0,
    messageId: undefined,
    expect: undefined,
    rollup: "none",
    ttlSeconds: 0,
    fleeting: false,
    ...more,
  };
}

export interface ReadRecord {
  readonly sequence: number;
  readonly subject: string;
  readonly payload: string;
  readonly timeUs: number;
}

export class StoreDriver implements StoreEvents {
  outcomes: Outcome[] = [];
  readonly faults: string[] = [];
  fatal = false;
  damaged = 0;
  onSettled: ((outcome: Outcome) => void) | undefined;
  onBeforeCommit: (() => void) | undefined;
  onCommitted: ((logs: readonly Log[]) => void) | undefined;
  #forgotten = 0;
  #waiters: { ticket: number; resolve: () => void }[] = [];

  beforeCommit(): void {
    this.onBeforeCommit?.();
  }

  settled(outcome: Outcome): void {
    this.outcomes.push({ ...outcome });
    this.onSettled?.(outcome);
    const ready = this.#waiters.filter((waiter) => waiter.ticket <= outcome.ticket);
    if (ready.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.ticket > outcome.ticket);
    for (const waiter of ready) waiter.resolve();
  }

  committed(changed: readonly Log[]): void {
    this.onCommitted?.(changed);
  }

  fault(message: string, fatal: boolean): void {
    this.faults.push(message);
    this.fatal ||= fatal;
  }

  async outcome(ticket: number): Promise<Outcome> {
    // The store's own timers do not keep the process alive; a test that waits for one does.
    const alive = setInterval(() => undefined, 1000);
    while (this.#forgotten + this.outcomes.length < ticket) {
      await new Promise<void>((resolve) => this.#waiters.push({ ticket, resolve }));
    }
    clearInterval(alive);
    const outcome = this.outcomes[ticket - 1 - this.#forgotten];
    if (outcome === undefined || outcome.ticket !== ticket) throw new Error(`ticket ${ticket} was not settled in order`);
    return outcome;
  }

  /** Forgets the outcomes so far; their tickets are not asked for again. */
  forget(): void {
    this.#forgotten += this.outcomes.length;
    this.outcomes = [];
  }

  async append(log: Log, subject: string, payload: string | Buffer, more: Partial<AppendRequest> = {}): Promise<Outcome> {
    return this.outcome(log.append(request(subject, payload, more)));
  }

  async read(log: Log, from = 1, filter?: SubjectFilterTest): Promise<ReadRecord[]> {
    const records: ReadRecord[] = [];
    const cursor = log.cursor(from, filter);
    try {
      for (;;) {
        const step = cursor.next();
        if (step === "end") return records;
        if (step === "damaged") this.damaged++;
        if (step === "loading") await ready(cursor);
        if (step !== "record") continue;
        const { view } = cursor;
        records.push({
          sequence: view.sequence,
          timeUs: view.timeUs,
          subject: view.buffer.toString("utf8", view.subjectStart, view.subjectEnd),
          payload: view.buffer.toString("utf8", view.bodyStart + view.headerBytes, view.bodyEnd),
        });
      }
    } finally {
      cursor.close();
    }
  }
}

export function ready(cursor: Cursor): Promise<void> {
  return new Promise((resolve) => {
    cursor.onReady = resolve;
  });
}

export async function openStore(store: Store): Promise<{ driver: StoreDriver; logs: readonly Log[] }> {
  const driver = new StoreDriver();
  const logs = await store.open(driver);
  return { driver, logs };
}
