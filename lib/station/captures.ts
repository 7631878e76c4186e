/**
 * What hangs in the router for stations, by their names: each filter with what captures it. Other filters take the place of a station's
 * earlier ones without a publish falling between.
 */
import type { Capture } from "../capture.ts";
import type { Message } from "../message.ts";
import { Subscription } from "../subscription.ts";
import type { Session } from "../transport.ts";

export interface CaptureTenant {
  readonly router: { add(subscription: Subscription): void; remove(subscription: Subscription): void };
  readonly system: Session;
}

export class Captures {
  readonly #tenant: CaptureTenant;
  readonly #captures: Map<string, Map<string, Subscription>> = new Map();

  constructor(tenant: CaptureTenant) {
    this.#tenant = tenant;
  }

  set(station: string, filters: ReadonlyMap<string, Capture>): void {
    const { router, system } = this.#tenant;
    const before = this.#captures.get(station) ?? new Map<string, Subscription>();
    const now: Map<string, Subscription> = new Map();
    for (const [filter, capture] of filters) {
      let subscription = before.get(filter);
      if (subscription === undefined) {
        subscription = new Subscription({ filter, session: system, label: "", capture });
        router.add(subscription);
      }
      now.set(filter, subscription);
    }
    this.#captures.set(station, now);
    for (const [filter, subscription] of before) if (!now.has(filter)) router.remove(subscription);
  }

  drop(station: string): void {
    for (const subscription of this.#captures.get(station)?.values() ?? []) this.#tenant.router.remove(subscription);
    this.#captures.delete(station);
  }
}

/** Another name for a station, for as long as nobody has that name himself. */
export class Alias implements Capture {
  readonly #name: string;
  readonly #target: () => Capture | undefined;
  readonly #isTaken: (name: string) => boolean;

  constructor(name: string, target: () => Capture | undefined, isTaken: (name: string) => boolean) {
    this.#name = name;
    this.#target = target;
    this.#isTaken = isTaken;
  }

  capture(message: Message, from: Session, token: number): boolean {
    return !this.#isTaken(this.#name) && (this.#target()?.capture(message, from, token) ?? false);
  }
}
