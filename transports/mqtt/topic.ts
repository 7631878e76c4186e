/**
 * MQTT topics as subjects and back, without loss: every topic has exactly one subject and every subject made from a topic leads
 * back to it. `/` is the escape character inside tokens, because no MQTT level can hold one. A superset of nats-server's mapping.
 *
 *   level ""  → token "/"      "." → "//"   blank → "/s"   TAB LF CR FF DEL → "/t" "/n" "/r" "/f" "/d"
 *   level "*" → token "/a"     level ">" → token "/g"      levels are joined by "."
 *
 * Topics that begin with `$` live below `$MQTT.`, so that no MQTT client reaches the broker's own `$` subjects.
 * A subject no topic maps to is shown one way only: a stray `/`, `+` or `#` in it becomes %2F, %2B, %23.
 */

const slash = 0x2f;
const dot = 0x2e;
const star = 0x2a;
const greater = 0x3e;
const dollar = 0x24;
const dollarPrefix = Buffer.from("$MQTT.");

/** The letter after `/` for bytes that a subject may not hold; 0 = none needed. */
const escapeOf: Uint8Array = new Uint8Array(256);
const unescapeOf: Uint8Array = new Uint8Array(256);
for (const [byte, letter] of [
  [dot, "/"],
  [0x20, "s"],
  [0x09, "t"],
  [0x0a, "n"],
  [0x0d, "r"],
  [0x0c, "f"],
  [0x7f, "d"],
] as const) {
  escapeOf[byte] = letter.charCodeAt(0);
  unescapeOf[letter.charCodeAt(0)] = byte;
}

/** The most bytes `writeSubject` may write for a topic of so many bytes. */
export function subjectBytesMax(topicBytes: number): number {
  return topicBytes * 2 + 2 + dollarPrefix.length;
}

/** Writes the subject of `topic[start..end)` at the beginning of `target`; returns its length. */
export function writeSubject(target: Buffer, topic: Buffer, start: number, end: number): number {
  let at = topic[start] === dollar && end > start ? dollarPrefix.copy(target, 0) : 0;
  let levelStart = start;
  for (let i = start; i <= end; i++) {
    const byte = i === end ? slash : topic[i]!;
    if (byte !== slash) {
      const escape = escapeOf[byte]!;
      if (escape !== 0) {
        target[at++] = slash;
        target[at++] = escape;
      } else target[at++] = byte;
      continue;
    }
    if (i === levelStart) target[at++] = slash;
    else if (i === levelStart + 1 && (topic[levelStart] === star || topic[levelStart] === greater)) {
      at--;
      target[at++] = slash;
      target[at++] = topic[levelStart] === star ? 0x61 : 0x67;
    }
    if (i < end) target[at++] = dot;
    levelStart = i + 1;
  }
  return at;
}

export function subjectOfTopic(topic: string): string {
  const bytes = Buffer.from(topic, "utf8");
  const target = Buffer.allocUnsafe(subjectBytesMax(bytes.length));
  return target.toString("utf8", 0, writeSubject(target, bytes, 0, bytes.length));
}

/** The topic that subject bytes show as. A new buffer. */
export function topicOfSubject(subject: Buffer, start = 0, end: number = subject.length): Buffer {
  if (
    subject[start] === dollar &&
    end - start > dollarPrefix.length &&
    subject.compare(dollarPrefix, 0, dollarPrefix.length, start, start + dollarPrefix.length) === 0
  ) {
    start += dollarPrefix.length;
  }
  const target = Buffer.allocUnsafe((end - start) * 3);
  let at = 0;
  let tokenStart = start;
  for (let i = start; i <= end; i++) {
    if (i !== end && subject[i] !== dot) continue;
    at = writeLevel(target, at, subject, tokenStart, i);
    if (i < end) target[at++] = slash;
    tokenStart = i + 1;
  }
  return target.subarray(0, at);
}

function writeLevel(target: Buffer, at: number, subject: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length === 1 && subject[start] === slash) return at;
  if (length === 2 && subject[start] === slash && (subject[start + 1] === 0x61 || subject[start + 1] === 0x67)) {
    target[at++] = subject[start + 1] === 0x61 ? star : greater;
    return at;
  }
  for (let i = start; i < end; i++) {
    const byte = subject[i]!;
    if (byte === slash) {
      const plain = i + 1 < end ? unescapeOf[subject[i + 1]!]! : 0;
      if (plain !== 0) {
        target[at++] = plain;
        i++;
      } else at += target.write("%2F", at);
    } else if (byte === 0x2b) at += target.write("%2B", at);
    else if (byte === 0x23) at += target.write("%23", at);
    else target[at++] = byte;
  }
  return at;
}

/** A level after the first: a `$` there is an ordinary character. */
function levelToken(level: string): string {
  return level.startsWith("$") ? `$${level.length === 1 ? "" : subjectOfTopic(`x${level.slice(1)}`).slice(1)}` : subjectOfTopic(level);
}

/** A topic filter as the core understands it. */
export interface MappedFilter {
  readonly filter: string;
  /** `a/#` matches `a` too. */
  readonly parentToo: boolean;
  /** A filter that begins with a wildcard matches no topic that begins with `$` (MQTT-4.7.2-1). */
  readonly noDollar: boolean;
}

/** Undefined when the filter is not well formed (MQTT 5 §4.7.1). */
export function mapFilter(topicFilter: string): MappedFilter | undefined {
  if (topicFilter === "" || topicFilter.includes("\0")) return undefined;
  const levels = topicFilter.split("/");
  const tokens: string[] = [];
  let parentToo = false;
  for (const [index, level] of levels.entries()) {
    if (level === "#") {
      if (index !== levels.length - 1) return undefined;
      parentToo = index > 0;
      tokens.push(">");
    } else if (level === "+") tokens.push("*");
    else if (level.includes("#") || level.includes("+")) return undefined;
    else if (index === 0) tokens.push(subjectOfTopic(level));
    else tokens.push(levelToken(level));
  }
  return { filter: tokens.join("."), parentToo, noDollar: topicFilter.startsWith("+") || topicFilter.startsWith("#") };
}

/** `$share/GROUP/FILTER` in its parts; undefined when it is no shared subscription; `invalid` when it is a broken one. */
export function parseShare(topicFilter: string): { readonly group: string; readonly filter: string } | "invalid" | undefined {
  if (!topicFilter.startsWith("$share/")) return undefined;
  const end = topicFilter.indexOf("/", 7);
  if (end < 0) return "invalid";
  const group = topicFilter.slice(7, end);
  const filter = topicFilter.slice(end + 1);
  if (group === "" || filter === "" || /[+#]/.test(group)) return "invalid";
  return { group, filter };
}
