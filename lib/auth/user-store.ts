/**
 * Where users and tenants made by command are kept: one document, replaced whole. The broker keeps it in a log of its own; a test or
 * a broker in memory keeps it here.
 */

export interface UserStore {
  /** The last document saved; undefined when there is none. */
  load(): Promise<string | undefined>;
  /** Durable when it resolves. One call at a time. */
  save(document: string): Promise<void>;
}

export class MemoryUserStore implements UserStore {
  #document: string | undefined;

  constructor(document?: string) {
    this.#document = document;
  }

  load(): Promise<string | undefined> {
    return Promise.resolve(this.#document);
  }

  save(document: string): Promise<void> {
    this.#document = document;
    return Promise.resolve();
  }
}
