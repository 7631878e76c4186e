/** One line on stderr that follows long work, on a terminal only; it is gone when the work is done. */
import type { Terminal } from "./terminal.ts";

export class Progress {
  readonly #terminal: Terminal;
  readonly #label: string;
  #shownMs = 0;

  constructor(terminal: Terminal, label: string) {
    this.#terminal = terminal;
    this.#label = label;
  }

  /** At most ten times a second, whoever calls how often. `total` 0: unknown. */
  update(done: number, total: number): void {
    if (!this.#terminal.progress) return;
    const now = performance.now();
    if (now - this.#shownMs < 100) return;
    this.#shownMs = now;
    const share = total > 0 ? ` ${Math.floor((100 * done) / total)}%` : ` ${done.toLocaleString("en-US")}`;
    this.#terminal.trace(`\r\u001B[K${this.#label}${share}`);
  }

  end(): void {
    if (this.#terminal.progress) this.#terminal.trace("\r\u001B[K");
  }
}
