/** Enough of a NATS client to be driven by the transport suite, over whatever carries bytes. */
import type { ReceivedMessage, TransportClient } from "../conformance/transport.ts";
import { until } from "./until.ts";

/** Where the client's bytes go and come from. */
export interface Wire {
  write(bytes: Buffer): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export class WireClient implements TransportClient {
  readonly received: ReceivedMessage[] = [];
  closed = false;
  pongs = 0;
  #wire: Wire | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #sids = new Map<string, number>();
  #pings = 0;

  use(wire: Wire): void {
    this.#wire = wire;
    this.#write('CONNECT {"verbose":false,"headers":true}\r\n');
  }

  data(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (let at = 0; ;) {
      const lineEnd = this.#bytes.indexOf("\r\n", at);
      const line = lineEnd < 0 ? undefined : this.#bytes.toString("latin1", at, lineEnd).split(" ");
      const size = line?.[0] === "MSG" ? Number(line[3]) + 2 : 0;
      if (line === undefined || lineEnd + 2 + size > this.#bytes.length) {
        this.#bytes = this.#bytes.subarray(at);
        return;
      }
      if (line[0] === "MSG")
        this.received.push({ subject: line[1] ?? "", body: Buffer.from(this.#bytes.subarray(lineEnd + 2, lineEnd + size)) });
      if (line[0] === "PONG") this.pongs++;
      at = lineEnd + 2 + size;
    }
  }

  publish(subject: string, body: Uint8Array): void {
    this.#wire?.write(Buffer.concat([Buffer.from(`PUB ${subject} ${body.length}\r\n`), body, Buffer.from("\r\n")]));
  }

  async subscribe(filter: string): Promise<void> {
    const sid = this.#sids.size + 1;
    this.#sids.set(filter, sid);
    this.#write(`SUB ${filter} ${sid}\r\n`);
    await this.roundTrip();
  }

  async unsubscribe(filter: string): Promise<void> {
    this.#write(`UNSUB ${this.#sids.get(filter) ?? 0}\r\n`);
    await this.roundTrip();
  }

  async roundTrip(): Promise<void> {
    const wanted = ++this.#pings;
    this.#write("PING\r\n");
    await until("PONG", () => this.pongs >= wanted);
  }

  stall(): void {
    this.#wire?.pause();
  }

  resume(): void {
    this.#wire?.resume();
  }

  vanish(): void {
    this.#wire?.destroy();
  }

  #write(text: string): void {
    this.#wire?.write(Buffer.from(text));
  }
}
