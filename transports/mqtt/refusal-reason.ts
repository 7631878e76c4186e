/** What a refused or failed publish is answered in PUBACK and PUBREC. */
import type { PublishOutcome } from "../../lib/transport.ts";
import { reason } from "./packet/reason.ts";

export function refusalReason(outcome: PublishOutcome): number {
  switch (outcome.code) {
    case "message_bytes_max":
      return reason.packetTooLarge;
    case "schema":
      return reason.payloadFormatInvalid;
    case "messages_max":
    case "bytes_max":
    case "messages_per_subject_max":
    case "no_space":
    case "tenant_full":
    case "duplicate_ids_full":
      return reason.quotaExceeded;
    default:
      return reason.implementationSpecific;
  }
}
