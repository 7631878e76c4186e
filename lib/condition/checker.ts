/**
 * Judges a tree before it runs: names and functions exist, operands can be of the right type, the whole is a truth. What a message
 * holds is known only when it is there (`any`); everything else is decided here, with a place in the text.
 */
import { nearestName } from "../config/nearest.ts";
import { durationOf, timestampOf } from "./time.ts";
import { ConditionError } from "./syntax-error.ts";
import type { Tree } from "./tree.ts";

type ValueType = "any" | "truth" | "number" | "text" | "null" | "list" | "map" | "headers";

interface Signature {
  readonly arguments: readonly (readonly ValueType[])[];
  readonly result: ValueType;
}

const names: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ["subject", "text"],
  ["headers", "headers"],
  ["msg", "any"],
  ["key", "text"],
  ["time", "number"],
]);

const functions: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ["startsWith", { arguments: [["text"], ["text"]], result: "truth" }],
  ["endsWith", { arguments: [["text"], ["text"]], result: "truth" }],
  ["contains", { arguments: [["text"], ["text"]], result: "truth" }],
  ["size", { arguments: [["text", "list", "map", "headers"]], result: "number" }],
  ["has", { arguments: [["any", "text"]], result: "truth" }],
  ["lowerAscii", { arguments: [["text"]], result: "text" }],
  ["double", { arguments: [["text", "number"]], result: "number" }],
  ["string", { arguments: [["text", "number", "truth"]], result: "text" }],
  ["timestamp", { arguments: [["text"]], result: "number" }],
  ["duration", { arguments: [["text"]], result: "number" }],
]);

/** Throws a ConditionError at the first thing that cannot be right. */
export function checkCondition(tree: Tree): void {
  const type = typeOf(tree);
  if (type !== "truth" && type !== "any") throw new ConditionError(0, `the condition is ${described(type)}; compare it with something`);
}

/** The same of an expression that is wanted for its value, which is to stand in a text. */
export function checkTerm(tree: Tree): void {
  const type = typeOf(tree);
  if (type === "list" || type === "map" || type === "headers" || type === "null") {
    throw new ConditionError(tree.at, `${described(type)} does not stand in a text; name a field of it`);
  }
}

function typeOf(tree: Tree): ValueType {
  switch (tree.kind) {
    case "literal":
      return literalType(tree.value);
    case "name":
      return nameType(tree.name, tree.at);
    case "field":
      return fieldType(typeOf(tree.of), tree.at);
    case "index":
      return indexType(tree);
    case "unary":
      expect(typeOf(tree.of), tree.of.at, tree.operator === "!" ? ["truth"] : ["number"], `'${tree.operator}'`);
      return tree.operator === "!" ? "truth" : "number";
    case "binary":
      return binaryType(tree);
    case "choice": {
      expect(typeOf(tree.condition), tree.condition.at, ["truth"], "'?'");
      const whenTrue = typeOf(tree.whenTrue);
      const whenFalse = typeOf(tree.whenFalse);
      return whenTrue === whenFalse ? whenTrue : "any";
    }
    case "list":
      for (const item of tree.items) typeOf(item);
      return "list";
    case "call":
      return callType(tree);
  }
}

function literalType(value: string | number | boolean | null): ValueType {
  if (value === null) return "null";
  if (typeof value === "string") return "text";
  return typeof value === "number" ? "number" : "truth";
}

function nameType(name: string, at: number): ValueType {
  const type = names.get(name);
  if (type !== undefined) return type;
  const nearest = nearestName(name, names.keys());
  throw new ConditionError(
    at,
    `'${name}' is unknown; ${nearest === undefined ? `write one of ${[...names.keys()].join(", ")}` : `did you mean '${nearest}'?`}`,
  );
}

function fieldType(of: ValueType, at: number): ValueType {
  if (of === "headers") return "text";
  if (of === "any" || of === "map") return "any";
  throw new ConditionError(at, `${described(of)} has no fields; only msg and headers have`);
}

function indexType(tree: Extract<Tree, { kind: "index" }>): ValueType {
  const of = typeOf(tree.of);
  const by = typeOf(tree.by);
  if (of === "headers") {
    if (by !== "text" && by !== "any") throw new ConditionError(tree.by.at, `a header is named by a text, not by ${described(by)}`);
    return "text";
  }
  if (of !== "any" && of !== "list" && of !== "map") throw new ConditionError(tree.at, `${described(of)} has no elements`);
  if (by !== "any" && by !== "text" && by !== "number") throw new ConditionError(tree.by.at, `an element is named by a number or a text`);
  return "any";
}

