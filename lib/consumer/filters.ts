/** A group's subject filters as the one test the store runs over subject bytes. They never overlap, so no record passes twice. */
import type { SubjectFilterTest } from "../../store/store.ts";
import { compileFilter } from "../filter.ts";

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

/** The test for a group's filters; undefined = everything passes. */
export function compileFilters(filters: readonly string[]): SubjectFilterTest | undefined {
  const [first] = filters;
  if (first === undefined || filters.includes(">")) return undefined;
  return filters.length === 1 ? compileFilter(first) : new AnyOf(filters.map((filter) => compileFilter(filter)));
}
