/** The counters of a log. A ledger keeps three: as admitted, as in the batch being written, and as visible. */
import type { LogState, Sequence } from "../store.ts";

export class LogCounts implements LogState {
  firstSequence: Sequence = 0;
  lastSequence: Sequence = 0;
  messages = 0;
  bytes = 0;
  firstTimeUs = 0;
  lastTimeUs = 0;
  lastMessageId = "";
  deletedCount = 0;

  copyFrom(other: LogCounts): void {
    this.firstSequence = other.firstSequence;
    this.lastSequence = other.lastSequence;
    this.messages = other.messages;
    this.bytes = other.bytes;
    this.firstTimeUs = other.firstTimeUs;
    this.lastTimeUs = other.lastTimeUs;
    this.lastMessageId = other.lastMessageId;
    this.deletedCount = other.deletedCount;
  }
}
