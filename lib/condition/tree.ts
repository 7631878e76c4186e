/** A condition as a tree: what the parser makes, the checker judges and the compiler turns into a function. `at` is an offset in the text. */

export type UnaryOperator = "!" | "-";
export type BinaryOperator = "&&" | "||" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "+" | "-" | "*" | "/" | "%";

export type Tree =
  | { readonly kind: "literal"; readonly at: number; readonly value: string | number | boolean | null }
  | { readonly kind: "name"; readonly at: number; readonly name: string }
  | { readonly kind: "field"; readonly at: number; readonly of: Tree; readonly name: string }
  | { readonly kind: "index"; readonly at: number; readonly of: Tree; readonly by: Tree }
  | { readonly kind: "unary"; readonly at: number; readonly operator: UnaryOperator; readonly of: Tree }
  | { readonly kind: "binary"; readonly at: number; readonly operator: BinaryOperator; readonly left: Tree; readonly right: Tree }
  | { readonly kind: "choice"; readonly at: number; readonly condition: Tree; readonly whenTrue: Tree; readonly whenFalse: Tree }
  | { readonly kind: "list"; readonly at: number; readonly items: readonly Tree[] }
  /** `receiver.name(arguments)` and `name(arguments)` are the same: the receiver is the first argument. */
  | { readonly kind: "call"; readonly at: number; readonly name: string; readonly arguments: readonly Tree[] };
