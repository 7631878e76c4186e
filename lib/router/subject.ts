/**
 * The hot currency of the broker: a subject met before, with everything that was ever derived from its bytes. Interned in a
 * bounded table (`subject-table.ts`); an unusual one-off subject (a reply, an ack) travels as a transient entry that is reused.
 * Nobody may keep a transient Subject beyond the call it was given in; an interned one never changes its bytes.
 */
import type { Matches } from "./matches.ts";

export class Subject {
  /** Exactly the subject, no more. */
  bytes: Buffer;
  /** True when the object is reused for the next one-off subject. */
  readonly transient: boolean;
  /** For the router alone: its last answer, whose it is, and up to which change it is known to be right. Ask `router.match`. */
  matches: Matches | undefined;
  matchedBy: object | undefined;
  matchedAt: number;
  family: number;
  familyGeneration: number;
  /** Publish permission as cached by `lib/auth`: the permission set it was computed for, and the verdict. */
  permissionSet: object | undefined;
  permissionVerdict: boolean;
  #text: string | undefined;

  constructor(bytes: Buffer, transient: boolean) {
    this.bytes = bytes;
    this.transient = transient;
    this.matches = undefined;
    this.matchedBy = undefined;
    this.matchedAt = -1;
    this.family = -1;
    this.familyGeneration = -1;
    this.permissionSet = undefined;
    this.permissionVerdict = false;
    this.#text = undefined;
  }

  /** The subject as text (bytes that are not UTF-8 show as U+FFFD). */
  get text(): string {
    return (this.#text ??= this.bytes.toString("utf8"));
  }

  /** Reuses a transient entry for other bytes. */
  become(bytes: Buffer): void {
    this.bytes = bytes;
    this.matches = undefined;
    this.matchedBy = undefined;
    this.permissionSet = undefined;
    this.#text = undefined;
  }
}
