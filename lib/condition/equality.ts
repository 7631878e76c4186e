/**
 * The first term of a condition, when it is `field == literal`: what many rules on one field are indexed by, so that a message looks
 * its value up once instead of asking each rule.
 */
import { compileTree } from "./compiler.ts";
import type { Evaluate } from "./compiler.ts";
import type { Tree } from "./tree.ts";

export interface Equality {
  /** The field as text: equal texts are the same field. */
  readonly field: string;
  readonly value: string | number | boolean;
  readonly evaluate: Evaluate;
}

/** Undefined when the condition begins with anything else. */
export function leadingEquality(tree: Tree): Equality | undefined {
  let first = tree;
  while (first.kind === "binary" && first.operator === "&&") first = first.left;
  if (first.kind !== "binary" || first.operator !== "==") return undefined;
  return equalityOf(first.left, first.right) ?? equalityOf(first.right, first.left);
}

function equalityOf(path: Tree, literal: Tree): Equality | undefined {
  if (literal.kind !== "literal" || literal.value === null) return undefined;
  const field = pathText(path);
  return field === undefined ? undefined : { field, value: literal.value, evaluate: compileTree(path) };
}

/** `msg.a["b"][0]` and the like as one text; undefined when the tree is no path of a message. */
export function pathText(tree: Tree): string | undefined {
  switch (tree.kind) {
    case "name":
      return tree.name;
    case "field": {
      const of = pathText(tree.of);
      return of === undefined ? undefined : `${of}[${JSON.stringify(tree.name)}]`;
    }
    case "index": {
      const of = pathText(tree.of);
      return of === undefined || tree.by.kind !== "literal" ? undefined : `${of}[${JSON.stringify(tree.by.value)}]`;
    }
    case "literal":
    case "unary":
    case "binary":
    case "choice":
    case "list":
    case "call":
      return undefined;
  }
}
