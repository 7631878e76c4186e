/** The door without a wire. */
import type { EmbeddedBroker } from "../../transports/index.ts";
import { ProduceError } from "../../transports/index.ts";
import type { LocalConnection } from "../../transports/index.ts";
import type { Door, DoorClient, DoorMember, Got, GroupWishes } from "./door.ts";

export function inProcess(broker: EmbeddedBroker): Door {
  return {
    name: "in process",
    connect: async ({ user, password }) => new InProcessClient(broker, await broker.connect({ user, pass: password })),
  };
}

class InProcessClient implements DoorClient {
  readonly #broker: EmbeddedBroker;
  readonly #connection: LocalConnection;

  constructor(broker: EmbeddedBroker, connection: LocalConnection) {
    this.#broker = broker;
    this.#connection = connection;
  }

  async create(station: string, filter: string): Promise<void> {
    await this.#broker.createStation({ name: station, subjects: [filter] });
  }

  async produce(subject: string, text: string, { key, id }: { key?: string; id?: string } = {}): Promise<void> {
    await this.#connection.produce(subject, text, {
      ...(key === undefined ? {} : { key }),
      ...(id === undefined ? {} : { messageId: id }),
    });
  }

  async member(station: string, _filter: string, name: string, _member: string, wishes: GroupWishes = {}): Promise<DoorMember> {
    const group = this.#connection.group(station, name);
    await group.create(wishes);
    return {
      next: async (waitMs) => {
        const [got] = await group.fetch({ expiresMs: waitMs });
        if (got === undefined) return undefined;
        return {
          subject: got.subject,
          text: got.text(),
          key: got.key,
          again: got.deliveries > 1,
          ack: () => got.ack(),
          nak: () => Promise.resolve(got.nak()),
        };
      },
      close: () => Promise.resolve(),
    };
  }

  async replay(station: string, filter: string, count: number): Promise<Got[]> {
    const group = this.#connection.group(station, `replay-${count}`);
    await group.create({ ack: "none", filters: [filter], durable: false });
    const found: Got[] = [];
    while (found.length < count) {
      const records = await group.fetch({ batch: count - found.length });
      if (records.length === 0) break;
      found.push(...records.map((record) => ({ subject: record.subject, text: record.text(), key: record.key })));
    }
    return found;
  }

  async isRefused(subject: string): Promise<boolean> {
    try {
      await this.#connection.produce(subject, "x");
      return false;
    } catch (error) {
      return error instanceof ProduceError && error.code === "denied";
    }
  }

  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }
}
