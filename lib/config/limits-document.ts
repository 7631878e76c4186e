/** Limits as they are written: by name, in their unit or with one (`payloadBytesMax: 8MiB`, `authTimeoutMs: 5s`). */
import { allowanceUnits, limitNames, limitRules, tenantLimitNames } from "../limits.ts";
import type { ConfiguredTenantLimits, LimitRule, Limits } from "../limits.ts";
import type { Issues } from "./issues.ts";
import { joined } from "./issues.ts";
import { parseBytes, parseDurationMs } from "./quantity.ts";

/** The limits that are given, those out of range left out with an issue. */
export function parseLimits(value: unknown, path: string, issues: Issues): Partial<Limits> {
  return read(value, path, limitNames, issues);
}

/** The same for those a tenant may have of its own. */
export function parseTenantLimits(value: unknown, path: string, issues: Issues): ConfiguredTenantLimits {
  if (value === null) return {};
  const names = Object.keys(allowanceUnits) as (keyof typeof allowanceUnits)[];
  const fields = issues.fields(value, path, [...tenantLimitNames, ...names, "stationBytesRequired"]) ?? {};
  const limits: { -readonly [Name in keyof ConfiguredTenantLimits]: ConfiguredTenantLimits[Name] } = {};
  const common = Object.entries(fields).filter(([name]) => tenantLimitNames.some((known) => known === name));
  Object.assign(limits, read(Object.fromEntries(common), path, tenantLimitNames, issues));
  for (const name of names) {
    const given = fields[name];
    if (given === undefined || given === null) continue;
    const isBytes = allowanceUnits[name] === "bytes";
    const number = isBytes ? parseBytes(given) : given;
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) limits[name] = number;
    else issues.add(joined(path, name), given, isBytes ? "bytes (or a text such as 8MiB)" : "a whole number");
  }
  const required = fields["stationBytesRequired"];
  if (typeof required === "boolean") limits.stationBytesRequired = required;
  else if (required !== undefined && required !== null) issues.add(joined(path, "stationBytesRequired"), required, "true or false");
  return limits;
}

function read<Name extends keyof Limits>(
  value: unknown,
  path: string,
  names: readonly Name[],
  issues: Issues,
): Partial<Pick<Limits, Name>> {
  if (value === null) return {};
  const fields = issues.fields(value, path, names) ?? {};
  const limits: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const given = fields[name];
    if (given === undefined || given === null) continue;
    const rule = limitRules[name];
    const number = readNumber(given, rule);
    if (number !== undefined && number >= rule.min && number <= rule.max) limits[name] = number;
    else issues.add(joined(path, name), given, `${wanted(rule)} from ${rule.min} to ${rule.max}`);
  }
  return limits;
}

/** What limits must satisfy together. */
export function checkLimits(limits: Limits, path: string, issues: Issues): void {
  if (limits.pendingOutBytesMax < 2 * limits.payloadBytesMax)
    issues.add(
      joined(path, "pendingOutBytesMax"),
      limits.pendingOutBytesMax,
      `at least twice payloadBytesMax (${2 * limits.payloadBytesMax})`,
    );
}

function readNumber(value: unknown, rule: LimitRule): number | undefined {
  switch (rule.unit) {
    case "bytes":
      return parseBytes(value);
    case "ms":
      return parseDurationMs(value);
    case "count":
      return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
    case "share":
    case "factor":
      return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }
}

function wanted(rule: LimitRule): string {
  switch (rule.unit) {
    case "bytes":
      return "bytes (or a text such as 8MiB)";
    case "ms":
      return "milliseconds (or a text such as 5s)";
    case "count":
      return "a whole number";
    case "share":
    case "factor":
      return "a number";
  }
}
