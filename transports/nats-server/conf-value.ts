/**
 * The reading of what the configuration format holds: texts, sizes, durations, addresses, lists, each with the place it came from, so that
 * what is wrong is named. A key may have several spellings; nats-server's are not case-sensitive.
 */
import { BrokerError } from "../../lib/errors.ts";
import type { ConfMap, ConfValue } from "./conf-parser.ts";

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export interface HostPort {
  /** Undefined: not said. */
  readonly host: string | undefined;
  /** -1 = any free one. */
  readonly port: number;
}

/** One map, with its path. */
export class ConfFields {
  readonly path: string;
  readonly #fields: ReadonlyMap<string, ConfValue>;

  constructor(map: ConfMap, path: string) {
    this.path = path;
    this.#fields = new Map([...map].map(([key, value]) => [key.toLowerCase(), value]));
  }

  get keys(): IterableIterator<string> {
    return this.#fields.keys();
  }

  /** The value of the first of these keys that is there. */
  get(...keys: readonly string[]): ConfValue | undefined {
    for (const key of keys) {
      const value = this.#fields.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  text(...keys: readonly string[]): string | undefined {
    const value = this.get(...keys);
    if (value === undefined) return undefined;
    if (typeof value === "string" || typeof value === "number") return String(value);
    throw this.wrong(keys[0] ?? "", "a text");
  }

  flag(...keys: readonly string[]): boolean | undefined {
    const value = this.get(...keys);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.wrong(keys[0] ?? "", "true or false");
  }

  /** A whole number; sizes with a suffix are numbers already, unless they were quoted. */
  whole(...keys: readonly string[]): number | undefined {
    const value = this.get(...keys);
    if (value === undefined) return undefined;
    const number = typeof value === "string" ? sizeOf(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number)) return number;
    throw this.wrong(keys[0] ?? "", "a whole number or a size such as 1GB");
  }

  /** Milliseconds; a bare number is seconds. */
  durationMs(...keys: readonly string[]): number | undefined {
    const value = this.get(...keys);
    if (value === undefined) return undefined;
    const ms = typeof value === "number" ? value * 1000 : typeof value === "string" ? durationMsOf(value) : undefined;
    if (ms !== undefined) return ms;
    throw this.wrong(keys[0] ?? "", "a duration such as 2s");
  }

  address(...keys: readonly string[]): HostPort | undefined {
    const value = this.get(...keys);
    if (value === undefined) return undefined;
    if (typeof value === "number") return { host: undefined, port: value };
    const found = typeof value === "string" ? /^(?:(.*):)?(-?[0-9]+)$/.exec(value) : null;
    if (found === null) throw this.wrong(keys[0] ?? "", "a port, or HOST:PORT");
    const host = found[1]?.replace(/^\[(.*)\]$/, "$1");
    return { host: host === "" ? undefined : host, port: Number(found[2]) };
  }

  fields(...keys: readonly string[]): ConfFields | undefined {
    const value = this.get(...keys);
    if (value === undefined) return undefined;
    if (value instanceof Map) return new ConfFields(value, this.#at(keys[0] ?? ""));
    throw this.wrong(keys[0] ?? "", "a map");
  }

  /** A list; one value is a list of one. */
  list(...keys: readonly string[]): readonly ConfValue[] | undefined {
    const value = this.get(...keys);
    if (value === undefined) return undefined;
    return Array.isArray(value) ? (value as readonly ConfValue[]) : [value];
  }

  texts(...keys: readonly string[]): string[] | undefined {
    return this.list(...keys)?.map((value) => {
      if (typeof value === "string" || typeof value === "number") return String(value);
      throw this.wrong(keys[0] ?? "", "texts");
    });
  }

  maps(...keys: readonly string[]): ConfFields[] | undefined {
    return this.list(...keys)?.map((value, index) => {
      if (value instanceof Map) return new ConfFields(value, `${this.#at(keys[0] ?? "")}[${index}]`);
      throw this.wrong(keys[0] ?? "", "maps");
    });
  }

  wrong(key: string, wanted: string): BrokerError {
    return new BrokerError("config", `${this.#at(key)} must be ${wanted}`);
  }

  #at(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }
}

export function durationMsOf(text: string): number | undefined {
  if (/^[0-9]+(?:\.[0-9]+)?$/.test(text)) return Number(text) * 1000;
  let ms = 0;
  let end = 0;
  for (const part of text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d)/g)) {
    if (part.index !== end) return undefined;
    ms += Number(part[1]) * (durationUnits[part[2] ?? ""] ?? 0);
    end += part[0].length;
  }
  return end === text.length && end > 0 ? ms : undefined;
}

function sizeOf(text: string): number | undefined {
  const found = /^(-?[0-9]+)\s*(?:([kmgtpe])([bi]{0,2}))?$/i.exec(text);
  if (found === null) return undefined;
  const power = found[2] === undefined ? 0 : "kmgtpe".indexOf(found[2].toLowerCase()) + 1;
  return Number(found[1]) * (found[3] === "" ? 1000 : 1024) ** power;
}
