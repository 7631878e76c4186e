/**
 * Decodes what an MQTT client sends, in place and strictly: versions 3.1, 3.1.1 and 5. Every rule of the specification that
 * can be seen in one packet is checked here, and broken ones raise the reason code the specification names. Frames may be
 * split and joined anywhere; an incomplete frame is kept once, in a buffer of its announced size.
 *
 *   frame = type and flags (1 byte), remaining length (variable byte integer), body
 */
import { MqttFault, reason } from "./reason.ts";
import { PropertyReader, inPacket, readVarint, sized } from "./properties.ts";
import { assertUtf8 } from "./utf8.ts";

/** The protocol levels by their number on the wire. */
export type ProtocolLevel = 3 | 4 | 5;

export interface Will {
  readonly topic: Buffer;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  readonly delaySeconds: number;
  /** The will's properties as bytes, without the will delay interval, in order: they are published as they came. */
  readonly properties: Buffer;
  readonly expirySeconds: number;
}

/** CONNECT, copied: it may be kept. Absent numbers are -1. */
export interface ConnectPacket {
  readonly level: ProtocolLevel;
  readonly clientId: string;
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
  readonly userName: string | undefined;
  readonly password: Buffer | undefined;
  readonly will: Will | undefined;
  readonly sessionExpirySeconds: number;
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly requestResponseInformation: boolean;
  readonly requestProblemInformation: boolean;
  readonly authenticationMethod: string | undefined;
  readonly authenticationData: Buffer | undefined;
}

/** PUBLISH, shown in place; the object is reused. */
export class PublishView {
  bytes: Buffer = Buffer.alloc(0);
  /** Where the frame begins; it ends with the payload. */
  frameStart = 0;
  qos = 0;
  dup = false;
  retain = false;
  packetId = 0;
  topicStart = 0;
  topicEnd = 0;
  /** Property bytes without their length; equal before version 5. */
  propertiesStart = 0;
  propertiesEnd = 0;
  payloadStart = 0;
  payloadEnd = 0;
  /** 0 = none. */
  topicAlias = 0;
  /** -1 = none. */
  expirySeconds = -1;
  payloadIsUtf8 = false;
  /** Where the response topic is; -1 = none. */
  responseTopicStart = -1;
  responseTopicEnd = -1;
}

export interface SubscribeEntry {
  readonly filter: string;
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: number;
}

export interface SubscribePacket {
  readonly packetId: number;
  readonly entries: readonly SubscribeEntry[];
  /** 0 = none. */
  readonly subscriptionIdentifier: number;
  readonly userProperties: readonly (readonly [string, string])[];
}

export interface UnsubscribePacket {
  readonly packetId: number;
  readonly filters: readonly string[];
}

/** Called for each packet, in order. A throw of MqttFault ends decoding like a broken packet does. */
export interface PacketHandler {
  connect(packet: ConnectPacket): void;
  publish(view: PublishView): void;
  /** PUBACK 4, PUBREC 5, PUBREL 6, PUBCOMP 7. */
  acknowledged(type: 4 | 5 | 6 | 7, packetId: number, reasonCode: number): void;
  subscribe(packet: SubscribePacket): void;
  unsubscribe(packet: UnsubscribePacket): void;
  ping(): void;
  /** `sessionExpirySeconds` -1 = not named. */
  disconnect(reasonCode: number, sessionExpirySeconds: number): void;
  authenticate(reasonCode: number, method: string | undefined, data: Buffer | undefined): void;
  /** The peer broke the protocol; nothing more will be decoded. `unsupportedLevel` is set when CONNECT named one. */
  fault(fault: MqttFault): void;
}

export class MqttDecoder {
  readonly #handler: PacketHandler;
  readonly #view: PublishView = new PublishView();
  readonly #properties: PropertyReader = new PropertyReader();
  /** Largest frame accepted, header included. */
  packetBytesMax: number;
  /** Set by CONNECT; 0 before. */
  level: ProtocolLevel | 0 = 0;
  #partial: Buffer | undefined;
  #partialLength = 0;
  /** Fixed header bytes of a frame whose length is not known yet. */
  #head: Buffer = Buffer.alloc(5);
  #headLength = 0;
  #broken = false;
  #paused = false;
  #kept: Buffer[] = [];
  /** Bytes kept because of `pause`. */
  keptBytes = 0;

  constructor(handler: PacketHandler, packetBytesMax: number) {
    this.#handler = handler;
    this.packetBytesMax = packetBytesMax;
  }

