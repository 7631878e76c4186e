/**
 * Publishes whose outcome is not known yet, one ring per store, indexed by ticket. The store settles tickets in order and each
 * once; the ring turns a ticket back into the session and token that wait for it. Parallel arrays: no object per publish.
 *
 * Refusals that a station decides before it asks the store wait in a short list until the end of the turn, because a session
 * may not be called back from within its own publish.
 */
import type { Outcome, OutcomeKind, Ticket } from "../store/store.ts";
import { Histogram, secondsBounds } from "./metrics.ts";
import type { PublishOutcome, PublishRefusal, Session } from "./transport.ts";

/** Who is told of an outcome: a session, or somebody who passes it on to one. */
export type Publisher = Pick<Session, "published">;

/** Something decided above the store; without a code it is no refusal: the publish waits for the rest of its batch. */
interface Refusal {
  readonly session: Publisher;
  readonly token: number;
  readonly station: string;
  readonly code: PublishRefusal | undefined;
  readonly message: string;
}

/** Somebody other than a session who waits for a ticket, e.g. a group's acknowledged ack. */
export type Settlement = (kind: OutcomeKind, sequence: number) => void;

export class Pending {
  #mask = 1023;
  #waiters: (Publisher | Settlement | undefined)[] = new Array<Publisher | Settlement | undefined>(1024).fill(undefined);
  #tokens: Float64Array = new Float64Array(1024);
  #tickets: Float64Array = new Float64Array(1024);
  #stations: string[] = new Array<string>(1024).fill("");
  #waiting = 0;
  #refusals: Refusal[] = [];
  readonly #outcome: PublishOutcome = {
    kind: "stored",
    station: "",
    sequence: 0,
    code: undefined,
    message: "",
    lastSequence: 0,
    lastMessageId: "",
    batch: "",
    batchCount: 0,
    sum: "",
  };
  readonly #scheduleRefusals: (task: () => void) => void;
  readonly #nowMs: () => number;
  /** Seconds from a publish to its outcome; one publish at a time is measured. */
  readonly waits: Histogram = new Histogram(secondsBounds);
  #measured: Ticket = 0;
  #measuredMs = 0;

  /** `atEndOfTurn` runs a task after all input of the turn; `nowMs` is monotonic. */
  constructor(atEndOfTurn: (task: () => void) => void, nowMs: () => number = () => 0) {
    this.#scheduleRefusals = atEndOfTurn;
    this.#nowMs = nowMs;
  }

  /** How many tickets somebody waits for. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The session's `published(token, …)` will be called when `ticket` settles. */
  add(ticket: Ticket, session: Publisher, token: number, station: string): void {
    const slot = this.#claim(ticket);
    if (this.#measured === 0) {
      this.#measured = ticket;
      this.#measuredMs = this.#nowMs();
    }
    this.#waiters[slot] = session;
    this.#tokens[slot] = token;
    this.#stations[slot] = station;
  }

  /** `settlement` will be called when `ticket` settles. */
  wait(ticket: Ticket, settlement: Settlement): void {
    const slot = this.#claim(ticket);
    this.#waiters[slot] = settlement;
  }

  /** A refusal decided above the store: told at the end of the turn. */
  refuse(session: Session, token: number, station: string, code: PublishRefusal, message: string): void {
    this.#refusals.push({ session, token, station, code, message });
    if (this.#refusals.length === 1) this.#scheduleRefusals(() => this.#tellRefusals());
  }

  /** A part of an atomic batch waits for the rest: told at the end of the turn. */
  staged(session: Session, token: number, station: string): void {
    this.#refusals.push({ session, token, station, code: undefined, message: "" });
    if (this.#refusals.length === 1) this.#scheduleRefusals(() => this.#tellRefusals());
  }

  /** From the store, in ticket order. */
  settled(outcome: Outcome): void {
    const slot = outcome.ticket & this.#mask;
    if (outcome.ticket === this.#measured) {
      this.#measured = 0;
      this.waits.observe((this.#nowMs() - this.#measuredMs) / 1000);
    }
    const waiter = this.#waiters[slot];
    if (waiter === undefined || this.#tickets[slot] !== outcome.ticket) return;
    this.#waiters[slot] = undefined;
    this.#waiting--;
    if (typeof waiter === "function") {
      waiter(outcome.kind, outcome.sequence);
      return;
    }
    const told = this.#outcome;
    told.station = this.#stations[slot] ?? "";
    told.sequence = outcome.sequence;
    told.batch = told.sum = "";
    told.batchCount = 0;
    if (outcome.kind === "stored" || outcome.kind === "duplicate") {
      told.kind = outcome.kind;
      told.code = undefined;
      told.message = "";
    } else {
      explain(told, outcome);
    }
    waiter.published(this.#tokens[slot] ?? 0, told);
  }

  #tellRefusals(): void {
    const refusals = this.#refusals;
    this.#refusals = [];
    for (const refusal of refusals) {
      const told = this.#outcome;
      told.kind = refusal.code === undefined ? "staged" : "refused";
      told.station = refusal.station;
      told.sequence = 0;
      told.code = refusal.code;
      told.message = refusal.message;
      told.lastSequence = 0;
      told.lastMessageId = told.batch = told.sum = "";
      told.batchCount = 0;
      refusal.session.published(refusal.token, told);
    }
  }

  #claim(ticket: Ticket): number {
    if (this.#waiting > this.#mask >> 1) this.#grow();
    let slot = ticket & this.#mask;
    while (this.#waiters[slot] !== undefined) {
      this.#grow();
      slot = ticket & this.#mask;
    }
    this.#tickets[slot] = ticket;
    this.#waiting++;
    return slot;
  }

  #grow(): void {
    const size = (this.#mask + 1) * 2;
    const waiters = new Array<Publisher | Settlement | undefined>(size).fill(undefined);
    const tokens = new Float64Array(size);
    const tickets = new Float64Array(size);
    const stations = new Array<string>(size).fill("");
    for (let old = 0; old <= this.#mask; old++) {
      if (this.#waiters[old] === undefined) continue;
      const ticket = this.#tickets[old] ?? 0;
      const slot = ticket & (size - 1);
      waiters[slot] = this.#waiters[old];
      tokens[slot] = this.#tokens[old] ?? 0;
      tickets[slot] = ticket;
      stations[slot] = this.#stations[old] ?? "";
    }
    this.#mask = size - 1;
    this.#waiters = waiters;
    this.#tokens = tokens;
    this.#tickets = tickets;
    this.#stations = stations;
  }
}

/** Fills `told` with what a store's refusal means to a publisher. */
function explain(told: PublishOutcome, outcome: Outcome): void {
  told.lastSequence = outcome.sequence;
  told.lastMessageId = outcome.lastMessageId;
  told.sequence = 0;
  if (outcome.kind === "full") {
    told.kind = "failed";
    told.code = "no_space";
    told.message = "the disk is full: free some space, then publish again";
    return;
  }
  if (outcome.kind === "mismatch" || outcome.kind === "limit") {
    told.kind = "refused";
    const [code, message] = refusalOf(outcome);
    told.code = code;
    told.message = message;
    return;
  }
  told.kind = "failed";
  told.code = "store_failed";
  told.message = "the store has failed and takes nothing more: see the broker's log";
}

function refusalOf(outcome: Outcome): [PublishRefusal, string] {
  switch (outcome.detail) {
    case "lastSequence":
      return ["wrong_last_sequence", `the station's last sequence is ${outcome.sequence}`];
    case "lastSubjectSequence":
      return ["wrong_last_subject_sequence", `the subject's last sequence is ${outcome.sequence}`];
    case "lastMessageId":
      return ["wrong_last_message_id", `the last message id is ${outcome.lastMessageId}`];
    case "messages":
      return ["messages_max", "the station holds its maximum of messages"];
    case "bytes":
      return ["bytes_max", "the station holds its maximum of bytes"];
    case "messagesPerSubject":
      return ["messages_per_subject_max", "the subject holds its maximum of messages"];
    case "messageBytes":
      return ["message_bytes_max", "the message is larger than the station allows"];
    case "duplicateIdsFull":
      return ["duplicate_ids_full", "too many message ids inside the duplicate window: publish without an id or later"];
    case "":
      return ["store_failed", "the store refused without a reason"];
  }
}
