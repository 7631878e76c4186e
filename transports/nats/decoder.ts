/**
 * The NATS client protocol, decoded in place, byte by byte: `feed` a chunk, then call `next` until it says `none`. Positions of
 * the current frame are fields over `buffer`, valid until the next call; nothing is allocated per frame. A frame cut by the end
 * of a chunk is kept once, in a buffer of its announced size, lent by a bounded memory; only such a frame is ever copied.
 *
 *     PUB subject [reply] size␍␊ payload␍␊          HPUB subject [reply] headerSize totalSize␍␊ headers payload␍␊
 *     SUB subject [queue] sid␍␊   UNSUB sid [max]␍␊   CONNECT {json}␍␊   INFO {json}␍␊   PING␍␊ PONG␍␊ +OK␍␊ -ERR text␍␊
 *
 * It never throws, and after an error it says nothing but that error.
 */
import type { FrameMemory } from "./frame-memory.ts";

export type FrameKind = (typeof frame)[keyof typeof frame];

export const frame = {
  /** Everything fed has been decoded; feed more. */
  none: 0,
  /** PUB or HPUB: subject, reply, headerBytes, body. */
  publish: 1,
  /** SUB: subject, reply (= queue), sid. */
  subscribe: 2,
  /** UNSUB: sid, max. */
  unsubscribe: 3,
  /** CONNECT: text. */
  connect: 4,
  ping: 5,
  pong: 6,
  /** INFO, +OK, -ERR: text. */
  other: 7,
  /** There is no memory for a large frame now: stop reading, call `next` again later. */
  waiting: 8,
  unknownOperation: 9,
  controlLineTooLong: 10,
  payloadTooLarge: 11,
  badArguments: 12,
  /** Anything but CONNECT came first where CONNECT must. */
  notConnected: 13,
} as const;

export interface DecoderLimits {
  readonly controlLineBytesMax: number;
  readonly payloadBytesMax: number;
  readonly headerBytesMax: number;
}

/** A cut frame up to this size lives in memory of its own; a larger one in lent memory. */
const ownBytesMax = 4 * 1024;
/** Room for a verb and blanks beyond the arguments' own limit. */
const verbBytesMax = 16;
const digitsMax = 9;

const newline = 10;
const carriageReturn = 13;
const space = 32;
const tab = 9;
const dollar = 0x24;

const nothing = Buffer.alloc(0);

export class Decoder {
  /** Where the current frame's positions point into. */
  buffer: Buffer;
  subjectStart: number;
  subjectEnd: number;
  /** The subject has the same bytes as the last one kept. */
  subjectRepeated: boolean;
  /** The subject is the one kept now. One that starts with `$` (an ack, a request) rarely comes again, and is not. */
  subjectKept: boolean;
  /** Equal = none. For SUB the queue group. */
  replyStart: number;
  replyEnd: number;
  sidStart: number;
  sidEnd: number;
  /** UNSUB: 0 = at once. */
  max: number;
  headerBytes: number;
  bodyStart: number;
  bodyEnd: number;
  textStart: number;
  textEnd: number;
  /** False until the peer has said that it knows headers: HPUB is then an error. */
  headersAllowed: boolean;
  /** True until the peer has proven who it is: no other verb is looked at, let alone a payload kept. */
  connectOnly: boolean;
  readonly #limits: DecoderLimits;
  readonly #memory: FrameMemory;
  #chunk: Buffer;
  /** The chunk is the decoder's own: nobody changes it. */
  #owned: boolean;
  #at: number;
  /** The frame cut by the end of a chunk: its first `#heldBytes` bytes. */
  #held: Buffer;
  #heldBytes: number;
  /** All bytes of the cut frame, 0 while its line is not complete. */
  #needed: number;
  /** `#held`, or the buffer of the frame last shown, is to be given back. */
  #lent: Buffer | undefined;
  /** Set by a scan: where the frame ends, or how many bytes it needs. */
  #frameEnd: number;
  #failure: FrameKind;
  /**
   * The line of the last PUB whose subject is kept, made with the first one, because most idle connections never publish. A line
   * without reply comes again byte for byte when the next message is as long: `#lineBytes` of it are compared before anything is
   * parsed (0: not worth it).
   */
  #line: Buffer;
  #lineBytes: number;
  #lineBodyBytes: number;
  /** Its subject: mostly the next one's too. */
  #lineSubjectStart: number;
  #lineSubjectEnd: number;

