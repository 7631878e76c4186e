/**
 * When a schedule is due: `@at TIME` once, `@every DURATION` again and again from when it was, or six fields of cron (second, minute,
 * hour, day of month, month, day of week) in a time zone, with `@hourly` and its like for the common ones. Whatever was missed while
 * nobody looked is made up for once. Source of the language: the message schedules of nats-server.
 */
import { parseDuration } from "./ttl.ts";

export interface Due {
  /** Microseconds since the epoch. */
  readonly atUs: number;
  /** It will be due again. */
  readonly repeats: boolean;
}

const secondUs = 1_000_000;
const named: Readonly<Record<string, string>> = {
  "@yearly": "0 0 0 1 1 *",
  "@annually": "0 0 0 1 1 *",
  "@monthly": "0 0 0 1 * *",
  "@weekly": "0 0 0 * * 0",
  "@daily": "0 0 0 * * *",
  "@midnight": "0 0 0 * * *",
  "@hourly": "0 0 * * * *",
};

/** When the pattern is due next after `afterUs`, but not in a past that `nowUs` has left behind; undefined when it is none. `@at` may be past. */
export function parseSchedule(pattern: string, zone: string | undefined, afterUs: number, nowUs: number): Due | undefined {
  if (pattern.startsWith("@at ")) {
    const atUs = zone === undefined ? timeOf(pattern.slice(4)) : undefined;
    return atUs === undefined ? undefined : { atUs, repeats: false };
  }
  if (pattern.startsWith("@every ")) {
    const seconds = zone === undefined ? parseDuration(pattern.slice(7)) : Number.NaN;
    if (!(seconds >= 1)) return undefined;
    const everyUs = Math.round(seconds * secondUs);
    const atUs = roundToSecond(afterUs) + everyUs;
    return { atUs: atUs < nowUs ? roundToSecond(nowUs) + everyUs : atUs, repeats: true };
  }
  const fields = fieldsOf(named[pattern] ?? pattern);
  if (fields === undefined) return undefined;
  let atUs = nextOf(fields, zone, afterUs);
  if (atUs !== undefined && atUs < nowUs) atUs = nextOf(fields, zone, roundToSecond(nowUs));
  return atUs === undefined ? undefined : { atUs, repeats: true };
}

/** True for the name of a time zone this machine knows. */
export function zoneKnown(zone: string): boolean {
  return zone !== "" && offsetsOf(zone) !== undefined;
}

function roundToSecond(us: number): number {
  return Math.round(us / secondUs) * secondUs;
}

function timeOf(text: string): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  return Number.isNaN(ms) ? undefined : ms * 1000 + Number((match?.[2] ?? "").padEnd(6, "0").slice(0, 6));
}

interface Field {
  readonly values: ReadonlySet<number>;
  /** A star was in it. */
  readonly any: boolean;
}

