/**
 * Tells a station's groups with filters which new records are theirs. Each record that becomes visible is looked at once, against an
 * index of all groups' filters, so that thousands of groups that are caught up cost nothing when a record is not for them.
 */
import type { Cursor, Log, Sequence } from "../../store/store.ts";
import { Router } from "../router/router.ts";
import { Subscription } from "../subscription.ts";
import type { CloseReason, PublishOutcome, Session } from "../transport.ts";

/** So many new records are looked at one by one; past more, everybody counts anew. */
const walkMax = 8192;

/** Somebody who takes the records of some subjects. */
export interface Fed {
  /** A new record is for it; in order, each once. */
  arrived(sequence: Sequence): void;
  /** Some records may have been missed: what is known of the number to come is void. */
  lost(): void;
}

/** An entry of the index: it receives nothing, it stands for somebody. */
class Entry implements Session {
  readonly id = 0;
  readonly echo = true;
  readonly room = 0;
  readonly fed: Fed;

  constructor(fed: Fed) {
    this.fed = fed;
  }

  deliver(_subscription: Subscription): boolean {
    return false;
  }
  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {}
}

export class Feed {
  /** Everything visible up to here was told. */
  fedTo: Sequence;
  readonly #log: Log;
  /** Made with the first entry: most stations have no groups with filters. */
  #index: Router | undefined = undefined;
  readonly #entries: Map<Fed, Subscription[]> = new Map();
  #cursor: Cursor | undefined = undefined;

  constructor(log: Log) {
    this.#log = log;
    this.fedTo = log.state.lastSequence;
  }

  /** Records that pass one of these filters, which do not overlap, are told from now on. */
  add(fed: Fed, filters: readonly string[]): void {
    this.remove(fed);
    const index = (this.#index ??= new Router());
    const session = new Entry(fed);
    const subscriptions = filters.map((filter) => new Subscription({ filter, session, label: 0 }));
    this.#entries.set(fed, subscriptions);
    for (const subscription of subscriptions) index.add(subscription);
  }

  remove(fed: Fed): void {
    for (const subscription of this.#entries.get(fed) ?? []) this.#index?.remove(subscription);
    this.#entries.delete(fed);
  }

  /** Tells of what became visible since the last time. */
  advance(): void {
    const last = this.#log.state.lastSequence;
    const from = this.fedTo + 1;
    if (last < from) return;
    this.fedTo = last;
    const index = this.#index;
    if (index === undefined || this.#entries.size === 0) return;
    if (last - from >= walkMax || !this.#walk(index, from)) {
      for (const fed of this.#entries.keys()) fed.lost();
    }
  }

  close(): void {
    this.#cursor?.close();
    this.#cursor = undefined;
  }

  /** False when it could not see every record. */
  #walk(index: Router, from: Sequence): boolean {
    this.#cursor ??= this.#log.cursor(from, undefined);
    const cursor = this.#cursor;
    cursor.seek(from);
    for (let step = cursor.next(); step !== "end"; step = cursor.next()) {
      if (step !== "record") return false;
      const { sequence, buffer, subjectStart, subjectEnd } = cursor.view;
      for (const { session } of index.matchOnce(buffer, subjectStart, subjectEnd).plain) {
        if (session instanceof Entry) session.fed.arrived(sequence);
      }
    }
    return true;
  }
}
