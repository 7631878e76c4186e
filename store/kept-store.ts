/** A durable store over anything that keeps batches of bytes. */
export { KeptStore } from "./kept/kept-store.ts";
export type { Keeper, KeptStoreOptions } from "./kept/kept-store.ts";
