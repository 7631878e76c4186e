/**
 * From a checked tree to one function over a message's facts: closures made once, none per message. Nothing throws and nothing loops
 * beyond what the message holds; what cannot be told comes out as a fault. `&&` and `||` are CEL's: the side that decides wins,
 * whatever the other one is.
 */
import type { Facts } from "./facts.ts";
import { durationOf, timestampOf } from "./time.ts";
import type { BinaryOperator, Tree } from "./tree.ts";
import { elementOf, equalValues, failed, faultOf, fieldOf, isFault, isIn, isObject, missing, sizeOf, sum } from "./value.ts";
import type { Value } from "./value.ts";

export type Evaluate = (facts: Facts) => Value;

export function compileTree(tree: Tree): Evaluate {
  switch (tree.kind) {
    case "literal": {
      const { value } = tree;
      return () => value;
    }
    case "name":
      return compileName(tree.name);
    case "field":
      return compileField(tree.of, tree.name);
    case "index":
      return compileIndex(tree.of, tree.by);
    case "unary":
      return compileUnary(tree.operator, compileTree(tree.of));
    case "binary":
      return compileBinary(tree.operator, tree.left, tree.right);
    case "choice":
      return compileChoice(compileTree(tree.condition), compileTree(tree.whenTrue), compileTree(tree.whenFalse));
    case "list":
      return compileList(tree.items);
    case "call":
      return compileCall(tree.name, tree.arguments);
  }
}

function compileName(name: string): Evaluate {
  switch (name) {
    case "subject":
      return (facts) => facts.subject;
    case "key":
      return (facts) => facts.key;
    case "time":
      return (facts) => facts.timeMs;
    case "msg":
      return (facts) => facts.body;
    default:
      // The headers as a whole are asked for only inside of `in` and `[ ]`, which see to it themselves.
      return () => failed;
  }
}

function isHeaders(tree: Tree): boolean {
  return tree.kind === "name" && tree.name === "headers";
}

function compileField(of: Tree, name: string): Evaluate {
  if (isHeaders(of)) return (facts) => facts.header(name);
  const object = compileTree(of);
  if (name in Object.prototype) return (facts) => fieldOf(object(facts), name);
  // JSON has no undefined: what is undefined is not there.
  return (facts) => {
    const value = object(facts);
    if (isObject(value)) return value[name] ?? (value[name] === null ? null : missing);
    return value === failed ? failed : missing;
  };
}

function compileIndex(of: Tree, by: Tree): Evaluate {
  const index = compileTree(by);
  if (!isHeaders(of)) {
    if (by.kind === "literal" && typeof by.value === "string") return compileField(of, by.value);
    const object = compileTree(of);
    return (facts) => elementOf(object(facts), index(facts));
  }
  return (facts) => {
    const name = index(facts);
    if (typeof name === "string") return facts.header(name);
    return isFault(name) ? name : failed;
  };
}

function compileUnary(operator: "!" | "-", of: Evaluate): Evaluate {
  if (operator === "!") {
    return (facts) => {
      const value = of(facts);
      if (typeof value === "boolean") return !value;
      return isFault(value) ? value : failed;
    };
  }
  return (facts) => {
    const value = of(facts);
    if (typeof value === "number") return -value;
    return isFault(value) ? value : failed;
  };
}

function compileBinary(operator: BinaryOperator, leftTree: Tree, rightTree: Tree): Evaluate {
  if (operator === "in") return compileIn(leftTree, rightTree);
  const left = compileTree(leftTree);
  const right = compileTree(rightTree);
  switch (operator) {
    case "&&":
      return decidedBy(false, left, right);
    case "||":
      return decidedBy(true, left, right);
    case "==":
      return compileEqual(left, right, rightTree, true);
    case "!=":
      return compileEqual(left, right, rightTree, false);
    case "+":
      return (facts) => sum(left(facts), right(facts));
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compileOrder(operator, left, right);
    case "-":
    case "*":
    case "/":
    case "%":
      return compileArithmetic(operator, left, right);
  }
}

/** `&&` is decided by a false side, `||` by a true one. */
function decidedBy(decisive: boolean, left: Evaluate, right: Evaluate): Evaluate {
  return (facts) => {
    const first = left(facts);
    if (first === decisive) return decisive;
    const second = right(facts);
    if (second === decisive) return decisive;
    return typeof first === "boolean" && typeof second === "boolean" ? !decisive : faultOf(first, second);
  };
}

function compileEqual(left: Evaluate, right: Evaluate, rightTree: Tree, wanted: boolean): Evaluate {
  if (rightTree.kind === "literal") {
    const { value } = rightTree;
    return (facts) => {
      const found = left(facts);
      return isFault(found) ? found : (found === value) === wanted;
    };
  }
  return (facts) => {
    const one = left(facts);
    const other = right(facts);
    return isFault(one) || isFault(other) ? faultOf(one, other) : equalValues(one, other) === wanted;
  };
}

