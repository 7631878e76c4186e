/**
 * A pair of connections without sockets: what one end writes the other reads, in the same process. Bytes are not copied; the
 * writer's `done` comes after the reader has had them, so a paused reader holds its writer back like a full socket does.
 */
import type { ClientCertificate } from "../../lib/auth/certificate.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";
import type { SecureServer } from "./tls.ts";

/** Two ends of one connection. `name` shows as the remote address of both. */
export function inProcessPair(clock: Clock, name: string): [Connection, Connection] {
  const left = new InProcessEnd(clock, name);
  const right = new InProcessEnd(clock, name);
  left.join(right);
  right.join(left);
  return [left, right];
}

interface Delivery {
  readonly bytes: Buffer;
  readonly done: () => void;
}

class InProcessEnd implements Connection {
  readonly remoteAddress: string;
  readonly remotePort = 0;
  readonly localAddress: string;
  readonly localPort = 0;
  /** Bytes never leave the process. */
  readonly secure = true;
  readonly peerCertificate: ClientCertificate | undefined = undefined;
  readonly #clock: Clock;
  #other: InProcessEnd | undefined;
  #handler: ConnectionHandler | undefined;
  /** Written by the other end, not yet read here. */
  #incoming: Delivery[];
  #otherEnded: boolean;
  #otherGone: boolean;
  #paused: boolean;
  #scheduled: boolean;
  #ended: boolean;
  #closed: boolean;

  constructor(clock: Clock, name: string) {
    this.remoteAddress = name;
    this.localAddress = name;
    this.#clock = clock;
    this.#other = undefined;
    this.#handler = undefined;
    this.#incoming = [];
    this.#otherEnded = false;
    this.#otherGone = false;
    this.#paused = false;
    this.#scheduled = false;
    this.#ended = false;
    this.#closed = false;
  }

  join(other: InProcessEnd): void {
    this.#other = other;
  }

  start(handler: ConnectionHandler): void {
    this.#handler = handler;
    this.#schedule();
  }

  write(bytes: Buffer, done: () => void): void {
    if (this.#closed || this.#ended || this.#other === undefined) return;
    this.#other.#incoming.push({ bytes, done });
    this.#other.#schedule();
  }

  end(): void {
    if (this.#closed || this.#ended) return;
    this.#ended = true;
    this.#other?.endedByOther(false);
  }

  destroy(): void {
    if (this.#closed) return;
    this.#close();
    this.#other?.endedByOther(true);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  upgradeToTls(_secure: SecureServer, _first: Buffer | undefined, _ready: () => void): void {
    // Nothing to protect the bytes from; a peer that asks for it would speak TLS records nobody reads.
    this.destroy();
  }

  /** `gone`: it reads nothing any more either, so that waiting for a paused reader would be waiting for nothing. */
  endedByOther(gone: boolean): void {
    this.#otherEnded = true;
    if (gone) this.#otherGone = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => this.#read());
  }

  #read(): void {
    this.#scheduled = false;
    const handler = this.#handler;
    if (handler === undefined || this.#closed) return;
    const batch = this.#incoming;
    this.#incoming = [];
    for (let index = 0; index < batch.length; index++) {
      if (this.#paused || this.#closed) {
        this.#incoming = batch.slice(index).concat(this.#incoming);
        break;
      }
      const delivery = batch[index];
      if (delivery === undefined) continue;
      handler.data(delivery.bytes);
      delivery.done();
    }
    if (this.#incoming.length > 0) {
      if (!this.#paused) this.#schedule();
    }
    if (this.#otherEnded && (this.#incoming.length === 0 || (this.#paused && this.#otherGone))) {
      this.destroy();
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#incoming = [];
    const handler = this.#handler;
    this.#clock.endOfTurn(() => handler?.closed(undefined));
  }
}
