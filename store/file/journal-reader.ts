/**
 * Reads the journal back, in order, from the first batch no checkpoint contains. What it cannot read it either cuts, and says so
 * (a torn tail: nothing later claims that it was durable), or calls damage, and changes nothing.
 */
import type { Disk } from "../disk.ts";
import { StoreError } from "../store.ts";
import {
  alignBatch,
  batchAlignment,
  batchHeaderBytes,
  batchMagic,
  journalFilePattern,
  readBatchHeader,
  wasBatch,
} from "./journal-format.ts";
import type { BatchHeader } from "./journal-format.ts";
import type { FilledFile } from "./journal.ts";

/** One batch that is not contained in a checkpoint. Bytes are valid during the call. */
export type BatchVisitor = (view: DataView, bytes: Buffer, start: number, end: number, header: BatchHeader) => void;

export interface JournalContent {
  readonly lastBatch: number;
  readonly lastChecksum: number;
  readonly lastChange: number;
  /** Files with batches that are still needed, ascending. */
  readonly filled: readonly FilledFile[];
  /** Files nothing is needed of. */
  readonly spent: readonly string[];
  readonly lastFile: number;
  /** What was cut off, as a sentence; "" when nothing was. */
  readonly cut: string;
}

/** A place where no sound batch begins although one could. */
export interface JournalGap {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

interface Cut {
  readonly name: string;
  readonly position: number;
  readonly bytes: number;
}

/**
 * Visits the batches after `contained`, the last batch of the newest checkpoint (with its checksum). With `repair`, cuts a torn
 * tail off the disk; without, only tells of it.
 */
export async function readJournal(
  disk: Disk,
  folder: string,
  contained: { readonly batch: number; readonly checksum: number; readonly change: number },
  visit: BatchVisitor,
  repair: boolean,
): Promise<JournalContent> {
  const files = (await disk.list(folder))
    .map((file) => ({ name: file.name, size: file.size, number: Number(journalFilePattern.exec(file.name)?.[1] ?? 0) }))
    .filter((file) => file.number > 0)
    .sort((a, b) => a.number - b.number);
  let last = contained.batch;
  let checksum = contained.checksum;
  let change = contained.change;
  let gap: JournalGap | undefined;
  let cut: Cut | undefined;
  let cutFromFile = 0;
  const filled: FilledFile[] = [];
  const spent: string[] = [];

  for (const file of files) {
    const path = `${folder}/${file.name}`;
    const bytes = await readWhole(disk, path, file.size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let lastOfFile = 0;
    for (let at = 0; at + batchHeaderBytes <= bytes.length;) {
      const header = readBatchHeader(view, bytes, at, bytes.length);
      if (header === undefined || header.epoch !== file.number) {
        const next = findBatch(view, bytes, at, file.number);
        // Something of this epoch begins here and is not whole: the torn tail, unless a later batch says otherwise.
        if (next !== undefined || wasBatch(view, at, bytes.length, file.number, last + 1, checksum)) {
          gap ??= { name: file.name, from: at, to: next ?? bytes.length };
        }
        if (next === undefined) break;
        at = next;
        continue;
      }
      const end = at + header.length;
      if (header.number > last) {
        if (header.number !== last + 1 || (last > 0 && header.previous !== checksum)) {
          if (header.durable > last || header.number === last + 1) {
            const where = gap === undefined ? `before ${file.name} at ${at}` : `in ${gap.name} at ${gap.from}..${gap.to}`;
            throw new StoreError(
              "damaged",
              `the journal is damaged ${where}: batch ${last + 1} is missing and batch ${header.number} follows. ` +
                "Nothing was changed; restore the file from a copy, or see what is left with 'waystation fsck'",
            );
          }
          // Written without a sync and lost by a power failure, together with what came after it.
          cut ??= { name: gap?.name ?? file.name, position: gap?.from ?? at, bytes: 0 };
          if (cutFromFile === 0) cutFromFile = file.number;
        } else if (cut === undefined) {
          visit(view, bytes, at + batchHeaderBytes, end, header);
          last = header.number;
          checksum = header.checksum;
          change = header.firstChange + header.entries - 1;
          lastOfFile = last;
          gap = undefined;
        }
      } else if (header.number === last) {
        checksum = header.checksum;
      }
      at = alignBatch(end);
    }
    if (lastOfFile > 0) filled.push({ number: file.number, bytes: bytes.length, lastBatch: lastOfFile });
    else spent.push(file.name);
  }
  if (cut === undefined && gap !== undefined) cut = { name: gap.name, position: gap.from, bytes: gap.to - gap.from };
  if (cut !== undefined && repair) await cutTail(disk, folder, cut, files, spent);
  return {
    lastBatch: last,
    lastChecksum: checksum,
    lastChange: change,
    filled,
    spent,
    lastFile: files.at(-1)?.number ?? 0,
    cut:
      cut === undefined
        ? ""
        : `the journal ended in an unfinished batch, cut at ${cut.name} position ${cut.position}; nothing acknowledged was in it`,
  };
}

/** Removes what follows the last whole batch, so that no later reading can mistake it for damage. */
async function cutTail(disk: Disk, folder: string, cut: Cut, files: readonly { readonly name: string }[], spent: string[]): Promise<void> {
  const file = await disk.open(`${folder}/${cut.name}`, "update");
  try {
    await file.truncate(cut.position);
    await file.sync();
  } finally {
    await file.close();
  }
  // Later files hold only batches that were written after the lost one.
  for (const later of files) {
    if (later.name > cut.name && !spent.includes(later.name)) spent.push(later.name);
  }
}

/** The position of the next sound batch of the epoch after `from`, if there is one. */
function findBatch(view: DataView, bytes: Buffer, from: number, epoch: number): number | undefined {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  const step = batchAlignment >>> 2;
  for (let word = (from >>> 2) + step; word < words.length; word += step) {
    if (words[word] !== batchMagic) continue;
    const at = word << 2;
    if (readBatchHeader(view, bytes, at, bytes.length)?.epoch === epoch) return at;
  }
  return undefined;
}

/** The whole file, in memory that starts at a multiple of 8. */
export async function readWhole(disk: Disk, path: string, size: number): Promise<Buffer> {
  const file = await disk.open(path, "read");
  try {
    const bytes = Buffer.from(new ArrayBuffer(size));
    const count = await file.read(bytes, 0);
    return count === size ? bytes : bytes.subarray(0, count);
  } finally {
    await file.close();
  }
}
