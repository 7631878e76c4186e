/** The NATS decoder's frames as plain values, to compare. */
import { Decoder, frame } from "../../transports/nats/decoder.ts";
import type { DecoderLimits } from "../../transports/nats/decoder.ts";
import type { FrameMemory } from "../../transports/nats/frame-memory.ts";

export const smallLimits: DecoderLimits = { controlLineBytesMax: 64, payloadBytesMax: 512, headerBytesMax: 256 };

/** Counts what is lent, and spoils what is given back: nobody may look at it any more. */
export class CountingMemory implements FrameMemory {
  taken = 0;
  left: number;
  constructor(bytes: number) {
    this.left = bytes;
  }
  take(bytes: number): Buffer | undefined {
    if (bytes > this.left) return undefined;
    this.left -= bytes;
    this.taken += bytes;
    return Buffer.alloc(bytes);
  }
  give(buffer: Buffer): void {
    this.left += buffer.length;
    this.taken -= buffer.length;
    buffer.fill(0x21);
  }
}

const names = new Map<number, string>(Object.entries(frame).map(([name, kind]) => [kind, name]));

/** Everything the decoder says of the chunks, one line a frame; it ends after the first error. */
export function framesOf(chunks: readonly Buffer[], decoder: Decoder): string[] {
  const seen: string[] = [];
  for (const chunk of chunks) {
    // The decoder may use a chunk during its own call only: it gets a copy that is spoilt afterwards.
    const copy = Buffer.from(chunk);
    decoder.feed(copy);
    for (;;) {
      const kind = decoder.next();
      if (kind === frame.none || kind === frame.waiting) break;
      seen.push(describe(decoder, kind));
      if (kind >= frame.unknownOperation) return seen;
    }
    copy.fill(0x21);
  }
  return seen;
}

export function newDecoder(limits: DecoderLimits = smallLimits, memory: FrameMemory = new CountingMemory(1 << 20)): Decoder {
  const decoder = new Decoder(limits, memory);
  decoder.headersAllowed = true;
  return decoder;
}

function describe(decoder: Decoder, kind: number): string {
  const text = (start: number, end: number): string => decoder.buffer.toString("latin1", start, end);
  const name = names.get(kind) ?? String(kind);
  switch (kind) {
    case frame.publish: {
      const reply = text(decoder.replyStart, decoder.replyEnd);
      const body = text(decoder.bodyStart, decoder.bodyEnd);
      return `${name} ${text(decoder.subjectStart, decoder.subjectEnd)} [${reply}] ${decoder.headerBytes} ${JSON.stringify(body)} ${decoder.subjectRepeated}`;
    }
    case frame.subscribe:
      return `${name} ${text(decoder.subjectStart, decoder.subjectEnd)} [${text(decoder.replyStart, decoder.replyEnd)}] ${text(decoder.sidStart, decoder.sidEnd)}`;
    case frame.unsubscribe:
      return `${name} ${text(decoder.sidStart, decoder.sidEnd)} ${decoder.max}`;
    case frame.connect:
    case frame.other:
      return `${name} ${text(decoder.textStart, decoder.textEnd)}`;
    default:
      return name;
  }
}

/** The stream cut at these places. */
export function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  const chunks: Buffer[] = [];
  let from = 0;
  for (const place of sorted) {
    chunks.push(stream.subarray(from, place));
    from = place;
  }
  chunks.push(stream.subarray(from));
  return chunks;
}
