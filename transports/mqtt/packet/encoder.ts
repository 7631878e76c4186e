/**
 * What the broker sends, as bytes. PUBLISH and the four acknowledgements, which are the traffic, are written here by hand;
 * the rare packets go through mqtt-packet. An encoder returns whole frames; nothing is kept.
 */
import mqttPacket from "mqtt-packet";
import type { IConnackPacket, ISubackPacket, IUnsubackPacket, IAuthPacket } from "mqtt-packet";
import { varintBytes } from "./properties.ts";

type Level = 3 | 4 | 5;

/** Writes a variable byte integer at `at`; returns the offset after it. */
export function writeVarint(target: Buffer, at: number, value: number): number {
  while (value >= 128) {
    target[at++] = (value & 127) | 128;
    value = Math.floor(value / 128);
  }
  target[at++] = value;
  return at;
}

/** PUBACK 4, PUBREC 5, PUBREL 6, PUBCOMP 7. Success is two bytes long at every level. */
export function writeAck(type: 4 | 5 | 6 | 7, packetId: number, reasonCode: number, level: Level): Buffer {
  const long = level === 5 && reasonCode !== 0;
  const frame = Buffer.allocUnsafe(long ? 5 : 4);
  frame[0] = (type << 4) | (type === 6 ? 2 : 0);
  frame[1] = long ? 3 : 2;
  frame[2] = packetId >> 8;
  frame[3] = packetId & 255;
  if (long) frame[4] = reasonCode;
  return frame;
}

/** PUBACK or PUBREC of version 5 with a reason string, which is cut to what a packet of 64 KiB has room for. */
export function writeExplainedAck(type: 4 | 5, packetId: number, reasonCode: number, why: string): Buffer {
  const text = Buffer.from(why.slice(0, 4_096), "utf8");
  const properties = 3 + text.length;
  const body = 3 + varintBytes(properties) + properties;
  const frame = Buffer.allocUnsafe(1 + varintBytes(body) + body);
  frame[0] = type << 4;
  let at = writeVarint(frame, 1, body);
  frame[at++] = packetId >> 8;
  frame[at++] = packetId & 255;
  frame[at++] = reasonCode;
  at = writeVarint(frame, at, properties);
  frame[at++] = 0x1f;
  frame[at++] = text.length >> 8;
  frame[at++] = text.length & 255;
  text.copy(frame, at);
  return frame;
}

export interface PublishParts {
  readonly topic: Buffer;
  readonly payload: Buffer;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  /** Property bytes without their length; empty before version 5. */
  readonly properties: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly packetId: number;
  readonly level: Level;
}

/** Bytes of a PUBLISH frame. */
export function publishBytes(parts: PublishParts): number {
  const body = publishBody(parts);
  return 1 + varintBytes(body) + body;
}

/** Writes a PUBLISH at `at`; `target` has room for `publishBytes`. Returns the offset after it. */
export function writePublish(target: Buffer, at: number, parts: PublishParts): number {
  target[at++] = 0x30 | (parts.dup ? 8 : 0) | (parts.qos << 1) | (parts.retain ? 1 : 0);
  at = writeVarint(target, at, publishBody(parts));
  const topic = parts.topic;
  target[at++] = topic.length >> 8;
  target[at++] = topic.length & 255;
  at += topic.copy(target, at);
  if (parts.qos > 0) {
    target[at++] = parts.packetId >> 8;
    target[at++] = parts.packetId & 255;
  }
  if (parts.level === 5) {
    at = writeVarint(target, at, parts.properties.length);
    at += parts.properties.copy(target, at);
  }
  return at + parts.payload.copy(target, at, parts.payloadStart, parts.payloadEnd);
}

function publishBody(parts: PublishParts): number {
  const propertiesLength = parts.properties.length;
  const properties = parts.level === 5 ? varintBytes(propertiesLength) + propertiesLength : 0;
  return 2 + parts.topic.length + (parts.qos > 0 ? 2 : 0) + properties + parts.payloadEnd - parts.payloadStart;
}

/** DISCONNECT in its shortest form (5.0 §3.14.2.2.1): a reason and no properties. */
export function disconnectFrame(reasonCode: number): Buffer {
  return Buffer.from([0xe0, 1, reasonCode]);
}

type RarePacket = IConnackPacket | ISubackPacket | IUnsubackPacket | IAuthPacket;

/** CONNACK, SUBACK, UNSUBACK, AUTH. */
export function encodeRare(packet: RarePacket, level: Level): Buffer {
  return mqttPacket.generate(packet, { protocolVersion: level });
}

export const pingResponse: Buffer = Buffer.from([0xd0, 0]);