  constructor(limits: DecoderLimits, memory: FrameMemory) {
    this.buffer = nothing;
    this.subjectStart = 0;
    this.subjectEnd = 0;
    this.subjectRepeated = false;
    this.subjectKept = false;
    this.replyStart = 0;
    this.replyEnd = 0;
    this.sidStart = 0;
    this.sidEnd = 0;
    this.max = 0;
    this.headerBytes = 0;
    this.bodyStart = 0;
    this.bodyEnd = 0;
    this.textStart = 0;
    this.textEnd = 0;
    this.headersAllowed = false;
    this.connectOnly = false;
    this.#limits = limits;
    this.#memory = memory;
    this.#chunk = nothing;
    this.#owned = false;
    this.#at = 0;
    this.#held = nothing;
    this.#heldBytes = 0;
    this.#needed = 0;
    this.#lent = undefined;
    this.#frameEnd = 0;
    this.#failure = frame.none;
    this.#line = nothing;
    this.#lineBytes = 0;
    this.#lineBodyBytes = 0;
    this.#lineSubjectStart = 0;
    this.#lineSubjectEnd = 0;
  }

  /** Bytes kept for a frame not yet complete. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes a chunk. Normally the previous one has been decoded to `none`; what is left of it comes first. */
  feed(chunk: Buffer): void {
    const left = this.#chunk.length - this.#at;
    this.#chunk = left === 0 ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#owned = left !== 0;
    this.#at = 0;
  }

