/**
 * From text to tree, by precedence climbing. The grammar is CEL's without macros over lists, messages and map literals. Bounded in
 * length and in depth, so that no text exhausts the stack here, and in nodes, so that none does in what walks the tree later.
 */
import { wordsOf } from "./lexer.ts";
import type { Word } from "./lexer.ts";
import { ConditionError } from "./syntax-error.ts";
import type { BinaryOperator, Tree } from "./tree.ts";

export const textLengthMax = 4096;
export const nodesMax = 512;
export const depthMax = 32;

const precedence: ReadonlyMap<string, { readonly operator: BinaryOperator; readonly level: number }> = new Map(
  (
    [["||"], ["&&"], ["==", "!=", "<", "<=", ">", ">=", "in"], ["+", "-"], ["*", "/", "%"]] satisfies readonly (readonly BinaryOperator[])[]
  ).flatMap((operators, index) => operators.map((operator) => [operator, { operator, level: index + 1 }] as const)),
);
const constants: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Throws a ConditionError when the text is no condition. */
export function parseCondition(text: string): Tree {
  if (text.length > textLengthMax) {
    throw new ConditionError(textLengthMax, `the condition has ${text.length} characters; shorten it to ${textLengthMax}`);
  }
  const parser = new Parser(wordsOf(text));
  return parser.whole();
}

class Parser {
  readonly #words: readonly Word[];
  #next = 0;
  #nodes = 0;
  #depth = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  whole(): Tree {
    const tree = this.#expression();
    if (this.#word.kind !== "end") throw this.#unexpected("write '&&' or '||' between two conditions");
    return tree;
  }

  get #word(): Word {
    const word = this.#words[this.#next];
    if (word === undefined) throw new Error("a condition was read past its end");
    return word;
  }

  #expression(): Tree {
    this.#enter();
    const condition = this.#operators(1);
    let tree = condition;
    const { at } = this.#word;
    if (this.#takes("?")) {
      const whenTrue = this.#expression();
      this.#expect(":", "a choice is written 'condition ? this : that'");
      tree = this.#node({ kind: "choice", at, condition, whenTrue, whenFalse: this.#expression() });
    }
    this.#depth--;
    return tree;
  }

  /** Operators of `level` and above, to the left first. */
  #operators(level: number): Tree {
    let left = this.#unary();
    for (;;) {
      const word = this.#word;
      const found = word.kind === "sign" || word.kind === "name" ? precedence.get(word.text) : undefined;
      if (found === undefined || found.level < level) break;
      this.#next++;
      const right = this.#operators(found.level + 1);
      left = this.#node({ kind: "binary", at: word.at, operator: found.operator, left, right });
    }
    return left;
  }

  #unary(): Tree {
    const { at } = this.#word;
    const operator = this.#takes("!") ? "!" : this.#takes("-") ? "-" : undefined;
    if (operator === undefined) return this.#postfix();
    this.#enter();
    const of = this.#unary();
    this.#depth--;
    if (operator === "-" && of.kind === "literal" && typeof of.value === "number") return { ...of, at, value: -of.value };
    return this.#node({ kind: "unary", at, operator, of });
  }

  #postfix(): Tree {
    let tree = this.#primary();
    for (;;) {
      const { at } = this.#word;
      if (this.#takes(".")) {
        const name = this.#word;
        if (name.kind !== "name") throw this.#unexpected("write a field's name after '.', or [\"the name\"] when it is no plain word");
        this.#next++;
        tree = this.#takes("(")
          ? this.#node({ kind: "call", at: name.at, name: name.text, arguments: [tree, ...this.#list(")")] })
          : this.#node({ kind: "field", at: name.at, of: tree, name: name.text });
      } else if (this.#takes("[")) {
        const by = this.#expression();
        this.#expect("]", "close the bracket");
        tree = this.#node({ kind: "index", at, of: tree, by });
      } else {
        break;
      }
    }
    return tree;
  }

  #primary(): Tree {
    const word = this.#word;
    this.#next++;
    switch (word.kind) {
      case "string":
        return this.#node({ kind: "literal", at: word.at, value: word.text });
      case "number":
        return this.#node({ kind: "literal", at: word.at, value: word.value });
      case "name": {
        const constant = constants.get(word.text);
        if (constant !== undefined) return this.#node({ kind: "literal", at: word.at, value: constant });
        if (word.text === "in") break;
        if (this.#takes("(")) return this.#node({ kind: "call", at: word.at, name: word.text, arguments: this.#list(")") });
        return this.#node({ kind: "name", at: word.at, name: word.text });
      }
      case "sign":
        if (word.text === "[") return this.#node({ kind: "list", at: word.at, items: this.#list("]") });
        if (word.text === "(") {
          const inner = this.#expression();
          this.#expect(")", "close the parenthesis");
          return inner;
        }
        break;
      case "end":
        break;
    }
    this.#next--;
    throw this.#unexpected("write a value such as msg.field, headers.name, subject or a literal");
  }

  /** Expressions between commas up to the closing sign. */
  #list(closing: string): Tree[] {
    const items: Tree[] = [];
    if (this.#takes(closing)) return items;
    do items.push(this.#expression());
    while (this.#takes(","));
    this.#expect(closing, `separate by ',' and close with '${closing}'`);
    return items;
  }

  #takes(sign: string): boolean {
    const word = this.#word;
    if (word.kind !== "sign" || word.text !== sign) return false;
    this.#next++;
    return true;
  }

  #expect(sign: string, advice: string): void {
    if (!this.#takes(sign)) throw this.#unexpected(advice);
  }

  #node(tree: Tree): Tree {
    if (++this.#nodes > nodesMax) throw new ConditionError(tree.at, `the condition has more than ${nodesMax} parts; split it`);
    return tree;
  }

  #enter(): void {
    if (++this.#depth > depthMax) throw new ConditionError(this.#word.at, `the condition is nested deeper than ${depthMax}; simplify it`);
  }

  #unexpected(advice: string): ConditionError {
    const word = this.#word;
    const found =
      word.kind === "end"
        ? "the condition ends too early"
        : word.kind === "number"
          ? `'${word.value}' is unexpected`
          : `'${word.text}' is unexpected`;
    return new ConditionError(word.at, `${found}; ${advice}`);
  }
}
