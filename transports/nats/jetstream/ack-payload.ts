/** What an acknowledgement says: the payload of a message to `$JS.ACK.…`, told apart by its bytes. Only naks and terms are read further. */

export type AckKind = "ack" | "nak" | "progress" | "next" | "term" | "unknown";

const words: readonly (readonly [kind: AckKind, text: Buffer, whole: boolean])[] = [
  ["ack", Buffer.from("+ACK"), true],
  ["ack", Buffer.from("+OK"), true],
  ["next", Buffer.from("+NXT"), false],
  ["nak", Buffer.from("-NAK"), false],
  ["progress", Buffer.from("+WPI"), true],
  ["term", Buffer.from("+TERM"), false],
];

export function ackKind(body: Buffer, start: number, end: number): AckKind {
  if (start === end) return "ack";
  for (const [kind, text, whole] of words) {
    const length = text.length;
    if (end - start < length || (whole && end - start !== length)) continue;
    let index = 0;
    while (index < length && body[start + index] === text[index]) index++;
    if (index === length) return kind;
  }
  return "unknown";
}

/** The delay of `-NAK {"delay": nanoseconds}` or `-NAK 1m30s`, milliseconds; 0 without one, or with one that cannot be read. */
export function nakDelayMs(argument: string): number {
  const text = argument.trim();
  if (text === "") return 0;
  if (!text.startsWith("{")) return goDurationMs(text) ?? 0;
  try {
    const value: unknown = JSON.parse(text);
    const delay = typeof value === "object" && value !== null && "delay" in value ? value.delay : 0;
    return typeof delay === "number" && delay > 0 ? delay / 1e6 : 0;
  } catch {
    return 0;
  }
}

const unitMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration as Go writes it; undefined when it is none. */
export function goDurationMs(text: string): number | undefined {
  if (!/^\+?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) total += Number(number) * (unitMs[unit ?? ""] ?? 0);
  return total;
}
