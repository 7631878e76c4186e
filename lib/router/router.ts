/**
 * Who wants a subject: a trie of tokens whose nodes hold subscriptions, with the answer cached on interned subjects until
 * interest changes.
 */
import type { Subscription } from "../subscription.ts";
import type { Matches } from "./matches.ts";
import { Subject } from "./subject.ts";

class Node {
  readonly children: Map<string, Node> = new Map();
  /** Ends here, as the filter's last token. */
  readonly here: Set<Subscription> = new Set();
  /** Ends here by `>`: everything below. */
  readonly below: Set<Subscription> = new Set();
}

export class Router {
  readonly #root: Node = new Node();
  readonly #subjects: Map<string, Subject> = new Map();
  #generation = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(subscription: Subscription): void {
    const { node, below } = this.#place(subscription.filter);
    (below ? node.below : node.here).add(subscription);
    subscription.active = true;
    this.#count++;
    this.#generation++;
  }

  remove(subscription: Subscription): void {
    subscription.active = false;
    const { node, below } = this.#place(subscription.filter);
    if ((below ? node.below : node.here).delete(subscription)) this.#count--;
    this.#generation++;
  }

  /** The interned subject of these bytes. */
  resolve(bytes: Buffer, start: number, end: number): Subject {
    const key = bytes.toString("latin1", start, end);
    let subject = this.#subjects.get(key);
    if (subject === undefined) {
      if (this.#subjects.size > 65_536) this.#subjects.clear();
      subject = new Subject(Buffer.from(bytes.subarray(start, end)), false);
      this.#subjects.set(key, subject);
    }
    return subject;
  }

  match(subject: Subject): Matches {
    if (subject.matches !== undefined && subject.matchesGeneration === this.#generation) return subject.matches;
    const matches = this.#find(subject.text);
    subject.matches = matches;
    subject.matchesGeneration = this.#generation;
    return matches;
  }

  matchOnce(bytes: Buffer, start: number, end: number): Matches {
    return this.#find(bytes.toString("utf8", start, end));
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
    const plain: Subscription[] = [];
    const queues: Map<string, Subscription[]> = new Map();
    const captures: Subscription[] = [];
    const tokens = subject.split(".");
    const take = (entry: Subscription): void => {
      if (entry.noDollar && subject.startsWith("$")) return;
      if (entry.capture !== undefined) captures.push(entry);
      else if (entry.queue === undefined) plain.push(entry);
      else {
        const key = `${entry.filter} ${entry.queue}`;
        const members = queues.get(key);
        if (members === undefined) queues.set(key, [entry]);
        else members.push(entry);
      }
    };
    const walk = (node: Node, depth: number): void => {
      for (const entry of node.below) if (depth < tokens.length || entry.parentToo) take(entry);
      if (depth === tokens.length) {
        for (const entry of node.here) take(entry);
        return;
      }
      const literal = node.children.get(tokens[depth] ?? "");
      if (literal !== undefined) walk(literal, depth + 1);
      const any = node.children.get("*");
      if (any !== undefined && any !== literal) walk(any, depth + 1);
    };
    walk(this.#root, 0);
    return { plain, queues: [...queues.values()], captures };
  }
}
