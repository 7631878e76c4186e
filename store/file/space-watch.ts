/**
 * Looks how much of the disk is free: every second, and sooner when much was written since. Knows nothing of what follows from it.
 */
import type { Disk } from "../disk.ts";
import type { Clock, Timer } from "../environment.ts";

const everyMs = 1000;
/** Of what was free: so much may be written before it looks again. */
const share = 8;

export class SpaceWatch {
  /** As of the last look; unknown is much. */
  freeBytes: number = Number.POSITIVE_INFINITY;
  totalBytes: number = Number.POSITIVE_INFINITY;
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #clock: Clock;
  /** Called after each look, also a vain one. */
  readonly #looked: () => void;
  #timer: Timer | undefined;
  #looking = false;
  #stopped = false;
  #writtenAtLook = 0;
  #written = 0;

  constructor(disk: Disk, folder: string, clock: Clock, looked: () => void) {
    this.#disk = disk;
    this.#folder = folder;
    this.#clock = clock;
    this.#looked = looked;
  }

  /** Bytes written in all, so far. */
  wrote(total: number): void {
    this.#written = total;
    if (total - this.#writtenAtLook > this.freeBytes / share) void this.look();
  }

  async look(): Promise<void> {
    if (this.#looking || this.#stopped) return;
    this.#looking = true;
    this.#timer?.cancel();
    try {
      const { freeBytes, totalBytes } = await this.#disk.freeSpace(this.#folder);
      this.freeBytes = freeBytes;
      this.totalBytes = totalBytes;
      this.#writtenAtLook = this.#written;
    } catch {
      // A file system that does not tell is not a full one.
    }
    this.#looking = false;
    if (this.#stopped) return;
    this.#timer = this.#clock.after(everyMs, () => void this.look());
    this.#looked();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}
