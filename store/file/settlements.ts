/**
 * Outcomes that wait for their batch: a ring of parallel arrays, in ticket order. Nothing is allocated per outcome; the rare ones
 * with a message id or a promise keep it in a side table.
 */
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
const kindCodes: Readonly<Record<OutcomeKind, number>> = { stored: 0, duplicate: 1, mismatch: 2, limit: 3, full: 4, fenced: 5, failed: 6 };

export class Settlements {
  readonly #outcome: Outcome = { ticket: 0, kind: "stored", sequence: 0, detail: "", lastMessageId: "" };
  #codes: Uint8Array = new Uint8Array(1024);
  #sequences: Float64Array = new Float64Array(1024);
  readonly #messageIds: Map<Ticket, string> = new Map();
  /** Tickets given out, and tickets settled. */
  #last: Ticket = 0;
  #settled: Ticket = 0;

  /** The newest ticket. */
  get last(): Ticket {
    return this.#last;
  }

  get waiting(): number {
    return this.#last - this.#settled;
  }

  /** A ticket whose outcome `set` will tell. */
  reserve(): Ticket {
    if (this.#last - this.#settled === this.#codes.length) this.#grow();
    return ++this.#last;
  }

  set(ticket: Ticket, kind: OutcomeKind, sequence: number, detail: Outcome["detail"], lastMessageId: string): void {
    const at = ticket & (this.#codes.length - 1);
    this.#codes[at] = detail === "" ? kindCodes[kind] : kindCodes[kind] | (details.indexOf(detail) << 3);
    this.#sequences[at] = sequence;
    if (lastMessageId !== "") this.#messageIds.set(ticket, lastMessageId);
  }

  /** Tells the outcomes up to `ticket`. */
  settle(ticket: Ticket, events: StoreEvents): void {
    const outcome = this.#outcome;
    while (this.#settled < ticket) {
      const next = ++this.#settled;
      const at = next & (this.#codes.length - 1);
      const code = this.#codes[at]!;
      outcome.ticket = next;
      outcome.kind = kinds[code & 7]!;
      outcome.detail = details[code >>> 3]!;
      outcome.sequence = this.#sequences[at]!;
      outcome.lastMessageId = this.#messageIds.size === 0 ? "" : this.#takeMessageId(next);
      events.settled(outcome);
    }
  }

  /** Everything not settled yet has failed. */
  failAll(): void {
    for (let ticket = this.#settled + 1; ticket <= this.#last; ticket++) {
      const at = ticket & (this.#codes.length - 1);
      this.#codes[at] = kindCodes.failed;
      this.#sequences[at] = 0;
    }
    this.#messageIds.clear();
  }

  #takeMessageId(ticket: Ticket): string {
    const id = this.#messageIds.get(ticket);
    if (id === undefined) return "";
    this.#messageIds.delete(ticket);
    return id;
  }

  #grow(): void {
    const size = this.#codes.length;
    const codes = new Uint8Array(size * 2);
    const sequences = new Float64Array(size * 2);
    for (let ticket = this.#settled + 1; ticket <= this.#last; ticket++) {
      const from = ticket & (size - 1);
      const to = ticket & (size * 2 - 1);
      codes[to] = this.#codes[from]!;
      sequences[to] = this.#sequences[from]!;
    }
    this.#codes = codes;
    this.#sequences = sequences;
  }
}
