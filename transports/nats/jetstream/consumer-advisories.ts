/** Tells whoever listens what happens to consumers: JetStream's advisories and metrics, published only when somebody does. */
import type { Clock } from "../../../store/environment.ts";
import type { Tenant } from "../../../lib/tenant.ts";
import { encodeAnswer, timeText, zeroTime } from "./json.ts";

const advisory = "io.nats.jetstream.advisory.v1.";
const metric = "io.nats.jetstream.metric.v1.";

/** Advisories waiting for the end of their turn at most; more are dropped: they are a courtesy. */
const waitingMax = 4096;

export class ConsumerAdvisories {
  readonly #tenant: Tenant;
  readonly #clock: Clock;
  readonly #makeId: () => string;
  #waiting: { subject: string; body: string }[] = [];

  constructor(tenant: Tenant, clock: Clock, makeId: () => string) {
    this.#tenant = tenant;
    this.#clock = clock;
    this.#makeId = makeId;
  }

  acted(stream: string, consumer: string, action: "create" | "delete"): void {
    const verb = action === "create" ? "CREATED" : "DELETED";
    this.#tell(`$JS.EVENT.ADVISORY.CONSUMER.${verb}.${stream}.${consumer}`, `${advisory}consumer_action`, { stream, consumer, action });
  }

  paused(stream: string, consumer: string, untilUs: number): void {
    const paused = untilUs > this.#clock.nowUs();
    const pause_until = untilUs > 0 ? timeText(untilUs) : zeroTime;
    this.#tell(`$JS.EVENT.ADVISORY.CONSUMER.PAUSE.${stream}.${consumer}`, `${advisory}consumer_pause`, {
      stream,
      consumer,
      paused,
      pause_until,
    });
  }

  exhausted(stream: string, consumer: string, stream_seq: number, deliveries: number): void {
    this.#tell(`$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${stream}.${consumer}`, `${advisory}max_deliver`, {
      stream,
      consumer,
      stream_seq,
      deliveries,
    });
  }

  nakked(stream: string, consumer: string, stream_seq: number, consumer_seq: number, deliveries: number): void {
    this.#tell(`$JS.EVENT.ADVISORY.CONSUMER.MSG_NAKED.${stream}.${consumer}`, `${advisory}nak`, {
      stream,
      consumer,
      consumer_seq,
      stream_seq,
      deliveries,
    });
  }

  terminated(stream: string, consumer: string, stream_seq: number, consumer_seq: number, deliveries: number, reason: string): void {
    this.#tell(`$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.${stream}.${consumer}`, `${advisory}terminated`, {
      stream,
      consumer,
      consumer_seq,
      stream_seq,
      deliveries,
      reason: reason || undefined,
    });
  }

  pinned(stream: string, consumer: string, group: string, pinned_id: string): void {
    const fields = { stream, consumer, group, pinned_id };
    this.#tell(`$JS.EVENT.ADVISORY.CONSUMER.PINNED.${stream}.${consumer}`, `${advisory}consumer_group_pinned`, fields);
  }

  unpinned(stream: string, consumer: string, group: string, reason: "admin" | "timeout"): void {
    const fields = { stream, consumer, group, reason };
    this.#tell(`$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.${stream}.${consumer}`, `${advisory}consumer_group_unpinned`, fields);
  }

  sampled(stream: string, consumer: string, stream_seq: number, consumer_seq: number, deliveries: number, delayMs: number): void {
    this.#tell(`$JS.EVENT.METRIC.CONSUMER.ACK.${stream}.${consumer}`, `${metric}consumer_ack`, {
      stream,
      consumer,
      consumer_seq,
      stream_seq,
      ack_time: Math.round(delayMs * 1e6),
      deliveries,
    });
  }

  /** At the end of the turn: these are told from within a group's own work, where nothing may be published. */
  #tell(subject: string, type: string, fields: object): void {
    if (this.#waiting.length >= waitingMax || !this.#tenant.router.hasInterest(subject)) return;
    const timestamp = timeText(this.#clock.nowUs());
    this.#waiting.push({ subject, body: encodeAnswer({ type, id: this.#makeId(), timestamp, ...fields }) });
    if (this.#waiting.length === 1) this.#clock.endOfTurn(() => this.#publish());
  }

  #publish(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { subject, body } of waiting) this.#tenant.announce(subject, Buffer.from(body, "utf8"), 0);
  }
}
