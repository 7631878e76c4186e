/**
 * Copies that a target has refused, until they are taken or given up. A refusal that another try can mend is tried again after a growing
 * pause; one that says the broker itself has no room is tried for ever; one that no time mends is given up at once.
 */
import type { Clock, Timer } from "../../store/environment.ts";
import type { Sequence } from "../../store/store.ts";
import type { CopyRefusal } from "./follower.ts";
import type { Refused } from "./progress.ts";
import type { Route } from "./route.ts";

/** Tries of one copy, the first included. */
export const attemptsMax = 6;
const firstPauseMs = 1_000;
const pauseMaxMs = 30_000;
/** Copies waiting at once for one station; beyond, nothing more is read before some are settled. */
const waitingMax = 4_096;

export interface Retry {
  readonly number: number;
  readonly route: Route;
  readonly sequence: Sequence;
  attempts: number;
  code: CopyRefusal;
  message: string;
  dueMs: number;
  /** Under way: not to be tried meanwhile. */
  busy: boolean;
}

export class Retries {
  readonly #clock: Clock;
  readonly #attempt: (retry: Retry) => void;
  readonly #waiting: Map<number, Retry> = new Map();
  /** How many of each record. */
  readonly #records: Map<Sequence, number> = new Map();
  #next = 1;
  #timer: Timer | undefined;
  #timerMs = Infinity;
  #changed = false;
  #closed = false;

  constructor(clock: Clock, attempt: (retry: Retry) => void) {
    this.#clock = clock;
    this.#attempt = attempt;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get full(): boolean {
    return this.#waiting.size >= waitingMax;
  }

  has(sequence: Sequence): boolean {
    return this.#records.has(sequence);
  }

  add(route: Route, sequence: Sequence, code: CopyRefusal, attempts: number, message: string = ""): void {
    const retry = { number: this.#next++, route, sequence, attempts, code, message, dueMs: 0, busy: false };
    retry.dueMs = this.#clock.monotonicMs() + pauseOf(retry);
    this.#waiting.set(retry.number, retry);
    this.#records.set(sequence, (this.#records.get(sequence) ?? 0) + 1);
    this.#changed = true;
    this.#arm(retry.dueMs);
  }

  routeOf(number: number): Route | undefined {
    return this.#waiting.get(number)?.route;
  }

  /** `final`: no more tries. */
  lastRefusal(number: number): { readonly code: CopyRefusal; readonly message: string; readonly final: boolean } {
    const retry = this.#waiting.get(number);
    if (retry === undefined) return { code: "store_failed", message: "", final: false };
    return { code: retry.code, message: retry.message, final: isFinal(retry) };
  }

  /** It was refused once more. */
  later(number: number, code: CopyRefusal, message: string = ""): void {
    const retry = this.#waiting.get(number);
    if (retry === undefined) return;
    // What could not even be given up is in no hurry.
    const pauseMs = isFinal(retry) ? pauseMaxMs : undefined;
    retry.busy = false;
    retry.attempts++;
    retry.code = code;
    retry.message = message;
    retry.dueMs = this.#clock.monotonicMs() + (pauseMs ?? pauseOf(retry));
    this.#changed = true;
    this.#arm(retry.dueMs);
  }

  /** It is settled. Returns its record; 0 when it was not there. */
  remove(number: number): Sequence {
    const retry = this.#waiting.get(number);
    if (retry === undefined) return 0;
    this.#waiting.delete(number);
    const left = (this.#records.get(retry.sequence) ?? 1) - 1;
    if (left > 0) this.#records.set(retry.sequence, left);
    else this.#records.delete(retry.sequence);
    this.#changed = true;
    return retry.sequence;
  }

  /** Tries those of routes that still are as soon as it can; the others are forgotten. */
  keep(stays: (route: string) => boolean): void {
    for (const retry of [...this.#waiting.values()]) {
      if (!stays(retry.route.name)) this.remove(retry.number);
    }
  }

  /** What is to be kept of them. */
  list(): Refused[] {
    return [...this.#waiting.values()].map(({ route, sequence, attempts }) => ({ route: route.name, sequence, attempts }));
  }

  /** Whether the list is another one than the last time this was asked. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #arm(dueMs: number): void {
    if (this.#closed || dueMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    this.#timer = this.#clock.after(Math.max(0, dueMs - this.#clock.monotonicMs()), () => this.#run());
  }

  #run(): void {
    this.#timerMs = Infinity;
    const nowMs = this.#clock.monotonicMs();
    let nextMs = Infinity;
    for (const retry of [...this.#waiting.values()]) {
      if (retry.busy) continue;
      if (retry.dueMs > nowMs) {
        nextMs = Math.min(nextMs, retry.dueMs);
        continue;
      }
      retry.busy = true;
      this.#attempt(retry);
    }
    if (nextMs < Infinity) this.#arm(nextMs);
  }
}

/** The broker's own state, which mends: never a reason to give up. */
function isTransient(code: CopyRefusal): boolean {
  return code === "no_space" || code === "store_failed" || code === "duplicate_ids_full";
}

function isFinal(retry: Retry): boolean {
  if (retry.code === "target" || retry.code === "loop") return true;
  return !isTransient(retry.code) && retry.attempts >= attemptsMax;
}

function pauseOf(retry: Retry): number {
  if (isFinal(retry)) return 0;
  return Math.min(pauseMaxMs, firstPauseMs * 2 ** Math.min(10, retry.attempts - 1));
}
