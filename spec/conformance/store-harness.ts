/** A store under test, with its events written down: outcomes as promises, the order of calls as a list. */
import assert from "node:assert/strict";
import { compileFilter } from "../../lib/filter.ts";
import type {
  Cursor,
  CursorStep,
  Log,
  LogDefinition,
  LogLimits,
  Outcome,
  Store,
  StoreEvents,
  SubjectFilterTest,
  Ticket,
} from "../../store/store.ts";
import { noLimits, requestOf } from "./log-work.ts";
import type { NaiveAppend, NaiveOutcome } from "./naive-log.ts";

/** What a maker of stores gives for each test. */
export interface StoreFixture {
  /** A store on empty ground, not yet opened. */
  readonly store: Store;
  /** Moves the store's clock on and fires its timers. */
  advance(byMs: number): void;
  /** The time on the store's clock, microseconds. */
  nowUs(): number;
  /** Another store on the ground of the one before, which is closed. Undefined when nothing survives a close. */
  readonly again: (() => Store) | undefined;
  /** Cleans up after the test. */
  dispose(): Promise<void>;
}

export type SettledOutcome = NaiveOutcome & { readonly ticket: Ticket };

/** A record as read back. */
export interface ReadRecord {
  readonly sequence: number;
  readonly subject: string;
  readonly body: string;
  readonly headerBytes: number;
  readonly timeUs: number;
  readonly ttlSeconds: number;
}

export class StoreHarness implements StoreEvents {
  readonly fixture: StoreFixture;
  store: Store;
  recovered: readonly Log[] = [];
  /** `before`, `settled n`, `committed names`, in order. */
  readonly calls: string[] = [];
  readonly faults: string[] = [];
  /** Runs in `beforeCommit`. */
  onBeforeCommit: (() => void) | undefined = undefined;
  readonly #outcomes: Map<Ticket, SettledOutcome> = new Map();
  readonly #waiting: Map<Ticket, (outcome: SettledOutcome) => void> = new Map();

  constructor(fixture: StoreFixture) {
    this.fixture = fixture;
    this.store = fixture.store;
  }

  async open(): Promise<this> {
    this.recovered = await this.store.open(this);
    return this;
  }

  /** Closes the store and opens another on the same ground. */
  async reopen(): Promise<void> {
    assert.ok(this.fixture.again !== undefined);
    await this.store.close();
    this.store = this.fixture.again();
    this.#outcomes.clear();
    this.calls.length = 0;
    this.recovered = await this.store.open(this);
  }

  beforeCommit(): void {
    this.calls.push("before");
    this.onBeforeCommit?.();
  }

  settled(outcome: Outcome): void {
    this.calls.push(`settled ${outcome.ticket}`);
    assert.ok(!this.#outcomes.has(outcome.ticket), `ticket ${outcome.ticket} settled twice`);
    const { ticket, kind, sequence, detail, lastMessageId } = outcome;
    const copy = { ticket, kind, sequence, detail, lastMessageId };
    this.#outcomes.set(ticket, copy);
    this.#waiting.get(ticket)?.(copy);
    this.#waiting.delete(ticket);
  }

  committed(changed: readonly Log[]): void {
    this.calls.push(`committed ${changed.map((log) => log.definition.name).join(" ")}`);
  }

  fault(message: string): void {
    this.faults.push(message);
  }

  /** The outcome of a ticket, when it has come. */
  peek(ticket: Ticket): SettledOutcome | undefined {
    return this.#outcomes.get(ticket);
  }

  outcome(ticket: Ticket): Promise<SettledOutcome> {
    const known = this.#outcomes.get(ticket);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiting.set(ticket, resolve));
  }

  define(name: string, limits: Partial<LogLimits> = {}, more: Partial<LogDefinition> = {}): Promise<Log> {
    return this.store.define(definitionOf(name, limits, more), 0);
  }

  append(log: Log, append: NaiveAppend): Promise<SettledOutcome> {
    return this.outcome(log.append(requestOf(append)));
  }

  /** Appends bodies `1`, `2` … of these subjects, in one turn. */
  async fill(log: Log, subjects: readonly string[]): Promise<void> {
    const tickets = subjects.map((subject, index) => log.append(requestOf({ subject, body: String(index + 1) })));
    for (const ticket of tickets) assert.equal((await this.outcome(ticket)).kind, "stored");
  }
}

export function definitionOf(name: string, limits: Partial<LogLimits> = {}, more: Partial<LogDefinition> = {}): LogDefinition {
  return { name, document: "{}", limits: { ...noLimits, ...limits }, durability: undefined, firstSequence: 0, ...more };
}

export function filterOf(text: string): SubjectFilterTest {
  return compileFilter(text);
}

/** Reads to the end of what is visible. */
export async function read(log: Log, from = 1, filter?: string | SubjectFilterTest): Promise<ReadRecord[]> {
  const cursor = log.cursor(from, typeof filter === "string" ? filterOf(filter) : filter);
  const records: ReadRecord[] = [];
  for (;;) {
    const step = cursor.next();
    if (step === "end") break;
    if (step === "loading") await new Promise<void>((resolve) => (cursor.onReady = resolve));
    assert.notEqual(step, "damaged");
    if (step === "record") {
      const { sequence, buffer, subjectStart, subjectEnd, bodyStart, bodyEnd, headerBytes, timeUs, ttlSeconds } = cursor.view;
      records.push({
        sequence,
        subject: buffer.toString("utf8", subjectStart, subjectEnd),
        body: buffer.toString("utf8", bodyStart, bodyEnd),
        headerBytes,
        timeUs,
        ttlSeconds,
      });
    }
  }
  cursor.close();
  return records;
}

/** The cursor's next step that is not `loading`. */
export async function nextOf(cursor: Cursor): Promise<CursorStep> {
  for (;;) {
    const step = cursor.next();
    if (step !== "loading") return step;
    await new Promise<void>((resolve) => (cursor.onReady = resolve));
  }
}

export async function sequences(log: Log, from = 1, filter?: string): Promise<number[]> {
  return (await read(log, from, filter)).map((record) => record.sequence);
}

/** The counters of a log, copied. */
export function stateOf(log: Log): Record<string, unknown> {
  const { firstSequence, lastSequence, messages, bytes, firstTimeUs, lastTimeUs, lastMessageId, deletedCount } = log.state;
  return { firstSequence, lastSequence, messages, bytes, firstTimeUs, lastTimeUs, lastMessageId, deletedCount };
}

/** Waits until `holds` does, for things a store may do a little later. */
export async function eventually(holds: () => boolean, what: string | (() => string)): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > deadline) assert.fail(`within 5 s: ${typeof what === "string" ? what : what()}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
}