  /** Bytes held for an incomplete frame. */
  get heldBytes(): number {
    return this.#partial?.length ?? 0;
  }

  /** Stops decoding: the connection is ending. */
  stop(): void {
    this.#broken = true;
    this.#partial = undefined;
  }

  /** Keeps what comes from here on, the rest of the current chunk included, until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (this.#kept.length > 0 && !this.#paused) {
      const chunk = this.#kept.shift();
      if (chunk === undefined) break;
      this.keptBytes -= chunk.length;
      this.push(chunk);
    }
  }

  push(chunk: Buffer): void {
    if (this.#broken) return;
    if (this.#paused) {
      this.#keep(chunk, "last");
      return;
    }
    try {
      let at = this.#partial === undefined && this.#headLength === 0 ? 0 : this.#complete(chunk);
      while (at < chunk.length && !this.#broken) {
        if (this.#paused) {
          this.#keep(chunk.subarray(at), "first");
          return;
        }
        at = this.#frame(chunk, at);
      }
    } catch (error) {
      if (!(error instanceof MqttFault)) throw error;
      this.stop();
      this.#handler.fault(error);
    }
  }

  #keep(bytes: Buffer, where: "first" | "last"): void {
    const copy = Buffer.from(bytes);
    this.keptBytes += copy.length;
    if (where === "first") this.#kept.unshift(copy);
    else this.#kept.push(copy);
  }

  /** Goes on with a frame that an earlier chunk began; returns where the next one starts. */
  #complete(chunk: Buffer): number {
    let at = 0;
    while (this.#partial === undefined) {
      if (at === chunk.length) return at;
      this.#head[this.#headLength++] = chunk[at++]!;
      const size = this.#size(this.#head, 0, this.#headLength);
      if (size === 0) continue;
      this.#partial = Buffer.allocUnsafe(size);
      this.#head.copy(this.#partial, 0, 0, this.#headLength);
      this.#partialLength = this.#headLength;
      this.#headLength = 0;
    }
    const frame = this.#partial;
    const take = Math.min(frame.length - this.#partialLength, chunk.length - at);
    chunk.copy(frame, this.#partialLength, at, at + take);
    this.#partialLength += take;
    if (this.#partialLength < frame.length) return at + take;
    this.#partial = undefined;
    this.#packet(frame, 0, frame.length);
    return at + take;
  }

  #frame(chunk: Buffer, at: number): number {
    const size = this.#size(chunk, at, chunk.length);
    if (size === 0) {
      this.#headLength = chunk.copy(this.#head, 0, at, chunk.length);
      return chunk.length;
    }
    if (at + size > chunk.length) {
      this.#partial = Buffer.allocUnsafe(size);
      this.#partialLength = chunk.copy(this.#partial, 0, at, chunk.length);
      return chunk.length;
    }
    this.#packet(chunk, at, at + size);
    return at + size;
  }

  /** The whole frame's size; 0 while its length is not complete. Refuses what can be refused from the header alone. */
  #size(bytes: Buffer, at: number, end: number): number {
    const first = bytes[at]!;
    checkFixedHeader(first, this.level);
    if (this.level === 0 && first >> 4 !== 1) throw new MqttFault(reason.protocolError, "the first packet must be CONNECT");
    let value = 0;
    let factor = 1;
    for (let i = at + 1; i < end; i++) {
      const byte = bytes[i]!;
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (byte === 0 && i > at + 1) throw new MqttFault(reason.malformedPacket, "the remaining length is not in its shortest form");
        const size = i - at + 1 + value;
        if (size > this.packetBytesMax)
          throw new MqttFault(reason.packetTooLarge, `a packet of ${size} bytes is larger than ${this.packetBytesMax}`);
        return size;
      }
      if (i === at + 4) throw new MqttFault(reason.malformedPacket, "the remaining length has more than four bytes");
      factor *= 128;
    }
    return 0;
  }

  #packet(bytes: Buffer, start: number, end: number): void {
    const first = bytes[start]!;
    let at = start + 1;
    while (bytes[at]! >= 128) at++;
    at++;
    switch (first >> 4) {
      case 1:
        if (this.level !== 0) throw new MqttFault(reason.protocolError, "a second CONNECT");
        this.#connect(bytes, at, end);
        return;
      case 3:
        this.#publish(bytes, start, at, end);
        return;
      case 4:
      case 5:
      case 6:
      case 7:
        this.#ack((first >> 4) as 4 | 5 | 6 | 7, bytes, at, end);
        return;
      case 8:
        this.#subscribe(bytes, at, end);
        return;
      case 10:
        this.#unsubscribe(bytes, at, end);
        return;
      case 12:
        if (at !== end) throw tooLong("PINGREQ");
        this.#handler.ping();
        return;
      case 14:
        this.#disconnect(bytes, at, end);
        return;
      case 15:
        this.#auth(bytes, at, end);
        return;
      default:
        throw new MqttFault(reason.protocolError, "a client may not send this packet");
    }
  }

  #publish(bytes: Buffer, start: number, at: number, end: number): void {
    const view = this.#view;
    const first = bytes[start]!;
    view.frameStart = start;
    const qos = (first >> 1) & 3;
    const topicEnd = sized(bytes, at, end);
    view.bytes = bytes;
    view.qos = qos;
    view.dup = (first & 8) !== 0;
    view.retain = (first & 1) !== 0;
    view.topicStart = at + 2;
    view.topicEnd = topicEnd;
    view.topicAlias = 0;
    view.expirySeconds = -1;
    view.payloadIsUtf8 = false;
    view.responseTopicStart = view.responseTopicEnd = -1;
    if (view.dup && qos === 0) throw new MqttFault(reason.malformedPacket, "DUP may not be set at QoS 0");
    for (let i = at + 2; i < topicEnd; i++) {
      const byte = bytes[i]!;
      if (byte >= 0x80 || byte === 0) {
        assertUtf8(bytes, i, topicEnd, "the topic");
        assertTopicName(bytes, i, topicEnd, "a topic name");
        break;
      }
      if (byte === 0x2b || byte === 0x23) throw new MqttFault(reason.topicNameInvalid, "a topic name holds a wildcard");
    }
    at = topicEnd;
    view.packetId = 0;
    if (qos > 0) {
      view.packetId = packetId(bytes, at, end);
      at += 2;
    }
    view.propertiesStart = view.propertiesEnd = at;
    if (this.level === 5) {
      if (at >= end) throw new MqttFault(reason.malformedPacket, "PUBLISH ends before its properties");
      if (bytes[at] === 0) {
        view.propertiesStart = view.propertiesEnd = ++at;
      } else {
        at = this.#publishProperties(bytes, at, end);
      }
    }
    if (topicEnd === view.topicStart && view.topicAlias === 0)
      throw new MqttFault(this.level === 5 ? reason.protocolError : reason.topicNameInvalid, "a PUBLISH without topic");
    view.payloadStart = at;
    view.payloadEnd = end;
    this.#handler.publish(view);
  }

  #publishProperties(bytes: Buffer, at: number, end: number): number {
    const view = this.#view;
    const read = this.#properties;
    const next = read.read(bytes, at, end, inPacket.publish);
    view.propertiesStart = read.start;
    view.propertiesEnd = read.end;
    if (read.numbers[35]! > 0) view.topicAlias = read.numbers[35]!;
    view.expirySeconds = read.numbers[2]!;
    view.payloadIsUtf8 = read.numbers[1] === 1;
    view.responseTopicStart = read.valueStart[8]!;
    view.responseTopicEnd = read.valueEnd[8]!;
    if (view.responseTopicStart >= 0) assertTopicName(bytes, view.responseTopicStart, view.responseTopicEnd, "the response topic");
    return next;
  }

  #ack(type: 4 | 5 | 6 | 7, bytes: Buffer, at: number, end: number): void {
    const id = packetId(bytes, at, end);
    at += 2;
    if (at === end) {
      this.#handler.acknowledged(type, id, reason.success);
      return;
    }
    if (this.level !== 5) throw tooLong("an acknowledgement");
    const code = bytes[at++]!;
    const legal = type === 6 || type === 7 ? code === 0 || code === 0x92 : ackReasons.has(code);
    if (!legal) throw new MqttFault(reason.protocolError, `reason code ${code} may not be in this packet`);
    if (at < end && this.#properties.read(bytes, at, end, inPacket.ack) !== end) throw tooLong("an acknowledgement");
    this.#handler.acknowledged(type, id, code);
  }

  #subscribe(bytes: Buffer, at: number, end: number): void {
    const id = packetId(bytes, at, end);
    at += 2;
    let subscriptionIdentifier = 0;
    let userProperties: (readonly [string, string])[] = [];
    if (this.level === 5) {
      at = this.#properties.read(bytes, at, end, inPacket.subscribe);
      subscriptionIdentifier = Math.max(0, this.#properties.numbers[11]!);
      userProperties = readUserProperties(bytes, this.#properties);
    }
    const entries: SubscribeEntry[] = [];
    while (at < end) {
      const stop = sized(bytes, at, end);
      assertUtf8(bytes, at + 2, stop, "a topic filter");
      const filter = bytes.toString("utf8", at + 2, stop);
      if (stop >= end) throw new MqttFault(reason.malformedPacket, "a topic filter without options");
      const options = bytes[stop]!;
      const qos = options & 3;
      const retainHandling = (options >> 4) & 3;
      if (qos === 3 || (this.level === 5 ? options >> 6 !== 0 : options >> 2 !== 0))
        throw new MqttFault(reason.malformedPacket, "subscription options hold reserved bits");
      if (retainHandling === 3) throw new MqttFault(reason.protocolError, "retain handling 3 does not exist");
      const noLocal = (options & 4) !== 0;
      if (noLocal && filter.startsWith("$share/")) throw new MqttFault(reason.protocolError, "a shared subscription may not be 'no local'");
      entries.push({ filter, qos, noLocal, retainAsPublished: (options & 8) !== 0, retainHandling });
      at = stop + 1;
    }
    if (entries.length === 0) throw new MqttFault(reason.protocolError, "SUBSCRIBE without a topic filter");
    this.#handler.subscribe({ packetId: id, entries, subscriptionIdentifier, userProperties });
  }

  #unsubscribe(bytes: Buffer, at: number, end: number): void {
    const id = packetId(bytes, at, end);
    at += 2;
    if (this.level === 5) at = this.#properties.read(bytes, at, end, inPacket.unsubscribe);
    const filters: string[] = [];
    while (at < end) {
      const stop = sized(bytes, at, end);
      assertUtf8(bytes, at + 2, stop, "a topic filter");
      filters.push(bytes.toString("utf8", at + 2, stop));
      at = stop;
    }
    if (filters.length === 0) throw new MqttFault(reason.protocolError, "UNSUBSCRIBE without a topic filter");
    this.#handler.unsubscribe({ packetId: id, filters });
  }

  #disconnect(bytes: Buffer, at: number, end: number): void {
    if (at === end) {
      this.#handler.disconnect(0, -1);
      return;
    }
    if (this.level !== 5) throw tooLong("DISCONNECT");
    const code = bytes[at++]!;
    if (!disconnectReasons.has(code)) throw new MqttFault(reason.protocolError, `reason code ${code} may not be in a client's DISCONNECT`);
    let expiry = -1;
    if (at < end) {
      if (this.#properties.read(bytes, at, end, inPacket.disconnect) !== end) throw tooLong("DISCONNECT");
      expiry = this.#properties.numbers[17]!;
    }
    this.#handler.disconnect(code, expiry);
  }

  #auth(bytes: Buffer, at: number, end: number): void {
    if (this.level !== 5) throw new MqttFault(reason.protocolError, "AUTH exists from version 5 on");
    let code = 0;
    if (at < end) {
      code = bytes[at++]!;
      if (code !== 0 && code !== 0x18 && code !== 0x19) throw new MqttFault(reason.protocolError, `reason code ${code} may not be in AUTH`);
      if (at < end && this.#properties.read(bytes, at, end, inPacket.auth) !== end) throw tooLong("AUTH");
    }
    const method = text(bytes, this.#properties, 21);
    if (code === 0 || method === undefined) throw new MqttFault(reason.protocolError, "AUTH must name its method");
    this.#handler.authenticate(code, method, binary(bytes, this.#properties, 22));
  }

  #connect(bytes: Buffer, at: number, end: number): void {
    const nameEnd = sized(bytes, at, end);
    const name = bytes.toString("latin1", at + 2, nameEnd);
    at = nameEnd;
    if (at >= end) throw new MqttFault(reason.malformedPacket, "CONNECT ends before its protocol level");
    const level = bytes[at++]!;
    if (name !== "MQTT" && name !== "MQIsdp") throw new MqttFault(reason.malformedPacket, "the protocol is not MQTT");
    if ((name === "MQTT" && level !== 4 && level !== 5) || (name === "MQIsdp" && level !== 3)) {
      // A client of an older version under the wrong name reads an answer of its own version only.
      if (level === 3 || level === 4) this.level = level;
      throw new MqttFault(reason.unsupportedProtocolVersion, `there is no protocol level ${level} here: use 3.1.1 or 5`);
    }
    const version = level as ProtocolLevel;
    this.level = version;
    if (at + 3 > end) throw new MqttFault(reason.malformedPacket, "CONNECT ends before its keep-alive");
    const flags = bytes[at]!;
    const keepAliveSeconds = bytes.readUInt16BE(at + 1);
    at += 3;
    checkConnectFlags(flags, version);
    const read = this.#properties;
    const numbers = { expiry: version === 5 ? 0 : -1, receive: -1, size: -1, alias: 0, response: false, problem: true };
    let method: string | undefined;
    let data: Buffer | undefined;
    if (version === 5) {
      at = read.read(bytes, at, end, inPacket.connect);
      numbers.expiry = Math.max(0, read.numbers[17]!);
      numbers.receive = read.numbers[33]!;
      numbers.size = read.numbers[39]!;
      numbers.alias = Math.max(0, read.numbers[34]!);
      numbers.response = read.numbers[25] === 1;
      numbers.problem = read.numbers[23] !== 0;
      method = text(bytes, read, 21);
      data = binary(bytes, read, 22);
      if (data !== undefined && method === undefined) throw new MqttFault(reason.protocolError, "authentication data without a method");
    }
    const idEnd = sized(bytes, at, end);
    assertUtf8(bytes, at + 2, idEnd, "the client identifier");
    const clientId = bytes.toString("utf8", at + 2, idEnd);
    at = idEnd;
    let will: Will | undefined;
    if ((flags & 4) !== 0) {
      const taken = this.#will(bytes, at, end, flags, version);
      will = taken.will;
      at = taken.next;
    }
    let userName: string | undefined;
    let password: Buffer | undefined;
    if ((flags & 0x80) !== 0) {
      const stop = sized(bytes, at, end);
      assertUtf8(bytes, at + 2, stop, "the user name");
      userName = bytes.toString("utf8", at + 2, stop);
      at = stop;
    }
    if ((flags & 0x40) !== 0) {
      const stop = sized(bytes, at, end);
      password = Buffer.from(bytes.subarray(at + 2, stop));
      at = stop;
    }
    if (at !== end) throw tooLong("CONNECT");
    this.#handler.connect({
      level: version,
      clientId,
      cleanStart: (flags & 2) !== 0,
      keepAliveSeconds,
      userName,
      password,
      will,
      sessionExpirySeconds: numbers.expiry,
      receiveMaximum: numbers.receive,
      maximumPacketSize: numbers.size,
      topicAliasMaximum: numbers.alias,
      requestResponseInformation: numbers.response,
      requestProblemInformation: numbers.problem,
      authenticationMethod: method,
      authenticationData: data,
    });
  }

  #will(bytes: Buffer, at: number, end: number, flags: number, version: ProtocolLevel): { will: Will; next: number } {
    const read = this.#properties;
    let properties = Buffer.alloc(0);
    let delaySeconds = 0;
    let expirySeconds = -1;
    if (version === 5) {
      at = read.read(bytes, at, end, inPacket.will);
      delaySeconds = Math.max(0, read.numbers[24]!);
      expirySeconds = read.numbers[2]!;
      if (read.valueStart[8]! >= 0) assertTopicName(bytes, read.valueStart[8]!, read.valueEnd[8]!, "the will's response topic");
      properties = withoutDelay(bytes.subarray(read.start, read.end), read.numbers[24]! >= 0);
    }
    const topicEnd = sized(bytes, at, end);
    assertUtf8(bytes, at + 2, topicEnd, "the will topic");
    assertTopicName(bytes, at + 2, topicEnd, "the will topic");
    if (topicEnd === at + 2) throw new MqttFault(reason.protocolError, "the will topic is empty");
    const topic = Buffer.from(bytes.subarray(at + 2, topicEnd));
    const payloadEnd = sized(bytes, topicEnd, end);
    const payload = Buffer.from(bytes.subarray(topicEnd + 2, payloadEnd));
    return {
      will: { topic, payload, qos: (flags >> 3) & 3, retain: (flags & 0x20) !== 0, delaySeconds, properties, expirySeconds },
      next: payloadEnd,
    };
  }
}

