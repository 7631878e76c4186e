/**
 * The routing index of one tenant: who wants a subject. Holds live subscriptions, queue members, captures and responders alike,
 * and interns the subjects that are met again, with the answer cached on them until interest changes.
 *
 * Decides who matches, never who receives: conditions, echo and the choice of a queue's member belong to delivery.
 */
import { filtersOverlap, hasWildcard } from "../filter.ts";
import type { Subscription } from "../subscription.ts";
import { Generations } from "./generations.ts";
import type { Matches } from "./matches.ts";
import { matchesOf, noMatches } from "./matching.ts";
import { SubjectTable } from "./subject-table.ts";
import { Subject } from "./subject.ts";
import { dot } from "./token.ts";
import { Transients } from "./transients.ts";
import { hasEmptyToken, Trie } from "./trie.ts";

export interface RouterOptions {
  /** How many subjects are remembered at most (131,072, about 350 B each when live), and their bytes together (16 MiB). */
  readonly subjectsMax?: number;
  readonly subjectBytesMax?: number;
  /** Makes hash collisions unpredictable for those who choose subjects: any 32 random bits. */
  readonly seed?: number;
}

/** How many remembered subjects are looked at for stale answers when a subscription goes. */
const tidiedPerRemoval = 4;
/** Subjects that begin so are met once: replies and acks. */
const replyPrefixes: readonly Buffer[] = ["_INBOX.", "_R_."].map((text) => Buffer.from(text));
const ackPrefix: Buffer = Buffer.from("$JS.ACK.");
const dollar = 0x24;
const underscore = 0x5f;

export class Router {
  readonly #trie: Trie;
  readonly #generations: Generations;
  readonly #table: SubjectTable;
  readonly #transients: Transients = new Transients();
  readonly #acks: Subject = new Subject(ackPrefix, false);
  /** What the last reply begins with, up to its last dot: mostly the next one's too. */
  #replies: Subject | undefined = undefined;
  #filterBytes: Buffer = Buffer.alloc(1024);
  readonly #watchers: Map<string, Set<() => void>> = new Map();
  #count = 0;
  /** Subscriptions ever added. */
  inserted = 0;
  /** Subjects looked for in the index, because no answer was remembered. */
  walks = 0;

  constructor(options: RouterOptions = {}) {
    const seed = options.seed ?? 0x5eed;
    this.#trie = new Trie(seed);
    this.#generations = new Generations(seed);
    this.#table = new SubjectTable(options.subjectsMax ?? 131_072, options.subjectBytesMax ?? 16 * 1024 * 1024, seed);
  }

  /** Number of subscriptions in the index. */
  get count(): number {
    return this.#count;
  }

  /** What the index takes beside the subscriptions themselves and the remembered subjects, in bytes. */
  get memoryBytes(): number {
    return this.#trie.memoryBytes;
  }

  /** Number of remembered subjects. */
  get subjectCount(): number {
    return this.#table.count;
  }