  /** Makes the decoder own what is left of the chunk, because decoding goes on after the chunk's time. */
  keep(): void {
    if (this.#owned) return;
    this.#chunk = Buffer.from(this.#chunk.subarray(this.#at));
    this.#owned = true;
    this.#at = 0;
  }

  /** Gives lent memory back. Nothing is decoded any more. */
  close(): void {
    this.#release();
    this.#chunk = nothing;
    this.#at = 0;
    this.#failure = frame.none;
  }

  next(): FrameKind {
    if (this.#failure !== frame.none) return this.#failure;
    if (this.#heldBytes > 0) return this.#resume();
    if (this.#lent !== undefined) this.#release();
    const chunk = this.#chunk;
    const end = chunk.length;
    if (this.#at === end) {
      // Nothing refers to bytes that have been decoded: an idle connection holds none.
      this.buffer = nothing;
      this.#chunk = nothing;
      this.#at = 0;
      return frame.none;
    }
    const kind = this.#scan(chunk, this.#at, end);
    if (kind === frame.none) return this.#hold();
    this.buffer = chunk;
    this.#at = this.#frameEnd;
    return kind;
  }

  /** Keeps the cut frame: the rest of the chunk. */
  #hold(): FrameKind {
    const rest = this.#chunk.length - this.#at;
    this.#needed = this.#frameEnd;
    if (this.#needed === 0 && rest > this.#limits.controlLineBytesMax + verbBytesMax) return this.#fail(frame.controlLineTooLong);
    const whole = this.#needed === 0 ? undefined : this.#bufferFor(this.#needed);
    this.#held = whole ?? Buffer.allocUnsafe(rest);
    this.#chunk.copy(this.#held, 0, this.#at);
    this.#heldBytes = rest;
    this.#chunk = nothing;
    this.#at = 0;
    return whole === undefined && this.#needed > 0 ? frame.waiting : frame.none;
  }

  /** Goes on with the cut frame. */
  #resume(): FrameKind {
    if (this.#needed === 0) {
      const kind = this.#resumeLine();
      if (kind !== frame.none || this.#needed === 0) return kind;
    }
    if (this.#held.length < this.#needed) {
      const larger = this.#bufferFor(this.#needed);
      if (larger === undefined) return frame.waiting;
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    const copied = Math.min(this.#needed - this.#heldBytes, this.#chunk.length - this.#at);
    this.#chunk.copy(this.#held, this.#heldBytes, this.#at, this.#at + copied);
    this.#heldBytes += copied;
    this.#at += copied;
    if (this.#heldBytes < this.#needed) {
      // Of the trailer, the first byte tells already.
      const cut = this.#heldBytes === this.#needed - 1 && this.#held[this.#needed - 2] !== carriageReturn;
      return cut ? this.#fail(frame.unknownOperation) : frame.none;
    }
    return this.#heldFrame(this.#scan(this.#held, 0, this.#needed));
  }

  /** Completes the line of the cut frame. On `none` either the line is still cut, or `#needed` tells how long the frame is. */
  #resumeLine(): FrameKind {
    const chunk = this.#chunk;
    const found = chunk.indexOf(newline, this.#at);
    // Not more than a line may have and two: the scan then sees that it is too long.
    const room = this.#limits.controlLineBytesMax + verbBytesMax + 2 - this.#heldBytes;
    const copied = Math.min(room, (found < 0 ? chunk.length : found + 1) - this.#at);
    const bytes = this.#heldBytes + copied;
    if (this.#held.length < bytes) {
      const larger = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldBytes, this.#at, this.#at + copied);
    this.#heldBytes = bytes;
    this.#at += copied;
    const kind = this.#scan(this.#held, 0, bytes);
    if (kind === frame.none) {
      this.#needed = this.#frameEnd;
      return frame.none;
    }
    return this.#heldFrame(kind);
  }

  #heldFrame(kind: FrameKind): FrameKind {
    this.buffer = this.#held;
    // What was lent is given back when the frame has been seen, by the next call.
    this.#held = nothing;
    this.#heldBytes = 0;
    this.#needed = 0;
    return kind;
  }

  #bufferFor(bytes: number): Buffer | undefined {
    if (bytes <= ownBytesMax) return Buffer.allocUnsafe(bytes);
    this.#lent = this.#memory.take(bytes);
    return this.#lent;
  }

  #release(): void {
    if (this.#lent !== undefined) this.#memory.give(this.#lent);
    this.#lent = undefined;
    this.#held = nothing;
    this.#heldBytes = 0;
    this.#needed = 0;
  }

  #fail(kind: FrameKind): FrameKind {
    this.#release();
    this.#failure = kind;
    this.#chunk = nothing;
    this.#at = 0;
    return kind;
  }

  /** One frame of `buffer[start, end)`. `none`: cut; then `#frameEnd` is how many bytes it needs, or 0 when that is not known yet. */
  #scan(buffer: Buffer, start: number, end: number): FrameKind {
    const lineBytes = this.#lineBytes;
    if (lineBytes > 0) {
      const bodyStart = start + lineBytes;
      const bodyEnd = bodyStart + this.#lineBodyBytes;
      if (bodyEnd + 2 <= end && buffer[bodyEnd] === carriageReturn && buffer[bodyEnd + 1] === newline) {
        const line = this.#line;
        let index = 0;
        while (index < lineBytes && buffer[start + index] === line[index]) index++;
        if (index === lineBytes) {
          this.subjectRepeated = true;
          this.subjectKept = true;
          this.subjectStart = start + this.#lineSubjectStart;
          this.subjectEnd = start + this.#lineSubjectEnd;
          this.replyStart = 0;
          this.replyEnd = 0;
          this.headerBytes = 0;
          this.bodyStart = bodyStart;
          this.bodyEnd = bodyEnd;
          this.#frameEnd = bodyEnd + 2;
          return frame.publish;
        }
      }
    }
    this.#frameEnd = 0;
    if (this.connectOnly && (buffer[start]! | 32) !== 0x63) return this.#fail(frame.notConnected);
    // Letters are compared in lower case; bit 5 tells the cases apart.
    switch (buffer[start]! | 32) {
      case 0x70: {
        if (start + 1 === end) return frame.none;
        const second = buffer[start + 1]! | 32;
        if (second === 0x75) {
          if (start + 3 < end) {
            if ((buffer[start + 2]! | 32) !== 0x62 || !isBlank(buffer[start + 3]!)) return this.#fail(frame.unknownOperation);
            return this.#publish(buffer, start, start + 4, end, false);
          }
          return this.#verb(buffer, start, end, "pub");
        }
        if (second === 0x69) return this.#word(buffer, start, end, "ping", frame.ping);
        return this.#word(buffer, start, end, "pong", frame.pong);
      }
      case 0x68: {
        const kind = this.#verb(buffer, start, end, "hpub");
        return kind === frame.publish ? this.#publish(buffer, start, start + 5, end, true) : kind;
      }
      case 0x73: {
        const kind = this.#verb(buffer, start, end, "sub");
        return kind === frame.publish ? this.#subscribe(buffer, start, start + 4, end) : kind;
      }
      case 0x75: {
        const kind = this.#verb(buffer, start, end, "unsub");
        return kind === frame.publish ? this.#unsubscribe(buffer, start, start + 6, end) : kind;
      }
      case 0x63: {
        const kind = this.#verb(buffer, start, end, "connect");
        return kind === frame.publish ? this.#text(buffer, start, start + 8, end, frame.connect) : kind;
      }
      case 0x69: {
        const kind = this.#verb(buffer, start, end, "info");
        return kind === frame.publish ? this.#text(buffer, start, start + 5, end, frame.other) : kind;
      }
      case 0x2b: // +, which has bit 5 set already
        return this.#word(buffer, start, end, "+ok", frame.other);
      case 0x2d: {
        const kind = this.#verb(buffer, start, end, "-err");
        return kind === frame.publish ? this.#text(buffer, start, start + 5, end, frame.other) : kind;
      }
      default:
        return this.#fail(frame.unknownOperation);
    }
  }

  /** A verb that takes arguments, and the blank after it. `publish` stands for "it is there". */
  #verb(buffer: Buffer, start: number, end: number, verb: string): FrameKind {
    for (let index = 0; index < verb.length; index++) {
      if (start + index === end) return frame.none;
      if (!sameLetter(buffer[start + index]!, verb.charCodeAt(index))) return this.#fail(frame.unknownOperation);
    }
    const blank = start + verb.length;
    if (blank === end) return frame.none;
    return isBlank(buffer[blank]!) ? frame.publish : this.#fail(frame.unknownOperation);
  }

  /** A verb without arguments; what follows it on the line is nobody's business. */
  #word(buffer: Buffer, start: number, end: number, word: string, kind: FrameKind): FrameKind {
    for (let index = 0; index < word.length; index++) {
      if (start + index === end) return frame.none;
      if (!sameLetter(buffer[start + index]!, word.charCodeAt(index))) return this.#fail(frame.unknownOperation);
    }
    const found = this.#lineEnd(buffer, start, start + word.length, end);
    if (found < 0) return this.#failure;
    this.textStart = start + word.length;
    this.textEnd = found;
    return kind;
  }

  #text(buffer: Buffer, start: number, argumentStart: number, end: number, kind: FrameKind): FrameKind {
    const found = this.#lineEnd(buffer, start, argumentStart, end);
    if (found < 0) return this.#failure;
    let at = argumentStart;
    while (at < found && isBlank(buffer[at]!)) at++;
    this.textStart = at;
    this.textEnd = found;
    return found - at > this.#limits.controlLineBytesMax ? this.#fail(frame.controlLineTooLong) : kind;
  }

  /** The end of the line's text, with `#frameEnd` behind its newline; -1 when the line is cut (or has failed: too long). */
  #lineEnd(buffer: Buffer, start: number, at: number, end: number): number {
    const found = buffer.indexOf(newline, at);
    const cut = found < 0 || found >= end;
    if ((cut ? end : found) - start > this.#limits.controlLineBytesMax + verbBytesMax) {
      this.#fail(frame.controlLineTooLong);
      return -1;
    }
    if (cut) return -1;
    this.#frameEnd = found + 1;
    return found > at && buffer[found - 1] === carriageReturn ? found - 1 : found;
  }

