/**
 * The rules of subjects and filters, as text. A subject is tokens joined by `.`; a filter may have `*` for one whole token and
 * `>` as its last token for one or more. Both signs are ordinary characters inside a longer token (`foo*` is a literal).
 *
 * Everything here is asked at the edge (subscribe, define, permissions). Only a compiled test runs per record, and it reads bytes.
 */
import type { SubjectFilterTest } from "../store/store.ts";

declare const brand: unique symbol;

/** A subject that is well formed and has no wildcard token. Made by `parseSubject`. */
export type LiteralSubject = string & { readonly [brand]: "subject" };
/** A well-formed filter; every literal subject is one. Made by `parseFilter`. */
export type SubjectFilter = string & { readonly [brand]: "subject" | "filter" };

/** A filter with a wildcard has at most so many tokens; a literal is bounded by the control line alone. */
export const filterTokensMax = 32;

const dot = 0x2e;

/** What is wrong with a filter, as a sentence that says what to do; undefined when it is well formed. */
export function filterProblem(text: string): string | undefined {
  if (text.length === 0) return "a filter is not empty; write '>' for every subject";
  let wildcards = false;
  const tokens = text.split(".");
  for (const [index, token] of tokens.entries()) {
    if (token.length === 0) return `'${text}' has an empty token; remove the extra '.'`;
    if (hasForbidden(token)) return `'${text}' has white space or a zero character; remove it`;
    if (token === "*") wildcards = true;
    if (token === ">") {
      if (index !== tokens.length - 1) return `'${text}' goes on after '>'; '>' is the last token`;
      wildcards = true;
    }
  }
  if (wildcards && tokens.length > filterTokensMax)
    return `'${text}' has ${tokens.length} tokens; with wildcards at most ${filterTokensMax}`;
  return undefined;
}

/** The filter when it is well formed, else undefined; `filterProblem` says why. */
export function parseFilter(text: string): SubjectFilter | undefined {
  return isFilter(text) ? text : undefined;
}

/** The subject when it is well formed and without wildcards, else undefined. */
export function parseSubject(text: string): LiteralSubject | undefined {
  return isSubject(text) ? text : undefined;
}

/** True when a token of the filter is `*` or `>`. */
export function hasWildcard(filter: string): boolean {
  return filter.split(".").some((token) => token === "*" || token === ">");
}

/** True when every subject that `narrow` matches is matched by `wide`. */
export function isSubsetOf(narrow: string, wide: string): boolean {
  const inner = narrow.split(".");
  const outer = wide.split(".");
  for (const [index, token] of outer.entries()) {
    const other = inner[index];
    if (other === undefined) return false;
    if (token === ">") return true;
    if (other === ">" || (token !== "*" && token !== other)) return false;
  }
  return inner.length === outer.length;
}

/** True when some subject is matched by both. */
export function filtersOverlap(a: string, b: string): boolean {
  const left = a.split(".");
  const right = b.split(".");
  for (let index = 0; ; index++) {
    const one = left[index];
    const other = right[index];
    if (one === undefined || other === undefined) return one === other;
    if (one === ">" || other === ">") return true;
    if (one !== "*" && other !== "*" && one !== other) return false;
  }
}

/** Compiles a well-formed filter to a test over subject bytes. */
export function compileFilter(filter: string): SubjectFilterTest {
  return new FilterTest(filter);
}

function isFilter(text: string): text is SubjectFilter {
  return filterProblem(text) === undefined;
}

function isSubject(text: string): text is LiteralSubject {
  return isFilter(text) && !hasWildcard(text);
}

function hasForbidden(token: string): boolean {
  for (let index = 0; index < token.length; index++) {
    const code = token.charCodeAt(index);
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0) return true;
  }
  return false;
}

/** In a pattern: one whole token. */
const anyToken = -1;
/** In a pattern: everything that follows. */
const anyRest = -2;

/** The filter's bytes, with the wildcards replaced by codes no byte can have. */
class FilterTest implements SubjectFilterTest {
  readonly text: string;
  readonly literal: boolean;
  readonly #pattern: Int16Array;

  constructor(text: string) {
    this.text = text;
    this.literal = !hasWildcard(text);
    const pattern: number[] = [];
    for (const [index, token] of text.split(".").entries()) {
      if (index > 0) pattern.push(dot);
      if (token === "*") pattern.push(anyToken);
      else if (token === ">") pattern.push(anyRest);
      else pattern.push(...Buffer.from(token));
    }
    this.#pattern = Int16Array.from(pattern);
  }

  matches(bytes: Uint8Array, start: number, end: number): boolean {
    const pattern = this.#pattern;
    const length = pattern.length;
    if (this.literal && end - start !== length) return false;
    let at = start;
    for (let index = 0; index < length; index++) {
      if (at >= end) return false;
      const wanted = pattern[index];
      if (wanted === bytes[at]) {
        at++;
      } else if (wanted === anyToken) {
        if (bytes[at] === dot) return false;
        do at++;
        while (at < end && bytes[at] !== dot);
      } else {
        return wanted === anyRest;
      }
    }
    return at === end;
  }
}

class AnyOf implements SubjectFilterTest {
  /** Tells it apart from other tests; no filter of its own, as a blank stands in none. */
  readonly text: string;
  readonly literal = false;
  readonly #parts: readonly SubjectFilterTest[];

  constructor(parts: readonly SubjectFilterTest[]) {
    this.#parts = parts;
    this.text = parts.map((part) => part.text).join(" ");
  }

  matches(bytes: Uint8Array, start: number, end: number): boolean {
    for (const part of this.#parts) {
      if (part.matches(bytes, start, end)) return true;
    }
    return false;
  }
}

/** One test for several filters that do not overlap, e.g. a group's; undefined = everything passes. */
export function compileFilters(filters: readonly string[]): SubjectFilterTest | undefined {
  const [first] = filters;
  if (first === undefined || filters.includes(">")) return undefined;
  return filters.length === 1 ? compileFilter(first) : new AnyOf(filters.map((filter) => compileFilter(filter)));
}
