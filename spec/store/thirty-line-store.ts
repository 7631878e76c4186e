/**
 * A store of a third party, in thirty lines that import nothing but the package: batches of bytes in the rows of a table, which here
 * is an array. Put an `insert` and a `select` of a database in their place and it is one.
 */
import { KeptStore } from "waystation";
import type { Clock, Keeper, Random, Store } from "waystation";

/** What survives: the rows, in order of insertion. */
export class Table {
  readonly rows: Uint8Array[] = [];
}

class TableKeeper implements Keeper {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  load(): Iterable<Uint8Array> {
    return [...this.#table.rows];
  }

  async keep(batch: Uint8Array): Promise<void> {
    this.#table.rows.push(Uint8Array.from(batch));
  }
}

export function storeIn(table: Table, clock: Clock, random: Random): Store {
  return new KeptStore({ clock, random, keeper: new TableKeeper(table) });
}
