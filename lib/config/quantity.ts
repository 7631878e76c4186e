/** Durations and sizes as people write them. */

const msOf: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const bytesOf: Readonly<Record<string, number>> = {
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** Milliseconds from a number of them or a text such as `500ms`, `2s`, `1.5m`, `1h`, `7d`; undefined when it is neither. */
export function parseDurationMs(value: unknown): number | undefined {
  return parseQuantity(value, msOf);
}

/** Bytes from a number of them or a text such as `64KiB`, `8 MiB`, `1GB`; undefined when it is neither. */
export function parseBytes(value: unknown): number | undefined {
  return parseQuantity(value, bytesOf);
}

function parseQuantity(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([A-Za-z]*)$/.exec(value.trim());
  if (match === null) return undefined;
  const [, digits = "", unit = ""] = match;
  const factor = unit === "" ? 1 : units[unit.toLowerCase()];
  return factor === undefined ? undefined : Math.round(Number(digits) * factor);
}
