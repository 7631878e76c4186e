/** A store in thirty lines, of what the package gives: memory, with every append counted. Start from here. */
import { MemoryStore } from "waystation";
import type { Clock, Log, LogDefinition, Random, Store, StoreAbilities, StoreEvents, StoreStatus, Ticket } from "waystation";

export class CountingStore implements Store {
  readonly abilities: StoreAbilities;
  readonly #inner: MemoryStore;
  /** Logs ever defined. */
  defined = 0;

  constructor(clock: Clock, random: Random) {
    this.#inner = new MemoryStore({ clock, random });
    this.abilities = this.#inner.abilities;
  }

  get congested(): boolean {
    return this.#inner.congested;
  }

  open = (events: StoreEvents): Promise<readonly Log[]> => this.#inner.open(events);
  drop = (log: Log, revision: number): Promise<void> => this.#inner.drop(log, revision);
  appendAtomic = (parts: Parameters<Store["appendAtomic"]>[0]): Ticket => this.#inner.appendAtomic(parts);
  flush = (): Promise<void> => this.#inner.flush();
  status = (): StoreStatus => this.#inner.status();
  close = (): Promise<void> => this.#inner.close();

  define(definition: LogDefinition, revision: number): Promise<Log> {
    this.defined++;
    return this.#inner.define(definition, revision);
  }
}
