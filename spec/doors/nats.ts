/** NATS by nats.js: over TCP, and over WebSocket as in a page. */
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { JsMsg } from "@nats-io/jetstream";
import { headers as newHeaders, nanos, PermissionViolationError, wsconnect } from "@nats-io/nats-core";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect as connectTcp } from "@nats-io/transport-node";
import { WebSocket } from "ws";
import type { Door, DoorClient, DoorDelivery, DoorMember, DoorName, Got, GroupWishes } from "./door.ts";

// As in a page: Node has one of its own from version 22 on.
Object.assign(globalThis, { WebSocket: globalThis.WebSocket ?? WebSocket });

export function natsDoor(name: DoorName, url: string): Door {
  return {
    name,
    connect: async ({ user, password }) => {
      const options = { servers: url, user, pass: password, reconnect: false };
      return new NatsClient(await (url.startsWith("ws") ? wsconnect(options) : connectTcp(options)));
    },
  };
}

class NatsClient implements DoorClient {
  readonly #connection: NatsConnection;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  async create(station: string, filter: string): Promise<void> {
    const manager = await jetstreamManager(this.#connection);
    await manager.streams.add({ name: station, subjects: [filter] });
  }

  async produce(subject: string, text: string, { key, id }: { key?: string; id?: string } = {}): Promise<void> {
    const headers = newHeaders();
    if (key !== undefined) headers.set("Waystation-Key", key);
    await jetstream(this.#connection).publish(subject, text, { headers, ...(id === undefined ? {} : { msgID: id }) });
  }

  async member(station: string, _filter: string, name: string, _member: string, wishes: GroupWishes = {}): Promise<DoorMember> {
    const { condition, ackWaitMs } = wishes;
    const manager = await jetstreamManager(this.#connection);
    await manager.consumers.add(station, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      ...(ackWaitMs === undefined ? {} : { ack_wait: nanos(ackWaitMs) }),
      ...(condition === undefined ? {} : { metadata: { "waystation.condition": condition } }),
    });
    const consumer = await jetstream(this.#connection).consumers.get(station, name);
    return {
      next: async (waitMs) => {
        // nats.js waits for at least a second.
        const message = await consumer.next({ expires: Math.max(1_000, waitMs) });
        return message === null ? undefined : deliveryOf(message);
      },
      close: () => Promise.resolve(),
    };
  }

  async replay(station: string, filter: string, count: number): Promise<Got[]> {
    const consumer = await jetstream(this.#connection).consumers.get(station, {
      filter_subjects: filter,
      deliver_policy: DeliverPolicy.All,
    });
    const found: Got[] = [];
    const messages = await consumer.consume({ max_messages: count });
    for await (const message of messages) {
      found.push(gotOf(message));
      if (found.length === count) break;
    }
    return found;
  }

  async isRefused(subject: string): Promise<boolean> {
    try {
      await this.#connection.request(subject, "x", { timeout: 5_000 });
      return false;
    } catch (error) {
      return error instanceof PermissionViolationError || (error instanceof Error && error.cause instanceof PermissionViolationError);
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

function gotOf(message: JsMsg): Got {
  return { subject: message.subject, text: message.string(), key: message.headers?.get("Waystation-Key") || message.subject };
}

function deliveryOf(message: JsMsg): DoorDelivery {
  return {
    ...gotOf(message),
    again: message.redelivered,
    ack: async () => void (await message.ackAck()),
    nak: () => Promise.resolve(message.nak()),
  };
}
