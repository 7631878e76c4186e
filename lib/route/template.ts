/**
 * The subject a route sends to, made from the message:
 *
 *     alarms.$1                        what the first wildcard of the route's filter stands for
 *     alarms.{{wildcard(1)}}           the same, as NATS writes it
 *     by-region.{{header(Region)}}     the first value of a header
 *     by-site.{{msg.site.id}}          any expression of the condition language that comes to a text, a number or a truth
 *     copy.{{subject}}                 the whole subject
 *
 * What is put in fills one token: a value with a dot, a blank or a wildcard sign makes no subject, and the message is not sent. Only `>`
 * and `{{subject}}` stand for several tokens.
 */
import type { Facts } from "../condition/facts.ts";
import { Term } from "../condition/term.ts";
import { BrokerError } from "../errors.ts";
import { filterProblem, parseSubject } from "../filter.ts";

/** Characters of a template, and of what it makes. */
export const templateLengthMax = 1024;
/** Of clients asking the broker: nothing is routed there, nor from there. */
const reserved: ReadonlySet<string> = new Set(["$JS", "$SYS", "$WAYSTATION"]);

type Part =
  | { readonly kind: "text"; readonly text: string }
  /** The place of a wildcard in the filter, counted in tokens from 0; `rest`: it is a `>`. */
  | { readonly kind: "wildcard"; readonly token: number; readonly rest: boolean }
  | { readonly kind: "subject" }
  | { readonly kind: "term"; readonly term: Term };

export class Template {
  readonly text: string;
  /** A filter of every subject it can make. */
  readonly reach: string;
  readonly #parts: readonly Part[];
  readonly #fixed: string | undefined;
  readonly #mayBeReserved: boolean;

  /** Throws a BrokerError `invalid`. `from` is the route's filter, whose wildcards it may name. */
  constructor(text: string, from: string) {
    if (text.length > templateLengthMax) throw invalid(`it has ${text.length} characters; at most ${templateLengthMax} are allowed`);
    this.text = text;
    this.#parts = partsOf(text, wildcardsOf(from));
    this.reach = reachOf(this.#parts);
    const problem = filterProblem(this.reach);
    if (problem !== undefined) throw invalid(problem);
    const first = this.reach.slice(0, Math.max(0, this.reach.indexOf("."))) || this.reach;
    if (reserved.has(first)) throw invalid(`'${first}' is the broker's own; choose another first token`);
    this.#mayBeReserved = first === "*" || first === ">";
    const [only, ...more] = this.#parts;
    this.#fixed = only?.kind === "text" && more.length === 0 ? only.text : undefined;
    if (this.#fixed !== undefined && parseSubject(this.#fixed) === undefined)
      throw invalid("a message goes to one subject; take the wildcard away");
  }

  /** The subject for this message; undefined when its values make none. */
  render(facts: Facts): string | undefined {
    if (this.#fixed !== undefined) return this.#fixed;
    let text = "";
    for (const part of this.#parts) {
      const piece = part.kind === "text" ? part.text : valueOf(part, facts);
      if (piece === undefined) return undefined;
      text += piece;
    }
    if (text.length > templateLengthMax || parseSubject(text) === undefined) return undefined;
    return this.#mayBeReserved && text.startsWith("$") ? undefined : text;
  }
}

/** Also the broker's own requests are no place to route from. */
export function fromProblem(from: string): string | undefined {
  const first = from.slice(0, Math.max(0, from.indexOf("."))) || from;
  if (first === "$JS" || first === "$WAYSTATION") return `'${first}' is the broker's own; choose another first token`;
  return filterProblem(from);
}

function invalid(why: string): BrokerError {
  return new BrokerError("invalid", `'to' is no subject template: ${why}`);
}

function valueOf(part: Exclude<Part, { kind: "text" }>, facts: Facts): string | undefined {
  switch (part.kind) {
    case "subject":
      return facts.subject;
    case "wildcard":
      return tokenOf(facts.subject, part.token, part.rest);
    case "term": {
      const value = part.term.textOf(facts);
      return value === undefined || value === "" || value.includes(".") ? undefined : value;
    }
  }
}

function tokenOf(subject: string, token: number, rest: boolean): string | undefined {
  let start = 0;
  for (let skipped = 0; skipped < token; skipped++) {
    start = subject.indexOf(".", start) + 1;
    if (start === 0) return undefined;
  }
  if (rest) return subject.slice(start);
  const end = subject.indexOf(".", start);
  return end < 0 ? subject.slice(start) : subject.slice(start, end);
}

interface Wildcard {
  readonly token: number;
  readonly rest: boolean;
}

function wildcardsOf(from: string): Wildcard[] {
  return from.split(".").flatMap((text, token) => (text === "*" || text === ">" ? [{ token, rest: text === ">" }] : []));
}

function partsOf(text: string, wildcards: readonly Wildcard[]): Part[] {
  const parts: Part[] = [];
  let literal = "";
  const add = (part: Part): void => {
    if (literal !== "") parts.push({ kind: "text", text: literal });
    literal = "";
    parts.push(part);
  };
  for (let at = 0; at < text.length;) {
    const numbered = /^\$(\d{1,2})/.exec(text.slice(at, at + 3));
    if (numbered !== null) {
      add(wildcardPart(Number(numbered[1]), wildcards));
      at += numbered[0].length;
    } else if (text.startsWith("{{", at)) {
      const end = text.indexOf("}}", at);
      if (end < 0) throw invalid("a '{{' has no '}}'");
      add(expressionPart(text.slice(at + 2, end).trim(), wildcards));
      at = end + 2;
    } else {
      literal += text[at++];
    }
  }
  if (literal !== "") parts.push({ kind: "text", text: literal });
  return parts;
}

function expressionPart(text: string, wildcards: readonly Wildcard[]): Part {
  if (text === "subject") return { kind: "subject" };
  const wildcard = /^[Ww]ildcard\(\s*(\d{1,2})\s*\)$/.exec(text);
  if (wildcard !== null) return wildcardPart(Number(wildcard[1]), wildcards);
  const header = /^header\(\s*["']?([^"'()\s]+)["']?\s*\)$/.exec(text);
  try {
    return { kind: "term", term: new Term(header === null ? text : `headers[${JSON.stringify(header[1])}]`) };
  } catch (error) {
    throw invalid(`{{${text}}}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function wildcardPart(number: number, wildcards: readonly Wildcard[]): Part {
  const wildcard = wildcards[number - 1];
  if (wildcard !== undefined) return { kind: "wildcard", ...wildcard };
  const count = wildcards.length;
  throw invalid(`there is no wildcard ${number}: 'from' has ${count === 0 ? "none" : count === 1 ? "one" : `${count}`}`);
}

/** What is not known counts as any token, and where it may be several, as anything that follows. */
function reachOf(parts: readonly Part[]): string {
  let reach = "";
  for (const part of parts) {
    if (part.kind === "text") reach += part.text;
    else if (part.kind === "subject" || (part.kind === "wildcard" && part.rest)) {
      const whole = reach === "" || reach.endsWith(".");
      return whole ? `${reach}>` : `${reach.slice(0, reach.lastIndexOf(".") + 1)}>`;
    } else reach += "\u0000";
  }
  return reach
    .split(".")
    .map((token) => (token.includes("\u0000") ? "*" : token))
    .join(".");
}
