/**
 * The store seam: what the core asks of anything that keeps stations.
 *
 * A store holds *logs* (one per station partition). It decides sequences, duplicates, expectations and limits, atomically;
 * nothing above it uses a sequence before the store has settled it. Calls marked "submission" return at once; their
 * outcomes arrive later, in ticket order, once, through `StoreEvents.settled`.
 *
 * The store knows bytes, subjects and sequences. It never knows protocols, sessions or what a group means.
 */

/** A position in a log. Counts from 1; 0 means "none". Never renumbered, never reused. */
export type Sequence = number;

/** How much an acknowledgement promises. `always`: synced before it settles. `interval`: written, synced every 100 ms. `none`: in memory of the process. */
export type Durability = "always" | "interval" | "none";

/** The limits a log enforces itself, inside the append that would break them. Absent numbers are `0` = unlimited. */
export interface LogLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
  readonly ageMaxMs: number;
  readonly messagesPerSubjectMax: number;
  readonly messageBytesMax: number;
  /** What an append does at `messagesMax` or `bytesMax`: evict the oldest, or be refused. */
  readonly discard: "old" | "new";
  /** With `discard: new`: refuse also at `messagesPerSubjectMax` instead of evicting the subject's oldest. */
  readonly discardNewPerSubject: boolean;
  /** How long a message id is remembered, milliseconds. 0 = never. */
  readonly duplicateWindowMs: number;
  /** Records past a time to live of their own stay, and are told of by `Log.expiring`: something takes their place. Absent = they leave. */
  readonly expiryTold?: boolean;
}

export interface LogDefinition {
  /** Unique in the store, e.g. `tenant/station`. At most 300 bytes of UTF-8. */
  readonly name: string;
  /** Opaque to the store, kept with the definition: the station's configuration as JSON. */
  readonly document: string;
  readonly limits: LogLimits;
  /** Overrides the store's durability for this log. */
  readonly durability: Durability | undefined;
  /** The first sequence a new log gives out; 0 and 1 mean 1. */
  readonly firstSequence: Sequence;
  /**
   * Logs with the same name here, at most 300 bytes, are one family: a message id stored in one of them is a duplicate in all, and
   * `messagesMax` and `bytesMax` count over all of them together, the oldest of any leaving first, and times are strictly ascending over
   * all, unless an append brings its own. All have the same limits. Fixed at creation; for stores whose `abilities.families` is true.
   */
  readonly family?: string | undefined;
}

/** What a publish is conditional on. Every present field must hold or the outcome is `mismatch`. */
export interface Expectation {
  readonly lastSequence: Sequence | undefined;
  readonly lastSubjectSequence: Sequence | undefined;
  /** The subject (or filter) `lastSubjectSequence` speaks of, when it is not the record's own. */
  readonly lastSubjectFilter: SubjectFilterTest | undefined;
  readonly lastMessageId: string | undefined;
}

/** A compiled subject filter, made by the core, run by the store over subject bytes. */
export interface SubjectFilterTest {
  /** The filter's text. */
  readonly text: string;
  /** True when the filter has no wildcard: then it equals exactly the subject `text`. */
  readonly literal: boolean;
  matches(bytes: Uint8Array, start: number, end: number): boolean;
}

/**
 * One append. The caller may reuse the object and its buffers as soon as `append` has returned: the store copies.
 * `body` from `bodyStart` holds `headerBytes` bytes of header block, then the payload, up to `bodyEnd`.
 */
export interface AppendRequest {
  subject: Uint8Array;
  body: Uint8Array;
  bodyStart: number;
  bodyEnd: number;
  headerBytes: number;
  /** Microseconds since the epoch; 0 = the store's clock. Never falls within a log: a smaller time is raised to the last one. */
  timeUs: number;
  messageId: string | undefined;
  expect: Expectation | undefined;
  /** Removes, in the same atomic step, every earlier record of this subject, or of the log. */
  rollup: "none" | "subject" | "all";
  /** Seconds, at most 2^32 − 1, after which this record expires by itself; 0 = by the log's age alone. */
  ttlSeconds: number;
  /** Takes a sequence, a time and a message id like any other and leaves in the same step, never visible: nobody wants the record. */
  fleeting: boolean;
}

/** Numbered from 1 per store, without gaps, in order of submission. */
export type Ticket = number;

/** What became of a submission. `mismatch`: an expectation failed. `limit`: a limit refused it. `full`: no disk space, pausing. `failed`: the store is poisoned, reopen it. */
export type OutcomeKind = "stored" | "duplicate" | "mismatch" | "limit" | "full" | "fenced" | "failed";

