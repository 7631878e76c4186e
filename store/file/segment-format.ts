/**
 * The layout of a segment file: what one flush wrote, sorted by log. The manifest says where each run lies, so that no segment is
 * opened at start.
 *
 *   File header, 64 bytes:  u32 magic "WSS1" · u32 crc32 of bytes 8 … 64 · u32 version (1) · u32 0 · num segment number · zeroes
 *   then runs: a log's blocks (block.ts), one after the other, then the run's index, then its subjects.
 *
 *   Index      u32 magic "WSI1" · u32 crc32 of bytes 8 … length · u32 length · u32 log id · u32 blocks · u32 0, then per block
 *              num first · num last · num first time · u32 offset from the run's start · u32 length · u32 records · u32 0
 *   Subjects   u32 magic "WSU1" · u32 crc32 of bytes 8 … length · u32 length · u32 log id · u32 subjects · u32 0, then
 *              per subject: varint length, bytes, varint count, sequences as varint deltas (the first from the run's first), then
 *              varint message ids, then per id, in order: varint sequence delta, varint time delta (µs, from the run's first time),
 *              varint length, bytes; then varint records with a time to live, then per record: varint sequence delta, varint time
 *              delta, varint seconds
 */
import { crc32 } from "node:zlib";
import { ByteReader, ByteWriter } from "./bytes.ts";

export const segmentHeaderBytes = 64;
const segmentMagic = 0x31535357;
const segmentVersion = 1;
const indexMagic = 0x31495357;
const subjectsMagic = 0x31555357;
const sectionHeaderBytes = 24;
const blockEntryBytes = 40;

export const segmentFilePattern: RegExp = /^segment-(\d{10})\.seg$/;

export function segmentFileName(number: number): string {
  return `segment-${String(number).padStart(10, "0")}.seg`;
}

export function segmentHeader(number: number): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(0, segmentMagic, true);
  view.setUint32(8, segmentVersion, true);
  view.setFloat64(16, number, true);
  view.setUint32(4, crc32(bytes.subarray(8)), true);
  return bytes;
}

export function isSegmentHeader(bytes: Buffer, number: number): boolean {
  return bytes.subarray(0, segmentHeaderBytes).equals(segmentHeader(number));
}

const blockFields = 6;

/** Where the blocks of a run lie: one list of numbers, for there are very many small runs. */
export class BlockIndex {
  readonly #numbers: number[] = [];

  get length(): number {
    return this.#numbers.length / blockFields;
  }

  first(block: number): number {
    return this.#numbers[block * blockFields]!;
  }

  last(block: number): number {
    return this.#numbers[block * blockFields + 1]!;
  }

  /** Of its first record. */
  timeUs(block: number): number {
    return this.#numbers[block * blockFields + 2]!;
  }

  /** From the run's start. */
  offset(block: number): number {
    return this.#numbers[block * blockFields + 3]!;
  }

  size(block: number): number {
    return this.#numbers[block * blockFields + 4]!;
  }

  count(block: number): number {
    return this.#numbers[block * blockFields + 5]!;
  }

  add(first: number, last: number, timeUs: number, offset: number, size: number, count: number): void {
    this.#numbers.push(first, last, timeUs, offset, size, count);
  }

