/**
 * Logs that belong together, the partitions of one station: a message id stored in one is a duplicate in all, and `messagesMax` and
 * `bytesMax` count over all of them. Each log keeps its own ids, with its records, as if it were alone, so that nothing of a family has
 * to be saved or recovered: an append asks its siblings, which in one process is a few lookups. What a limit takes away is the oldest
 * of the family, by time; times are strictly ascending over all of them.
 */
import type { LogLimits, Sequence } from "../store.ts";
import type { Ledger } from "./ledger.ts";

/** The ledgers of one family, in no order. */
export class LedgerFamily {
  readonly members: readonly Ledger[];
  /** Times are strictly ascending over the whole family, so that its records have one order. */
  lastTimeUs: number;

  constructor(members: readonly Ledger[]) {
    this.members = members;
    this.lastTimeUs = Math.max(...members.map((member) => member.admitted.lastTimeUs));
  }

  get messages(): number {
    let messages = 0;
    for (const member of this.members) messages += member.admitted.messages;
    return messages;
  }

  get bytes(): number {
    let bytes = 0;
    for (const member of this.members) bytes += member.admitted.bytes;
    return bytes;
  }

  /** What a message id is stored as in a member other than `asker`; 0 = in none. */
  sequenceOf(messageId: string, asker: Ledger, nowUs: number): Sequence {
    for (const member of this.members) {
      if (member === asker) continue;
      const sequence = member.sequenceOf(messageId, nowUs);
      if (sequence > 0) return sequence;
    }
    return 0;
  }

  /** Takes the oldest away until the family is within the limits. What is not in memory is asked for: the store comes again. */
  enforce(limits: LogLimits): void {
    if (limits.messagesMax > 0) {
      for (let over = this.messages - limits.messagesMax; over > 0; over--) if (!this.#dropOldest()) return;
    }
    if (limits.bytesMax === 0) return;
    while (this.bytes > limits.bytesMax && this.messages > 1) {
      for (const member of this.members) if (member.waitsForDebt()) return;
      if (!this.#dropOldest()) return;
    }
  }

  #dropOldest(): boolean {
    let oldest: Ledger | undefined;
    for (const member of this.members) {
      const { messages, firstTimeUs } = member.admitted;
      if (messages > 0 && (oldest === undefined || firstTimeUs < oldest.admitted.firstTimeUs)) oldest = member;
    }
    return oldest !== undefined && oldest.dropFirst();
  }
}

/** What a store's log has for its family. */
export interface FamilyLog {
  readonly ledger: Ledger;
  /** The others of its family. */
  siblings: readonly FamilyLog[];
}

/** The families of a store, by name. */
export class Families<L extends FamilyLog> {
  readonly #families: Map<string, Set<L>> = new Map();

  join(log: L, name: string | undefined): void {
    if (name === undefined || name === "") return;
    let logs = this.#families.get(name);
    if (logs === undefined) this.#families.set(name, (logs = new Set()));
    if (logs.has(log)) return;
    logs.add(log);
    this.#arrange(logs);
  }

  leave(log: L, name: string | undefined): void {
    const logs = this.#families.get(name ?? "");
    if (logs === undefined || !logs.delete(log)) return;
    log.siblings = [];
    log.ledger.family = undefined;
    if (logs.size === 0) this.#families.delete(name ?? "");
    this.#arrange(logs);
  }

  #arrange(logs: ReadonlySet<L>): void {
    const all = [...logs];
    const family = all.length > 1 ? new LedgerFamily(all.map((log) => log.ledger)) : undefined;
    for (const log of all) {
      log.ledger.family = family;
      log.siblings = all.filter((other) => other !== log);
    }
  }
}