/** One outcome; the object is reused between calls. */
export interface Outcome {
  ticket: Ticket;
  kind: OutcomeKind;
  /** `stored`, `duplicate`: the record's sequence (of a duplicate in another log of the family: there). `mismatch` on a sequence: the actual last sequence. Else 0. */
  sequence: Sequence;
  /** Of `limit` and `mismatch`: which one. */
  detail:
    | ""
    | "messages"
    | "bytes"
    | "messagesPerSubject"
    | "messageBytes"
    | "lastSequence"
    | "lastSubjectSequence"
    | "lastMessageId"
    | "duplicateIdsFull";
  /** Of `mismatch` on lastMessageId: the actual one. Else "". */
  lastMessageId: string;
}

/** What the store tells the core. All calls are synchronous, on the event loop, never from within a submission. */
export interface StoreEvents {
  /** Before a batch is closed: the last moment to submit group progress that should ride in it. */
  beforeCommit(): void;
  /** One outcome, in ticket order, exactly once for each ticket. */
  settled(outcome: Outcome): void;
  /** After the outcomes of a commit: the logs whose visible mark moved or whose records were removed by limits. */
  committed(changed: readonly Log[]): void;
  /** Damage or an operating fault: one sentence for the operator. `fatal`: the store takes no more appends. */
  fault(message: string, fatal: boolean): void;
}

/** Counters of a log, a live view: read, never kept. */
export interface LogState {
  /** Lowest sequence present; `lastSequence + 1` when empty and something was ever stored; 0 for a new log. */
  readonly firstSequence: Sequence;
  /** Highest sequence ever given to a *visible* record. */
  readonly lastSequence: Sequence;
  readonly messages: number;
  /** Payload + headers + subject + 16 a record, the figure limits count. */
  readonly bytes: number;
  readonly firstTimeUs: number;
  readonly lastTimeUs: number;
  readonly lastMessageId: string;
  /** Interior sequences that are gone, between first and last. */
  readonly deletedCount: number;
}

/** One stored record, shown in place. Valid until the cursor moves or the current turn ends. */
export interface RecordView {
  sequence: Sequence;
  timeUs: number;
  buffer: Buffer;
  subjectStart: number;
  subjectEnd: number;
  /** Header block then payload: `bodyStart..bodyStart+headerBytes..bodyEnd`. */
  bodyStart: number;
  headerBytes: number;
  bodyEnd: number;
  ttlSeconds: number;
}

/** `record`: `view` shows it. `end`: nothing visible further on. `loading`: from disk, `onReady` will be called once. `damaged`: skipped a damaged range, move on. */
export type CursorStep = "record" | "end" | "loading" | "damaged";

/** A reader's position in a log. Holds at most one block. */
export interface Cursor {
  readonly view: RecordView;
  /** The sequence the next `next()` looks at. */
  readonly position: Sequence;
  /** Moves so that the next record shown has a sequence ≥ `sequence`. Synchronous, no I/O. */
  seek(sequence: Sequence): void;
  /** Shows the next visible record that passes the filter. After `loading` the caller waits for `onReady`. */
  next(): CursorStep;
  /** Called at most once after a `loading`, on a later turn. */
  onReady: (() => void) | undefined;
  close(): void;
}

export interface SubjectCount {
  readonly subject: string;
  readonly messages: number;
  readonly firstSequence: Sequence;
  readonly lastSequence: Sequence;
}

/** What `remove` takes away. `filter` keeps the newest `keep` of the matching ones; `upTo` is exclusive. */
export type Removal =
  | { readonly kind: "sequence"; readonly sequence: Sequence; readonly erase: boolean }
  | { readonly kind: "purge"; readonly filter: SubjectFilterTest | undefined; readonly upTo: Sequence; readonly keep: number };

export interface GroupSnapshot {
  readonly name: string;
  readonly document: string;
  /** The last snapshot the core gave, undefined when none was ever taken. */
  readonly snapshot: Uint8Array | undefined;
  /** The deltas saved after it, in order. */
  readonly deltas: readonly Uint8Array[];
}

/** One log. Handles stay valid until the store closes or the log is dropped. */
export interface Log {
  readonly id: number;
  readonly definition: LogDefinition;
  /** Raised by each `define`. */
  readonly revision: number;
  /** When it was first defined, microseconds. */
  readonly createdUs: number;
  readonly state: LogState;
  /** False once dropped or damaged beyond use. */
  readonly open: boolean;

