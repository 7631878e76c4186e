/**
 * A message as a NATS client is sent it, written straight into an outbox:
 *
 *     MSG subject sid [reply] size␍␊ payload␍␊          HMSG subject sid [reply] headerSize totalSize␍␊ headers payload␍␊
 */
import { Copier } from "../../store/copier.ts";
import type { Message } from "../../lib/message.ts";
import type { Subscription } from "../../lib/subscription.ts";
import { putBytes, putDigits, putLatin1 } from "../bytes.ts";
import type { Outbox } from "../outbox.ts";

/** Bytes around subject, sid, reply and body: verb, blanks, two sizes, line ends. */
const framingBytesMax = 40;
/** A larger body is cut where chunks end, so that chunks are filled. */
const pieceBytesMin = 8 * 1024;
const lineEnd = Buffer.from("\r\n");
/** A smaller body is copied byte by byte. */
const loopBytesMax = 32;
/** A shorter reply is seldom one that acknowledges. */
const ackBytesMin = 40;
/** Digits of a sid that is a number. */
const sidDigitsMax = 10;

/** Shared by the sessions of a door. */
export class MessageEncoder {
  readonly #copier: Copier = new Copier();
  /** Replies that acknowledge are rendered into one buffer, whose view is kept. */
  readonly #replies: Copier = new Copier();

  /** False: the outbox has no room. Without `headers` the client gets the payload alone. */
  encode(outbox: Outbox, subscription: Subscription, message: Message, headers: boolean): boolean {
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
    const bodyBytes = bodyEnd - bodyStart;
    const headBytes = subject.length + labelBytes + replyEnd - replyStart + framingBytesMax;
    const inPieces = bodyBytes > pieceBytesMin;
    if (inPieces ? !outbox.admits(headBytes + bodyBytes) || !outbox.open(headBytes) : !outbox.open(headBytes + bodyBytes)) return false;
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
      if (replyEnd - replyStart < ackBytesMin) at = putBytes(chunk, at, message.replyBuffer, replyStart, replyEnd);
      else {
        this.#replies.copy(message.replyBuffer, replyStart, replyEnd, chunk, outbox.view, at);
        at += replyEnd - replyStart;
      }
      chunk[at++] = 0x20;
    }
    if (headerBytes !== 0) {
      at = putDigits(chunk, at, headerBytes);
      chunk[at++] = 0x20;
    }
    at = putDigits(chunk, at, bodyBytes);
    chunk[at++] = 0x0d;
    chunk[at++] = 0x0a;
    if (inPieces) {
      outbox.commit(at);
      outbox.append(message.body, bodyStart, bodyEnd);
      outbox.append(lineEnd, 0, lineEnd.length);
      return true;
    }
    if (bodyBytes < loopBytesMax) at = putBytes(chunk, at, message.body, bodyStart, bodyEnd);
    else {
      this.#copier.copy(message.body, bodyStart, bodyEnd, chunk, outbox.view, at);
      at += bodyBytes;
    }
    chunk[at] = 0x0d;
    chunk[at + 1] = 0x0a;
    outbox.commit(at + 2);
    return true;
  }
}
