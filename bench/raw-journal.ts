/** The floor under "one at a time": a small write to a zero-filled file opened `O_DSYNC`, with nothing around it. */
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { closeSync, openSync, writeSync } from "node:fs";
import path from "node:path";

const block = 4096;

/** The median, microseconds. */
export async function rawJournalWrite(folder: string, writes: number): Promise<number> {
  const file = path.join(folder, "raw-journal");
  const made = await open(file, "w");
  await made.write(Buffer.alloc(block * writes));
  await made.sync();
  await made.close();
  const descriptor = openSync(file, constants.O_WRONLY | constants.O_DSYNC);
  const bytes = Buffer.alloc(block, 1);
  const times = new Float64Array(writes);
  for (let index = 0; index < writes; index++) {
    const started = performance.now();
    writeSync(descriptor, bytes, 0, block, index * block);
    times[index] = (performance.now() - started) * 1000;
  }
  closeSync(descriptor);
  await rm(file);
  return times.sort()[Math.floor(writes / 2)] ?? 0;
}
