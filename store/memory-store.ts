/** The store that keeps everything in memory, for logs that may die with the process. */
export { MemoryStore } from "./memory/memory-store.ts";
export type { MemoryStoreOptions } from "./memory/memory-store.ts";
