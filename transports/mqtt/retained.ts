/**
 * Retained messages of one tenant: an internal log that keeps the last record of each subject. A new subscription reads what its
 * filter matches, oldest first, as fast as the client takes it.
 */
import { compileFilter } from "../../lib/filter.ts";
import type { Broker } from "../../lib/broker.ts";
import type { Subject } from "../../lib/router/subject.ts";
import type { AppendRequest, Cursor, Log, SubjectFilterTest } from "../../store/store.ts";
import type { InboundPublish } from "./inbound.ts";
import type { Interest } from "./interest.ts";
import { encodeMeta, readMeta } from "./kept.ts";
import type { PublishView } from "./packet/decoder.ts";
import { secondsLeft } from "./session.ts";
import type { MqttSession } from "./session.ts";
import { topicOfSubject } from "./topic.ts";

const pageSize = 4_096;
/** How long to wait before looking again whether a slow client has taken something. */
const retryMs = 5;

export class RetainedMessages {
  readonly log: Log;
  readonly #broker: Broker;
  /** Submitted, their outcome not known yet. */
  #unsettled = 0;

  constructor(broker: Broker, log: Log) {
    this.#broker = broker;
    this.log = log;
  }

  /** Replaces the subject's retained message; an empty payload removes it. `told` is called once that is durable or has failed. */
  set(subject: Subject, inbound: InboundPublish, view: PublishView, told: ((ok: boolean) => void) | undefined): void {
    if (view.payloadStart === view.payloadEnd) {
      this.log.remove({ kind: "purge", filter: compileFilter(subject.text), upTo: 0, keep: 0 }).then(
        () => told?.(true),
        () => told?.(false),
      );
      return;
    }
    const meta = encodeMeta({
      qos: view.qos,
      retain: true,
      expiresAtSeconds: inbound.expiresAtSeconds,
      publisher: inbound.clientId,
      properties: inbound.properties,
    });
    const request: AppendRequest = {
      subject: subject.bytes,
      body: Buffer.concat([meta, view.bytes.subarray(view.payloadStart, view.payloadEnd)]),
      bodyStart: 0,
      bodyEnd: meta.length + view.payloadEnd - view.payloadStart,
      headerBytes: meta.length,
      timeUs: 0,
      messageId: undefined,
      expect: undefined,
      rollup: "none",
      ttlSeconds: Math.max(0, view.expirySeconds),
      fleeting: false,
    };
    this.#unsettled++;
    this.#broker.file.pending.wait(this.log.append(request), (kind) => {
      this.#unsettled--;
      told?.(kind === "stored");
    });
  }

  /** The last sequence given out so far: a subscription made now is sent what comes later as it comes. */
  get last(): number {
    return this.log.state.lastSequence + this.#unsettled;
  }

  /** Sends what the interest matches, up to the sequence `last`. Resolves when all is sent or the client has gone. */
  async sendTo(session: MqttSession, interest: Interest, last: number): Promise<void> {
    // What was published before the subscription is shown, also when it is still on its way to the disk.
    if (this.#unsettled > 0) await this.#broker.file.store.flush();
    const filter: SubjectFilterTest = {
      text: interest.filter,
      literal: false,
      matches: (bytes, start, end) => interest.wants(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), start, end),
    };
    const sequences: number[] = [];
    for (let offset = 0; ; offset += pageSize) {
      const page = await this.log.subjects(filter, offset, pageSize);
      for (const subject of page.subjects) if (subject.lastSequence <= last) sequences.push(subject.lastSequence);
      if (offset + pageSize >= page.total) break;
    }
    sequences.sort((a, b) => a - b);
    const cursor = this.log.cursor(1, undefined);
    try {
      for (const sequence of sequences) {
        cursor.seek(sequence);
        const step = await this.#next(cursor);
        if (step !== "record" || cursor.view.sequence !== sequence) continue;
        while (session.connection !== undefined && (session.connection.room <= 0 || session.waiting > 1_000)) await this.#pause();
        const connection = session.connection;
        if (connection === undefined) return;
        // The pause may have moved other readers, never this cursor; its view still shows the record.
        if (cursor.view.sequence !== sequence) continue;
        this.#send(session, interest, cursor);
      }
    } finally {
      cursor.close();
    }
  }

  #send(session: MqttSession, interest: Interest, cursor: Cursor): void {
    const { view } = cursor;
    const meta = readMeta(view);
    const left = secondsLeft(meta.expiresAtSeconds, this.#broker.clock.nowUs());
    if (left === 0) return;
    const topic = topicOfSubject(view.buffer, view.subjectStart, view.subjectEnd);
    const payloadStart = view.bodyStart + view.headerBytes;
    const identifiers = interest.record.identifier === 0 ? [] : [interest.record.identifier];
    const qos = Math.min(meta.qos, interest.record.qos);
    if (qos === 0) {
      session.connection?.sendRetained(topic, view.buffer, payloadStart, view.bodyEnd, meta.properties, left, identifiers);
      return;
    }
    const payload = Buffer.from(view.buffer.subarray(payloadStart, view.bodyEnd));
    const properties = Buffer.from(meta.properties);
    session.queueCopy({ topic, payload, properties, expiresAtSeconds: meta.expiresAtSeconds }, qos, true, identifiers);
  }

  #next(cursor: Cursor): Promise<string> {
    const step = cursor.next();
    if (step !== "loading") return Promise.resolve(step);
    const sequence = cursor.position;
    return new Promise((resolve) => {
      cursor.onReady = () => {
        cursor.seek(sequence);
        resolve(this.#next(cursor));
      };
    });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#broker.clock.after(retryMs, resolve);
    });
  }
}
