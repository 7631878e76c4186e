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
  if (value <= 0x7fffffff) return putSmall(target, at, value | 0);
  // Integer arithmetic of small numbers does not reach so far: nine digits at a time it does.
  const high = Math.floor(value / 1e9);
  const from = putDigits(target, at, high);
  let low = (value - high * 1e9) | 0;
  for (let position = from + 8; position >= from; position--) {
    const rest = (low / 10) | 0;
    target[position] = 48 + (low - rest * 10);
    low = rest;
  }
  return from + 9;
}

function putSmall(target: Buffer, at: number, value: number): number {
  let count = 2;
  for (let bound = 100; value >= bound; bound *= 10) count++;
  let position = at + count;
  let small = value;
  while (small > 0) {
    const rest = (small / 10) | 0;
    target[--position] = 48 + (small - rest * 10);
    small = rest;
  }
  return at + count;
}
