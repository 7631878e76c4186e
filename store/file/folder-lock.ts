/**
 * One broker per folder. Node has no `flock`, and a file with a pid in it lies after `kill -9` in a container, where the next
 * process has the same pid. A listening socket has an owner only while its process lives: the kernel releases it, however the
 * process ends.
 *
 * Linux holds two: an abstract socket named by the folder's device and inode (taken atomically, gone with the process, but private
 * to a network namespace) and a socket file in the folder (seen by every container that mounts it; when its owner is gone a
 * connect is refused, and it is replaced). Windows holds a named pipe, which is atomic as well; other systems the socket file.
 */
import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import type { FolderLock } from "../disk.ts";

const lockName = "lock";

export class FolderSocketLock implements FolderLock {
  readonly #servers: net.Server[] = [];
  #folderFd: number | undefined;

  private constructor(folderFd: number | undefined) {
    this.#folderFd = folderFd;
  }

  /** Undefined when a living process (this one included) owns the folder. */
  static async take(folder: string): Promise<FolderSocketLock | undefined> {
    const real = await fs.promises.realpath(folder);
    const linux = process.platform === "linux";
    const lock = new FolderSocketLock(linux ? fs.openSync(real, "r") : undefined);
    if (await lock.#takeAll(real)) return lock;
    await lock.release();
    return undefined;
  }

  async release(): Promise<void> {
    const servers = this.#servers.splice(0);
    // Closing a server of a socket file unlinks it. No connection is ever kept, so this ends at once.
    for (const server of servers) await new Promise<void>((resolve) => server.close(() => resolve()));
    if (this.#folderFd !== undefined) fs.closeSync(this.#folderFd);
    this.#folderFd = undefined;
  }

  async #takeAll(real: string): Promise<boolean> {
    if (process.platform === "win32") {
      return this.#listen(`\\\\.\\pipe\\waystation-${createHash("sha256").update(real.toLowerCase()).digest("hex").slice(0, 32)}`);
    }
    if (process.platform === "linux") {
      const { dev, ino } = await fs.promises.stat(real);
      if (!(await this.#listen(`\0waystation-folder-${dev}-${ino}`))) return false;
    }
    return this.#takeFile(real);
  }

  /** A socket's path is short (107 bytes), so on Linux the folder is named by an open descriptor. */
  #path(real: string, name: string): string {
    return this.#folderFd === undefined ? `${real}/${name}` : `/proc/self/fd/${this.#folderFd}/${name}`;
  }

  async #takeFile(real: string): Promise<boolean> {
    const path = this.#path(real, lockName);
    for (let attempt = 0; attempt < 3; attempt++) {
      if (await this.#listen(path)) return true;
      if (await answers(path)) return false;
      // Nobody listens: take it aside under a name of our own, and look again whether it is still dead, for another
      // starting process may have replaced it between the two looks.
      const aside = this.#path(real, `${lockName}.${randomUUID().slice(0, 8)}`);
      try {
        fs.renameSync(path, aside);
      } catch {
        continue;
      }
      if (await answers(aside)) {
        try {
          fs.linkSync(aside, path);
        } catch {
          // A third process has it by now; either way it is not ours.
        }
        fs.rmSync(aside, { force: true });
        return false;
      }
      fs.rmSync(aside, { force: true });
    }
    return false;
  }

  /** False when the address is taken. A file system without sockets (some network and FAT mounts) counts as free: then only the abstract socket guards. */
  async #listen(path: string): Promise<boolean> {
    const server = net.createServer((socket) => socket.destroy());
    const code = await new Promise<string>((resolve) => {
      server.once("error", (error) => resolve("code" in error && typeof error.code === "string" ? error.code : "EIO"));
      server.listen({ path, exclusive: true }, () => resolve(""));
    });
    if (code === "") {
      server.unref();
      server.on("error", () => undefined);
      this.#servers.push(server);
      return true;
    }
    return process.platform === "linux" && ["EPERM", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "ENOSYS"].includes(code);
  }
}

/** True when a process accepts connections there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => resolve("code" in error && error.code !== "ECONNREFUSED" && error.code !== "ENOENT"));
  });
}