function binaryType(tree: Extract<Tree, { kind: "binary" }>): ValueType {
  const { operator, at } = tree;
  const sign = `'${operator}'`;
  // Each side is judged once: judging twice at each level would take forever on a long chain.
  const left = typeOf(tree.left);
  const right = typeOf(tree.right);
  const both = (types: readonly ValueType[]): void => {
    expect(left, tree.left.at, types, sign);
    expect(right, tree.right.at, types, sign);
  };
  switch (operator) {
    case "&&":
    case "||":
      both(["truth"]);
      return "truth";
    case "==":
    case "!=":
      same(left, right, at, sign);
      return "truth";
    case "<":
    case "<=":
    case ">":
    case ">=":
      both(["number", "text"]);
      same(left, right, at, sign);
      return "truth";
    case "in":
      expect(right, tree.right.at, ["list", "map", "headers"], sign);
      if (right === "headers") expect(left, tree.left.at, ["text"], "'in headers'");
      return "truth";
    case "+":
      both(["number", "text", "list"]);
      return same(left, right, at, sign);
    case "-":
    case "*":
    case "/":
    case "%":
      both(["number"]);
      return "number";
  }
}

function callType(tree: Extract<Tree, { kind: "call" }>): ValueType {
  if (tree.name === "matches") {
    throw new ConditionError(tree.at, "matches() is not offered, a pattern could stall the broker; use startsWith, endsWith or contains");
  }
  const signature = functions.get(tree.name);
  if (signature === undefined) {
    const nearest = nearestName(tree.name, functions.keys());
    const advice = nearest === undefined ? `there are ${[...functions.keys()].join(", ")}` : `did you mean '${nearest}'?`;
    throw new ConditionError(tree.at, `the function '${tree.name}' is unknown; ${advice}`);
  }
  const count = signature.arguments.length;
  if (tree.arguments.length !== count) {
    throw new ConditionError(
      tree.at,
      `${tree.name} takes ${count === 1 ? "one value" : `${count} values, the one before the dot included`}`,
    );
  }
  for (const [index, types] of signature.arguments.entries()) {
    const argument = tree.arguments[index];
    if (argument !== undefined) expect(typeOf(argument), argument.at, types, `${tree.name}()`);
  }
  if (tree.name === "has") checkHas(tree);
  if (tree.name === "timestamp" || tree.name === "duration") checkTime(tree);
  return signature.result;
}

function checkHas(tree: Extract<Tree, { kind: "call" }>): void {
  const [of] = tree.arguments;
  if (of?.kind !== "field" && of?.kind !== "index")
    throw new ConditionError(tree.at, "has() asks for a field; write has(msg.a) or has(headers.name)");
}

/** Times are constants, so that none is read anew for each message. */
function checkTime(tree: Extract<Tree, { kind: "call" }>): void {
  const [text] = tree.arguments;
  const value = text?.kind === "literal" && typeof text.value === "string" ? text.value : undefined;
  const read = tree.name === "timestamp" ? timestampOf : durationOf;
  if (value !== undefined && read(value) !== undefined) return;
  const example = tree.name === "timestamp" ? 'timestamp("2026-01-31T12:00:00Z")' : 'duration("1h30m")';
  throw new ConditionError(text?.at ?? tree.at, `${tree.name}() takes a constant; write for example ${example}`);
}

/** The type is one of `types`, or known only at run time. */
function expect(type: ValueType, at: number, types: readonly ValueType[], whose: string): void {
  if (type === "any" || types.includes(type)) return;
  throw new ConditionError(at, `${whose} does not work on ${described(type)}; it takes ${types.map(described).join(" or ")}`);
}

/** The type of both, which could be one. */
function same(left: ValueType, right: ValueType, at: number, sign: string): ValueType {
  if (left === "any" || left === right) return right;
  if (right === "any") return left;
  if (left === "null" || right === "null") return "any";
  throw new ConditionError(at, `${sign} compares ${described(left)} with ${described(right)}; both must be of one type`);
}

function described(type: ValueType): string {
  switch (type) {
    case "truth":
      return "a truth value";
    case "null":
      return "null";
    case "any":
      return "a value of the message";
    case "headers":
      return "the headers";
    case "text":
    case "number":
    case "list":
    case "map":
      return `a ${type}`;
  }
}
