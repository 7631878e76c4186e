/**
 * MQTT by MQTT.js. A group is a shared subscription of durable sessions: PUBACK acknowledges, and what is not acknowledged comes again
 * when the client comes back. History is what a station's own topic shows.
 */
import { connect, connectAsync } from "mqtt";
import type { IClientOptions, IPublishPacket, MqttClient, Packet } from "mqtt";
import type { Door, DoorClient, DoorDelivery, DoorMember, Got, GroupWishes } from "./door.ts";
import { Arrivals } from "./queue.ts";

export function mqttDoor(version: 4 | 5, url: string): Door {
  return {
    name: version === 4 ? "MQTT 3.1.1" : "MQTT 5",
    connect: async ({ user, password }) => {
      const options: IClientOptions = { protocolVersion: version, username: user, password, reconnectPeriod: 0 };
      return new MqttDoorClient(url, options, await connectAsync(url, options));
    },
  };
}

class MqttDoorClient implements DoorClient {
  readonly #url: string;
  readonly #options: IClientOptions;
  readonly #client: MqttClient;

  constructor(url: string, options: IClientOptions, client: MqttClient) {
    this.#url = url;
    this.#options = options;
    this.#client = client;
  }

  create(): Promise<void> {
    return Promise.reject(new Error("MQTT makes no stations"));
  }

  async produce(subject: string, text: string, { key, id }: { key?: string; id?: string } = {}): Promise<void> {
    const userProperties = { ...(key === undefined ? {} : { "Waystation-Key": key }), ...(id === undefined ? {} : { "Nats-Msg-Id": id }) };
    // mqtt-packet writes nothing at all when there are no user properties in them.
    const five = this.#options.protocolVersion === 5 && Object.keys(userProperties).length > 0 ? { properties: { userProperties } } : {};
    // MQTT.js tells the code of a refusal, not the reason that stands beside it.
    let reason = "";
    const received = (packet: Packet): void => void (packet.cmd === "puback" && (reason = packet.properties?.reasonString ?? ""));
    this.#client.on("packetreceive", received);
    try {
      await this.#client.publishAsync(topicOf(subject), text, { qos: 1, ...five });
    } catch (error) {
      throw new Error(reason, { cause: error });
    } finally {
      this.#client.removeListener("packetreceive", received);
    }
  }

  async member(_station: string, filter: string, group: string, member: string, { condition }: GroupWishes = {}): Promise<DoorMember> {
    const arrivals = new Arrivals<DoorDelivery>();
    const five = this.#options.protocolVersion === 5;
    const client = connect(this.#url, {
      ...this.#options,
      clientId: `${group}-${member}`,
      clean: false,
      ...(five ? { properties: { sessionExpiryInterval: 3600 } } : {}),
    });
    // MQTT.js acknowledges when its `handleMessage` says so; what comes again does so at once.
    client.handleMessage = (packet, done) => {
      const ack = (): Promise<void> => {
        done();
        return new Promise((resolve) => setImmediate(resolve));
      };
      const nak = (): Promise<void> => Promise.reject(new Error("MQTT refuses nothing"));
      arrivals.push({ ...gotOf(packet.topic, Buffer.from(packet.payload), packet), again: packet.dup, ack, nak });
    };
    const resumed = await new Promise<boolean>((resolve, reject) => {
      client.once("connect", ({ sessionPresent }) => resolve(sessionPresent)).once("error", reject);
    });
    const wanted = condition === undefined ? {} : { properties: { userProperties: { condition } } };
    // MQTT.js reads on once the message before is acknowledged: a SUBACK would wait behind what comes again.
    if (!resumed) await client.subscribeAsync(`$share/${group}/${topicOf(filter)}`, { qos: 1, ...wanted });
    return {
      next: (waitMs) => arrivals.next(waitMs),
      close: () => client.endAsync(true),
    };
  }

  async replay(station: string, filter: string, count: number): Promise<Got[]> {
    const found: Got[] = [];
    const prefix = `$station/${station}/`;
    const client = await connectAsync(this.#url, this.#options);
    const all = new Promise<void>((resolve) => {
      client.on("message", (topic, payload, packet) => {
        found.push(gotOf(topic.slice(prefix.length), payload, packet));
        if (found.length === count) resolve();
      });
    });
    await client.subscribeAsync(`${prefix}${topicOf(filter)}`, { qos: 1 });
    await all;
    await client.endAsync();
    return found;
  }

  async isRefused(subject: string): Promise<boolean> {
    try {
      await this.#client.publishAsync(topicOf(subject), "x", { qos: 1 });
      return false;
    } catch (error) {
      return error instanceof Error && "code" in error && error.code === 0x87;
    }
  }

  async close(): Promise<void> {
    await this.#client.endAsync();
  }
}

function topicOf(subject: string): string {
  return subject.replaceAll(".", "/").replaceAll("*", "+").replace(/>$/, "#");
}

function gotOf(topic: string, payload: Buffer, packet: IPublishPacket): Got {
  const subject = topic.replaceAll("/", ".");
  const key = packet.properties?.userProperties?.["Waystation-Key"];
  return { subject, text: payload.toString("utf8"), key: typeof key === "string" ? key : subject };
}
