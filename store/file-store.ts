/**
 * The file store: stations that survive the process. The journal makes a commit durable in one write whatever it touches; segments
 * keep the records; the manifest says which. Layouts: FORMAT.md; the parts: `file/`.
 */
import { FileStoreEngine, fileStoreLimits } from "./file/engine.ts";
import type { FileStoreLimits } from "./file/engine.ts";
import { NodeDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";
import type { Clock, Random } from "./environment.ts";
import type { Durability } from "./store.ts";

export type { FileStoreLimits } from "./file/engine.ts";

export interface FileStoreConfig {
  /** Made when it is not there. One store at a time has it open. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  /** When an append settles; a log may override it. */
  readonly durability: Durability;
  /** The real disk unless given. */
  readonly disk?: Disk;
  readonly limits?: Partial<FileStoreLimits>;
}

export class FileStore extends FileStoreEngine {
  constructor(config: FileStoreConfig) {
    super({
      folder: config.folder,
      clock: config.clock,
      random: config.random,
      disk: config.disk ?? new NodeDisk(),
      durability: config.durability,
      limits: { ...fileStoreLimits, ...config.limits },
    });
  }
}

export { checkFolder } from "./file/fsck.ts";
export type { ScrubStatus } from "./file/scrub.ts";
export type { FolderFinding, FolderProgress, FolderReport } from "./file/fsck.ts";