  /** The hot one. Walks the line once; the subject is first compared with the previous one, which it mostly is. */
  #publish(buffer: Buffer, start: number, at: number, end: number, headers: boolean): FrameKind {
    while (at < end && isBlank(buffer[at]!)) at++;
    const argumentStart = at;
    const line = this.#line;
    const previousStart = this.#lineSubjectStart;
    const previousBytes = this.#lineSubjectEnd - previousStart;
    let repeated = false;
    if (previousBytes > 0 && at + previousBytes < end) {
      let index = 0;
      while (index < previousBytes && buffer[at + index] === line[previousStart + index]) index++;
      repeated = index === previousBytes && isBlank(buffer[at + index]!);
    }
    let tokenEnd = at;
    if (repeated) {
      tokenEnd = at + previousBytes;
    } else {
      while (tokenEnd < end && buffer[tokenEnd]! > space) tokenEnd++;
      tokenEnd = this.#tokenEnd(buffer, tokenEnd, end);
    }
    const subjectEnd = tokenEnd;
    // Up to three more tokens: reply, header size, total size; a fourth is one too many.
    let count = 0;
    let secondStart = 0;
    let secondEnd = 0;
    let thirdStart = 0;
    let thirdEnd = 0;
    let fourthStart = 0;
    let fourthEnd = 0;
    at = tokenEnd;
    for (;;) {
      while (at < end && isBlank(buffer[at]!)) at++;
      if (at === end) return this.#cutLine(start, end);
      const byte = buffer[at]!;
      if (byte === newline) break;
      if (byte === carriageReturn) {
        at++;
        continue;
      }
      const tokenStart = at;
      while (at < end && buffer[at]! > space) at++;
      if (at < end && buffer[at]! !== space && buffer[at]! !== carriageReturn && buffer[at]! !== newline)
        at = this.#tokenEnd(buffer, at, end);
      count++;
      if (count === 1) {
        secondStart = tokenStart;
        secondEnd = at;
      } else if (count === 2) {
        thirdStart = tokenStart;
        thirdEnd = at;
      } else if (count === 3) {
        fourthStart = tokenStart;
        fourthEnd = at;
      }
    }
    const lineEnd = at;
    const lineBytesMax = this.#limits.controlLineBytesMax;
    if (lineEnd - argumentStart > lineBytesMax) {
      const text = buffer[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd;
      if (text - argumentStart > lineBytesMax) return this.#fail(frame.controlLineTooLong);
    }
    if (lineEnd - start > lineBytesMax + verbBytesMax) return this.#fail(frame.controlLineTooLong);
    if (subjectEnd === argumentStart) return this.#fail(frame.badArguments);
    let headerBytes = 0;
    let total: number;
    let withReply: boolean;
    if (headers) {
      withReply = count === 3;
      if ((count !== 2 && count !== 3) || !this.headersAllowed) return this.#fail(frame.badArguments);
      headerBytes = withReply ? number(buffer, thirdStart, thirdEnd) : number(buffer, secondStart, secondEnd);
      total = withReply ? number(buffer, fourthStart, fourthEnd) : number(buffer, thirdStart, thirdEnd);
      if (headerBytes < 0 || total < 0 || headerBytes > total) return this.#fail(frame.badArguments);
    } else {
      withReply = count === 2;
      if (count !== 1 && count !== 2) return this.#fail(frame.badArguments);
      total = withReply ? number(buffer, thirdStart, thirdEnd) : number(buffer, secondStart, secondEnd);
      if (total < 0) return this.#fail(frame.badArguments);
    }
    if (total > this.#limits.payloadBytesMax || headerBytes > this.#limits.headerBytesMax) return this.#fail(frame.payloadTooLarge);
    const bodyStart = lineEnd + 1;
    const bodyEnd = bodyStart + total;
    if (bodyEnd + 2 > end) {
      // What is there of the trailer must be right already.
      if (bodyEnd < end && buffer[bodyEnd] !== carriageReturn) return this.#fail(frame.unknownOperation);
      this.#frameEnd = bodyEnd + 2 - start;
      return frame.none;
    }
    if (buffer[bodyEnd] !== carriageReturn || buffer[bodyEnd + 1] !== newline) return this.#fail(frame.unknownOperation);
    const kept = buffer[argumentStart] !== dollar;
    if (kept) {
      const reusable = !headers && !withReply;
      if (!repeated || reusable) this.#remember(buffer, start, argumentStart, subjectEnd, reusable ? bodyStart : subjectEnd);
      else this.#lineBytes = 0;
      this.#lineBodyBytes = total;
    }
    this.subjectRepeated = repeated;
    this.subjectKept = kept;
    this.subjectStart = argumentStart;
    this.subjectEnd = subjectEnd;
    this.replyStart = withReply ? secondStart : 0;
    this.replyEnd = withReply ? secondEnd : 0;
    this.headerBytes = headerBytes;
    this.bodyStart = bodyStart;
    this.bodyEnd = bodyEnd;
    this.#frameEnd = bodyEnd + 2;
    return frame.publish;
  }

  /** The line is not complete: `none`, unless it is too long already. */
  #cutLine(start: number, end: number): FrameKind {
    return end - start > this.#limits.controlLineBytesMax + verbBytesMax ? this.#fail(frame.controlLineTooLong) : frame.none;
  }

