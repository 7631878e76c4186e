/**
 * A message's properties on their way through the broker. Between MQTT 5 clients they stay bytes, in order, edited only where the
 * specification says so; to other doors they become header lines, and header lines become user properties on the way back.
 *
 *   user property Name=Value  ↔  Name: Value          content type        ↔  Content-Type
 *   response topic            ↔  the reply subject    correlation data    ↔  Mqtt-Correlation-Data (base64)
 *   payload format indicator  ↔  Mqtt-Payload-Format  message expiry      ↔  Mqtt-Expiry (seconds)
 */
import { parseHeaders } from "../../lib/headers.ts";
import { sized, varintBytes } from "./packet/properties.ts";
import { skipValue } from "./packet/decoder.ts";
import { writeVarint } from "./packet/encoder.ts";

const none = Buffer.alloc(0);

/** What of a PUBLISH's properties is passed on: all but the topic alias and the expiry, which is counted down separately. */
export function forwardable(bytes: Buffer, start: number, end: number): Buffer {
  if (start === end) return none;
  const target = Buffer.allocUnsafe(end - start);
  let length = 0;
  let at = start;
  while (at < end) {
    const id = bytes[at]!;
    const next = skipValue(bytes, at + 1, end, id);
    if (id !== 35 && id !== 2) length += bytes.copy(target, length, at, next);
    at = next;
  }
  return target.subarray(0, length);
}

/** Adds what belongs to this receiver: remaining expiry (seconds, -1 = none), subscription identifiers, topic alias (0 = none). */
export function completed(properties: Buffer, expirySeconds: number, identifiers: readonly number[], topicAlias: number): Buffer {
  if (expirySeconds < 0 && identifiers.length === 0 && topicAlias === 0) return properties;
  let extra = (expirySeconds < 0 ? 0 : 5) + (topicAlias === 0 ? 0 : 3);
  for (const identifier of identifiers) extra += 1 + varintBytes(identifier);
  const target = Buffer.allocUnsafe(properties.length + extra);
  let at = properties.copy(target, 0);
  if (expirySeconds >= 0) {
    target[at] = 2;
    at = target.writeUInt32BE(expirySeconds, at + 1);
  }
  for (const identifier of identifiers) {
    target[at++] = 11;
    at = writeVarint(target, at, identifier);
  }
  if (topicAlias > 0) {
    target[at] = 35;
    target.writeUInt16BE(topicAlias, at + 1);
  }
  return target;
}

/** Properties as header lines for doors that read headers; empty when there is nothing to say. */
export function headersOf(bytes: Buffer, start: number, end: number): Buffer {
  if (start === end) return none;
  let text = "";
  let at = start;
  while (at < end) {
    const id = bytes[at]!;
    const next = skipValue(bytes, at + 1, end, id);
    if (id === 38) {
      const middle = sized(bytes, at + 1, end);
      text += line(bytes.toString("utf8", at + 3, middle), bytes.toString("utf8", middle + 2, next));
    } else if (id === 3) text += line("Content-Type", bytes.toString("utf8", at + 3, next));
    else if (id === 9) text += line("Mqtt-Correlation-Data", bytes.toString("base64", at + 3, next));
    else if (id === 1) text += line("Mqtt-Payload-Format", bytes[at + 1] === 1 ? "utf-8" : "bytes");
    else if (id === 2) text += line("Mqtt-Expiry", String(bytes.readUInt32BE(at + 1)));
    at = next;
  }
  return text === "" ? none : Buffer.from(`NATS/1.0\r\n${text}\r\n`, "utf8");
}

/** A line, unless it could break out of it or is no header name. */
function line(name: string, value: string): string {
  return name === "" || /[\r\n:]/.test(name) || /[\r\n]/.test(value) ? "" : `${name}: ${value}\r\n`;
}

/** A header block as properties; the reverse of `headersOf`, expiry left out. `responseTopic` is added when not empty. */
export function propertiesOf(block: Buffer, start: number, end: number, responseTopic: Buffer): Buffer {
  if (start === end && responseTopic.length === 0) return none;
  const parts: Buffer[] = [];
  if (responseTopic.length > 0) parts.push(Buffer.from([8]), string(responseTopic));
  for (const [name, value] of start === end ? [] : parseHeaders(block, start, end)) {
    if (name === "Content-Type") parts.push(Buffer.from([3]), string(Buffer.from(value, "utf8")));
    else if (name === "Mqtt-Correlation-Data") parts.push(Buffer.from([9]), string(Buffer.from(value, "base64")));
    else if (name === "Mqtt-Payload-Format") parts.push(Buffer.from([1, value === "utf-8" ? 1 : 0]));
    else if (name !== "Mqtt-Expiry") parts.push(Buffer.from([38]), string(Buffer.from(name, "utf8")), string(Buffer.from(value, "utf8")));
  }
  return Buffer.concat(parts);
}

/** With its two-byte length; cut at what that can say. */
function string(bytes: Buffer): Buffer {
  const length = Math.min(bytes.length, 65_535);
  const target = Buffer.allocUnsafe(2 + length);
  target.writeUInt16BE(length, 0);
  bytes.copy(target, 2, 0, length);
  return target;
}
