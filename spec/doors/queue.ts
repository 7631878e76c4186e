/** Deliveries that come by themselves, taken one at a time. */
export class Arrivals<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;

  push(arrival: T): void {
    this.#waiting.push(arrival);
    this.#wake?.();
  }

  /** Undefined when none comes in time. */
  async next(waitMs: number): Promise<T | undefined> {
    const deadline = performance.now() + waitMs;
    while (this.#waiting.length === 0) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    return this.#waiting.shift();
  }
}
