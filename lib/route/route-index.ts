/** All routes of a tenant that are in force, found by the subject of a message and then by its content. Made anew when one changes. */
import { nothing } from "../message.ts";
import type { MessageFacts } from "../condition/facts.ts";
import { filtersOverlap } from "../filter.ts";
import { Router } from "../router/router.ts";
import { Subscription } from "../subscription.ts";
import type { Subscription as Entry } from "../subscription.ts";
import type { Message } from "../message.ts";
import type { CloseReason, PublishOutcome, Session } from "../transport.ts";
import type { RecordView } from "../../store/store.ts";
import type { Route } from "./route.ts";
import { Rules } from "./rules.ts";

/** Subjects whose candidates are remembered, and their bytes. */
const subjectsMax = 16_384;
const subjectBytesMax: number = 2 * 1024 * 1024;

export class RouteIndex {
  /** Those in force, and all. */
  readonly routes: readonly Route[];
  readonly all: readonly Route[];
  /** The rules of each distinct filter, by its place in `filters`. */
  readonly rules: readonly Rules[];
  readonly filters: readonly string[];
  /** What `find` found, from the first to the returned count. */
  readonly found: Route[] = [];
  readonly #router: Router;

  constructor(routes: readonly Route[]) {
    this.all = routes;
    this.routes = routes.filter(({ config }) => config.enabled);
    const byFilter: Map<string, Route[]> = new Map();
    for (const route of this.routes) {
      const known = byFilter.get(route.config.from);
      if (known === undefined) byFilter.set(route.config.from, [route]);
      else known.push(route);
    }
    this.filters = [...byFilter.keys()];
    this.rules = [...byFilter.values()].map((those) => new Rules(those));
    this.#router = new Router({ subjectsMax, subjectBytesMax });
    for (const [label, filter] of this.filters.entries()) {
      this.#router.add(new Subscription({ filter, session: inert, label, noDollar: true }));
    }
  }

  /** Also one that is not in force. */
  get(name: string): Route | undefined {
    return this.all.find((route) => route.name === name);
  }

  /** Some route looks at some subject of these filters. */
  concerns(subjects: readonly string[]): boolean {
    return subjects.some((subject) => this.filters.some((filter) => filtersOverlap(filter, subject)));
  }

  /** Some route looks at this subject. */
  takes(subject: Uint8Array, start: number, end: number): boolean {
    const bytes = Buffer.from(subject.buffer, subject.byteOffset + start, end - start);
    return this.#router.match(this.#router.resolve(bytes, 0, bytes.length)).plain.length > 0;
  }

  /** Finds who wants the record, into `found`; returns how many. `facts` show the record afterwards, if anybody is to be asked. */
  find(view: RecordView, facts: MessageFacts): number {
    const subject = this.#router.resolve(view.buffer, view.subjectStart, view.subjectEnd);
    const candidates = this.#router.match(subject).plain;
    if (candidates.length === 0) return 0;
    facts.show(subject.text, view.buffer, view.bodyStart, view.headerBytes, view.bodyEnd, view.timeUs);
    let count = 0;
    for (let index = 0; index < candidates.length; index++) {
      const label = candidates[index]?.label;
      const rules = typeof label === "number" ? this.rules[label] : undefined;
      if (rules !== undefined) count = rules.find(facts, this.found, count);
    }
    return count;
  }
}

/** The entries of the index receive nothing: they stand for rules. */
const inert: Session = {
  id: 0,
  echo: true,
  room: nothing.length,
  deliver: (_entry: Entry, _message: Message): boolean => false,
  published: (_token: number, _outcome: PublishOutcome): void => {},
  hold: (): void => {},
  resume: (): void => {},
  close: (_reason: CloseReason): void => {},
};
