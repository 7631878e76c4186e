/** A clock for a store whose commits the spec holds back: tasks for the end of the turn wait while the gate is shut. */
import { SystemClock } from "../../lib/clock.ts";

export class GateClock extends SystemClock {
  #shut: (() => void)[] | undefined;

  override endOfTurn(task: () => void): void {
    if (this.#shut === undefined) super.endOfTurn(task);
    else this.#shut.push(task);
  }

  shut(): void {
    this.#shut = [];
  }

  open(): void {
    const tasks = this.#shut ?? [];
    this.#shut = undefined;
    for (const task of tasks) super.endOfTurn(task);
  }
}