  /** Takes effect at once. The filter is well formed (`parseFilter`). Adding twice is one. */
  add(subscription: Subscription): void {
    if (subscription.place !== -1) return;
    const length = this.#encode(subscription.filter);
    this.#trie.add(subscription, this.#filterBytes, length);
    this.#generations.change(this.#filterBytes, length);
    subscription.active = true;
    this.#count++;
    this.inserted++;
    if (this.#watchers.size > 0) this.#tellWatchers(subscription.filter);
  }

  /** `added` is called, within `add`, whenever somebody subscribes to exactly this filter. Returns what ends it. */
  watch(filter: string, added: () => void): () => void {
    const watchers = this.#watchers.get(filter) ?? new Set();
    this.#watchers.set(filter, watchers.add(added));
    return () => {
      watchers.delete(added);
      if (watchers.size === 0 && this.#watchers.get(filter) === watchers) this.#watchers.delete(filter);
    };
  }

  /** Takes effect at once. False when it was not there. */
  remove(subscription: Subscription): boolean {
    subscription.active = false;
    if (subscription.place === -1) return false;
    this.#trie.remove(subscription);
    this.#generations.change(this.#filterBytes, this.#encode(subscription.filter));
    this.#count--;
    this.#tidy();
    return true;
  }

  /** The subject of these bytes: interned when it is met again and again, else a transient one, valid during the current call. */
  resolve(bytes: Buffer, start: number, end: number): Subject {
    if (!isReply(bytes, start, end) && !isAck(bytes, start, end)) {
      const subject = this.#table.intern(bytes, start, end);
      if (subject !== undefined) return subject;
    }
    return this.#transients.next(bytes, start, end);
  }

  /** Who matches the subject. The answer is never changed afterwards; a subscription removed since has `active` false. */
  match(subject: Subject): Matches {
    if (subject.matchedAt === this.#generations.changes && subject.matchedBy === this && subject.matches !== undefined) {
      return subject.matches;
    }
    return subject.transient ? this.#matchTransient(subject) : this.#rematch(subject);
  }

  /** As `resolve` and `match`, for a subject that is not needed itself. */
  matchOnce(bytes: Buffer, start: number, end: number): Matches {
    if (isAck(bytes, start, end)) return this.#matchAck(bytes, start, end);
    return isReply(bytes, start, end) ? this.#matchReply(bytes, start, end) : this.#walk(bytes, start, end);
  }

  /** True when a message on this subject would match something. */
  hasInterest(subject: string): boolean {
    const bytes = Buffer.from(subject);
    const matches = this.#walk(bytes, 0, bytes.length);
    return matches.plain.length + matches.queues.length + matches.captures.length > 0;
  }

  /** How many subscriptions some subject of the filter would match. With wildcards it looks at all: not for the hot path. */
  interestIn(filter: string): number {
    let count = 0;
    if (!hasWildcard(filter)) {
      const bytes = Buffer.from(filter);
      const matches = this.#walk(bytes, 0, bytes.length);
      for (const members of matches.queues) count += members.length;
      return count + matches.plain.length + matches.captures.length;
    }
    for (const subscription of this.#trie.lists.all()) if (filtersOverlap(filter, subscription.filter)) count++;
    return count;
  }

  /** Every subscription in the index, in no order. None may be added or removed meanwhile. */
  subscriptions(): Generator<Subscription, void, undefined> {
    return this.#trie.lists.all();
  }

  /** How many the remembered subjects reach: all together, and the one that reaches most. Looks at each: for operators. */
  cachedFanout(): { readonly subjects: number; readonly receivers: number; readonly max: number } {
    let [subjects, receivers, max] = [0, 0, 0];
    for (const { matches } of this.#table.all()) {
      if (matches === undefined) continue;
      const reached = matches.plain.length + matches.queues.length + matches.captures.length;
      subjects++;
      receivers += reached;
      max = Math.max(max, reached);
    }
    return { subjects, receivers, max };
  }

  #walk(bytes: Uint8Array, start: number, end: number): Matches {
    this.walks++;
    const count = this.#trie.walk(bytes, start, end);
    return matchesOf(this.#trie.lists, this.#trie.found, count, bytes[start] === dollar);
  }

  /** Replies to one client differ in their last token: the answer is kept by what comes before it, as that of a subject with a final dot. */
  #matchReply(bytes: Buffer, start: number, end: number): Matches {
    let prefix = this.#replies;
    if (prefix === undefined || !isOneTokenMore(bytes, start, end, prefix.bytes)) {
      const prefixEnd = reusablePrefixEnd(bytes, start, end);
      if (prefixEnd === 0) return this.#walk(bytes, start, end);
      if (prefixEnd === end) return noMatches;
      prefix = this.#table.intern(bytes, start, prefixEnd);
      if (prefix === undefined) return this.#walk(bytes, start, end);
      this.#replies = prefix;
    }
    const fresh = this.#isFresh(prefix);
    if (fresh && prefix.matches !== undefined) return prefix.matches;
    const matches = this.#walk(bytes, start, end);
    if (!fresh) this.#remember(prefix, this.#trie.anyLast ? matches : undefined);
    return matches;
  }

  /** Acks differ in every token but the first two, and mostly one responder takes them all: then its answer is kept. */
  #matchAck(bytes: Buffer, start: number, end: number): Matches {
    const acks = this.#acks;
    const fresh = this.#isFresh(acks);
    if (fresh && acks.matches !== undefined) return hasEmptyToken(bytes, start + ackPrefix.length, end) ? noMatches : acks.matches;
    const matches = this.#walk(bytes, start, end);
    if (!fresh) this.#remember(acks, matches !== noMatches && this.#trie.decidedAfter <= 2 ? matches : undefined);
    return matches;
  }

  #matchTransient(subject: Subject): Matches {
    const matches = this.matchOnce(subject.bytes, 0, subject.bytes.length);
    subject.matches = matches;
    subject.matchedBy = this;
    subject.matchedAt = this.#generations.changes;
    return matches;
  }