  /** The first block whose last sequence is ≥ `sequence`; `length` when none. */
  find(sequence: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.last(middle) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  encode(logId: number): Buffer {
    const writer = new ByteWriter(sectionHeaderBytes + blockEntryBytes * this.length);
    writer.skip(sectionHeaderBytes);
    for (let index = 0; index < this.length; index++) {
      writer.num(this.first(index));
      writer.num(this.last(index));
      writer.num(this.timeUs(index));
      writer.u32(this.offset(index));
      writer.u32(this.size(index));
      writer.u32(this.count(index));
      writer.u32(0);
    }
    return sealSection(writer, indexMagic, logId, this.length);
  }

  /** Undefined when the bytes are not the sound index of this log. */
  static decode(bytes: Buffer, logId: number): BlockIndex | undefined {
    if (!isSection(bytes, indexMagic, logId)) return undefined;
    const reader = new ByteReader(bytes, 16);
    const count = reader.u32();
    if (bytes.length !== sectionHeaderBytes + count * blockEntryBytes) return undefined;
    reader.u32();
    const index = new BlockIndex();
    for (let block = 0; block < count; block++) {
      const first = reader.num();
      const last = reader.num();
      const timeUs = reader.num();
      const offset = reader.u32();
      const length = reader.u32();
      index.add(first, last, timeUs, offset, length, reader.u32());
      reader.u32();
    }
    return index;
  }
}

/** First index with `values[index] ≥ wanted`; `values.length` when none. Ascending. */
export function lowerBound(values: readonly number[], wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Gathers the subjects and message ids of a run while its records pass. */
export class SubjectsBuilder {
  readonly #first: number;
  readonly #firstTimeUs: number;
  readonly #subjects: Map<string, number[]> = new Map();
  readonly #ids: ByteWriter = new ByteWriter();
  #idSequence: number;
  readonly #ttls: ByteWriter = new ByteWriter();
  #ttlSequence: number;
  ids = 0;
  ttls = 0;
  /** The list of the subject added last, and where its bytes are: mostly the next one's too. */
  #last: number[] | undefined;
  #lastBuffer: Buffer = Buffer.alloc(0);
  #lastStart = 0;
  #lastEnd = 0;

  constructor(first: number, firstTimeUs: number) {
    this.#first = first;
    this.#firstTimeUs = firstTimeUs;
    this.#idSequence = first;
    this.#ttlSequence = first;
  }

  /** Another block's records follow: the memory of the one before may be filled anew. */
  blockBegins(): void {
    this.#last = undefined;
  }

  /** The buffer stays as it is while the records of one block are added. */
  add(buffer: Buffer, start: number, end: number, sequence: number): void {
    let list = this.#last;
    if (list === undefined || !this.#isLast(buffer, start, end)) {
      const subject = buffer.toString("latin1", start, end);
      list = this.#subjects.get(subject);
      if (list === undefined) {
        list = [];
        this.#subjects.set(subject, list);
      }
      this.#last = list;
    }
    this.#lastBuffer = buffer;
    this.#lastStart = start;
    this.#lastEnd = end;
    list.push(sequence);
  }

  #isLast(buffer: Buffer, start: number, end: number): boolean {
    const last = this.#lastBuffer;
    const lastStart = this.#lastStart;
    if (end - start !== this.#lastEnd - lastStart) return false;
    for (let index = end - start - 1; index >= 0; index--) if (last[lastStart + index] !== buffer[start + index]) return false;
    return true;
  }

  /** A message id, also of a record that is gone: its window may still be open. */
  addId(sequence: number, timeUs: number, id: Uint8Array): void {
    this.#ids.varint(sequence - this.#idSequence);
    this.#ids.varint(Math.max(0, timeUs - this.#firstTimeUs));
    this.#ids.varint(id.length);
    this.#ids.bytes(id);
    this.#idSequence = sequence;
    this.ids++;
  }

  addTtl(sequence: number, timeUs: number, ttlSeconds: number): void {
    this.#ttls.varint(sequence - this.#ttlSequence);
    this.#ttls.varint(Math.max(0, timeUs - this.#firstTimeUs));
    this.#ttls.varint(ttlSeconds);
    this.#ttlSequence = sequence;
    this.ttls++;
  }

  encode(logId: number): Buffer {
    const writer = new ByteWriter(4096);
    writer.skip(sectionHeaderBytes);
    for (const [subject, sequences] of this.#subjects) {
      writer.varint(subject.length);
      writer.bytes(Buffer.from(subject, "latin1"));
      writer.varint(sequences.length);
      let before = this.#first;
      for (const sequence of sequences) {
        writer.varint(sequence - before);
        before = sequence;
      }
    }
    writer.varint(this.ids);
    writer.bytes(this.#ids.done());
    writer.varint(this.ttls);
    writer.bytes(this.#ttls.done());
    return sealSection(writer, subjectsMagic, logId, this.#subjects.size);
  }
}

export interface SubjectsVisitor {
  /** How many subjects follow. */
  subjects?(count: number): void;
  /** The subject is `bytes` from `start` to `end`, valid during the call; so is `sequences`, of which `count` are filled. */
  subject(bytes: Buffer, start: number, end: number, sequences: Float64Array, count: number): void;
  messageId(sequence: number, timeUs: number, id: Buffer): void;
  timeToLive(sequence: number, timeUs: number, ttlSeconds: number): void;
}

/** False when the bytes are not the sound subjects of this log. */
export function readSubjects(bytes: Buffer, logId: number, first: number, firstTimeUs: number, visit: SubjectsVisitor): boolean {
  if (!isSection(bytes, subjectsMagic, logId)) return false;
  const reader = new ByteReader(bytes, 16);
  const subjects = reader.u32();
  reader.u32();
  visit.subjects?.(subjects);
  let sequences = new Float64Array(64);
  for (let index = 0; index < subjects; index++) {
    const length = reader.varint();
    const start = reader.position;
    reader.position += length;
    const count = reader.varint();
    if (count > sequences.length) sequences = new Float64Array(count * 2);
    let sequence = first;
    for (let at = 0; at < count; at++) {
      sequence += reader.varint();
      sequences[at] = sequence;
    }
    visit.subject(bytes, start, start + length, sequences, count);
  }
  let sequence = first;
  for (let left = reader.varint(); left > 0; left--) {
    sequence += reader.varint();
    const timeUs = firstTimeUs + reader.varint();
    visit.messageId(sequence, timeUs, reader.bytes(reader.varint()));
  }
  sequence = first;
  for (let left = reader.varint(); left > 0; left--) {
    sequence += reader.varint();
    visit.timeToLive(sequence, firstTimeUs + reader.varint(), reader.varint());
  }
  return true;
}

function sealSection(writer: ByteWriter, magic: number, logId: number, count: number): Buffer {
  const view = writer.view;
  view.setUint32(0, magic, true);
  view.setUint32(8, writer.length, true);
  view.setUint32(12, logId, true);
  view.setUint32(16, count, true);
  view.setUint32(20, 0, true);
  const bytes = writer.done();
  view.setUint32(4, crc32(bytes.subarray(8)), true);
  return bytes;
}

function isSection(bytes: Buffer, magic: number, logId: number): boolean {
  if (bytes.length < sectionHeaderBytes) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== magic || view.getUint32(8, true) !== bytes.length || view.getUint32(12, true) !== logId) return false;
  return crc32(bytes.subarray(8)) === view.getUint32(4, true);
}
