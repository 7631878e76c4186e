/** An MQTT client that sends exactly what a spec says and keeps every packet it is sent: for dialogues no library would have. */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import mqttPacket from "mqtt-packet";
import type { IConnectPacket, Packet } from "mqtt-packet";
import { until } from "./until.ts";

export class MqttWire {
  readonly socket: Socket;
  readonly version: 3 | 4 | 5;
  /** All that came, in order, unless a `next` has taken it. */
  readonly got: Packet[] = [];
  readonly bytes: Buffer[] = [];
  closed = false;

  private constructor(socket: Socket, version: 3 | 4 | 5) {
    this.socket = socket;
    this.version = version;
    const parser = mqttPacket.parser({ protocolVersion: version });
    parser.on("packet", (packet) => this.got.push(packet));
    socket.on("data", (chunk: Buffer) => {
      this.bytes.push(chunk);
      parser.parse(chunk);
    });
    socket.on("error", () => {});
    socket.on("close", () => (this.closed = true));
  }

  /** Connects the socket only. */
  static async open(port: number, version: 3 | 4 | 5 = 5, tls?: { readonly ca: string }): Promise<MqttWire> {
    const socket = tls === undefined ? connect(port, "127.0.0.1") : connectTls({ port, host: "127.0.0.1", ca: tls.ca });
    await new Promise<void>((resolve, reject) => {
      socket.once(tls === undefined ? "connect" : "secureConnect", resolve);
      socket.once("error", reject);
    });
    return new MqttWire(socket, version);
  }

  /** Connects and sends CONNECT; the next packet is CONNACK. */
  static async connect(port: number, connect: Partial<IConnectPacket> & { readonly version?: 3 | 4 | 5 } = {}): Promise<MqttWire> {
    const { version = 5, ...rest } = connect;
    const wire = await MqttWire.open(port, version);
    wire.send({
      cmd: "connect",
      protocolId: version === 3 ? "MQIsdp" : "MQTT",
      protocolVersion: version,
      clean: true,
      clientId: "wire",
      keepalive: 0,
      ...rest,
    });
    return wire;
  }

  send(...packets: Packet[]): void {
    for (const packet of packets) this.socket.write(mqttPacket.generate(packet, { protocolVersion: this.version }));
  }

  write(hex: string): void {
    this.socket.write(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  }

  /** Waits for the next packet of this kind and takes everything up to it. */
  async next<K extends Packet["cmd"]>(cmd: K): Promise<Extract<Packet, { cmd: K }>> {
    const at = (): number => this.got.findIndex((packet) => packet.cmd === cmd);
    await until(`a ${cmd}`, () => at() >= 0);
    const [packet] = this.got.splice(0, at() + 1).slice(-1);
    return packet as Extract<Packet, { cmd: K }>;
  }

  /** Asks for a PINGRESP: all that was sent before is worked off. */
  async ping(): Promise<void> {
    this.send({ cmd: "pingreq" });
    const answered = (): number => this.got.findIndex((packet) => packet.cmd === "pingresp");
    await until("a pingresp", () => answered() >= 0);
    this.got.splice(answered(), 1);
  }

  async ended(): Promise<void> {
    await until("the connection to be closed", () => this.closed);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
