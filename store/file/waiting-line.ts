/**
 * Submissions that cannot be decided yet, because something they ask for is on disk. They run in order, and while one waits all that
 * comes after it waits too: outcomes keep the order of their tickets.
 */
import type { AppendRequest } from "../store.ts";
import type { FileLog } from "./file-log.ts";

/** An append and where it goes. */
export interface Part {
  readonly log: FileLog;
  readonly request: AppendRequest;
}

/** The same append with its own bytes, for one that outlives the call. */
export function copyOf(part: Part): Part {
  const { log, request } = part;
  const body = Buffer.from(request.body.subarray(request.bodyStart, request.bodyEnd));
  return { log, request: { ...request, subject: Buffer.from(request.subject), body, bodyStart: 0, bodyEnd: body.length } };
}

interface Waiting {
  readonly parts: readonly Part[];
  readonly decide: () => void;
}

export class WaitingLine {
  readonly #waiting: Waiting[] = [];
  readonly #prepare: (part: Part) => Promise<void>;
  readonly #emptied: () => void;

  /** `prepare` brings into memory what a part's decision asks for. */
  constructor(prepare: (part: Part) => Promise<void>, emptied: () => void) {
    this.#prepare = prepare;
    this.#emptied = emptied;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** `decide` runs once all parts are prepared, after all that wait already. */
  add(parts: readonly Part[], decide: () => void): void {
    this.#waiting.push({ parts, decide });
    if (this.#waiting.length === 1) void this.#run();
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      for (const part of next.parts) await this.#prepare(part);
      next.decide();
      this.#waiting.shift();
    }
    this.#emptied();
  }
}
