/**
 * The requests by which routes are seen and changed:
 *
 *     $WAYSTATION.ROUTE.LIST                                         → { routes: [...] }
 *     $WAYSTATION.ROUTE.INFO     { name }                            → the route, what it did and how far it is
 *     $WAYSTATION.ROUTE.ADD      { name, from, where, to, description, enabled }
 *     $WAYSTATION.ROUTE.CHANGE   { name, and the fields that change }
 *     $WAYSTATION.ROUTE.ENABLE | DISABLE | DELETE   { name }
 *     $WAYSTATION.ROUTE.TEST     { name, or from, where, to; station, last, all } → which of the last messages would go where
 */
import { isFields } from "../../lib/config/issues.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { Routes } from "../../lib/route/routes.ts";
import type { RequestHandler } from "./requests.ts";

export const routeSubjects = {
  list: "$WAYSTATION.ROUTE.LIST",
  info: "$WAYSTATION.ROUTE.INFO",
  add: "$WAYSTATION.ROUTE.ADD",
  change: "$WAYSTATION.ROUTE.CHANGE",
  enable: "$WAYSTATION.ROUTE.ENABLE",
  disable: "$WAYSTATION.ROUTE.DISABLE",
  delete: "$WAYSTATION.ROUTE.DELETE",
  test: "$WAYSTATION.ROUTE.TEST",
} as const;

export function routeRequests(routes: Routes): (readonly [string, RequestHandler])[] {
  return [
    [routeSubjects.list, () => ({ routes: routes.list() })],
    [routeSubjects.info, (body) => routes.get(nameOf(body))],
    [routeSubjects.add, (body, asker) => routes.add(body, asker)],
    [routeSubjects.change, (body, asker) => routes.change(nameOf(body), body, asker)],
    [routeSubjects.enable, (body, asker) => routes.change(nameOf(body), { enabled: true }, asker)],
    [routeSubjects.disable, (body, asker) => routes.change(nameOf(body), { enabled: false }, asker)],
    [routeSubjects.delete, (body) => routes.delete(nameOf(body)).then(() => ({ deleted: true }))],
    [routeSubjects.test, (body, asker) => routes.test(body, asker)],
  ];
}

function nameOf(body: unknown): string {
  const name = isFields(body) ? body["name"] : undefined;
  if (typeof name === "string" && name !== "") return name;
  throw new BrokerError("invalid", 'the request names no route: { "name": "NAME" }');
}
