/** What a ledger asks of the store whose records it counts. All synchronous, without I/O. */
import type { Sequence } from "../store.ts";

/** What the ledger must know of a record that leaves. Filled by the store; the subject's bytes are valid until it returns. */
export class RecordFacts {
  /** As limits count it: subject, header block, payload and 16. */
  bytes = 0;
  timeUs = 0;
  subject: Uint8Array = new Uint8Array(0);
  subjectStart = 0;
  subjectEnd = 0;
}

export interface RecordSource {
  /** Fills `facts` with a present record. False when it is not in memory now. */
  look(sequence: Sequence, facts: RecordFacts): boolean;
  /** `look` is false for everything below, give or take what happens to be cached. */
  readonly inMemoryFrom: Sequence;
  /** A record has left, by whatever decision; for one in the interior `Ledger.has` says so already. `facts` is undefined when it was not in memory: then the ledger owes (see `Ledger.pay`). */
  left(sequence: Sequence, facts: RecordFacts | undefined): void;
  /** With `expiryTold`: a record's time to live is over. It stays until somebody removes it. */
  expired(sequence: Sequence): void;
  /** Very many, all up to and including this one, have left at once, without a `left` for each. */
  leftThrough(sequence: Sequence): void;
  /**
   * A limit cannot be enforced, or the time of the first record not be told, until this record can be looked at. The store brings it
   * (and some behind it) into memory, pays what is owed there, and calls `enforce`. Asked again and again until then.
   */
  want(sequence: Sequence): void;
}

export { countedBytes } from "../record.ts";
