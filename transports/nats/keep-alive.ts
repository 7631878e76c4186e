/**
 * Is the client still there: when to send PING, and when too many have gone unanswered. Driven by the door's tick, so that an
 * idle connection needs no timer of its own.
 */
import type { Limits } from "../../lib/limits.ts";

/** The first ping comes early. */
const firstPingMs = 2_000;

export class KeepAlive {
  /** Anything was received since the last tick. */
  heard: boolean;
  #pingsOut: number;
  #sinceHeardMs: number;
  #sincePingMs: number;
  #pinged: boolean;
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.heard = false;
    this.#pingsOut = 0;
    this.#sinceHeardMs = 0;
    this.#sincePingMs = 0;
    this.#pinged = false;
    this.#limits = limits;
  }

  ponged(): void {
    this.#pingsOut = 0;
  }

  tick(elapsedMs: number): "quiet" | "ping" | "stale" {
    this.#sinceHeardMs = this.heard ? 0 : this.#sinceHeardMs + elapsedMs;
    this.heard = false;
    this.#sincePingMs += elapsedMs;
    const limits = this.#limits;
    if (!this.#pinged) {
      if (this.#sincePingMs < Math.min(firstPingMs, limits.pingIntervalMs)) return "quiet";
      this.#pinged = true;
    } else {
      if (this.#sincePingMs < limits.pingIntervalMs) return "quiet";
      // A client that talks is alive; but one that owes a PONG is asked again all the same.
      if (this.#sinceHeardMs < limits.pingIntervalMs && this.#pingsOut === 0) {
        this.#sincePingMs = 0;
        return "quiet";
      }
    }
    this.#sincePingMs = 0;
    if (this.#pingsOut >= limits.pingsOutstandingMax) return "stale";
    this.#pingsOut++;
    return "ping";
  }
}