function compileOrder(operator: "<" | "<=" | ">" | ">=", left: Evaluate, right: Evaluate): Evaluate {
  const below = operator === "<" || operator === "<=";
  const orEqual = operator === "<=" || operator === ">=";
  return (facts) => {
    const one = left(facts);
    const other = right(facts);
    if ((typeof one !== "number" || typeof other !== "number") && (typeof one !== "string" || typeof other !== "string")) {
      return faultOf(one, other);
    }
    if (one === other) return orEqual;
    return below ? one < other : one > other;
  };
}

function compileArithmetic(operator: "-" | "*" | "/" | "%", left: Evaluate, right: Evaluate): Evaluate {
  return (facts) => {
    const one = left(facts);
    const other = right(facts);
    if (typeof one !== "number" || typeof other !== "number") return faultOf(one, other);
    switch (operator) {
      case "-":
        return one - other;
      case "*":
        return one * other;
      case "/":
        return other === 0 ? failed : one / other;
      case "%":
        return other === 0 ? failed : one % other;
    }
  };
}

function compileIn(itemTree: Tree, containerTree: Tree): Evaluate {
  const item = compileTree(itemTree);
  if (isHeaders(containerTree)) {
    return (facts) => {
      const name = item(facts);
      if (typeof name === "string") return facts.header(name) !== missing;
      return isFault(name) ? name : failed;
    };
  }
  if (containerTree.kind === "list" && containerTree.items.every((each) => each.kind === "literal")) {
    const literals: Set<Value> = new Set(containerTree.items.map((each) => (each.kind === "literal" ? each.value : null)));
    return (facts) => {
      const value = item(facts);
      return isFault(value) ? value : literals.has(value);
    };
  }
  const container = compileTree(containerTree);
  return (facts) => isIn(item(facts), container(facts));
}

function compileChoice(condition: Evaluate, whenTrue: Evaluate, whenFalse: Evaluate): Evaluate {
  return (facts) => {
    const chosen = condition(facts);
    if (chosen === true) return whenTrue(facts);
    if (chosen === false) return whenFalse(facts);
    return isFault(chosen) ? chosen : failed;
  };
}

function compileList(items: readonly Tree[]): Evaluate {
  const evaluates = items.map(compileTree);
  return (facts) => {
    const list: Value[] = [];
    for (const evaluate of evaluates) {
      const value = evaluate(facts);
      if (isFault(value)) return value;
      list.push(value);
    }
    return list;
  };
}

function compileCall(name: string, given: readonly Tree[]): Evaluate {
  const [firstTree, secondTree] = given;
  if (firstTree === undefined) throw new Error(`${name}() was not checked`);
  const first: Evaluate = isHeaders(firstTree) ? (facts) => facts.headerCount : compileTree(firstTree);
  const second = secondTree === undefined ? first : compileTree(secondTree);
  switch (name) {
    case "startsWith":
      return overTexts(first, second, (text, part) => text.startsWith(part));
    case "endsWith":
      return overTexts(first, second, (text, part) => text.endsWith(part));
    case "contains":
      return overTexts(first, second, (text, part) => text.includes(part));
    case "size":
      return isHeaders(firstTree) ? first : (facts) => sizeOf(first(facts));
    case "has":
      return (facts) => {
        const value = first(facts);
        return value === failed ? failed : value !== missing;
      };
    case "lowerAscii":
      return (facts) => {
        const value = first(facts);
        return typeof value === "string" ? value.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : faultOf(value, value);
      };
    case "double":
      return (facts) => numberOf(first(facts));
    case "string":
      return (facts) => {
        const value = first(facts);
        return typeof value === "object" && value !== null ? failed : isFault(value) ? value : String(value);
      };
    case "timestamp":
    case "duration":
      return constantTime(name, firstTree);
    default:
      throw new Error(`${name}() was not checked`);
  }
}

function overTexts(first: Evaluate, second: Evaluate, test: (text: string, part: string) => boolean): Evaluate {
  return (facts) => {
    const text = first(facts);
    const part = second(facts);
    return typeof text === "string" && typeof part === "string" ? test(text, part) : faultOf(text, part);
  };
}

function numberOf(value: Value): Value {
  if (typeof value === "number" || isFault(value)) return value;
  if (typeof value !== "string" || value.trim() === "") return failed;
  const number = Number(value);
  return Number.isNaN(number) ? failed : number;
}

function constantTime(name: "timestamp" | "duration", tree: Tree): Evaluate {
  const text = tree.kind === "literal" ? String(tree.value) : "";
  const ms = (name === "timestamp" ? timestampOf(text) : durationOf(text)) ?? failed;
  return () => ms;
}
