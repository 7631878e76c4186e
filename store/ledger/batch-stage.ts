/**
 * What the earlier parts of an atomic batch would change in one log, while the later ones are judged. Nothing is applied before
 * all are accepted. Batches are rare and small, so this is maps of strings.
 */
import type { AppendRequest, Sequence, SubjectFilterTest } from "../store.ts";

interface StagedSubject {
  readonly bytes: Uint8Array;
  count: number;
  last: Sequence;
}

export class BatchStage {
  messages = 0;
  bytes = 0;
  lastMessageId: string | undefined = undefined;
  readonly #ids: Map<string, Sequence> = new Map();
  readonly #subjects: Map<string, StagedSubject> = new Map();

  add(request: AppendRequest, sequence: Sequence, countedBytes: number): void {
    this.messages++;
    this.bytes += countedBytes;
    this.lastMessageId = request.messageId ?? "";
    if (request.messageId !== undefined) this.#ids.set(request.messageId, sequence);
    const key = Buffer.from(request.subject).toString("latin1");
    const known = this.#subjects.get(key);
    if (known === undefined) {
      this.#subjects.set(key, { bytes: Uint8Array.from(request.subject), count: 1, last: sequence });
    } else {
      known.count++;
      known.last = sequence;
    }
  }

  /** The staged sequence of an id, 0 when none. */
  sequenceOf(messageId: string): Sequence {
    return this.#ids.get(messageId) ?? 0;
  }

  countOf(subject: Uint8Array): number {
    return this.#subjects.get(Buffer.from(subject).toString("latin1"))?.count ?? 0;
  }

  /** The highest staged sequence of a subject, or of those that pass the filter; 0 when none. */
  lastOf(subject: Uint8Array, filter: SubjectFilterTest | undefined): Sequence {
    if (filter === undefined) return this.#subjects.get(Buffer.from(subject).toString("latin1"))?.last ?? 0;
    let last = 0;
    for (const staged of this.#subjects.values()) {
      if (staged.last > last && filter.matches(staged.bytes, 0, staged.bytes.length)) last = staged.last;
    }
    return last;
  }
}
