/**
 * Checks a folder that no broker has open, byte by byte, and changes nothing: every edit of the manifest, every block, index and
 * subject list of every segment, every batch of the journal. Names file and range of any damage.
 */
import type { Disk } from "../disk.ts";
import { StoreError } from "../store.ts";
import { isBlockSound, readBlockHeader } from "./block.ts";
import { visitEntries } from "./journal-entries.ts";
import { journalFilePattern } from "./journal-format.ts";
import { readJournal } from "./journal-reader.ts";
import { Manifest } from "./manifest.ts";
import type { StoredLog } from "./manifest.ts";
import { ManifestFile, manifestName } from "./manifest-file.ts";
import type { Run } from "./runs.ts";
import { BlockIndex, isSegmentHeader, readSubjects, segmentFileName, segmentFilePattern, segmentHeaderBytes } from "./segment-format.ts";
import { checkSubjects, subjectFileName, subjectFilePattern } from "./subject-file.ts";

export interface FolderFinding {
  /** `damage`: something that was written cannot be read. `note`: harmless, and cleaned up when the folder is next opened. */
  readonly kind: "damage" | "note";
  readonly file: string;
  /** Bytes of the file. */
  readonly from: number;
  readonly to: number;
  /** One sentence, with the station's log and the sequences concerned where there are some. */
  readonly message: string;
}

export interface FolderReport {
  readonly findings: readonly FolderFinding[];
  readonly files: number;
  readonly bytes: number;
  readonly logs: number;
  /** Records in segments, and changes in the journal. */
  readonly records: number;
  readonly journalChanges: number;
}

/** `done` of `total` bytes have been checked. */
export type FolderProgress = (done: number, total: number) => void;

/** Rejects with a StoreError when the folder is in use or cannot be read at all. */
export async function checkFolder(disk: Disk, folder: string, onProgress: FolderProgress = () => undefined): Promise<FolderReport> {
  const lock = await disk.lock(folder);
  if (lock === undefined) throw new StoreError("in_use", `a broker has the folder ${folder} open; stop it, then check`);
  try {
    return await new FolderCheck(disk, folder, onProgress).run();
  } finally {
    await lock.release();
  }
}

class FolderCheck {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #onProgress: FolderProgress;
  readonly #findings: FolderFinding[] = [];
  #done = 0;
  #total = 0;
  #records = 0;
  #journalChanges = 0;

  constructor(disk: Disk, folder: string, onProgress: FolderProgress) {
    this.#disk = disk;
    this.#folder = folder;
    this.#onProgress = onProgress;
  }

  async run(): Promise<FolderReport> {
    const entries = await this.#disk.list(this.#folder);
    const sizes = new Map(entries.map((each) => [each.name, each.size]));
    for (const { name, size } of entries) {
      if (name === manifestName || isChecked(name)) this.#total += size;
    }
    const manifest = await this.#checkManifest(sizes);
    const used = new Set<string>();
    for (const log of manifest?.logs.values() ?? []) {
      for (let index = 0; index < log.runs.length; index++) used.add(segmentFileName(log.runs.at(index).segment));
    }
    if (manifest !== undefined) await this.#checkSegments(manifest, used, sizes);
    for (const { name, size } of entries) {
      if (!segmentFilePattern.test(name) || used.has(name)) continue;
      if (manifest !== undefined) this.#note(name, size, "no log has records in it; it is removed when the folder is opened");
      this.#advance(size);
    }
    if (manifest !== undefined) await this.#checkSaved(manifest, sizes);
    if (manifest !== undefined) await this.#checkJournal(manifest, sizes);
    return {
      findings: this.#findings,
      files: entries.length,
      bytes: this.#total,
      logs: manifest?.logs.size ?? 0,
      records: this.#records,
      journalChanges: this.#journalChanges,
    };
  }

  async #checkManifest(sizes: ReadonlyMap<string, number>): Promise<Manifest | undefined> {
    const size = sizes.get(manifestName);
    const others = [...sizes.keys()].some((name) => segmentFilePattern.test(name) || journalFilePattern.test(name));
    if (size === undefined) {
      if (others) this.#damage(manifestName, 0, 0, "the manifest is missing, and with it all knowledge of what the other files hold");
      return others ? undefined : new Manifest();
    }
    const manifest = new Manifest();
    const file = new ManifestFile(this.#disk, this.#folder);
    try {
      const cut = await file.read(size, (bytes, start, end) => manifest.apply(bytes, start, end));
      if (cut !== "") this.#findings.push({ kind: "note", file: manifestName, from: file.bytes, to: size, message: cut });
    } catch (error) {
      this.#damage(manifestName, file.bytes, size, sentence(error));
      return undefined;
    }
    this.#advance(size);
    return manifest;
  }

