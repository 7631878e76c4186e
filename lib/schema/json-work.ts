/**
 * Bounds what a JSON Schema may cost to run. Patterns run on an engine without backtracking and pay for each character; references and
 * combinations, by which a small schema grows without end, pay by the step. What is spent is counted per payload, and who exceeds it is
 * refused. Plain keywords pay nothing: there are never more of them than the schema and the payload have characters between them.
 */
import type { Ajv, CodeKeywordDefinition, KeywordCxt } from "ajv";
import { _ } from "ajv";
import { RE2JS } from "re2js";
import { stepsFor } from "./validator.ts";

/** Thrown out of a check that costs too much. */
export class TooComplex extends Error {}

/** A pattern's automaton; a larger one is refused when the schema is made. */
const patternStatesMax = 2_000;
/** States times characters that patterns may look at: about a nanosecond each. */
const patternWork = 50_000_000;
/** Keywords over lists and maps pay from this size on. */
const sizeFree = 16;
/** Longest text that a format is asked about; a longer one does not have it. */
export const formatCharactersMax = 2_048;

const always: ReadonlySet<string> = new Set([
  "$ref",
  "$dynamicRef",
  "$recursiveRef",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "contains",
  "propertyNames",
  "patternProperties",
  "dependencies",
  "dependentSchemas",
  "unevaluatedItems",
  "unevaluatedProperties",
]);

export class JsonWork {
  #steps = 0;
  #patternWork = 0;
  readonly step: (cost: number) => void = (cost) => {
    if ((this.#steps -= cost) < 0) throw new TooComplex();
  };

  begin(bytes: number): void {
    this.#steps = stepsFor(bytes);
    this.#patternWork = patternWork + 16 * bytes;
  }

  /** For ajv's option `code.regExp`. */
  get regExp(): ((pattern: string) => { test(text: string): boolean }) & { code: string } {
    const make = (pattern: string): { test(text: string): boolean } => {
      const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
      const states = compiled.programSize();
      if (states > patternStatesMax) throw new Error(`the pattern '${pattern.slice(0, 50)}' is too large: make it simpler`);
      return {
        test: (text) => {
          if ((this.#patternWork -= 16 + states * text.length) < 0) throw new TooComplex();
          return compiled.test(text);
        },
      };
    };
    return Object.assign(make, { code: "pattern" });
  }

  /** Makes the keywords of an engine pay. */
  charge(ajv: Ajv): void {
    for (const [keyword, rule] of Object.entries(ajv.RULES.all)) {
      if (typeof rule === "boolean" || rule === undefined) continue;
      const definition = rule.definition as CodeKeywordDefinition;
      const { code } = definition;
      if (code === undefined) continue;
      const paying = (context: KeywordCxt, ruleType?: string): void => {
        const size = sizeOf(context.schema);
        if (always.has(keyword) || size >= sizeFree) {
          const step = context.gen.scopeValue("func", { ref: this.step, code: _`undefined` });
          context.gen.code(_`${step}(${1 + size})`);
        }
        code(context, ruleType);
      };
      rule.definition = { ...definition, code: paying } as typeof rule.definition;
    }
  }
}

function sizeOf(schema: unknown): number {
  if (Array.isArray(schema)) return schema.length;
  return typeof schema === "object" && schema !== null ? Object.keys(schema).length : 0;
}
