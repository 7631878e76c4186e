/**
 * One layer of given options: what the command line, the environment or a file says, still as given, with the place for messages and
 * the folder that relative paths mean. And the reading of each kind.
 */
import { isAbsolute, resolve } from "node:path";
import type { Issues } from "./issues.ts";
import { environmentNameOf, flagOf } from "./option.ts";
import type { Option } from "./option.ts";
import { nearestName } from "./nearest.ts";

export type OptionValue = string | number | boolean;

export interface Given {
  readonly value: unknown;
  /** `--port`, `WAYSTATION_PORT`, `port`. */
  readonly path: string;
  /** Relative paths are resolved against it. */
  readonly folder: string;
}

/** By option key. */
export type Layer = ReadonlyMap<string, Given>;

export interface CommandLine {
  readonly layer: Layer;
  /** What is neither an option nor an option's value. */
  readonly rest: readonly string[];
}

/** Reads `--x v`, `--x=v`, `--flag`, `--flag=false` and `--no-flag`. The last one of a name counts; `--` ends the options. */
export function readFlags(args: readonly string[], options: readonly Option[], folder: string, issues: Issues): CommandLine {
  const byFlag = new Map(options.map((option) => [flagOf(option.key), option]));
  const layer = new Map<string, Given>();
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      rest.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith("--")) {
      rest.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const flag = equals < 0 ? arg : arg.slice(0, equals);
    let value: unknown = equals < 0 ? undefined : arg.slice(equals + 1);
    let option = byFlag.get(flag);
    if (option === undefined && flag.startsWith("--no-")) {
      const negated = byFlag.get(`--${flag.slice("--no-".length)}`);
      if (negated?.kind === "boolean" && value === undefined) {
        option = negated;
        value = "false";
      }
    }
    if (option === undefined) {
      issues.add(flag, undefined, "a known option", nearestName(flag, byFlag.keys()));
      // A word after it was probably its value.
      if (equals < 0 && args[at + 1]?.startsWith("-") === false) at++;
      continue;
    }
    if (value === undefined && option.kind === "boolean") value = "true";
    if (value === undefined) {
      const next = args[at + 1];
      if (next === undefined || next.startsWith("--")) {
        issues.add(flag, undefined, `a value: ${flag} ${option.placeholder}`);
        continue;
      }
      value = next;
      at++;
    }
    layer.set(option.key, { value, path: flag, folder });
  }
  return { layer, rest };
}

/** Reads `WAYSTATION_…`. Empty means unset; so does a `tcp://…` that an orchestrator puts into `WAYSTATION_PORT` for a service of our name. */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  options: readonly Option[],
  folder: string,
): Layer {
  const layer = new Map<string, Given>();
  for (const option of options) {
    const path = environmentNameOf(option.key);
    const value = environment[path];
    if (value === undefined || value === "" || (option.kind === "port" && value.startsWith("tcp://"))) continue;
    layer.set(option.key, { value, path, folder });
  }
  return layer;
}

/** The value in the first layer that has the option, else the default; undefined when there is neither or it was wrong (then there is an issue). */
export function settle(option: Option, layers: readonly Layer[], folder: string, issues: Issues): OptionValue | undefined {
  for (const layer of layers) {
    const given = layer.get(option.key);
    if (given !== undefined) return readValue(option, given, issues);
  }
  if (option.default === undefined) return undefined;
  return readValue(option, { value: option.default, path: flagOf(option.key), folder }, issues);
}

function readValue(option: Option, given: Given, issues: Issues): OptionValue | undefined {
  const read = parseValue(option, given);
  if (read !== undefined) return read;
  if (option.secret) issues.addSecret(given.path, wantedOf(option));
  else {
    const near = option.kind === "choice" && typeof given.value === "string" ? nearestName(given.value, option.choices) : undefined;
    issues.add(given.path, given.value, wantedOf(option), near);
  }
  return undefined;
}

function parseValue(option: Option, given: Given): OptionValue | undefined {
  const { value } = given;
  switch (option.kind) {
    case "boolean":
      return readBoolean(value);
    case "port":
      if (value === false || value === "off") return "off";
      return readWhole(value, 65_535);
    case "count":
      return readWhole(value, Number.MAX_SAFE_INTEGER);
    case "choice":
      return typeof value === "string" && option.choices.includes(value) ? value : undefined;
    case "folder":
    case "file":
      if (typeof value !== "string" || value === "" || value.includes("\0")) return undefined;
      return isAbsolute(value) ? value : resolve(given.folder, value);
    case "host":
      return typeof value === "string" && /^[-A-Za-z0-9.:_%]{1,253}$/.test(value) ? value : undefined;
    case "text":
      if (typeof value === "number") return String(value);
      return typeof value === "string" && value !== "" && value.length <= 1024 && !/[\0\r\n]/.test(value) ? value : undefined;
  }
}

function wantedOf(option: Option): string {
  switch (option.kind) {
    case "boolean":
      return "true or false";
    case "port":
      return "a port from 0 to 65535, or off";
    case "count":
      return "a whole number";
    case "choice":
      return option.choices.join(", ");
    case "folder":
    case "file":
      return `the path of a ${option.kind}`;
    case "host":
      return "an address or host name";
    case "text":
      return "a text of at most 1024 characters in one line";
  }
}

function readBoolean(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  if (["true", "1", "yes", "on"].includes(value.toLowerCase())) return true;
  return ["false", "0", "no", "off"].includes(value.toLowerCase()) ? false : undefined;
}

function readWhole(value: unknown, max: number): number | undefined {
  const number = typeof value === "string" && /^[0-9]{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 && number <= max ? number : undefined;
}
