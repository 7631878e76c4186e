/** Collects everything wrong with a configuration while it is read, and reads plain values out of what a file or program gave. */
import type { ConfigIssue } from "../errors.ts";
import { ConfigError } from "../errors.ts";
import { nearestName } from "./nearest.ts";

export type Fields = Readonly<Record<string, unknown>>;

export class Issues {
  readonly list: ConfigIssue[] = [];

  add(path: string, got: unknown, wanted: string, nearest?: string): void {
    this.list.push({ path, got: shown(got), wanted, nearest });
  }

  /** Like `add` for something that must not be printed. */
  addSecret(path: string, wanted: string): void {
    this.list.push({ path, got: "***", wanted, nearest: undefined });
  }

  /** Throws all of them at once, if there are any. */
  throwIfAny(): void {
    if (this.list.length > 0) throw new ConfigError(this.list);
  }

  /** The value as an object with known keys only; undefined (and an issue) when it is none. */
  fields(value: unknown, path: string, known: readonly string[]): Fields | undefined {
    if (!isFields(value)) {
      this.add(path, value, `keys and values; known keys: ${known.join(", ")}`);
      return undefined;
    }
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) this.add(joined(path, key), undefined, "a known key", nearestName(key, known));
    }
    return value;
  }

  text(value: unknown, path: string, wanted: string): string | undefined {
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number") return String(value);
    this.add(path, value, wanted);
    return undefined;
  }

  boolean(value: unknown, path: string): boolean | undefined {
    if (typeof value === "boolean") return value;
    this.add(path, value, "true or false");
    return undefined;
  }

  /** One text or a list of them. */
  texts(value: unknown, path: string, wanted: string): string[] {
    if (typeof value === "string") return [value];
    if (!Array.isArray(value)) {
      this.add(path, value, `${wanted}, or a list of them`);
      return [];
    }
    const found: string[] = [];
    for (const [index, one] of value.entries()) {
      const text = this.text(one, `${path}[${index}]`, wanted);
      if (text !== undefined) found.push(text);
    }
    return found;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function joined(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** The first of the keys that is there, with its path. */
export function firstOf(
  fields: Fields,
  path: string,
  keys: readonly string[],
): { readonly path: string; readonly value: unknown } | undefined {
  for (const key of keys) {
    const value = fields[key];
    if (value !== undefined && value !== null) return { path: joined(path, key), value };
  }
  return undefined;
}

function shown(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? `'${value}'` : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
