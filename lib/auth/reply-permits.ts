/**
 * The reply subjects one connection may publish to because it was given messages that asked for a reply there. Bounded in number,
 * uses and time; the oldest gives way.
 */
import type { Clock } from "../../store/environment.ts";
import type { Subject } from "../router/subject.ts";
import type { ResponseRule } from "./permissions.ts";

interface Permit {
  readonly sinceMs: number;
  used: number;
}

export class ReplyPermits {
  readonly #clock: Clock;
  readonly #max: number;
  /** In order of age. */
  readonly #permits: Map<string, Permit> = new Map();

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  get size(): number {
    return this.#permits.size;
  }

  grant(buffer: Buffer, start: number, end: number): void {
    const reply = buffer.toString("utf8", start, end);
    this.#permits.delete(reply);
    if (this.#permits.size >= this.#max) {
      for (const oldest of this.#permits.keys()) {
        this.#permits.delete(oldest);
        break;
      }
    }
    this.#permits.set(reply, { sinceMs: this.#clock.monotonicMs(), used: 0 });
  }

  /** True when the subject is permitted; counts the use. */
  use(subject: Subject, rule: ResponseRule): boolean {
    if (this.#permits.size === 0) return false;
    const permit = this.#permits.get(subject.text);
    if (permit === undefined) return false;
    permit.used++;
    const usedUp = rule.max >= 0 && permit.used > rule.max;
    const expired = rule.expiresMs >= 0 && this.#clock.monotonicMs() - permit.sinceMs > rule.expiresMs;
    if (!usedUp && !expired) return true;
    this.#permits.delete(subject.text);
    return false;
  }
}
