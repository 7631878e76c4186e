/**
 * Whether a push group may send now: somebody must be there, the window of unconfirmed bytes must be open, the rate must allow it.
 * The window starts at 2 MiB and doubles with each confirmation up to 32 MiB; half of it sent, a confirmation is asked for.
 */
import type { PushConfig } from "./config.ts";
import type { PushSink } from "./sink.ts";
import { Pull } from "./pulls.ts";

const windowStart = 2 * 1024 * 1024;
const windowMax = 32 * 1024 * 1024;
export class PushFlow {
  readonly config: PushConfig;
  readonly sink: PushSink;
  /** Deliveries are made through one pull that never ends. */
  readonly pull: Pull;
  /** Its receiver had no room. */
  blocked = false;
  #window = windowStart;
  #unconfirmed = 0;
  #asked = 0;
  #askedBytes = 0;
  #nextId = 1;
  #bucketBits = 0;
  #bucketMs = 0;

  constructor(config: PushConfig, sink: PushSink, nowMs: number) {
    this.config = config;
    this.sink = sink;
    this.pull = new Pull({ sink, batch: Infinity, bytesMax: 0, noWait: false, expiresMs: 0, heartbeatMs: 0 }, nowMs);
    this.#bucketBits = config.rateLimitBits;
    this.#bucketMs = nowMs;
  }

  /** The receiver owes a confirmation with this number; 0 = none. */
  get stalled(): number {
    return this.#asked;
  }

  get active(): boolean {
    return !this.sink.gone;
  }

  mayDeliver(nowMs: number): boolean {
    if (this.blocked || this.sink.gone) return false;
    if (this.config.flowControl && this.#unconfirmed > this.#window) return false;
    return this.#rateWaitMs(nowMs) <= 0;
  }

  /** Milliseconds until the rate allows the next one; 0 = now. */
  rateWaitMs(nowMs: number): number {
    return Math.max(0, this.#rateWaitMs(nowMs));
  }

  /** So many bytes went out. Asks for a confirmation when half the window is used. */
  sent(bytes: number): void {
    if (this.config.rateLimitBits > 0) this.#bucketBits -= bytes * 8;
    if (!this.config.flowControl) return;
    this.#unconfirmed += bytes;
    if (this.#asked !== 0) {
      if (this.#unconfirmed - this.#askedBytes >= this.#window) this.#askedBytes += bytes;
      return;
    }
    if (this.#unconfirmed <= this.#window / 2) return;
    this.#asked = this.#nextId++;
    this.#askedBytes = this.#unconfirmed;
    this.sink.flowRequest(this.#asked);
  }

  /** The receiver confirms. False when it is not what was asked last. */
  confirm(id: number): boolean {
    if (id !== this.#asked || id === 0) return false;
    this.#window = Math.min(this.#window * 2, windowMax);
    this.#unconfirmed = Math.max(0, this.#unconfirmed - this.#askedBytes);
    this.#asked = this.#askedBytes = 0;
    return true;
  }

  /** Another receiver may be there now: nothing is owed. */
  forget(): void {
    this.#unconfirmed = this.#asked = this.#askedBytes = 0;
  }

  #rateWaitMs(nowMs: number): number {
    const limit = this.config.rateLimitBits;
    if (limit === 0) return 0;
    this.#bucketBits = Math.min(limit, this.#bucketBits + ((nowMs - this.#bucketMs) / 1000) * limit);
    this.#bucketMs = nowMs;
    return this.#bucketBits > 0 ? 0 : Math.max(1, (-this.#bucketBits / limit) * 1000);
  }
}
