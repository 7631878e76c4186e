/** Turns the lists that a walk found into an answer: plain subscriptions, queue groups merged by name, captures. */
import type { Subscription } from "../subscription.ts";
import { Several } from "./lists.ts";
import type { Lists } from "./lists.ts";
import type { Matches } from "./matches.ts";

/** Not frozen: frozen ones are of another kind to the engine, and every loop over matches would meet both. */
const none: readonly never[] = [];
export const noMatches: Matches = { plain: none, queues: none, captures: none };

/** With so many groups a map is quicker than looking through them. */
const searchMax = 16;

/**
 * `found` holds `count` list numbers; a negative one counts only for members that want the parent too. `dollar`: the subject begins
 * with `$`, which some filters do not want to match by a wildcard.
 */
export function matchesOf(lists: Lists, found: Int32Array, count: number, dollar: boolean): Matches {
  if (count === 0) return noMatches;
  if (count === 1) {
    const only = lists.at(Math.abs(found[0]!));
    if (!(only instanceof Several) && only.ordinary) return found[0]! > 0 ? { plain: [only], queues: none, captures: none } : noMatches;
  }
  const collector = new Collector(dollar);
  for (let i = 0; i < count; i++) {
    const list = found[i]!;
    const entry = lists.at(Math.abs(list));
    if (entry instanceof Several) for (const member of entry.members) collector.take(member, list < 0);
    else collector.take(entry, list < 0);
  }
  return collector.matches();
}

class Collector {
  readonly #plain: Subscription[] = [];
  readonly #captures: Subscription[] = [];
  readonly #queues: Subscription[][] = [];
  #byName: Map<string, Subscription[]> | undefined = undefined;
  readonly #dollar: boolean;

  constructor(dollar: boolean) {
    this.#dollar = dollar;
  }

  take(subscription: Subscription, asParent: boolean): void {
    if (subscription.ordinary) {
      if (!asParent) this.#plain.push(subscription);
      return;
    }
    if (asParent && !subscription.parentToo) return;
    if (this.#dollar && subscription.noDollar && beginsWithWildcard(subscription.filter)) return;
    if (subscription.capture !== undefined) this.#captures.push(subscription);
    else if (subscription.queue === undefined) this.#plain.push(subscription);
    else this.#takeMember(subscription, subscription.queue);
  }

  matches(): Matches {
    return {
      plain: this.#plain.length === 0 ? none : this.#plain,
      queues: this.#queues.length === 0 ? none : this.#queues,
      captures: this.#captures.length === 0 ? none : this.#captures,
    };
  }

  #takeMember(subscription: Subscription, queue: string): void {
    const members = this.#byName === undefined ? this.#queues.find((each) => each[0]!.queue === queue) : this.#byName.get(queue);
    if (members !== undefined) {
      members.push(subscription);
      return;
    }
    const created = [subscription];
    this.#queues.push(created);
    if (this.#byName !== undefined) this.#byName.set(queue, created);
    else if (this.#queues.length > searchMax) this.#byName = new Map(this.#queues.map((each) => [each[0]!.queue!, each]));
  }
}

function beginsWithWildcard(filter: string): boolean {
  const first = filter.charCodeAt(0);
  return (first === 0x2a || first === 0x3e) && (filter.length === 1 || filter.charCodeAt(1) === 0x2e);
}