  async #checkSegments(manifest: Manifest, used: ReadonlySet<string>, sizes: ReadonlyMap<string, number>): Promise<void> {
    const bySegment = new Map<string, { log: StoredLog; run: Run }[]>();
    for (const log of manifest.logs.values()) {
      for (let index = 0; index < log.runs.length; index++) {
        const run = log.runs.at(index);
        const name = segmentFileName(run.segment);
        const runs = bySegment.get(name) ?? [];
        runs.push({ log, run });
        bySegment.set(name, runs);
      }
    }
    for (const name of [...used].sort()) {
      const runs = bySegment.get(name) ?? [];
      if (!sizes.has(name)) {
        for (const { log, run } of runs)
          this.#damage(name, run.offset, run.offset, `the segment is missing: ${concerned(log, run.first, run.last)}`);
        continue;
      }
      await this.#checkSegment(name, runs);
      this.#advance(sizes.get(name) ?? 0);
    }
  }

  async #checkSegment(name: string, runs: readonly { readonly log: StoredLog; readonly run: Run }[]): Promise<void> {
    const file = await this.#disk.open(`${this.#folder}/${name}`, "read");
    try {
      const header = Buffer.alloc(segmentHeaderBytes);
      await file.read(header, 0);
      const number = runs[0]?.run.segment ?? 0;
      if (!isSegmentHeader(header, number))
        this.#damage(name, 0, segmentHeaderBytes, "the segment's header is damaged; its records are not concerned");
      for (const { log, run } of runs) {
        const size = run.blockBytes + run.indexBytes + run.subjectsBytes;
        const bytes = Buffer.from(new ArrayBuffer(size));
        const count = await file.read(bytes, run.offset);
        if (count < size)
          this.#damage(name, run.offset + count, run.offset + size, `the segment is too short: ${concerned(log, run.first, run.last)}`);
        else this.#checkRun(name, log, run, bytes);
      }
    } finally {
      await file.close();
    }
  }

  /** The subject indexes of the last clean close. They are a help: without one, subjects are gathered from the segments. */
  async #checkSaved(manifest: Manifest, sizes: ReadonlyMap<string, number>): Promise<void> {
    const used = new Set<string>();
    for (const { saved, id, definition } of manifest.logs.values()) {
      if (saved === undefined) continue;
      const name = subjectFileName(saved.file);
      const size = sizes.get(name);
      used.add(name);
      const wrong = size === undefined ? "the saved subjects are missing" : await checkSubjects(this.#disk, this.#folder, saved, id, size);
      if (wrong !== "") this.#damage(name, 0, size ?? 0, `${wrong}; those of '${definition.name}' are gathered again, nothing is lost`);
    }
    for (const [name, size] of sizes) {
      if (!subjectFilePattern.test(name)) continue;
      if (!used.has(name)) this.#note(name, size, "no log has subjects in it; it is removed when the folder is opened");
      this.#advance(size);
    }
  }

  #checkRun(name: string, log: StoredLog, run: Run, bytes: Buffer): void {
    const indexBytes = bytes.subarray(run.blockBytes, run.blockBytes + run.indexBytes);
    const indexAt = run.offset + run.blockBytes;
    const index = BlockIndex.decode(indexBytes, log.id);
    if (index === undefined) {
      this.#damage(
        name,
        indexAt,
        indexAt + run.indexBytes,
        `the index of a run is damaged (blocks can still be found): ${concerned(log, run.first, run.last)}`,
      );
    } else {
      this.#checkBlocks(name, log, run, bytes, index);
    }
    const subjectsAt = indexAt + run.indexBytes;
    const subjects = bytes.subarray(run.blockBytes + run.indexBytes);
    const nothing = (): void => undefined;
    if (!readSubjects(subjects, log.id, run.first, run.firstTimeUs, { subject: nothing, messageId: nothing, timeToLive: nothing })) {
      this.#damage(
        name,
        subjectsAt,
        subjectsAt + run.subjectsBytes,
        `the subjects of a run are damaged (records can still be read): ${concerned(log, run.first, run.last)}`,
      );
    }
  }

  #checkBlocks(name: string, log: StoredLog, run: Run, bytes: Buffer, index: BlockIndex): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let block = 0; block < index.length; block++) {
      const at = index.offset(block);
      const header = readBlockHeader(view, bytes, at, run.blockBytes, log.id);
      const first = index.first(block);
      const last = index.last(block);
      if (header !== undefined && header.first === first && header.last === last && isBlockSound(view, at, header)) {
        this.#records += header.count;
        continue;
      }
      this.#damage(name, run.offset + at, run.offset + at + index.size(block), `a block is damaged: ${concerned(log, first, last)}`);
    }
  }

  async #checkJournal(manifest: Manifest, sizes: ReadonlyMap<string, number>): Promise<void> {
    const names = [...sizes.keys()].filter((name) => journalFilePattern.test(name)).sort();
    if (!manifest.checkpoint.sealed && names.length === 0) {
      this.#damage("journal", 0, 0, "the folder was not closed, and its journal files are missing");
      return;
    }
    const ignore = (): void => undefined;
    const visitor = {
      record: ignore,
      remove: ignore,
      floor: ignore,
      groupDelta: ignore,
      groupDefine: ignore,
      groupDrop: ignore,
      define: ignore,
      drop: ignore,
      reserve: ignore,
    };
    const visit = (view: DataView, bytes: Buffer, start: number, end: number, header: { readonly entries: number }): void => {
      visitEntries(view, bytes, start, end, visitor);
      this.#journalChanges += header.entries;
    };
    try {
      const content = await readJournal(this.#disk, this.#folder, manifest.checkpoint, visit, false);
      if (content.cut !== "") this.#findings.push({ kind: "note", file: names.at(-1) ?? "journal", from: 0, to: 0, message: content.cut });
    } catch (error) {
      this.#damage(names[0] ?? "journal", 0, 0, sentence(error));
    }
    for (const name of names) this.#advance(sizes.get(name) ?? 0);
  }

  #damage(file: string, from: number, to: number, message: string): void {
    this.#findings.push({ kind: "damage", file, from, to, message });
  }

  #note(file: string, to: number, message: string): void {
    this.#findings.push({ kind: "note", file, from: 0, to, message });
  }

  #advance(bytes: number): void {
    this.#done += bytes;
    this.#onProgress(this.#done, this.#total);
  }
}

function isChecked(name: string): boolean {
  return segmentFilePattern.test(name) || subjectFilePattern.test(name) || journalFilePattern.test(name);
}

function concerned(log: StoredLog, first: number, last: number): string {
  return `records ${first}..${last} of '${log.definition.name}'`;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
