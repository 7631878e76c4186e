/** The real randomness, and ids drawn from any Random by nanoid's own method. */
import { randomFillSync } from "node:crypto";
import { customRandom } from "nanoid";
import type { Random } from "../store/environment.ts";

export type { Random } from "../store/environment.ts";

export class SystemRandom implements Random {
  fill(bytes: Uint8Array): void {
    randomFillSync(bytes);
  }

  fraction(): number {
    return Math.random();
  }
}

const idAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A maker of ids of `length` characters from `0-9A-Za-z`. */
export function idMaker(random: Random, length: number): () => string {
  return customRandom(idAlphabet, length, (bytes) => {
    const buffer = new Uint8Array(bytes);
    random.fill(buffer);
    return buffer;
  });
}