  /** Control characters other than blanks and line ends are part of a token. */
  #tokenEnd(buffer: Buffer, at: number, end: number): number {
    while (at < end) {
      const byte = buffer[at]!;
      if (byte <= space && (isBlank(byte) || byte === carriageReturn || byte === newline)) break;
      at++;
    }
    return at;
  }

  /** Keeps the line up to `end`: all of it, or up to its subject. */
  #remember(buffer: Buffer, start: number, subjectStart: number, subjectEnd: number, end: number): void {
    const bytes = end - start;
    this.#lineBytes = 0;
    this.#lineSubjectStart = 0;
    this.#lineSubjectEnd = 0;
    if (bytes > lineBytesKept) return;
    if (this.#line.length === 0) this.#line = Buffer.allocUnsafeSlow(lineBytesKept);
    const line = this.#line;
    for (let index = 0; index < bytes; index++) line[index] = buffer[start + index]!;
    this.#lineSubjectStart = subjectStart - start;
    this.#lineSubjectEnd = subjectEnd - start;
    if (end > subjectEnd) this.#lineBytes = bytes;
  }

  #subscribe(buffer: Buffer, start: number, at: number, end: number): FrameKind {
    const found = this.#argumentsEnd(buffer, start, at, end);
    if (found < 0) return this.#failure;
    const first = skipBlanks(buffer, at, found);
    const firstEnd = this.#tokenEnd(buffer, first, found);
    const second = skipBlanks(buffer, firstEnd, found);
    const secondEnd = this.#tokenEnd(buffer, second, found);
    const third = skipBlanks(buffer, secondEnd, found);
    const thirdEnd = this.#tokenEnd(buffer, third, found);
    if (second === secondEnd || skipBlanks(buffer, thirdEnd, found) !== found) return this.#fail(frame.badArguments);
    const withQueue = thirdEnd > third;
    this.subjectStart = first;
    this.subjectEnd = firstEnd;
    this.replyStart = withQueue ? second : 0;
    this.replyEnd = withQueue ? secondEnd : 0;
    this.sidStart = withQueue ? third : second;
    this.sidEnd = withQueue ? thirdEnd : secondEnd;
    return frame.subscribe;
  }

  #unsubscribe(buffer: Buffer, start: number, at: number, end: number): FrameKind {
    const found = this.#argumentsEnd(buffer, start, at, end);
    if (found < 0) return this.#failure;
    const first = skipBlanks(buffer, at, found);
    const firstEnd = this.#tokenEnd(buffer, first, found);
    const second = skipBlanks(buffer, firstEnd, found);
    const secondEnd = this.#tokenEnd(buffer, second, found);
    if (first === firstEnd || skipBlanks(buffer, secondEnd, found) !== found) return this.#fail(frame.badArguments);
    this.sidStart = first;
    this.sidEnd = firstEnd;
    this.max = secondEnd > second ? Math.max(0, number(buffer, second, secondEnd)) : 0;
    return frame.unsubscribe;
  }

  /** As `#lineEnd`, with the arguments held to their own limit. */
  #argumentsEnd(buffer: Buffer, start: number, at: number, end: number): number {
    const found = this.#lineEnd(buffer, start, at, end);
    if (found < 0) return -1;
    if (found - skipBlanks(buffer, at, found) <= this.#limits.controlLineBytesMax) return found;
    this.#fail(frame.controlLineTooLong);
    return -1;
  }
}

/** A longer line is parsed, and its subject looked up, each time. */
const lineBytesKept = 320;

function isBlank(byte: number): boolean {
  return byte === space || byte === tab;
}

function sameLetter(byte: number, lower: number): boolean {
  return byte === lower || (lower >= 0x61 && (byte | 32) === lower && byte >= 0x41);
}

function skipBlanks(buffer: Buffer, at: number, end: number): number {
  while (at < end && (isBlank(buffer[at]!) || buffer[at] === carriageReturn)) at++;
  return at;
}

/** A size of at most nine digits; -1 when it is none. */
function number(buffer: Buffer, start: number, end: number): number {
  if (end === start || end - start > digitsMax) return -1;
  let value = 0;
  for (let index = start; index < end; index++) {
    const digit = buffer[index]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
