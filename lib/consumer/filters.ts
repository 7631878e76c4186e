/**
 * A group's subject filters: the few questions its rules ask of filters as text, and their compilation into the test the store runs
 * over subject bytes. Several filters become one test; they never overlap, so no record passes twice.
 */
import type { SubjectFilterTest } from "../../store/store.ts";

/** True for a subject or filter with no empty token, no space, and `>` only at the end. */
export function filterValid(filter: string): boolean {
  if (filter.length === 0) return false;
  const tokens = filter.split(".");
  for (const [index, token] of tokens.entries()) {
    if (token.length === 0 || /[\s\0]/.test(token)) return false;
    if (token === ">" && index !== tokens.length - 1) return false;
  }
  return true;
}

/** True when everything `narrow` matches is matched by `wide`. */
export function filterCovers(wide: string, narrow: string): boolean {
  const outer = wide.split(".");
  const inner = narrow.split(".");
  for (const [index, token] of outer.entries()) {
    const other = inner[index];
    if (other === undefined) return false;
    if (token === ">") return true;
    if (token === "*") {
      if (other === ">") return false;
    } else if (token !== other) return false;
  }
  return inner.length === outer.length;
}

/** True when some subject passes both. */
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

const dot = 0x2e;

/** One compiled filter. */
export class FilterTest implements SubjectFilterTest {
  readonly text: string;
  readonly literal: boolean;
  readonly #tokens: readonly (Buffer | "*" | ">")[];

  constructor(text: string) {
    this.text = text;
    this.#tokens = text.split(".").map((token) => (token === "*" || token === ">" ? token : Buffer.from(token)));
    this.literal = !this.#tokens.some((token) => typeof token === "string");
  }

  matches(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    const tokens = this.#tokens;
    for (let index = 0; index < tokens.length; index++) {
      const token = tokens[index];
      if (token === ">") return at < end;
      if (token === "*") {
        const before = at;
        while (at < end && bytes[at] !== dot) at++;
        if (at === before) return false;
      } else if (token instanceof Buffer) {
        if (at + token.length > end) return false;
        for (let byte = 0; byte < token.length; byte++) {
          if (bytes[at + byte] !== token[byte]) return false;
        }
        at += token.length;
        if (at < end && bytes[at] !== dot) return false;
      }
      if (index < tokens.length - 1) {
        if (at >= end) return false;
        at++;
      }
    }
    return at === end;
  }
}

class AnyOf implements SubjectFilterTest {
  /** The text is a hint that stores may use to narrow a search: it must match at least what the parts match. */
  readonly text = ">";
  readonly literal = false;
  readonly #parts: readonly FilterTest[];

  constructor(parts: readonly FilterTest[]) {
    this.#parts = parts;
  }

  matches(bytes: Uint8Array, start: number, end: number): boolean {
    for (const part of this.#parts) {
      if (part.matches(bytes, start, end)) return true;
    }
    return false;
  }
}

/** The test for a group's filters; undefined = everything passes. */
export function compileFilters(filters: readonly string[]): SubjectFilterTest | undefined {
  if (filters.length === 0) return undefined;
  const [only] = filters;
  if (filters.length === 1 && only !== undefined) return only === ">" ? undefined : new FilterTest(only);
  return new AnyOf(filters.map((filter) => new FilterTest(filter)));
}
