/** The rule of matching written as simply as possible: what the router is compared with. */
import type { Capture } from "../../lib/capture.ts";
import type { Matches } from "../../lib/router/matches.ts";
import { Subscription } from "../../lib/subscription.ts";
import type { Session } from "../../lib/transport.ts";

export const inert: Session = {
  id: 1,
  echo: true,
  room: 0,
  deliver: () => true,
  published: () => {},
  hold: () => {},
  resume: () => {},
  close: () => {},
};

const capture: Capture = { capture: () => true };

let label = 0;

export interface Wish {
  readonly filter: string;
  readonly queue?: string | undefined;
  readonly captures?: boolean;
  readonly parentToo?: boolean;
  readonly noDollar?: boolean;
}

export function subscriptionOf(wish: Wish): Subscription {
  return new Subscription({
    filter: wish.filter,
    queue: wish.queue,
    session: inert,
    label: ++label,
    capture: wish.captures === true ? capture : undefined,
    parentToo: wish.parentToo ?? false,
    noDollar: wish.noDollar ?? false,
  });
}

function tokensMatch(filter: readonly string[], subject: readonly string[], parentToo: boolean): boolean {
  const [first, ...rest] = filter;
  if (first === undefined) return subject.length === 0;
  if (first === ">" && rest.length === 0) return subject.length > 0 || parentToo;
  if (subject.length === 0) return false;
  return (first === "*" || first === subject[0]) && tokensMatch(rest, subject.slice(1), parentToo);
}

/** Whether the subscription wants the subject. */
function wants(subscription: Subscription, subject: string): boolean {
  const tokens = subject.split(".");
  if (tokens.includes("")) return false;
  const filter = subscription.filter.split(".");
  const wild = filter[0] === "*" || filter[0] === ">";
  if (wild && subscription.noDollar && subject.startsWith("$")) return false;
  return tokensMatch(filter, tokens, subscription.parentToo);
}

/** A form in which two answers can be compared: labels, sorted, by kind and queue. */
export function readable(matches: Matches): string[] {
  const lines = matches.plain.map((each) => `plain ${each.label}`);
  for (const each of matches.captures) lines.push(`capture ${each.label}`);
  for (const members of matches.queues) {
    const labels = members.map((each) => Number(each.label)).sort((a, b) => a - b);
    lines.push(`queue ${members[0]?.queue} ${labels.join(" ")}`);
  }
  return lines.sort();
}

/** The answer, by asking every subscription. */
export function expected(subscriptions: Iterable<Subscription>, subject: string): string[] {
  const plain: Subscription[] = [];
  const captures: Subscription[] = [];
  const queues: Map<string, Subscription[]> = new Map();
  for (const each of subscriptions) {
    if (!wants(each, subject)) continue;
    if (each.capture !== undefined) captures.push(each);
    else if (each.queue === undefined) plain.push(each);
    else queues.set(each.queue, [...(queues.get(each.queue) ?? []), each]);
  }
  return readable({ plain, captures, queues: [...queues.values()] });
}
