/**
 * Outcomes of submissions on their way to the end of the turn, in ticket order: parallel arrays, two of them in turn, because further
 * submissions come while those of a closed batch wait to be told, and from within the telling.
 */
import type { Decision } from "../ledger/decision.ts";
import type { Outcome, OutcomeKind, StoreEvents, Ticket } from "../store.ts";

const kinds: readonly OutcomeKind[] = ["stored", "duplicate", "mismatch", "limit", "full", "fenced", "failed"];
const details: readonly Outcome["detail"][] = [
  "",
  "messages",
  "bytes",
  "messagesPerSubject",
  "messageBytes",
  "lastSequence",
  "lastSubjectSequence",
  "lastMessageId",
  "duplicateIdsFull",
];
const stored = 0;

export class Outcomes {
  #last: Ticket = 0;
  #waiting: Batch = new Batch();
  #closed: Batch = new Batch();
  #closedLast: Ticket = 0;
  readonly #outcome: Outcome = { ticket: 0, kind: "stored", sequence: 0, detail: "", lastMessageId: "" };

  get waiting(): number {
    return this.#waiting.count;
  }

  stored(sequence: number): Ticket {
    this.#waiting.add(stored, sequence, 0, "");
    return ++this.#last;
  }

  decided(decision: Decision): Ticket {
    if (decision.kind === "stored") return this.stored(decision.sequence);
    this.#waiting.add(kinds.indexOf(decision.kind), decision.sequence, details.indexOf(decision.detail), decision.lastMessageId);
    return ++this.#last;
  }

  refused(kind: OutcomeKind): Ticket {
    this.#waiting.add(kinds.indexOf(kind), 0, 0, "");
    return ++this.#last;
  }

  /** Closes the batch: what is submitted from now on belongs to the next one. The one before has been told. */
  close(): void {
    const batch = this.#waiting;
    this.#waiting = this.#closed;
    this.#closed = batch;
    this.#closedLast = this.#last;
  }

  /** Tells the outcomes of the closed batch; with `failed` all of them as such. */
  settle(events: StoreEvents, failed: boolean): void {
    const batch = this.#closed;
    const first = this.#closedLast - batch.count + 1;
    const outcome = this.#outcome;
    for (let index = 0; index < batch.count; index++) {
      outcome.ticket = first + index;
      outcome.kind = failed ? "failed" : kinds[batch.kinds[index]!]!;
      outcome.sequence = failed ? 0 : batch.sequences[index]!;
      outcome.detail = failed ? "" : details[batch.details[index]!]!;
      outcome.lastMessageId = failed ? "" : (batch.lastMessageIds?.get(index) ?? "");
      events.settled(outcome);
    }
    batch.clear();
  }
}

class Batch {
  count = 0;
  kinds: Uint8Array = new Uint8Array(256);
  details: Uint8Array = new Uint8Array(256);
  sequences: Float64Array = new Float64Array(256);
  lastMessageIds: Map<number, string> | undefined = undefined;

  add(kind: number, sequence: number, detail: number, lastMessageId: string): void {
    if (this.count === this.kinds.length) this.#grow();
    this.kinds[this.count] = kind;
    this.details[this.count] = detail;
    this.sequences[this.count] = sequence;
    if (lastMessageId !== "") (this.lastMessageIds ??= new Map()).set(this.count, lastMessageId);
    this.count++;
  }

  clear(): void {
    this.count = 0;
    this.lastMessageIds = undefined;
  }

  #grow(): void {
    const grown = this.count * 2;
    const kinds = new Uint8Array(grown);
    const details = new Uint8Array(grown);
    const sequences = new Float64Array(grown);
    kinds.set(this.kinds);
    details.set(this.details);
    sequences.set(this.sequences);
    this.kinds = kinds;
    this.details = details;
    this.sequences = sequences;
  }
}
