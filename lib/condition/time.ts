/** The two constants of time a condition may write: `timestamp("2026-01-31T12:00:00Z")` and `duration("1h30m")`, in milliseconds. */

const timestampForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const durationForm = /^-?(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|ns))+$/;
const durationPart = /(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g;
const unitMs: ReadonlyMap<string, number> = new Map([
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
  ["us", 1e-3],
  ["ns", 1e-6],
]);

/** Milliseconds since the epoch; undefined when the text is no RFC 3339 time. */
export function timestampOf(text: string): number | undefined {
  const ms = timestampForm.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Milliseconds; undefined when the text is no duration. */
export function durationOf(text: string): number | undefined {
  if (text.length > 64 || !durationForm.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(durationPart)) ms += Number(amount) * (unitMs.get(unit ?? "") ?? 0);
  return text.startsWith("-") ? -ms : ms;
}
