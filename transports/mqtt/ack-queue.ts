/**
 * PUBACKs and PUBRECs leave in the order of their publishes (MQTT-4.6.0-2, -3), though the outcomes may be known out of order:
 * a message no station keeps is settled at once, the one before it only after the next sync. Tokens count up by one.
 */
export class AckQueue {
  readonly #send: (packetId: number, qos: number, reasonCode: number, why: string) => void;
  #first: number;
  #next: number;
  /** Of those waiting, the QoS 1 ones. */
  sizeAtQos1 = 0;
  /** Why those were refused that were, by token, where more than the code is known. */
  readonly #whys: Map<number, string> = new Map();
  #packetIds: Uint16Array = new Uint16Array(256);
  #qos: Uint8Array = new Uint8Array(256);
  #reasons: Uint8Array = new Uint8Array(256);
  #waiting: Uint8Array = new Uint8Array(256);

  constructor(send: (packetId: number, qos: number, reasonCode: number, why: string) => void, firstToken: number) {
    this.#send = send;
    this.#first = this.#next = firstToken;
  }

  /** The next token: all given out so far are smaller. */
  get next(): number {
    return this.#next;
  }

  /** Publishes not acknowledged yet. */
  get size(): number {
    return this.#next - this.#first;
  }

  /** Takes a place. The acknowledgement leaves once `expect` has said how many outcomes are due and all of them came. */
  add(packetId: number, qos: number): number {
    if (this.size === this.#packetIds.length) this.#grow();
    const token = this.#next++;
    const slot = token & (this.#packetIds.length - 1);
    this.#packetIds[slot] = packetId;
    this.#qos[slot] = qos;
    if (qos === 1) this.sizeAtQos1++;
    this.#reasons[slot] = 0;
    // One more than nothing: outcomes cannot arrive before `expect`, but it keeps the place until then.
    this.#waiting[slot] = 1;
    return token;
  }

  expect(token: number, outcomes: number, reasonCode: number): void {
    const slot = token & (this.#packetIds.length - 1);
    this.#waiting[slot] = (this.#waiting[slot] ?? 0) + outcomes - 1;
    this.#reasons[slot] = reasonCode;
    this.#drain();
  }

  settle(token: number, reasonCode: number, why = ""): void {
    if (token < this.#first || token >= this.#next) return;
    if (why !== "") this.#whys.set(token, why);
    const slot = token & (this.#packetIds.length - 1);
    this.#waiting[slot] = (this.#waiting[slot] ?? 1) - 1;
    if (reasonCode >= 0x80) this.#reasons[slot] = reasonCode;
    this.#drain();
  }

  #drain(): void {
    while (this.#first < this.#next) {
      const slot = this.#first & (this.#packetIds.length - 1);
      if (this.#waiting[slot] !== 0) return;
      const why = this.#whys.size === 0 ? "" : (this.#whys.get(this.#first) ?? "");
      if (why !== "") this.#whys.delete(this.#first);
      this.#first++;
      if (this.#qos[slot] === 1) this.sizeAtQos1--;
      this.#send(this.#packetIds[slot] ?? 0, this.#qos[slot] ?? 1, this.#reasons[slot] ?? 0, why);
    }
  }

  #grow(): void {
    const size = this.#packetIds.length * 2;
    const [packetIds, qos, reasons, waiting] = [new Uint16Array(size), new Uint8Array(size), new Uint8Array(size), new Uint8Array(size)];
    for (let token = this.#first; token < this.#next; token++) {
      const from = token & (size / 2 - 1);
      const to = token & (size - 1);
      packetIds[to] = this.#packetIds[from] ?? 0;
      qos[to] = this.#qos[from] ?? 0;
      reasons[to] = this.#reasons[from] ?? 0;
      waiting[to] = this.#waiting[from] ?? 0;
    }
    this.#packetIds = packetIds;
    this.#qos = qos;
    this.#reasons = reasons;
    this.#waiting = waiting;
  }
}
