/**
 * One route: `from` a filter, `where` a condition holds, `to` a subject template. Compiled once when it is defined; what it did is
 * counted on it.
 */
import { Expression } from "../condition/condition.ts";
import { leadingEquality } from "../condition/equality.ts";
import type { Equality } from "../condition/equality.ts";
import { parseCondition } from "../condition/parser.ts";
import { isFields } from "../config/issues.ts";
import { nearestName } from "../config/nearest.ts";
import { BrokerError } from "../errors.ts";
import { fromProblem, Template } from "./template.ts";

export interface RouteConfig {
  readonly name: string;
  readonly description: string;
  /** Filter of the subjects it looks at. */
  readonly from: string;
  /** Condition on the content; "" = everything. */
  readonly where: string;
  /** Template of the subject it sends to. */
  readonly to: string;
  readonly enabled: boolean;
  /** Whose permissions its messages are published under: who made it. */
  readonly owner: string;
  /** When it was made, microseconds since the epoch. */
  readonly createdUs: number;
}

export const descriptionLengthMax = 4096;
const fields = ["name", "description", "from", "where", "to", "enabled"] as const;

/** Reads what somebody asks for; what is absent is as in `known`. Throws a BrokerError `invalid`. */
export function readRoute(document: unknown, known: RouteConfig | undefined, owner: string, nowUs: number): RouteConfig {
  if (!isFields(document)) throw invalid('a route is an object: { "name", "from", "where", "to" }');
  for (const key of Object.keys(document)) {
    if (fields.some((field) => field === key)) continue;
    const nearest = nearestName(key, fields);
    throw invalid(`'${key}' is unknown; ${nearest === undefined ? `there are ${fields.join(", ")}` : `did you mean '${nearest}'?`}`);
  }
  const config: RouteConfig = {
    name: text(document, "name", known?.name),
    description: text(document, "description", known?.description ?? ""),
    from: text(document, "from", known?.from),
    where: text(document, "where", known?.where ?? ""),
    to: text(document, "to", known?.to),
    enabled: truth(document, "enabled", known?.enabled ?? true),
    owner,
    createdUs: known?.createdUs ?? nowUs,
  };
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(config.name)) throw invalid("'name' is up to 128 letters, digits, '-' and '_'");
  if (config.description.length > descriptionLengthMax) throw invalid(`'description' has at most ${descriptionLengthMax} characters`);
  return config;
}

/** Reads back what `readRoute` made and the registry kept. */
export function keptRoute(document: unknown): RouteConfig {
  if (!isFields(document)) throw invalid("a kept route is no object");
  const { owner, createdUs, ...rest } = document;
  const config = readRoute(rest, undefined, typeof owner === "string" ? owner : "", 0);
  return { ...config, createdUs: typeof createdUs === "number" ? createdUs : 0 };
}

export class Route {
  readonly config: RouteConfig;
  readonly template: Template;
  /** Undefined: every message of the filter. */
  readonly condition: Expression | undefined;
  readonly equality: Equality | undefined;
  /** Messages that matched, and those that did not because a field was missing or the condition could not be told. */
  matched = 0;
  missing = 0;
  failed = 0;
  /** Copies made; those that a target refused, each time; those given up. */
  copied = 0;
  refused = 0;
  lost = 0;

  /** Throws a BrokerError `invalid` when the configuration is no route. */
  constructor(config: RouteConfig) {
    const problem = fromProblem(config.from);
    if (problem !== undefined) throw invalid(`'from' is no filter: ${problem}`);
    this.config = config;
    this.template = new Template(config.to, config.from);
    const { where } = config;
    this.condition = where.trim() === "" ? undefined : new Expression(where);
    this.equality = this.condition === undefined ? undefined : leadingEquality(parseCondition(where));
  }

  get name(): string {
    return this.config.name;
  }

  /** Goes on counting where another left off. */
  countOn(before: Route): void {
    this.matched = before.matched;
    this.missing = before.missing;
    this.failed = before.failed;
    this.copied = before.copied;
    this.refused = before.refused;
    this.lost = before.lost;
  }
}

function invalid(message: string): BrokerError {
  return new BrokerError("invalid", message);
}

function text(document: Readonly<Record<string, unknown>>, name: string, known: string | undefined): string {
  const value = document[name] ?? known;
  if (typeof value === "string") return value;
  throw invalid(value === undefined ? `a route needs '${name}'` : `'${name}' is a text`);
}

function truth(document: Readonly<Record<string, unknown>>, name: string, known: boolean): boolean {
  const value = document[name] ?? known;
  if (typeof value === "boolean") return value;
  throw invalid(`'${name}' is true or false`);
}
