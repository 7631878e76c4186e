/**
 * Writes one segment file: runs of blocks, each with its index and subjects. Leaves out records that are gone by now. Works in
 * slices, and every write goes through the thread pool, one at a time: the journal never waits for it.
 */
import type { Disk, DiskFile } from "../disk.ts";
import {
  recordHeaderBytes,
  recordLength,
  recordMessageIdBytes,
  recordSequence,
  recordSubjectBytes,
  recordTimeUs,
  recordTtlSeconds,
} from "../record.ts";
import { Block, blockHeaderBytes } from "./block.ts";
import { BlockIndex, SubjectsBuilder, segmentFileName, segmentHeader } from "./segment-format.ts";
import type { Run } from "./runs.ts";

/** Says which records are not to be written. */
export interface Survivors {
  /** True when a record of `first..last` may be gone; asked per block, so that most blocks are copied unread. */
  anyGone(first: number, last: number): boolean;
  isGone(sequence: number): boolean;
}

const writeBytes = 256 << 10;

export class SegmentWriter {
  readonly number: number;
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #path: string;
  #file: DiskFile | undefined;
  #buffer: Buffer = Buffer.allocUnsafe(writeBytes);
  #buffered = 0;
  #position = 0;

  constructor(disk: Disk, folder: string, number: number) {
    this.#disk = disk;
    this.#folder = folder;
    this.number = number;
    this.#path = `${folder}/${segmentFileName(number)}`;
  }

  get bytes(): number {
    return this.#position + this.#buffered;
  }

  async open(): Promise<void> {
    this.#file = await this.#disk.open(this.#path, "create");
    await this.#write(segmentHeader(this.number));
  }

  /** Writes a log's blocks as one run. Undefined when nothing of them is left. */
  async run(
    logId: number,
    blocks: AsyncIterable<Block> | Iterable<Block>,
    survivors: Survivors,
    keepIds: boolean,
  ): Promise<Run | undefined> {
    const offset = this.bytes;
    const index = new BlockIndex();
    let subjects: SubjectsBuilder | undefined;
    let first = 0;
    let firstTimeUs = 0;
    let last = 0;
    let lastTimeUs = 0;
    let count = 0;
    for await (const source of blocks) {
      if (subjects === undefined) {
        first = source.first;
        firstTimeUs = source.firstTimeUs;
        subjects = new SubjectsBuilder(first, firstTimeUs);
      }
      last = source.last;
      lastTimeUs = source.lastTimeUs;
      if (keepIds) addIds(source, subjects);
      const block = survivors.anyGone(source.first, source.last) ? withoutGone(source, survivors) : source;
      if (block.count === 0) continue;
      addSubjects(block, subjects);
      block.seal(logId);
      index.add(block.first, block.last, block.firstTimeUs, this.bytes - offset, block.length, block.count);
      count += block.count;
      await this.#write(block.buffer.subarray(0, block.length));
    }
    if (subjects === undefined || (count === 0 && subjects.ids === 0)) return undefined;
    const blockBytes = this.bytes - offset;
    const indexBytes = index.encode(logId);
    await this.#write(indexBytes);
    const subjectBytes = subjects.encode(logId);
    await this.#write(subjectBytes);
    return {
      segment: this.number,
      offset,
      blockBytes,
      indexBytes: indexBytes.length,
      subjectsBytes: subjectBytes.length,
      first,
      last,
      count,
      firstTimeUs,
      lastTimeUs,
      ids: subjects.ids,
      ttls: subjects.ttls,
    };
  }

  /** Durable when resolved, name included. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#file?.sync();
    await this.#file?.close();
    await this.#disk.syncFolder(this.#folder);
  }

  /** Nothing refers to it: takes it away again. */
  async abandon(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    await this.#disk.unlink(this.#path).catch(() => undefined);
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#buffered + bytes.length > this.#buffer.length) await this.#flush();
    if (bytes.length > this.#buffer.length) {
      await this.#file?.write(bytes, this.#position);
      this.#position += bytes.length;
      return;
    }
    bytes.copy(this.#buffer, this.#buffered);
    this.#buffered += bytes.length;
  }

  async #flush(): Promise<void> {
    if (this.#buffered === 0) return;
    await this.#file?.write(this.#buffer.subarray(0, this.#buffered), this.#position);
    this.#position += this.#buffered;
    this.#buffered = 0;
  }
}

function addSubjects(block: Block, subjects: SubjectsBuilder): void {
  const { view, buffer, length } = block;
  subjects.blockBegins();
  for (let at = blockHeaderBytes; at < length; at += recordLength(view, at)) {
    const start = at + recordHeaderBytes;
    const sequence = recordSequence(view, at);
    subjects.add(buffer, start, start + recordSubjectBytes(view, at), sequence);
    const ttlSeconds = recordTtlSeconds(view, at);
    if (ttlSeconds > 0) subjects.addTtl(sequence, recordTimeUs(view, at), ttlSeconds);
  }
}

function addIds(block: Block, subjects: SubjectsBuilder): void {
  const { view, buffer, length } = block;
  for (let at = blockHeaderBytes; at < length; at += recordLength(view, at)) {
    const bytes = recordMessageIdBytes(view, at);
    if (bytes === 0) continue;
    const start = at + recordHeaderBytes + recordSubjectBytes(view, at);
    subjects.addId(recordSequence(view, at), recordTimeUs(view, at), buffer.subarray(start, start + bytes));
  }
}

function withoutGone(source: Block, survivors: Survivors): Block {
  const block = new Block(source.length);
  const { view, buffer, length } = source;
  for (let at = blockHeaderBytes; at < length;) {
    const end = at + recordLength(view, at);
    if (!survivors.isGone(recordSequence(view, at))) block.add(view, buffer, at, end, at, 1);
    at = end;
  }
  return block;
}
