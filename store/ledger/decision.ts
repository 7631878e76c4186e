/** What a ledger decided about one append. One object per ledger, reused. */
import type { Outcome, Sequence } from "../store.ts";

export class Decision {
  kind: "stored" | "duplicate" | "mismatch" | "limit" = "stored";
  detail: Outcome["detail"] = "";
  /** As `Outcome.sequence`. */
  sequence: Sequence = 0;
  lastMessageId = "";
  /** Of a stored record: its time and what limits count for it. */
  timeUs = 0;
  bytes = 0;
}