  #rematch(subject: Subject): Matches {
    if (this.#isFresh(subject) && subject.matches !== undefined) return subject.matches;
    const matches = this.#walk(subject.bytes, 0, subject.bytes.length);
    this.#remember(subject, matches);
    return matches;
  }

  /** True when what the entry remembers, or that it remembers nothing, is still right. */
  #isFresh(subject: Subject): boolean {
    if (subject.matchedBy !== this) return false;
    if (subject.matchedAt === this.#generations.changes) return true;
    if (subject.familyGeneration !== this.#generations.of(subject.family)) return false;
    subject.matchedAt = this.#generations.changes;
    return true;
  }

  #remember(subject: Subject, matches: Matches | undefined): void {
    if (subject.matchedBy !== this) {
      subject.family = this.#generations.family(subject.bytes, 0, subject.bytes.length);
      subject.matchedBy = this;
    }
    subject.matches = matches;
    subject.matchedAt = this.#generations.changes;
    subject.familyGeneration = this.#generations.of(subject.family);
  }

  /** Answers that are stale keep what they name from being collected: forgets a few. */
  #tidy(): void {
    for (let i = 0; i < tidiedPerRemoval; i++) {
      const subject = this.#table.next();
      if (subject !== undefined && subject.matches !== undefined && !this.#isFresh(subject)) subject.matches = undefined;
    }
  }

  #tellWatchers(filter: string): void {
    for (const added of this.#watchers.get(filter) ?? []) added();
  }

  #encode(filter: string): number {
    if (filter.length * 3 > this.#filterBytes.length) this.#filterBytes = Buffer.alloc(filter.length * 3);
    return this.#filterBytes.write(filter, "utf8");
  }
}

function isReply(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== underscore) return false;
  for (const prefix of replyPrefixes) if (startsWith(bytes, start, end, prefix)) return true;
  return false;
}

function isAck(bytes: Buffer, start: number, end: number): boolean {
  return bytes[start] === dollar && startsWith(bytes, start, end, ackPrefix);
}

function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

/** True when the subject is the prefix, which ends with a dot, and one token more. */
function isOneTokenMore(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  const length = prefix.length;
  if (end - start <= length) return false;
  for (let at = 0; at < length; at++) if (bytes[start + at] !== prefix[at]) return false;
  for (let at = start + length; at < end; at++) if (bytes[at] === dot) return false;
  return true;
}

/** The end of the subject's prefix up to and with its last dot, when it has at least two tokens; else 0. */
function reusablePrefixEnd(bytes: Buffer, start: number, end: number): number {
  let last = end;
  while (last > start && bytes[last - 1] !== dot) last--;
  for (let at = start; at < last - 1; at++) if (bytes[at] === dot) return last;
  return 0;
}
