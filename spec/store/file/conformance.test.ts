/** The conformance suite of stores, on the file store: over a disk in memory, over one that flushes all the time, and over the real one. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Disk } from "../../../store/disk.ts";
import { NodeDisk } from "../../../store/disk.ts";
import { FileStore } from "../../../store/file-store.ts";
import type { FileStoreLimits } from "../../../store/file-store.ts";
import { storeConformance } from "../../conformance/store.ts";
import type { StoreFixture } from "../../conformance/store.ts";
import { effort, seedOf } from "../../support/effort.ts";
import { FakeDisk } from "../../support/fake-disk.ts";
import { SimClock } from "../../support/sim-clock.ts";
import { SimRandom } from "../../support/sim-random.ts";

function fixture(disk: Disk, folder: string, limits: Partial<FileStoreLimits>, dispose: () => Promise<void>): StoreFixture {
  const clock = new SimClock();
  const make = (): FileStore => new FileStore({ folder, clock, random: new SimRandom(1), durability: "always", disk, limits });
  return { store: make(), advance: (byMs) => clock.advance(byMs), nowUs: () => clock.nowUs(), again: make, dispose };
}

const journal = { fileBytes: 32 << 10, firstFileBytes: 4 << 10, batchBytes: 4 << 10 };

storeConformance(
  "file, on a disk in memory",
  () => Promise.resolve(fixture(new FakeDisk(), "folder", { journal }, () => Promise.resolve())),
  { seed: seedOf(21), runs: effort(8, 500) },
);

storeConformance(
  "file, flushing all the time",
  () =>
    Promise.resolve(fixture(new FakeDisk(), "folder", { journal, tailBytesMax: 2048, cacheBytesMax: 64 << 10 }, () => Promise.resolve())),
  { seed: seedOf(22), runs: effort(8, 500) },
);

storeConformance(
  "file, on the real disk",
  async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "waystation-conformance-"));
    return fixture(new NodeDisk(), folder, { journal }, () => rm(folder, { recursive: true }));
  },
  { seed: seedOf(23), runs: effort(2, 100) },
);
