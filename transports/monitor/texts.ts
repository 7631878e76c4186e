/** Durations as the monitoring documents of NATS write them, because scripts read them. */

const secondUs = 1_000_000;
const minuteS = 60;
const hourS = 3_600;
const dayS = 86_400;
const yearS: number = 365 * dayS;

/** Whole seconds, from years down: `2s`, `3m0s`, `1d2h0m5s`. */
export function uptimeText(us: number): string {
  let seconds = Math.max(0, Math.floor(us / secondUs));
  const years = Math.floor(seconds / yearS);
  seconds -= years * yearS;
  const days = Math.floor(seconds / dayS);
  seconds -= days * dayS;
  const hours = Math.floor(seconds / hourS);
  seconds -= hours * hourS;
  const minutes = Math.floor(seconds / minuteS);
  seconds -= minutes * minuteS;
  if (years > 0) return `${years}y${days}d${hours}h${minutes}m${seconds}s`;
  if (days > 0) return `${days}d${hours}h${minutes}m${seconds}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  if (minutes > 0) return `${minutes}m${seconds}s`;
  return `${seconds}s`;
}

/** A short time in its largest unit: `990µs`, `14.164ms`, `1.5s`. */
export function shortTimeText(us: number): string {
  if (us < 1_000) return `${Math.round(us)}µs`;
  if (us < secondUs) return `${trimmed(us / 1_000)}ms`;
  return `${trimmed(us / secondUs)}s`;
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(6)));
}
