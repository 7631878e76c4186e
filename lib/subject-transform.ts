/**
 * Rewrites subjects: what matches a source filter becomes a destination, whose tokens may be taken from the wildcards of the source
 * (`$1`, `{{wildcard(1)}}`), cut (`{{left(1,3)}}`, `{{slicefromright(1,2)}}` …) or computed (`{{partition(8,1)}}`, `{{random(8)}}`).
 * Compiled once when a configuration is judged; applied per message only where somebody asked for it. Source of the language and of
 * the order of its errors: the subject mappings of nats-server.
 */
import type { Random } from "../store/environment.ts";

/** From what, to what; an empty source is `>`, an empty destination leaves the subject as it is. */
export interface SubjectMapping {
  readonly source: string;
  readonly destination: string;
}

export type TransformProblem =
  | "subject"
  | "destination"
  | "unknown_function"
  | "index_out_of_range"
  | "not_enough_arguments"
  | "too_many_arguments"
  | "argument_invalid";

/** Why a mapping can not be compiled. `token` is the destination's token that is wrong, "" when it is none alone. */
export class TransformError extends Error {
  readonly code: TransformProblem;
  readonly token: string;

  constructor(code: TransformProblem, token: string) {
    super(token === "" ? `the mapping is invalid: ${code}` : `'${token}' is invalid in a mapping's destination: ${code}`);
    this.name = "TransformError";
    this.code = code;
    this.token = token;
  }
}

type Cut = "splitfromleft" | "splitfromright" | "slicefromleft" | "slicefromright" | "left" | "right";

/** How one token of the destination comes to be. Indexes are of tokens of the source. */
type Piece =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "wildcard"; readonly index: number }
  | { readonly kind: "partition"; readonly buckets: number; readonly indexes: readonly number[] }
  | { readonly kind: "random"; readonly buckets: number }
  | { readonly kind: "split"; readonly index: number; readonly delimiter: string }
  | { readonly kind: "cut"; readonly cut: Cut; readonly index: number; readonly length: number };

const integerMax = 2 ** 31 - 1;
const cuts: ReadonlySet<string> = new Set(["splitfromleft", "splitfromright", "slicefromleft", "slicefromright", "left", "right"]);

/** Undefined when the mapping leaves every subject as it is. Throws a TransformError. */
export function compileTransform(mapping: SubjectMapping, random?: Random): SubjectTransform | undefined {
  return mapping.destination === ""
    ? undefined
    : new SubjectTransform(mapping.source === "" ? ">" : mapping.source, mapping.destination, random);
}

/** Throws a TransformError when the destination is malformed or does not fit the source. */
export function checkTransform(mapping: SubjectMapping): void {
  if (mapping.destination === "") return;
  let ended = false;
  for (const token of mapping.destination.split(".")) {
    if (token === "" || ended) throw new TransformError("destination", token);
    if (isFunction(token)) {
      if (
        !/^\{\{\s*(?:partition|wildcard|split(?:fromleft|fromright)?|slicefrom(?:left|right)|left|right|random)\s*\(.*\)\s*\}\}$/i.test(
          token,
        )
      ) {
        throw new TransformError("unknown_function", token);
      }
    } else if (token === ">") {
      ended = true;
    } else if (/\s/.test(token)) {
      throw new TransformError("destination", "");
    }
  }
  compileTransform(mapping);
}

export class SubjectTransform {
  readonly source: string;
  readonly destination: string;
  readonly #sourceTokens: readonly string[];
  readonly #pieces: readonly Piece[];
  /** The destination ends in `>`: what the source's `>` stands for follows. */
  readonly #open: boolean;
  readonly #random: Random | undefined;