interface CronFields {
  readonly second: Field;
  readonly minute: Field;
  readonly hour: Field;
  readonly day: Field;
  readonly month: Field;
  readonly weekday: Field;
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function fieldsOf(pattern: string): CronFields | undefined {
  const texts = pattern.trim().split(/\s+/);
  if (texts.length !== 6) return undefined;
  const [seconds = "", minutes = "", hours = "", days = "", months = "", weekdays = ""] = texts;
  const second = fieldOf(seconds, 0, 59, []);
  const minute = fieldOf(minutes, 0, 59, []);
  const hour = fieldOf(hours, 0, 23, []);
  const day = fieldOf(days, 1, 31, []);
  const month = fieldOf(months, 1, 12, monthNames);
  const weekday = fieldOf(weekdays, 0, 6, weekdayNames);
  if (!second || !minute || !hour || !day || !month || !weekday) return undefined;
  return { second, minute, hour, day, month, weekday };
}

/** Ranges `a`, `a-b`, `*`, each with `/step`, joined by commas. Undefined when it is none. */
function fieldOf(text: string, min: number, max: number, names: readonly string[]): Field | undefined {
  const values: Set<number> = new Set();
  let any = false;
  const numberOf = (part: string): number => {
    const name = names.indexOf(part.toLowerCase());
    return name >= 0 ? name + min : /^\d+$/.test(part) ? Number(part) : Number.NaN;
  };
  for (const range of text.split(",").filter((part) => part !== "")) {
    const [span = "", stepText, ...more] = range.split("/");
    const [low = "", high, ...others] = span.split("-");
    if (more.length > 0 || others.length > 0) return undefined;
    const star = low === "*" || low === "?";
    const step = stepText === undefined ? 1 : /^\d+$/.test(stepText) ? Number(stepText) : Number.NaN;
    const start = star ? min : numberOf(low);
    const end = star || (high === undefined && stepText !== undefined) ? max : high === undefined ? start : numberOf(high);
    if (!(start >= min && end <= max && start <= end && step > 0)) return undefined;
    for (let value = start; value <= end; value += step) values.add(value);
    if (star && step === 1) any = true;
  }
  return { values, any };
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
/** Days looked at before a pattern is given up: five years. */
const daysMax = 5 * 366;

/** The first whole second after `afterUs` that the fields match in the zone. Walks days, then hours, then minutes of local time. */
function nextOf(fields: CronFields, zone: string | undefined, afterUs: number): number | undefined {
  const offsetAt = zone === undefined ? () => 0 : offsetsOf(zone);
  if (offsetAt === undefined) return undefined;
  const firstMs = (Math.floor(afterUs / secondUs) + 1) * 1000;
  let dayLocal = Math.floor((firstMs + offsetAt(firstMs)) / dayMs) * dayMs;
  for (let days = 0; days <= daysMax; days++, dayLocal += dayMs) {
    if (!dayMatches(fields, new Date(dayLocal))) continue;
    const found = nextInDay(fields, dayLocal, firstMs, offsetAt);
    if (found !== undefined) return found * 1000;
  }
  return undefined;
}

function dayMatches({ month, day, weekday }: CronFields, date: Date): boolean {
  if (!month.values.has(date.getUTCMonth() + 1)) return false;
  const byDay = day.values.has(date.getUTCDate());
  const byWeekday = weekday.values.has(date.getUTCDay());
  return day.any || weekday.any ? byDay && byWeekday : byDay || byWeekday;
}

/** The first matching moment ≥ `firstMs` of a day of local time, UTC milliseconds. */
function nextInDay(fields: CronFields, dayLocal: number, firstMs: number, offsetAt: (ms: number) => number): number | undefined {
  let best: number | undefined;
  for (let hour = 0; hour < 24; hour++) {
    if (!fields.hour.values.has(hour)) continue;
    for (let minute = 0; minute < 60; minute++) {
      if (!fields.minute.values.has(minute)) continue;
      const local = dayLocal + hour * hourMs + minute * minuteMs;
      const offset = offsetAt(local - offsetAt(local));
      const utc = local - offset;
      // A time that the clocks jump over does not come on that day.
      if (utc + minuteMs <= firstMs || offsetAt(utc) !== offset) continue;
      for (let second = 0; second < 60; second++) {
        const moment = utc + second * 1000;
        if (moment < firstMs || !fields.second.values.has(second)) continue;
        if (best === undefined || moment < best) best = moment;
        break;
      }
      if (best !== undefined) return best;
    }
  }
  return best;
}

/** The zone's distance from UTC at a moment, milliseconds; undefined when the zone is unknown. */
function offsetsOf(zone: string): ((ms: number) => number) | undefined {
  if (zone === "UTC") return () => 0;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    return (ms) => {
      const part: Record<string, number> = {};
      for (const { type, value } of format.formatToParts(ms)) part[type] = Number(value);
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
      return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
    };
  } catch {
    return undefined;
  }
}
