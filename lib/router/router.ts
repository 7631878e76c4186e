/**
 * The routing index of one tenant: who wants a subject. Holds live subscriptions, queue members, captures and responders alike,
 * and interns the subjects that are met again, with the answer cached on them until interest changes.
 *
 * Decides who matches, never who receives: conditions, echo and the choice of a queue's member belong to delivery.
 */
import { filtersOverlap } from "../filter.ts";
import type { Subscription } from "../subscription.ts";
import type { Matches } from "./matches.ts";
import { Subject } from "./subject.ts";

const subjectsMax = 65_536;

class Node {
  readonly children: Map<string, Node> = new Map();
  /** Filters that end here. */
  readonly here: Set<Subscription> = new Set();
  /** Filters that end here with a `>` after it. */
  readonly below: Set<Subscription> = new Set();
}

export class Router {
  readonly #root: Node = new Node();
  readonly #all: Set<Subscription> = new Set();
  readonly #subjects: Map<string, Subject> = new Map();
  #generation = 0;

  /** Number of subscriptions in the index. */
  get count(): number {
    return this.#all.size;
  }

  /** Takes effect at once. The filter is well formed (`parseFilter`). Adding twice is one. */
  add(subscription: Subscription): void {
    if (this.#all.has(subscription)) return;
    const { node, below } = this.#place(subscription.filter);
    (below ? node.below : node.here).add(subscription);
    subscription.active = true;
    this.#all.add(subscription);
    this.#generation++;
  }

  /** Takes effect at once. False when it was not there. */
  remove(subscription: Subscription): boolean {
    subscription.active = false;
    if (!this.#all.delete(subscription)) return false;
    const { node, below } = this.#place(subscription.filter);
    (below ? node.below : node.here).delete(subscription);
    this.#generation++;
    return true;
  }

  /** The subject of these bytes: interned when it is met again and again, else a transient one, valid during the current call. */
  resolve(bytes: Buffer, start: number, end: number): Subject {
    const key = bytes.toString("latin1", start, end);
    let subject = this.#subjects.get(key);
    if (subject === undefined) {
      if (this.#subjects.size >= subjectsMax) this.#subjects.clear();
      subject = new Subject(Buffer.from(bytes.subarray(start, end)), false);
      this.#subjects.set(key, subject);
    }
    return subject;
  }

  /** Who matches the subject. The answer is never changed afterwards; a subscription removed since has `active` false. */
  match(subject: Subject): Matches {
    if (subject.matches !== undefined && subject.matchesGeneration === this.#generation) return subject.matches;
    const matches = this.#find(subject.text);
    subject.matches = matches;
    subject.matchesGeneration = this.#generation;
    return matches;
  }

  /** As `resolve` and `match`, for a subject that is not needed itself. */
  matchOnce(bytes: Buffer, start: number, end: number): Matches {
    return this.#find(bytes.toString("utf8", start, end));
  }

  /** True when a message on this subject would match something. */
  hasInterest(subject: string): boolean {
    const matches = this.#find(subject);
    return matches.plain.length + matches.queues.length + matches.captures.length > 0;
  }

  /** How many subscriptions some subject of the filter would match. Walks them all: not for the hot path. */
  interestIn(filter: string): number {
    let count = 0;
    for (const subscription of this.#all) if (filtersOverlap(filter, subscription.filter)) count++;
    return count;
  }

  /** Every subscription in the index. */
  subscriptions(): IterableIterator<Subscription> {
    return this.#all.values();
  }

  #place(filter: string): { node: Node; below: boolean } {
    const tokens = filter.split(".");
    const below = tokens.at(-1) === ">";
    let node = this.#root;
    for (const token of below ? tokens.slice(0, -1) : tokens) {
      let next = node.children.get(token);
      if (next === undefined) node.children.set(token, (next = new Node()));
      node = next;
    }
    return { node, below };
  }

  #find(subject: string): Matches {
    const tokens = subject.split(".");
    const found: Subscription[] = [];
    const visit = (node: Node, depth: number): void => {
      for (const entry of node.below) if (depth < tokens.length || entry.parentToo) found.push(entry);
      const token = tokens[depth];
      if (token === undefined) {
        for (const entry of node.here) found.push(entry);
        return;
      }
      const literal = node.children.get(token);
      if (literal !== undefined) visit(literal, depth + 1);
      const any = token === "*" ? undefined : node.children.get("*");
      if (any !== undefined) visit(any, depth + 1);
    };
    if (!tokens.includes("")) visit(this.#root, 0);
    return sorted(found, subject.startsWith("$"));
  }
}

/** Tells apart what one subject matched. */
function sorted(found: readonly Subscription[], dollar: boolean): Matches {
  const plain: Subscription[] = [];
  const queues: Map<string, Subscription[]> = new Map();
  const captures: Subscription[] = [];
  for (const entry of found) {
    if (dollar && entry.noDollar && /^[*>]/.test(entry.filter)) continue;
    if (entry.capture !== undefined) captures.push(entry);
    else if (entry.queue === undefined) plain.push(entry);
    else {
      const members = queues.get(entry.queue);
      if (members === undefined) queues.set(entry.queue, [entry]);
      else members.push(entry);
    }
  }
  return { plain, queues: [...queues.values()], captures };
}