  constructor(source: string, destination: string, random: Random | undefined) {
    this.source = source;
    this.destination = destination;
    this.#random = random;
    this.#sourceTokens = source.split(".");
    const tokens = destination.split(".");
    this.#open = tokens.at(-1) === ">";
    const open = this.#sourceTokens.at(-1) === ">";
    if (!wellFormed(this.#sourceTokens) || !wellFormed(tokens) || tokens.includes("*") || open !== this.#open) {
      throw new TransformError("subject", "");
    }
    const wildcards: number[] = [];
    for (const [index, token] of this.#sourceTokens.entries()) if (token === "*") wildcards.push(index);
    const pieces = (this.#open ? tokens.slice(0, -1) : tokens).map((token) => pieceOf(token, wildcards, open));
    this.#pieces = pieces;
  }

  /** The new subject, or undefined when the source does not match it. */
  apply(subject: string): string | undefined {
    if (this.source === ">" && this.destination === ">") return subject;
    const tokens = subject.split(".");
    if (!this.#matches(tokens)) return undefined;
    const made = this.#pieces.map((piece) => this.#make(piece, tokens, subject));
    if (this.#open) made.push(...tokens.slice(this.#sourceTokens.length - 1));
    return made.join(".");
  }

  #matches(tokens: readonly string[]): boolean {
    const source = this.#sourceTokens;
    for (const [index, wanted] of source.entries()) {
      if (wanted === ">") return tokens.length > index;
      const token = tokens[index];
      if (token === undefined || (wanted !== "*" && wanted !== token)) return false;
    }
    return source.length === tokens.length;
  }

  #make(piece: Piece, tokens: readonly string[], subject: string): string {
    switch (piece.kind) {
      case "literal":
        return piece.text;
      case "wildcard":
        return tokens[piece.index] ?? "";
      case "partition":
        return partitionOf(
          piece.indexes.length === 0 ? subject : piece.indexes.map((index) => tokens[index] ?? "").join(""),
          piece.buckets,
        );
      case "random":
        return piece.buckets <= 0 ? "0" : String(Math.floor((this.#random?.fraction() ?? 0) * piece.buckets));
      case "split":
        return (tokens[piece.index] ?? "")
          .split(piece.delimiter)
          .filter((part) => part !== "")
          .join(".");
      case "cut":
        return cutToken(piece.cut, tokens[piece.index] ?? "", piece.length);
    }
  }
}

/** Which of `buckets` a key falls into: FNV-1a, 32 bits, as clients compute it too. */
export function partitionOf(key: string, buckets: number): string {
  if (buckets <= 0) return "0";
  let hash = 0x81_1c_9d_c5;
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01_00_01_93) >>> 0;
  return String(hash % buckets);
}

/** Lengths are bytes; a token too short for the cut stays whole. */
function cutToken(cut: Cut, token: string, length: number): string {
  const bytes = Buffer.from(token);
  const size = bytes.length;
  if (length <= 0 || length >= size) return token;
  const part = (from: number, to: number): string => bytes.toString("utf8", from, to);
  switch (cut) {
    case "left":
      return part(0, length);
    case "right":
      return part(size - length, size);
    case "splitfromleft":
      return `${part(0, length)}.${part(length, size)}`;
    case "splitfromright":
      return `${part(0, size - length)}.${part(size - length, size)}`;
    case "slicefromleft":
    case "slicefromright": {
      const parts: string[] = [];
      let at = cut === "slicefromright" ? size % length : 0;
      if (at > 0) parts.push(part(0, at));
      for (; at < size; at += length) parts.push(part(at, Math.min(size, at + length)));
      return parts.join(".");
    }
  }
}

function wellFormed(tokens: readonly string[]): boolean {
  return tokens.every((token, index) => token !== "" && (token !== ">" || index === tokens.length - 1));
}

function isFunction(token: string): boolean {
  return token.length > 4 && token.startsWith("{{") && token.endsWith("}}");
}

/** `wildcards`: where in the source each is. Without any wildcard only what asks for none is allowed. */
function pieceOf(token: string, wildcards: readonly number[], open: boolean): Piece {
  const piece = parsePiece(token);
  if (piece.kind === "literal" || piece.kind === "random") return piece;
  if (wildcards.length === 0 && !open) {
    if (piece.kind === "partition") return { ...piece, indexes: [] };
    throw new TransformError("index_out_of_range", token);
  }
  const place = (index: number): number => {
    if (index > wildcards.length) throw new TransformError("index_out_of_range", `${token}: [${index}]`);
    return wildcards[index - 1] ?? 0;
  };
  if (piece.kind === "partition") return { ...piece, indexes: piece.indexes.map(place) };
  return { ...piece, index: place(piece.index) };
}

/** A token of a destination; indexes count the wildcards from 1 still. */
function parsePiece(token: string): Piece {
  if (token.length > 1 && token.startsWith("$")) {
    const index = integerOf(token.slice(1));
    return index === undefined ? { kind: "literal", text: token } : { kind: "wildcard", index };
  }
  if (!isFunction(token)) return { kind: "literal", text: token };
  const match = /^\{\{\s*([a-z]+)\s*\((.*)\)\s*\}\}$/i.exec(token);
  const name = (match?.[1] ?? "").toLowerCase();
  const given = (match?.[2] ?? "").split(/,\s*/);
  const argument = (at: number): number => {
    const value = integerOf((given[at] ?? "").trim());
    if (value === undefined || value > integerMax) throw new TransformError("argument_invalid", token);
    return value;
  };
  const expectTwo = (): void => {
    if (given.length < 2) throw new TransformError("not_enough_arguments", token);
    if (given.length > 2) throw new TransformError("too_many_arguments", token);
  };
  if (name === "wildcard") {
    if (given.length > 1) throw new TransformError("too_many_arguments", token);
    if (given[0] === "") throw new TransformError("not_enough_arguments", token);
    return { kind: "wildcard", index: argument(0) };
  }
  if (name === "partition") {
    const buckets = argument(0);
    return { kind: "partition", buckets, indexes: given.slice(1).map((_text, at) => argument(at + 1)) };
  }
  if (name === "random") {
    if (given.length !== 1) throw new TransformError("not_enough_arguments", token);
    return { kind: "random", buckets: argument(0) };
  }
  if (name === "split") {
    expectTwo();
    const index = argument(0);
    const delimiter = given[1] ?? "";
    if (delimiter.includes(" ") || delimiter.includes(".")) throw new TransformError("argument_invalid", token);
    return { kind: "split", index, delimiter };
  }
  if (isCut(name)) {
    expectTwo();
    return { kind: "cut", cut: name, index: argument(0), length: argument(1) };
  }
  throw new TransformError("unknown_function", token);
}

function isCut(name: string): name is Cut {
  return cuts.has(name);
}

function integerOf(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}
