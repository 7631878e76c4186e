/** The copies under way of one station's records, in the order they were made: up to where everything is settled the station is done. */
import type { Sequence } from "../../store/store.ts";
import type { Route } from "./route.ts";

/** Copies waiting for their commit at once; then reading waits. */
export const copiesMax = 8_192;

export class Copies {
  readonly #sequences: Float64Array = new Float64Array(copiesMax);
  readonly #routes: (Route | undefined)[] = new Array<Route | undefined>(copiesMax).fill(undefined);
  /** Outcomes still to come. */
  readonly #open: Int32Array = new Int32Array(copiesMax);
  /** Numbers of the oldest copy that is not settled, and of the next one. */
  #head = 1;
  #tail = 1;

  get count(): number {
    return this.#tail - this.#head;
  }

  /** So many more can be under way. */
  get room(): number {
    return copiesMax - this.count;
  }

  /** The oldest record with a copy that is not settled; 0 = none. */
  get lowest(): Sequence {
    return this.#head === this.#tail ? 0 : (this.#sequences[this.#head % copiesMax] ?? 0);
  }

  /** The number of the copy that is about to be made. */
  get next(): number {
    return this.#tail;
  }

  /** The copy `next` was made, and `outcomes` will follow. */
  add(route: Route, sequence: Sequence, outcomes: number): void {
    const slot = this.#tail++ % copiesMax;
    this.#sequences[slot] = sequence;
    this.#routes[slot] = route;
    this.#open[slot] = outcomes;
    if (outcomes === 0) this.#advance();
  }

  routeOf(number: number): Route | undefined {
    return this.#has(number) ? this.#routes[number % copiesMax] : undefined;
  }

  sequenceOf(number: number): Sequence {
    return this.#has(number) ? (this.#sequences[number % copiesMax] ?? 0) : 0;
  }

  /** One outcome has come. */
  settle(number: number): void {
    if (!this.#has(number)) return;
    const slot = number % copiesMax;
    this.#open[slot] = (this.#open[slot] ?? 1) - 1;
    this.#advance();
  }

  #has(number: number): boolean {
    return number >= this.#head && number < this.#tail;
  }

  #advance(): void {
    while (this.#head < this.#tail && this.#open[this.#head % copiesMax] === 0) {
      this.#routes[this.#head % copiesMax] = undefined;
      this.#head++;
    }
  }
}
