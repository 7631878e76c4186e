/**
 * Logs in memory. A submission takes effect at once; its outcome is told at the end of the turn, after `beforeCommit`, so that whoever
 * is above sees the same order of events as with the file store. One timer serves the ages of all logs.
 */
import type { Clock, Random, Timer } from "../environment.ts";
import { Deadlines } from "../ledger/deadlines.ts";
import { Families } from "../ledger/families.ts";
import { hashKeyBytes, KeyedHash } from "../ledger/keyed-hash.ts";
import { StoreError } from "../store.ts";
import type { AppendRequest, Log, LogDefinition, Store, StoreAbilities, StoreEvents, StoreStatus, Ticket } from "../store.ts";
import type { BatchStage } from "../ledger/batch-stage.ts";
import { MemoryLog } from "./memory-log.ts";
import type { Recalling, Scribe } from "./scribe.ts";
import { Outcomes } from "./outcomes.ts";

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Memory for records of all logs; beyond it appends are refused as `full`. Default 1 GiB. */
  readonly bytesMax?: number;
  /** Writes down what is decided; without it everything dies with the process. */
  readonly scribe?: Scribe;
}

const nameBytesMax = 300;

export class MemoryStore implements Store {
  readonly abilities: StoreAbilities;
  readonly congested = false;
  readonly clock: Clock;
  readonly #bytesMax: number;
  readonly #hash: KeyedHash;
  readonly #logs: Map<string, MemoryLog> = new Map();
  readonly #deadlines: Deadlines<MemoryLog> = new Deadlines();
  readonly #families: Families<MemoryLog> = new Families();
  readonly #outcomes: Outcomes = new Outcomes();
  readonly #commit: () => void;
  /** For its logs: told of every decision. */
  readonly scribe: Scribe | undefined;
  #events: StoreEvents | undefined = undefined;
  #kind: StoreStatus["kind"] = "closed";
  #reason = "";
  #changed: MemoryLog[] = [];
  #flushes: (() => void)[] = [];
  #scheduled = false;
  #timer: Timer | undefined = undefined;
  #timerUs = Infinity;
  #lastId = 0;
  #bytes = 0;
  #commits = 0;
  #appended = 0;

  constructor(options: MemoryStoreOptions) {
    this.clock = options.clock;
    this.scribe = options.scribe;
    this.abilities = { durable: options.scribe !== undefined, atomicAcrossLogs: true, families: true };
    this.#bytesMax = options.bytesMax ?? 1024 * 1024 * 1024;
    const key = new Uint8Array(hashKeyBytes);
    options.random.fill(key);
    this.#hash = new KeyedHash(key);
    this.#commit = () => this.#endTurn();
  }