/** Reason codes a client may put into PUBACK and PUBREC (§3.4.2.1, §3.5.2.1). */
const ackReasons: ReadonlySet<number> = new Set([0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]);
/** And into DISCONNECT (§3.14.2.1). */
const disconnectReasons: ReadonlySet<number> = new Set([0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]);

/** Flags of the fixed header (§2.1.3): reserved ones must be as the specification says. */
function checkFixedHeader(first: number, level: ProtocolLevel | 0): void {
  const type = first >> 4;
  const flags = first & 15;
  if (type === 3) {
    if ((flags & 6) === 6) throw new MqttFault(reason.malformedPacket, "QoS 3 does not exist");
    return;
  }
  if (type === 0) throw new MqttFault(reason.malformedPacket, "packet type 0 does not exist");
  const wanted = type === 6 || type === 8 || type === 10 ? 2 : 0;
  // Version 3.1 has DUP in these three, for a packet sent again.
  if (level === 3 && wanted === 2 && flags === 10) return;
  if (flags !== wanted) throw new MqttFault(reason.malformedPacket, "the fixed header's reserved flags are wrong");
}

function checkConnectFlags(flags: number, version: ProtocolLevel): void {
  // Version 3.1 leaves the bit unused, from 3.1.1 on it must be 0 (MQTT-3.1.2-3).
  if (version > 3 && (flags & 1) !== 0) throw new MqttFault(reason.malformedPacket, "CONNECT's reserved flag is set");
  const willQos = (flags >> 3) & 3;
  if (willQos === 3) throw new MqttFault(reason.malformedPacket, "a will of QoS 3");
  if ((flags & 4) === 0 && (flags & 0x38) !== 0) throw new MqttFault(reason.malformedPacket, "will flags without a will");
  if (version < 5 && (flags & 0xc0) === 0x40) throw new MqttFault(reason.malformedPacket, "a password without a user name");
}

