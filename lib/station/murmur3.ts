/** MurmurHash3, 32 bits (x86 variant), of bytes: where a key belongs among partitions. Clients of Memphis compute the same. */

const c1 = 0xcc9e2d51;
const c2 = 0x1b873593;

/** Unsigned. */
export function murmur3(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed;
  const whole = start + ((end - start) & ~3);
  for (let at = start; at < whole; at += 4) {
    hash ^= mixed((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  const left = end - whole;
  if (left > 2) tail = (bytes[whole + 2] ?? 0) << 16;
  if (left > 1) tail |= (bytes[whole + 1] ?? 0) << 8;
  if (left > 0) hash ^= mixed(tail | (bytes[whole] ?? 0));
  hash ^= end - start;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mixed(word: number): number {
  const product = Math.imul(word, c1);
  return Math.imul((product << 15) | (product >>> 17), c2);
}
