/** Times as texts, as Go prints them: RFC 3339 in UTC, with as many digits of a fraction as it needs. */

/** Of microseconds since the epoch; 0 is Go's zero time. */
export function timeText(timeUs: number): string {
  if (timeUs === 0) return zeroTime;
  const seconds = Math.floor(timeUs / 1_000_000);
  const fraction = String(timeUs - seconds * 1_000_000)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}Z`;
}

export const zeroTime = "0001-01-01T00:00:00Z";