function assertTopicName(bytes: Buffer, start: number, end: number, what: string): void {
  for (let i = start; i < end; i++) {
    if (bytes[i] === 0x2b || bytes[i] === 0x23) throw new MqttFault(reason.topicNameInvalid, `${what} holds a wildcard`);
  }
}

function packetId(bytes: Buffer, at: number, end: number): number {
  if (at + 2 > end) throw new MqttFault(reason.malformedPacket, "the packet ends before its identifier");
  const id = (bytes[at]! << 8) | bytes[at + 1]!;
  if (id === 0) throw new MqttFault(reason.protocolError, "packet identifier 0");
  return id;
}

function text(bytes: Buffer, read: PropertyReader, id: number): string | undefined {
  return read.valueStart[id]! < 0 ? undefined : bytes.toString("utf8", read.valueStart[id], read.valueEnd[id]);
}

function binary(bytes: Buffer, read: PropertyReader, id: number): Buffer | undefined {
  return read.valueStart[id]! < 0 ? undefined : Buffer.from(bytes.subarray(read.valueStart[id], read.valueEnd[id]));
}

function readUserProperties(bytes: Buffer, read: PropertyReader): (readonly [string, string])[] {
  const list: (readonly [string, string])[] = [];
  let at = read.start;
  while (read.userProperties > 0 && at < read.end) {
    if (bytes[at] === 38) {
      const middle = sized(bytes, at + 1, read.end);
      const stop = sized(bytes, middle, read.end);
      list.push([bytes.toString("utf8", at + 3, middle), bytes.toString("utf8", middle + 2, stop)]);
      at = stop;
    } else {
      const id = readVarint(bytes, at, read.end);
      at = skipValue(bytes, at + 1, read.end, id);
    }
  }
  return list;
}

/** The offset after a value already checked. */
export function skipValue(bytes: Buffer, at: number, end: number, id: number): number {
  if (id === 1 || id === 23 || id === 25 || id === 36 || id === 37 || (id >= 40 && id <= 42)) return at + 1;
  if (id === 33 || id === 34 || id === 35 || id === 19) return at + 2;
  if (id === 2 || id === 17 || id === 24 || id === 39) return at + 4;
  if (id === 11) {
    while (bytes[at]! >= 128) at++;
    return at + 1;
  }
  const stop = sized(bytes, at, end);
  return id === 38 ? sized(bytes, stop, end) : stop;
}

/** Will properties as they will be published: all but the delay, in their order. */
function withoutDelay(block: Buffer, hasDelay: boolean): Buffer<ArrayBuffer> {
  if (!hasDelay) return Buffer.from(block);
  const kept: Buffer[] = [];
  let at = 0;
  while (at < block.length) {
    const id = block[at]!;
    const next = skipValue(block, at + 1, block.length, id);
    if (id !== 24) kept.push(block.subarray(at, next));
    at = next;
  }
  return Buffer.concat(kept);
}

function tooLong(what: string): MqttFault {
  return new MqttFault(reason.malformedPacket, `${what} has bytes after its end`);
}
