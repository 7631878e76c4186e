/** An expression in the language of conditions, wanted for its value: what stands in a route's target. */
import { checkTerm } from "./checker.ts";
import { compileTree } from "./compiler.ts";
import type { Evaluate } from "./compiler.ts";
import type { Facts } from "./facts.ts";
import { parseCondition } from "./parser.ts";

export class Term {
  readonly text: string;
  readonly #evaluate: Evaluate;

  /** Throws a ConditionError, with the place in the text, when the text is no expression. */
  constructor(text: string) {
    const tree = parseCondition(text);
    checkTerm(tree);
    this.text = text;
    this.#evaluate = compileTree(tree);
  }

  /** The value as text; undefined when it is not there, or neither text, number nor truth. */
  textOf(facts: Facts): string | undefined {
    const value = this.#evaluate(facts);
    if (typeof value === "string") return value;
    return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  }
}
