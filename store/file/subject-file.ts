/**
 * A subject index as a file: its memory as it was when the store was closed, so that a million subjects are read and not gathered
 * again. Only the manifest says that it counts; who cannot use it gathers the subjects from the segments, as if it were not there.
 *
 *   File header, 64 bytes
 *      0  u32  magic "WSX1"
 *      4  u32  crc32 of bytes 8 … 64
 *      8  u32  version (1)
 *     12  u32  0x01020304 in the byte order of the machine: the index is in that order too
 *     16  u32  log id
 *     20  u32  crc32 of key and numbers
 *     24  u32  crc32 of the parts
 *     28  u32  how many numbers
 *     32  num  file number
 *     40  num  through: the last sequence then
 *     48  num  length of the file
 *     56       zeroes
 *   then the hash key, 16 bytes; the numbers of `SubjectIndex.shape`; its parts, one after the other
 */
import { crc32 } from "node:zlib";
import type { Disk, DiskFile } from "../disk.ts";
import { hashKeyBytes, KeyedHash } from "../ledger/keyed-hash.ts";
import { SubjectIndex } from "../ledger/subject-index.ts";
import { readWhole } from "./journal-reader.ts";
import type { SavedSubjects } from "./manifest.ts";

const headerBytes = 64;
const magic = 0x31585357;
const version = 1;
const machineOrder = 0x01020304;

export const subjectFilePattern: RegExp = /^subjects-(\d{10})\.idx$/;

export function subjectFileName(number: number): string {
  return `subjects-${String(number).padStart(10, "0")}.idx`;
}

/** Writes an index that nothing changes meanwhile. Durable when resolved but for its name: sync the folder. */
export async function writeSubjects(
  disk: Disk,
  folder: string,
  saved: Omit<SavedSubjects, "bytes" | "checksum">,
  logId: number,
  index: SubjectIndex,
): Promise<SavedSubjects> {
  const path = `${folder}/${subjectFileName(saved.file)}`;
  const file = await disk.open(path, "create");
  try {
    const shape = shapeBytes(index);
    let position = headerBytes;
    await file.write(shape, position);
    position += shape.length;
    let checksum = 0;
    for (const part of index.parts()) {
      checksum = crc32(part, checksum);
      await file.write(part, position);
      position += part.length;
    }
    const header = headerOf(saved, logId, shape, checksum, position);
    await file.write(header, 0);
    await file.sync();
    await file.close();
    return { ...saved, bytes: position, checksum: header.readUInt32LE(4) };
  } catch (error) {
    await file.close().catch(() => undefined);
    await disk.unlink(path).catch(() => undefined);
    throw error;
  }
}

function shapeBytes(index: SubjectIndex): Buffer {
  const shape = index.shape();
  const bytes = Buffer.alloc(hashKeyBytes + shape.length * 8);
  bytes.set(index.hashKey);
  for (const [at, number] of shape.entries()) bytes.writeDoubleLE(number, hashKeyBytes + at * 8);
  return bytes;
}

function headerOf(saved: Pick<SavedSubjects, "file" | "through">, logId: number, shape: Buffer, checksum: number, bytes: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(version, 8);
  new Uint32Array(header.buffer, header.byteOffset + 12, 1)[0] = machineOrder;
  header.writeUInt32LE(logId, 16);
  header.writeUInt32LE(crc32(shape), 20);
  header.writeUInt32LE(checksum, 24);
  header.writeUInt32LE((shape.length - hashKeyBytes) / 8, 28);
  header.writeDoubleLE(saved.file, 32);
  header.writeDoubleLE(saved.through, 40);
  header.writeDoubleLE(bytes, 48);
  header.writeUInt32LE(crc32(header.subarray(8)), 4);
  return header;
}

/** The index of a file; undefined when it is not there, or not what the manifest says of it. Rejects never. */
export async function readSavedSubjects(
  disk: Disk,
  folder: string,
  saved: SavedSubjects,
  logId: number,
): Promise<SubjectIndex | undefined> {
  let file: DiskFile | undefined;
  try {
    file = await disk.open(`${folder}/${subjectFileName(saved.file)}`, "read");
    return await readIndex(file, saved, logId);
  } catch {
    return undefined;
  } finally {
    await file?.close().catch(() => undefined);
  }
}

async function readIndex(file: DiskFile, saved: SavedSubjects, logId: number): Promise<SubjectIndex | undefined> {
  const header = Buffer.alloc(headerBytes);
  await file.read(header, 0);
  if (!isHeader(header, saved, logId)) return undefined;
  const shape = Buffer.alloc(hashKeyBytes + header.readUInt32LE(28) * 8);
  await file.read(shape, headerBytes);
  if (crc32(shape) !== header.readUInt32LE(20)) return undefined;
  const index = new SubjectIndex(new KeyedHash(shape.subarray(0, hashKeyBytes)));
  const numbers: number[] = [];
  for (let at = hashKeyBytes; at < shape.length; at += 8) numbers.push(shape.readDoubleLE(at));
  index.reshape(numbers);
  let position = headerBytes + shape.length;
  let checksum = 0;
  for (const part of index.parts()) {
    await file.read(part, position);
    position += part.length;
    checksum = crc32(part, checksum);
  }
  return position === saved.bytes && checksum === header.readUInt32LE(24) ? index : undefined;
}

function isHeader(header: Buffer, saved: SavedSubjects, logId: number): boolean {
  return (
    header.readUInt32LE(0) === magic &&
    header.readUInt32LE(4) === saved.checksum &&
    crc32(header.subarray(8)) === saved.checksum &&
    header.readUInt32LE(8) === version &&
    new Uint32Array(header.buffer, header.byteOffset + 12, 1)[0] === machineOrder &&
    header.readUInt32LE(16) === logId &&
    header.readDoubleLE(32) === saved.file &&
    header.readDoubleLE(40) === saved.through
  );
}

/** For a check: "" when the file is sound (as far as this machine can read it), a sentence otherwise. */
export async function checkSubjects(disk: Disk, folder: string, saved: SavedSubjects, logId: number, size: number): Promise<string> {
  if (size !== saved.bytes) return "the saved subjects have another length than the manifest says";
  const bytes = await readWhole(disk, `${folder}/${subjectFileName(saved.file)}`, size);
  const shapeEnd = headerBytes + hashKeyBytes + bytes.readUInt32LE(28) * 8;
  const sound =
    isHeader(bytes.subarray(0, headerBytes), saved, logId) &&
    shapeEnd <= size &&
    crc32(bytes.subarray(headerBytes, shapeEnd)) === bytes.readUInt32LE(20) &&
    crc32(bytes.subarray(shapeEnd)) === bytes.readUInt32LE(24);
  return sound ? "" : "the saved subjects are damaged";
}
