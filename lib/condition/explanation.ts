/** Why a condition could not be told for a message, in a sentence for people: asked when a rule is tried out, never on the hot path. */
import { compileTree } from "./compiler.ts";
import { pathText } from "./equality.ts";
import type { Facts } from "./facts.ts";
import { parseCondition } from "./parser.ts";
import type { Tree } from "./tree.ts";
import { failed, missing } from "./value.ts";

/** `text` is a condition that has been checked, and came out as missing or failed. */
export function explainFault(text: string, facts: Facts): string {
  const paths = pathsOf(parseCondition(text));
  const bodyRead = paths.some(({ root }) => root === "msg");
  if (bodyRead && facts.body === failed) return "the payload is no JSON";
  const gone = paths.filter(({ tree }) => compileTree(tree)(facts) === missing).map(({ shown }) => shown);
  if (gone.length > 0) return `there is no ${[...new Set(gone)].join(", no ")}`;
  return "a value is of another type than the condition works on";
}

interface Path {
  readonly tree: Tree;
  readonly root: string;
  readonly shown: string;
}

/** The longest paths in the tree, in order. */
function pathsOf(tree: Tree): Path[] {
  if (tree.kind === "field" || tree.kind === "index") {
    const text = pathText(tree);
    if (text !== undefined) return [{ tree, root: rootOf(tree), shown: text.replace(/\["([A-Za-z_]\w*)"\]/g, ".$1") }];
  }
  switch (tree.kind) {
    case "literal":
      return [];
    case "name":
      return [{ tree, root: tree.name, shown: tree.name }];
    case "field":
    case "unary":
      return pathsOf(tree.of);
    case "index":
      return [...pathsOf(tree.of), ...pathsOf(tree.by)];
    case "binary":
      return [...pathsOf(tree.left), ...pathsOf(tree.right)];
    case "choice":
      return [...pathsOf(tree.condition), ...pathsOf(tree.whenTrue), ...pathsOf(tree.whenFalse)];
    case "list":
      return tree.items.flatMap(pathsOf);
    case "call":
      return tree.name === "has" ? [] : tree.arguments.flatMap(pathsOf);
  }
}

function rootOf(tree: Tree): string {
  let root = tree;
  while (root.kind === "field" || root.kind === "index") root = root.of;
  return root.kind === "name" ? root.name : "";
}
