import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  compileFilter,
  filterProblem,
  filterTokensMax,
  filtersOverlap,
  hasWildcard,
  isSubsetOf,
  parseFilter,
  parseSubject,
} from "../lib/filter.ts";
import { propertyRuns } from "./support/effort.ts";

/** The rule of matching, as simple as it can be written. */
function naive(filter: readonly string[], subject: readonly string[]): boolean {
  const [first, ...rest] = filter;
  if (first === undefined) return subject.length === 0;
  if (subject.length === 0) return false;
  if (first === ">") return true;
  return (first === "*" || first === subject[0]) && naive(rest, subject.slice(1));
}

const filterTokens = fc.array(fc.constantFrom("a", "b", "a*", "*"), { minLength: 1, maxLength: 4 });
const filter = fc.tuple(filterTokens, fc.boolean()).map(([tokens, rest]) => (rest ? [...tokens.slice(1), ">"] : tokens).join("."));
const subject = fc.array(fc.constantFrom("a", "b", "a*", "*", "ab"), { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join("."));

function matched(text: string, subjectText: string): boolean {
  const bytes = Buffer.from(`<${subjectText}>`);
  return compileFilter(text).matches(bytes, 1, bytes.length - 1);
}

/** Every subject of up to four tokens over an alphabet wide enough to tell two filters apart. */
function universe(): string[] {
  const tokens = ["a", "b", "a*", "z"];
  let last = [...tokens];
  const all = [...last];
  for (let depth = 1; depth < 5; depth++) {
    last = last.flatMap((head) => tokens.map((tail) => `${head}.${tail}`));
    all.push(...last);
  }
  return all;
}

test("a compiled filter agrees with the rule written naively", () => {
  fc.assert(
    fc.property(filter, subject, (text, subjectText) => {
      equal(matched(text, subjectText), naive(text.split("."), subjectText.split(".")));
    }),
    propertyRuns(11, 3000, 100_000),
  );
});

test("a compiled filter says whether it is a literal, and a literal matches itself alone", () => {
  ok(compileFilter("a.b*.c").literal);
  ok(!compileFilter("a.*").literal);
  ok(matched("a.b*.c", "a.b*.c"));
  ok(!matched("a.b*.c", "a.bx.c"));
  ok(!matched("a.b", "a.b.c"));
  ok(!matched("a.b", "a"));
  ok(matched("größe.*", "größe.µ"));
});

test("a wildcard matches no empty token, and > at least one token", () => {
  ok(!matched("a.*.b", "a..b"));
  ok(!matched("a.>", "a"));
  ok(!matched("a.>", "a."));
  ok(!matched("*", ""));
  ok(!matched(">", ""));
});

test("subset and overlap agree with trying every subject", () => {
  const subjects = universe().map((text) => text.split("."));
  fc.assert(
    fc.property(filter, filter, (a, b) => {
      const left = a.split(".");
      const right = b.split(".");
      let overlap = false;
      let subset = true;
      for (const tokens of subjects) {
        const inLeft = naive(left, tokens);
        const inRight = naive(right, tokens);
        if (inLeft && inRight) overlap = true;
        if (inLeft && !inRight) subset = false;
      }
      equal(filtersOverlap(a, b), overlap);
      equal(isSubsetOf(a, b), subset);
    }),
    propertyRuns(12, 300, 5000),
  );
});

test("malformed filters are refused with a sentence", () => {
  for (const text of ["", ".", "a.", ".a", "a..b", "a.>.b", "a b", "a\t", "a\n.b", "a\0", "> "]) {
    equal(parseFilter(text), undefined, JSON.stringify(text));
    ok((filterProblem(text) ?? "").length > 10);
  }
  for (const text of ["a", "a.b", "foo*", "*foo.bar", "a.*.>", ">", "*", "a.>b", "größe.µ"]) equal(parseFilter(text), text);
});

test("a filter with wildcards has a bounded number of tokens, a literal has not", () => {
  const tokens = Array.from({ length: filterTokensMax }, () => "t");
  equal(filterProblem([...tokens.slice(1), "*"].join(".")), undefined);
  ok(filterProblem([...tokens, "*"].join(".")) !== undefined);
  equal(filterProblem([...tokens, "t"].join(".")), undefined);
});

test("a subject is a filter without wildcard tokens", () => {
  deepEqual(
    ["a.b", "a.*", ">", "a*.b", "a..b"].map((text) => parseSubject(text)),
    ["a.b", undefined, undefined, "a*.b", undefined],
  );
  ok(hasWildcard("a.*"));
  ok(hasWildcard(">"));
  ok(!hasWildcard("a*.>b"));
});
