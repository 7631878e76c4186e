/**
 * The configuration format of nats-server, read into plain values: `key: value`, `key = value` or `key value`, maps in braces, arrays in
 * brackets, comments by `#` and `//`, `include`, and variables `$NAME` that stand for an earlier key or for the environment. What is
 * unquoted is guessed: a boolean, a number with its suffix (`1GB`), else a text. The reading of values is `conf-value.ts`'s.
 */
import { dirname, isAbsolute, join } from "node:path";
import { BrokerError } from "../../lib/errors.ts";

export type ConfValue = string | number | boolean | Date | ConfMap | readonly ConfValue[];
/** Keys as written; the last of a name counts. */
export type ConfMap = Map<string, ConfValue>;

export interface ConfSource {
  /** Named in errors; includes are found beside it. */
  readonly file: string;
  readonly text: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readText: (path: string) => string;
}

/** Files that include each other end here. */
const depthMax = 16;
const suffixes: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5, e: 6 };

/** Throws a BrokerError `config` with file, line and column. */
export function parseConf(source: ConfSource): ConfMap {
  const top: ConfMap = new Map();
  new ConfParser(source, [top], 0).fill(top, "");
  return top;
}

class ConfParser {
  readonly #source: ConfSource;
  readonly #text: string;
  /** The maps around the place, outermost first: where variables are looked up. */
  readonly #scopes: ConfMap[];
  readonly #depth: number;
  #at = 0;

  constructor(source: ConfSource, scopes: ConfMap[], depth: number) {
    this.#source = source;
    this.#text = source.text;
    this.#scopes = scopes;
    this.#depth = depth;
  }

