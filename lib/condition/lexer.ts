/** Cuts a condition's text into words. Knows CEL's literals; bounded by the text's own bound. */
import { ConditionError } from "./syntax-error.ts";

export type Word =
  | { readonly kind: "name" | "sign"; readonly at: number; readonly text: string }
  | { readonly kind: "string"; readonly at: number; readonly text: string }
  | { readonly kind: "number"; readonly at: number; readonly value: number }
  | { readonly kind: "end"; readonly at: number };

const signs: readonly string[] = ["&&", "||", "==", "!=", "<=", ">=", ...Array.from("<>!+-*/%?:.,()[]")];
const escapes: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["b", "\b"],
  ["f", "\f"],
  ["v", "\v"],
  ["a", "\u0007"],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["`", "`"],
  ["?", "?"],
]);
const space = /\s*(?:\/\/[^\n]*\s*)*/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;

export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(space, text, at).length;
    if (at >= text.length) {
      words.push({ kind: "end", at: text.length });
      return words;
    }
    const word = wordAt(text, at);
    words.push(word.word);
    at = word.end;
  }
}

function wordAt(text: string, at: number): { word: Word; end: number } {
  const quote = /[rR]?["']/y;
  const opening = matchAt(quote, text, at);
  if (opening !== "") return stringAt(text, at, opening);
  const digits = matchAt(number, text, at);
  if (digits !== "") {
    const end = at + digits.length;
    const following = matchAt(name, text, end);
    if (following !== "") throw new ConditionError(end, `'${following}' follows a number; put a space or an operator between`);
    return { word: { kind: "number", at, value: Number(digits) }, end };
  }
  const letters = matchAt(name, text, at);
  if (letters !== "") return { word: { kind: "name", at, text: letters }, end: at + letters.length };
  for (const sign of signs) {
    if (text.startsWith(sign, at)) return { word: { kind: "sign", at, text: sign }, end: at + sign.length };
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const hint = { "=": "; write '==' to compare", "&": "; write '&&'", "|": "; write '||'" }[character] ?? "";
  throw new ConditionError(at, `'${character}' means nothing here${hint}`);
}

function stringAt(text: string, at: number, opening: string): { word: Word; end: number } {
  const raw = opening.length === 2;
  const quote = opening.at(-1);
  let value = "";
  let position = at + opening.length;
  for (;;) {
    const character = text[position];
    if (character === undefined || character === "\n") throw new ConditionError(at, `the string does not end; close it with ${quote}`);
    if (character === quote) return { word: { kind: "string", at, text: value }, end: position + 1 };
    if (raw || character !== "\\") {
      value += character;
      position++;
      continue;
    }
    const escaped = escapeAt(text, position);
    value += escaped.value;
    position = escaped.end;
  }
}

function escapeAt(text: string, at: number): { value: string; end: number } {
  const code = matchAt(/\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/y, text, at);
  if (code !== "") {
    const point = Number.parseInt(code.slice(2), 16);
    if (point <= 0x10_ffff) return { value: String.fromCodePoint(point), end: at + code.length };
  }
  const simple = escapes.get(text[at + 1] ?? "");
  if (simple === undefined) throw new ConditionError(at, `'\\${text[at + 1] ?? ""}' is no escape; write '\\\\' for a backslash`);
  return { value: simple, end: at + 2 };
}

/** What the sticky pattern matches at the place, `""` when nothing. */
function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}
