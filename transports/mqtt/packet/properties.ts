/**
 * The properties of MQTT 5 (§2.2.2.2), checked in place: each is allowed in this packet, appears once unless it may repeat,
 * has a legal value and ends inside its block. What the broker acts on is left in the reader's fields; the rest stays bytes.
 *
 *   properties = length (variable byte integer), then: id (variable byte integer), value
 */
import { MqttFault, reason } from "./reason.ts";
import { assertUtf8 } from "./utf8.ts";

/** Bits that name the packets a property may appear in. */
export const inPacket = {
  connect: 1,
  will: 2,
  publish: 4,
  subscribe: 8,
  unsubscribe: 16,
  ack: 32,
  disconnect: 64,
  auth: 128,
} as const;

type ValueKind = "byte" | "flag" | "twoByte" | "fourByte" | "varint" | "string" | "binary" | "pair";

interface Property {
  readonly name: string;
  readonly value: ValueKind;
  readonly packets: number;
  readonly repeats: boolean;
  readonly zeroAllowed: boolean;
}

function property(name: string, value: ValueKind, packets: number, zeroAllowed = true, repeats = false): Property {
  return { name, value, packets, repeats, zeroAllowed };
}

const p = inPacket;

/** By identifier; only those a client may send. */
export const properties: readonly (Property | undefined)[] = (() => {
  const table: (Property | undefined)[] = Array.from({ length: 43 }, () => undefined);
  table[1] = property("payload format indicator", "flag", p.publish | p.will);
  table[2] = property("message expiry interval", "fourByte", p.publish | p.will);
  table[3] = property("content type", "string", p.publish | p.will);
  table[8] = property("response topic", "string", p.publish | p.will);
  table[9] = property("correlation data", "binary", p.publish | p.will);
  table[11] = property("subscription identifier", "varint", p.subscribe, false);
  table[17] = property("session expiry interval", "fourByte", p.connect | p.disconnect);
  table[21] = property("authentication method", "string", p.connect | p.auth);
  table[22] = property("authentication data", "binary", p.connect | p.auth);
  table[23] = property("request problem information", "flag", p.connect);
  table[24] = property("will delay interval", "fourByte", p.will);
  table[25] = property("request response information", "flag", p.connect);
  table[31] = property("reason string", "string", p.ack | p.disconnect | p.auth);
  table[33] = property("receive maximum", "twoByte", p.connect, false);
  table[34] = property("topic alias maximum", "twoByte", p.connect);
  table[35] = property("topic alias", "twoByte", p.publish, false);
  table[38] = property("user property", "pair", 255, true, true);
  table[39] = property("maximum packet size", "fourByte", p.connect, false);
  return table;
})();

/** Reads one block at a time; the fields hold what the last one said. */
export class PropertyReader {
  /** Where the properties begin and end, without their length prefix. */
  start = 0;
  end = 0;
  /** Numbers by property id; -1 = absent. */
  readonly numbers: Float64Array = new Float64Array(43).fill(-1);
  /** Start and end of the value of string and binary properties, by id; -1 = absent. */
  readonly valueStart: Int32Array = new Int32Array(43).fill(-1);
  readonly valueEnd: Int32Array = new Int32Array(43).fill(-1);
  userProperties = 0;
  #seen: number[] = [];

  /** Reads the block at `at`; returns the offset after it. Throws a MqttFault. */
  read(bytes: Buffer, at: number, limit: number, packet: number): number {
    for (const id of this.#seen) {
      this.numbers[id] = -1;
      this.valueStart[id] = -1;
      this.valueEnd[id] = -1;
    }
    this.#seen.length = 0;
    this.userProperties = 0;
    const length = readVarint(bytes, at, limit);
    let i = at + varintBytes(length);
    const end = i + length;
    if (end > limit) throw malformed("the properties run past the packet");
    this.start = i;
    this.end = end;
    while (i < end) {
      const id = readVarint(bytes, i, end);
      i += varintBytes(id);
      const known = properties[id];
      if (known === undefined) throw malformed(`there is no property ${id} in a client's packet`);
      if ((known.packets & packet) === 0) throw malformed(`${known.name} may not be in this packet`);
      if (!known.repeats) {
        if (this.#seen.includes(id)) throw new MqttFault(reason.protocolError, `${known.name} appears twice`);
        this.#seen.push(id);
      }
      i = this.#value(bytes, i, end, id, known);
    }
    return end;
  }

  #value(bytes: Buffer, at: number, end: number, id: number, known: Property): number {
    switch (known.value) {
      case "byte":
      case "flag": {
        need(at + 1, end);
        const value = bytes[at]!;
        if (known.value === "flag" && value > 1) throw new MqttFault(reason.protocolError, `${known.name} must be 0 or 1`);
        this.numbers[id] = value;
        return at + 1;
      }
      case "twoByte":
        need(at + 2, end);
        return this.#number(id, known, bytes.readUInt16BE(at), at + 2);
      case "fourByte":
        need(at + 4, end);
        return this.#number(id, known, bytes.readUInt32BE(at), at + 4);
      case "varint": {
        const value = readVarint(bytes, at, end);
        return this.#number(id, known, value, at + varintBytes(value));
      }
      case "string":
      case "binary": {
        const stop = sized(bytes, at, end);
        if (known.value === "string") assertUtf8(bytes, at + 2, stop, known.name);
        this.valueStart[id] = at + 2;
        this.valueEnd[id] = stop;
        return stop;
      }
      case "pair": {
        const middle = sized(bytes, at, end);
        assertUtf8(bytes, at + 2, middle, "a user property's name");
        const stop = sized(bytes, middle, end);
        assertUtf8(bytes, middle + 2, stop, "a user property's value");
        this.userProperties++;
        return stop;
      }
    }
  }

  #number(id: number, known: Property, value: number, next: number): number {
    if (value === 0 && !known.zeroAllowed) {
      throw new MqttFault(id === 35 ? reason.topicAliasInvalid : reason.protocolError, `${known.name} may not be 0`);
    }
    this.numbers[id] = value;
    return next;
  }
}

/** The offset after a two-byte length and what it announces. */
export function sized(bytes: Buffer, at: number, end: number): number {
  need(at + 2, end);
  const stop = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
  need(stop, end);
  return stop;
}

/** A variable byte integer of at most four bytes, in its shortest form. */
export function readVarint(bytes: Buffer, at: number, end: number): number {
  let value = 0;
  let factor = 1;
  for (let i = at; i < at + 4; i++) {
    need(i + 1, end);
    const byte = bytes[i]!;
    value += (byte & 127) * factor;
    if (byte < 128) {
      if (byte === 0 && i > at) throw malformed("a length is not in its shortest form");
      return value;
    }
    factor *= 128;
  }
  throw malformed("a length has more than four bytes");
}

export function varintBytes(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}

function need(stop: number, end: number): void {
  if (stop > end) throw malformed("the packet ends too early");
}

function malformed(message: string): MqttFault {
  return new MqttFault(reason.malformedPacket, message);
}
