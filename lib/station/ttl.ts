/**
 * How long a message lives, as its publisher writes it: whole seconds (`90`), a duration (`1h30m`, at least one second) or
 * `never`, which is to have no life of its own. The station's age limit holds for all of them. Source: ADR-43.
 */

/** What `parseTtl` answers for a text that is none of these. */
export const ttlInvalid: number = Number.NaN;

/** Longest life, about 136 years: what a record has room for. */
export const ttlSecondsMax = 0xffff_ffff;

const unitSeconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, μs: 1e-6, ns: 1e-9 };

/** Seconds: 0 = no life of its own, or `ttlInvalid` (ask with `Number.isNaN`). */
export function parseTtl(text: string): number {
  if (text.toLowerCase() === "never") return 0;
  if (/^0+$/.test(text)) return ttlInvalid;
  if (/^\d+$/.test(text)) return Number(text) <= Number.MAX_SAFE_INTEGER ? Math.min(Number(text), ttlSecondsMax) : ttlInvalid;
  const seconds = parseDuration(text);
  return seconds >= 1 ? Math.min(Math.floor(seconds), ttlSecondsMax) : ttlInvalid;
}

/** Seconds of a duration such as `1h2m3.5s`; NaN when it is none. */
export function parseDuration(text: string): number {
  if (!/^(?:\d+(?:\.\d*)?(?:h|ms|us|µs|μs|ns|m|s))+$/.test(text)) return Number.NaN;
  let seconds = 0;
  for (const part of text.matchAll(/(\d+(?:\.\d*)?)(h|ms|us|µs|μs|ns|m|s)/g)) {
    seconds += Number(part[1]) * (unitSeconds[part[2] ?? ""] ?? Number.NaN);
  }
  return seconds;
}
