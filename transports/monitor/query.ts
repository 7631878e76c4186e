/** Options of a monitoring request, read and refused as nats-server does, whose texts scripts may know. */

/** Gives an option as it was written; null = not given. */
export type Query = (name: string) => string | null;

/** What was asked makes no sense; the message says what. */
export class QueryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "QueryError";
  }
}

const truths: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const untruths: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

export function flagOf(query: Query, name: string): boolean {
  const text = query(name);
  if (text === null || text === "" || untruths.has(text)) return false;
  if (truths.has(text)) return true;
  throw new QueryError(`Error decoding boolean for '${name}': strconv.ParseBool: parsing "${text}": invalid syntax`);
}

/** Any whole number; 0 when it is not given. */
export function wholeOf(query: Query, name: string): number {
  return parsed(query, name, /^[+-]?\d{1,15}$/, "int", "Atoi");
}

/** A whole number from 0. */
export function countOf(query: Query, name: string): number {
  return parsed(query, name, /^\d{1,15}$/, "uint64", "ParseUint");
}

export function textOf(query: Query, name: string): string {
  return query(name) ?? "";
}

/** Where a page starts and how much is on it at most, as asked for. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}

export function pageOf(query: Query, limitDefault: number): Page {
  const limit = wholeOf(query, "limit");
  return { offset: Math.max(0, wholeOf(query, "offset")), limit: limit <= 0 ? limitDefault : limit };
}

function parsed(query: Query, name: string, form: RegExp, kind: string, how: string): number {
  const text = query(name);
  if (text === null || text === "") return 0;
  if (form.test(text)) return Number(text);
  throw new QueryError(`Error decoding ${kind} for '${name}': strconv.${how}: parsing "${text}": invalid syntax`);
}
