/**
 * Which doors listen, and where. Opens, moves and closes them to match a plan, at the start and whenever the configuration changes;
 * connections that are there live on.
 */
import type { Listener, ListenerAddress } from "./carriages/connection.ts";
import type { WebTls } from "./carriages/web/engine.ts";
import type { MqttDoor } from "./mqtt/door.ts";
import type { NatsDoor } from "./nats/door.ts";
import type { DoorTls } from "./nats/session-host.ts";
import type { WebDoor } from "./web/door.ts";

/** Where a door listens, as told to people and in the address file. */
export interface DoorAddress {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** The open doors by name; a closed one is absent. */
export interface Addresses {
  readonly nats?: DoorAddress;
  readonly web?: DoorAddress;
  readonly mqtt?: DoorAddress;
  /** HTTP alone. */
  readonly monitor?: DoorAddress;
}

export interface DoorPlan {
  readonly host: string;
  /** Undefined = the door stays closed; 0 = any free port. */
  readonly natsPort: number | undefined;
  readonly mqttPort: number | undefined;
  readonly webPort: number | undefined;
  /** Of NATS and MQTT; where it is only `available`, MQTT goes without, since it has no way to choose. */
  readonly tls: DoorTls | undefined;
  readonly webTls: WebTls | undefined;
  /** When not at `host`. */
  readonly webHost?: string | undefined;
  readonly mqttHost?: string | undefined;
  readonly monitor?: ListenerAddress | undefined;
}

interface Door {
  readonly listener: Listener | undefined;
  listen(address: ListenerAddress): Promise<ListenerAddress>;
}

type DoorName = keyof Addresses;

export class Doors {
  addresses: Addresses = {};
  readonly #nats: NatsDoor;
  readonly #mqtt: MqttDoor;
  readonly #web: WebDoor;
  readonly #monitor: WebDoor;
  /** As they were asked for, which differs from where they listen when the port is 0. */
  readonly #asked: Map<DoorName, ListenerAddress> = new Map();
  #webTls: WebTls | undefined;

  constructor(nats: NatsDoor, mqtt: MqttDoor, web: WebDoor, monitor: WebDoor) {
    this.#nats = nats;
    this.#mqtt = mqtt;
    this.#web = web;
    this.#monitor = monitor;
  }

  /**
   * Makes it so. A door that cannot move stays where it was and the others still do; then it rejects with the first BrokerError, which
   * says what to do. `renewed`: the files of `webTls` may hold another certificate.
   */
  async arrange(plan: DoorPlan, renewed: boolean): Promise<void> {
    const { tls, webTls } = plan;
    this.#nats.tls = tls;
    this.#mqtt.tls = tls === undefined || tls.mode === "available" ? undefined : tls.server;
    this.#web.tls = webTls;
    const again = (renewed && webTls !== undefined) || (webTls === undefined) !== (this.#webTls === undefined);
    this.#webTls = webTls;
    const errors: unknown[] = [];
    const place = async (
      name: DoorName,
      door: Door,
      scheme: string,
      port: number | undefined,
      again: boolean,
      host: string = plan.host,
    ): Promise<void> => {
      try {
        await this.#place(name, door, port === undefined ? undefined : { host, port }, again);
      } catch (error) {
        errors.push(error);
      }
      const at = this.#asked.has(name) ? door.listener?.address : undefined;
      const { [name]: _, ...others } = this.addresses;
      this.addresses = at === undefined ? others : { ...others, [name]: shown(scheme, at) };
    };
    await place("nats", this.#nats, "nats", plan.natsPort, false);
    await place("mqtt", this.#mqtt, this.#mqtt.tls === undefined ? "mqtt" : "mqtts", plan.mqttPort, false, plan.mqttHost);
    await place("web", this.#web, webTls === undefined ? "http" : "https", plan.webPort, again, plan.webHost);
    await place("monitor", this.#monitor, "http", plan.monitor?.port, false, plan.monitor?.host);
    if (errors.length > 0) throw errors[0];
  }

  async #place(name: DoorName, door: Door, wanted: ListenerAddress | undefined, again: boolean): Promise<void> {
    const asked = this.#asked.get(name);
    const before = door.listener;
    if (wanted === undefined) {
      this.#asked.delete(name);
      if (asked !== undefined) await before?.close();
      return;
    }
    if (asked !== undefined && asked.host === wanted.host && asked.port === wanted.port && !again) return;
    if (asked === undefined || before === undefined) {
      await door.listen(wanted);
    } else if (wanted.port === before.address.port || again) {
      // One port cannot be listened on twice: for a moment nobody does, and new connections try again.
      await before.close();
      try {
        await door.listen(wanted.port === 0 ? { ...wanted, port: before.address.port } : wanted);
      } catch (error) {
        await door.listen(before.address);
        throw error;
      }
    } else {
      await door.listen(wanted);
      await before.close();
    }
    this.#asked.set(name, wanted);
  }
}

function shown(scheme: string, address: ListenerAddress): DoorAddress {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return { host: address.host, port: address.port, url: `${scheme}://${host}:${address.port}` };
}
