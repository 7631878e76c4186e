/** A connection whose writes finish when the test says so. */
import type { Connection, ConnectionHandler } from "../../transports/carriages/connection.ts";

export class ScriptedConnection implements Connection {
  readonly remoteAddress = "scripted";
  readonly remotePort = 1;
  readonly localAddress = "scripted";
  readonly localPort = 2;
  readonly secure = false;
  readonly peerCertificate = undefined;
  pausesPeer = true;
  /** Copies of what was written, one for each write. */
  readonly written: Buffer[] = [];
  readonly #unfinished: { readonly bytes: Buffer; readonly copy: Buffer; readonly done: () => void }[] = [];
  handler: ConnectionHandler | undefined;
  ended = false;
  destroyed = false;
  paused = false;

  get unfinished(): number {
    return this.#unfinished.length;
  }

  start(handler: ConnectionHandler): void {
    this.handler = handler;
  }

  write(bytes: Buffer, done: () => void): void {
    const copy = Buffer.from(bytes);
    this.written.push(copy);
    this.#unfinished.push({ bytes, copy, done });
  }

  /** The oldest write is taken. Throws when its bytes have been touched meanwhile. */
  finish(): void {
    const write = this.#unfinished.shift();
    if (write === undefined) throw new Error("no write is under way");
    if (!write.bytes.equals(write.copy)) throw new Error("the bytes of a write were changed before it was done");
    write.done();
  }

  finishAll(): void {
    while (this.#unfinished.length > 0) this.finish();
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.handler?.closed(undefined);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  upgradeToTls(): void {
    throw new Error("a scripted connection has no TLS");
  }
}
