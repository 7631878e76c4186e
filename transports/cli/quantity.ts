/** Times, sizes and counts as people write and read them: `30s`, `7d`, `512MiB`, `1,000`. */
import { parseBytes, parseDurationMs } from "../../lib/config/quantity.ts";
import { usage } from "./failure.ts";

/** Milliseconds. The unit is part of it: a bare number would be guessed wrongly. */
export function parseTime(text: string, option: string): number {
  const ms = /[a-z]/i.test(text) ? parseDurationMs(text) : undefined;
  if (ms === undefined) throw usage(`--${option} is a time such as 500ms, 30s, 10m, 12h or 7d, not '${text}'`);
  return ms;
}

/** Bytes. */
export function parseSize(text: string, option: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined) throw usage(`--${option} is a size such as 100, 64KiB or 2GiB, not '${text}'`);
  return bytes;
}

export function parseCount(text: string, option: string, least: number): number {
  const count = Number(text.replaceAll("_", "").replaceAll(",", ""));
  if (text === "" || !Number.isSafeInteger(count) || count < least)
    throw usage(`--${option} is a whole number from ${least} on, not '${text}'`);
  return count;
}

export function showSize(bytes: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let index = 0;
  while (value >= 1024 && index < names.length - 1) {
    value /= 1024;
    index++;
  }
  return `${index === 0 ? value : value.toFixed(1)} ${names[index] ?? ""}`;
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** The two largest units: `2d 3h`, `1m 30s`, `250ms`. */
export function showTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const parts: string[] = [];
  let left = Math.round(ms / 1000) * 1000;
  for (const [unit, size] of units) {
    if (parts.length === 2) break;
    const count = Math.floor(left / size);
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`);
    left -= count * size;
  }
  return parts.filter((part) => !part.startsWith("0")).join(" ");
}

export function showCount(count: number): string {
  return count.toLocaleString("en-US");
}