  /** Reads keys into `map` up to `end`, `""` being the end of the text. */
  fill(map: ConfMap, end: "" | "}"): void {
    for (;;) {
      this.#skip(true, ",;");
      const character = this.#text[this.#at];
      if (character === undefined) {
        if (end === "") return;
        throw this.#error(`'${end}' is missing`);
      }
      if (character === "}") {
        this.#at++;
        if (end === "}") return;
        // A stray brace closes a top level that was opened with one.
        continue;
      }
      if (end === "" && character === "{") {
        this.#at++;
        continue;
      }
      const key = this.#key();
      if (key === "include" && /[ \t]/.test(this.#text[this.#at] ?? "")) this.#include(map);
      else {
        this.#skip(true, "");
        if (this.#text[this.#at] === "=" || this.#text[this.#at] === ":") this.#at++;
        this.#skip(end === "}", "");
        map.set(key, this.#value(end === "}"));
      }
    }
  }

  #key(): string {
    const quote = this.#text[this.#at];
    if (quote === '"' || quote === "'") {
      const close = this.#text.indexOf(quote, this.#at + 1);
      if (close < 0) throw this.#error("a quoted key has no end");
      const key = this.#text.slice(this.#at + 1, close);
      this.#at = close + 1;
      return key;
    }
    if (quote === "=" || quote === ":") throw this.#error(`a key is missing before '${quote}'`);
    const start = this.#at;
    while (this.#at < this.#text.length && !/[\s=:]/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #include(map: ConfMap): void {
    this.#skip(false, "");
    const quote = this.#text[this.#at];
    const quoted = quote === '"' || quote === "'";
    if (quoted) this.#at++;
    const start = this.#at;
    while (this.#at < this.#text.length && !(quoted ? this.#text[this.#at] === quote : /[\s;}]/.test(this.#text[this.#at] ?? "")))
      this.#at++;
    const name = this.#text.slice(start, this.#at);
    if (quoted) this.#at++;
    if (name === "") throw this.#error("include names no file");
    if (this.#depth >= depthMax) throw this.#error("files include each other without end");
    const file = isAbsolute(name) ? name : join(dirname(this.#source.file), name);
    let text: string;
    try {
      text = this.#source.readText(file);
    } catch (error) {
      throw this.#error(`error parsing include file '${file}': ${error instanceof Error ? error.message : String(error)}`);
    }
    new ConfParser({ ...this.#source, file, text }, this.#scopes, this.#depth + 1).fill(map, "");
  }

  #value(newLines: boolean): ConfValue {
    const character = this.#text[this.#at];
    switch (character) {
      case undefined:
      case "\n":
      case "\r":
        throw this.#error(newLines ? "a value is missing" : "Expected value but found new line");
      case "[":
        this.#at++;
        return this.#array();
      case "{":
        this.#at++;
        return this.#map();
      case "'":
        return this.#singleQuoted();
      case '"':
        return this.#doubleQuoted();
      case "(":
        return this.#block();
      default:
        return this.#bare();
    }
  }

  #map(): ConfMap {
    const map: ConfMap = new Map();
    this.#scopes.push(map);
    this.fill(map, "}");
    this.#scopes.pop();
    return map;
  }

  #array(): ConfValue[] {
    const values: ConfValue[] = [];
    for (;;) {
      this.#skip(true, ",");
      const character = this.#text[this.#at];
      if (character === undefined) throw this.#error("']' is missing");
      if (character === "]") {
        this.#at++;
        return values;
      }
      values.push(this.#value(true));
    }
  }

  #singleQuoted(): string {
    const close = this.#text.indexOf("'", this.#at + 1);
    if (close < 0) throw this.#error("a quoted text has no end");
    const text = this.#text.slice(this.#at + 1, close);
    this.#at = close + 1;
    return text;
  }

  #doubleQuoted(): string {
    this.#at++;
    let text = "";
    for (;;) {
      const character = this.#text[this.#at++];
      if (character === undefined) throw this.#error("a quoted text has no end");
      if (character === '"') return text;
      text += character === "\\" ? this.#escape() : character;
    }
  }

  #escape(): string {
    const character = this.#text[this.#at++] ?? "";
    if (character === "x") {
      const digits = this.#text.slice(this.#at, this.#at + 2);
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) throw this.#error("two hexadecimal digits must follow '\\x'");
      this.#at += 2;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meant = { t: "\t", n: "\n", r: "\r", '"': '"', "\\": "\\" }[character];
    if (meant === undefined) throw this.#error(`Invalid escape character '${character}'`);
    return meant;
  }

  /** `( … )`, the closing one alone on its line. */
  #block(): string {
    const close = /\n\)[ \t]*(?=\r?\n|$)/.exec(this.#text.slice(this.#at));
    if (close === null) throw this.#error("a block has no ')' on a line of its own");
    const text = this.#text.slice(this.#at + 1, this.#at + close.index + 1);
    this.#at += close.index + close[0].length;
    return text;
  }

  #bare(): ConfValue {
    const start = this.#at;
    let text = "";
    let escaped = false;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || /[\s,;\]}']/.test(character)) break;
      this.#at++;
      escaped ||= character === "\\";
      text += character === "\\" ? this.#escape() : character;
    }
    // A lone quote ends an unquoted text, as it does for nats-server.
    if (this.#text[this.#at] === "'") this.#at++;
    if (this.#at === start) throw this.#error(`a value cannot begin with '${this.#text[start] ?? ""}'`);
    if (escaped) return text;
    return text.startsWith("$") ? this.#variable(text.slice(1)) : guessed(text);
  }

  #variable(name: string): ConfValue {
    // The hashes of bcrypt look like variables.
    if (/^2[abxy]?\$/.test(name)) return `$${name}`;
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const value = this.#scopes[index]?.get(name);
      if (value !== undefined) return value;
    }
    const value = this.#source.environment[name];
    if (value === undefined) throw this.#error(`variable reference for '${name}' can not be found`);
    if (/^2[abxy]?\$/.test(value) || value.startsWith("$")) return value;
    const map: ConfMap = new Map();
    new ConfParser({ ...this.#source, file: `$${name}`, text: `value: ${value}` }, this.#scopes, this.#depth + 1).fill(map, "");
    return map.get("value") ?? "";
  }

  /** Blanks and comments, new lines if `newLines`, and the `separators`. */
  #skip(newLines: boolean, separators: string): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at] ?? "";
      if (character === "#" || (character === "/" && this.#text[this.#at + 1] === "/")) {
        if (!newLines) return;
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.#text.length - 1 : end;
      } else if (!(newLines ? /\s/ : /[ \t]/).test(character) && !separators.includes(character)) return;
    }
  }

  #error(sentence: string): BrokerError {
    const before = this.#text.slice(0, this.#at).split("\n");
    return new BrokerError("config", `${this.#source.file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}: ${sentence}`);
  }
}

function guessed(text: string): ConfValue {
  switch (text.toLowerCase()) {
    case "true":
    case "on":
    case "yes":
      return true;
    case "false":
    case "off":
    case "no":
      return false;
  }
  const number = /^(-?[0-9]+)(?:([kmgtpe])([bi]{0,2}))?$/i.exec(text);
  if (number !== null) {
    const [, digits = "", letter, rest = ""] = number;
    if (letter === undefined) return Number(digits);
    return Number(digits) * (rest === "" ? 1000 : 1024) ** (suffixes[letter.toLowerCase()] ?? 0);
  }
  if (/^-?[0-9]+\.[0-9]+$/.test(text)) return Number(text);
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text)) return new Date(text);
  return text;
}
