/** Outboxes that got bytes during this turn: one task at the end of the turn flushes them all. Shared by the doors of a broker. */
import type { Clock } from "../lib/clock.ts";

export interface Flushable {
  flush(): void;
}

export class FlushList {
  readonly #clock: Clock;
  #dirty: Flushable[];
  #spare: Flushable[];
  #scheduled: boolean;
  readonly #task: () => void;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dirty = [];
    this.#spare = [];
    this.#scheduled = false;
    this.#task = () => this.#flush();
  }

  /** The caller adds itself once a turn. */
  add(outbox: Flushable): void {
    this.#dirty.push(outbox);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(this.#task);
  }

  #flush(): void {
    this.#scheduled = false;
    const dirty = this.#dirty;
    this.#dirty = this.#spare;
    for (const outbox of dirty) outbox.flush();
    dirty.length = 0;
    this.#spare = dirty;
  }
}
