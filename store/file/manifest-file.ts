/**
 * The manifest's file: edits, each checksummed and chained to the one before, appended and synced one at a time; rewritten whole
 * (new file, sync, rename, folder sync) when it has grown long. What an edit means is for `manifest.ts`.
 *
 *   Edit, at a multiple of 8 bytes
 *      0  u32  magic "WSM1"
 *      4  u32  crc32 of bytes 8 … length
 *      8  u32  length, header included
 *     12  u32  crc32 of the edit before it; 0 for the first of a file
 *     16  num  edit number, from 1, without gaps, through rewrites
 *     24       items
 */
import { crc32 } from "node:zlib";
import type { Disk, DiskFile } from "../disk.ts";
import { StoreError } from "../store.ts";
import { ByteWriter } from "./bytes.ts";
import { readWhole } from "./journal-reader.ts";

const editMagic = 0x314d5357;
const editHeaderBytes = 24;
const alignment = 8;
export const manifestName = "manifest";
const manifestNewName = "manifest.new";
/** Space kept so that an edit that frees space can be written on a full disk. */
export const ballastName = "ballast";

/** A new edit: write items into it, then hand it to `append` or `rewrite`. */
export function newEdit(): ByteWriter {
  const writer = new ByteWriter(1024);
  writer.skip(editHeaderBytes);
  return writer;
}

export type EditVisitor = (bytes: Buffer, start: number, end: number) => void;

export class ManifestFile {
  readonly #disk: Disk;
  readonly #folder: string;
  #file: DiskFile | undefined;
  #position = 0;
  #number = 0;
  #checksum = 0;
  #hasBallast = false;

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  get bytes(): number {
    return this.#position;
  }

  /** Visits all sound edits. A torn last one was never acted on and is cut, which the returned sentence says. Nothing is written. */
  async read(size: number, visit: EditVisitor): Promise<string> {
    const bytes = await readWhole(this.#disk, `${this.#folder}/${manifestName}`, size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at < bytes.length) {
      const length = soundEdit(view, bytes, at);
      if (length === 0) break;
      if (this.#number > 0 && (view.getUint32(at + 12, true) !== this.#checksum || view.getFloat64(at + 16, true) !== this.#number + 1))
        break;
      this.#checksum = view.getUint32(at + 4, true);
      this.#number = view.getFloat64(at + 16, true);
      visit(bytes, at + editHeaderBytes, at + length);
      at = align(at + length);
    }
    this.#position = at;
    if (at >= bytes.length) return "";
    for (let next = at + alignment; next < bytes.length; next += alignment) {
      if (soundEdit(view, bytes, next) > 0 && view.getFloat64(next + 16, true) > this.#number) {
        throw new StoreError(
          "damaged",
          `${manifestName} is damaged at ${at}..${next}; nothing was changed; restore it from a copy of the folder`,
        );
      }
    }
    if (at === 0)
      throw new StoreError("damaged", `${manifestName} is damaged at its start; nothing was changed; restore it from a copy of the folder`);
    return `${manifestName} ended in an unfinished edit, cut at position ${at}`;
  }

  /** Makes the file ready for `append`, after `read` or for a new folder. */
  async start(cut: boolean): Promise<void> {
    if (this.#number === 0) return;
    this.#file = await this.#disk.open(`${this.#folder}/${manifestName}`, "update");
    if (!cut) return;
    await this.#file.truncate(this.#position);
    await this.#file.sync();
  }

  /** Durable when resolved. */
  async append(edit: ByteWriter): Promise<void> {
    const file = this.#file;
    if (file === undefined) return this.rewrite(edit);
    const bytes = this.#seal(edit, this.#checksum);
    try {
      await file.write(bytes, this.#position);
    } catch (error) {
      if (!(await this.#spendBallast())) throw error;
      await file.write(bytes, this.#position);
    }
    try {
      await file.sync();
    } catch (error) {
      // Whether the edit is on disk is not known any more: no code, so that nobody takes it for a full disk and tries again.
      throw new Error(`syncing ${manifestName} failed: ${String(error)}`, { cause: error });
    }
    this.#taken(edit, this.#position);
  }

  /** The edit becomes the whole manifest. Durable when resolved. */
  async rewrite(edit: ByteWriter): Promise<void> {
    const path = `${this.#folder}/${manifestName}`;
    const newPath = `${this.#folder}/${manifestNewName}`;
    await this.#disk.unlink(newPath).catch(() => undefined);
    const file = await this.#disk.open(newPath, "create");
    try {
      await file.write(this.#seal(edit, 0), 0);
      await file.sync();
      await this.#disk.rename(newPath, path);
      await this.#disk.syncFolder(this.#folder);
    } catch (error) {
      await file.close();
      await this.#disk.unlink(newPath).catch(() => undefined);
      throw error;
    }
    await this.#file?.close();
    this.#file = file;
    this.#taken(edit, 0);
  }

  /** Sets space aside, when there is some. */
  async keepBallast(bytes: number, exists: boolean): Promise<void> {
    if (this.#hasBallast || exists) {
      this.#hasBallast = true;
      return;
    }
    const path = `${this.#folder}/${ballastName}`;
    try {
      const file = await this.#disk.open(path, "create");
      await file.write(Buffer.alloc(bytes), 0);
      await file.close();
      this.#hasBallast = true;
    } catch {
      await this.#disk.unlink(path).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #spendBallast(): Promise<boolean> {
    if (!this.#hasBallast) return false;
    this.#hasBallast = false;
    await this.#disk.unlink(`${this.#folder}/${ballastName}`);
    return true;
  }

  #seal(edit: ByteWriter, previous: number): Buffer {
    const view = edit.view;
    view.setUint32(0, editMagic, true);
    view.setUint32(8, edit.length, true);
    view.setUint32(12, previous, true);
    view.setFloat64(16, this.#number + 1, true);
    const bytes = edit.done();
    view.setUint32(4, crc32(bytes.subarray(8)), true);
    return bytes;
  }

  #taken(edit: ByteWriter, position: number): void {
    this.#checksum = edit.view.getUint32(4, true);
    this.#number++;
    this.#position = align(position + edit.length);
  }
}

export function isManifestExtra(name: string): boolean {
  return name === manifestNewName || name === ballastName;
}

/** The length of the sound edit at `at`, else 0. */
function soundEdit(view: DataView, bytes: Buffer, at: number): number {
  if (bytes.length - at < editHeaderBytes || view.getUint32(at, true) !== editMagic) return 0;
  const length = view.getUint32(at + 8, true);
  if (length < editHeaderBytes || length > bytes.length - at) return 0;
  return crc32(bytes.subarray(at + 8, at + length)) === view.getUint32(at + 4, true) ? length : 0;
}

function align(position: number): number {
  return Math.ceil(position / alignment) * alignment;
}