  /** Submission. Refusals come as outcomes too, never as a throw. */
  append(request: AppendRequest): Ticket;
  /** Removes one record as part of the next commit, no outcome. For work-queue and interest retention: hot. False when not there. */
  removeSequence(sequence: Sequence): boolean;
  /** Resolves with the number removed, once durable. */
  remove(removal: Removal): Promise<number>;
  cursor(from: Sequence, filter: SubjectFilterTest | undefined): Cursor;
  /** First sequence with time ≥ `timeUs`; lastSequence + 1 when none. */
  findTime(timeUs: number): Sequence | Promise<Sequence>;
  /** Highest sequence of the subjects that pass; 0 when none. */
  findLast(filter: SubjectFilterTest): Sequence | Promise<Sequence>;
  /** Number of visible records from `from` on that pass. */
  count(filter: SubjectFilterTest | undefined, from: Sequence): number | Promise<number>;
  /** Number of subjects, and their counts in byte order of subject, one page. */
  subjects(filter: SubjectFilterTest | undefined, offset: number, limit: number): SubjectPage | Promise<SubjectPage>;
  /** The last visible sequence of every subject that passes, in any order. Absent: ask for all pages of `subjects`. */
  lastOfEach?(filter: SubjectFilterTest | undefined): Float64Array | Promise<Float64Array>;
  /** Interior sequences that are gone, ascending, at most `limit`. */
  deleted(limit: number): readonly Sequence[];

  /** Creates or replaces a group's document (and its snapshot). Durable when resolved. */
  defineGroup(name: string, document: string, snapshot: Uint8Array): Promise<void>;
  dropGroup(name: string): Promise<void>;
  /** Submission of a delta of group progress; bytes are copied. `urgent` asks for a commit now, else it rides the next one, at most 50 ms later. */
  saveGroup(name: string, delta: Uint8Array, urgent: boolean): Ticket;
  /** The store asks this, synchronously, when it wants to forget old deltas: the group's whole progress, all submitted deltas included. Returns undefined to keep the deltas. */
  groupSnapshot: ((name: string) => Uint8Array | undefined) | undefined;
  /**
   * Told of every record that leaves, whatever took it (limits, age, `remove`, `removeSequence`, roll-up), before the `committed` that
   * follows: groups keep their exact count of what is still to come by it. `sequence` may be one that never became visible. The
   * subject's bytes are valid during the call. When very many leave at once (a purge), one call with sequence 0 and an empty
   * subject says "count again" instead.
   */
  removed: ((sequence: Sequence, subject: Uint8Array, start: number, end: number) => void) | undefined;
  /**
   * Told, with `expiryTold`, of every record whose time to live is over, once per open log: who set it removes the record. What came up
   * before it was set is told when it is.
   */
  expiring?: ((sequence: Sequence) => void) | undefined;
  /** Groups as recovered at open; empty for a new log. The core sets it when it has filled a log from elsewhere. */
  recoveredGroups: readonly GroupSnapshot[];
}

export interface SubjectPage {
  readonly total: number;
  readonly subjects: readonly SubjectCount[];
}

export interface StoreAbilities {
  /** Survives the process. */
  readonly durable: boolean;
  /** `appendAtomic` may span logs. */
  readonly atomicAcrossLogs: boolean;
  /** Logs may be families. */
  readonly families?: boolean;
}

export interface StoreStatus {
  readonly kind: "open" | "paused" | "failed" | "closed";
  /** One sentence: why paused or failed, what to do. */
  readonly reason: string;
  readonly logs: number;
  readonly bytesOnDisk: number;
  readonly journalBytes: number;
  readonly tailBytes: number;
  /** Counters since open: commits, syncs, bytes written, records appended. */
  readonly commits: number;
  readonly syncs: number;
  readonly writtenBytes: number;
  readonly appended: number;
}

export interface Store {
  readonly abilities: StoreAbilities;
  /** Recovers and opens. Rejects with a StoreError naming file and cause; nothing is repaired silently except a torn tail, which is reported by `fault(…, false)`. */
  open(events: StoreEvents): Promise<readonly Log[]>;
  /** Creates (`expectedRevision` 0) or changes a log's definition. Durable when resolved. Lowered limits are enforced at once. */
  define(definition: LogDefinition, expectedRevision: number): Promise<Log>;
  /** Removes a log with its records and groups. Durable when resolved. */
  drop(log: Log, expectedRevision: number): Promise<void>;
  /** Submission of several appends that are stored all or none; one ticket each, in order. One refusal refuses all, and every part's outcome tells that one's reason. */
  appendAtomic(parts: readonly { readonly log: Log; readonly request: AppendRequest }[]): Ticket;
  /** True when publishers should stop being read; `events.committed` follows when it clears. */
  readonly congested: boolean;
  /** Commits everything submitted so far. Resolves when durable. */
  flush(): Promise<void>;
  status(): StoreStatus;
  /** Flushes, seals and closes. Callable twice. */
  close(): Promise<void>;
}

export type StoreErrorCode =
  | "in_use"
  | "damaged"
  | "no_access"
  | "no_space"
  | "revision"
  | "not_found"
  | "exists"
  | "failed"
  | "closed"
  | "version";

/** An operating error of a store. `message` says what to do next. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}
