/**
 * Says what is wrong with a text that is no JSON, in the words of Go's scanner, which clients and their tests compare. Only asked
 * after `JSON.parse` has refused.
 */

export interface SyntaxProblem {
  readonly message: string;
  /** Bytes read up to and with the offending one. */
  readonly offset: number;
}

/** Where the first value ends, or what is wrong with it. */
export function scanJson(text: string): SyntaxProblem | { readonly end: number } {
  const scanner = new Scanner(text);
  try {
    scanner.space();
    scanner.value();
    return { end: scanner.at };
  } catch (error) {
    if (error instanceof Problem) return { message: error.message, offset: error.offset };
    throw error;
  }
}

class Problem extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  space(): void {
    while (this.at < this.#text.length && " \t\r\n".includes(this.#peek())) this.at++;
  }

  value(): void {
    const first = this.#peek();
    if (first === "{") this.#object();
    else if (first === "[") this.#array();
    else if (first === '"') this.#string();
    else if (first === "-" || isDigit(first)) this.#number();
    else if (first === "t") this.#literal("true");
    else if (first === "f") this.#literal("false");
    else if (first === "n") this.#literal("null");
    else this.#fail("looking for beginning of value");
  }

  #object(): void {
    this.at++;
    this.space();
    if (this.#peek() === "}") {
      this.at++;
      return;
    }
    for (;;) {
      if (this.#peek() !== '"') this.#fail("looking for beginning of object key string");
      this.#string();
      this.space();
      if (this.#peek() !== ":") this.#fail("after object key");
      this.at++;
      this.space();
      this.value();
      this.space();
      if (this.#peek() === "}") break;
      if (this.#peek() !== ",") this.#fail("after object key:value pair");
      this.at++;
      this.space();
    }
    this.at++;
  }

  #array(): void {
    this.at++;
    this.space();
    if (this.#peek() === "]") {
      this.at++;
      return;
    }
    for (;;) {
      this.value();
      this.space();
      if (this.#peek() === "]") break;
      if (this.#peek() !== ",") this.#fail("after array element");
      this.at++;
      this.space();
    }
    this.at++;
  }

  #string(): void {
    this.at++;
    for (;;) {
      const character = this.#peek();
      if (character === '"') break;
      if (character < " ") this.#fail("in string literal");
      this.at++;
      if (character === "\\") this.#escape();
    }
    this.at++;
  }

  #escape(): void {
    const code = this.#peek();
    if (!'bfnrt\\/"u'.includes(code)) this.#fail("in string escape code");
    this.at++;
    if (code !== "u") return;
    for (let digit = 0; digit < 4; digit++) {
      if (!/[0-9a-fA-F]/.test(this.#peek())) this.#fail("in \\u hexadecimal character escape");
      this.at++;
    }
  }

  #number(): void {
    if (this.#peek() === "-") this.at++;
    if (!isDigit(this.#peek())) this.#fail("in numeric literal");
    if (this.#peek() === "0") this.at++;
    else this.#digits();
    if (this.#text[this.at] === ".") {
      this.at++;
      if (!isDigit(this.#peek())) this.#fail("after decimal point in numeric literal");
      this.#digits();
    }
    const exponent = this.#text[this.at];
    if (exponent !== "e" && exponent !== "E") return;
    this.at++;
    if (this.#peek() === "+" || this.#peek() === "-") this.at++;
    if (!isDigit(this.#peek())) this.#fail("in exponent of numeric literal");
    this.#digits();
  }

  #digits(): void {
    while (isDigit(this.#text[this.at] ?? "")) this.at++;
  }

  #literal(word: string): void {
    for (const letter of word) {
      if (this.#peek() !== letter) this.#fail(`in literal ${word} (expecting '${letter}')`);
      this.at++;
    }
  }

  /** The next character; the end is a problem of its own. */
  #peek(): string {
    const character = this.#text[this.at];
    if (character === undefined) throw new Problem("unexpected EOF", Buffer.byteLength(this.#text));
    return character;
  }

  #fail(where: string): never {
    const character = String.fromCodePoint(this.#text.codePointAt(this.at) ?? 0);
    const quoted = character === "'" ? String.raw`'\''` : character === '"' ? `'"'` : `'${escaped(character)}'`;
    throw new Problem(`invalid character ${quoted} ${where}`, Buffer.byteLength(this.#text.slice(0, this.at)) + 1);
  }
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9" && character.length === 1;
}

function escaped(character: string): string {
  return character < " " ? JSON.stringify(character).slice(1, -1) : character;
}
