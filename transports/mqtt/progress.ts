/**
 * What a durable session did, as deltas of its group: a few numbers each, harmless when replayed twice.
 *
 *   delta = (kind u8, sequence f64, packet id u16)*   1 done, 2 released, 3 inbound begins, 4 inbound ends, 5 assigned by a shared subscription
 */

/** A session's whole progress, as its group's snapshot: JSON, because sessions are many but small. */
export interface ProgressState {
  readonly upTo: number;
  readonly nextId: number;
  readonly inbound: readonly number[];
  /** sequence, packet id, qos, retain, stage (0 queued, 1 sent, 2 released), identifiers */
  readonly entries: readonly (readonly [number, number, number, number, number, readonly number[]])[];
}

export const progressKind = { done: 1, released: 2, inboundBegins: 3, inboundEnds: 4, assigned: 5 } as const;

const recordBytes = 11;

export class Progress {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #claimed = false;

  /** True once until the next `take`: whoever gets it sees to it that `take` is called. */
  claim(): boolean {
    if (this.#claimed) return false;
    this.#claimed = true;
    return true;
  }

  done(sequence: number, packetId: number): void {
    this.#add(progressKind.done, sequence, packetId);
  }

  released(sequence: number, packetId: number): void {
    this.#add(progressKind.released, sequence, packetId);
  }

  inboundAdded(packetId: number): void {
    this.#add(progressKind.inboundBegins, 0, packetId);
  }

  inboundRemoved(packetId: number): void {
    this.#add(progressKind.inboundEnds, 0, packetId);
  }

  assigned(sequence: number): void {
    this.#add(progressKind.assigned, sequence, 0);
  }

  /** Everything since the last call; undefined when nothing happened. */
  take(): Buffer | undefined {
    this.#claimed = false;
    if (this.#length === 0) return undefined;
    const delta = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return delta;
  }

  #add(kind: number, sequence: number, packetId: number): void {
    if (this.#length + recordBytes > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(recordBytes * 4, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#bytes[this.#length] = kind;
    this.#bytes.writeDoubleLE(sequence, this.#length + 1);
    this.#bytes.writeUInt16LE(packetId, this.#length + 9);
    this.#length += recordBytes;
  }
}

/** Calls back for each record of a delta. */
export function readProgress(delta: Uint8Array, each: (kind: number, sequence: number, packetId: number) => void): void {
  const bytes = Buffer.from(delta.buffer, delta.byteOffset, delta.byteLength);
  for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) {
    each(bytes[at] ?? 0, bytes.readDoubleLE(at + 1), bytes.readUInt16LE(at + 9));
  }
}
