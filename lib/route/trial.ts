/** Tries a route out on what the stations hold, without sending anything: which of the last messages match, where they would go, and why not. */
import type { Clock } from "../../store/environment.ts";
import { explainFault } from "../condition/explanation.ts";
import { MessageFacts } from "../condition/facts.ts";
import { compileFilter } from "../filter.ts";
import { walk } from "../station/read.ts";
import type { Station } from "../station/station.ts";
import { hopsMax, routesOf } from "./copy.ts";
import type { Route } from "./route.ts";

export const trialDefault = 100;
export const trialMax = 10_000;
/** Messages shown one by one; all are counted. */
const shownMax = 1_000;

export interface Tried {
  readonly station: string;
  readonly sequence: number;
  readonly subject: string;
  /** `match`: it would be sent to `to`. Else `why` says what is in the way. */
  readonly verdict: "match" | "noMatch" | "missing" | "failed" | "noTarget" | "loop";
  readonly to?: string;
  readonly why?: string;
}

export interface Trial {
  /** Messages whose subject the route looks at. */
  readonly examined: number;
  readonly matched: number;
  readonly missing: number;
  readonly failed: number;
  /** Where they would go, and how many. */
  readonly targets: Readonly<Record<string, number>>;
  /** Of the last messages, the newest last; those that do not match only if asked for. */
  readonly messages: readonly Tried[];
}

/** Looks at the last `last` records of each station. `all`: shows also those that simply do not match. */
export async function tryRoute(clock: Clock, route: Route, stations: readonly Station[], last: number, all: boolean): Promise<Trial> {
  const facts = new MessageFacts(clock);
  const filter = compileFilter(route.config.from);
  const counts = { examined: 0, matched: 0, missing: 0, failed: 0 };
  const targets: Map<string, number> = new Map();
  const messages: Tried[] = [];
  for (const station of stations) {
    const from = station.log.state.lastSequence - last + 1;
    await walk(clock, station.log, from, filter, (view) => {
      const { sequence, buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd, timeUs } = view;
      const subject = buffer.toString("utf8", subjectStart, subjectEnd);
      facts.show(subject, buffer, bodyStart, headerBytes, bodyEnd, timeUs);
      const judged = judge(route, facts, routesOf(buffer, bodyStart, headerBytes));
      counts.examined++;
      if (judged.verdict === "match") counts.matched++;
      else if (judged.verdict === "missing") counts.missing++;
      else if (judged.verdict !== "noMatch") counts.failed++;
      if (judged.to !== undefined) targets.set(judged.to, (targets.get(judged.to) ?? 0) + 1);
      if (all || judged.verdict !== "noMatch") messages.push({ station: station.name, sequence, subject, ...judged });
      if (messages.length > shownMax) messages.shift();
      return true;
    });
  }
  return { ...counts, targets: Object.fromEntries(targets), messages };
}

function judge(route: Route, facts: MessageFacts, passed: readonly string[]): Pick<Tried, "verdict" | "to" | "why"> {
  const verdict = route.condition === undefined ? "match" : route.condition.judge(facts);
  if (verdict === "noMatch") return { verdict };
  if (verdict !== "match") return { verdict, why: explainFault(route.config.where, facts) };
  const to = route.template.render(facts);
  if (to === undefined) return { verdict: "noTarget", why: `its values make no subject of '${route.config.to}'` };
  if (passed.length >= hopsMax || passed.includes(route.name)) {
    return { verdict: "loop", why: `it came by ${passed.join(", ")} already` };
  }
  return { verdict, to };
}
