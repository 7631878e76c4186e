/**
 * PubAck: what a publisher into a station is answered, as JSON rendered straight into bytes. The words and numbers are JetStream's;
 * clients and their tests compare them.
 *
 *     {"stream":"S","seq":7}   {"stream":"S","seq":7,"duplicate": true}
 *     {"stream":"S","seq":9,"batch":"b1","count":2}   nothing at all for a message that waits for the rest of its batch
 *     {"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 2"},"stream":"S","seq":0}
 */
import type { PublishOutcome, PublishRefusal } from "../../lib/transport.ts";
import { putBytes, putDigits } from "../bytes.ts";

const duplicateBytes = Buffer.from(',"duplicate": true}');

export class AckRenderer {
  /** The last rendered ack is `buffer[0, end)`. */
  buffer: Buffer;
  end: number;
  /** `{"stream":"S","seq":` of the station rendered last: mostly the next one's too. */
  #station: string;
  #prefixBytes: number;

  /** What follows the station's name: its domain, when it has one. */
  readonly #domain: string;

  constructor(domain = "") {
    this.#domain = domain === "" ? "" : `,"domain":${JSON.stringify(domain)}`;
    this.buffer = Buffer.allocUnsafeSlow(512);
    this.end = 0;
    this.#station = "";
    this.#prefixBytes = 0;
  }

  render(outcome: PublishOutcome): void {
    if (outcome.kind === "refused" || outcome.kind === "failed") {
      this.#renderError(outcome);
      return;
    }
    if (outcome.kind === "staged") {
      this.end = 0;
      return;
    }
    if (outcome.sum !== "" && outcome.batchCount === 0) {
      this.#prefixBytes = 0;
      this.end = this.#write(
        `{"stream":${JSON.stringify(outcome.station)}${this.#domain},"seq":${outcome.sequence},"val":"${outcome.sum}"}`,
      );
      return;
    }
    if (outcome.batchCount > 0) {
      const { station, sequence, batch, batchCount } = outcome;
      this.#prefixBytes = 0;
      this.end = this.#write(
        `{"stream":${JSON.stringify(station)}${this.#domain},"seq":${sequence}${outcome.kind === "duplicate" ? ',"duplicate": true' : ""},"batch":${JSON.stringify(batch)},"count":${batchCount}}`,
      );
      return;
    }
    if (outcome.station !== this.#station || this.#prefixBytes === 0) this.#setStation(outcome.station);
    const buffer = this.buffer;
    let at = putDigits(buffer, this.#prefixBytes, outcome.sequence);
    if (outcome.kind === "duplicate") {
      at = putBytes(buffer, at, duplicateBytes, 0, duplicateBytes.length);
    } else {
      buffer[at++] = 0x7d;
    }
    this.end = at;
  }

  #setStation(station: string): void {
    this.#station = station;
    this.#prefixBytes = this.#write(`{"stream":${JSON.stringify(station)}${this.#domain},"seq":`);
  }

  #renderError(outcome: PublishOutcome): void {
    this.#prefixBytes = 0;
    const refusal = publishError(outcome);
    this.end = this.#write(
      `{"error":{"code":${refusal.code},"err_code":${refusal.errorCode},"description":${JSON.stringify(refusal.description)}}` +
        `,"stream":${JSON.stringify(outcome.station)},"seq":0}`,
    );
  }

  /** Room for what follows a prefix is kept. */
  #write(text: string): number {
    const bytes = Buffer.byteLength(text);
    if (bytes + 64 > this.buffer.length) this.buffer = Buffer.allocUnsafeSlow(2 * (bytes + 64));
    return this.buffer.write(text);
  }
}

/** A payload that does not fit its station's schema: a number of our own, above all that NATS uses. */
export const schemaErrorCode = 10900;

export interface PublishError {
  readonly code: number;
  readonly errorCode: number;
  readonly description: string;
}

