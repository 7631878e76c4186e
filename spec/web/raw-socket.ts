/** A WebSocket client down to its frames: for what no library sends, such as a frame in pieces, a bomb, or half an upgrade. */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { constants, inflateRawSync } from "node:zlib";
import { until } from "../support/until.ts";

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  readonly final?: boolean;
  readonly opcode?: number;
  /** The bit that says "compressed". */
  readonly compressed?: boolean;
  readonly masked?: boolean;
}

/** A client's frame; masked with a key that is not zero, unless told else. */
export function clientFrame(payload: Uint8Array, options: FrameOptions = {}): Buffer {
  const { final = true, compressed = false, masked = true } = options;
  const { length } = payload;
  const head = [(final ? 0x80 : 0) | (compressed ? 0x40 : 0) | (options.opcode ?? opcode.binary)];
  const mask = masked ? 0x80 : 0;
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 255);
  else head.push(mask | 127, 0, 0, 0, 0, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
  if (!masked) return Buffer.concat([Buffer.from(head), payload]);
  const key = [7, 99, 200, 41];
  const body = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) body[at] = payload[at]! ^ key[at & 3]!;
  return Buffer.concat([Buffer.from([...head, ...key]), body]);
}

export class RawSocket {
  /** The answer to the upgrade, head and all. */
  head = "";
  /** Payloads of data frames, joined. */
  data: Buffer = Buffer.alloc(0);
  /** Their bytes, also when they are not kept. */
  bytes = 0;
  /** Of frames as they came, heads included. */
  wireBytes = 0;
  /** False: they are only counted. */
  keeps = true;
  pings = 0;
  /** Of the peer's close frame; 0 = none came. */
  closeCode = 0;
  closeText = "";
  closed = false;
  readonly socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port });
    this.socket.setNoDelay(true);
    this.socket.on("data", (chunk) => this.#read(chunk));
    this.socket.on("close", () => (this.closed = true));
    this.socket.on("end", () => (this.closed = true));
    this.socket.on("error", () => {});
  }

  /** Connects and upgrades. */
  static async open(port: number, headers: Record<string, string> = {}, path = "/"): Promise<RawSocket> {
    const raw = new RawSocket(port);
    raw.upgrade(headers, path);
    await until("an answer to the upgrade", () => raw.head !== "" || raw.closed);
    return raw;
  }

  upgrade(headers: Record<string, string>, path = "/"): void {
    const all = {
      Host: "127.0.0.1",
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version": "13",
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  }

  /** The other side has ended it, or said that it does. */
  get over(): boolean {
    return this.closed || this.closeCode > 0;
  }

  get status(): number {
    return Number(this.head.split(" ", 2)[1] ?? "0");
  }

  send(bytes: Uint8Array | string): void {
    this.socket.write(bytes);
  }

  text(): string {
    return this.data.toString("latin1");
  }

  async untilText(text: string): Promise<void> {
    await until(`'${text}' in '${this.text().slice(-200)}'`, () => this.data.includes(text));
  }

  destroy(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (this.head === "") {
      const end = this.#buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.head = this.#buffer.toString("latin1", 0, end);
      this.#buffer = this.#buffer.subarray(end + 4);
    }
    // A refusal is followed by its text.
    if (this.status === 101) while (this.#frame());
  }

  #frame(): boolean {
    const buffer = this.#buffer;
    if (buffer.length < 2) return false;
    const short = buffer[1]! & 127;
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (buffer.length < start) return false;
    const length = short === 126 ? buffer.readUInt16BE(2) : short === 127 ? Number(buffer.readBigUInt64BE(2)) : short;
    if (buffer.length < start + length) return false;
    const payload = buffer.subarray(start, start + length);
    switch (buffer[0]! & 15) {
      case opcode.close:
        this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        this.closeText = payload.toString("utf8", 2);
        this.socket.end(clientFrame(payload, { opcode: opcode.close }));
        break;
      case opcode.ping:
        this.pings++;
        break;
      case opcode.pong:
        break;
      default:
        this.#take((buffer[0]! & 0x40) === 0 ? payload : inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }));
    }
    this.wireBytes += start + length;
    this.#buffer = buffer.subarray(start + length);
    return true;
  }

  #take(payload: Buffer): void {
    this.bytes += payload.length;
    if (this.keeps) this.data = Buffer.concat([this.data, payload]);
  }
}
