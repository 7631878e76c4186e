/** Times, sizes and counts as people write and read them: `30s`, `7d`, `512MiB`, `1,000`. */
import { usage } from "./failure.ts";

const times: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const sizes: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1000 ** 4,
  tib: 1024 ** 4,
};

/** Milliseconds. A bare number is seconds. */
export function parseTime(text: string, option: string): number {
  return parse(text, times, 1000, `--${option} is a time such as 500ms, 30s, 10m, 12h or 7d, not '${text}'`);
}

/** Bytes. */
export function parseSize(text: string, option: string): number {
  return parse(text, sizes, 1, `--${option} is a size such as 100, 64KiB or 2GiB, not '${text}'`);
}

export function parseCount(text: string, option: string, least: number): number {
  const count = Number(text.replaceAll("_", "").replaceAll(",", ""));
  if (text === "" || !Number.isSafeInteger(count) || count < least)
    throw usage(`--${option} is a whole number from ${least} on, not '${text}'`);
  return count;
}

function parse(text: string, units: Readonly<Record<string, number>>, bare: number, sentence: string): number {
  const parts = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text);
  const unit = (parts?.[2] ?? "").toLowerCase();
  const factor = unit === "" ? bare : units[unit];
  if (parts === null || factor === undefined) throw usage(sentence);
  return Math.round(Number(parts[1]) * factor);
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

/** The two largest units: `2d 3h`, `1m 30s`, `250ms`. */
export function showTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const parts: string[] = [];
  let left = Math.round(ms / 1000) * 1000;
  for (const [unit, size] of Object.entries(times).toReversed()) {
    if (unit === "w" || unit === "ms" || parts.length === 2) continue;
    const count = Math.floor(left / size);
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`);
    left -= count * size;
  }
  return parts.filter((part) => !part.startsWith("0")).join(" ");
}

export function showCount(count: number): string {
  return count.toLocaleString("en-US");
}
