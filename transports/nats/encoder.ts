/**
 * A message as a NATS client is sent it, written straight into an outbox:
 *
 *     MSG subject sid [reply] size␍␊ payload␍␊          HMSG subject sid [reply] headerSize totalSize␍␊ headers payload␍␊
 */
import type { Message } from "../../lib/message.ts";
import type { Subscription } from "../../lib/subscription.ts";
import { putBytes, putDigits, putLatin1 } from "../bytes.ts";
import type { Outbox } from "../outbox.ts";

/** Bytes around subject, sid, reply and body: verb, blanks, two sizes, line ends. */
const framingBytesMax = 40;
/** Digits of a sid that is a number. */
const sidDigitsMax = 10;

/** False: the outbox has no room. Without `headers` the client gets the payload alone. */
export function encodeMessage(outbox: Outbox, subscription: Subscription, message: Message, headers: boolean): boolean {
  const subject = message.subject.bytes;
  const label = subscription.label;
  const replyStart = message.replyStart;
  const replyEnd = message.replyEnd;
  let headerBytes = message.headerBytes;
  let bodyStart = message.bodyStart;
  const bodyEnd = message.bodyEnd;
  if (headerBytes !== 0 && !headers) {
    bodyStart += headerBytes;
    headerBytes = 0;
  }
  const labelBytes = typeof label === "number" ? sidDigitsMax : label.length;
  if (!outbox.open(subject.length + labelBytes + replyEnd - replyStart + bodyEnd - bodyStart + framingBytesMax)) return false;
  const chunk = outbox.chunk;
  let at = outbox.at;
  if (headerBytes !== 0) chunk[at++] = 0x48;
  chunk[at] = 0x4d;
  chunk[at + 1] = 0x53;
  chunk[at + 2] = 0x47;
  chunk[at + 3] = 0x20;
  at = putBytes(chunk, at + 4, subject, 0, subject.length);
  chunk[at++] = 0x20;
  at = typeof label === "number" ? putDigits(chunk, at, label) : putLatin1(chunk, at, label);
  chunk[at++] = 0x20;
  if (replyEnd !== replyStart) {
    at = putBytes(chunk, at, message.replyBuffer, replyStart, replyEnd);
    chunk[at++] = 0x20;
  }
  if (headerBytes !== 0) {
    at = putDigits(chunk, at, headerBytes);
    chunk[at++] = 0x20;
  }
  at = putDigits(chunk, at, bodyEnd - bodyStart);
  chunk[at++] = 0x0d;
  chunk[at++] = 0x0a;
  at = putBytes(chunk, at, message.body, bodyStart, bodyEnd);
  chunk[at] = 0x0d;
  chunk[at + 1] = 0x0a;
  outbox.commit(at + 2);
  return true;
}