/** JetStream's words for a publish that was not taken. */
export function publishError(outcome: PublishOutcome): PublishError {
  const code: PublishRefusal = outcome.code ?? "store_failed";
  switch (code) {
    case "wrong_station":
      return { code: 400, errorCode: 10060, description: "expected stream does not match" };
    case "wrong_last_sequence":
    case "wrong_last_subject_sequence":
      return { code: 400, errorCode: 10071, description: `wrong last sequence: ${outcome.lastSequence}` };
    case "wrong_last_message_id":
      return { code: 400, errorCode: 10070, description: `wrong last msg ID: ${outcome.lastMessageId}` };
    case "messages_max":
      return { code: 503, errorCode: 10077, description: "maximum messages exceeded" };
    case "bytes_max":
      return { code: 503, errorCode: 10077, description: "maximum bytes exceeded" };
    case "messages_per_subject_max":
      return { code: 503, errorCode: 10077, description: "maximum messages per subject exceeded" };
    case "message_bytes_max":
      return { code: 400, errorCode: 10054, description: "message size exceeds maximum allowed" };
    case "sealed":
      return { code: 400, errorCode: 10109, description: "invalid operation on sealed stream" };
    case "rollup_denied":
      return { code: 500, errorCode: 10111, description: "rollup not permitted" };
    case "rollup_invalid":
      return { code: 500, errorCode: 10111, description: outcome.message };
    case "ttl_denied":
      return { code: 400, errorCode: 10166, description: "per-message TTL is disabled" };
    case "ttl_invalid":
      return { code: 400, errorCode: 10165, description: "invalid per-message TTL" };
    case "batch_denied":
      return { code: 400, errorCode: 10174, description: "atomic publish is disabled" };
    case "batch_sequence_missing":
      return { code: 400, errorCode: 10175, description: "atomic publish sequence is missing" };
    case "batch_incomplete":
      return { code: 400, errorCode: 10176, description: "atomic publish batch is incomplete" };
    case "batch_header":
      return { code: 400, errorCode: 10177, description: `atomic publish unsupported header used: ${outcome.message}` };
    case "batch_id_invalid":
      return { code: 400, errorCode: 10179, description: "atomic publish batch ID is invalid" };
    case "batch_too_large":
      return { code: 400, errorCode: 10199, description: "atomic publish batch is too large: 1000" };
    case "batch_commit_invalid":
      return { code: 400, errorCode: 10200, description: "atomic publish batch commit is invalid" };
    case "batch_duplicate_id":
      return { code: 400, errorCode: 10201, description: "atomic publish batch contains duplicate message id" };
    case "batches_max":
      return { code: 429, errorCode: 10210, description: "atomic publish too many inflight" };
    case "level_not_met":
      return { code: 412, errorCode: 10185, description: "JetStream minimum api level required" };
    case "fast_batch_denied":
      return { code: 400, errorCode: 10205, description: "batch publish is disabled" };
    case "fast_batch_pattern_invalid":
      return { code: 400, errorCode: 10206, description: "batch publish pattern is invalid" };
    case "fast_batch_id_invalid":
      return { code: 400, errorCode: 10207, description: "batch publish ID is invalid" };
    case "fast_batch_unknown":
      return { code: 400, errorCode: 10208, description: "batch publish ID unknown" };
    case "fast_batches_max":
      return { code: 429, errorCode: 10211, description: "batch publish too many inflight" };
    case "counter_denied":
      return { code: 400, errorCode: 10168, description: "message counters is disabled" };
    case "counter_increment_missing":
      return { code: 400, errorCode: 10169, description: "message counter increment is missing" };
    case "counter_payload":
      return { code: 400, errorCode: 10170, description: "message counter has payload" };
    case "counter_increment_invalid":
      return { code: 400, errorCode: 10171, description: "message counter increment is invalid" };
    case "counter_broken":
      return { code: 400, errorCode: 10172, description: "message counter is broken" };
    case "counters_busy":
      return { code: 503, errorCode: 10023, description: "insufficient resources" };
    case "schedule_denied":
      return { code: 400, errorCode: 10188, description: "message schedules is disabled" };
    case "schedule_pattern_invalid":
      return { code: 400, errorCode: 10189, description: "message schedules pattern is invalid" };
    case "schedule_target_invalid":
      return { code: 400, errorCode: 10190, description: "message schedules target is invalid" };
    case "schedule_ttl_invalid":
      return { code: 400, errorCode: 10191, description: "message schedules invalid per-message TTL" };
    case "schedule_rollup_invalid":
      return { code: 400, errorCode: 10192, description: "message schedules invalid rollup" };
    case "schedule_source_invalid":
      return { code: 400, errorCode: 10203, description: "message schedules source is invalid" };
    case "schedule_scheduler_invalid":
      return { code: 400, errorCode: 10212, description: "message schedules invalid scheduler" };
    case "schedule_zone_invalid":
      return { code: 400, errorCode: 10223, description: "message schedules time zone is invalid" };
    case "source_header_denied":
      return { code: 400, errorCode: 10227, description: "message stream source header is not allowed" };
    case "no_space":
      return { code: 500, errorCode: 10047, description: "insufficient storage resources available" };
    case "tenant_full":
      return { code: 400, errorCode: 10002, description: "resource limits exceeded for account" };
    case "bad_header":
      return { code: 400, errorCode: 10193, description: outcome.message };
    case "schema":
      return { code: 400, errorCode: schemaErrorCode, description: outcome.message };
    case "duplicate_ids_full":
    case "store_failed":
      return { code: 503, errorCode: 10077, description: outcome.message };
  }
}
