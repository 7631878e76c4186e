/** A store without logs: for specs of what needs a broker but no station. */
import { StoreError } from "../../store/store.ts";
import type { Log, Store, StoreStatus } from "../../store/store.ts";

export class EmptyStore implements Store {
  readonly abilities = { durable: false, atomicAcrossLogs: false };
  readonly congested = false;

  open(): Promise<readonly Log[]> {
    return Promise.resolve([]);
  }

  define(): Promise<Log> {
    return Promise.reject(new StoreError("failed", "an empty store keeps nothing: use another"));
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }

  appendAtomic(): number {
    return 0;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  status(): StoreStatus {
    return {
      kind: "open",
      reason: "",
      logs: 0,
      bytesOnDisk: 0,
      journalBytes: 0,
      tailBytes: 0,
      commits: 0,
      syncs: 0,
      writtenBytes: 0,
      appended: 0,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
