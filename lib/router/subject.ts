/**
 * The hot currency of the broker: a subject met before, with everything that was ever derived from its bytes. Interned in a
 * bounded table (`subject-table.ts`); an unusual one-off subject (a reply, an ack) travels as a transient entry that is reused.
 * Nobody may keep a Subject beyond the call it was given in without `retain`-ing a copy of its text.
 */
import type { Matches } from "./matches.ts";

export class Subject {
  /** Exactly the subject, no more. For a transient subject a view into somebody's chunk. */
  bytes: Buffer;
  /** True when the object is reused for the next one-off subject. */
  readonly transient: boolean;
  /** Cached by the router; check `matchesGeneration` first, or better call `router.match`. */
  matches: Matches | undefined;
  matchesGeneration: number;
  /** Publish permission as cached by `lib/auth`: the permission set it was computed for, and the verdict. */
  permissionSet: object | undefined;
  permissionVerdict: boolean;
  #text: string | undefined;

  constructor(bytes: Buffer, transient: boolean) {
    this.bytes = bytes;
    this.transient = transient;
    this.matches = undefined;
    this.matchesGeneration = -1;
    this.permissionSet = undefined;
    this.permissionVerdict = false;
    this.#text = undefined;
  }

  /** The subject as text (Latin-1 when it is not UTF-8 is never produced: bytes are decoded as UTF-8). */
  get text(): string {
    return (this.#text ??= this.bytes.toString("utf8"));
  }

  /** Reuses a transient entry for other bytes. */
  become(bytes: Buffer): void {
    this.bytes = bytes;
    this.matches = undefined;
    this.matchesGeneration = -1;
    this.permissionSet = undefined;
    this.#text = undefined;
  }
}
