/** The keyed hash of the stores, for what is indexed above them by keys that strangers choose. */
export { hashKeyBytes, KeyedHash } from "./ledger/keyed-hash.ts";
