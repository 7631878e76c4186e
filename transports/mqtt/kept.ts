/**
 * The messages that durable sessions still need: one internal log per tenant, each message in it once, however many sessions wait
 * for it. Sessions are groups of that log; what they need is counted by sequence, and a record nobody needs any more is removed
 * in the same commit as the acknowledgement that freed it.
 *
 *   header block of a record = flags (qos, retain << 2), expires at (u32 seconds, 0 = never), publisher length (u16), publisher, properties
 */
import type { Broker } from "../../lib/broker.ts";
import type { Message } from "../../lib/message.ts";
import type { Tenant } from "../../lib/tenant.ts";
import type { AppendRequest, Cursor, Log, OutcomeKind, RecordView } from "../../store/store.ts";

/** What a kept message says besides its payload. */
export interface KeptMeta {
  qos: number;
  retain: boolean;
  expiresAtSeconds: number;
  publisher: string;
  properties: Buffer;
}

/** A session as a receiver of kept messages. */
export interface KeptReceiver {
  /** The message is durable; `sequence` names it. Called in order of sequence. */
  kept(sequence: number, view: { readonly subject: Buffer; readonly meta: KeptMeta }): void;
}

interface Keeping {
  readonly receivers: Set<KeptReceiver>;
  readonly subject: Buffer;
  readonly meta: KeptMeta;
  publisher: ((ok: boolean) => void) | undefined;
}

const fixedBytes = 7;

export class KeptMessages {
  readonly log: Log;
  readonly #broker: Broker;
  readonly #tenant: Tenant;
  readonly #needed: Map<number, number> = new Map();
  readonly #request: AppendRequest;
  #current: Keeping | undefined;
  #currentDispatch = -1;

  constructor(broker: Broker, tenant: Tenant, log: Log) {
    this.#broker = broker;
    this.#tenant = tenant;
    this.log = log;
    const empty = Buffer.alloc(0);
    this.#request = {
      subject: empty,
      body: empty,
      bodyStart: 0,
      bodyEnd: 0,
      headerBytes: 0,
      timeUs: 0,
      messageId: undefined,
      expect: undefined,
      rollup: "none",
      ttlSeconds: 0,
      fleeting: false,
    };
  }

  /** Keeps the message being dispatched for `receiver`; stores it on the first call of a dispatch. */
  keep(message: Message, meta: KeptMeta, receiver: KeptReceiver): void {
    if (this.#current !== undefined && this.#currentDispatch === this.#tenant.dispatches) {
      this.#current.receivers.add(receiver);
      return;
    }
    const keeping: Keeping = { receivers: new Set([receiver]), subject: Buffer.from(message.subject.bytes), meta, publisher: undefined };
    this.#current = keeping;
    this.#currentDispatch = this.#tenant.dispatches;
    const payloadStart = message.bodyStart + message.headerBytes;
    const request = this.#request;
    request.subject = keeping.subject;
    const header = encodeMeta(meta);
    request.body = Buffer.concat([header, message.body.subarray(payloadStart, message.bodyEnd)]);
    request.bodyStart = 0;
    request.headerBytes = header.length;
    request.bodyEnd = request.body.length;
    const ticket = this.log.append(request);
    this.#broker.file.pending.wait(ticket, (kind, sequence) => this.#settled(keeping, kind, sequence));
  }

  /** When the last dispatch was kept for somebody, `told` is called once that is durable (or failed). */
  awaitDispatch(told: (ok: boolean) => void): boolean {
    if (this.#current === undefined || this.#currentDispatch !== this.#tenant.dispatches) return false;
    this.#current.publisher = told;
    return true;
  }

  need(sequence: number): void {
    this.#needed.set(sequence, (this.#needed.get(sequence) ?? 0) + 1);
  }

  /** One receiver less; the record goes with the last. */
  release(sequence: number): void {
    const left = (this.#needed.get(sequence) ?? 0) - 1;
    if (left > 0) {
      this.#needed.set(sequence, left);
      return;
    }
    this.#needed.delete(sequence);
    this.log.removeSequence(sequence);
  }

  cursor(): Cursor {
    return this.log.cursor(1, undefined);
  }

  #settled(keeping: Keeping, kind: OutcomeKind, sequence: number): void {
    const ok = kind === "stored";
    if (ok) for (const receiver of keeping.receivers) receiver.kept(sequence, keeping);
    if (ok && !this.#needed.has(sequence)) this.log.removeSequence(sequence);
    keeping.publisher?.(ok);
  }
}

export function encodeMeta(meta: KeptMeta): Buffer {
  const publisher = Buffer.from(meta.publisher, "utf8");
  const block = Buffer.allocUnsafe(fixedBytes + publisher.length + meta.properties.length);
  block[0] = meta.qos | (meta.retain ? 4 : 0);
  block.writeUInt32LE(meta.expiresAtSeconds, 1);
  block.writeUInt16LE(publisher.length, 5);
  publisher.copy(block, fixedBytes);
  meta.properties.copy(block, fixedBytes + publisher.length);
  return block;
}

/** Reads what `encodeMeta` wrote. The properties are a view, valid as long as the record is. */
export function readMeta(view: RecordView): KeptMeta {
  const start = view.bodyStart;
  const flags = view.buffer[start] ?? 0;
  const publisherBytes = view.buffer.readUInt16LE(start + 5);
  const publisherEnd = start + fixedBytes + publisherBytes;
  return {
    qos: flags & 3,
    retain: (flags & 4) !== 0,
    expiresAtSeconds: view.buffer.readUInt32LE(start + 1),
    publisher: view.buffer.toString("utf8", start + fixedBytes, publisherEnd),
    properties: view.buffer.subarray(publisherEnd, start + view.headerBytes),
  };
}
