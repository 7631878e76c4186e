/** Writing bytes and numbers in place: the two acts every encoder consists of. Each returns where the next byte goes. */

/** Below this many bytes a loop is faster than a copy. */
const loopBytesMax = 48;

/** Copies `source[start, end)` to `target[at…]`. The caller has made sure of room. */
export function putBytes(target: Buffer, at: number, source: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length < loopBytesMax) {
    for (let index = start; index < end; index++) target[at++] = source[index] as number;
    return at;
  }
  source.copy(target, at, start, end);
  return at + length;
}

/** Writes a text of Latin-1 characters, one byte each. */
export function putLatin1(target: Buffer, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) target[at++] = text.charCodeAt(index);
  return at;
}

/** Writes a whole number ≥ 0, up to 2^53, in decimal. */
export function putDigits(target: Buffer, at: number, value: number): number {
  if (value < 10) {
    target[at] = 48 + value;
    return at + 1;
  }
  let count = 2;
  for (let bound = 100; value >= bound; bound *= 10) count++;
  let position = at + count;
  // Above 2^31 integer arithmetic of small numbers no longer applies: take the high digits off first.
  while (value > 0x7fffffff) {
    const rest = Math.floor(value / 10);
    target[--position] = 48 + (value - rest * 10);
    value = rest;
  }
  let small = value | 0;
  while (small > 0) {
    const rest = (small / 10) | 0;
    target[--position] = 48 + (small - rest * 10);
    small = rest;
  }
  return at + count;
}
