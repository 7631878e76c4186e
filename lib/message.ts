/**
 * A message on its way through the broker: a reused view over bytes, valid only during the call it is passed to. Whoever keeps
 * any of it copies. The header block is NATS header text (`NATS/1.0\r\nName: value\r\n\r\n`), the broker's common form, and
 * passes unparsed between doors that speak it.
 */
import type { Subject } from "./router/subject.ts";

export class Message {
  /** What receivers see as the message's subject. Not necessarily what it was routed by (a pull delivery goes to an inbox). */
  subject: Subject;
  /** The reply subject's bytes, `replyStart..replyEnd`; equal = no reply. */
  replyBuffer: Buffer;
  replyStart = 0;
  replyEnd = 0;
  /** Header block, then payload: `bodyStart .. bodyStart + headerBytes .. bodyEnd`. */
  body: Buffer;
  bodyStart = 0;
  headerBytes = 0;
  bodyEnd = 0;
  /** The publishing protocol's own view of it, if it has one; only a session of the same protocol looks, to copy instead of translating. */
  source: object | undefined = undefined;

  /** Who has examined the content since the message was last dispatched; for conditions, which examine it once between them. */
  examined: object | undefined = undefined;

  constructor(subject: Subject) {
    this.subject = subject;
    this.replyBuffer = nothing;
    this.body = nothing;
  }
}

export const nothing: Buffer = Buffer.alloc(0);
