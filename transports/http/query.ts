/** The query of an address, read when something of it is asked for. Most have one or two plain options: those are found without parsing all. */

export interface QueryReader {
  /** The first value of an option, decoded; null when it is not there. */
  get(name: string): string | null;
}

export const noQuery: QueryReader = { get: () => null };

export class QueryText implements QueryReader {
  readonly #text: string;
  /** There is something to decode. */
  readonly #encoded: boolean;
  #parsed: URLSearchParams | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#encoded = text.includes("%") || text.includes("+");
    this.#parsed = undefined;
  }

  get(name: string): string | null {
    const text = this.#text;
    if (this.#encoded) return (this.#parsed ??= new URLSearchParams(text)).get(name);
    for (let start = 0; start < text.length;) {
      const ampersand = text.indexOf("&", start);
      const end = ampersand < 0 ? text.length : ampersand;
      if (text.startsWith(name, start)) {
        const after = start + name.length;
        if (after === end) return "";
        if (after < end && text.charCodeAt(after) === equalsSign) return text.slice(after + 1, end);
      }
      start = end + 1;
    }
    return null;
  }
}

const equalsSign = 0x3d;
