/** Refuses routes that would feed each other for ever, before they do: judged by subjects alone, whatever their conditions say. */
import { BrokerError } from "../errors.ts";
import { filtersOverlap } from "../filter.ts";
import type { Route } from "./route.ts";

/** Throws a BrokerError `conflict` that names the way round when what `route` sends could come back to it. */
export function checkCycle(route: Route, others: readonly Route[]): void {
  if (!route.config.enabled) return;
  const routes = others.filter(({ config, name }) => config.enabled && name !== route.name);
  const cameFrom: Map<Route, Route | undefined> = new Map([[route, undefined]]);
  const open = [route];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (feeds(next, route)) throw refusal(route, next, cameFrom);
    for (const other of routes) {
      if (cameFrom.has(other) || !feeds(next, other)) continue;
      cameFrom.set(other, next);
      open.push(other);
    }
  }
}

function feeds(route: Route, other: Route): boolean {
  const { reach } = route.template;
  const { from } = other.config;
  // A filter that begins with a wildcard takes no subject that begins with `$`.
  if (reach.startsWith("$") && (from.startsWith("*") || from.startsWith(">"))) return false;
  return filtersOverlap(reach, from);
}

function refusal(route: Route, last: Route, cameFrom: ReadonlyMap<Route, Route | undefined>): BrokerError {
  if (last === route) {
    return new BrokerError(
      "conflict",
      `route '${route.name}' would take in what it sends: '${route.template.reach}' is among '${route.config.from}'; send to subjects outside of 'from'`,
    );
  }
  const way: string[] = [];
  for (let at: Route | undefined = last; at !== undefined; at = cameFrom.get(at)) way.unshift(at.name);
  return new BrokerError(
    "conflict",
    `messages would go round for ever: ${way.join(" → ")} → ${route.name}; narrow a 'from', or send to subjects none of them takes`,
  );
}
