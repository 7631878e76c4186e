/** Strings as MQTT allows them (5.0 §1.5.4): well-formed UTF-8 without U+0000 and without surrogates. */
import { isUtf8 } from "node:buffer";
import { MqttFault, reason } from "./reason.ts";

/** Throws a MqttFault unless `bytes[start..end)` is such a string. ASCII, the usual case, is checked in one short loop. */
export function assertUtf8(bytes: Buffer, start: number, end: number, what: string): void {
  let i = start;
  for (; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0) throw new MqttFault(reason.malformedPacket, `${what} holds U+0000`);
    if (byte >= 0x80) break;
  }
  if (i === end) return;
  for (let j = i; j < end; j++) if (bytes[j] === 0) throw new MqttFault(reason.malformedPacket, `${what} holds U+0000`);
  if (!isUtf8(bytes.subarray(i, end))) throw new MqttFault(reason.malformedPacket, `${what} is not valid UTF-8`);
}
