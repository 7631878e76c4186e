/**
 * Takes acknowledgements: a responder on `$JS.ACK.>`, and on `$JS.FC.>` for flow control. Hot: the subject is parsed in place, the
 * group of the last one is tried first, nothing is allocated for a plain ack. An ack that carries a reply subject is answered once
 * it is durable, in order.
 *
 *     $JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>
 *     $JS.ACK.<domain>.<account>.<stream>.<consumer>.…the same…[.<random>]
 */
import type { Group } from "../../../lib/consumer/group.ts";
import type { Message } from "../../../lib/message.ts";
import type { Subscription } from "../../../lib/subscription.ts";
import type { CloseReason, PublishOutcome, Session } from "../../../lib/transport.ts";
import { ackKind, nakDelayMs } from "./ack-payload.ts";

const prefixBytes: number = "$JS.ACK.".length;
const flowPrefixBytes: number = "$JS.FC.".length;
const tokensV1 = 7;
const tokensV2 = 9;
const dot = 0x2e;

/** The consumers the acks are about. */
export interface AckTarget {
  /** The group of `<stream>.<consumer>`, as bytes; undefined when there is none. */
  groupOf(bytes: Buffer, start: number, end: number): Group | undefined;
  /** Answers with an empty message once what was acknowledged so far is durable. */
  confirm(group: Group, reply: Buffer): void;
  /** Answers with an empty message at the end of the turn. */
  answer(reply: Buffer): void;
  /** `+NXT`: a pull whose inbox is the reply. */
  pull(group: Group, reply: Buffer, buffer: Buffer, start: number, end: number): void;
}

export class AckResponder implements Session {
  readonly id: number;
  readonly echo = true;
  readonly room: number = Number.MAX_SAFE_INTEGER;
  readonly #target: AckTarget;
  /** Where the tokens after the prefix begin. */
  readonly #starts: Int32Array = new Int32Array(16);

  constructor(id: number, target: AckTarget) {
    this.id = id;
    this.#target = target;
  }

  deliver(_subscription: Subscription, message: Message): boolean {
    const subject = message.subject.bytes;
    if (subject[4] === 0x46) this.#flow(subject);
    else this.#acknowledge(subject, message);
    return true;
  }

  published(_token: number, _outcome: PublishOutcome): void {}
  hold(): void {}
  resume(): void {}
  close(_reason: CloseReason): void {}

  #acknowledge(subject: Buffer, message: Message): void {
    const tokens = this.#split(subject, prefixBytes);
    if (tokens !== tokensV1 && tokens < tokensV2) return;
    const first = tokens === tokensV1 ? 0 : 2;
    const starts = this.#starts;
    const group = this.#target.groupOf(subject, starts[first] ?? 0, (starts[first + 2] ?? 0) - 1);
    if (group === undefined) return;
    const sequence = number(subject, starts[first + 3] ?? 0, (starts[first + 4] ?? 0) - 1);
    const start = message.bodyStart + message.headerBytes;
    const replied = message.replyEnd > message.replyStart;
    if (start === message.bodyEnd || ackKind(message.body, start, message.bodyEnd) === "ack") {
      group.ack(sequence);
      if (replied) this.#target.confirm(group, replyOf(message));
      return;
    }
    this.#other(group, sequence, message, start, replied);
  }

  #other(group: Group, sequence: number, message: Message, start: number, replied: boolean): void {
    const { body, bodyEnd } = message;
    switch (ackKind(body, start, bodyEnd)) {
      case "nak":
        group.nak(sequence, start + 4 === bodyEnd ? 0 : nakDelayMs(body.toString("utf8", start + 4, bodyEnd)));
        break;
      case "progress":
        group.progress(sequence);
        break;
      case "term":
        group.term(sequence, body.toString("utf8", start + 5, bodyEnd).trim());
        if (replied) this.#target.confirm(group, replyOf(message));
        return;
      case "next":
        group.ack(sequence);
        if (replied) this.#target.pull(group, replyOf(message), body, start + 4, bodyEnd);
        return;
      default:
        break;
    }
    if (replied) this.#target.answer(replyOf(message));
  }

  #flow(subject: Buffer): void {
    const tokens = this.#split(subject, flowPrefixBytes);
    const first = tokens === 3 ? 0 : 2;
    const starts = this.#starts;
    if (tokens !== 3 && tokens !== 5) return;
    const group = this.#target.groupOf(subject, starts[first] ?? 0, (starts[first + 2] ?? 0) - 1);
    group?.confirmFlow(number(subject, starts[first + 2] ?? 0, subject.length));
  }

  /** Finds the tokens; `starts[n]` is one past the end of the last one. */
  #split(subject: Buffer, from: number): number {
    const starts = this.#starts;
    const end = subject.length;
    starts[0] = from;
    let tokens = 1;
    for (let at = from; at < end; at++) {
      if (subject[at] === dot && tokens < 15) starts[tokens++] = at + 1;
    }
    starts[tokens] = end + 1;
    return tokens;
  }
}

function replyOf(message: Message): Buffer {
  return Buffer.from(message.replyBuffer.subarray(message.replyStart, message.replyEnd));
}

/** Decimal digits; 0 when it is anything else. */
function number(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return 0;
    value = value * 10 + digit;
  }
  return value;
}