  async open(events: StoreEvents): Promise<readonly Log[]> {
    if (this.#events !== undefined) throw new StoreError("in_use", "this store was opened before: make a new one");
    this.#events = events;
    if (this.scribe !== undefined) await this.scribe.recall(this.#recalling());
    this.#kind = "open";
    for (const log of this.#logs.values()) this.#families.join(log, log.definition.family);
    for (const log of this.#logs.values()) {
      log.show();
      log.enforce(this.clock.nowUs());
      this.touch(log);
    }
    return [...this.#logs.values()];
  }

  async define(definition: LogDefinition, expectedRevision: number): Promise<Log> {
    this.#requireOpen();
    if (Buffer.byteLength(definition.name) > nameBytesMax)
      throw new StoreError("revision", `a log's name has at most ${nameBytesMax} bytes: shorten ${definition.name}`);
    let log = this.#logs.get(definition.name);
    if (log === undefined) {
      if (expectedRevision !== 0) throw new StoreError("not_found", `there is no log ${definition.name}: define it with revision 0`);
      log = new MemoryLog(this, ++this.#lastId, definition, this.clock.nowUs(), this.#hash);
      this.#logs.set(definition.name, log);
      this.#families.join(log, definition.family);
      this.scribe?.defined(log);
    } else {
      if (expectedRevision === 0) throw new StoreError("exists", `the log ${definition.name} exists: change it by its revision`);
      this.#requireRevision(log, expectedRevision);
      log.definition = definition;
      log.revision++;
      this.scribe?.defined(log);
      log.ledger.setLimits(definition.limits);
      log.enforce(this.clock.nowUs());
      this.touch(log);
    }
    await this.flush();
    return log;
  }

  async drop(log: Log, expectedRevision: number): Promise<void> {
    this.#requireOpen();
    const own = this.#logs.get(log.definition.name);
    if (own === undefined || own !== log) throw new StoreError("not_found", `the log ${log.definition.name} is gone already`);
    this.#requireRevision(own, expectedRevision);
    this.#logs.delete(own.definition.name);
    this.#families.leave(own, own.definition.family);
    own.shut();
    this.scribe?.dropped(own);
    this.touch(own);
    await this.flush();
  }

  append(log: MemoryLog, request: AppendRequest): Ticket {
    this.#schedule();
    const refusal = this.#refusal(log);
    if (refusal !== undefined) return this.#outcomes.refused(refusal);
    this.#appended++;
    return this.#outcomes.decided(log.admit(request, this.clock.nowUs()));
  }

  appendAtomic(parts: readonly { readonly log: Log; readonly request: AppendRequest }[]): Ticket {
    if (parts.length === 0) throw new RangeError("an atomic append has at least one part");
    this.#schedule();
    const nowUs = this.clock.nowUs();
    const logs = parts.map((part) => this.#own(part.log));
    const stages = new Map<MemoryLog, BatchStage>();
    for (const [index, { request }] of parts.entries()) {
      const log = logs[index];
      const refusal = log === undefined ? "failed" : this.#refusal(log);
      if (log === undefined || refusal !== undefined) return this.#each(parts.length, () => this.#outcomes.refused(refusal ?? "failed"));
      let stage = stages.get(log);
      if (stage === undefined) stages.set(log, (stage = log.stage()));
      const decision = log.ledger.judge(request, nowUs, stage);
      if (decision.kind !== "stored") return this.#each(parts.length, () => this.#outcomes.decided(decision));
    }
    this.#appended += parts.length;
    let first = 0;
    for (const [index, { request }] of parts.entries()) {
      const decision = logs[index]?.accept(request, nowUs);
      const ticket = decision === undefined ? 0 : this.#outcomes.decided(decision);
      if (index === 0) first = ticket;
    }
    return first;
  }

  saveGroup(log: MemoryLog): Ticket {
    this.#schedule();
    return log.open && this.#kind === "open" ? this.#outcomes.stored(0) : this.#outcomes.refused("failed");
  }

  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#flushes.push(resolve);
      this.#schedule();
    });
  }

  status(): StoreStatus {
    return {
      kind: this.#kind,
      reason: this.#kind === "closed" ? "the store is closed" : this.#reason,
      logs: this.#logs.size,
      bytesOnDisk: 0,
      journalBytes: 0,
      tailBytes: this.#bytes,
      commits: this.#commits,
      syncs: 0,
      writtenBytes: 0,
      appended: this.#appended,
    };
  }

  async close(): Promise<void> {
    if (this.#kind === "closed") return;
    await this.flush();
    this.#kind = "closed";
    this.#timer?.cancel();
    this.#deadlines.clear();
    for (const log of this.#logs.values()) log.shut();
    this.#logs.clear();
    this.#bytes = 0;
  }

  /** From a log: something about it changed; the next commit shows it. */
  touch(log: MemoryLog): void {
    if (log.changed) return;
    log.changed = true;
    this.#changed.push(log);
    this.#schedule();
  }

  #refusal(log: MemoryLog): "failed" | "full" | undefined {
    if (!log.open || this.#kind !== "open") return "failed";
    return this.#bytes > this.#bytesMax ? "full" : undefined;
  }

  #own(log: Log): MemoryLog | undefined {
    const own = this.#logs.get(log.definition.name);
    return own === log ? own : undefined;
  }

  /** One ticket for each of `count` parts; the first of them. */
  #each(count: number, refuse: () => Ticket): Ticket {
    const first = refuse();
    for (let index = 1; index < count; index++) refuse();
    return first;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.clock.endOfTurn(this.#commit);
  }

  #endTurn(): void {
    const events = this.#events;
    if (events === undefined) return;
    // What `beforeCommit` submits rides in this commit.
    events.beforeCommit();
    const changed = this.#changed;
    const flushes = this.#flushes;
    this.#changed = [];
    this.#flushes = [];
    this.#outcomes.close();
    for (const log of changed) {
      log.changed = false;
      log.ledger.seal();
    }
    const finish = (): void => this.#finish(events, changed, flushes);
    const written = this.scribe?.write();
    if (written === undefined) finish();
    else void written.catch((error: unknown) => this.#poison(error)).then(finish);
  }

  /** The closed batch is as durable as it gets: shows it and tells its outcomes. */
  #finish(events: StoreEvents, changed: readonly MemoryLog[], flushes: readonly (() => void)[]): void {
    this.#scheduled = false;
    this.#commits++;
    if (this.#kind !== "failed") for (const log of changed) this.#show(log);
    this.#setTimer();
    this.#outcomes.settle(events, this.#kind === "failed");
    events.committed(changed);
    for (const resolve of flushes) resolve();
    // What came while the batch was written.
    if (this.#outcomes.waiting > 0 || this.#changed.length > 0 || this.#flushes.length > 0) this.#schedule();
  }

  #show(log: MemoryLog): void {
    log.ledger.reveal();
    this.#bytes += log.bytes - log.bytesCounted;
    log.bytesCounted = log.bytes;
    if (log.open) this.#deadlines.enter(log, log.ledger.nextDeadlineUs());
  }

  #poison(error: unknown): void {
    this.#kind = "failed";
    this.#reason = `what was decided could not be written down (${String(error)}); nothing more is taken: repair the cause and open the store again`;
    this.#events?.fault(this.#reason, true);
  }

  /** What a scribe recalls, made so again. */
  #recalling(): Recalling {
    return {
      define: (id, definition, revision, createdUs) => {
        this.#lastId = Math.max(this.#lastId, id);
        const known = this.#logs.get(definition.name);
        if (known?.id === id) {
          known.definition = definition;
          known.revision = revision;
          known.ledger.setLimits(definition.limits);
          return known;
        }
        const log = new MemoryLog(this, id, definition, createdUs, this.#hash);
        this.#logs.set(definition.name, log);
        return log;
      },
      drop: (log) => void this.#logs.delete(log.definition.name),
    };
  }

  #setTimer(): void {
    const nextUs = this.#deadlines.nextUs;
    if (nextUs >= this.#timerUs || this.#kind !== "open") return;
    this.#timer?.cancel();
    this.#timerUs = nextUs;
    // A millisecond is what a timer can do; never early.
    this.#timer = this.clock.after(Math.max(1, Math.ceil((nextUs - this.clock.nowUs()) / 1000)), () => this.#expire());
  }

  #expire(): void {
    this.#timer = undefined;
    this.#timerUs = Infinity;
    const nowUs = this.clock.nowUs();
    for (let log = this.#deadlines.take(nowUs); log !== undefined; log = this.#deadlines.take(nowUs)) {
      if (!log.open) continue;
      log.enforce(nowUs);
      this.#deadlines.enter(log, log.ledger.nextDeadlineUs());
    }
    this.#setTimer();
  }

  #requireOpen(): void {
    if (this.#kind !== "open") throw new StoreError("closed", "the store is closed: open another one");
  }

  #requireRevision(log: MemoryLog, expected: number): void {
    if (log.revision !== expected)
      throw new StoreError("revision", `the log ${log.definition.name} has revision ${log.revision}, not ${expected}: read it again`);
  }
}
