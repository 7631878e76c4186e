/** A bare socket that speaks whatever a test writes: for dialogues byte by byte. */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { until } from "./until.ts";

export class LineClient {
  /** Everything received and not yet taken. */
  received: string;
  closed: boolean;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.received = "";
    this.closed = false;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => (this.received += chunk.toString("latin1")));
    socket.on("close", () => (this.closed = true));
    socket.on("error", () => {});
  }

  static open(port: number): Promise<LineClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port }, () => resolve(new LineClient(socket)));
      socket.once("error", reject);
    });
  }

  send(text: string | Buffer): void {
    this.#socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Waits for a line that starts so, and takes everything up to its end. */
  async line(start: string): Promise<string> {
    let end = -1;
    await until(`a line starting with ${start}`, () => {
      let at = 0;
      for (;;) {
        const next = this.received.indexOf("\r\n", at);
        if (next < 0) return false;
        if (this.received.startsWith(start, at)) {
          end = next + 2;
          return true;
        }
        at = next + 2;
      }
    });
    const taken = this.received.slice(0, end);
    this.received = this.received.slice(end);
    return taken;
  }
}
