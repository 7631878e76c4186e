/**
 * The routes of one filter, asked together: which of them want the message at hand. Those whose condition begins with
 * `field == literal` are found by the field's value in one step, however many they are; the others are asked one by one. The message is
 * parsed once for all. Made anew when a route changes, never changed.
 */
import type { Evaluate } from "../condition/compiler.ts";
import type { Facts } from "../condition/facts.ts";
import { isFault, missing } from "../condition/value.ts";
import type { Value } from "../condition/value.ts";
import type { Route } from "./route.ts";

/** So few rules on one field are not worth an index. */
const indexedMin = 2;

interface FieldIndex {
  readonly evaluate: Evaluate;
  readonly byValue: ReadonlyMap<Value, readonly Route[]>;
  readonly routes: readonly Route[];
}

export class Rules {
  readonly #fields: readonly FieldIndex[];
  readonly #others: readonly Route[];

  constructor(routes: readonly Route[]) {
    const byField: Map<string, Route[]> = new Map();
    for (const route of routes) {
      if (route.equality === undefined) continue;
      const known = byField.get(route.equality.field);
      if (known === undefined) byField.set(route.equality.field, [route]);
      else known.push(route);
    }
    const indexed = [...byField.values()].filter((those) => those.length >= indexedMin);
    const inIndex = new Set(indexed.flat());
    this.#fields = indexed.map(fieldIndex);
    this.#others = routes.filter((route) => !inIndex.has(route));
  }

  /** Puts those that want the message into `found` from `count` on, and returns the new count. */
  find(facts: Facts, found: Route[], count: number): number {
    let total = count;
    for (let index = 0; index < this.#fields.length; index++) {
      const field = this.#fields[index];
      if (field !== undefined) total = findByField(field, facts, found, total);
    }
    const others = this.#others;
    for (let index = 0; index < others.length; index++) {
      const route = others[index];
      if (route !== undefined && wanted(route, facts)) found[total++] = route;
    }
    return total;
  }
}

function fieldIndex(routes: readonly Route[]): FieldIndex {
  const byValue: Map<Value, Route[]> = new Map();
  for (const route of routes) {
    const value = route.equality?.value ?? null;
    const known = byValue.get(value);
    if (known === undefined) byValue.set(value, [route]);
    else known.push(route);
  }
  const evaluate = routes[0]?.equality?.evaluate ?? ((): Value => missing);
  return { evaluate, byValue, routes };
}

function findByField(field: FieldIndex, facts: Facts, found: Route[], count: number): number {
  const value = field.evaluate(facts);
  if (isFault(value)) {
    // None of them can hold: the term that decides is not there.
    for (const route of field.routes) {
      if (value === missing) route.missing++;
      else route.failed++;
    }
    return count;
  }
  const routes = field.byValue.get(value);
  if (routes === undefined) return count;
  let total = count;
  for (let index = 0; index < routes.length; index++) {
    const route = routes[index];
    if (route !== undefined && wanted(route, facts)) found[total++] = route;
  }
  return total;
}

function wanted(route: Route, facts: Facts): boolean {
  const verdict = route.condition === undefined ? "match" : route.condition.judge(facts);
  if (verdict === "match") {
    route.matched++;
    return true;
  }
  if (verdict === "missing") route.missing++;
  else if (verdict === "failed") route.failed++;
  return false;
}
